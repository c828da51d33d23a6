#include "base/glob.h"

#include <doctest/doctest.h>

#include <string>

using pglint::glob_matches;

TEST_CASE("a star stays within its part, two do not") {
  CHECK(glob_matches("db/*.sql", "db/1.sql", '/'));
  CHECK_FALSE(glob_matches("db/*.sql", "db/old/1.sql", '/'));
  CHECK(glob_matches("db/**", "db/old/1.sql", '/'));
  CHECK(glob_matches("**/legacy/*", "legacy/1.sql", '/'));
  CHECK(glob_matches("**/legacy/*", "a/b/legacy/1.sql", '/'));
  CHECK_FALSE(glob_matches("**/legacy/*", "a/not-legacy/1.sql", '/'));
  CHECK(glob_matches("a/**/z", "a/z", '/'));
  CHECK(glob_matches("a/**/z", "a/b/c/z", '/'));
  CHECK_FALSE(glob_matches("a/**/z", "a/bz", '/'));
  CHECK(glob_matches("billing.*", "billing.invoices", '.'));
  CHECK_FALSE(glob_matches("billing.*", "public.invoices", '.'));
  CHECK(glob_matches("000?_*.sql", "0007_x.sql", '/'));
  CHECK_FALSE(glob_matches("a?b", "a/b", '/'));
}

TEST_CASE("empty patterns and texts") {
  CHECK(glob_matches("", "", '/'));
  CHECK_FALSE(glob_matches("", "a", '/'));
  CHECK(glob_matches("*", "", '/'));
  CHECK(glob_matches("**", "", '/'));
  CHECK_FALSE(glob_matches("?", "", '/'));
}

TEST_CASE("a pattern of many stars takes no exponential time") {
  const std::string text(2000, 'a');
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "a*";
  CHECK_FALSE(glob_matches(pattern + "b", text, '/'));
  pattern.clear();
  for (int i = 0; i < 60; ++i) pattern += "**a";
  CHECK_FALSE(glob_matches(pattern + "b", text, '/'));
}
