// Why the executor ends before the plan does: with which exit code, in which words, and what to do.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

namespace pglint::apply {

enum Exit : int {
  done = 0,
  refused = 2,    // wrong usage, an edited plan, another database, a pooled server
  failed = 3,     // the database cannot be reached, or refused or failed a statement
  gate = 4,       // closed; repeating the same command stops there again
  held_back = 5,  // a safety check, or a budget: nothing half-done, safe to repeat
  interrupted = 130,
};

struct Stop {
  Exit exit = failed;
  std::string message = {};  // one line or more
  std::string hint = {};     // what to do
  bool lost = false;         // the connection: everything is to be looked at again on a new one
};

// As it is printed, without the last newline: one line, unless a part of it has more.
[[nodiscard]] inline std::string words(const Stop& why) {
  std::string text = why.exit == held_back ? "stopped: " : why.exit == gate || why.exit == interrupted ? "" : "error: ";
  text += why.message;
  if (why.hint.empty()) return text;
  const bool one_line =
      why.exit != gate && text.find('\n') == std::string::npos && why.hint.find('\n') == std::string::npos;
  return text + (!one_line ? "\n" : text.ends_with('.') ? " " : ": ") + why.hint;
}

template <class T>
using Outcome = tl::expected<T, Stop>;

[[nodiscard]] inline tl::unexpected<Stop> stop(Exit exit, std::string message, std::string hint = {}) {
  return tl::unexpected<Stop>(Stop{.exit = exit, .message = std::move(message), .hint = std::move(hint)});
}

}  // namespace pglint::apply
