// What a rule is: metadata that the compiler checks, and one function. One rule is
// one file in rules/ and the page beside it; the folder is the registry. What its
// function sees is in context.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "pglint/diagnostic.h"
#include "recipe/operation.h"

namespace pglint::lint {

enum class Category : std::uint8_t { lock, fails, compat, data, history, delivery, policy, style };
[[nodiscard]] std::string_view name(Category category);

// Whether `fix` can rewrite what the rule finds.
enum class Fixable : std::uint8_t { never, sometimes, always };
[[nodiscard]] std::string_view name(Fixable fixable);

// What a rule looks at. One that looks at transactions is asked about each statement that shares its transaction with
// others, or may: about none that commits by itself. One that looks at migrations or the history keeps notes of what it
// sees, and is asked about each again at the end of the file, or of the history.
enum class Subject : std::uint8_t { statement, transaction, migration, history, project, engine };

// The same check in another tool, for people who come from there.
struct Alias {
  std::string_view tool;
  std::string_view id;
};

class Context;
class ProjectContext;
struct Note;

struct Rule {
  std::string_view id;
  Category category = Category::lock;
  Severity severity = Severity::warning;
  std::string_view summary;  // one line, no full stop: what is found
  Fixable fixable = Fixable::never;
  recipe::Operation recipe = recipe::Operation::none;  // by which `fix` writes it in another way
  int from_pg = 12;                                    // servers on which it can be raised
  int to_pg = 18;
  std::span<const Alias> aliases = {};
  Subject subject = Subject::statement;
  std::span<const int> tags = {};  // the NodeTags of the statements it wants to see; empty: all of them
  // The same, but only where the statement shares its transaction with others.
  std::span<const int> in_transaction = {};
  // Of ALTER TABLE only those statements that have a command of one of these types (AT_…); empty: all of them.
  std::span<const int> commands = {};
  void (*check)(const Context&) = nullptr;  // null for a rule that the engine itself raises (syntax-error)
  bool effects = true;                      // false: it looks at the statement alone, without `context.effects`
  void (*at_end)(const Context&, const Note&) = nullptr;  // of the migration or the history, for each note left
  void (*project)(const ProjectContext&) = nullptr;       // of a rule about the project: asked once in a run
};

// The rule itself, if it is complete; otherwise it does not compile, and the
// compiler shows the sentence that is thrown.
consteval Rule complete(Rule rule) {
  if (rule.id.empty() || rule.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string_view::npos)
    throw "an id is kebab-case";
  if (rule.summary.empty() || rule.summary.ends_with('.')) throw "a summary is one line without a full stop";
  if ((rule.project != nullptr) != (rule.subject == Subject::project))
    throw "a rule about the project looks at the project, and no other does";
  if (rule.project == nullptr && (rule.fixable == Fixable::never) != (rule.recipe == recipe::Operation::none))
    throw "a rule about SQL names its recipe if and only if it is fixable";
  if ((rule.at_end != nullptr) != (rule.subject == Subject::migration || rule.subject == Subject::history))
    throw "a rule about migrations or the history looks at its notes at their end, and no other does";
  for (const int command : rule.commands)
    if (command < 0 || command >= 128) throw "the types of commands are those of AlterTableType";
  if (rule.from_pg < 12 || rule.to_pg > 18 || rule.from_pg > rule.to_pg) throw "versions are 12 to 18";
  return rule;
}

}  // namespace pglint::lint
