// Text that may hold anything: UTF-8, its width on a terminal, and how to show
// it there without letting it take the terminal over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pglint {

// One code point of a text. Bytes that are not UTF-8 read as U+FFFD.
struct CodePoint {
  char32_t value = 0;
  std::uint32_t size = 0;  // bytes read, at least one
  bool valid = true;
};

// `at` is less than the size of `text`.
[[nodiscard]] CodePoint decode(std::string_view text, std::size_t at);
void append_utf8(std::string& out, char32_t code_point);

// The offset of the first byte that is not UTF-8; npos if there is none.
[[nodiscard]] std::size_t first_invalid_utf8(std::string_view text);
[[nodiscard]] bool is_ascii(std::string_view text);
// Of valid UTF-8.
[[nodiscard]] std::size_t count_code_points(std::string_view text);
// The longest prefix of at most `bytes` that ends between code points.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t bytes);

// Whether so many brackets are open at once that nobody means it, and a parser of YAML takes quadratic time for them.
// Those in quotes and comments count as well: a text with so many of them is nothing that somebody wrote either.
[[nodiscard]] bool opens_too_much(std::string_view text);

// Columns on a terminal: 2 for East Asian wide and emoji, 0 for combining marks, else 1.
[[nodiscard]] unsigned width(char32_t code_point);
// What moves the cursor, starts an escape sequence, reorders what stands around
// it or cannot be seen: control characters, direction and zero-width marks, line separators.
[[nodiscard]] bool is_hidden(char32_t code_point);

// Copies text to a terminal. What is hidden is spelt out (\n, \x1b, \u{202e}), so
// are bytes that are not UTF-8 (\xff), and what of a heap of combining marks
// would leave the line. Every text from a file, and every file name, goes through here.
class Printer {
 public:
  explicit Printer(std::string& out) : out_(out) {}

  // Appends the code point at text[at]; returns the number of its bytes.
  std::uint32_t one(std::string_view text, std::size_t at);
  void all(std::string_view text);

  // Columns written so far.
  [[nodiscard]] std::size_t columns() const { return columns_; }

 private:
  std::string& out_;
  std::size_t columns_ = 0;
  unsigned marks_ = 0;  // combining marks on the last character
};

[[nodiscard]] std::string printable(std::string_view text);
// Of printable(text).
[[nodiscard]] std::size_t display_width(std::string_view text);

}  // namespace pglint
