// A column whose value PostgreSQL has to work out for each row: the table is written anew under ACCESS EXCLUSIVE.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

#include "catalog/expression.h"
#include "catalog/replay.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::add_column_rewrites {
namespace {

using namespace lint;

struct Cause {
  std::string words = {};
  bool guess = false;  // a function that nobody knows
  bool key = false;    // serial, identity
  bool stored = false;
};

// Whether the default may well be no more than stable: it calls a function that neither PostgreSQL nor the history has.
bool is_guess(const ::Node* expression, const catalog::Catalog& catalog) {
  return catalog::volatility(catalog, expression) == catalog::Volatility::unknown;
}

Cause cause_of(const ColumnDef& column, const catalog::Catalog& catalog) {
  for (const Constraint& constraint : pg::only<Constraint>(column.constraints)) {
    if (constraint.contype == CONSTR_IDENTITY)
      return {.words = "an identity gives each row a number of its own", .key = true};
    if (constraint.contype == CONSTR_GENERATED)
      return {.words = "a stored generated column is computed for each row", .stored = true};
  }
  const std::string_view type = column.typeName != nullptr ? pg::last_name(column.typeName->names) : "";
  if (type.find("serial") != std::string_view::npos)
    return {.words = fmt::format("{} takes a number from its sequence for each row", type), .key = true};
  for (const Constraint& constraint : pg::only<Constraint>(column.constraints)) {
    if (constraint.contype != CONSTR_DEFAULT || constraint.raw_expr == nullptr) continue;
    if (is_guess(constraint.raw_expr, catalog))
      return {
          .words = "its default calls a function that is not known, and is volatile unless it is declared otherwise",
          .guess = true};
    if (catalog::volatility(catalog, constraint.raw_expr) == catalog::Volatility::volatile_)
      return {.words = "its default is volatile, so that each row gets a value of its own"};
  }
  return {.words = fmt::format("the domain {} has constraints, which are tested for each row", quoted(type))};
}

std::string advice(const Cause& cause, const Context& context) {
  if (cause.stored)
    return fmt::format(
        "{}Add a plain column, keep it up with a trigger BEFORE INSERT OR UPDATE, and fill it in batches.",
        context.target->pg_version >= 18 ? "Make it VIRTUAL, which stores nothing. Or: " : "");
  if (cause.key)
    return "Add a plain bigint column, make a sequence, SET DEFAULT nextval of it for new rows, fill the old ones in "
           "batches, "
           "and make it NOT NULL and a key then.";
  return "Add the column without a default, then SET DEFAULT, which is for new rows only; fill the old ones in "
         "batches.";
}

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new) return;
  for (const effect::Part& part : context.effects->parts) {
    if (!has(part.work, Work::rewrite)) continue;
    const auto& command = pg::cast<AlterTableCmd>(pg::nodes(statement.cmds)[part.command]);
    const auto* column = command.subtype == AT_AddColumn ? pg::as<ColumnDef>(command.def) : nullptr;
    if (column == nullptr) continue;
    const Cause cause = cause_of(*column, *context.catalog);
    const std::string name = context.display(*table);
    context.report({
        .at = context.command(part.command),
        .message = fmt::format("Adding {}.{} {} the whole table while nobody else can use it", name,
                               quoted(pg::text(column->colname)), cause.guess ? "may rewrite" : "rewrites"),
        .why = fmt::format(
            "It is not the same for all rows: {}. PostgreSQL holds ACCESS EXCLUSIVE on {} while it writes every "
            "row into a new file and rebuilds every index; reads and writes wait.",
            cause.words, name),
        .help = advice(cause, context),
        .relation = table,
        .work = part.work,
        .at_most = cause.guess ? std::optional(Severity::warning) : std::nullopt,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddColumn}};
constexpr std::array aliases = {Alias{"squawk", "adding-field-with-default"},
                                Alias{"squawk", "adding-serial-primary-key-field"},
                                Alias{"eugene", "E11"},
                                Alias{"pgfence", "add-column-non-constant-default"},
                                Alias{"pgfence", "add-column-serial"},
                                Alias{"pgfence", "add-column-stored-generated"},
                                Alias{"strong_migrations", "add_column_default"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "add-column-rewrites",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "Adding a column rewrites the whole table while nobody else can use it",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::add_column_rewrites
