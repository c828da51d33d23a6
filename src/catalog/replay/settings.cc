#include <algorithm>
#include <string>

#include "catalog/replay/state.h"
#include "catalog/replay/text.h"

namespace pglint::catalog {
namespace {

enum class Setting : std::uint8_t { none, search_path, time_zone, lock_timeout, statement_timeout, role };

Setting setting_of(std::string_view name) {
  if (is_word(name, "search_path")) return Setting::search_path;
  if (is_word(name, "timezone")) return Setting::time_zone;
  if (is_word(name, "lock_timeout")) return Setting::lock_timeout;
  if (is_word(name, "statement_timeout")) return Setting::statement_timeout;
  if (is_word(name, "role") || is_word(name, "session_authorization")) return Setting::role;
  return Setting::none;
}

// "5s", "1.5 min", "500": in milliseconds; -1 if it is no time.
std::int64_t milliseconds(std::string_view text) {
  text = trimmed(text);
  double value = 0;
  double place = 1;
  bool fraction = false;
  std::size_t i = 0;
  for (; i < text.size() && ((text[i] >= '0' && text[i] <= '9') || (text[i] == '.' && !fraction)); ++i) {
    if (text[i] == '.') {
      fraction = true;
    } else if (fraction) {
      place /= 10;
      value += place * (text[i] - '0');
    } else {
      value = value * 10 + (text[i] - '0');
    }
  }
  if (i == 0) return -1;
  const std::string_view unit = trimmed(text.substr(i));
  double factor = 0;
  if (unit.empty() || unit == "ms") factor = 1;
  if (unit == "us") factor = 0.001;
  if (unit == "s") factor = 1000;
  if (unit == "min") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  if (unit == "d") factor = 86'400'000;
  // The server's own limit.
  const double result = value * factor + 0.5;
  if (factor == 0 || result > 2147483647.0) return -1;
  return static_cast<std::int64_t>(result);
}

// Adds a schema to a search path; "$user" is left out.
void add_schema(Catalog& catalog, Vec<Symbol>& path, std::string_view name) {
  if (name.empty() || name == "$user") return;
  push(path, catalog.symbols.intern(name), catalog.arena);
}

// 'app, "Other", public', as set_config() takes it.
Vec<Symbol> parse_path(Catalog& catalog, std::string_view text) {
  Vec<Symbol> path;
  std::string part;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ',' || text[i] <= ' ') {
      ++i;
      continue;
    }
    part.clear();
    if (text[i] == '"') {
      for (++i; i < text.size(); ++i) {
        if (text[i] == '"' && (i + 1 == text.size() || text[i + 1] != '"')) break;
        if (text[i] == '"') ++i;
        part += text[i];
      }
      ++i;
    } else {
      for (; i < text.size() && text[i] != ',' && text[i] > ' '; ++i)
        part += text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    }
    add_schema(catalog, path, part);
  }
  return path;
}

bool is_default_path(const Vec<Symbol>& path, Symbol only_public) { return path.size() == 1 && path[0] == only_public; }

std::string_view constant_text(const ::Node* node) {
  if (const auto text = pg::constant_string(node)) return *text;
  return {};
}

}  // namespace

template <class F>
void Replay::configure(bool local, F&& change) {
  // SET LOCAL outside a transaction says a warning and does nothing.
  if (local && !c.journal.recording()) return;
  Session session = c.session;
  change(session);
  if (local) {
    if (!c.local_) {
      set(c.after_local_, c.session);
      set(c.local_, true);
    }
  } else if (c.local_) {
    Session after = c.after_local_;
    change(after);
    set(c.after_local_, after);
  }
  set(c.session, session);
}

namespace {

void reset(Setting setting, Session& session, const Session& defaults) {
  switch (setting) {
    case Setting::search_path:
      session.search_path = defaults.search_path;
      break;
    case Setting::time_zone:
      session.time_zone = defaults.time_zone;
      break;
    case Setting::lock_timeout:
      session.lock_timeout_ms = defaults.lock_timeout_ms;
      break;
    case Setting::statement_timeout:
      session.statement_timeout_ms = defaults.statement_timeout_ms;
      break;
    case Setting::role:
      session.role = defaults.role;
      break;
    case Setting::none:
      break;
  }
}

}  // namespace

void Replay::set_variable(const ::VariableSetStmt& statement) {
  if (statement.kind == VAR_RESET_ALL) {
    configure(false, [&](Session& session) {
      const bool deferred = session.check_constraints_deferred;
      session = c.defaults;
      session.check_constraints_deferred = deferred;
    });
    return;
  }
  const Setting setting = setting_of(pg::text(statement.name));
  if (setting == Setting::none) return;
  const bool local = statement.is_local;
  if (statement.kind == VAR_RESET || statement.kind == VAR_SET_DEFAULT) {
    configure(local, [&](Session& session) { reset(setting, session, c.defaults); });
    return;
  }
  if (statement.kind != VAR_SET_VALUE) return;
  const auto values = pg::nodes(statement.args);
  if (values.empty()) return;
  switch (setting) {
    case Setting::search_path: {
      Vec<Symbol> path;
      for (const ::Node* value : values) add_schema(c, path, constant_text(value));
      // Only "$user" stood there, or '': nothing is looked for beside pg_catalog.
      if (path.empty()) push(path, c.pg_catalog_, c.arena);
      if (is_default_path(path, c.public_)) path = {};
      configure(local, [&](Session& session) { session.search_path = path; });
      break;
    }
    case Setting::time_zone: {
      // An interval or a number of hours is no name of a zone, but it is not unknown either.
      std::string text(constant_text(values[0]));
      if (const auto hours = pg::constant_integer(values[0])) text = std::to_string(*hours);
      const std::string_view kept = c.arena.copy(text);
      configure(local, [&](Session& session) { session.time_zone = kept; });
      break;
    }
    case Setting::lock_timeout:
    case Setting::statement_timeout: {
      const auto number = pg::constant_integer(values[0]);
      const std::int64_t value = number ? *number : milliseconds(constant_text(values[0]));
      if (value < 0) break;
      configure(local, [&](Session& session) {
        (setting == Setting::lock_timeout ? session.lock_timeout_ms : session.statement_timeout_ms) = value;
      });
      break;
    }
    case Setting::role: {
      const std::string_view role = constant_text(values[0]);
      configure(local, [&](Session& session) { session.role = role == "none" ? c.defaults.role : symbol(role); });
      break;
    }
    case Setting::none:
      break;
  }
}

