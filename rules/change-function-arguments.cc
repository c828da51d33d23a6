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

// Each is compared with each; nobody has as many by hand.
constexpr std::size_t most_overloads = 100;

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

// A function that was made beside others of its name, or where one was. What is left of them, the end of the migration
// tells.
void check(const CreateFunctionStmt& statement, const Context& context) {
  const catalog::Catalog& catalog = *context.catalog;
  if (context.effects->has_error || catalog.now.migration == 0) return;
  const auto name = pg::qualified_name(statement.funcname);
  const Symbol schema = name.schema.empty() ? catalog.creation_schema() : catalog.symbols.intern(name.schema);
  const Symbol called = catalog.symbols.intern(name.name);
  std::size_t overloads = 0;
  for (const catalog::Function* one = catalog.first_function(schema, called); one != nullptr; one = one->overload)
    if (++overloads == most_overloads) return;
  if (overloads == 0) return;
  context.note({.at = context.first_word(),
                .schema = schema,
                .name = called,
                .what = catalog::shape_of(catalog, statement).signature});
}

void at_end(const Context& context, const Note& note) {
  const catalog::Catalog& catalog = *context.catalog;
  const auto is_meant = [&](const catalog::Function& one) {
    return one.schema == note.schema && one.name == note.name;
  };
  const catalog::Function* const first = catalog.first_function(note.schema, note.name);
  const catalog::Function* made = nullptr;
  for (const catalog::Function* one = first; one != nullptr; one = one->overload)
    if (!one->dropped && is_meant(*one) && one->signature == note.what) made = one;
  // One that took the place of another is as old as that.
  if (made == nullptr || made->created.migration != note.migration) return;
  const Inputs now(made->parameters);
  const std::string name = quoted(catalog.text(note.name));

  const catalog::Function* gone = nullptr;
  for (const catalog::Function* other = first; other != nullptr; other = other->overload) {
    if (other == made || !is_meant(*other) || other->procedure != made->procedure) continue;
    const Inputs before(other->parameters);
    if (other->dropped) {
      const bool taken_away = other->left.migration == note.migration && other->created.migration != note.migration &&
                              other->left.transaction == made->created.transaction;
      if (taken_away && other->signature != made->signature && other->triggers_on.empty() &&
          !takes_calls_of(now, before))
        gone = other;
      continue;
    }
    const std::optional<std::size_t> count = fits_both(now, before);
    if (!count) continue;
    context.report({
        .at = note.at,
        .message =
            fmt::format("Calls of {} with {} argument{} fit two functions", name, *count, *count == 1 ? "" : "s"),
        .why = fmt::format("{} stays beside the new one: other arguments make another function, also with OR REPLACE. "
                           "Where defaults make up for what a call leaves out, PostgreSQL cannot choose, and the "
                           "call fails (42725: is not unique).",
                           written(context, *other)),
        .help = "Give the new function a name of its own, or no default for what tells the two apart; drop the old one "
                "when no release calls it.",
    });
    return;
  }
  if (gone == nullptr || behind_gate(context)) return;
  // Another overload may take its calls.
  for (const catalog::Function* other = first; other != nullptr; other = other->overload)
    if (!other->dropped && is_meant(*other) && takes_calls_of(Inputs(other->parameters), Inputs(gone->parameters)))
      return;
  context.report({
      .at = note.at,
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
    .subject = Subject::migration,
    .tags = tags,
    .check = on<CreateFunctionStmt, check>,
    .at_end = at_end,
});

}  // namespace pglint::rules::change_function_arguments
