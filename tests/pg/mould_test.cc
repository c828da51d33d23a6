// A tree that is poured is the tree that PostgreSQL's parser makes of the statement: compared as libpg_query writes
// both down, with every field and place.
#include "pg/mould.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "pg/keywords.h"
#include "pg/lexer.h"
#include "pg/node.h"
#include "pg/parse.h"
#include "pg/raw_parse.h"
#include "pg/shape.h"
#include "pg/tree.h"
#include "skip.h"

extern "C" char* pg_query_node_to_json(const void* node);

using namespace pglint;
using namespace pglint::pg;

namespace {

class Comparison {
 public:
  // Whether the tree of `statement` is the parser's, or it has no mould.
  bool same(const std::string& statement) {
    if (!read_shape(statement, shape_)) return true;
    const std::vector<std::uint16_t> codes(shape_.codes.begin(),
                                           shape_.codes.begin() + static_cast<std::ptrdiff_t>(shape_.size));
    auto [at, unknown] = moulds_.try_emplace(codes);
    if (unknown) at->second = Mould::make(shape_);
    if (at->second == nullptr || !at->second->fits(shape_)) {
      // One that was made with other numbers than these.
      at->second = Mould::make(shape_);
      if (at->second == nullptr) return true;
    }
    if (!at->second->fits(shape_)) return false;
    ++poured;
    const std::string ours = written(at->second->pour(shape_));
    const ::List* trees = nullptr;
    if (!raw_parse(context_, statement, trees, nullptr) || nodes(trees).size() != 1) return false;
    return ours == written(cast<::RawStmt>(nodes(trees)[0]).stmt);
  }

  std::size_t poured = 0;

 private:
  static std::string written(const void* tree) {
    char* const json = pg_query_node_to_json(tree);
    std::string out = json;
    pfree(json);
    return out;
  }

