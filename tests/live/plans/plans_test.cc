// Plans against the server at hand: a database that goes the phased way ends as one on which the migrations ran as they
// were written; the server agrees at each step on what is done; what can be undone is undone without a trace; and the
// emitted files suit a database that has nothing, part of it, or the original.
//
// Each story is run on the newest server that is installed; PGLINT_TEST_STORY=WORDS: those alone that have them in
// their names; PGLINT_TEST_PART=2/3: the second of three parts.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/process.h"
#include "base/sha256.h"
#include "emit/emit.h"
#include "live/effects/connection.h"
#include "live/plans/stories.h"
#include "plan/form/file.h"
#include "plan/planned.h"
#include "skip.h"
#include "support/scratch_server.h"

namespace pglint::test {
namespace {

// Everything that a plan could leave behind, by name and definition, without the order of columns.
constexpr const char* schema_lines = R"(
SELECT line FROM (
  SELECT format('%s column %I %s%s%s %s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attnotnull THEN ' not null' END, ' default ' || pg_get_expr(d.adbin, d.adrelid),
      concat_ws(' ', a.attstattarget, a.attstorage, a.attcollation::regcollation, a.attacl, a.attoptions, a.attidentity,
        a.attgenerated, col_description(a.attrelid, a.attnum))) AS line
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relnamespace = ANY ($1) AND c.relkind IN ('r', 'v', 'm', 'p')
  UNION ALL SELECT format('%s constraint %I %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated,
      obj_description(oid, 'pg_constraint'))
    FROM pg_constraint WHERE connamespace = ANY ($1)
  UNION ALL SELECT format('%s index %s %s', indrelid::regclass, pg_get_indexdef(indexrelid), indisvalid)
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE c.relnamespace = ANY ($1)
  UNION ALL SELECT format('%s %s %s %s', oid::regclass, relkind, relreplident, obj_description(oid, 'pg_class')) FROM pg_class
    WHERE relnamespace = ANY ($1)
  UNION ALL SELECT format('trigger %s', pg_get_triggerdef(t.oid)) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
    WHERE NOT tgisinternal AND c.relnamespace = ANY ($1)
  UNION ALL SELECT format('function %s', pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = ANY ($1)
  UNION ALL SELECT format('type %s %s', oid::regtype, typtype) FROM pg_type WHERE typnamespace = ANY ($1)
) AS lines ORDER BY 1)";

std::string schema_query() {
  std::string query = schema_lines;
  const std::string ours =
      "ARRAY(SELECT oid FROM pg_namespace WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', "
      "'pglint'))";
  for (std::size_t at = query.find("($1)"); at != std::string::npos; at = query.find("($1)", at))
    query.replace(at, 4, "(" + ours + ")");
  return query;
}

class Database {
 public:
  Database(const ScratchServer& server, std::string name) : name_(std::move(name)), connection_(server.dsn(name_)) {
    REQUIRE_MESSAGE(connection_.trouble().empty(), connection_.trouble());
    (void)connection_.run("SET client_min_messages = error");
  }

  // What went wrong; empty if nothing did.
  std::string run(const std::string& sql) {
    const Answer answer = connection_.run(sql);
    return answer.sqlstate.empty() ? std::string() : fmt::format("{} in:\n{}", answer.error, sql);
  }
  std::string run(const std::vector<std::string>& statements, bool in_one) {
    std::string trouble;
    if (in_one) trouble = run("BEGIN");
    for (const std::string& sql : statements)
      if (trouble.empty()) trouble = run(sql);
    if (in_one) {
      const std::string end = run(trouble.empty() ? "COMMIT" : "ROLLBACK");
      if (trouble.empty()) trouble = end;
    }
    return trouble;
  }
  std::string value(const std::string& sql) {
    const Answer answer = connection_.run(sql);
    if (!answer.sqlstate.empty()) return fmt::format("{} in {}", answer.error, sql);
    return answer.rows.empty() ? "no row" : answer.rows[0][0];
  }
  Lines schema() { return column(schema_query()); }
  // Each row of each table as JSON, whose keys are in order.
  Lines data() {
    Lines out;
    for (const std::string& table :
         column("SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace IN (SELECT oid FROM "
                "pg_namespace WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pglint')) ORDER BY 1"))
      for (const std::string& row : column(fmt::format("SELECT to_jsonb(t)::text FROM {} AS t ORDER BY 1", table)))
        out.push_back(table + " " + row);
    return out;
  }

