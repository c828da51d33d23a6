#include <algorithm>
#include <string>

#include "catalog/replay.h"
#include "catalog/replay/state.h"
#include "catalog/replay/text.h"
#include "catalog/volatility.h"
#include "pg/lexer.h"

namespace pglint::catalog {
namespace {

// What CREATE FUNCTION and ALTER FUNCTION say beside name and arguments.
struct FunctionOptions {
  std::string_view language = {};
  std::string_view volatility = {};
  std::string_view body = {};
  bool strict = false;
  bool settled = false;  // SECURITY DEFINER or SET: not inlined
};

FunctionOptions read_options(const ::List* options) {
  FunctionOptions out;
  for (const ::DefElem& option : pg::only<::DefElem>(options)) {
    const std::string_view name = pg::text(option.defname);
    if (name == "language") {
      out.language = pg::value(option);
    } else if (name == "volatility") {
      out.volatility = pg::value(option);
    } else if (name == "strict") {
      out.strict = pg::boolean(option).value_or(false);
    } else if (name == "security") {
      out.settled = out.settled || pg::boolean(option).value_or(false);
    } else if (name == "set") {
      out.settled = true;
    } else if (name == "as") {
      // Two strings are an object file and a symbol.
      const auto parts = pg::nodes(pg::as<::List>(option.arg));
      if (parts.size() == 1) out.body = pg::string(parts[0]);
    }
  }
  return out;
}

// COMMIT or ROLLBACK as a statement of a body. ROLLBACK TO is not one of PL/pgSQL.
bool ends_transaction(std::string_view body) {
  bool at_start = true;
  for (std::size_t i = 0; i < body.size();) {
    if (body[i] <= ' ') {
      ++i;
      continue;
    }
    const std::size_t end = std::max(after_token(body, i), i + 1);
    const std::string_view token = body.substr(i, end - i);
    if (at_start && (is_word(token, "commit") || is_word(token, "rollback"))) return true;
    at_start = token == ";" || is_word(token, "begin") || is_word(token, "then") || is_word(token, "else") ||
               is_word(token, "loop") || token.starts_with("--") || token.starts_with("/*");
    i = end;
  }
  return false;
}

Volatility declared_volatility(std::string_view word) {
  if (word == "immutable") return Volatility::constant;
  if (word == "stable") return Volatility::stable;
  return Volatility::volatile_;
}

// The statements of a trigger's function that only copy: NEW.a := NEW.b, with casts and coalesce(…) of the two at most.
template <class F>
void each_copy(std::string_view body, F&& visit) {
  if (body.find('.') == std::string_view::npos) return;
  const std::vector<pg::Token> tokens = pg::tokens(body, 0);
  const auto text = [&](std::size_t i) {
    return i < tokens.size() ? body.substr(tokens[i].span.begin, tokens[i].span.size()) : std::string_view();
  };
  const auto name = [&](std::size_t i) {
    std::string out;
    for (const char letter : text(i)) out += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
    if (tokens[i].kind == pg::TokenKind::quoted_name && text(i).size() > 2) out = text(i).substr(1, text(i).size() - 2);
    return out;
  };
  const auto is_column = [&](std::size_t i) {  // NEW . name
    return is_word(text(i), "new") && text(i + 1) == "." && i + 2 < tokens.size() &&
           (tokens[i + 2].kind == pg::TokenKind::word || tokens[i + 2].kind == pg::TokenKind::quoted_name);
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!is_column(i)) continue;
    const std::string to = name(i + 2);
    std::size_t at = i + 3;
    if (text(at) == ":") ++at;  // in case the two are not one token
    if (text(at) != "=" && text(at) != ":=") continue;
    std::string from;
    bool plain = true;
    for (++at; plain && at < tokens.size() && text(at) != ";"; ++at) {
      if (is_column(at)) {
        const std::string column = name(at + 2);
        plain = column == to || from.empty() || from == column;
        if (column != to) from = column;
        at += 2;
      } else if (text(at) == "::" || (text(at) == ":" && text(at + 1) == ":")) {
        at += text(at) == "::" ? 1 : 2;  // and the type
      } else if (is_word(text(at), "as")) {
        ++at;
      } else {
        plain = text(at) == "(" || text(at) == ")" || text(at) == "," || is_word(text(at), "coalesce") ||
                is_word(text(at), "cast");
      }
    }
    // Behind IF or WHERE an equals sign compares.
    const bool assigned = i == 0 || text(i - 1) == ";" || is_word(text(i - 1), "begin") ||
                          is_word(text(i - 1), "then") || is_word(text(i - 1), "else") || is_word(text(i - 1), "loop");
    if (plain && assigned && !from.empty()) visit(to, from);
    i = at;
  }
}

}  // namespace