  ::MemoryContext context_ = make_context(std::size_t{64} * 1024);
  Shape shape_;
  std::map<std::vector<std::uint16_t>, std::unique_ptr<Mould>> moulds_;
};

bool has_mould(std::string_view statement) {
  Shape shape;
  return read_shape(statement, shape) && Mould::make(shape) != nullptr;
}

// Every name, string and number of the statement replaced by one that may matter to the grammar.
std::string mutated(const std::string& statement, std::mt19937& random) {
  static constexpr std::array names = std::to_array<std::string_view>({"public",
                                                                       "PUBLIC",
                                                                       "\"public\"",
                                                                       "none",
                                                                       "list",
                                                                       "hash",
                                                                       "range",
                                                                       "permissive",
                                                                       "restrictive",
                                                                       "superuser",
                                                                       "noinherit",
                                                                       "modulus",
                                                                       "remainder",
                                                                       "utf8",
                                                                       "default",
                                                                       "\"default\"",
                                                                       "path",
                                                                       "owned_by",
                                                                       "restart",
                                                                       "bpchar",
                                                                       "\"Mixed \"\"Case\"",
                                                                       "\"select\"",
                                                                       "x$1",
                                                                       "caf\xC3\xA9",
                                                                       "current_user",
                                                                       "int",
                                                                       "\"int\"",
                                                                       "_",
                                                                       "e",
                                                                       "u"});
  static constexpr std::array strings = std::to_array<std::string_view>({"''", "'it''s'", "'a\nb'", "$$it's$$",
                                                                         "$x$ $$ $x$", "'\\'", "'utf8'", "E'a\\'b'",
                                                                         "'\x01"
                                                                         "0'"});
  static constexpr std::array numbers = std::to_array<std::string_view>(
      {"0", "1", "007", "53", "999999999", "9999999999", "1.5", ".5", "5.", "1e-5", "0x1F", "1_000", "-1", "1a"});
  const auto one_of = [&](const auto& some) { return std::string(some[random() % some.size()]); };
  std::string out;
  std::size_t from = 0;
  for (const Token& token : tokens(statement, 0)) {
    std::string_view word = std::string_view(statement).substr(token.span.begin, token.span.size());
    out.append(statement, from, token.span.begin - from);
    from = token.span.end;
    const bool change = random() % 4 == 0;
    if (!change)
      out += word;
    else if (token.kind == TokenKind::word || token.kind == TokenKind::quoted_name)
      out += one_of(names);
    else if (token.kind == TokenKind::string)
      out += one_of(strings);
    else if (token.kind == TokenKind::number)
      out += one_of(numbers);
    else
      out += word;
  }
  return out.append(statement, from);
}

constexpr std::array statements = std::to_array<std::string_view>({
    "CREATE TABLE app.t (id bigint PRIMARY KEY, n varchar(20) DEFAULT 'x', p numeric(10, 2) DEFAULT 1.5)",
    "CREATE TABLE t (a int) PARTITION BY LIST (a)",
    "CREATE TABLE t PARTITION OF u FOR VALUES WITH (MODULUS 4, REMAINDER 1)",
    "CREATE POLICY p ON t AS PERMISSIVE FOR SELECT TO public USING (owner = current_user)",
    "CREATE ROLE bob SUPERUSER NOINHERIT CONNECTION LIMIT 5",
    "GRANT SELECT ON t TO public, bob",
    "ALTER TABLE t ALTER c SET DEFAULT -1, ADD CONSTRAINT k CHECK (c >= 0 AND c <= 10) NOT VALID",
    "ALTER TABLE t ALTER c ADD GENERATED ALWAYS AS IDENTITY (START WITH 5 INCREMENT BY 2)",
    "ALTER TABLE t ALTER c TYPE float(30) USING c::float, ALTER d SET STATISTICS 100",
    "CREATE UNIQUE INDEX i ON t (lower(name) text_pattern_ops, (a + 1)) WITH (fillfactor = 70) WHERE a <> 5",
    "INSERT INTO t (a, b) VALUES (1, 'x'), (2, $$y$$), (-3, 'z') ON CONFLICT (a) DO NOTHING",
    "UPDATE t SET a = a || 'x', b = ARRAY[1, 2]::int[] WHERE c IN (1, 2, 3) AND d ->> 'k' = 'v'",
    "SELECT count(*), a.b[1:2], '{}'::jsonb, interval '1 day', timestamp(3) '2024-01-01' FROM a LIMIT 5",
    "CREATE FUNCTION f(a int DEFAULT 1) RETURNS int LANGUAGE plpgsql COST 5 AS $$ BEGIN RETURN a; END $$",
    "DO $$ BEGIN PERFORM 1; END $$",
    "COMMENT ON COLUMN a.b.c IS 'it''s'",
    "SET TIME ZONE 'UTC'",
    "SET lock_timeout = 5000",
    "SELECT XMLTABLE.* FROM XMLTABLE('/a' PASSING b COLUMNS c int PATH 'x' DEFAULT 5)",
    "SELECT JSON_SERIALIZE(a RETURNING text FORMAT JSON ENCODING utf8)",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a), a BETWEEN 1 AND 2, a NOT LIKE 'b' FROM t",
    "SELECT -1, - 1, +.5, 1-1, 1 - -1, a<-1, a< -1, 1.5e-5, 2::numeric(3,1), a @> b, a @>- b, a*-1, 5 !=-1",
    "CREATE AGGREGATE g (ORDER BY int) (SFUNC = f, STYPE = int, INITCOND = '5')",
    "COPY t (a, b) FROM STDIN WITH (FORMAT csv, HEADER true)",
    "CREATE SEQUENCE s START 5 INCREMENT BY -1 OWNED BY t.a",
    "EXECUTE p(1, 'x')",
    "TRUNCATE a, b.c CASCADE",
    "BEGIN ISOLATION LEVEL REPEATABLE READ",
    "CHECKPOINT",
});

}  // namespace

TEST_CASE("a poured tree is the parser's") {
  Comparison comparison;
  for (const std::string_view statement : statements) {
    CAPTURE(statement);
    CHECK(comparison.same(std::string(statement)));
  }
  CHECK(comparison.poured > 20);
}