 private:
  Lines column(const std::string& sql) {
    const Answer answer = connection_.run(sql);
    if (!answer.sqlstate.empty()) return {answer.error};
    Lines out;
    for (const auto& row : answer.rows) out.push_back(row[0]);
    return out;
  }

  std::string name_;
  Connection connection_;
};

// pg_dump's words for the schema, a line for each column, constraint and comment, sorted: the order of columns is left
// out, and so is what it says of itself.
Lines dumped(const ScratchServer& server, const std::string& database) {
  const auto finished = run({"pg_dump", "--schema-only", "-N", "pglint", server.dsn(database)});
  if (!finished || finished->status != 0) return {finished ? finished->err : finished.error().message};
  Lines out;
  std::string line;
  std::string table;
  for (const char c : finished->out + "\n") {
    if (c != '\n') {
      line += c;
      continue;
    }
    if (line.ends_with(',')) line.pop_back();
    if (line.starts_with("CREATE TABLE ")) table = line;
    if (line == ");") table.clear();
    if (!line.empty() && !line.starts_with("--") && !line.starts_with("\\"))
      out.push_back(line.starts_with("    ") && !table.empty() ? table + line : line);
    line.clear();
  }
  std::sort(out.begin(), out.end());
  return out;
}

Lines only_in(const Lines& a, const Lines& b, const char* sign) {
  Lines out;
  for (const std::string& line : a)
    if (std::count(a.begin(), a.end(), line) > std::count(b.begin(), b.end(), line)) out.push_back(sign + line);
  return out;
}
std::string difference(const Lines& expected, const Lines& actual) {
  std::string out;
  for (const std::string& line : only_in(expected, actual, "- ")) out += "\n    " + line;
  for (const std::string& line : only_in(actual, expected, "+ ")) out += "\n    " + line;
  return out;
}

struct Placed {
  const Step* step;
  std::string backfill;  // as it is emitted
};

std::vector<Placed> steps_of(const Plan& plan) {
  std::vector<Placed> out;
  for (const Stage& stage : plan.stages)
    for (const Step& step : stage.steps) {
      Placed placed{&step, {}};
      if (step.kind == StepKind::backfill) {
        // The file that has this step alone.
        Plan alone = plan;
        alone.stages = {Stage{stage.phase, {}, {step}, {}}};
        const auto files = emit::files(alone, {0, 1, nullptr, nullptr}, source::WayOut::commit);
        REQUIRE(files);
        for (const emit::File& file : *files)
          for (const source::Text& text : file.texts)
            if (text.sql.starts_with("DO ")) placed.backfill = text.sql;
      }
      out.push_back(std::move(placed));
    }
  return out;
}

std::string do_step(Database& database, const Placed& placed) {
  if (placed.step->kind == StepKind::backfill) return database.run(placed.backfill);
  return database.run(placed.step->sql, placed.step->own_transaction);
}

std::string undo_step(Database& database, const Step& step) {
  for (const std::string& sql : step.undo)
    if (std::string trouble = database.run(sql); !trouble.empty()) return trouble;
  return {};
}

// What the runner and the writer make of texts: neighbours in one transaction, those outside alone.
std::string run_file(Database& database, const emit::File& file) {
  std::vector<std::string> together;
  const auto flush = [&] {
    std::string trouble = together.empty() ? std::string() : database.run(together, true);
    together.clear();
    return trouble;
  };
  for (const source::Text& text : file.texts) {
    if (text.place != source::Place::outside) {
      together.push_back(text.sql);
      continue;
    }
    if (std::string trouble = flush(); !trouble.empty()) return trouble;
    if (std::string trouble = database.run(text.sql); !trouble.empty()) return trouble;
  }
  return flush();
}

// Each file `times` in a row, the gates opened between.
std::string run_files(Database& database, const Plan& plan, int times) {
  for (const emit::Stretch& stretch : emit::stretches(plan)) {
    const auto files = emit::files(plan, stretch, source::WayOut::commit);
    if (!files) return one_line(files.error());
    for (const emit::File& file : *files)
      for (int i = 0; i < times; ++i)
        if (std::string trouble = run_file(database, file); !trouble.empty()) return trouble;
    if (stretch.before != nullptr)
      if (std::string trouble = database.run("UPDATE pglint.gate SET passed_at = now()"); !trouble.empty())
        return trouble;
  }
  return {};
}

struct Lab {
  const ScratchServer& server;
  Database admin;

