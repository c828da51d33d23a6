#include "apply/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "apply/assumes.h"
#include "apply/query.h"
#include "base/text.h"
#include "pglint/version.h"
#include "plan/form/gate_sql.h"
#include "plan/form/quote.h"

namespace pglint::apply {
namespace {

using plan::quote_body;
using plan::quote_literal;

// Of the tables. A pglint that knows only an older one keeps its hands off.
constexpr int form = 1;

}  // namespace

const StepRecord* Record::step(std::string_view id) const {
  const auto found = std::find_if(steps.begin(), steps.end(), [id](const StepRecord& step) { return step.id == id; });
  return found != steps.end() ? &*found : nullptr;
}

const GateRecord* Record::gate_of(std::string_view id) const {
  const auto found = std::find_if(gates.begin(), gates.end(), [id](const GateRecord& one) { return one.id == id; });
  return found != gates.end() ? &*found : nullptr;
}

Outcome<Record> load(Connection& connection, std::string_view plan) {
  Record record;
  const std::string id = quote_literal(plan);
  const auto there = ask(connection, "SELECT to_regclass('pglint.gate'), to_regclass('pglint.plan')",
                         "cannot look for the schema pglint");
  if (!there) return tl::unexpected(there.error());
  if (there->rows.at(0).at(0)) {
    const auto gates = ask(connection,
                           fmt::format("SELECT gate, to_char(passed_at, 'YYYY-MM-DD HH24:MI:SSOF'), passed_by FROM "
                                       "pglint.gate WHERE plan = {} ORDER BY gate",
                                       id),
                           "cannot read pglint.gate");
    if (!gates) return tl::unexpected(gates.error());
    for (const Row& row : gates->rows)
      record.gates.push_back(
          {.id = row.at(0).value_or(""), .passed_at = row.at(1).value_or(""), .passed_by = row.at(2).value_or("")});
  }
  if (!there->rows.at(0).at(1)) return record;

  const auto version = ask(connection, "SELECT form FROM pglint.meta", "cannot read pglint.meta");
  if (!version) return tl::unexpected(version.error());
  if (std::atoi(version->value().c_str()) > form)
    return stop(refused, "the schema pglint of this database was written by a newer pglint", "Use that one.");
  // A session of that number which has not the executor's lock is a pooler's, and with another client.
  const auto plans = ask(
      connection,
      fmt::format(
          R"(SELECT p.hash, p.state, p.gate, p.system_identifier, p.database::text, p.error, p.catalog, p.catalog_of,
 EXISTS (SELECT FROM pg_stat_activity a JOIN pg_locks l USING (pid) WHERE a.pid = p.pid AND a.backend_start = p.backend_start
 AND l.locktype = 'advisory' AND l.classid = 1885826164 AND l.objid = 0 AND l.objsubid = 2)
FROM pglint.plan p WHERE id = {})",
          id),
      "cannot read pglint.plan");
  if (!plans) return tl::unexpected(plans.error());
  if (plans->rows.empty()) return record;
  const Row& row = plans->rows[0];
  const auto text = [&row](std::size_t at) { return row.at(at).value_or(""); };
  record.begun = true;
  record.hash = text(0);
  record.state = text(1);
  record.gate = text(2);
  record.system_identifier = text(3);
  record.database = text(4);
  record.error = text(5);
  record.catalog = text(6);
  record.catalog_of = text(7);
  record.runs = text(8) == "t";
  const auto steps =
      ask(connection,
          fmt::format(
              "SELECT id, state, rows_done, rows_total, error, index FROM pglint.step WHERE plan = {} ORDER BY at", id),
          "cannot read pglint.step");
  if (!steps) return tl::unexpected(steps.error());
  for (const Row& one : steps->rows)
    record.steps.push_back({.id = one.at(0).value_or(""),
                            .state = one.at(1).value_or(""),
                            .rows_done = std::strtoull(one.at(2).value_or("0").c_str(), nullptr, 10),
                            .rows_total = std::strtoull(one.at(3).value_or("0").c_str(), nullptr, 10),
                            .error = one.at(4).value_or(""),
                            .index = one.at(5).value_or("")});
  return record;
}

