#include "apply/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"

namespace pglint::apply {
namespace {

using std::chrono::steady_clock;

void write(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

std::size_t terminal_columns() {
  winsize window{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1 ? window.ws_col - std::size_t{1} : 79;
}

}  // namespace

Progress::Progress() : terminal_(isatty(STDERR_FILENO) != 0), last_(steady_clock::now()) {}

void Progress::clear() {
  if (shown_ == 0) return;
  write(stderr, "\r\x1b[K");
  shown_ = 0;
}

void Progress::line(std::string_view text) {
  clear();
  write(stdout, std::string(text) + "\n");
}

void Progress::note(std::string_view text) {
  clear();
  write(stderr, std::string(text) + "\n");
}

void Progress::now(std::string_view text) {
  const auto since = steady_clock::now() - last_;
  if (since < (terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5000))) return;
  last_ = steady_clock::now();
  if (!terminal_) {
    if (text != last_text_) write(stderr, std::string(text) + "\n");
    last_text_ = text;
    return;
  }
  // Its first line only, as wide as there is room.
  text = text.substr(0, text.find('\n'));
  std::string shown;
  Printer printer(shown);
  const std::size_t most = terminal_columns();
  for (std::size_t at = 0; at < text.size() && printer.columns() + 2 <= most;) at += printer.one(text, at);
  write(stderr, "\r\x1b[K" + shown);
  shown_ = shown.size();
}

}  // namespace pglint::apply
