// The model of effects against the server at hand: each form of testdata/facts is run inside a transaction, and the
// server is asked what it locked, rewrote, read and built.
//
// PGLINT_TEST_PG=DSN,DSN,… measures on those servers, as a superuser, in their database; without it a server of the
// newest version that is installed is started. PGLINT_TEST_FORMS=FILE measures the forms of another file.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

#include "effect/predict.h"
#include "live/effects/connection.h"
#include "live/effects/servers.h"
#include "support/csv.h"
#include "support/facts.h"
#include "support/forms.h"

namespace pglint::test {
namespace {

struct Measured {
  bool setup_failed = false;
  std::string trouble;  // why it was not measured
  std::string sqlstate;
  std::string error;
  Locks locks;
  Locks new_locks;
  std::set<std::string> rewritten;
  std::set<std::string> scanned;
  std::set<std::string> builds;
};

LockMode mode_of(std::string_view name) {
  constexpr std::string_view modes[] = {
      "AccessShareLock", "RowShareLock",          "RowExclusiveLock", "ShareUpdateExclusiveLock",
      "ShareLock",       "ShareRowExclusiveLock", "ExclusiveLock",    "AccessExclusiveLock"};
  for (std::size_t i = 0; i < std::size(modes); ++i)
    if (modes[i] == name) return static_cast<LockMode>(i + 1);
  return LockMode::none;
}

// Tables have 2,000 rows, so that a scan of one, or of a partition, is told from a look.
constexpr long whole = 900;

constexpr const char* tuples_read =
    "SELECT coalesce(t.relname, s.relname), coalesce(seq_tup_read, 0) FROM pg_stat_xact_user_tables s LEFT JOIN "
    "pg_temp.there t ON t.oid = s.relid WHERE schemaname LIKE 'w%'";

class Lab {
 public:
  explicit Lab(Connection& connection) : c_(connection) {
    // What the forms expect to be there.
    (void)c_.run("SET client_min_messages = error");
    if (c_.run("SELECT 1 FROM pg_roles WHERE rolname = 'other'").rows.empty()) (void)c_.run("CREATE ROLE other");
    for (const char* extension : {"citext", "btree_gist"}) {
      const Answer made = c_.run(fmt::format("CREATE EXTENSION IF NOT EXISTS {}", extension));
      if (!made.error.empty()) missing_ = made.error;
    }
    if (c_.version() >= 15 && c_.run("SELECT 1 FROM pg_tablespace WHERE spcname = 'ts1'").rows.empty()) {
      (void)c_.run("SET allow_in_place_tablespaces = on");
      (void)c_.run("CREATE TABLESPACE ts1 LOCATION ''");
    }
  }

  [[nodiscard]] const std::string& missing() const { return missing_; }

  Measured measure(const Form& form) {
    if (Measured out = prepare(form); out.setup_failed) return out;
    return attempt(form);
  }

  // Makes what the form starts from.
  Measured prepare(const Form& form) {
    Measured out;
    (void)c_.run("DROP SCHEMA IF EXISTS w CASCADE; DROP SCHEMA IF EXISTS w2 CASCADE; DROP PUBLICATION IF EXISTS pb");
    (void)c_.run(
        "RESET ALL; SET client_min_messages = error; SET jit = off; SET timezone = 'UTC'; CREATE SCHEMA w; "
        "SET search_path = w, public");
    if (!form.session.empty()) (void)c_.run(form.session);
    const Answer setup = c_.run(form.setup);
    if (!setup.sqlstate.empty()) {
      out.setup_failed = true;
      out.sqlstate = setup.sqlstate;
      out.error = setup.error;
      return out;
    }
    (void)c_.run(
        "DROP TABLE IF EXISTS pg_temp.there; CREATE TEMP TABLE there AS SELECT oid, relname, relkind, relfilenode FROM "
        "pg_class WHERE relkind <> 'c' AND relnamespace = 'w'::regnamespace");
    return out;
  }

  // Runs the form's statements in a transaction that is rolled back.
  Measured attempt(const Form& form) {
    Measured out;
    (void)c_.run("BEGIN");
    if (!form.before.empty()) {
      const Answer before = c_.run(form.before);
      if (!before.sqlstate.empty()) out.trouble = before.error;
    }
    const std::map<std::string, long> read_before = tuples();
    (void)c_.run("SET LOCAL client_min_messages = debug1");
    (void)c_.said();
    const Answer answer = c_.run(form.statement);
    out.sqlstate = answer.sqlstate;
    out.error = answer.error;
    const std::vector<std::string> said = c_.said();
    if (answer.sqlstate.empty()) {
      (void)c_.run("SET LOCAL client_min_messages = error");
      locks(out);
      files(out, form.statement);
      for (const auto& [name, count] : tuples()) {
        const auto before = read_before.find(name);
        if (count - (before == read_before.end() ? 0 : before->second) >= whole) out.scanned.insert(name);
      }
      for (const std::string& line : said) from_message(line, out, form.statement);
    }
    (void)c_.run("ROLLBACK");
    return out;
  }

