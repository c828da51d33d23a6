#include "source/path.h"

#include <doctest/doctest.h>

using namespace pglint::source;

TEST_CASE("paths are tidied without asking the disk") {
  CHECK(tidy("a") == "a");
  CHECK(tidy("./a//b/") == "a/b");
  CHECK(tidy("") == ".");
  CHECK(tidy("././.") == ".");
  CHECK(tidy("/") == "/");
  CHECK(tidy("//a/./b//") == "/a/b");
  CHECK(tidy("a/../b") == "a/../b");
  CHECK(tidy("..") == "..");
}

TEST_CASE("the folder around a path goes up without end, but for the root") {
  CHECK(parent("a/b") == "a");
  CHECK(parent("a") == ".");
  CHECK(parent(".") == "..");
  CHECK(parent("..") == "../..");
  CHECK(parent("../..") == "../../..");
  CHECK(parent("../a") == "..");
  CHECK(parent("/a") == "/");
  CHECK(parent("/").empty());
}

TEST_CASE("what lies below a folder has its path there") {
  CHECK(below("a/b/c", "a") == "b/c");
  CHECK(below("a/b", ".") == "a/b");
  CHECK(below("/a/b", "/") == "a/b");
  CHECK(below("/a/b", "/a") == "b");
  CHECK(below("ab/c", "a").empty());
  CHECK(below("a", "a").empty());
  CHECK(below("../a", ".").empty());
  CHECK(below("/a", ".").empty());
}

TEST_CASE("join leaves out the current folder") {
  CHECK(join(".", "a") == "a");
  CHECK(join("", "a") == "a");
  CHECK(join("a", "b") == "a/b");
  CHECK(join("/", "b") == "/b");
}