  explicit Lab(const ScratchServer& used) : server(used), admin(used, "postgres") {}

  Database copy(const std::string& name) {
    const std::string trouble = admin.run(fmt::format("CREATE DATABASE {} TEMPLATE original", name));
    REQUIRE_MESSAGE(trouble.empty(), trouble);
    return Database(server, name);
  }
  void drop(const std::string& name) { (void)admin.run(fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)); }
};

// (a) and (c): what is done is known, and what can be undone leaves no trace.
void walk(Database& database, const std::vector<Placed>& steps) {
  const Lines before = database.schema();
  const auto agree = [&](std::size_t done) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].step->done_when.empty()) continue;
      const std::string answer = database.value(steps[i].step->done_when);
      CHECK_MESSAGE(answer == (i < done ? "t" : "f"), "after " << done << " steps, " << steps[i].step->id << " says "
                                                               << answer << ": " << steps[i].step->done_when);
    }
  };
  agree(0);
  bool reversible = true;
  for (std::size_t done = 1; done <= steps.size(); ++done) {
    const Step& step = *steps[done - 1].step;
    const std::string trouble = do_step(database, steps[done - 1]);
    CHECK_MESSAGE(trouble.empty(), step.id << ": " << trouble);
    if (!trouble.empty()) return;
    agree(done);
    reversible = reversible && !step.irreversible;
    if (!reversible) continue;
    for (std::size_t i = done; i > 0; --i) {
      const std::string undone = undo_step(database, *steps[i - 1].step);
      CHECK_MESSAGE(undone.empty(), "undoing " << steps[i - 1].step->id << ": " << undone);
    }
    const std::string left = difference(before, database.schema());
    CHECK_MESSAGE(left.empty(), "undone after " << step.id << ", it differs from before:" << left);
    for (std::size_t i = 0; i < done; ++i) {
      const std::string again = do_step(database, steps[i]);
      CHECK_MESSAGE(again.empty(), steps[i].step->id << " again: " << again);
    }
    agree(done);
  }
}

// (d): the executor, killed at the end of each step, goes on where it was.
void run_killed(const Lab& lab, Plan plan, const std::vector<std::string>& accepted) {
  const std::filesystem::path file = std::filesystem::current_path() / "killed-plan.yml";
  for (PlanSource& source : plan.sources) source.sha256 = sha256(source.text);
  std::ofstream(file, std::ios::binary) << plan::to_yaml(plan);
  std::vector<std::string> passed;
  const auto apply = [&](const std::string& point) {
    std::vector<std::string> arguments = {PGLINT_EXECUTOR, "run", "--plan", file.string(), "--lock-budget", "20"};
    arguments.insert(arguments.end(), passed.begin(), passed.end());
    if (!accepted.empty())
      arguments.insert(arguments.end(), {"--accept-triggers", fmt::format("{}", fmt::join(accepted, ","))});
    auto finished = run(arguments, {{"PGLINT_DATABASE_URL", lab.server.dsn("killed")}, {"PGLINT_FAILPOINT", point}});
    REQUIRE(finished.has_value());
    return std::move(*finished);
  };
  for (const Stage& stage : plan.stages) {
    if (stage.gate) {
      const Finished stopped = apply({});
      CHECK_MESSAGE(stopped.status == 4, stage.gate->id << ": " << stopped.out << stopped.err);
      passed = {"--passed", stage.gate->id};
    }
    for (const Step& step : stage.steps) {
      // What runs outside of a transaction is found done by the next run.
      const std::string point = step.id + (step.lock_class == LockClass::b ? ":executed" : ":after");
      const Finished killed = apply(point);
      CHECK_MESSAGE(killed.status == 128 + SIGKILL, point << ": " << killed.out << killed.err);
      if (killed.status != 128 + SIGKILL) return;
    }
  }
  const Finished end = apply({});
  CHECK_MESSAGE(end.status == 0, (end.out + end.err));
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
}