 private:
  std::map<std::string, long> tuples() {
    std::map<std::string, long> read;
    for (const auto& row : c_.run(tuples_read).rows) read[row[0]] = std::stol(row[1]);
    return read;
  }

  // Of relations outside of the system's schemas; those that are gone are known by the name that they had.
  void locks(Measured& out) {
    const Answer answer = c_.run(
        "SELECT coalesce(t.relname, c.relname), t.oid IS NULL, l.mode FROM pg_locks l LEFT JOIN pg_class c ON c.oid = "
        "l.relation LEFT JOIN pg_temp.there t ON t.oid = l.relation WHERE l.pid = pg_backend_pid() AND l.locktype = "
        "'relation' AND (t.oid IS NOT NULL OR (c.relkind <> 'c' AND c.relnamespace IN (SELECT oid FROM pg_namespace "
        "WHERE "
        "nspname IN ('w', 'w2'))))");
    for (const auto& row : answer.rows) {
      LockMode& mode = row[1] == "t" ? out.new_locks[row[0]] : out.locks[row[0]];
      mode = std::max(mode, mode_of(row[2]));
    }
    // An index that is made again under its name.
    for (const auto& [name, mode] : out.locks) out.new_locks.erase(name);
  }

  // New files of relations that were there, and of indexes that were not.
  void files(Measured& out, const std::string& statement) {
    // Files that are swapped for empty ones are nothing to wait for.
    if (statement.starts_with("TRUNCATE") || statement.find("WITH NO DATA") != std::string::npos) return;
    const Answer answer = c_.run(
        "SELECT c.relname, c.relkind, t.oid IS NULL FROM pg_class c LEFT JOIN pg_temp.there t ON t.oid = c.oid WHERE "
        "c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('w', 'w2')) AND c.relkind IN ('r', 'm', "
        "'i') AND "
        "c.relfilenode IS DISTINCT FROM t.relfilenode AND NOT EXISTS (SELECT FROM pg_temp.there o WHERE o.relfilenode "
        "= "
        "c.relfilenode)");
    for (const auto& row : answer.rows) {
      if (row[1] == "i")
        out.builds.insert(row[0]);
      else if (row[2] == "f")
        out.rewritten.insert(row[0]);
    }
    // A file that is copied block by block.
    if (statement.find("SET TABLESPACE") != std::string::npos)
      for (const std::string& name : out.rewritten) out.scanned.insert(name);
  }

  static void from_message(const std::string& line, Measured& out, const std::string& statement) {
    const bool reads = line.starts_with("rewriting table ") || line.starts_with("verifying table ") ||
                       (line.starts_with("building index ") && !statement.starts_with("TRUNCATE") &&
                        statement.find("WITH NO DATA") == std::string::npos);
    const std::size_t end = line.starts_with("building index ") ? line.rfind('"') : line.find('"', line.find('"') + 1);
    const std::size_t begin = line.rfind('"', end - 1);
    if (!reads || end == std::string::npos || begin == std::string::npos) return;
    const std::string table = line.substr(begin + 1, end - begin - 1);
    if (!table.starts_with("pg_toast") && !table.starts_with("pg_temp")) out.scanned.insert(table);
  }

