#include "base/line_index.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "base/text.h"

namespace pglint {
namespace {

std::string_view line_text(const LineIndex& index, std::string_view text, std::uint32_t number) {
  const Span line = index.line(number);
  return text.substr(line.begin, line.size());
}

TEST_CASE("lines end at \\n, and a \\r before it belongs to the end") {
  constexpr std::string_view text = "one\r\ntwo\rstill two\n\nfour";
  const LineIndex index(text);
  CHECK(index.line_count() == 4);
  CHECK(line_text(index, text, 1) == "one");
  CHECK(line_text(index, text, 2) == "two\rstill two");
  CHECK(line_text(index, text, 3).empty());
  CHECK(line_text(index, text, 4) == "four");
  CHECK(line_text(index, text, 5).empty());
  CHECK(index.position(0) == Position{1, 1});
  CHECK(index.position(5) == Position{2, 1});
  CHECK(index.position(9) == Position{2, 5});
  CHECK(index.position(static_cast<std::uint32_t>(text.find("four"))) == Position{4, 1});
  // The end, and what is beyond it.
  CHECK(index.position(static_cast<std::uint32_t>(text.size())) == Position{4, 5});
  CHECK(index.position(4000000000U) == Position{4, 5});
}

TEST_CASE("an empty text has one empty line") {
  const LineIndex index("");
  CHECK(index.line_count() == 1);
  CHECK(index.position(0) == Position{1, 1});
  CHECK(index.line(1) == Span{0, 0});
  CHECK(index.line(2) == Span{0, 0});
}

TEST_CASE("a byte order mark is no column") {
  constexpr std::string_view text =
      "\xEF\xBB\xBF"
      "ab\nc";
  const LineIndex index(text);
  CHECK(index.position(0) == Position{1, 1});
  CHECK(index.position(3) == Position{1, 1});
  CHECK(index.position(4) == Position{1, 2});
  CHECK(index.position(6) == Position{2, 1});
  CHECK(line_text(index, text, 1) == "ab");
  CHECK(LineIndex("\xEF\xBB\xBF").line(1) == Span{3, 3});
}

TEST_CASE("columns count code points") {
  const LineIndex index("é数😀x");
  CHECK(index.position(2) == Position{1, 2});
  CHECK(index.position(5) == Position{1, 3});
  CHECK(index.position(9) == Position{1, 4});
}

TEST_CASE("the index agrees with counting from the start") {
  std::mt19937 random(3);
  const std::vector<std::string> parts = {"\n", "\r\n", "\r", "select ", "é", "数", "😀", "x", std::string(300, 'y')};
  for (int round = 0; round < 60; ++round) {
    std::string text = round % 7 == 0 ? "\xEF\xBB\xBF" : "";
    // Some texts are ASCII, some have lines longer than what the index counts at once, some many short ones.
    for (int i = 0; i < 200; ++i) {
      const std::size_t part = random() % parts.size();
      if (round % 3 == 0 && part >= 4 && part <= 6) continue;
      text += parts[part];
    }
    const LineIndex index(text);
    std::uint32_t line = 1;
    std::uint32_t start = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    std::uint32_t column = 1;
    for (std::uint32_t at = start; at <= text.size();) {
      REQUIRE(index.position(at) == Position{line, column});
      REQUIRE(index.line_of(at) == line);
      if (at == text.size()) break;
      if (text[at] == '\n') {
        const bool crlf = at > start && text[at - 1] == '\r';
        REQUIRE(index.line(line) == Span{start, at - (crlf ? 1 : 0)});
        start = ++at;
        ++line;
        column = 1;
      } else {
        at += decode(text, at).size;
        ++column;
      }
    }
    REQUIRE(index.line_count() == line);
    REQUIRE(index.line(line) == Span{start, static_cast<std::uint32_t>(text.size())});
  }
}

}  // namespace
}  // namespace pglint