void tell(const Story& story, Lab& lab) {
  CAPTURE(story.name);
  for (const char* name : {"original", "phased", "by_files", "killed"}) lab.drop(name);
  const std::string created = lab.admin.run("CREATE DATABASE original");
  REQUIRE_MESSAGE(created.empty(), created);
  {
    Database start(lab.server, "original");
    const std::string trouble = start.run(std::vector<std::string>{story.given, story.rows}, false);
    REQUIRE_MESSAGE(trouble.empty(), trouble);
  }
  recipe::Options options;
  options.pg_version = lab.server.version();
  options.values = story.values;
  options.dual_write = story.dual_write;
  options.accept_triggers = story.accept_triggers;
  plan::Planned all = planned(story.given, story.migrations, options);
  for (const plan::Refused& refused : all.refused) FAIL_CHECK("refused: " << refused.reason);
  CHECK(all.groups.size() == 1);
  if (all.groups.size() != 1) return;
  Plan& plan = all.groups[0].plan;
  // Several batches, and no time lost between them.
  for (Stage& stage : plan.stages)
    for (Step& step : stage.steps)
      if (step.backfill) {
        step.backfill->batch = 100;
        step.backfill->pause_ms = 0;
      }
  const std::vector<Placed> steps = steps_of(plan);

  Database phased = lab.copy("phased");
  Database by_files = lab.copy("by_files");
  Database killed = lab.copy("killed");
  Database original(lab.server, "original");
  for (const DataCheck& check : plan.checks)
    CHECK_MESSAGE(original.value(check.sql) == "no row", "the data check " << check.id << " before step 1");
  std::string trouble = original.run(story.migrations, false);
  CHECK_MESSAGE(trouble.empty(), "the original: " << trouble);
  const Lines wanted = original.schema();
  const Lines rows = original.data();

  walk(phased, steps);
  std::string differs = difference(dumped(lab.server, "original"), dumped(lab.server, "phased"));
  CHECK_MESSAGE(differs.empty(), "the phased way ends otherwise:" << differs);
  differs = difference(rows, phased.data());
  CHECK_MESSAGE(differs.empty(), "the phased way leaves other rows:" << differs);

  run_killed(lab, plan, story.accept_triggers);
  differs = difference(wanted, killed.schema());
  CHECK_MESSAGE(differs.empty(), "killed at each step, it ends otherwise:" << differs);
  differs = difference(rows, killed.data());
  CHECK_MESSAGE(differs.empty(), "killed at each step, it leaves other rows:" << differs);

  trouble = run_files(by_files, plan, 2);
  CHECK_MESSAGE(trouble.empty(), "the files, each twice: " << trouble);
  differs = difference(wanted, by_files.schema());
  CHECK_MESSAGE(differs.empty(), "the files end otherwise:" << differs);
  differs = difference(rows, by_files.data());
  CHECK_MESSAGE(differs.empty(), "the files leave other rows:" << differs);
  trouble = run_files(original, plan, 2);
  CHECK_MESSAGE(trouble.empty(), "the files on a database that has the original: " << trouble);
  differs = difference(wanted, original.schema());
  CHECK_MESSAGE(differs.empty(), "the files change a database that has the original:" << differs);
  differs = difference(rows, original.data());
  CHECK_MESSAGE(differs.empty(), "the files change rows that have the original:" << differs);
}

// The stories that are told here: every one, or the part that PGLINT_TEST_PART=2/3 names.
struct Part {
  std::size_t first = 0;
  std::size_t of = 0;  // 0: the variable is none of these
};
Part part_of_stories() {
  const char* const said = std::getenv("PGLINT_TEST_PART");
  if (said == nullptr) return {0, 1};
  std::size_t part = 0;
  std::size_t parts = 0;
  char rest = 0;
  if (std::sscanf(said, "%zu/%zu%c", &part, &parts, &rest) != 2 || part < 1 || part > parts) return {};
  return {part - 1, parts};
}

TEST_CASE("each plan ends where the migrations would, and the server agrees at each step on what is done") {
  const ScratchServer server("plans");
  if (!server.missing().empty()) return skip(Missing::tool, server.missing());
  Lab lab(server);
  const char* const only = std::getenv("PGLINT_TEST_STORY");
  const Part part = part_of_stories();
  REQUIRE(part.of > 0);
  const std::vector<Story> all = stories();
  for (std::size_t i = part.first; i < all.size(); i += part.of)
    if (only == nullptr || says(all[i].name, only)) tell(all[i], lab);
}

}  // namespace
}  // namespace pglint::test
