// Lines and columns of a text. Rules and diagnostics know offsets only; who
// shows them to people, or to another tool, asks here.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "pglint/span.h"

namespace pglint {

// Both from 1. Columns count Unicode code points.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend constexpr bool operator==(Position, Position) = default;
};

// Lines end at \n; a \r before it belongs to the end, any other is a character. A byte order mark at the start is no
// column. Built in one pass, of a size that is a small fraction of the text however many lines it has; every question
// takes logarithmic time however long a line is.
class LineIndex {
 public:
  // `text` must outlive the index.
  explicit LineIndex(std::string_view text);

  // Of an offset up to the size of the text; what is beyond counts as its end.
  [[nodiscard]] Position position(std::uint32_t offset) const;
  // The number of \n before an offset, plus one.
  [[nodiscard]] std::uint32_t line_of(std::uint32_t offset) const;
  // The bytes of a line, without its end and without the byte order mark. Lines beyond the last are empty.
  [[nodiscard]] Span line(std::uint32_t number) const;
  // A text that ends in \n has an empty line after it.
  [[nodiscard]] std::uint32_t line_count() const;

 private:
  // What holds before each block of bytes.
  struct Block {
    std::uint32_t newlines = 0;
    std::uint32_t line_start = 0;   // of the line that the block begins in
    std::uint32_t code_points = 0;  // counted only if the text is not ASCII
  };

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(text_.size()); }
  [[nodiscard]] std::uint32_t start_of_line_at(std::uint32_t offset) const;
  [[nodiscard]] std::uint32_t code_points_before(std::uint32_t offset) const;
  // The offset after the nth \n of the text, from 1; the size of the text if it has fewer.
  [[nodiscard]] std::uint32_t after_newline(std::uint32_t nth) const;

  std::string_view text_;
  std::uint32_t mark_ = 0;  // bytes of the byte order mark
  bool ascii_ = true;
  std::vector<Block> blocks_;
};

}  // namespace pglint
