#include "pg/pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <optional>

#include "pg/fields.h"
#include "pg/lexer.h"
#include "pg/node.h"
#include "pg/parse.h"
#include "pg/scan.h"
#include "pg/tree.h"

namespace pglint::pg {
namespace {

// What tells nodes of one type apart, also where it is the first of an enumeration.
bool is_kind(std::string_view field) {
  constexpr std::array kinds = std::to_array<std::string_view>(
      {"subtype",     "contype",    "kind",     "boolop",       "op",           "jointype", "subLinkType",
       "removeType",  "renameType", "objtype",  "objectType",   "roletype",     "targtype", "event",
       "commandType", "matchKind",  "strategy", "nulltesttype", "booltesttype", "lockmode"});
  return std::ranges::find(kinds, field) != kinds.end();
}

// What the grammar fills in where nothing is written.
bool is_default(std::string_view field, std::uint64_t value) {
  if (field == "relpersistence") return value == 'p';
  if (field == "fk_matchtype") return value == 's';
  if (field == "fk_upd_action" || field == "fk_del_action") return value == 'a';
  if (field == "typemod") return true;
  constexpr std::array filled_in = std::to_array<std::string_view>(
      {"inh", "is_local", "initially_valid", "is_enforced", "recurse", "list_start", "list_end", "rtindex"});
  return std::ranges::find(filled_in, field) != filled_in.end();
}

// Lists of which each element of the pattern has to fit one.
bool is_set(int tag, std::string_view field) {
  return field == "options" || field == "constraints" || (tag == T_AlterTableStmt && field == "cmds");
}

std::uint64_t number_at(const void* at, std::size_t size) {
  std::uint64_t number = 0;
  std::memcpy(&number, at, std::min(size, sizeof(number)));
  return number;
}

template <class T>
T value_at(const ::Node* node, std::size_t offset) {
  T value{};
  std::memcpy(&value, reinterpret_cast<const char*>(node) + offset, sizeof(value));
  return value;
}

// A constant, as text; nothing for other nodes.
std::optional<std::string> constant(const ::Node* node) {
  switch (node->type) {
    case T_A_Const: {
      const auto& value = cast<::A_Const>(node);
      if (value.isnull) return "NULL";
      return constant(reinterpret_cast<const ::Node*>(&value.val));
    }
    case T_Integer:
      return std::to_string(reinterpret_cast<const ::Integer*>(node)->ival);
    case T_Float:
      return std::string(text(reinterpret_cast<const ::Float*>(node)->fval));
    case T_Boolean:
      return reinterpret_cast<const ::Boolean*>(node)->boolval ? "true" : "false";
    case T_BitString:
      return fmt::format("b{}", text(reinterpret_cast<const ::BitString*>(node)->bsval));
    case T_String:
      return fmt::format("'{}", string(node));
    default:
      return std::nullopt;
  }
}

// Whether that is the constant, without writing down what most often is asked for: a name or a string.
bool is_constant(const ::Node* node, const std::string& value) {
  const ::Node* inner = node;
  if (const auto* constant = as<::A_Const>(node); constant != nullptr && !constant->isnull)
    inner = reinterpret_cast<const ::Node*>(&constant->val);
  if (inner->type == T_String) {
    const char* const name = reinterpret_cast<const ::String*>(inner)->sval;
    return value.starts_with('\'') && name != nullptr && std::strcmp(name, value.c_str() + 1) == 0;
  }
  return constant(node) == value;
}

constexpr std::string_view hole_prefix = "pglint_hole_";
constexpr std::string_view rest_name = "pglint_rest";

}  // namespace

// --- reading a pattern -----------------------------------------------------------------------------------------------

class PatternReader {
 public:
  explicit PatternReader(Pattern& out) : out_(out) {}

  // Names in the place of the holes; the places of `...` are marked by a newline.
  std::optional<std::string> prepare(std::string_view sql);
  bool parse(std::string_view marked, std::string& error);

 private:
  std::int32_t hole(std::string_view name);
  std::optional<std::int32_t> hole_of(std::string_view name);
  bool is_rest(const ::Node* node) const;
  std::optional<std::int32_t> whole_hole(const ::Node* node);
  std::uint32_t read(const ::Node* node);
  std::uint32_t read_list(const ::List* list);
  void ask(std::uint32_t form, const ::Node* node, const Field& field, std::size_t base);
  std::uint32_t add(Pattern::Form form) {
    out_.forms_.push_back(std::move(form));
    return static_cast<std::uint32_t>(out_.forms_.size() - 1);
  }

