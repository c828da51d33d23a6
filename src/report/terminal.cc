#include "report/terminal.h"

#include <fmt/format.h>

#include "base/text.h"

namespace pglint::report {
namespace {

std::string_view code(Style style) {
  switch (style) {
    case Style::plain:
      break;
    case Style::bold:
      return "\x1b[1m";
    case Style::dim:
      return "\x1b[2m";
    case Style::error:
      return "\x1b[1;31m";
    case Style::warning:
      return "\x1b[1;33m";
    case Style::advice:
    case Style::help:
      return "\x1b[1;36m";
    case Style::frame:
      return "\x1b[1;34m";
    case Style::note:
      return "\x1b[1;32m";
  }
  return "";
}

}  // namespace

Style style_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return Style::error;
    case Severity::warning:
      return Style::warning;
    case Severity::advice:
      break;
  }
  return Style::advice;
}

void Terminal::begin(Style style) {
  if (color_ == Color::on) out_ += code(style);
}

void Terminal::end(Style style) {
  if (color_ == Color::on && style != Style::plain) out_ += "\x1b[0m";
}

Terminal& Terminal::own(std::string_view text, Style style) {
  begin(style);
  out_ += text;
  column_ += count_code_points(text);
  end(style);
  return *this;
}

Terminal& Terminal::text(std::string_view text, Style style) {
  begin(style);
  Printer printer(out_);
  printer.all(text);
  column_ += printer.columns();
  end(style);
  return *this;
}

Terminal& Terminal::wrapped(std::string_view text, std::string_view margin, Style style) {
  begin(style);
  bool first = true;
  while (!text.empty()) {
    const std::size_t at = text.find_first_not_of(' ');
    if (at == std::string_view::npos) break;
    text.remove_prefix(at);
    const std::string word = printable(text.substr(0, text.find(' ')));
    const std::size_t columns = display_width(word);
    if (!first && column_ + 1 + columns > width_) {
      end(style);
      newline();
      own(margin, margin.find_first_not_of(' ') == std::string_view::npos ? Style::plain : Style::frame);
      begin(style);
    } else if (!first) {
      out_ += ' ';
      ++column_;
    }
    out_ += word;
    column_ += columns;
    first = false;
    text.remove_prefix(std::min(text.size(), text.find(' ')));
  }
  end(style);
  return *this;
}

Terminal& Terminal::spaces(std::size_t count) {
  out_.append(count, ' ');
  column_ += count;
  return *this;
}

Terminal& Terminal::newline() {
  out_ += '\n';
  column_ = 0;
  return *this;
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

void append_failure(Terminal& out, const Failure& failure) {
  out.own("error", Style::error).own(": ", Style::bold);
  if (!failure.path.empty()) out.text(failure.path).own(": ");
  out.text(failure.message).newline();
}

void append_notices(Terminal& out, const std::vector<std::string>& notices) {
  for (const std::string& notice : notices) out.own("note", Style::note).own(": ").text(notice).newline();
}

}  // namespace pglint::report
