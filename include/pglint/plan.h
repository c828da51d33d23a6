// A plan: the phases by which migrations that are unsafe in one go become safe, and the gates between them. Data only:
// the recipes make its steps, `emit` writes them as the runner's files, `apply` executes them, and the file under
// .pglint/plans/ is its form for people (plan/form/file.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pglint/lock.h"

namespace pglint {

// A label; the same one may come again behind a gate.
enum class Phase : std::uint8_t { expand, backfill, validate, tighten, switch_, contract };
[[nodiscard]] constexpr std::string_view name(Phase phase) {
  switch (phase) {
    case Phase::expand:
      return "expand";
    case Phase::backfill:
      return "backfill";
    case Phase::validate:
      return "validate";
    case Phase::tighten:
      return "tighten";
    case Phase::switch_:
      return "switch";
    case Phase::contract:
      break;
  }
  return "contract";
}

enum class StepKind : std::uint8_t { sql, backfill };

// How long a step may wait for its locks, and what else may wait for it meanwhile.
enum class LockClass : std::uint8_t {
  a,  // blocks others, and is short: short lock waits, repeated
  b,  // blocks neither reads nor writes, and is long: waits as long as it takes
  c,  // a batch of rows
};

struct StepLock {
  std::string relation = {};  // schema-qualified, quoted as PostgreSQL would
  LockMode mode = LockMode::none;
  Work work = Work::none;
};

struct KeyColumn {
  std::string name = {};  // as it is, not quoted
  std::string type = {};  // as format_type prints it
};

// Rows that are written or deleted in batches, along a key.
struct Backfill {
  std::string table = {};  // schema-qualified, quoted
  std::string alias = {};  // what `set`, `from` and `where` call the table; not quoted; empty: by its own name
  std::string from = {};   // other tables, each with one row at most for a row; `alias` is set then
  std::string index = {};  // the unique index that is the key; its name, not quoted
  std::vector<KeyColumn> key = {};
  std::vector<std::pair<std::string, std::string>> set =
      {};                       // column (not quoted) and expression; none: rows are deleted
  std::string where = {};       // of the rows that are meant; empty: all
  std::uint32_t batch = 500;    // rows, at the start
  std::uint32_t pause_ms = 50;  // between batches, at least
  std::string proof = {};       // returns a row as long as something is left to do
};

struct Step {
  std::string id = {};       // kebab-case, unique in the plan
  std::string comment = {};  // one line for the reviewer
  StepKind kind = StepKind::sql;
  bool own_transaction =
      true;  // all statements in one transaction, or in the runner's larger one; false: one statement, outside any
  LockClass lock_class = LockClass::a;
  std::vector<StepLock> locks = {};
  std::vector<std::string> sql = {};   // without the semicolon
  std::vector<std::string> undo = {};  // puts back what `sql` did; empty where nothing has to be
  std::string done_when =
      {};  // a query of one boolean, true from when the step has run to the end of the plan; empty: none
  bool irreversible = false;
  std::optional<Backfill> backfill = {};
};

struct FileHash {
  std::string path = {};
  std::string sha256 = {};  // hex, of the file's bytes
};

// Waits for a deploy: nothing below it runs while the old release does, and the new one does not start before all above
// it is done.
struct Gate {
  std::string id = {};       // unique in the folder of plans
  std::string release = {};  // what the release that it waits for does
  std::string why = {};
};

// Steps, or a gate.
struct Stage {
  Phase phase = Phase::expand;
  std::vector<FileHash> files = {};  // where its steps are written; empty until then
  std::vector<Step> steps = {};
  std::optional<Gate> gate = {};  // then nothing else is set
};

// A read-only query: a row that it returns is a violation.
struct DataCheck {
  std::string id = {};
  std::string before = {};  // id of the step that would fail
  std::string sql = {};
  std::string says = {};
};

// What the plan was built on, as it must be on the server.
struct Assumption {
  std::string relation = {};                                      // schema-qualified, quoted
  std::vector<std::pair<std::string, std::string>> columns = {};  // name and "text, nullable, no default"
  std::vector<std::string> dependents = {};                       // "constraint ta_email_u", "index …", "view …"
  std::vector<std::string> triggers = {};
  std::string replica_identity = "default";
  bool row_security = false;
};

struct PlanSource {
  std::string path = {};
  std::string sha256 = {};
  std::string text = {};
};

struct Plan {
  std::string id = {};  // the name of the first migration in it, as its runner knows it
  std::vector<PlanSource> sources = {};
  std::string runner = {};
  int postgres = 15;  // built for this oldest version
  std::vector<Assumption> assumes = {};
  std::vector<DataCheck> checks = {};
  std::vector<Stage> stages = {};           // `phases` of the file, from top to bottom
  std::optional<PlanSource> snapshot = {};  // the ORM's, of the end state; nothing where the runner has none
};

}  // namespace pglint
