// The shape of a statement: its tokens, but for what names, strings and whole numbers say.
//
// PostgreSQL's grammar goes by the kinds of tokens. Statements of one shape therefore have one parse tree but for
// names, strings, numbers and places in the text, and most statements of a history are of a shape that it had before.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pglint::pg {

struct Shape {
  // Longer statements are rarely alike.
  static constexpr std::size_t max_tokens = 256;
  static constexpr std::size_t max_bytes = std::size_t{16} * 1024;

  // What a token is: the number of a keyword, one of these, or a byte: of an operator, of punctuation, of a number that
  // is not whole. Such bytes are `tight` where they follow another such byte at once, as they may make one token with
  // it.
  enum Code : std::uint16_t { a_name = 1000, a_string, whole_number, public_name, loose = 1100, tight = 1400 };

  std::size_t size = 0;
  std::uint64_t hash = 0;
  std::array<std::uint16_t, max_tokens + 4> codes;  // zeros behind the last
  std::array<std::uint32_t, max_tokens> begins;     // of each token in the statement, bytes
  // Of a name or string, where in `texts` it stands, as the parser reads it and ended by a NUL; of a whole number, what
  // it is.
  std::array<std::uint32_t, max_tokens> values;
  std::unique_ptr<char[]> texts;

  [[nodiscard]] const char* text(std::size_t token) const { return texts.get() + values[token]; }
};

// Whether `statement` has a shape that says all that the parser's own lexer sees in it. It has none where it is too
// long or holds what is rare: escapes in strings, parameters, names that would be cut off.
[[nodiscard]] bool read_shape(std::string_view statement, Shape& out);

// A text of the shape, in which names and strings are `mark` and the number of their token. `begins` becomes the place
// of each token in it; the first is not 0.
[[nodiscard]] std::string text_of_shape(const Shape& shape, char mark,
                                        std::array<std::uint32_t, Shape::max_tokens>& begins);

}  // namespace pglint::pg
