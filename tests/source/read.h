// What tests of reading look at: projects as lines of text.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source/project.h"

// So that a failed comparison shows what differs.
namespace doctest {
template <>
struct StringMaker<std::vector<std::string>> {
  static String convert(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += "\n    " + line;
    return text.c_str();
  }
};
}  // namespace doctest

namespace pglint::test {

// Files by path.
inline source::FakeFiles fake(std::map<std::string, std::string> texts) { return source::FakeFiles(std::move(texts)); }

inline source::Sources read(const source::SourceOptions& options, const source::Files& files) {
  auto sources = source::read_sources(options, files);
  if (!sources) FAIL(sources.error().message);
  return std::move(*sources);
}

inline source::Sources read(const std::vector<std::string>& paths, const source::Files& files) {
  source::SourceOptions options;
  options.paths = paths;
  return read(options, files);
}

// "path" of what is reported, "(path)" of history, in order.
inline std::vector<std::string> order(const source::Project& project) {
  std::vector<std::string> list;
  for (const source::Migration& migration : project.migrations) {
    list.push_back(migration.reported ? migration.path : '(' + migration.path + ')');
  }
  return list;
}

// "path: message".
inline std::vector<std::string> failures(const source::Sources& sources) {
  std::vector<std::string> list;
  for (const Failure& failure : sources.failures) list.push_back(failure.path + ": " + failure.message);
  return list;
}

// The texts of the scripts of a migration.
inline std::vector<std::string> scripts(const source::Migration& migration) {
  std::vector<std::string> list;
  for (const source::Script& script : migration.scripts) {
    list.push_back(migration.text.substr(script.range.begin, script.range.size()));
  }
  return list;
}

inline bool any_has(const std::vector<std::string>& lines, std::string_view part) {
  for (const std::string& line : lines) {
    if (line.find(part) != std::string::npos) return true;
  }
  return false;
}

using Lines = std::vector<std::string>;

}  // namespace pglint::test
