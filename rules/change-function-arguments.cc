// A function takes other arguments from now on: calls of the running release fail, or fit two functions.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "catalog/replay.h"
#include "lint/ahead.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::change_function_arguments {
namespace {

using namespace lint;

struct Inputs {
  std::vector<catalog::Parameter> all;
  std::size_t required = 0;

  template <class List>
  explicit Inputs(const List& parameters) {
    for (const catalog::Parameter& one : parameters) {
      if (!one.is_input()) continue;
      all.push_back(one);
      if (!one.has_default) ++required;
    }
  }
};

// How many leading arguments are of the same types.
std::size_t alike(const Inputs& a, const Inputs& b) {
  const std::size_t most = std::min(a.all.size(), b.all.size());
  for (std::size_t i = 0; i < most; ++i) {
    const catalog::TypeName& one = a.all[i].type;
    const catalog::TypeName& other = b.all[i].type;
    if (!one.name || one.name != other.name || (one.array_dimensions > 0) != (other.array_dimensions > 0)) return i;
  }
  return most;
}

// Whether every call of the one, by position or by name, is a call of the other.
bool takes_calls_of(const Inputs& now, const Inputs& before) {
  if (alike(now, before) < before.all.size() || now.required > before.required) return false;
  for (std::size_t i = 0; i < before.all.size(); ++i)
    if (before.all[i].name && before.all[i].name != now.all[i].name) return false;
  return true;
}

// The number of arguments with which a call fits both; nothing if there is none.
std::optional<std::size_t> fits_both(const Inputs& a, const Inputs& b) {
  const std::size_t least = std::max(a.required, b.required);
  const std::size_t most = std::min(a.all.size(), b.all.size());
  // With all of them written out, and no default needed by either, they would be one function.
  return least <= most && alike(a, b) >= least ? std::optional(least) : std::nullopt;
}

std::string written(const Context& context, const catalog::Function& function) {
  return fmt::format("{}({})", quoted(context.catalog->text(function.name)), context.catalog->text(function.signature));
}

void check(const CreateFunctionStmt& statement, const Context& context) {
  const catalog::Catalog& catalog = *context.catalog;
  if (context.effects->has_error || catalog.now.migration == 0) return;
  const catalog::FunctionShape shape = catalog::shape_of(catalog, statement);
  const auto name = pg::qualified_name(statement.funcname);
  const Symbol schema = name.schema.empty() ? catalog.creation_schema() : catalog.symbols.intern(name.schema);
  const Inputs now(shape.parameters);
  const catalog::Function* gone = nullptr;
  for (const catalog::Function* other = catalog.first_function(schema, catalog.symbols.intern(name.name));
       other != nullptr; other = other->overload) {
    if (other->schema != schema || catalog.text(other->name) != name.name) continue;
    const Inputs before(other->parameters);
    if (other->dropped) {
      const bool here = other->left.transaction == catalog.now.transaction && other->left.transaction != 0;
      if (here && other->created.migration != catalog.now.migration && other->triggers_on.empty() &&
          other->signature != shape.signature)
        gone = other;
      if (here && other->signature == shape.signature) return;  // as it was
      continue;
    }
    if (other->signature == shape.signature) return;  // it takes the place of that one
    const std::optional<std::size_t> count = fits_both(now, before);
    if (!count || other->procedure != statement.is_procedure) continue;
    context.report({
        .at = context.first_word(),
        .message = fmt::format("Calls of {} with {} argument{} fit two functions", quoted(name.name), *count,
                               *count == 1 ? "" : "s"),
        .why = fmt::format("{} stays beside the new one: other arguments make another function, also with OR REPLACE. "
                           "Where defaults make up for what a call leaves out, PostgreSQL cannot choose, and the "
                           "call fails (42725: is not unique).",
                           written(context, *other)),
        .help = "Give the new function a name of its own, or no default for what tells the two apart; drop the old one "
                "when no release calls it.",
    });
    return;
  }
  if (gone == nullptr || takes_calls_of(now, Inputs(gone->parameters)) || behind_gate(context)) return;
  context.report({
      .at = context.first_word(),
      .message = fmt::format("{} is gone, and the new one does not take its calls", written(context, *gone)),
      .why = "The running release calls it with the old arguments until it is replaced: each such call fails (42883), "
             "and so do calls in the bodies of other functions, which the server does not look into.",
      .help = "Leave the old one in place beside the new one, and drop it in a later migration; or add the new "
              "arguments at the end, each with a default, when the old function is dropped in the same transaction.",
  });
}

constexpr std::array<int, 1> tags = {T_CreateFunctionStmt};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "change-function-arguments",
    .category = Category::compat,
    .severity = Severity::warning,
    .summary = "A function takes other arguments, and calls of the running release no longer fit",
    .tags = tags,
    .check = on<CreateFunctionStmt, check>,
});

}  // namespace pglint::rules::change_function_arguments
