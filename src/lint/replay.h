// One walk over a project that `check` and `locks` share: every script is cut
// and parsed, every statement is placed in its transaction, judged against the
// schema as it then stands, shown to the observer, and applied.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/transaction.h"
#include "effect/effect.h"
#include "pg/lexer.h"
#include "pg/parse.h"
#include "source/project.h"

namespace pglint::lint {

// A statement at the moment before it runs.
struct Moment {
  const pg::Parsed& parsed;
  const catalog::Catalog& catalog;
  const catalog::TransactionState& transaction;
  const effect::Effects& effects;
  bool in_body;  // inside a DO block: part of the statement that was shown before it
  bool batched;  // in a LOOP of a block that commits as it goes
};

class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  // Whether the effects of a statement are needed; if not, Moment's say only if the target version knows its syntax.
  [[nodiscard]] virtual bool wants_effects(const ::Node& /*statement*/,
                                           const catalog::TransactionState& /*transaction*/) {
    return true;
  }
  virtual void begin_file(const source::Project&, const source::Migration&) {}
  virtual void syntax_error(const pg::Parsed&) {}
  // A statement that does not parse whatever one puts in the place of its placeholders.
  virtual void not_filled_in(const pg::Parsed&) {}
  virtual void statement(const Moment&) {}
  // After the last statement of a file; the schema as it is then.
  virtual void end_migration(const catalog::Catalog&) {}
  // Comments and statements of the whole file, in order, in file offsets.
  virtual void end_file(const source::Migration&, const std::vector<pg::Comment>&, const std::vector<Span>&) {}
  // After the last migration; the schema as it is then.
  virtual void end_history(const catalog::Catalog&) {}
  // Something that --verbose tells: what could not be followed, and why.
  virtual void notice(const std::string& /*text*/) {}
};

struct ReplayOptions {
  effect::Target target;
  std::vector<std::pair<std::string, std::string>> session;  // NAME=VALUE, in force before the first statement
};

// History is applied and not shown; only migrations with `reported` reach the observer.
void replay(const source::Project& project, const ReplayOptions& options, Observer& observer);

}  // namespace pglint::lint