Symbol Replay::signature(const ::List* arguments, std::uint16_t& count) const {
  std::string text;
  count = 0;
  const auto add = [&](const ::TypeName* written) {
    const TypeName type = type_name(written);
    if (!text.empty()) text += ',';
    text += c.text(type.name);
    for (unsigned i = 0; i < type.array_dimensions && i < 1; ++i) text += "[]";
    if (count < UINT16_MAX) ++count;
  };
  for (const ::Node* argument : pg::nodes(arguments)) {
    if (const auto* parameter = pg::as<::FunctionParameter>(argument)) {
      if (parameter->mode != FUNC_PARAM_OUT && parameter->mode != FUNC_PARAM_TABLE) add(parameter->argType);
    } else if (const auto* type = pg::as<::TypeName>(argument)) {
      add(type);
    }
  }
  return symbol(text);
}

FunctionShape Replay::shape(const ::CreateFunctionStmt& statement) const {
  FunctionShape out;
  std::uint16_t count = 0;
  out.signature = signature(statement.parameters, count);
  std::size_t outputs = 0;
  TypeName output;
  for (const ::FunctionParameter& written : pg::only<::FunctionParameter>(statement.parameters)) {
    Parameter made;
    made.name = symbol(pg::text(written.name));
    if (written.argType != nullptr && !written.argType->pct_type) made.type = type_name(written.argType);
    made.mode = written.mode == FUNC_PARAM_OUT        ? ParameterMode::out
                : written.mode == FUNC_PARAM_INOUT    ? ParameterMode::in_out
                : written.mode == FUNC_PARAM_VARIADIC ? ParameterMode::variadic
                : written.mode == FUNC_PARAM_TABLE    ? ParameterMode::table
                                                      : ParameterMode::in;
    made.has_default = written.defexpr != nullptr;
    if (made.is_output() && outputs++ == 0) output = made.type;
    out.parameters.push_back(made);
  }
  const ::TypeName* written = statement.returnType;
  out.returns_set = written != nullptr && written->setof;
  if (outputs > 1 || (outputs == 1 && statement.is_procedure))
    out.returns.name = symbol("record");
  else if (outputs == 1)
    out.returns = output;
  else if (statement.is_procedure)
    out.returns.name = symbol("void");
  else if (written != nullptr && !written->pct_type)
    out.returns = type_name(written);
  return out;
}

Function* Replay::function_named(const ::ObjectWithArgs& object) const {
  if (object.args_unspecified) return function_named(object.objname, nullptr);
  std::uint16_t count = 0;
  const Symbol wanted = signature(object.objargs, count);
  return function_named(object.objname, &wanted);
}

Function* Replay::function_named(const ::List* names, const Symbol* wanted) const {
  if (c.functions_.empty()) return nullptr;
  const auto written = pg::qualified_name(names);
  const Symbol name = symbol(written.name);
  // In each schema of the path: the first may have only overloads that are not meant.
  const auto in = [&](Symbol schema) -> Function* {
    const auto fits = [&](const Function& one) { return wanted == nullptr || one.signature == *wanted; };
    // It is const for everybody else.
    return const_cast<Function*>(c.latest_function(schema, name, fits));
  };
  if (!written.schema.empty()) return in(symbol(written.schema));
  for (const Symbol schema : c.session.search_path)
    if (Function* function = in(schema)) return function;
  return c.session.search_path.empty() || c.creation_schema() == c.public_ ? in(c.public_) : nullptr;
}

