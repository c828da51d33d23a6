// Where the bytes of a report go. They leave a piece at a time, so that a report of any length takes little memory.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace pglint::report {

using Sink = std::function<void(std::string_view)>;

// Gives away what has come together, if it is worth a write.
inline void spill(std::string& out, const Sink& sink) {
  constexpr std::size_t piece = std::size_t{64} * 1024;
  if (out.size() < piece) return;
  sink(out);
  out.clear();
}

}  // namespace pglint::report
