// From one unsafe command to the steps that do the same safely, or to the reason why it cannot be done and what to
// supply. One function per operation; each sees the command, the schema before it and what the server would do.
//
// A recipe knows nothing of the other commands but what `Context` tells. Which of its steps stand before the gate and
// which behind it is said by their slot; `plan` puts the slots of all commands together.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "effect/effect.h"
#include "pglint/plan.h"
#include "pglint/span.h"
#include "recipe/operation.h"

struct Node;  // PostgreSQL's; see pg/node.h
struct AlterTableCmd;

namespace pglint::recipe {

// Where a step stands: before the gate only what both releases tolerate, behind it what tightens and what removes.
enum class Slot : std::uint8_t {
  expand,    // nullable columns, triggers, NOT VALID constraints
  backfill,  // rows that are there
  build,     // indexes, VALIDATE, ANALYZE
  refill,    // behind the gate: what the old release wrote meanwhile
  tighten,   // NOT NULL, checks
  contract,  // what is dropped
};

enum class DualWrite : std::uint8_t { trigger, application };

struct Options {
  int pg_version = 15;
  DualWrite dual_write = DualWrite::trigger;
  std::map<std::string, std::string, std::less<>>
      values;                                // --value: "table.column" or "schema.table.column" → expression
  std::vector<std::string> accept_triggers;  // --accept-triggers: of others, that a fill may fire
};

struct Placed {
  Slot slot = Slot::expand;
  Step step;
};

struct Refusal {
  std::string reason;      // one sentence
  std::string supply;      // what would make it possible; empty: nothing
  bool no_recipe = false;  // nothing was tried: there is no other way to write the command
};

// What a command becomes.
struct Pieces {
  std::vector<Placed> steps;
  std::vector<Step> again;  // fills that run once more behind the gate, if there is one
  std::vector<DataCheck> checks;
  std::vector<Assumption> assumes;   // one for each fact; the same relation may come again
  std::vector<std::string> release;  // what the release behind the gate does: "writes t.c in every row it inserts"
  std::vector<std::string> why;      // why there is a gate
  std::vector<std::string> touches;  // relations, schema-qualified and quoted: plans that share none are apart
  std::optional<Refusal> refused;
  std::optional<Refusal> doubt;    // why the whole may not come out right, if it does not
  std::optional<Refusal> untold;   // why the database cannot tell whether it is done, where that has to be known
  bool needs_gate = true;          // of what stands behind one; else only where there is one
  Operation by = Operation::none;  // none: the command stays as it was written
};

// One command: a statement, or one of the commands of an ALTER TABLE.
struct Command {
  const ::Node* node = nullptr;
  const ::AlterTableCmd* alter = nullptr;  // null unless ALTER TABLE
  std::string_view text;                   // the whole statement, from its first token to its last
  std::int64_t shift = 0;                  // add to a location of the tree to get an offset in `text`
  std::string_view clause;                 // of the ALTER TABLE command alone, within `text`
  const catalog::Catalog* catalog = nullptr;
  const effect::Effects* effects = nullptr;
  const effect::Part* part = nullptr;  // what this command of the ALTER TABLE needs
  const Options* options = nullptr;

