// Text for a terminal: colours, and words in lines of a given width.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pglint/diagnostic.h"
#include "report/report.h"
#include "report/sink.h"

namespace pglint::report {

enum class Style : std::uint8_t { plain, bold, dim, error, warning, advice, frame, note, help };

[[nodiscard]] Style style_of(Severity severity);

// Builds what is written to a terminal. All text but its own goes through Printer (base/text.h).
class Terminal {
 public:
  Terminal(Color color, unsigned width) : color_(color), width_(width < min_width ? min_width : width) {}

  // Our own words: no escaping.
  Terminal& own(std::string_view text, Style style = Style::plain);
  // Anybody's text, on one line.
  Terminal& text(std::string_view text, Style style = Style::plain);
  // Anybody's text, broken between words where the line is full; the lines after the first are indented by the
  // text `margin`, which is our own, in the style of the frame.
  Terminal& wrapped(std::string_view text, std::string_view margin, Style style = Style::plain);
  Terminal& spaces(std::size_t count);
  Terminal& newline();

  [[nodiscard]] std::size_t column() const { return column_; }  // of the line that is being written, from 0
  [[nodiscard]] std::size_t width() const { return width_; }
  void spill(const Sink& sink) { report::spill(out_, sink); }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  // Narrower terminals exist, but nothing can be read on them.
  static constexpr unsigned min_width = 40;

  void begin(Style style);
  void end(Style style);

  Color color_;
  std::size_t width_;
  std::size_t column_ = 0;
  std::string out_;
};

// "1 error", "2 errors".
[[nodiscard]] std::string counted(std::size_t count, std::string_view noun);

// `error: path: message`.
void append_failure(Terminal& out, const Failure& failure);
void append_notices(Terminal& out, const std::vector<std::string>& notices);

}  // namespace pglint::report
