// What a rule's function sees of one statement, and how it reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/transaction.h"
#include "effect/effect.h"
#include "lint/facts.h"
#include "lint/rule.h"
#include "pg/node.h"
#include "pglint/diagnostic.h"

namespace pglint::lint {

// What a rule reports; the rest (rule, severity, file, statement) is filled in.
struct Finding {
  Span at = {};
  std::string message = {};
  std::string why = {};
  std::string help = {};
  const effect::RelationEffect* relation = nullptr;  // fills relation, lock and work
  LockMode lock = LockMode::none;                    // where it is not the relation effect's own
  Work work = Work::none;
  // A milder case of the rule than its default severity says.
  std::optional<Severity> at_most = {};
  std::vector<Related> related = {};
};

// What a rule remembers of a statement until the end of the migration, or of the history.
struct Note {
  Span at = {};
  Symbol schema = {};  // of the relation that it is about
  Symbol name = {};
  Symbol what = {};             // its column, constraint, …
  Span statement = {};          // this and the rest is filled in
  std::uint32_t file = 0;       // in the report
  std::uint32_t migration = 0;  // in the history
};

// One statement and all that is known about it. What only a finding needs is cold: most statements have none, and its
// code stays out of their way. Rules never see earlier
// statements' trees: what they may know of the past is in `facts`.
class Context {
 public:
  const ::Node* node = nullptr;
  std::string_view text;  // of the file
  Span statement = {};
  std::uint32_t base = 0;                     // add to a location of the tree to get an offset in the file
  bool in_body = false;                       // inside a DO block
  bool batched = false;                       // in a LOOP of a DO block that commits as it goes
  bool wrapped = false;                       // the runner begins a transaction of its own around the file
  const catalog::Catalog* catalog = nullptr;  // the schema before the statement
  const effect::Effects* effects = nullptr;
  const catalog::TransactionState* transaction = nullptr;
  const TransactionFacts* facts = nullptr;  // what the transaction has done so far
  // At the end of a migration or of the history there is no node, nor effects, transaction or facts, and the catalogue
  // is the schema after it.
  const effect::Target* target = nullptr;
  std::string_view runner;  // its name
  std::string_view plans;   // statements of those that wait for a gate
  std::size_t notes = 0;    // at the end: how many of this rule's are looked at

  template <class T>
  [[nodiscard]] const T* as() const {
    return pg::as<T>(node);
  }

  // Places, by the statement's own tokens.
  [[nodiscard, gnu::cold]] Span keyword(std::string_view word,
                                        std::size_t nth = 0) const;  // the whole statement if absent
  [[nodiscard, gnu::cold]] Span keywords(std::string_view first,
                                         std::string_view last) const;  // from the first to the first `last` after it
  [[nodiscard, gnu::cold]] Span command(std::size_t index) const;       // the nth subcommand of an ALTER TABLE
  [[nodiscard, gnu::cold]] Span first_word() const;
  [[nodiscard, gnu::cold]] Span node_span(int location) const;  // the token at a location of the tree

  // How a relation reads in a message: orders, sales.orders. Quoted where PostgreSQL would.
  [[nodiscard, gnu::cold]] std::string display(const effect::RelationEffect& relation) const;
  [[nodiscard, gnu::cold]] std::string display(Symbol schema, Symbol name) const;
  // The first relation that is no index: what CREATE INDEX, ALTER TABLE or UPDATE is about.
  [[nodiscard]] const effect::RelationEffect* table() const;

  [[gnu::cold]] void report(Finding finding) const;
  // For rules about migrations and the history: remembers; and forgets all that this rule remembers of this migration.
  [[gnu::cold]] void note(Note note) const;
  void forget() const;
  [[nodiscard]] std::size_t noted() const;  // how many of this migration

  // The engine's.
  struct Sink;
  Sink* sink = nullptr;
  const Rule* rule = nullptr;
};

// Makes a check for all statements out of a check for one type of statement.
template <class T, void (*F)(const T&, const Context&)>
void on(const Context& context) {
  if (const T* statement = pg::as<T>(context.node)) F(*statement, context);
}

}  // namespace pglint::lint