  Pattern& out_;
  bool has_btree_ = false;
};

std::int32_t PatternReader::hole(std::string_view name) {
  const auto found = std::ranges::find(out_.holes_, name);
  if (found != out_.holes_.end()) return static_cast<std::int32_t>(found - out_.holes_.begin());
  out_.holes_.emplace_back(name);
  return static_cast<std::int32_t>(out_.holes_.size() - 1);
}

std::optional<std::int32_t> PatternReader::hole_of(std::string_view name) {
  if (!name.starts_with(hole_prefix)) return std::nullopt;
  return hole(name.substr(hole_prefix.size()));
}

constexpr char rest_mark = '\x01';

std::optional<std::string> PatternReader::prepare(std::string_view sql) {
  std::string out;
  char quote = '\0';
  for (std::size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    if (c == rest_mark) return std::nullopt;
    if (quote != '\0') {
      if (c == quote) quote = '\0';
      out += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      out += c;
    } else if (sql.substr(i).starts_with("...")) {
      out += rest_mark;
      i += 2;
    } else if (c == '$' && i + 1 < sql.size() && scan::type_of(sql[i + 1]) == scan::Class::word) {
      std::size_t end = i + 1;
      std::string name;
      for (; end < sql.size() && sql[end] != '$' && scan::in_word(sql[end]); ++end)
        name += sql[end] >= 'A' && sql[end] <= 'Z' ? static_cast<char>(sql[end] | 0x20) : sql[end];
      if (end < sql.size() && sql[end] == '$') return std::nullopt;  // $body$
      (void)hole(name);
      out += fmt::format("{}{}", hole_prefix, name);
      i = end - 1;
    } else {
      out += c;
    }
  }
  return out;
}

// Each `...` becomes what may stand there, tried one after the other: an element of a list of expressions or names, a
// column of a table, a command of ALTER TABLE, nothing at all.
bool PatternReader::parse(std::string_view marked, std::string& error) {
  constexpr std::array<std::string_view, 4> stand_ins = {"pglint_rest", "pglint_rest int", "DROP pglint_rest", ""};
  const auto count = static_cast<std::size_t>(std::ranges::count(marked, rest_mark));
  std::size_t tries = 1;
  for (std::size_t i = 0; i < count; ++i) tries *= stand_ins.size();
  const std::vector<std::string> holes = out_.holes_;
  for (std::size_t number = 0; number < tries; ++number) {
    std::string sql;
    std::size_t rest = number;
    for (const char c : marked) {
      if (c != rest_mark) {
        sql += c;
        continue;
      }
      sql += stand_ins[rest % stand_ins.size()];
      rest /= stand_ins.size();
    }
    has_btree_ = sql.find("btree") != std::string::npos || sql.find("BTREE") != std::string::npos;
    out_.forms_.clear();
    const Lexed lexed = lex(sql, {.psql = false});
    if (lexed.statements.size() != 1) {
      error = lexed.statements.empty() ? "it has no statement" : "it has several statements";
      return false;
    }
    bool good = false;
    pg::parse(sql, 0, lexed, [&](const Parsed& parsed) {
      if (parsed.node == nullptr) {
        if (number == 0) error = parsed.error->message;
        return false;
      }
      read(parsed.node);
      if (const auto* alter = as<::AlterTableStmt>(parsed.node))
        for (const ::AlterTableCmd& command : pg::list<::AlterTableCmd>(alter->cmds))
          if (text(command.name) != rest_name) out_.commands_.push_back(command.subtype);
      good = true;
      return false;
    });
    if (good) return true;
  }
  return false;
}

bool PatternReader::is_rest(const ::Node* node) const {
  if (node == nullptr) return false;
  const auto is = [](const char* name) { return name != nullptr && text(name) == rest_name; };
  switch (node->type) {
    case T_String:
      return string(node) == rest_name;
    case T_ColumnRef:
      return list_length(cast<::ColumnRef>(node).fields) == 1 && column_name(cast<::ColumnRef>(node)) == rest_name;
    case T_ColumnDef:
      return is(cast<::ColumnDef>(node).colname);
    case T_AlterTableCmd:
      return is(cast<::AlterTableCmd>(node).name);
    case T_IndexElem:
      return is(cast<::IndexElem>(node).name);
    case T_RangeVar:
      return is(cast<::RangeVar>(node).relname);
    case T_DefElem:
      return is(cast<::DefElem>(node).defname);
    case T_ResTarget: {
      const auto& target = cast<::ResTarget>(node);
      return is(target.name) || (target.name == nullptr && is_rest(target.val));
    }
    case T_TypeName:
      return last_name(cast<::TypeName>(node).names) == rest_name;
    case T_List: {
      const auto below = nodes(as<::List>(node));
      return below.size() == 1 && is_rest(below[0]);
    }
    default:
      return false;
  }
}

// A node that is a hole as a whole: $x where an expression or a type may stand.
std::optional<std::int32_t> PatternReader::whole_hole(const ::Node* node) {
  if (const auto* column = as<::ColumnRef>(node))
    return list_length(column->fields) == 1 ? hole_of(column_name(*column)) : std::nullopt;
  if (const auto* type = as<::TypeName>(node))
    return list_length(type->names) == 1 && type->typmods == nullptr && type->arrayBounds == nullptr
               ? hole_of(last_name(type->names))
               : std::nullopt;
  return std::nullopt;
}

std::uint32_t PatternReader::read_list(const ::List* list) {
  const std::uint32_t at = add({.kind = Pattern::Form::Kind::list});
  for (const ::Node* item : nodes(list)) {
    const std::uint32_t below =
        item != nullptr && is_rest(item) ? add({.kind = Pattern::Form::Kind::rest}) : read(item);
    out_.forms_[at].items.push_back(below);
  }
  return at;
}

void PatternReader::ask(std::uint32_t form, const ::Node* node, const Field& field, std::size_t base) {
  Pattern::Ask asked;
  asked.offset = static_cast<std::uint16_t>(base + field.offset);
  const void* at = reinterpret_cast<const char*>(node) + asked.offset;
  switch (field.holds) {
    case Holds::text: {
      const auto* value = value_at<const char*>(node, asked.offset);
      if (value == nullptr || (field.name == "accessMethod" && text(value) == "btree" && !has_btree_)) return;
      asked.kind = Pattern::Ask::Kind::text;
      asked.text = text(value);
      asked.hole = hole_of(text(value)).value_or(-1);
      break;
    }
    case Holds::place:
      return;
    case Holds::flag:
      if (!value_at<bool>(node, asked.offset) || is_default(field.name, 1)) return;
      asked.kind = Pattern::Ask::Kind::flag;
      break;
    case Holds::number:
      asked.kind = Pattern::Ask::Kind::number;
      asked.size = field.size;
      asked.number = number_at(at, field.size);
      if ((asked.number == 0 && !is_kind(field.name)) || is_default(field.name, asked.number)) return;
      break;
    case Holds::node: {
      const auto* below = value_at<const ::Node*>(node, asked.offset);
      if (below == nullptr) return;
      if (const auto* list = as<::List>(below)) {
        if (list_length(list) == 0) return;
        asked.kind = is_set(node->type, field.name) ? Pattern::Ask::Kind::some : Pattern::Ask::Kind::list;
        asked.below = read_list(list);
      } else {
        asked.kind = Pattern::Ask::Kind::node;
        asked.below = read(below);
      }
      break;
    }
    case Holds::nested:
      for (const Field& inner : fields_of(T_CreateStmt)) ask(form, node, inner, asked.offset);
      return;
  }
  out_.forms_[form].asks.push_back(std::move(asked));
}

std::uint32_t PatternReader::read(const ::Node* node) {
  if (node == nullptr) return add({.kind = Pattern::Form::Kind::rest});
  if (const auto* list = as<::List>(node)) return read_list(list);
  if (const auto hole = whole_hole(node)) return add({.kind = Pattern::Form::Kind::any, .hole = *hole});
  if (const auto value = constant(node)) {
    const auto hole = hole_of(string(node));  // a String that is a name
    if (hole) return add({.kind = Pattern::Form::Kind::any, .hole = *hole});
    return add({.kind = Pattern::Form::Kind::constant, .tag = node->type, .text = *value});
  }
  const std::uint32_t at = add({.kind = Pattern::Form::Kind::node, .tag = node->type});
  for (const Field& field : fields_of(node->type)) ask(at, node, field, 0);
  // What costs least to look at is asked first, and last what any name fits.
  std::ranges::stable_sort(out_.forms_[at].asks, {}, [](const Pattern::Ask& one) {
    if (one.kind == Pattern::Ask::Kind::flag || one.kind == Pattern::Ask::Kind::number) return 0;
    return one.hole < 0 ? 1 : 2;
  });
  return at;
}

Result<Pattern> Pattern::parse(std::string_view sql) {
  Pattern pattern;
  PatternReader reader(pattern);
  constexpr std::size_t most_bytes = 10'000;
  constexpr std::ptrdiff_t most_rests = 5;
  if (sql.size() > most_bytes) return failed("the pattern is too long");
  const std::optional<std::string> marked = reader.prepare(sql);
  if (!marked) return failed("the pattern has a dollar-quoted text: write it in quotes");
  if (std::ranges::count(*marked, rest_mark) > most_rests) return failed("the pattern has more than five `...`");
  std::string error;
  if (!reader.parse(*marked, error))
    return failed(fmt::format("the pattern is no statement of PostgreSQL: {}", error),
                  "write one statement, with $name for a name, a type or an expression and ... for the rest of a list");
  if (pattern.holes_.size() > most_holes)
    return failed(fmt::format("the pattern has more than {} names behind dollar signs", most_holes));
  return pattern;
}

int Pattern::tag() const { return forms_[0].tag; }

// --- matching --------------------------------------------------------------------------------------------------------

class Matcher {
 public:
  explicit Matcher(const Pattern& pattern) : pattern_(pattern) {}

