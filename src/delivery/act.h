// What a command does to the database or to what runs on it, by the names of tools and their subcommands. Everything
// that this floor knows about tools beside their file formats is here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/command.h"

namespace pglint::delivery {

enum class Does : std::uint8_t {
  other,
  pushes,          // makes the schema as the code has it, without migration files
  migrates,        // runs migration files
  deploys,         // puts a release into operation
  asks_gate,       // pglint status --gate
  tests,           // runs a test suite
  makes_database,  // starts a database of its own, for as long as the job lasts
};

struct Act {
  Does does = Does::other;
  std::string what;  // "prisma db push"
  bool sure = true;  // false: the name only says so
};

[[nodiscard]] Act act_of(const Command& command);
// Of `uses: owner/action@v1`.
[[nodiscard]] Act act_of_action(std::string_view uses);

// The scripts that a command runs: those of a package, the targets of a Makefile, a file with commands.
enum class ScriptKind : std::uint8_t { package, make, shell };
struct Call {
  ScriptKind kind = ScriptKind::package;
  std::vector<std::string> names;
  std::string in;  // the package that is named, or its folder; empty: where the command runs
};
[[nodiscard]] std::optional<Call> call_of(const Command& command);

// Whether a script of that name runs migrations, as far as a name can tell: "db:migrate" does, "migrate:create" does
// not.
[[nodiscard]] bool is_called_migration(std::string_view name);

// The words of a name in lower case: "Deploy to production", "deploy_toProduction".
[[nodiscard]] std::vector<std::string> words_of(std::string_view name);

// Names of what is there for developers, tests and previews; of what runs for users.
[[nodiscard]] bool is_for_tests(std::string_view name);
[[nodiscard]] bool is_for_users(std::string_view name);

// The words in which a pipeline's text has to have one, or nothing in it is of interest.
[[nodiscard]] bool may_matter(std::string_view text);

}  // namespace pglint::delivery
