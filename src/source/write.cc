#include "source/write.h"

#include <fmt/core.h>

#include <utility>

#include "source/encoding.h"
#include "source/runner.h"

namespace pglint::source {

const Writer* find_writer(std::string_view runner) {
  const Runner* const known = find_runner(runner);
  return known == nullptr ? nullptr : known->writer;
}

Error not_written(std::string_view runner) {
  const Runner* const known = find_runner(runner);
  return {fmt::format("pglint reads what {} runs, and does not write its migrations",
                      known == nullptr ? runner : known->title),
          "save the SQL in a folder of its own: `pglint fix --runner plain --apply FOLDER` plans it and executes the "
          "plan, and what it writes there shows which migrations to make"};
}

namespace {
constexpr std::string_view temporary = ".pglint-tmp";
}  // namespace

Result<void> add_change(Written& written, const Files& files, const std::string& path, std::string text,
                        FileOrder order) {
  if (const auto failure = encoding_failure(text)) return failed(path + " " + failure->message);
  const bool create = !files.exists(path);
  if (!create) {
    const auto now = files.read(path);
    if (!now) return failed(path + " " + now.error().message, now.error().hint);
    if (*now == text) return {};
  }
  written.changes.push_back({path, create, std::move(text), order});
  return {};
}

std::string temporary_name(std::string_view name) { return '.' + std::string(name) + std::string(temporary); }

bool is_temporary(std::string_view name) {
  return name.size() > temporary.size() + 1 && name.starts_with('.') && name.ends_with(temporary);
}

}  // namespace pglint::source
