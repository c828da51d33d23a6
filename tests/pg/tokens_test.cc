#include <doctest/doctest.h>

#include "cuts.h"
#include "pg/lexer.h"

using namespace pglint;
using namespace pglint::pg;
using namespace pglint::pg::test;

namespace {

Texts texts(std::string_view sql) {
  Texts out;
  for (const Token& token : tokens(sql, 0)) out.push_back(slice(sql, token.span));
  return out;
}

std::string kinds(std::string_view sql) {
  std::string out;
  for (const Token& token : tokens(sql, 0)) out += "wqsnp."[static_cast<std::size_t>(token.kind)];
  return out;
}

}  // namespace

TEST_CASE("a statement is taken apart into its tokens") {
  const std::string sql = "ALTER TABLE a.\"b c\" ADD d int[] DEFAULT 'x'::text -- no\n/* token */ , e $1";
  CHECK(texts(sql) == Texts{"ALTER", "TABLE", "a", ".", "\"b c\"", "ADD", "d", "int", "[", "]", "DEFAULT", "'x'",
                            "::", "text", ",", "e", "$1"});
  CHECK(kinds(sql) == "www.qwww..ws.w.wp");
}

TEST_CASE("strings keep their prefix") {
  const std::string sql = "E'\\'' b'1' X'f' n'a' U&'x' u&\"y\" $$z$$ $t$ $$ $t$ e u";
  CHECK(texts(sql) == Texts{"E'\\''", "b'1'", "X'f'", "n'a'", "U&'x'", "u&\"y\"", "$$z$$", "$t$ $$ $t$", "e", "u"});
  CHECK(kinds(sql) == "sssssqssww");
}

TEST_CASE("numbers and operators are whole") {
  CHECK(texts("1.5e-10 .5 0x1F 1_000 1..10 a<=b a->>'x' -1 +/* c */2 x=-- c\n1") ==
        Texts{"1.5e-10", ".5",  "0x1F", "1_000", "1", "..", "10", "a", "<=", "b",
              "a",       "->>", "'x'",  "-",     "1", "+",  "2",  "x", "=",  "1"});
  CHECK(texts("f(a := 1, b => 2)") == Texts{"f", "(", "a", ":=", "1", ",", "b", "=>", "2", ")"});
}

TEST_CASE("a token knows how many parentheses and brackets are around it") {
  std::string depths;
  for (const Token& token : tokens("a (b [c] (d)) e", 0)) depths += static_cast<char>('0' + token.depth);
  CHECK(depths == "00112112100");
}

TEST_CASE("tokens count from the base, and what is unclosed goes to the end") {
  const std::vector<Token> all = tokens("a 'b", 10);
  REQUIRE(all.size() == 2);
  CHECK(all[0].span == Span{10, 11});
  CHECK(all[1].span == Span{12, 14});
  for (const char* sql : {"\"a", "$$a", "E'a\\'", "/* a", "U&'a", "x'a"}) CHECK(tokens(sql, 0).size() <= 1);
}

TEST_CASE("the depth of a token saturates") {
  const std::string sql = std::string(70'000, '(') + "x";
  CHECK(tokens(sql, 0).back().depth == 65535);
}
