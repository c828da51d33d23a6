#include "lint/replay.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/replay.h"
#include "catalog/volatility.h"
#include "lint/doubt.h"
#include "pg/body.h"
#include "pg/node.h"
#include "pg/tree.h"

namespace pglint::lint {
namespace {

class Replay {
 public:
  Replay(const source::Project& project, const ReplayOptions& options, Observer& observer)
      : project_(project), options_(options), observer_(observer), transactions_(catalog_) {}

  void run();

 private:
  void set_session();
  void end_run();
  void migration(const source::Migration& migration);
  void script(const source::Migration& migration, const source::Script& script);
  void statement(const source::Migration& migration, const pg::Parsed& parsed);
  bool filled_in(const source::Migration& migration, const pg::Parsed& parsed);
  void body(const source::Migration& migration, const pg::Parsed& parsed);
  [[nodiscard]] bool has_variables(const source::Migration& migration, Span statement) const;

  const source::Project& project_;
  const ReplayOptions& options_;
  Observer& observer_;
  catalog::Catalog catalog_;
  catalog::Transactions transactions_;
  effect::Effects effects_;
  effect::Effects body_effects_;
  pg::Lexed lexed_;  // of the script, reused from one to the next
  std::uint32_t script_begin_ = 0;
  std::vector<pg::Comment> comments_;
  std::vector<Span> statements_;
  bool opaque_ = false;  // something has run that could not be followed: what is there, and what not, is in doubt
};

// Where code that nobody followed has run, nobody knows what is there: such an error may come, or not.
void doubt(effect::Effects& effects) {
  if (effects.has_error && is_about_history(effects.error.sqlstate)) effects.has_error = false;
}

// Whether a query calls functions, or CALL a procedure, whose code nobody sees through: it may make or drop anything.
// Built-in functions do not, nor do functions in SQL of the history that are no more than a query.
bool calls_unknown(const catalog::Catalog& catalog, const ::Node* node) {
  const auto unknown = [&](const ::FuncCall* call) {
    if (call == nullptr) return false;
    const pg::QualifiedName name = pg::qualified_name(call->funcname);
    if (name.schema == "pg_catalog") return false;
    const Symbol schema = name.schema.empty() ? Symbol{} : catalog.symbols.intern(name.schema);
    const catalog::Function* made = catalog.find_function(schema, catalog.symbols.intern(name.name));
    if (made != nullptr) return catalog.text(made->language) != "sql";
    return !name.schema.empty() || catalog::builtin_volatility(name.name) == catalog::Volatility::unknown;
  };
  if (const auto* call = pg::as<::CallStmt>(node)) return unknown(call->funccall);
  const auto* select = pg::as<::SelectStmt>(node);
  if (select == nullptr) return false;
  for (const ::ResTarget& target : pg::only<::ResTarget>(select->targetList))
    if (unknown(pg::as<::FuncCall>(target.val))) return true;
  for (const ::RangeFunction& from : pg::only<::RangeFunction>(select->fromClause))
    for (const ::List& function : pg::only<::List>(from.functions))
      if (unknown(pg::as<::FuncCall>(pg::nodes(&function)[0]))) return true;
  return false;
}

// Settings go through the same door as the scripts' own.
void Replay::set_session() {
  for (const auto& [name, value] : options_.session) {
    const auto quoted = [](std::string_view text) {
      std::string literal = "'";
      for (const char c : text) {
        if (c == '\'') literal += '\'';
        literal += c;
      }
      return literal + "'";
    };
    const std::string sql = fmt::format("SELECT pg_catalog.set_config({}, {}, false)", quoted(name), quoted(value));
    const pg::Lexed lexed = pg::lex(sql, {.psql = false});
    pg::parse(sql, 0, lexed, [&](const pg::Parsed& parsed) {
      if (parsed.node != nullptr) catalog::apply(catalog_, parsed.node, sql, options_.target.pg_version);
      return true;
    });
  }
}

// The runner's connection goes, and with it temporary tables and settings.
void Replay::end_run() {
  transactions_.end_run();
  catalog_.end_session();
}

// A run is what the runner applies in one go: the pending migrations where it is known which they are, else each by
// itself, since nobody can tell what was deployed together.
void Replay::run() {
  set_session();
  catalog_.defaults = catalog_.session;
  bool in_run = false;
  std::uint32_t ordinal = 0;
  for (const source::Migration& migration : project_.migrations) {
    catalog_.now.migration = migration.schema ? 0 : ++ordinal;
    const bool pending = project_.pending_known && migration.reported && !migration.alone;
    if (in_run && !pending) {
      end_run();
      in_run = false;
    }
    if (!in_run) transactions_.begin_run(project_.wrapped_run && !migration.schema && !migration.alone);
    in_run = true;
    this->migration(migration);
    if (!pending) {
      end_run();
      in_run = false;
    }
    // What a dump of the schema does not have is not there.
    if (migration.schema) catalog_.whole = true;
  }
  if (in_run) end_run();
  observer_.end_history(catalog_);
}

void Replay::migration(const source::Migration& migration) {
  comments_.clear();
  statements_.clear();
  if (migration.reported) observer_.begin_file(project_, migration);
  transactions_.begin_file(migration.wrapped);
  for (const source::Script& script : migration.scripts) this->script(migration, script);
  transactions_.end_file();
  if (migration.reported) {
    observer_.end_migration(catalog_);
    observer_.end_file(migration, comments_, statements_);
  }
}

void Replay::script(const source::Migration& migration, const source::Script& script) {
  const std::string_view text = migration.sql().substr(script.range.begin, script.range.size());
  pg::lex(text, script.range.begin, {.psql = project_.psql || migration.schema}, lexed_);
  script_begin_ = script.range.begin;
  if (migration.reported) {
    comments_.insert(comments_.end(), lexed_.comments.begin(), lexed_.comments.end());
    for (const Span& line : lexed_.includes)
      observer_.notice(fmt::format("{}: a psql command pulls in text that is not read here, at byte {}", migration.path,
                                   line.begin));
  }
  transactions_.begin_script(script.sent, script.wrapped, static_cast<std::uint32_t>(lexed_.statements.size()));
  pg::parse(text, script.range.begin, lexed_, [&](const pg::Parsed& parsed) {
    if (migration.reported) statements_.push_back(parsed.span);
    if (parsed.node != nullptr)
      statement(migration, parsed);
    else if (parsed.error != nullptr && !filled_in(migration, parsed)) {
      if (migration.reported) observer_.syntax_error(parsed);
      opaque_ = true;
    }
    return true;
  });
  transactions_.end_script();
}

// A statement with placeholders, where names did not do: the one at which the parser gave up is taken for a number,
// then for nothing. False if the statement has none.
bool Replay::filled_in(const source::Migration& migration, const pg::Parsed& parsed) {
  constexpr int most_tries = 64;
  const auto first = std::ranges::lower_bound(migration.placeholders, parsed.span.begin, {}, &Span::begin);
  if (first == migration.placeholders.end() || first->begin >= parsed.span.end) return false;
  std::string text(migration.sql().substr(parsed.span.begin, parsed.span.size()));
  std::uint32_t error = parsed.error->offset;
  pg::Lexed lexed;
  for (int i = 0; i < most_tries; ++i) {
    // The last placeholder that does not begin behind the place.
    auto blamed = std::ranges::upper_bound(first, migration.placeholders.end(), error, {}, &Span::begin);
    if (blamed == first) break;
    --blamed;
    if (blamed->end > parsed.span.end) break;
    const auto at = static_cast<std::size_t>(blamed->begin - parsed.span.begin);
    if (text[at] == ' ') break;
    const char stand_in = text[at] == '1' ? ' ' : '1';
    text.replace(at, blamed->size(), blamed->size(), ' ');
    text[at] = stand_in;
    bool good = false;
    pg::lex(text, parsed.span.begin, {.psql = project_.psql}, lexed);
    if (lexed.statements.empty()) return true;
    if (lexed.statements.size() > 1 || !lexed.errors.empty()) break;
    pg::parse(text, parsed.span.begin, lexed, [&](const pg::Parsed& again) {
      good = again.node != nullptr;
      if (good)
        statement(migration, again);
      else
        error = again.error->offset;
      return good;
    });
    if (good) return true;
  }
  if (migration.reported) observer_.not_filled_in(parsed);
  return true;
}

// Whether psql's variables stand in a statement of the script: they may be any name or value.
bool Replay::has_variables(const source::Migration& migration, Span statement) const {
  if (lexed_.blanked.empty() || statement.begin < script_begin_) return false;
  const std::size_t at = statement.begin - script_begin_;
  return at + statement.size() <= lexed_.blanked.size() &&
         migration.sql().substr(statement.begin, statement.size()) !=
             std::string_view(lexed_.blanked).substr(at, statement.size());
}

void Replay::statement(const source::Migration& migration, const pg::Parsed& parsed) {
  const std::string_view sql = migration.sql().substr(parsed.base);
  const catalog::TransactionState& transaction = transactions_.before(parsed.node);
  if (migration.reported) {
    const auto judge = observer_.wants_effects(*parsed.node, transaction) ? effect::effects : effect::syntax;
    effect::Target target = options_.target;
    const bool variables = has_variables(migration, parsed.span);
    target.stand_ins = variables || !migration.placeholders.empty();
    judge(parsed.node, sql, catalog_, transaction, target, effects_);
    if (opaque_ || variables) doubt(effects_);
    observer_.statement({.parsed = parsed,
                         .catalog = catalog_,
                         .transaction = transaction,
                         .effects = effects_,
                         .in_body = false,
                         .batched = false});
  }
  if (parsed.node->type == T_DoStmt) body(migration, parsed);
  opaque_ = opaque_ || calls_unknown(catalog_, parsed.node);
  catalog::apply(catalog_, parsed.node, sql, options_.target.pg_version);
  transactions_.after(parsed.node);
}

// The statements of a DO block run inside its transaction, in the order they are written: which branches are taken is
// not known, so all of them are.
void Replay::body(const source::Migration& migration, const pg::Parsed& parsed) {
  const std::optional<pg::Body> body = pg::body(parsed, migration.sql());
  if (!body) {
    opaque_ = true;
    if (migration.reported)
      observer_.notice(
          fmt::format("{}: the DO block at byte {} could not be followed", migration.path, parsed.span.begin));
    return;
  }
  std::uint32_t unknown = body->unknown;
  opaque_ = opaque_ || unknown != 0;
  const bool commits = body->commits;
  pg::parse(*body, [&](const pg::Parsed& inner, bool in_loop) {
    if (inner.node == nullptr) {
      ++unknown;
      return true;
    }
    const std::string_view sql = std::string_view(body->text).substr(inner.base - body->base);
    if (migration.reported) {
      // What is refused in a transaction block is refused in a function too. A block is a transaction of its own,
      // unless it stands in another, or commits.
      catalog::TransactionState transaction = transactions_.state();
      transaction.block = true;
      if (transaction.kind == TransactionKind::autocommit && !commits) transaction.kind = TransactionKind::implicit;
      effect::Target target = options_.target;
      target.variables = true;
      target.stand_ins = !migration.placeholders.empty();
      effect::effects(inner.node, sql, catalog_, transaction, target, body_effects_);
      if (opaque_) doubt(body_effects_);
      observer_.statement({.parsed = inner,
                           .catalog = catalog_,
                           .transaction = transaction,
                           .effects = body_effects_,
                           .in_body = true,
                           .batched = in_loop && commits});
    }
    opaque_ = opaque_ || calls_unknown(catalog_, inner.node);
    catalog::apply(catalog_, inner.node, sql, options_.target.pg_version);
    return true;
  });
  if (unknown != 0 && migration.reported)
    observer_.notice(fmt::format("{}: {} statement(s) of the DO block at byte {} could not be followed", migration.path,
                                 unknown, parsed.span.begin));
}

}  // namespace

void replay(const source::Project& project, const ReplayOptions& options, Observer& observer) {
  Replay(project, options, observer).run();
}

}  // namespace pglint::lint
