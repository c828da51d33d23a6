// Results of what the environment may refuse: files, git, configuration, servers.
// Mistakes in the SQL under review are diagnostics, not errors; mistakes of ours are asserts.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace pglint {

struct Error {
  std::string message;    // one line: what went wrong and where
  std::string hint = {};  // what to do, one line; may be empty
};

template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> failed(std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error{std::move(message), std::move(hint)});
}

// What, and what to do about it.
[[nodiscard]] inline std::string one_line(const Error& error) {
  return error.hint.empty() ? error.message : error.message + ": " + error.hint;
}

}  // namespace pglint
