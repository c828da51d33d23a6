#include "source/write.h"

namespace pglint::source {

// A new writing half is its own file below runner/, its name here, and nothing else.
extern const Writer drizzle_writer;

const Writer* find_writer(std::string_view runner) { return runner == "drizzle" ? &drizzle_writer : nullptr; }

namespace {
constexpr std::string_view temporary = ".pglint-tmp";
}  // namespace

std::string temporary_name(std::string_view name) { return '.' + std::string(name) + std::string(temporary); }

bool is_temporary(std::string_view name) {
  return name.size() > temporary.size() + 1 && name.starts_with('.') && name.ends_with(temporary);
}

}  // namespace pglint::source