  bool fits(std::uint32_t form, const ::Node* node);
  [[nodiscard]] std::vector<std::string_view> names() const {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < pattern_.holes_.size(); ++i)
      names.push_back(is_bound(i) ? names_[i] : std::string_view());
    return names;
  }
  // Which holes have a name: what a way that does not fit has bound is forgotten.
  using Bound = std::uint32_t;
  [[nodiscard]] Bound bound() const { return bound_; }
  void forget_but(Bound bound) { bound_ = bound; }
  // Whether all that the statement itself is asked fits, but for its commands; those of the pattern.
  bool fits_but_commands(const ::Node* statement, const Pattern::Ask*& commands);
  bool asked(const Pattern::Ask& ask, const ::Node* node);

 private:
  [[nodiscard]] bool is_bound(std::size_t hole) const { return (bound_ >> hole & 1U) != 0; }
  bool bind(std::int32_t hole, std::string_view name);
  bool list(const std::vector<std::uint32_t>& items, std::size_t i, NodesView below, std::size_t j);
  bool some(const std::vector<std::uint32_t>& items, NodesView below);

  static constexpr int most_steps = 100'000;  // of one statement: `...` may be tried in many ways
  const Pattern& pattern_;
  std::array<std::string_view, Pattern::most_holes> names_;
  Bound bound_ = 0;
  int steps_ = 0;
};

