// A rule's page, taken apart: its title, its summary, its headings, and its examples, which are tests.
//
//   ```sql given                 the history that every example stands on; at most one, and the first
//   ```sql unsafe tx=file        the rule is raised, and nothing else
//   ```sql safe file=0002.sql    nothing is raised
//
// Blocks of one kind with `file=` and nothing between them are one project. A fence that names no kind is only shown;
// of SQL there is none, so that no SQL on a page goes untried.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pglint::test {

struct Example {
  enum class Kind { given, unsafe, safe };

  Kind kind = Kind::safe;
  std::size_t line = 0;                                    // of the page, where the first block begins
  std::vector<std::pair<std::string, std::string>> files;  // name and text, in the order in which they run
  int pg = 15;
  std::string runner = "plain";
  std::string transaction;  // of plain: statement, file or all; empty: as the profile has it
  // What git says of files: "new", or "changed", which is released and another now. Empty: git is not asked.
  std::vector<std::pair<std::string, std::string>> git = {};
  std::vector<std::string> also = {};  // other rules that an unsafe example raises
};

struct Page {
  std::string title;
  std::string summary;  // the first paragraph, as one line
  std::vector<std::string> headings;
  std::string given;  // empty if the page has none
  std::vector<Example> examples;
  std::vector<std::string> problems;  // "line 12: …": what the harness does not know
};

[[nodiscard]] Page parse_page(std::string_view markdown);

}  // namespace pglint::test