  Connection& c_;
  std::string missing_;
};

std::string show(const Locks& locks) {
  std::string out;
  for (const auto& [name, mode] : locks)
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", name, pglint::name(mode));
  return out.empty() ? "none" : out;
}
std::string show(const std::set<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}
std::string show(const std::string& text) { return text.empty() ? "none" : text; }

template <class T>
void compare(std::string& out, const char* what, const T& measured, const T& predicted) {
  if (measured != predicted)
    out += fmt::format("    {}: the server {}; the model {}\n", what, show(measured), show(predicted));
}

// Writing to a partition itself, a session that has not done so before looks up the bounds of its parents, too.
bool may_know(std::string_view statement) {
  return statement.starts_with("ALTER TABLE") || statement.starts_with("CREATE TABLE") ||
         statement.starts_with("INSERT INTO") || statement.starts_with("UPDATE") || statement.starts_with("DELETE");
}

std::string differences(const Form& form, const Measured& measured, const Prediction& predicted) {
  std::string out;
  compare(out, "error", measured.sqlstate, error_by_rows(form, predicted, measured.sqlstate));
  if (!predicted.transactional) return out;
  if (!measured.sqlstate.empty() || measured.setup_failed) return out + (out.empty() ? "" : "      " + measured.error);
  // Whether a lock is kept on the index behind a referenced key, or on the sequence behind a default, differs between
  // minor releases. It stands in nobody's way.
  Locks locks = predicted.locks;
  if (may_know(form.statement))
    std::erase_if(locks, [&](const auto& lock) {
      return lock.second == LockMode::access_share && !measured.locks.contains(lock.first);
    });
  compare(out, "locks", measured.locks, locks);
  compare(out, "locks on what is new", measured.new_locks, predicted.new_locks);
  compare(out, "rewrites", measured.rewritten, predicted.rewritten);
  if (!form.statement.starts_with("ANALYZE") && has_rows(form))
    compare(out, "scans", measured.scanned, predicted.scanned);
  compare(out, "index builds", measured.builds, predicted.builds);
  return out;
}

std::vector<Form> forms_to_measure() {
  const char* const path = std::getenv("PGLINT_TEST_FORMS");
  if (path == nullptr) return facts().forms;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  std::vector<Form> forms;
  for (const CsvRow& row : read_csv(text.str()))
    if (row.size() >= 3) forms.push_back({row[0], row[1], "", "", row[2], row.size() > 3 ? row[3] : ""});
  return forms;
}

void measure_on(const std::string& dsn) {
  Connection connection(dsn);
  REQUIRE_MESSAGE(connection.trouble().empty(), connection.trouble());
  Lab lab(connection);
  REQUIRE_MESSAGE(lab.missing().empty(), lab.missing());
  int measured = 0;
  int agreed = 0;
  for (const Form& form : forms_to_measure()) {
    // Of databases and tablespaces there is but one each.
    const bool shared = form.statement.find("DATABASE") != std::string::npos ||
                        form.statement.find("ALTER SYSTEM") != std::string::npos ||
                        form.statement.find("ts9") != std::string::npos;
    const bool needs_tablespace = form.statement.find("ts1") != std::string::npos && connection.version() < 15;
    if (shared || needs_tablespace) continue;
    const Measured fact = lab.measure(form);
    if (!fact.trouble.empty()) {
      FAIL_CHECK(form.id << ": " << fact.trouble);
      continue;
    }
    ++measured;
    const std::string differs = differences(form, fact, predict(form, connection.version(), true));
    if (differs.empty()) ++agreed;
    CHECK_MESSAGE(differs.empty(), form.id << ": " << form.statement << "\n" << differs);
  }
  fmt::print("PostgreSQL {}: {} of {} forms agree\n", connection.version(), agreed, measured);
}

void measure_groups_on(const std::string& dsn) {
  Connection connection(dsn);
  REQUIRE_MESSAGE(connection.trouble().empty(), connection.trouble());
  Lab lab(connection);
  REQUIRE_MESSAGE(lab.missing().empty(), lab.missing());
  int measured = 0;
  int agreed = 0;
  for (const FormGroup& group : read_forms(std::string(PGLINT_TESTDATA) + "/effects/forms.txt")) {
    const Measured there = lab.prepare(group.forms.front());
    CHECK_MESSAGE(!there.setup_failed, group.setup << "\n" << there.error);
    if (there.setup_failed) continue;
    for (const Form& form : group.forms) {
      const Measured fact = lab.attempt(form);
      if (!fact.trouble.empty()) {
        FAIL_CHECK(form.id << ": " << form.before << ": " << fact.trouble);
        continue;
      }
      ++measured;
      const std::string differs = differences(form, fact, predict(form, connection.version(), true));
      if (differs.empty()) ++agreed;
      CHECK_MESSAGE(differs.empty(), form.id << ": " << form.before << (form.before.empty() ? "" : "; ")
                                             << form.statement << "\n"
                                             << differs);
    }
  }
  fmt::print("PostgreSQL {}: {} of {} statements of every kind agree\n", connection.version(), agreed, measured);
}

TEST_CASE("statements of every kind do on a real server what the model says") {
  on_servers("effects", measure_groups_on);
}

TEST_CASE("a real server locks, rewrites, reads and builds what the model says") { on_servers("effects", measure_on); }

}  // namespace
}  // namespace pglint::test