// An expression has no name, and fits beside any.
bool Matcher::bind(std::int32_t hole, std::string_view name) {
  const auto index = static_cast<std::size_t>(hole);
  if (name.empty()) return true;
  if (is_bound(index)) return names_[index] == name;
  names_[index] = name;
  bound_ |= Bound{1} << index;
  return true;
}

bool Matcher::list(const std::vector<std::uint32_t>& items, std::size_t i, NodesView below, std::size_t j) {
  for (; i < items.size(); ++i, ++j) {
    if (++steps_ > most_steps) return false;
    if (pattern_.forms_[items[i]].kind == Pattern::Form::Kind::rest) {
      if (i + 1 == items.size()) return true;
      for (std::size_t at = j; at <= below.size(); ++at) {
        const Bound before = bound_;
        if (list(items, i + 1, below, at)) return true;
        bound_ = before;
      }
      return false;
    }
    if (j == below.size() || !fits(items[i], below[j])) return false;
  }
  return j == below.size();
}

bool Matcher::some(const std::vector<std::uint32_t>& items, NodesView below) {
  return std::ranges::all_of(items, [&](std::uint32_t item) {
    if (pattern_.forms_[item].kind == Pattern::Form::Kind::rest) return true;
    return std::ranges::any_of(below, [&](const ::Node* node) {
      const Bound before = bound_;
      if (fits(item, node)) return true;
      bound_ = before;
      return false;
    });
  });
}

