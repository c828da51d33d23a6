#include "report/frame.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/text.h"

namespace pglint::report {
namespace {

constexpr std::size_t tab_stop = 4;
// Of a line that is longer than any window, only what is near the place is looked at.
constexpr std::uint32_t slice_bytes = 4096;
constexpr std::uint32_t slice_before = 1024;
// A longer span is shown by its first and its last lines.
constexpr std::uint32_t max_lines = 6;
constexpr std::uint32_t first_lines = 3;
constexpr std::uint32_t last_lines = 2;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// A line, or the part of it that is near the place, as the terminal shows it.
struct Shown {
  struct Cell {
    std::uint32_t offset;  // in the file
    std::size_t at;        // in `text`
    std::size_t column;
  };
  std::string text;
  std::vector<Cell> cells;  // one for each code point, and one for the end
  bool cut_left = false;
  bool cut_right = false;

  [[nodiscard]] std::size_t columns() const { return cells.back().column; }
  [[nodiscard]] std::size_t column(std::uint32_t offset) const {
    const auto after = std::upper_bound(cells.begin(), cells.end(), offset,
                                        [](std::uint32_t value, const Cell& cell) { return value < cell.offset; });
    return after == cells.begin() ? 0 : (after - 1)->column;
  }
};

Shown show(std::string_view text, Span line, std::uint32_t focus) {
  Shown shown;
  std::uint32_t begin = line.begin;
  std::uint32_t end = line.end;
  if (line.size() > slice_bytes) {
    focus = std::clamp(focus, line.begin, line.end);
    begin = std::max(line.begin, focus - std::min(focus, slice_before));
    for (int i = 0; i < 3 && begin < line.end && begin > line.begin && is_continuation(text[begin]); ++i) ++begin;
    end = begin + static_cast<std::uint32_t>(utf8_prefix(text.substr(begin, line.end - begin), slice_bytes).size());
    shown.cut_left = begin > line.begin;
    shown.cut_right = end < line.end;
  }
  Printer printer(shown.text);
  std::size_t tabs = 0;  // columns that the printer does not know of
  const std::string_view slice = text.substr(0, end);
  for (std::uint32_t at = begin; at < end;) {
    const std::size_t column = printer.columns() + tabs;
    shown.cells.push_back({at, shown.text.size(), column});
    if (slice[at] == '\t') {
      const std::size_t blanks = tab_stop - column % tab_stop;
      shown.text.append(blanks, ' ');
      tabs += blanks;
      ++at;
    } else {
      at += printer.one(slice, at);
    }
  }
  shown.cells.push_back({end, shown.text.size(), printer.columns() + tabs});
  return shown;
}

// The columns of a line that are on the screen: [first, last).
struct Window {
  std::size_t first = 0;
  std::size_t last = 0;
  bool cut_left = false;   // the first column is an ellipsis
  bool cut_right = false;  // the last is
};

Window window(const Shown& shown, std::size_t from, std::size_t to, std::size_t room) {
  const std::size_t all = shown.columns();
  Window w{0, std::min(all, room), shown.cut_left, shown.cut_right};
  if (all > room) {
    const std::size_t marked = std::min(to - from, room);
    if (to + room / 8 > room) {
      // In the middle if it fits, else with some of what stands before; but not so far that the window is not full.
      const std::size_t before = std::max((room - marked) / 2, room / 8);
      w.first = std::min(from - std::min(from, before), all - room);
    }
    w.last = w.first + room;
    w.cut_left = w.cut_left || w.first > 0;
    w.cut_right = w.cut_right || w.last < all;
  }
  return w;
}

void append_line(Terminal& out, const Shown& shown, const Window& w) {
  const std::size_t first = w.first + (w.cut_left ? 1 : 0);
  const std::size_t last = std::max(first, w.last - (w.cut_right && w.last > 0 ? 1 : 0));
  const auto by_column = [](const Shown::Cell& cell, std::size_t column) { return cell.column < column; };
  const auto begin = std::lower_bound(shown.cells.begin(), shown.cells.end(), first, by_column);
  // The last cell that ends within the window.
  const auto end = std::lower_bound(begin, shown.cells.end(), last + 1, by_column) - 1;

  std::string text;
  if (w.cut_left) text = "…";
  // The right half of a wide character that the window cuts.
  if (begin != shown.cells.end()) text.append(begin->column - first, ' ');
  if (end >= begin) {
    text.append(shown.text, begin->at, end->at - begin->at);
    if (w.cut_right) text.append(last - end->column, ' ');
  }
  if (w.cut_right) text += "…";
  text.erase(text.find_last_not_of(' ') + 1);
  if (!text.empty()) out.own(" ").own(text);
}

// Where a span is, for drawing: without the blanks at its end, which nobody means.
struct Place {
  Span at;
  std::uint32_t first_line;
  std::uint32_t last_line;
};

Place place(std::string_view text, const LineIndex& lines, Span at) {
  for (int i = 0; i < 256 && at.end > at.begin + 1 && is_blank(text[at.end - 1]); ++i) --at.end;
  const std::uint32_t first = lines.line_of(at.begin);
  return {at, first, at.empty() ? first : std::max(first, lines.line_of(at.end - 1))};
}

bool is_shown(const Place& p, std::uint32_t line) {
  if (line < p.first_line || line > p.last_line) return false;
  if (p.last_line - p.first_line < max_lines) return true;
  return line < p.first_line + first_lines || line > p.last_line - last_lines;
}

class Drawing {
 public:
  Drawing(Terminal& out, std::string_view text, const LineIndex& lines, const Frame& frame, std::size_t gutter)
      : out_(out),
        text_(text),
        lines_(lines),
        frame_(frame),
        gutter_(gutter),
        place_(place(text, lines, frame.at)),
        multi_(place_.last_line > place_.first_line) {
    const std::size_t taken = gutter + 3 + (multi_ ? 2 : 0);
    room_ = out.width() > taken + 20 ? out.width() - taken : 20;
  }

