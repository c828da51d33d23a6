// Where a rule's findings go, and what positions are worked out from: kept
// apart from rule.h since rules need neither.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lint/context.h"
#include "lint/rule.h"
#include "lint/sizes.h"
#include "pg/lexer.h"
#include "pglint/diagnostic.h"

namespace pglint::lint {

struct Context::Sink {
  std::vector<Diagnostic>* diagnostics = nullptr;
  Severity severity = Severity::warning;  // of the rule that is asked
  std::uint32_t file = 0;
  const TableSizes* sizes = nullptr;  // null where nobody said anything
  bool ask_recipes = false;           // whether what is found could be written in another way
  struct Noted {
    const Rule* rule = nullptr;
    Severity severity = Severity::warning;
    Note note;
  };
  // Those about a migration are looked at again at its end; those about the history wait for the end of it all, and
  // are many by then.
  std::vector<Noted> of_migration = {};
  std::vector<Noted> of_history = {};
  [[nodiscard]] std::vector<Noted>& notes_about(Subject subject) {
    return subject == Subject::migration ? of_migration : of_history;
  }
  // How many of them each rule has in this file: rules ask so before they note another one.
  std::vector<std::pair<const Rule*, std::size_t>> counts = {};
  std::uint32_t counted = 0;  // that file

  [[nodiscard]] std::size_t& count(const Rule* asker) {
    if (counted != file) counts.clear();
    counted = file;
    for (auto& [of, number] : counts)
      if (of == asker) return number;
    return counts.emplace_back(asker, 0).second;
  }
  // Tokens of the statement, cut when the first finding asks for a place.
  Span tokens_of = {};
  std::vector<pg::Token> tokens = {};
  // Reasons and advice that were given lately, so that the same words are not kept for each finding. Emptied when it is
  // full: words that name what they are about are given again soon or never.
  static constexpr std::size_t most_said = 4096;
  std::unordered_map<std::string_view, SharedText> said = {};

  [[nodiscard]] SharedText share(std::string words) {
    if (const auto found = said.find(words); found != said.end()) return found->second;
    const SharedText shared(std::move(words));
    if (said.size() == most_said) said.clear();
    return said.emplace(shared.view(), shared).first->second;
  }
};

}  // namespace pglint::lint
