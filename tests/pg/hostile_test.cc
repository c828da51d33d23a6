// No bytes may crash the lexer or the parser, make them hang, or make them lose their place.
#include <doctest/doctest.h>
#include <pthread.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>

#include "cuts.h"
#include "pg/lexer.h"
#include "pg/parse.h"
#include "pg/tree.h"

using namespace pglint;
using namespace pglint::pg;
using namespace pglint::pg::test;
using namespace std::string_literals;

namespace {

// Spans are ordered, apart and in range; the blanked text keeps its length and its newlines.
void check_shape(std::string_view text, const Lexed& lexed) {
  bool good = true;
  std::uint32_t at = 0;
  for (const Cut& cut : lexed.statements) {
    good = good && cut.span.begin >= at && cut.span.begin < cut.span.end && cut.span.end <= text.size();
    at = cut.span.end;
    // A statement that starts on the line of a COPY goes on behind its data.
    if (!cut.copy_data.empty()) good = good && cut.copy_data.begin > at && cut.copy_data.end <= text.size();
  }
  CHECK(good);
  at = 0;
  for (const Comment& comment : lexed.comments) {
    good = good && comment.span.begin >= at && comment.span.size() >= 2 && comment.span.end <= text.size();
    at = comment.span.end;
  }
  CHECK(good);
  at = 0;
  for (const LexError& error : lexed.errors) {
    good = good && error.offset >= at && error.offset < text.size();
    at = error.offset;
  }
  CHECK(good);
  if (lexed.blanked.empty()) return;
  REQUIRE(lexed.blanked.size() == text.size());
  for (std::size_t i = 0; i < text.size(); ++i)
    good = good && lexed.blanked[i] != '\0' && (text[i] == '\n') == (lexed.blanked[i] == '\n');
  CHECK(good);
}

void check_all(std::string_view text) {
  for (const bool psql : {true, false}) {
    const Lexed lexed = lex(text, {.psql = psql});
    check_shape(text, lexed);
    std::uint32_t at = 0;
    bool good = true;
    parse(text, 0, lexed, [&](const Parsed& statement) {
      good = good && statement.span.begin >= at && statement.span.end <= text.size();
      at = statement.span.begin;
      good = good && (statement.node == nullptr) == (statement.error != nullptr);
      if (statement.error != nullptr)
        good = good && statement.error->offset <= text.size() && !statement.error->message.empty();
      walk(statement.node, [](const ::Node&) {});
      return true;
    });
    CHECK(good);
  }
  std::uint32_t at = 0;
  for (const Token& token : tokens(text, 0)) {
    CHECK(token.span.begin >= at);
    CHECK(token.span.end <= text.size());
    at = token.span.end;
  }
}

const std::string sample = R"(-- a comment
CREATE TABLE "orders" (id bigint GENERATED ALWAYS AS IDENTITY, note text DEFAULT 'it''s', CHECK (note <> E'\'x'));
CREATE INDEX CONCURRENTLY i ON orders ((lower(note)) DESC) WHERE id > 1; /* two /* deep */ */
CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM 1; -- inside; 'x
  RETURN a;
END $body$;
CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END;
CREATE RULE r AS ON INSERT TO orders DO (INSERT INTO log VALUES (1); DELETE FROM log;);
COPY orders (id) FROM STDIN;
1	'x
\.
\set v 'x;y'
SELECT :v, :'v', :"v", a[1:2], '1'::text, $1 FROM orders \gexec
UPDATE orders SET (a, b) = (SELECT 1, 2) WHERE note = 'ä€𝄞';
)";

// Runs on a thread with a stack of that size.
void on_small_stack(std::size_t bytes, const std::function<void()>& run) {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, bytes) == 0);
  pthread_t thread;
  const auto entry = [](void* argument) -> void* {
    (*static_cast<const std::function<void()>*>(argument))();
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, entry, const_cast<std::function<void()>*>(&run)) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

