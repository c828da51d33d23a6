// What a rule is: metadata the compiler checks, and one function. One rule is
// one file in rules/ and the page beside it; the folder is the registry.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "catalog/transaction.h"
#include "effect/effect.h"
#include "lint/facts.h"
#include "pg/node.h"
#include "pglint/diagnostic.h"

namespace pglint::lint {

enum class Category : std::uint8_t { lock, fails, compat, data, history, delivery, policy, style };
[[nodiscard]] std::string_view name(Category category);

// Whether `fix` can rewrite what the rule finds.
enum class Fixable : std::uint8_t { never, sometimes, always };
[[nodiscard]] std::string_view name(Fixable fixable);

// What a rule looks at.
enum class Subject : std::uint8_t { statement, transaction, migration, history, project, engine };

// The same check in another tool, for people who come from there.
struct Alias {
  std::string_view tool;
  std::string_view id;
};

class Context;

struct Rule {
  std::string_view id;
  Category category = Category::lock;
  Severity severity = Severity::warning;
  std::string_view summary;  // one line, no full stop: what is found
  Fixable fixable = Fixable::never;
  int from_pg = 12;  // servers on which it can be raised
  int to_pg = 18;
  std::span<const Alias> aliases = {};
  Subject subject = Subject::statement;
  std::span<const NodeTag> tags = {};       // statements it wants to see; empty: every statement
  void (*check)(const Context&) = nullptr;  // null for a rule that the engine itself raises (syntax-error)
};

// The rule itself, if it is complete; otherwise it does not compile, and the
// compiler shows the sentence that is thrown.
consteval Rule complete(Rule rule) {
  if (rule.id.empty() || rule.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string_view::npos)
    throw "an id is kebab-case";
  if (rule.summary.empty() || rule.summary.ends_with('.')) throw "a summary is one line without a full stop";
  if (rule.from_pg < 12 || rule.to_pg > 18 || rule.from_pg > rule.to_pg) throw "versions are 12 to 18";
  return rule;
}

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
  bool fixable = false;
  std::vector<Related> related = {};
};

// One statement and all that is known about it. Rules never see earlier
// statements' trees: what they may know of the past is in `facts`.
class Context {
 public:
  const ::Node* node = nullptr;
  std::string_view text;  // of the file
  Span statement = {};
  std::uint32_t base = 0;                     // add to a location of the tree to get an offset in the file
  bool in_body = false;                       // inside a DO block
  bool batched = false;                       // in a LOOP of a DO block that commits as it goes
  const catalog::Catalog* catalog = nullptr;  // the schema before the statement
  const effect::Effects* effects = nullptr;
  const catalog::TransactionState* transaction = nullptr;
  const TransactionFacts* facts = nullptr;  // what the transaction has done so far
  const effect::Target* target = nullptr;
  std::string_view runner;  // its name

  template <class T>
  [[nodiscard]] const T* as() const {
    return pg::as<T>(node);
  }

  // Places, by the statement's own tokens.
  [[nodiscard]] Span keyword(std::string_view word, std::size_t nth = 0) const;  // the whole statement if absent
  [[nodiscard]] Span keywords(std::string_view first,
                              std::string_view last) const;  // from the first to the first `last` after it
  [[nodiscard]] Span command(std::size_t index) const;       // the nth subcommand of an ALTER TABLE
  [[nodiscard]] Span first_word() const;
  [[nodiscard]] Span node_span(int location) const;  // the token at a location of the tree

  // How a relation reads in a message: orders, sales.orders. Quoted where PostgreSQL would.
  [[nodiscard]] std::string display(const effect::RelationEffect& relation) const;
  // The first relation that is no index: what CREATE INDEX, ALTER TABLE or UPDATE is about.
  [[nodiscard]] const effect::RelationEffect* table() const;

  void report(Finding finding) const;

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
