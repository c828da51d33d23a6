// `-- pglint:ignore rule: reason` and its kin, read from a file's comments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pg/lexer.h"
#include "pglint/span.h"

namespace pglint::source {

struct Suppression {
  Span at = {};  // the comment
  std::vector<std::string_view> rules;
  std::vector<Span> rule_spans;  // one per rule
  std::string_view reason = {};  // empty: a finding
  std::string_view until = {};   // 2027-03-01, as written; empty if none
  bool whole_file = false;       // pglint:ignore-file
  // The statement it speaks of: the next one after the comment's line(s), or the one whose first line it ends.
  // Index into the file's statements; npos for a whole file or where nothing follows.
  std::size_t statement = npos;
  std::string_view problem = {};  // what is wrong with its form, empty if nothing

  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
};

// `statements`: of the whole file, in order. Comments are in file offsets.
[[nodiscard]] std::vector<Suppression> suppressions(std::string_view text, const std::vector<pg::Comment>& comments,
                                                    const std::vector<Span>& statements);

}  // namespace pglint::source
