#include "apply/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "apply/gate.h"
#include "apply/query.h"
#include "apply/schedule.h"
#include "apply/words.h"
#include "base/text.h"
#include "plan/form/file.h"
#include "plan/form/quote.h"
#include "report/json_writer.h"

namespace pglint::apply {
namespace {

struct StepStatus {
  std::string id = {};
  std::string phase = {};
  std::string state = {};
  std::uint64_t rows_done = 0;
  std::uint64_t rows_total = 0;
  bool counts_rows = false;
  std::string error = {};
};

struct PlanStatus {
  std::string id = {};
  std::string path = {};
  std::string state = {};
  std::string gate = {};  // at which it stands
  std::string release = {};
  std::string error = {};
  std::vector<std::string> shut = {};  // gates that refuse files behind them
  std::vector<StepStatus> steps = {};
};

void print(std::FILE* file, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

int print(const Stop& why) {
  print(stderr, words(why) + "\n");
  return why.exit;
}

// The state in one word, and each step's.
PlanStatus status_of(const PlanFile& file, const Record& record, const Outcome<Picture>& picture) {
  PlanStatus status{.id = file.plan.id, .path = file.path};
  std::size_t open = 0;
  bool any_done = false;
  std::size_t at = 0;
  for (const Stage& stage : file.plan.stages) {
    if (stage.gate) {
      const GateRecord* gate = record.gate_of(stage.gate->id);
      if (gate != nullptr && gate->passed_at.empty()) status.shut.push_back(stage.gate->id);
      ++at;
    }
    for (const Step& step : stage.steps) {
      const StepRecord* recorded = record.step(step.id);
      StepStatus one{.id = step.id, .phase = std::string(name(stage.phase)), .state = "pending"};
      one.counts_rows = step.kind == StepKind::backfill;
      if (recorded != nullptr) {
        one.state = recorded->state;
        one.rows_done = recorded->rows_done;
        one.rows_total = recorded->rows_total;
        one.error = recorded->error;
      }
      if (picture && picture->items[at].done) one.state = "done";
      any_done = any_done || one.state == "done";
      status.steps.push_back(std::move(one));
      ++at;
    }
  }
  if (!picture) {
    status.state = "failed";
    status.error = picture.error().message;
    return status;
  }
  open = picture->first_open();
  const bool at_gate = open < picture->items.size() && picture->items[open].step == nullptr;
  if (open == picture->items.size())
    status.state = "done";
  else if (record.begun && record.state == "running")
    status.state = record.runs ? "running" : "interrupted";
  else if (at_gate && any_done)
    status.state = "gate";
  else if (record.begun && (record.state == "failed" || record.state == "interrupted"))
    status.state = record.state;
  else
    status.state = at_gate ? "gate" : any_done ? "interrupted" : "pending";
  if (at_gate) {
    status.gate = picture->items[open].stage->gate->id;
    status.release = picture->items[open].stage->gate->release;
  }
  if (status.state == "failed") status.error = record.error;
  if (status.state != "running")
    for (StepStatus& step : status.steps)
      if (step.state == "running") step.state = "pending";
  return status;
}

std::string to_json(const std::vector<PlanStatus>& plans) {
  std::string out;
  report::JsonWriter json(out);
  json.begin_object().key("version").number(1).key("plans").begin_array();
  for (const PlanStatus& plan : plans) {
    json.begin_object().key("id").string(plan.id).key("state").string(plan.state).key("gate");
    if (plan.gate.empty())
      json.null();
    else
      json.string(plan.gate);
    json.key("steps").begin_array();
    for (const StepStatus& step : plan.steps) {
      json.line()
          .begin_object()
          .key("id")
          .string(step.id)
          .key("phase")
          .string(step.phase)
          .key("state")
          .string(step.state);
      json.key("rows_done");
      step.counts_rows ? json.number(step.rows_done) : json.null();
      json.key("rows_total");
      step.counts_rows&& step.rows_total > 0 ? json.number(step.rows_total) : json.null();
      json.key("error");
      step.error.empty() ? json.null() : json.string(step.error);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return out + "\n";
}

std::string to_text(const std::vector<PlanStatus>& plans) {
  std::string out;
  for (const PlanStatus& plan : plans) {
    std::size_t done = 0;
    for (const StepStatus& step : plan.steps) done += step.state == "done" ? 1 : 0;
    out +=
        fmt::format("{}: {}, {} of {} steps are done\n", printable(plan.id),
                    plan.state == "gate" ? "at the gate " + printable(plan.gate) : plan.state, done, plan.steps.size());
    std::string phase;
    for (const StepStatus& step : plan.steps) {
      if (step.phase != phase) out += fmt::format("  {}\n", step.phase);
      phase = step.phase;
      out += fmt::format("    {:<8} {}", step.state, printable(step.id));
      if (step.counts_rows && step.rows_done > 0 && step.state != "done") {
        out += fmt::format(", {} rows", words(step.rows_done));
        if (step.rows_total > 0) out += fmt::format(" of about {}", words(step.rows_total));
      }
      out += "\n";
      if (!step.error.empty()) out += fmt::format("             {}\n", printable(step.error));
    }
    if (!plan.error.empty()) out += fmt::format("  {}\n", printable(plan.error));
    if (!plan.gate.empty())
      out +=
          fmt::format("  The gate {} waits for the release that {}.\n", printable(plan.gate), printable(plan.release));
    for (const std::string& gate : plan.shut)
      out += fmt::format(
          "  The gate {0} is closed: migration files behind it stop with \"gate {0} of plan {1} is closed\" until\n"
          "    {2}\n",
          printable(gate), printable(plan.id), command("pass " + gate, plan.path));
  }
  if (plans.empty()) out = "There is no plan here, and none in the database.\n";
  return out;
}

Outcome<std::vector<PlanFile>> with_recorded(Connection& connection, const std::vector<PlanFile>& files) {
  std::vector<PlanFile> all = files;
  const auto there = ask(connection, "SELECT to_regclass('pglint.plan')", "cannot look for plans");
  if (!there) return tl::unexpected(there.error());
  if (!there->rows.at(0).at(0)) return all;
  const auto recorded =
      ask(connection, "SELECT id, yaml, hash FROM pglint.plan ORDER BY id", "cannot read pglint.plan");
  if (!recorded) return tl::unexpected(recorded.error());
  for (const Row& row : recorded->rows) {
    const std::string id = row.at(0).value_or("");
    if (std::any_of(all.begin(), all.end(), [&id](const PlanFile& file) { return file.plan.id == id; })) continue;
    Result<Plan> plan = plan::from_yaml(row.at(1).value_or(""));
    if (!plan) continue;  // of a newer form
    all.push_back(
        {.path = fmt::format(".pglint/plans/{}.yml", id), .plan = std::move(*plan), .hash = row.at(2).value_or("")});
  }
  return all;
}

bool has_gate(const Plan& plan, const std::string& gate) {
  return std::any_of(plan.stages.begin(), plan.stages.end(),
                     [&gate](const Stage& stage) { return stage.gate && stage.gate->id == gate; });
}

// The one plan that has the gate.
Outcome<const PlanFile*> plan_with(const std::vector<PlanFile>& files, const std::string& gate) {
  const PlanFile* found = nullptr;
  for (const PlanFile& file : files) {
    if (!has_gate(file.plan, gate)) continue;
    if (found != nullptr)
      return stop(refused,
                  fmt::format("the gate {} is in two plans, {} and {}", printable(gate), printable(found->plan.id),
                              printable(file.plan.id)),
                  "Name one: --plan FILE");
    found = &file;
  }
  if (found == nullptr)
    return stop(refused, fmt::format("there is no gate {}", printable(gate)), "pglint status lists them.");
  return found;
}

Outcome<int> status(const std::vector<PlanFile>& files, const std::string& gate, bool json) {
  auto connection = open_reader();
  if (!connection) return tl::unexpected(connection.error());
  const auto all = with_recorded(*connection, files);
  if (!all) return tl::unexpected(all.error());
  std::vector<const PlanFile*> chosen;
  if (gate.empty()) {
    for (const PlanFile& file : *all) chosen.push_back(&file);
  } else {
    const auto one = plan_with(*all, gate);
    if (!one) return tl::unexpected(one.error());
    chosen.push_back(*one);
  }
  std::vector<PlanStatus> statuses;
  int code = Exit::done;
  for (const PlanFile* file : chosen) {
    const auto record = load(*connection, file->plan.id);
    if (!record) return tl::unexpected(record.error());
    if (record->begun && record->hash != file->hash)
      return stop(refused,
                  fmt::format("the plan {} was changed since its first run on this database", printable(file->plan.id)),
                  "Take the plan as it was (git has it).");
    const auto picture = look(*connection, file->plan, *record);
    if (!picture && picture.error().exit != held_back) return tl::unexpected(picture.error());
    statuses.push_back(status_of(*file, *record, picture));
    if (gate.empty()) continue;
    const bool open = picture && picture->first_open() >= picture->gate(gate);
    if (!open) code = apply::gate;
  }
  print(stdout, json ? to_json(statuses) : to_text(statuses));
  return code;
}

Outcome<void> pass(const std::vector<PlanFile>& files, const std::string& gate) {
  std::vector<PlanFile> all = files;
  if (files.empty()) {
    auto reader = open_reader();
    if (!reader) return tl::unexpected(reader.error());
    auto recorded = with_recorded(*reader, files);
    if (!recorded) return tl::unexpected(recorded.error());
    all = std::move(*recorded);
  }
  const auto file = plan_with(all, gate);
  if (!file) return tl::unexpected(file.error());
  const Plan& plan = (*file)->plan;
  auto session = open_session(plan);
  if (!session) return tl::unexpected(session.error());
  const auto record = load(session->monitor, plan.id);
  if (!record) return tl::unexpected(record.error());
  if (record->begun && record->hash != (*file)->hash)
    return stop(refused,
                fmt::format("the plan {} was changed since its first run on this database", printable(plan.id)),
                "Take the plan as it was (git has it).");
  const auto picture = look(session->monitor, plan, *record);
  if (!picture) return tl::unexpected(picture.error());
  if (auto may = may_pass(plan, *picture, gate); !may) return may;
  const State state(plan, "");
  const auto there = ask(session->worker, "SELECT to_regclass('pglint.event')", "cannot look for the schema pglint");
  if (!there) return tl::unexpected(there.error());
  const auto passed = ask(session->worker, (there->rows.at(0).at(0) ? "" : create_tables()) + state.pass_gate(gate),
                          "cannot record the gate");
  if (!passed) return tl::unexpected(passed.error());
  print(stdout, fmt::format("The gate {} of plan {} is passed, by {}.\n", printable(gate), printable(plan.id),
                            printable(session->user)));
  return {};
}

bool names_a_database() {
  for (const char* name : {"PGLINT_DATABASE_URL", "PGHOST", "PGDATABASE", "PGSERVICE"})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return true;
  return false;
}

void statement(std::string& out, const std::string& sql) {
  std::size_t at = 0;
  while (at <= sql.size()) {
    const std::size_t end = std::min(sql.find('\n', at), sql.size());
    std::string line;
    Printer(line).all(std::string_view(sql).substr(at, end - at));
    out += "      " + line + (end == sql.size() ? ";" : "") + "\n";
    at = end + 1;
  }
}

void step_text(std::string& out, const Step& step, bool undo) {
  if (!step.comment.empty()) out += fmt::format("    -- {}\n", printable(step.comment));
  for (const StepLock& lock : step.locks)
    out += fmt::format("    -- {} on {}\n", name(lock.mode), printable(lock.relation));
  if (step.kind == StepKind::backfill && !undo) {
    const Backfill& backfill = *step.backfill;
    out += fmt::format("    -- batches of {} rows and more along {}, lock_timeout 500 ms, {} ms between them\n",
                       backfill.batch, printable(backfill.index), backfill.pause_ms);
    std::string set;
    for (const auto& [column, expression] : backfill.set)
      set += fmt::format("{}{} = {}", set.empty() ? "" : ", ", plan::quote_name(column), expression);
    const std::string table =
        backfill.table + (backfill.alias.empty() ? "" : " AS " + plan::quote_name(backfill.alias));
    std::string sql = backfill.set.empty() ? "DELETE FROM " + table : "UPDATE " + table + " SET " + set;
    if (!backfill.from.empty()) sql += (backfill.set.empty() ? "\nUSING " : "\nFROM ") + backfill.from;
    sql += "\nWHERE (the keys of the batch)";
    if (!backfill.where.empty()) sql += " AND (" + backfill.where + ")";
    return statement(out, sql);
  }
  const std::vector<std::string>& statements = undo ? step.undo : step.sql;
  if (statements.empty()) {
    out += "    -- nothing to do\n";
  } else if (step.lock_class == LockClass::a) {
    const Attempt first = attempt(0, std::chrono::milliseconds(1000));
    const Attempt last = attempt(9, std::chrono::milliseconds(1000));
    out += fmt::format("    -- {}, lock_timeout {} ms to {} ms, repeated; statement_timeout 30 s\n",
                       step.own_transaction ? "one transaction" : "outside of any transaction",
                       first.lock_timeout.count(), last.lock_timeout.count());
  } else {
    out += fmt::format("    -- {}, lock_timeout 0, watched\n",
                       step.own_transaction ? "one transaction" : "outside of any transaction");
  }
  for (const std::string& sql : statements) statement(out, sql);
}

Outcome<void> statements(const PlanFile& file, bool undo) {
  Record record;
  Outcome<Picture> picture = Picture{};
  const bool live = names_a_database();
  if (live) {
    auto connection = open_reader();
    if (!connection) return tl::unexpected(connection.error());
    auto loaded = load(*connection, file.plan.id);
    if (!loaded) return tl::unexpected(loaded.error());
    record = std::move(*loaded);
    if (record.begun && record.hash != file.hash)
      return stop(refused,
                  fmt::format("the plan {} was changed since its first run on this database", printable(file.plan.id)));
    picture = look(*connection, file.plan, record);
    if (!picture) return tl::unexpected(picture.error());
  }
  std::vector<std::string> blocks;
  std::size_t at = 0;
  for (const Stage& stage : file.plan.stages) {
    if (stage.gate) {
      const bool passed = live && picture->items[at++].done;
      blocks.push_back(fmt::format("gate {}, {}\n    -- waits for the release that {}\n", printable(stage.gate->id),
                                   passed ? "passed" : "stops here until it is passed",
                                   printable(stage.gate->release)));
    }
    for (const Step& step : stage.steps) {
      const bool done = live && picture->items[at++].done;
      std::string block = fmt::format("{} {}{}\n", name(stage.phase), printable(step.id), done ? ", done already" : "");
      if (done == undo || !live) step_text(block, step, undo);
      blocks.push_back(std::move(block));
    }
  }
  if (undo) std::reverse(blocks.begin(), blocks.end());
  std::string out;
  for (const std::string& block : blocks) out += block;
  print(stdout, out);
  return {};
}

}  // namespace

int show_status(const std::vector<PlanFile>& plans, const std::string& gate, bool json) {
  const auto code = status(plans, gate, json);
  return code ? *code : print(code.error());
}

int pass_gate(const std::vector<PlanFile>& plans, const std::string& gate) {
  const auto passed = pass(plans, gate);
  return passed ? Exit::done : print(passed.error());
}

int show_statements(const PlanFile& file, bool undo) {
  const auto shown = statements(file, undo);
  return shown ? Exit::done : print(shown.error());
}

}  // namespace pglint::apply