TEST_CASE("statements of every kind are poured as they parse") {
  Comparison comparison;
  std::mt19937 random(5);
  for (const char* const name : {"/effects/forms.txt", "/effects/matrix.txt"}) {
    std::ifstream file(std::string(PGLINT_TESTDATA) + name);
    std::string line;
    while (std::getline(file, line)) {
      if (!line.starts_with("  ")) continue;
      for (const Cut& cut : lex(line).statements) {
        const std::string statement = line.substr(cut.span.begin, cut.span.size());
        for (const std::string& one : {statement, mutated(statement, random)}) {
          if (comparison.same(one)) continue;
          CAPTURE(one);
          CHECK(comparison.same(one));
        }
      }
    }
  }
  CHECK(comparison.poured > 2'000);
}

TEST_CASE("another statement of the shape gets its own names, strings, numbers and places") {
  Comparison comparison;
  CHECK(comparison.same("ALTER TABLE a ADD b varchar(10) DEFAULT 'x'"));
  CHECK(comparison.same("ALTER TABLE  \"A\" /* why */ ADD\n\"b\"\"c\"   varchar( 200 ) DEFAULT $$it's$$"));
  CHECK(comparison.same("alter table a add b varchar(10) default 'x'"));
  CHECK(comparison.poured == 3);
}

TEST_CASE("statements have no mould whose names the grammar understands") {
  CHECK(has_mould("CREATE TABLE t (a int) PARTITION BY RANGE (a)"));  // a keyword
  CHECK_FALSE(has_mould("CREATE TABLE t (a int) PARTITION BY LIST (a)"));
  CHECK_FALSE(has_mould("CREATE POLICY p ON t AS PERMISSIVE USING (true)"));
  CHECK_FALSE(has_mould("CREATE ROLE bob SUPERUSER"));
  CHECK_FALSE(has_mould("CREATE TABLE t PARTITION OF u FOR VALUES WITH (MODULUS 4, REMAINDER 1)"));
  CHECK_FALSE(has_mould("SELECT JSON_SERIALIZE(a RETURNING text FORMAT JSON ENCODING utf8)"));
  // What does not parse, and what is not one statement.
  CHECK_FALSE(has_mould("ALTER TABLE"));
  CHECK_FALSE(has_mould("SELECT 1; SELECT 2"));
}

TEST_CASE("the role PUBLIC is no role that is called otherwise") {
  Shape everyone;
  Shape bob;
  REQUIRE(read_shape("GRANT SELECT ON t TO public", everyone));
  REQUIRE(read_shape("GRANT SELECT ON t TO bob", bob));
  CHECK(everyone.hash != bob.hash);
  const auto mould = Mould::make(bob);
  REQUIRE(mould != nullptr);
  CHECK(mould->fits(bob));
  CHECK_FALSE(mould->fits(everyone));
  REQUIRE(read_shape("GRANT SELECT ON t TO \"public\"", everyone));
  CHECK_FALSE(mould->fits(everyone));
}

TEST_CASE("a number that the grammar turns into something else has to be the same") {
  Shape real;
  Shape twice;
  REQUIRE(read_shape("ALTER TABLE t ADD c float(24)", real));
  REQUIRE(read_shape("ALTER TABLE t ADD c float(25)", twice));
  CHECK(real.hash == twice.hash);
  const auto mould = Mould::make(real);
  REQUIRE(mould != nullptr);
  CHECK(mould->fits(real));
  CHECK_FALSE(mould->fits(twice));
}

TEST_CASE("what the lexer reads as one token has no shape, or one of its own") {
  Shape shape;
  const auto codes = [&](std::string_view statement) {
    REQUIRE(read_shape(statement, shape));
    return std::vector<std::uint16_t>(shape.codes.begin(),
                                      shape.codes.begin() + static_cast<std::ptrdiff_t>(shape.size));
  };
  CHECK(codes("SELECT a < - b") != codes("SELECT a <- b"));
  CHECK(codes("SELECT a <- b") == codes("SELECT x<-y"));
  CHECK(codes("SELECT 1.5") != codes("SELECT 1.6"));
  CHECK(codes("SELECT 1e-5") != codes("SELECT 1e-6"));
  CHECK(codes("SELECT 1 a") != codes("SELECT 1a"));
  CHECK(codes("SELECT 0x1E--\n+ 2") == codes("SELECT 0x1E + 2"));
  CHECK(codes("SELECT a - -- b\n- c") != codes("SELECT a -- b - c"));
  for (const std::string_view statement :
       {"SELECT E'a'", "SELECT U&'a'", "SELECT U&\"a\"", "SELECT B'1'", "SELECT X'1F'", "SELECT N'a'",
        "SELECT 'a'\n'b'", "SELECT $1", "SELECT \"\"", "SELECT 'a", "SELECT /* a",
        "SELECT a234567890123456789012345678901234567890123456789012345678901234"}) {
    CAPTURE(statement);
    CHECK_FALSE(read_shape(statement, shape));
  }
}

TEST_CASE("every keyword is found by its name, and only by its name") {
  std::uint16_t count = 0;
  for (; count < 1000 && (count == 0 || keyword(count) != "zone"); ++count) {
    std::string word(keyword(count));
    const std::size_t size = word.size();
    CAPTURE(word);
    CHECK(keyword_number((word + std::string(8, 'x')).c_str(), size) == count);
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = word + std::string(8, '\0');
      other[i] = '0';
      CHECK(keyword_number(other.c_str(), size) == no_keyword);
    }
  }
  CHECK(count > 400);
}

TEST_CASE("a shape's statements may be looked at within one another") {
  Moulds moulds;
  Shape outer;
  Shape inner;
  REQUIRE(read_shape("DO 'a'", outer));
  REQUIRE(read_shape("DO 'b'", inner));
  CHECK(moulds.find(outer) == nullptr);
  Mould* const mould = moulds.find(outer);
  REQUIRE(mould != nullptr);
  {
    const Mould::Use use(*mould);
    CHECK(moulds.find(inner) == nullptr);
  }
  CHECK(moulds.find(inner) == mould);
}