  void draw() {
    rule();
    out_.newline();
    std::uint32_t previous = 0;
    for (const std::uint32_t line : shown_lines()) {
      if (previous != 0 && line == previous + 2) draw_line(previous + 1);
      if (previous != 0 && line > previous + 2) gap(previous);
      draw_line(line);
      previous = line;
    }
  }

 private:
  [[nodiscard]] std::vector<std::uint32_t> shown_lines() const {
    std::vector<std::uint32_t> all;
    for (std::uint32_t line = place_.first_line; line <= place_.last_line; ++line) {
      if (is_shown(place_, line)) {
        all.push_back(line);
      } else {
        line = place_.last_line - last_lines;
      }
    }
    for (const Mark& mark : frame_.marks) all.push_back(lines_.line_of(mark.at.begin));
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  // `   |`, or with the number of a line.
  void rule(std::uint32_t line = 0) {
    const std::string number = line == 0 ? "" : std::to_string(line);
    out_.spaces(gutter_ - std::min(gutter_, number.size()));
    out_.own(number + " |", Style::frame);
  }

  // Lines that are left out.
  void gap(std::uint32_t after) {
    out_.own("...", Style::frame);
    if (multi_ && after >= place_.first_line && after < place_.last_line) {
      out_.spaces(gutter_).own("|", frame_.style);
    }
    out_.newline();
  }

  // Whether nothing but blanks stands before the span on its first line.
  [[nodiscard]] bool starts_line() const {
    const Span line = lines_.line(place_.first_line);
    if (place_.at.begin - line.begin > slice_before) return false;
    return std::all_of(text_.begin() + line.begin, text_.begin() + place_.at.begin, is_blank);
  }

  // What underlines the columns [from, to) of the window; at least one column.
  void underline(const Window& w, std::size_t from, std::size_t to, char with, Style style, std::string_view label) {
    rule();
    if (multi_) out_.spaces(2);
    const std::size_t room = std::max<std::size_t>(w.last - w.first, 1);
    const std::size_t begin = std::min(from - std::min(from, w.first), room);
    const std::size_t end = std::max(std::min(to - std::min(to, w.first), room), begin + 1);
    out_.spaces(1 + begin).own(std::string(end - begin, with), style);
    if (!label.empty()) {
      const std::size_t indent = gutter_ + 3 + std::min(begin, out_.width() / 2);
      std::string margin(gutter_, ' ');
      margin += " |";
      margin.append(indent - margin.size(), ' ');
      out_.own(" ").wrapped(label, margin, style);
    }
    out_.newline();
  }

  void draw_line(std::uint32_t number) {
    const Span line = lines_.line(number);
    // What the window is laid around.
    Span focus = {line.begin, line.begin};
    const bool first = number == place_.first_line;
    const bool last = number == place_.last_line;
    if (!multi_ && first) {
      focus = place_.at;
    } else if (multi_ && first) {
      focus = {place_.at.begin, std::max(place_.at.begin, line.end)};
    } else if (multi_ && last) {
      focus = {place_.at.end - 1, place_.at.end};
    } else {
      for (const Mark& mark : frame_.marks) {
        if (lines_.line_of(mark.at.begin) == number) focus = on_line(mark.at, line);
      }
    }
    const Shown shown = show(text_, line, focus.begin);
    const std::size_t from = shown.column(focus.begin);
    const std::size_t to = std::max(shown.column(focus.end), from + (focus.empty() ? 0 : 1));
    const Window w = window(shown, from, to, room_);

    const bool slash = multi_ && first && starts_line();
    rule(number);
    if (multi_) {
      const bool inside = number > place_.first_line && number <= place_.last_line;
      if (slash || inside) {
        out_.own(" ").own(slash ? "/" : "|", frame_.style);
      } else {
        out_.spaces(2);
      }
    }
    append_line(out_, shown, w);
    out_.newline();

    if (!multi_ && first) underline(w, from, to, '^', frame_.style, "");
    if (multi_ && first && !slash) bracket(" ", from - std::min(from, w.first));
    if (multi_ && last) bracket("|", from - std::min(from, w.first));
    for (const Mark& mark : frame_.marks) {
      if (lines_.line_of(mark.at.begin) != number) continue;
      const Span at = on_line(mark.at, line);
      underline(w, shown.column(at.begin), shown.column(at.end), '-', Style::frame, mark.label);
    }
  }

  // `|____^`: where a span of several lines begins or ends.
  void bracket(std::string_view bar, std::size_t column) {
    std::string drawn(bar);
    drawn.append(column + 1, '_');
    drawn += '^';
    rule();
    out_.own(" ").own(drawn, frame_.style).newline();
  }

  [[nodiscard]] static Span on_line(Span at, Span line) {
    const std::uint32_t end = std::clamp(at.end, at.begin, std::max(at.begin, line.end));
    return {at.begin, end};
  }

  Terminal& out_;
  std::string_view text_;
  const LineIndex& lines_;
  const Frame& frame_;
  std::size_t gutter_;
  std::size_t room_ = 0;
  Place place_;
  bool multi_;
};

}  // namespace

std::size_t gutter_width(const LineIndex& lines, const Frame& frame) {
  std::uint32_t last = lines.line_of(frame.at.end);
  for (const Mark& mark : frame.marks) last = std::max(last, lines.line_of(mark.at.begin));
  return std::to_string(last).size();
}

bool fits(std::string_view text, const LineIndex& lines, Span mark, std::size_t columns) {
  const Span line = lines.line(lines.line_of(mark.begin));
  return line.size() <= slice_bytes && show(text, line, mark.begin).columns() + 12 <= columns;
}

void append_frame(Terminal& out, std::string_view text, const LineIndex& lines, const Frame& frame,
                  std::size_t gutter) {
  Drawing(out, text, lines, frame, gutter).draw();
}

}  // namespace pglint::report