std::string create_tables() {
  std::string sql;
  for (const std::string& statement : plan::create_gate_table()) sql += statement + ";\n";
  return sql + fmt::format(R"(CREATE TABLE IF NOT EXISTS pglint.meta (form int NOT NULL);
INSERT INTO pglint.meta SELECT {} WHERE NOT EXISTS (SELECT FROM pglint.meta);
CREATE TABLE IF NOT EXISTS pglint.plan (
  id text PRIMARY KEY,
  hash text NOT NULL,
  yaml text NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'gate', 'interrupted', 'failed', 'done')),
  gate text,
  error text,
  system_identifier text,
  database oid NOT NULL,
  token text NOT NULL,
  pid int,
  backend_start timestamptz,
  catalog text,
  catalog_of text,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_by text NOT NULL DEFAULT session_user,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  pglint text NOT NULL
);
CREATE TABLE IF NOT EXISTS pglint.step (
  plan text NOT NULL REFERENCES pglint.plan ON DELETE CASCADE,
  id text NOT NULL,
  at int NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'done', 'failed')),
  how text,
  attempts int NOT NULL DEFAULT 0,
  started_at timestamptz,
  done_at timestamptz,
  error text,
  token text,
  index text,
  pass int NOT NULL DEFAULT 1,
  batch int,
  rows_done bigint NOT NULL DEFAULT 0,
  rows_changed bigint NOT NULL DEFAULT 0,
  rows_total bigint,
  PRIMARY KEY (plan, id)
);
CREATE TABLE IF NOT EXISTS pglint.part (
  plan text NOT NULL,
  step text NOT NULL,
  relation text NOT NULL,
  at int NOT NULL,
  cursor text[],
  bound text[],
  done boolean NOT NULL,
  PRIMARY KEY (plan, step, relation),
  FOREIGN KEY (plan, step) REFERENCES pglint.step ON DELETE CASCADE
);
CREATE TABLE IF NOT EXISTS pglint.event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  who text NOT NULL DEFAULT session_user,
  plan text NOT NULL,
  step text,
  kind text NOT NULL,
  detail text
);
)",
                           form);
}

std::string State::begin(const Session& session, std::string_view hash, std::string_view yaml) const {
  std::string sql = create_tables();
  // A token is given to nobody else: what an older run still sends is refused by its fence.
  sql += fmt::format(R"(INSERT INTO pglint.plan AS p (id, hash, yaml, state, system_identifier, database, token, pglint)
VALUES ({0}, {1}, {2}, 'running', NULLIF({3}, ''), {4}, {5}, {6})
ON CONFLICT (id) DO UPDATE SET state = 'running', token = excluded.token, pglint = excluded.pglint, error = NULL,
 yaml = excluded.yaml, changed_at = clock_timestamp();
UPDATE pglint.plan SET (pid, backend_start) = (SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())
WHERE id = {0};
UPDATE pglint.step SET token = NULL WHERE plan = {0} AND token IS NOT NULL;
)",
                     quote_literal(plan_.id), quote_literal(hash), quote_literal(yaml),
                     quote_literal(session.system_identifier), session.database, quote_literal(token_),
                     quote_literal(version()));
  int at = 0;
  for (const Stage& stage : plan_.stages) {
    if (stage.gate)
      sql += fmt::format("INSERT INTO pglint.gate (plan, gate) VALUES ({}, {}) ON CONFLICT DO NOTHING;\n",
                         quote_literal(plan_.id), quote_literal(stage.gate->id));
    for (const Step& step : stage.steps)
      sql += fmt::format("INSERT INTO pglint.step (plan, id, at) VALUES ({}, {}, {}) ON CONFLICT DO NOTHING;\n",
                         quote_literal(plan_.id), quote_literal(step.id), at++);
  }
  return sql;
}

std::string State::fence() const {
  return "DO " +
         quote_body(fmt::format(R"(
BEGIN
  PERFORM FROM pglint.plan p WHERE p.id = {} AND p.token = {} FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '{}', MESSAGE = 'another pglint has taken over this plan';
  END IF;
END
)",
                                quote_literal(plan_.id), quote_literal(token_), fence_broken)) +
         ";\n";
}

std::string State::must_be_done(const Step& step) {
  if (step.done_when.empty()) return "";
  return "DO " +
         quote_body(fmt::format(R"(
BEGIN
  IF (
{}
) IS NOT TRUE THEN
    RAISE EXCEPTION USING ERRCODE = '{}', MESSAGE = 'the statements went well, but done_when of the step is still not true';
  END IF;
END
)",
                                step.done_when, not_done)) +
         ";\n";
}