bool Matcher::asked(const Pattern::Ask& ask, const ::Node* node) {
  switch (ask.kind) {
    case Pattern::Ask::Kind::text: {
      const auto* value = value_at<const char*>(node, ask.offset);
      if (value == nullptr) return false;
      return ask.hole >= 0 ? bind(ask.hole, text(value)) : std::strcmp(value, ask.text.c_str()) == 0;
    }
    case Pattern::Ask::Kind::flag:
      return value_at<bool>(node, ask.offset);
    case Pattern::Ask::Kind::number:
      return number_at(reinterpret_cast<const char*>(node) + ask.offset, ask.size) == ask.number;
    case Pattern::Ask::Kind::node:
      return fits(ask.below, value_at<const ::Node*>(node, ask.offset));
    case Pattern::Ask::Kind::list:
    case Pattern::Ask::Kind::some: {
      const auto* value = as<::List>(value_at<const ::Node*>(node, ask.offset));
      const std::vector<std::uint32_t>& items = pattern_.forms_[ask.below].items;
      return ask.kind == Pattern::Ask::Kind::list ? list(items, 0, nodes(value), 0) : some(items, nodes(value));
    }
  }
  return false;
}

bool Matcher::fits(std::uint32_t form_index, const ::Node* node) {
  if (++steps_ > most_steps) return false;
  const Pattern::Form& form = pattern_.forms_[form_index];
  switch (form.kind) {
    case Pattern::Form::Kind::rest:
      return true;
    case Pattern::Form::Kind::any: {
      if (node == nullptr) return false;
      std::string_view name = string(node);
      if (const auto* column = as<::ColumnRef>(node)) name = column_name(*column);
      if (const auto* type = as<::TypeName>(node)) name = last_name(type->names);
      return bind(form.hole, name);
    }
    case Pattern::Form::Kind::constant:
      return node != nullptr && node->type == form.tag && is_constant(node, form.text);
    case Pattern::Form::Kind::list:
      return node != nullptr && node->type == T_List && list(form.items, 0, nodes(as<::List>(node)), 0);
    case Pattern::Form::Kind::node:
      return node != nullptr && node->type == form.tag &&
             std::ranges::all_of(form.asks, [&](const Pattern::Ask& ask) { return asked(ask, node); });
  }
  return false;
}

bool Matcher::fits_but_commands(const ::Node* statement, const Pattern::Ask*& commands) {
  if (statement->type != pattern_.forms_[0].tag) return false;
  return std::ranges::all_of(pattern_.forms_[0].asks, [&](const Pattern::Ask& ask) {
    if (ask.kind != Pattern::Ask::Kind::some) return asked(ask, statement);
    commands = &ask;
    return true;
  });
}

std::vector<Pattern::Match> Pattern::match(const ::Node* statement) const {
  std::vector<Match> found;
  if (statement->type != forms_[0].tag) return found;
  const auto* alter = as<::AlterTableStmt>(statement);
  if (alter == nullptr || commands_.size() != 1) {
    Matcher matcher(*this);
    if (matcher.fits(0, statement)) found.push_back({whole, matcher.names()});
    return found;
  }
  Matcher matcher(*this);
  const Ask* commands = nullptr;
  if (!matcher.fits_but_commands(statement, commands) || commands == nullptr) return found;
  const Matcher::Bound before = matcher.bound();
  const std::vector<std::uint32_t>& items = forms_[commands->below].items;
  const auto one = std::ranges::find_if(items, [&](std::uint32_t i) { return forms_[i].kind != Form::Kind::rest; });
  std::size_t index = 0;
  for (const ::Node* command : nodes(alter->cmds)) {
    matcher.forget_but(before);
    if (matcher.fits(*one, command)) found.push_back({index, matcher.names()});
    ++index;
  }
  return found;
}

}  // namespace pglint::pg
