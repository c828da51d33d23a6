// The lines of a file that a finding is about, with the place underlined.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/line_index.h"
#include "pglint/span.h"
#include "report/terminal.h"

namespace pglint::report {

// A second place in the same frame.
struct Mark {
  Span at;
  std::string_view label;
};

struct Frame {
  Span at;
  Style style = Style::note;
  std::vector<Mark> marks = {};
};

// The digits of the largest line number that the frame shows.
[[nodiscard]] std::size_t gutter_width(const LineIndex& lines, const Frame& frame);

// Whether the line of a mark is short enough to be shown whole. One that is not needs a frame of its own, laid around
// it.
[[nodiscard]] bool fits(std::string_view text, const LineIndex& lines, Span mark, std::size_t columns);

// Tabs are expanded, wide characters keep carets in place, long lines are shown around the place and long spans by
// their first and last lines. `gutter` is the width of the line numbers. The work and the output do not grow with the
// length of lines or spans.
void append_frame(Terminal& out, std::string_view text, const LineIndex& lines, const Frame& frame, std::size_t gutter);

}  // namespace pglint::report
