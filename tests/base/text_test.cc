#include "base/text.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

namespace pglint {
namespace {

std::string utf8(char32_t c) {
  std::string out;
  append_utf8(out, c);
  return out;
}

TEST_CASE("every code point is decoded as it was written, and nothing else is valid") {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    const std::string text = utf8(c);
    const CodePoint read = decode(text, 0);
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    const bool as_written = read.value == c && read.size == text.size();
    if (read.valid == surrogate || (read.valid && !as_written)) {
      CAPTURE(static_cast<std::uint32_t>(c));
      FAIL("not decoded as it was written");
    }
  }
}

TEST_CASE("the first byte that is not UTF-8 is found") {
  constexpr auto none = std::string_view::npos;
  CHECK(first_invalid_utf8("") == none);
  CHECK(first_invalid_utf8("plain") == none);
  CHECK(first_invalid_utf8("é数😀\xEF\xBF\xBF\xF4\x8F\xBF\xBF") == none);
  const struct {
    std::string_view text;
    std::size_t at;
  } cases[] = {
      {"\xFF", 0},
      {"abcdefgh\x80", 8},
      {"abc\xC0\x80", 3},                // overlong
      {"abc\xE0\x9F\xBF", 3},            // overlong
      {"abc\xF0\x8F\xBF\xBF", 3},        // overlong
      {"é\xED\xA0\x80", 2},              // a surrogate
      {"é\xF4\x90\x80\x80", 2},          // beyond U+10FFFF
      {"é\xF5\x80\x80\x80", 2},          //
      {"01234567890123456789\xC3", 20},  // cut
      {"数\xE6\x95", 3},                 // cut
      {"\xC3(", 0},
      {"\xE6\x95(", 0},
      {"\xF0\x9F\x98(", 0},
  };
  for (const auto& c : cases) {
    CAPTURE(std::string(c.text));
    CHECK(first_invalid_utf8(c.text) == c.at);
  }
}

TEST_CASE("words of eight bytes and single bytes agree about what is UTF-8") {
  std::mt19937 random(7);
  const std::vector<std::string> parts = {"a", "bcd",  "0123456789", "é",        "数",
                                          "😀", "\x80", "\xC3",       "\xE6\x95", "\xF0\x9F\x98"};
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (int i = 0; i < 8; ++i) text += parts[random() % (random() % 4 == 0 ? parts.size() : 6)];
    std::size_t expected = std::string_view::npos;
    for (std::size_t at = 0; at < text.size();) {
      const CodePoint c = decode(text, at);
      if (!c.valid) {
        expected = at;
        break;
      }
      at += c.size;
    }
    CHECK(first_invalid_utf8(text) == expected);
    bool ascii = true;
    for (const char c : text) ascii = ascii && static_cast<unsigned char>(c) < 0x80;
    CHECK(is_ascii(text) == ascii);
  }
}

TEST_CASE("bytes that are not UTF-8 are read one broken piece at a time") {
  const std::string text = "\xE6\x95 \xF0\x9F\x98\xFF\x80";
  std::vector<std::uint32_t> sizes;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode(text, at);
    CHECK((c.valid || c.value == 0xFFFD));
    sizes.push_back(c.size);
    at += c.size;
  }
  CHECK(sizes == std::vector<std::uint32_t>{2, 1, 3, 1, 1});
}

TEST_CASE("code points are counted, and prefixes cut between them") {
  CHECK(count_code_points("aé数😀") == 4);
  CHECK(utf8_prefix("aé数😀", 100) == "aé数😀");
  CHECK(utf8_prefix("aé数😀", 10) == "aé数😀");
  CHECK(utf8_prefix("aé数😀", 9) == "aé数");
  CHECK(utf8_prefix("aé数😀", 6) == "aé数");
  CHECK(utf8_prefix("aé数😀", 5) == "aé");
  CHECK(utf8_prefix("aé数😀", 2) == "a");
  CHECK(utf8_prefix("aé数😀", 0).empty());
}

TEST_CASE("width on a terminal") {
  for (const char32_t c : {U'a', U'é', U'ß', U'ж', U'א', U'€', U'…', U'│'}) CHECK(width(c) == 1);
  for (const char32_t c : {U'数', U'あ', U'한', U'Ａ', U'😀', U'🧪', U'𠀀', U'、'}) CHECK(width(c) == 2);
  for (const char32_t c : {U'\u0301', U'\u20DD', U'\u0E31', U'\u05B0', U'\uFE0F', U'\u3099'}) CHECK(width(c) == 0);
  CHECK(display_width("ae\u0301数") == 4);
}

TEST_CASE("hidden characters are spelt out") {
  CHECK(printable("plain é 数 e\u0301 😀") == "plain é 数 e\u0301 😀");
  CHECK(printable("a\nb\r\tc") == "a\\nb\\r\\tc");
  CHECK(printable("\x1b[31m\x07\x7f") == "\\x1b[31m\\x07\\x7f");
  CHECK(printable(std::string_view("\0", 1)) == "\\x00");
  CHECK(printable("\u0085\u009b31m") == "\\u{85}\\u{9b}31m");
  CHECK(printable("\u202e\u2066\u200b\u200f\ufeff\u2028\u00ad") ==
        "\\u{202e}\\u{2066}\\u{200b}\\u{200f}\\u{feff}\\u{2028}\\u{ad}");
  CHECK(printable("\U000E0041") == "\\u{e0041}");
  CHECK(printable("a\xFF\xE6\x95z") == "a\\xff\\xe6\\x95z");
  CHECK(display_width("\x1b\u202e\xFF") == 4 + 8 + 4);
}

TEST_CASE("no more combining marks reach the terminal than a letter can have") {
  std::string text = "e";
  for (int i = 0; i < 20; ++i) text += "\u0301";
  const std::string shown = printable(text);
  CHECK(shown.find("\\u{301}") != std::string::npos);
  CHECK(display_width(text) > 1);
  // Those of a real text do.
  CHECK(printable("ŝ\u0323\u0307") == "ŝ\u0323\u0307");
}

TEST_CASE("the width of what a printer writes is the sum of the widths of its characters") {
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 6; ++i) {
      if (random() % 5 == 0) {
        text += static_cast<char>(random() % 256);
      } else {
        text += utf8(static_cast<char32_t>(random() % 0x20000));
      }
    }
    const std::string shown = printable(text);
    std::size_t columns = 0;
    for (std::size_t at = 0; at < shown.size();) {
      const CodePoint c = decode(shown, at);
      REQUIRE(c.valid);
      REQUIRE(!is_hidden(c.value));
      columns += width(c.value);
      at += c.size;
    }
    CHECK(display_width(text) == columns);
  }
}

}  // namespace
}  // namespace pglint
