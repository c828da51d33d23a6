// What is going on, on standard output and standard error: one line per step that is done, and a line that says what is
// being done, in place on a terminal, every few seconds elsewhere.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace pglint::apply {

class Progress {
 public:
  Progress();

  // A line that stays, on standard output.
  void line(std::string_view text);
  // A line that stays, on standard error.
  void note(std::string_view text);
  // What is being done; shown when it is time to.
  void now(std::string_view text);

 private:
  void clear();

  bool terminal_;
  std::size_t shown_ = 0;  // columns of the line in place
  std::chrono::steady_clock::time_point last_{};
  std::string last_text_;
};

}  // namespace pglint::apply
