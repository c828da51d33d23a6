// A schema as tests make it, by SQL, and what a statement does to it.
#pragma once

#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "catalog/replay.h"
#include "catalog/transaction.h"
#include "effect/effect.h"
#include "pg/lexer.h"
#include "pg/parse.h"

namespace pglint::test {

class History {
 public:
  explicit History(int version = 15) : target_{version} {
    catalog_.now.migration = 1;
    transactions_.begin_run(false);
    transactions_.begin_file(false);
  }

  // An earlier migration, statement by statement. What it would fail with is kept, the first of all.
  History& released(std::string_view sql) {
    each(sql, [](const effect::Effects&) {});
    return *this;
  }
  // From here on a new migration, in one transaction if asked for.
  History& begin(bool in_transaction) {
    ++catalog_.now.migration;
    if (in_transaction) released("BEGIN");
    return *this;
  }
  // Nothing is there beside what this history makes.
  void whole() { catalog_.whole = true; }
  History& time_zone(std::string_view zone) { return released("SET timezone = '" + std::string(zone) + "'"); }

  // Calls `use(const effect::Effects&)` for each statement before it is applied.
  template <class F>
  void each(std::string_view sql, F&& use) {
    const std::string text(sql);
    const pg::Lexed lexed = pg::lex(text, {.psql = false});
    transactions_.begin_script(Sent::statement, false, static_cast<std::uint32_t>(lexed.statements.size()));
    pg::parse(text, 0, lexed, [&](const pg::Parsed& parsed) {
      if (parsed.node == nullptr) {
        syntax_error_ = true;
        return true;
      }
      const std::string_view from = std::string_view(text).substr(parsed.base);
      const catalog::TransactionState& transaction = transactions_.before(parsed.node);
      effect::effects(parsed.node, from, catalog_, transaction, target_, effects_);
      if (effects_.has_error && error_.empty()) error_ = effects_.error.sqlstate;
      use(effects_);
      catalog::apply(catalog_, parsed.node, from, target_.pg_version);
      transactions_.after(parsed.node);
      return true;
    });
    transactions_.end_script();
  }
  // What the last of these statements does.
  effect::Effects of(std::string_view sql) {
    effect::Effects last;
    each(sql, [&](const effect::Effects& effects) { last = effects; });
    return last;
  }

  [[nodiscard]] const catalog::Catalog& catalog() const { return catalog_; }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] bool syntax_error() const { return syntax_error_; }

 private:
  catalog::Catalog catalog_;
  catalog::Transactions transactions_{catalog_};
  effect::Target target_;
  effect::Effects effects_;
  std::string error_;
  bool syntax_error_ = false;
};

}  // namespace pglint::test