// SELECT set_config('search_path', …, false), which pg_dump writes.
void Replay::select(const ::SelectStmt& statement) {
  if (statement.op != SETOP_NONE || statement.intoClause != nullptr) {
    select_into(statement);
    return;
  }
  if (statement.fromClause != nullptr) return;
  for (const ::ResTarget& target : pg::only<::ResTarget>(statement.targetList)) {
    const auto* call = pg::as<::FuncCall>(target.val);
    if (call == nullptr || pg::last_name(call->funcname) != "set_config") continue;
    const auto arguments = pg::nodes(call->args);
    if (arguments.size() != 3) continue;
    const auto name = pg::constant_string(arguments[0]);
    const auto value = pg::constant_string(arguments[1]);
    if (!name || !value) continue;
    const Setting setting = setting_of(*name);
    const ::Node* flag = pg::without_casts(arguments[2]);
    const auto* constant = pg::as<::A_Const>(flag);
    const auto* boolean = constant != nullptr ? pg::as<::Boolean>(&constant->val) : nullptr;
    const std::string_view flag_text = constant_text(arguments[2]);
    const bool local = boolean != nullptr ? boolean->boolval : flag_text == "t" || flag_text == "true";
    switch (setting) {
      case Setting::search_path: {
        Vec<Symbol> path = parse_path(c, *value);
        if (path.empty()) push(path, c.pg_catalog_, c.arena);
        if (is_default_path(path, c.public_)) path = {};
        configure(local, [&](Session& session) { session.search_path = path; });
        break;
      }
      case Setting::time_zone: {
        const std::string_view kept = c.arena.copy(*value);
        configure(local, [&](Session& session) { session.time_zone = kept; });
        break;
      }
      case Setting::lock_timeout:
      case Setting::statement_timeout: {
        const std::int64_t time = milliseconds(*value);
        if (time < 0) break;
        configure(local, [&](Session& session) {
          (setting == Setting::lock_timeout ? session.lock_timeout_ms : session.statement_timeout_ms) = time;
        });
        break;
      }
      case Setting::role: {
        const Symbol role = symbol(*value);
        configure(local, [&](Session& session) { session.role = role; });
        break;
      }
      case Setting::none:
        break;
    }
  }
}

void Replay::set_constraints(const ::ConstraintsSetStmt& statement) {
  const bool deferred = statement.deferred;
  configure(true, [deferred](Session& session) {
    session.check_constraints_deferred = deferred;
    session.check_constraints_immediate = !deferred;
  });
  if (deferred) return;
  // What waited is checked now.
  for (Relation* table : c.pending_) set(table->pending, 0);
  if (!c.pending_.empty()) set(c.pending_, {});
}

void Replay::create_schema(const ::CreateSchemaStmt& statement) {
  Symbol name = symbol(statement.schemaname);
  if (!name && statement.authrole != nullptr) name = symbol(statement.authrole->rolename);
  if (!name) return;
  Schema& schema = *c.schema_of(name);
  if (!schema.known || schema.dropped) {
    set(schema.known, true);
    set(schema.dropped, false);
    set(schema.created, c.now);
  }
  if (statement.schemaElts == nullptr) return;
  // Its elements are made in it.
  const Vec<Symbol> before = c.session.search_path;
  Vec<Symbol> path;
  push(path, name, c.arena);
  for (const Symbol other : before) push(path, other, c.arena);
  if (before.empty()) push(path, c.public_, c.arena);
  c.session.search_path = path;
  for (const ::Node* element : pg::nodes(statement.schemaElts)) this->statement(element);
  c.session.search_path = before;
}

void Replay::drop_temporary() {
  for (std::uint32_t i = 0; i < c.temporary_.size(); ++i)
    if (!c.temporary_[i]->dropped) drop_relation(*c.temporary_[i], true);
  set(c.temporary_, {});
}

void Replay::discard(const ::DiscardStmt& statement) {
  if (statement.target == DISCARD_ALL) {
    configure(false, [&](Session& session) { session = c.defaults; });
    drop_temporary();
  } else if (statement.target == DISCARD_TEMP) {
    drop_temporary();
  }
}

void Catalog::committed() {
  if (local_) {
    journal.set(session, after_local_);
    journal.set(local_, false);
  }
  if (!pending_.empty()) journal.set(pending_, {});
  if (!drop_at_commit_.empty()) {
    Replay replay{.c = *this};
    for (std::uint32_t i = 0; i < drop_at_commit_.size(); ++i)
      if (!drop_at_commit_[i]->dropped) replay.drop_relation(*drop_at_commit_[i], true);
    journal.set(drop_at_commit_, {});
  }
  journal.settle();
  quiet_.settle();
}

void Catalog::end_session() {
  Replay replay{.c = *this};
  replay.drop_temporary();
  journal.set(session, defaults);
  journal.set(local_, false);
}

}  // namespace pglint::catalog