void Replay::create_function(const ::CreateFunctionStmt& statement) {
  const auto written = pg::qualified_name(statement.funcname);
  const Symbol schema = written.schema.empty() ? c.creation_schema() : symbol(written.schema);
  const Symbol name = symbol(written.name);
  if (!name) return;
  const FunctionOptions options = read_options(statement.options);

  Function made;
  made.schema = schema;
  made.name = name;
  made.signature = signature(statement.parameters, made.arguments);
  const FunctionShape shape = this->shape(statement);
  for (const Parameter& parameter : shape.parameters) push(made.parameters, parameter, c.arena);
  made.returns = shape.returns;
  made.returns_set = shape.returns_set;
  made.procedure = statement.is_procedure;
  made.language = symbol(options.language);
  made.declared = declared_volatility(options.volatility);
  made.volatility = made.declared;
  made.created = c.now;
  if (c.text(made.returns.name) == "trigger")
    each_copy(options.body, [&](std::string_view to, std::string_view from) {
      push(made.copies, {symbol(to), symbol(from)}, c.arena);
    });
  const bool in_sql = options.language == "sql" || statement.sql_body != nullptr;
  if (in_sql && options.language.empty()) made.language = symbol("sql");
  if (in_sql && !options.body.empty()) made.body = c.arena.copy(options.body);
  made.ends_transaction = made.procedure && ends_transaction(options.body);
  const bool one_value = statement.returnType == nullptr || !statement.returnType->setof;
  if (in_sql && made.declared == Volatility::volatile_ && !made.procedure && one_value && !options.settled &&
      !(options.strict && made.arguments != 0)) {
    if (const auto* result = pg::as<::ReturnStmt>(statement.sql_body))
      made.volatility = volatility(c, result->returnval);
    else if (!options.body.empty())
      made.volatility = body_volatility(c, options.body);
  }

  const auto same = [&](const Function& one) { return one.signature == made.signature; };
  auto* there = const_cast<Function*>(c.latest_function(schema, name, same));
  if (there == nullptr) {
    c.put_function(c.arena.make<Function>(made));
  } else if (statement.replace) {
    made.created = there->created;
    made.overload = there->overload;
    made.triggers_on = there->triggers_on;
    made.used_by = there->used_by;
    set(*there, made);
  }
}

// Of an aggregate only that it is there: nothing but its name and its arguments tell it from a function.
void Replay::create_aggregate(const ::DefineStmt& statement) {
  const auto arguments = pg::nodes(statement.args);
  if (statement.oldstyle || arguments.empty()) return;
  const auto written = pg::qualified_name(statement.defnames);
  Function made;
  made.schema = written.schema.empty() ? c.creation_schema() : symbol(written.schema);
  made.name = symbol(written.name);
  const auto* parameters = pg::as<::List>(arguments[0]);
  made.signature = signature(parameters, made.arguments);
  made.aggregate = true;
  made.created = c.now;
  if (!made.name || function_named(statement.defnames, &made.signature) != nullptr) return;
  c.put_function(c.arena.make<Function>(made));
}

FunctionShape shape_of(const Catalog& catalog, const ::CreateFunctionStmt& statement) {
  // Only looks; names are interned by who looks, too.
  const Replay replay{.c = const_cast<Catalog&>(catalog)};
  return replay.shape(statement);
}

const Function* function_like(const Catalog& catalog, const ::CreateFunctionStmt& statement, Symbol signature) {
  const auto written = pg::qualified_name(statement.funcname);
  const Symbol schema = written.schema.empty() ? catalog.creation_schema() : catalog.symbols.intern(written.schema);
  return catalog.latest_function(schema, catalog.symbols.intern(written.name),
                                 [&](const Function& one) { return one.signature == signature; });
}

const Function* function_named(const Catalog& catalog, const ::ObjectWithArgs& object) {
  return Replay{.c = const_cast<Catalog&>(catalog)}.function_named(object);
}

void Replay::alter_function(const ::AlterFunctionStmt& statement) {
  if (statement.func == nullptr) return;
  Function* function = function_named(*statement.func);
  if (function == nullptr) return;
  const FunctionOptions options = read_options(statement.actions);
  if (options.volatility.empty()) {
    if (options.settled) set(function->volatility, function->declared);
    return;
  }
  Function changed = *function;
  changed.declared = declared_volatility(options.volatility);
  changed.volatility = changed.declared;
  if (changed.declared == Volatility::volatile_ && !changed.body.empty() && !options.settled)
    changed.volatility = body_volatility(c, changed.body);
  set(*function, changed);
}

// --- triggers --------------------------------------------------------------------------------------------------------

void Replay::add_trigger(Relation& relation, const Trigger& trigger) {
  append(extra(relation).triggers, trigger);
  remember(relation, Names::Kind::trigger, trigger.name, relation.extra().triggers.size() - 1,
           relation.extra().triggers.size());
}