  // The table that the command is about; null if it has none.
  [[nodiscard]] const effect::RelationEffect* table() const;
  [[nodiscard]] std::string table_name() const;  // schema-qualified, quoted
  // ALTER TABLE with this command alone; `clause` in its place if given.
  [[nodiscard]] std::string alone(std::string_view other_clause = {}) const;
  [[nodiscard]] std::size_t at(int location) const {
    return static_cast<std::size_t>(static_cast<std::int64_t>(location) + shift);
  }
};

// Shows each command of a statement to `use`, with its place within the text: an ALTER TABLE has several.
void each_command(const Command& statement, const std::function<void(const Command&, Span)>& use);

// A column that is being renamed by the plan: later commands find it under its new name, while the server has both.
struct Renamed {
  const catalog::Relation* table = nullptr;
  Symbol from = {};
  Symbol to = {};
  bool not_null = false;         // before the plan
  std::string default_sql = {};  // before the plan
  // What stands on the column cannot be made again for another: the column itself is renamed behind the gate, and the
  // one beside it, which the releases use until then, is dropped. So all that stands on it follows.
  bool follows = false;
};

// A column that an UPDATE of the plan writes.
struct Written {
  std::string table = {};  // schema-qualified, quoted
  std::string column = {};
  bool fills = false;       // only where it is NULL, or all rows: no NULL is left
  std::size_t command = 0;  // counted from 1
};

// A constraint or an index that goes, while the plan makes another one of its name.
struct Replaced {
  std::string old_sql;  // of a check: its expression
  std::vector<std::string> old_columns;
  std::string is_new;  // about a row of pg_constraint: it is the new one; empty: nothing tells them apart
  bool comes_again = false;
  bool is_view = false;
  std::string lost = {};  // of a view that comes again: a column that it has no more, or that it is not known
};

// What the commands of one plan share. `written`, `renames`, `changes`, `followed` and `replaced` are known before the
// first command is cooked.
struct Context {
  std::uint32_t first_migration = 0;  // ordinal in the catalogue of the first that the plan is about
  std::vector<Written> written;
  std::vector<std::string> deletes;  // tables of which rows are deleted
  struct Rename {
    std::string table = {};
    std::string from = {};
    std::string to = {};
    std::size_t command = 0;  // counted from 1
  };
  std::vector<Rename> renames;
  // A command that changes which rows a table has, or what is done with each.
  struct Change {
    std::string table = {};
    std::size_t command = 0;  // counted from 1
    bool inserts = false;
    bool deletes = false;
    std::uint8_t fires = 0;  // a row trigger is made that UPDATE (2) or DELETE (4) fires
  };
  std::vector<Change> changes;
  std::size_t noted = 0;                        // commands that were looked at
  std::size_t cooked = 0;                       // commands that were cooked
  std::map<std::string, std::string> followed;  // tables whose renamed columns are followed, and by what: "the view v"
  std::vector<Renamed> renamed;
  std::vector<std::string> kept_names;  // constraints and indexes that are dropped with an old column only, qualified
  std::map<std::string, Replaced> replaced;      // by table and name of a constraint, or by the index's qualified name
  std::map<std::string, std::string> old_index;  // of those whose drop waits for the new one: that the old one is there

  [[nodiscard]] const Renamed* renamed_to(const catalog::Relation* table, Symbol column) const;
  // Null unless another of this name comes.
  [[nodiscard]] const Replaced* again(const std::string& key) const;
  [[nodiscard]] bool writes(std::string_view table, std::string_view column) const;
  [[nodiscard]] bool fills(std::string_view table, std::string_view column) const;
};

// What an UPDATE would write and what is renamed, for the Context.
void note(const Command& command, Context& context);
// For Context::followed, at the end of all commands.
void note_end(const catalog::Catalog& end, const Options& options, Context& context);

// What is assumed of tables and columns, as it is before the plan: `start` is the schema before its first command.
void assume_at(const catalog::Catalog& start, Pieces& pieces);

// A column that becomes NOT NULL.
struct NotNull {
  std::string table;         // schema-qualified, quoted
  std::string label;         // its bare name
  std::string column;        // as the steps find it
  std::string name;          // of the constraint, which PostgreSQL 18 keeps; empty: the server's choice
  std::string becomes = {};  // another name that the column gets behind these steps; empty: none
  int pg_version = 15;
};
// The steps by which it does, behind the gate.
void tighten_not_null(const NotNull& wanted, Pieces& pieces);

// Whether the statements of a step may run again at any time of the plan, and then change nothing: that they have run
// need not be known.
[[nodiscard]] bool may_be_repeated(const std::vector<std::string>& statements);

// Turns a command into pieces; one that is safe as it is stays as it is.
[[nodiscard]] Pieces cook(const Command& command, Context& context);

// The steps of the renames, which need to know what becomes of the columns. `end`: the schema after all commands;
// `first`: ordinal of the migration with which the plan begins: what is older is carried over. `renames`: of one table.
[[nodiscard]] Pieces finish_renames(const catalog::Catalog& end, std::uint32_t first, const Options& options,
                                    const std::vector<Renamed>& renames);

}  // namespace pglint::recipe