std::string repeat(std::string_view text, std::size_t n) {
  std::string out;
  out.reserve(text.size() * n);
  for (std::size_t i = 0; i < n; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("no prefix of a script breaks the lexer or the parser") {
  for (std::size_t n = 0; n <= sample.size(); ++n) {
    CAPTURE(n);
    check_all(std::string_view(sample).substr(0, n));
  }
}

TEST_CASE("no mutation of a script breaks the lexer or the parser") {
  const char* const chosen = std::getenv("PGLINT_SEED");
  const std::uint64_t seed = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : std::random_device{}();
  MESSAGE("PGLINT_SEED=" << seed);
  std::mt19937_64 random(seed);
  const std::string alphabet = "'\"$-/*;:()[]\\{}?eE \n\r\t.,=<aZ_09\0\x80\xC3\xF0"s;
  const std::vector<std::string> words = {"$$",
                                          "$a$",
                                          "/*",
                                          "*/",
                                          "--",
                                          "\n\\.\n",
                                          "COPY t FROM STDIN;\n",
                                          "E'",
                                          "U&'",
                                          "::",
                                          ":'x'",
                                          "\\g\n",
                                          "\nSELECT",
                                          "BEGIN ATOMIC ",
                                          "END",
                                          "CASE ",
                                          "\xEF\xBB\xBF",
                                          "CREATE FUNCTION f() ",
                                          "CREATE RULE r ",
                                          "''",
                                          "\\;",
                                          "\r\n"};
  const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (int i = 0; i < 4000; ++i) {
    std::string text = sample;
    for (std::size_t edits = 1 + pick(6); edits > 0; --edits) {
      const std::size_t at = pick(text.size() + 1);
      switch (pick(5)) {
        case 0:
          text.erase(at, 1 + pick(20));
          break;
        case 1:
          text.insert(at, 1, alphabet[pick(alphabet.size())]);
          break;
        case 2:
          text.insert(at, words[pick(words.size())]);
          break;
        case 3:
          if (at < text.size()) text[at] = alphabet[pick(alphabet.size())];
          break;
        default:
          text.insert(at, text.substr(pick(text.size() + 1), pick(60)));
          break;
      }
    }
    CAPTURE(i);
    check_all(text);
  }
}

TEST_CASE("texts that invite quadratic time are read in one go") {
  // Each would take minutes if every opening looked for its end; all together take seconds.
  const std::size_t n = 400'000;
  std::string tags;
  for (std::size_t i = 0; tags.size() < n; ++i) tags += "SELECT $t" + std::to_string(i) + "$\n";
  const std::vector<std::string> texts = {
      tags,
      repeat("SELECT /*\n", n / 10),
      repeat("/*", n / 2),
      repeat("SELECT */*\n", n / 11),
      repeat("/* ", n / 6) + repeat("SELECT */*\n", n / 22),
      repeat("SELECT 'a\n", n / 10),
      repeat("SELECT 'a;\n", n / 11) + "'",
      repeat("SELECT E'\\'\n", n / 12),
      repeat("SELECT \"\n", n / 9) + "\"",
      repeat("'", n - 1),
      repeat("E'' ", n / 4),
      repeat("E''\n-- x\n", n / 9),
      repeat("$", n),
      repeat("a$", n / 2),
      repeat("1$", n / 2),
      repeat("$a", n / 2),
      "SELECT " + repeat("$1", n / 2),
      "SELECT " + repeat("a:", n / 2),
      "SELECT [" + repeat(":a", n / 2),
      repeat("copy a from stdin;", n / 18),
      repeat("copy a from stdin;\n", n / 19),
      repeat("copy a from stdin;/*\n*/", n / 23) + "\n\\.\n",
      repeat("copy a from stdin;\n\\.\n", n / 22),
      repeat("\\copy a from stdin\n", n / 19),
      repeat("--\r", n / 3),
      repeat("\\x\r", n / 3),
      repeat("(", n),
      repeat("(;", n / 2),
      repeat("select (;\n", n / 10),
      repeat("create function f() begin atomic;\n", n / 34),
      repeat("create function f() begin atomic case\n", n / 38),
      repeat("create rule r as (;\n", n / 20),
      repeat(";", n),
      std::string(n, '\0'),
      repeat(std::string_view("a\0", 2), n / 2),
      repeat("\\", n),
      repeat("\\;", n / 2),
      repeat("x \\g ", n / 5),
      repeat("SELECT 'a\nSELECT 'b\nx ", n / 22) + "'",
  };
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CAPTURE(i);
    Lexed lexed;
    lex(texts[i], 0, {}, lexed);
    check_shape(texts[i], lexed);
    CHECK(tokens(texts[i], 0).size() <= texts[i].size());
  }
}

TEST_CASE("deep nesting is a tree or an error, never a crash") {
  const std::string sum = "SELECT 1" + repeat("+1", 300'000);
  const std::string parentheses = "SELECT " + repeat("(", 100'000) + "1" + repeat(")", 100'000);
  const std::string brackets = "SELECT " + repeat("ARRAY[", 100'000) + repeat("]", 100'000);
  const std::string queries = "SELECT " + repeat("(SELECT ", 50'000) + "1" + repeat(")", 50'000);
  const std::string nots = "SELECT " + repeat("NOT ", 200'000) + "true";
  const std::string minuses = "SELECT " + repeat("- ", 200'000) + "1";
  const std::string cases = "SELECT " + repeat("CASE WHEN true THEN ", 50'000) + "1" + repeat(" END", 50'000);
  const std::string casts = "SELECT 1" + repeat("::int", 200'000);
  const std::string unions = "SELECT 1" + repeat(" UNION SELECT 1", 50'000);
  const std::string joins = "SELECT 1 FROM a" + repeat(" JOIN a ON true", 50'000);
  const auto run = [&] {
    for (const std::string* sql :
         {&sum, &parentheses, &brackets, &queries, &nots, &minuses, &cases, &casts, &unions, &joins}) {
      std::size_t given = 0;
      parse(*sql, 0, lex(*sql), [&](const Parsed& statement) {
        ++given;
        walk(statement.node, [](const ::Node&) {});
        return true;
      });
      CHECK(given == 1);
    }
  };
  SUBCASE("on the main stack") { run(); }
  SUBCASE("on a thread with a stack of 256 KB") { on_small_stack(std::size_t{256} * 1024, run); }
}

TEST_CASE("parsing again and again does not grow") {
  // The resident size, in pages; the second number of the line.
  const auto resident = [] {
    long pages = 0;
    long unused = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
      if (std::fscanf(file, "%ld %ld", &unused, &pages) != 2) pages = 0;
      std::fclose(file);
    }
    return pages;
  };
  std::string sql;
  for (int i = 0; i < 40; ++i) sql += "CREATE TABLE t" + std::to_string(i) + " (a int, b text DEFAULT 'x');\n";
  sql += "SELEC;\n";
  const auto rounds = [&](int n) {
    for (int i = 0; i < n; ++i) parse(sql, 0, lex(sql), [](const Parsed&) { return true; });
  };
  rounds(500);
  const long before = resident();
  if (before == 0) return;  // no /proc here
  rounds(10'000);
  const long grown = resident() - before;
#ifdef __SANITIZE_ADDRESS__
  // 256 MB: the sanitizer keeps what was freed last, to see who still uses it.
  constexpr long kept_aside = 65'536;
#else
  constexpr long kept_aside = 0;
#endif
  CHECK(grown < kept_aside + 2000);  // 8 MB of some 500 MB that were parsed
}
