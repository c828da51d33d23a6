// A text for a shell, taken apart into the commands that it runs, in order. Not a shell: nothing is expanded, and of
// what is written it has to know only which words make a command, and whether it is sure to run.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/mapped.h"
#include "pglint/span.h"

namespace pglint::delivery {

struct Command {
  Span at = {};  // in its file
  std::vector<std::string> words;
  bool guarded = false;  // it runs under a condition
  bool ignored = false;  // what follows runs even if it fails: `|| true`
  bool remote = false;   // on another machine: over ssh

  [[nodiscard]] std::string line() const;  // its words
};

// `sh -c "…"`, ssh and the like are the commands that they are given.
[[nodiscard]] std::vector<Command> commands(const Mapped& text);

// A command whose words are known already, such as a CMD of a Dockerfile.
[[nodiscard]] std::vector<Command> commands(std::vector<std::string> words, Span at);

// What follows the last slash, without the version of a package: "prisma" of "./node_modules/.bin/prisma@5".
[[nodiscard]] std::string_view program(std::string_view word);

}  // namespace pglint::delivery