std::string State::of_step(const Step& step) const {
  return fmt::format("plan = {} AND id = {}", quote_literal(plan_.id), quote_literal(step.id));
}

std::string State::step_done(const Step& step, std::string_view how) const {
  return fmt::format(
             "UPDATE pglint.step SET state = 'done', how = {}, done_at = clock_timestamp(), started_at = "
             "coalesce(started_at, "
             "clock_timestamp()), error = NULL, index = NULL, attempts = greatest(attempts, 1) WHERE {} AND state <> "
             "'done';\n",
             quote_literal(how), of_step(step)) +
         event(step.id, "done", how);
}

std::string State::step_running(const Step& step, std::string_view index) const {
  return fmt::format(
      "UPDATE pglint.step SET state = 'running', attempts = attempts + 1, started_at = coalesce(started_at, "
      "clock_timestamp()), token = {}, error = NULL, index = NULLIF({}, '') WHERE {};\n",
      quote_literal(token_), quote_literal(index), of_step(step));
}

std::string State::step_failed(const Step& step, std::string_view error) const {
  return fmt::format("UPDATE pglint.step SET state = 'failed', error = {} WHERE {};\n", quote_literal(error),
                     of_step(step)) +
         event(step.id, "failed", error);
}

std::string State::step_pending(const Step& step) const {
  return fmt::format(
             "UPDATE pglint.step SET state = 'pending', how = NULL, done_at = NULL, error = NULL, index = NULL, pass = "
             "1, batch = NULL, rows_done = 0, rows_changed = 0, rows_total = NULL WHERE {};\n"
             "DELETE FROM pglint.part WHERE plan = {} AND step = {};\n",
             of_step(step), quote_literal(plan_.id), quote_literal(step.id)) +
         event(step.id, "undone", "");
}

std::string State::facts(const std::vector<std::string>& done) const {
  std::string ids;
  for (const std::string& id : done) ids += id + "\n";
  return fmt::format(
      "UPDATE pglint.plan SET catalog = ({}), catalog_of = {}, changed_at = clock_timestamp() WHERE id = {};\n",
      catalog_query(plan_), quote_literal(ids), quote_literal(plan_.id));
}

std::string State::stopped(std::string_view state, std::string_view gate, std::string_view error) const {
  return fmt::format(
      "UPDATE pglint.plan SET state = {}, gate = NULLIF({}, ''), error = NULLIF({}, ''), pid = NULL, backend_start = "
      "NULL, "
      "changed_at = clock_timestamp() WHERE id = {} AND token = {};\n",
      quote_literal(state), quote_literal(gate), quote_literal(error), quote_literal(plan_.id), quote_literal(token_));
}

std::string State::pass_gate(std::string_view gate) const {
  return fmt::format(
             "INSERT INTO pglint.gate (plan, gate, passed_at, passed_by) VALUES ({}, {}, clock_timestamp(), "
             "session_user) "
             "ON CONFLICT (plan, gate) DO UPDATE SET passed_at = coalesce(pglint.gate.passed_at, clock_timestamp()), "
             "passed_by = coalesce(pglint.gate.passed_by, session_user);\n",
             quote_literal(plan_.id), quote_literal(gate)) +
         event("", "passed", gate);
}

std::string State::close_again(std::string_view gate) const {
  return fmt::format("UPDATE pglint.gate SET passed_at = NULL, passed_by = NULL WHERE plan = {} AND gate = {};\n",
                     quote_literal(plan_.id), quote_literal(gate)) +
         fmt::format("DELETE FROM pglint.gate WHERE plan = {} AND gate = {};\n", quote_literal(plan_.id),
                     quote_literal(std::string(gate) + "-undo")) +
         event("", "closed again", gate);
}

std::string State::forget() const {
  // A gate that is left closed would say that all before it is done.
  return fmt::format(
             "DELETE FROM pglint.plan WHERE id = {0} AND token = {1};\nDELETE FROM pglint.gate WHERE plan = {0};\n",
             quote_literal(plan_.id), quote_literal(token_)) +
         event("", "undone", "the whole plan");
}

std::string State::event(std::string_view step, std::string_view kind, std::string_view detail) const {
  return fmt::format(
      "INSERT INTO pglint.event (plan, step, kind, detail) VALUES ({}, NULLIF({}, ''), {}, NULLIF({}, ''));\n",
      quote_literal(plan_.id), quote_literal(step), quote_literal(kind), quote_literal(detail));
}

}  // namespace pglint::apply