TEST_CASE("a mould may go while the statements before the one that waits for it are looked at") {
  forget_shapes();
  const std::string sql = "DROP TABLE a; DROP TABLE b; VACUUM; DROP TABLE c";
  const Lexed lexed = lex(sql);
  std::vector<std::string> dropped;
  parse(sql, 0, lexed, [&](const Parsed& parsed) {
    const auto* drop = as<::DropStmt>(parsed.node);
    if (drop != nullptr) {
      dropped.emplace_back(last_name(as<::List>(nodes(drop->objects)[0])));
      return true;
    }
    // As many shapes as push out whatever was there.
    std::string inner;
    for (int i = 0; i < 20'000; ++i) inner += "SELECT 0." + std::to_string(i) + ";";
    std::size_t count = 0;
    parse(inner, 0, lex(inner), [&](const Parsed&) { return ++count != 0; });
    CHECK(count == 20'000);
    return true;
  });
  CHECK(dropped == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("moulds of many shapes take each other's place") {
  Moulds moulds;
  Shape shape;
  std::string statement = "SELECT a";
  for (int i = 0; i < 200; ++i) {
    for (const char* sign : {" + ", " - ", " * ", " / ", " < ", " AND ", " OR ", " || "}) {
      const std::string longer = statement + sign + "a";
      if (!read_shape(longer, shape)) continue;
      (void)moulds.find(shape);
      (void)moulds.find(shape);
    }
    statement += i % 2 == 0 ? " + a" : " || a";
  }
  REQUIRE(read_shape("SELECT a", shape));
  (void)moulds.find(shape);
  CHECK(moulds.find(shape) != nullptr);
}

TEST_CASE("no names, strings and numbers make a mould wrong") {
  std::mt19937 random(7);
  Comparison comparison;
  for (int round = 0; round < 100; ++round) {
    for (const std::string_view statement : statements) {
      const std::string changed = mutated(std::string(statement), random);
      if (comparison.same(changed)) continue;
      CAPTURE(changed);
      CHECK(comparison.same(changed));
    }
  }
  CHECK(comparison.poured > 500);
}

TEST_CASE("no row of tokens makes a mould wrong") {
  static constexpr std::array pieces = std::to_array<std::string_view>(
      {"1",          "23",  ".", "5",  "-", "--\n", "/*x*/", "a",  "b",        "'s'", "\"q\"", "::",
       ":",          "<",   "=", ">",  "e", "E",    "1e5",   "$1", "U",        "&",   "'",     "\"",
       "$$",         "x",   " ", "\n", " ", "(",    ")",     ",",  "[",        "]",   "int",   "public",
       "NOT",        "*",   "/", "|",  "@", "!",    "\t",    "_",  "\xC3\xA9", "..",  "::int", " AS ",
       "9999999999", "0x1", "+", "%",  "^", "~",    "#",     "?",  "`",        "\\"});
  std::mt19937 random(11);
  Comparison comparison;
  for (int round = 0; round < 60'000; ++round) {
    std::string statement = round % 2 == 0 ? "SELECT a" : "SELECT ";
    for (std::size_t i = random() % 7; i > 0; --i) statement += pieces[random() % pieces.size()];
    if (comparison.same(statement)) continue;
    CAPTURE(statement);
    CHECK(comparison.same(statement));
  }
  CHECK(comparison.poured > 2'000);
}

TEST_CASE("the statements of real migrations, and those changed, are poured as they parse") {
  const char* const folder = std::getenv("PGLINT_CORPUS");
  if (folder == nullptr) return pglint::test::skip(pglint::test::Missing::data, "PGLINT_CORPUS is not set");
  std::size_t count = 0;
  std::mt19937 random(3);
  Comparison comparison;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".sql") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string whole{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const Lexed lexed = lex(whole);
    const std::string& text = lexed.blanked.empty() ? whole : lexed.blanked;
    for (const Cut& cut : lexed.statements) {
      const std::string statement = text.substr(cut.span.begin, cut.span.size());
      if (statement.size() > Shape::max_bytes) continue;
      ++count;
      for (const std::string& one : {statement, mutated(statement, random)}) {
        if (comparison.same(one)) continue;
        CAPTURE(entry.path().string());
        CAPTURE(one);
        CHECK(comparison.same(one));
      }
    }
  }
  MESSAGE(count << " statements, " << comparison.poured << " poured with the changed ones");
  CHECK(comparison.poured > count);
}