void Replay::create_trigger(const ::CreateTrigStmt& statement) {
  Relation* relation = target(statement.relation);
  if (relation == nullptr) return;
  Trigger trigger;
  trigger.name = symbol(statement.trigname);
  trigger.function = symbol(pg::last_name(statement.funcname));
  const Symbol no_arguments;
  trigger.calls = function_named(statement.funcname, &no_arguments);
  trigger.row = statement.row;
  trigger.before = (statement.timing & TRIGGER_TYPE_BEFORE) != 0;
  trigger.deferred = statement.initdeferred;
  if (trigger.deferred) set(c.deferred_, c.deferred_ + 1);
  if ((statement.events & TRIGGER_TYPE_INSERT) != 0) trigger.events |= 1;
  if ((statement.events & TRIGGER_TYPE_UPDATE) != 0) trigger.events |= 2;
  if ((statement.events & TRIGGER_TYPE_DELETE) != 0) trigger.events |= 4;
  if ((statement.events & TRIGGER_TYPE_TRUNCATE) != 0) trigger.events |= 8;
  trigger.created = c.now;
  const auto put = [&](Relation& table) {
    if (Trigger* existing = trigger_of(table, trigger.name)) {
      if (statement.replace) {
        Trigger changed = trigger;
        changed.created = existing->created;
        set(*existing, changed);
      }
      return;
    }
    add_trigger(table, trigger);
  };
  const bool made = trigger_of(*relation, trigger.name) == nullptr || statement.replace;
  put(*relation);
  if (made) {
    forget_uses(*relation, ColumnUse::By::trigger, trigger.name);
    add_uses(*relation, ColumnUse::By::trigger, trigger.name, statement.whenClause);
    for (const ::Node* column : pg::nodes(statement.columns))
      add_use(*relation, ColumnUse::By::trigger, trigger.name, symbol_of(column));
  }
  if (trigger.calls != nullptr) {
    Vec<Relation*>& tables = trigger.calls->triggers_on;
    if (tables.empty() || tables.back() != relation) append_live(tables, relation);
  }
  if (!trigger.row || relation->extra().children.empty() || relation->kind != RelationKind::partitioned_table) return;
  trigger.inherited = true;
  for (Relation* heir : heirs(*relation))
    if (heir->is_partition) put(*heir);
}

void Replay::enable_trigger(Relation& relation, Symbol name, bool enabled) {
  const auto change = [&](Relation& table) {
    if (name) {
      if (Trigger* trigger = trigger_of(table, name); trigger != nullptr && trigger->enabled != enabled)
        set(trigger->enabled, enabled);
      return;
    }
    for (Trigger& trigger : table.extra().triggers)
      if (!trigger.dropped && trigger.enabled != enabled) set(trigger.enabled, enabled);
  };
  change(relation);
  if (relation.kind != RelationKind::partitioned_table) return;
  for (Relation* heir : heirs(relation)) change(*heir);
}

// --- policies and rules ----------------------------------------------------------------------------------------------

std::uint32_t Replay::position_of(const Relation& relation, Names::Kind kind, const Vec<Symbol>& list,
                                  Symbol name) const {
  if (relation.names != nullptr && relation.names->has(kind)) {
    const std::uintptr_t* found = relation.names->at.find(Names::key(kind, name));
    if (found == nullptr) return list.size();
    const auto at = static_cast<std::uint32_t>(*found);
    return at < list.size() && list[at] == name ? at : list.size();
  }
  return static_cast<std::uint32_t>(std::find(list.begin(), list.end(), name) - list.begin());
}

void Replay::add_name(Relation& relation, Names::Kind kind, Vec<Symbol>& list, Symbol name) {
  if (!name || position_of(relation, kind, list, name) != list.size()) return;
  append(list, name);
  remember(relation, kind, name, list.size() - 1, list.size());
}

void Replay::remove_name(Relation& relation, Names::Kind kind, const Vec<Symbol>& list, Symbol name) {
  const std::uint32_t at = position_of(relation, kind, list, name);
  if (at == list.size()) return;
  take_out(list, at, c.journal);
  if (at < list.size() && relation.names != nullptr && relation.names->has(kind))
    relation.names->at.set(Names::key(kind, list[at]), at, c.arena, c.journal);
}

void Replay::rename_name(Relation& relation, Names::Kind kind, const Vec<Symbol>& list, Symbol from, Symbol to) {
  const std::uint32_t at = position_of(relation, kind, list, from);
  if (at == list.size() || position_of(relation, kind, list, to) != list.size()) return;
  set(list[at], to);
  if (relation.names != nullptr && relation.names->has(kind))
    relation.names->at.set(Names::key(kind, to), at, c.arena, c.journal);
}

void Replay::create_policy(const ::CreatePolicyStmt& statement) {
  Relation* relation = target(statement.table);
  if (relation == nullptr) return;
  const Symbol name = symbol(statement.policy_name);
  add_name(*relation, Names::Kind::policy, extra(*relation).policies, name);
  forget_uses(*relation, ColumnUse::By::policy, name);
  add_uses(*relation, ColumnUse::By::policy, name, statement.qual);
  add_uses(*relation, ColumnUse::By::policy, name, statement.with_check);
}
void Replay::alter_policy(const ::AlterPolicyStmt& statement) {
  Relation* relation = seen(statement.table);
  if (relation == nullptr || (statement.qual == nullptr && statement.with_check == nullptr)) return;
  // What the statement leaves alone stays as it was; which columns that names is not kept apart.
  const Symbol name = symbol(statement.policy_name);
  if (statement.qual != nullptr && statement.with_check != nullptr) forget_uses(*relation, ColumnUse::By::policy, name);
  add_uses(*relation, ColumnUse::By::policy, name, statement.qual);
  add_uses(*relation, ColumnUse::By::policy, name, statement.with_check);
}

void Replay::create_rule(const ::RuleStmt& statement) {
  Relation* relation = target(statement.relation);
  if (relation == nullptr) return;
  const Symbol name = symbol(statement.rulename);
  add_name(*relation, Names::Kind::rule, extra(*relation).rules, name);
  forget_uses(*relation, ColumnUse::By::rule, name);
  add_uses(*relation, ColumnUse::By::rule, name, statement.whereClause);
  const auto use = [&](const ::RangeVar* of, bool writes, bool looks) {
    Relation* on = of != nullptr ? seen(of) : nullptr;
    if (on == nullptr || on == relation) return;
    RuleUse made;
    made.rule = name;
    made.on = on;
    made.event = statement.event == CMD_INSERT   ? RuleUse::On::insert
                 : statement.event == CMD_UPDATE ? RuleUse::On::update
                                                 : RuleUse::On::erase;
    made.writes = writes;
    made.looks = looks;
    append(extra(*relation).rule_uses, made);
    append_live(extra(*on).ruled_by, relation);
  };
  if (statement.event != CMD_SELECT)
    for (const ::Node* action : pg::nodes(statement.actions)) {
      if (const auto* insert = pg::as<::InsertStmt>(action))
        use(insert->relation, true, false);
      else if (const auto* update = pg::as<::UpdateStmt>(action))
        use(update->relation, true, true);
      else if (const auto* erase = pg::as<::DeleteStmt>(action))
        use(erase->relation, true, true);
      else if (const auto* select = pg::as<::SelectStmt>(action))
        for (const ::RangeVar& from : pg::only<::RangeVar>(select->fromClause)) use(&from, false, true);
    }
  for (const ::Node* action : pg::nodes(statement.actions))
    pg::each<::ColumnRef>(action, [&](const ::ColumnRef& reference) {
      add_uses(*relation, ColumnUse::By::rule, name, reinterpret_cast<const ::Node*>(&reference));
    });
}

// --- sequences -------------------------------------------------------------------------------------------------------

void Replay::own_sequence(Relation& sequence, const ::List* options) {
  const ::DefElem* option = pg::option(options, "owned_by");
  if (option == nullptr) return;
  const auto* names = pg::as<::List>(option->arg);
  const auto parts = pg::nodes(names);
  if (parts.size() < 2) {
    // OWNED BY NONE.
    set(sequence.owner_table, nullptr);
    set(sequence.owner_column, {});
    return;
  }
  const auto owner = pg::owner_of(names);
  Relation* table = target(symbol(owner.schema), symbol(owner.name), RelationKind::table);
  if (table == nullptr) return;
  const Symbol column = symbol(pg::last_name(names));
  const bool listed = sequence.owner_table == table;
  set(sequence.owner_table, table);
  set(sequence.owner_column, column);
  if (!listed || std::find(table->owned.begin(), table->owned.end(), &sequence) == table->owned.end())
    append_live(table->owned, &sequence);
}

void Replay::create_sequence(const ::CreateSeqStmt& statement) {
  if (statement.sequence == nullptr) return;
  Relation* sequence = begin_relation(*statement.sequence, RelationKind::sequence, statement.if_not_exists);
  if (sequence == nullptr) return;
  end_relation(*sequence);
  own_sequence(*sequence, statement.options);
}

void Replay::alter_sequence(const ::AlterSeqStmt& statement) {
  Relation* sequence = target(statement.sequence, RelationKind::sequence);
  if (sequence != nullptr) own_sequence(*sequence, statement.options);
}

}  // namespace pglint::catalog
