#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "apply/assumes.h"
#include "apply/executor.h"
#include "apply/gate.h"
#include "apply/query.h"
#include "apply/signals.h"
#include "apply/words.h"
#include "base/text.h"
#include "plan/form/file.h"
#include "plan/form/quote.h"

namespace pglint::apply {
namespace {

using plan::quote_literal;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// 'pglt': one executor in a database at a time. Not a lock of the transaction, and never waited for in the server: a
// session that waits there keeps CREATE INDEX CONCURRENTLY from ending. The backend of a client that was killed ends
// its statement first, and may commit it: it has the lock until then.
constexpr std::string_view try_lock = "SELECT pg_try_advisory_lock(1885826164, 0)";
constexpr std::string_view still_locked =
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 1885826164 AND objid = 0 AND "
    "objsubid = 2 AND granted AND pid = pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = "
    "current_database()))";
constexpr std::string_view who_has_lock =
    "SELECT a.pid, a.application_name, left(regexp_replace(a.query, '\\s+', ' ', 'g'), 120), a.state FROM pg_locks l "
    "JOIN "
    "pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.classid = 1885826164 AND l.objid = 0 AND "
    "l.objsubid "
    "= 2 AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";

std::string new_token() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

Outcome<void> take_lock(Session& session, const RunOptions& options, Progress& progress) {
  const auto begun = steady_clock::now();
  for (bool said = false;;) {
    const auto taken = ask(session.worker, std::string(try_lock), "cannot lock the plans of this database");
    if (!taken) return tl::unexpected(taken.error());
    if (taken->value() == "t") return {};
    const auto who = ask(session.monitor, std::string(who_has_lock), "cannot see who runs plans");
    if (!who) return tl::unexpected(who.error());
    std::string holder = "another pglint";
    if (!who->rows.empty()) {
      const Row& row = who->rows[0];
      holder = fmt::format("pid {} ({})", row.at(0).value_or("?"), printable(row.at(1).value_or("")));
      if (row.at(3) == "active") holder += fmt::format(", which executes: {}", printable(row.at(2).value_or("")));
    }
    if (!said)
      progress.note(
          fmt::format("Waiting for another run of pglint in this database, or for what a killed one left: {}", holder));
    said = true;
    if (steady_clock::now() - begun > options.lock_budget)
      return stop(held_back,
                  fmt::format("another run of pglint in this database did not end within {}: {}",
                              words(options.lock_budget), holder),
                  "Repeat the command when it has ended.");
    if (!sleep_unless_stopped(milliseconds(200))) return stopped_by_signal();
  }
}

Outcome<void> same_plan(const Session& session, const Plan& plan, const Record& record, std::string_view hash) {
  if (!record.begun) return {};
  if (record.hash != hash)
    return stop(refused,
                fmt::format("the plan {} was changed since its first run on this database", printable(plan.id)),
                "Take the plan as it was (git has it), or undo it with that one first.");
  const bool other_system = !record.system_identifier.empty() && !session.system_identifier.empty() &&
                            record.system_identifier != session.system_identifier;
  if (other_system || record.database != session.database)
    return stop(
        refused, fmt::format("this database is a copy: the plan {} was run on another one", printable(plan.id)),
        "What is recorded here is not about this database. If it is meant to be changed on its own: DROP SCHEMA "
        "pglint CASCADE, and start anew.");
  return {};
}

// Another plan that is not at its end and changes the same columns.
Outcome<void> no_older_plan(Session& session, const Plan& plan, const Record& record) {
  if (record.begun) return {};
  const auto there = ask(session.monitor, "SELECT to_regclass('pglint.plan')", "cannot look for plans");
  if (!there) return tl::unexpected(there.error());
  if (!there->rows.at(0).at(0)) return {};
  const auto others =
      ask(session.monitor,
          fmt::format("SELECT id, yaml FROM pglint.plan WHERE state <> 'done' AND id <> {}", quote_literal(plan.id)),
          "cannot look for plans");
  if (!others) return tl::unexpected(others.error());
  for (const Row& row : others->rows) {
    const Result<Plan> other = plan::from_yaml(row.at(1).value_or(""));
    if (!other) continue;  // of a newer form: its own pglint looks after it
    for (const Assumption& one : plan.assumes)
      for (const Assumption& two : other->assumes)
        if (one.relation == two.relation)
          for (const auto& [column, words] : one.columns)
            for (const auto& [other_column, other_words] : two.columns)
              if (column == other_column)
                return stop(held_back,
                            fmt::format("the plan {} changes {}.{}, too, and is not at its end", printable(other->id),
                                        printable(one.relation), printable(column)),
                            "Bring that one to its end first, or undo it.");
  }
  return {};
}

std::string of_lines(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += "\n  " + line;
  return out;
}

Outcome<void> run_check(Executor& executor, const DataCheck& check) {
  const Answer answer = run_as_written(executor.session.worker, check.sql, [&] {
    executor.progress.now(fmt::format("check {}", printable(check.id)));
    return signals_caught() != 0 ? Go::cancel : Go::on;
  });
  if (answer.sqlstate == "57014" && signals_caught() != 0) return stopped_by_signal();
  if (!answer.ok()) return stop(answer, fmt::format("the check {}", printable(check.id)));
  if (answer.rows.empty()) return {};
  std::string rows;
  for (const Row& row : answer.rows) {
    std::string line;
    for (const auto& value : row)
      line += (line.empty() ? "" : ", ") + (value ? printable(utf8_prefix(*value, 80)) : "NULL");
    rows += "\n  " + line;
    if (rows.size() > 1000) break;
  }
  return stop(
      held_back, fmt::format("the check {} found {}:{}", printable(check.id), printable(check.says), rows),
      fmt::format("The step {} would fail on them. Mend the data, then repeat the command.", printable(check.before)));
}

// Nobody else has changed what the plan stands on.
Outcome<void> verify(Executor& executor) {
  std::string done;
  for (const std::string& id : executor.done) done += id + "\n";
  const auto facts = ask(executor.session.worker,
                         fmt::format("SELECT catalog, catalog_of, ({}) FROM pglint.plan WHERE id = {}",
                                     catalog_query(executor.plan), quote_literal(executor.plan.id)),
                         "cannot look at what the plan was built on");
  if (!facts) return tl::unexpected(facts.error());
  if (facts->rows.empty()) return stop(held_back, "what is recorded of the plan is gone from pglint.plan");
  const Row& row = facts->rows[0];
  if (row.at(0) && row.at(1) == done) {
    const std::vector<std::string> changed = changes(row.at(0).value_or(""), row.at(2).value_or(""));
    if (changed.empty()) return {};
    if (!executor.options.accept_changes)
      return stop(
          held_back,
          fmt::format("somebody changed what the plan {} stands on:{}", printable(executor.plan.id), of_lines(changed)),
          "Put it back; or, if the plan's remaining steps still do the right thing: --accept-changes");
  }
  // Steps that somebody else ran (the runner's files) may have changed it, too.
  const auto kept = ask(executor.session.worker, executor.state.fence() + executor.state.facts(executor.done),
                        "cannot record what the plan stands on");
  if (!kept) return tl::unexpected(kept.error());
  return {};
}

// Everything that can be known before anything is changed.
Outcome<void> before_first_step(Executor& executor, const Picture& picture) {
  Connection& monitor = executor.session.monitor;
  if (executor.session.free_connections < executor.options.limits.free)
    return stop(held_back,
                fmt::format("the server has {} connections left beside the 2 that a plan takes",
                            std::max(executor.session.free_connections, 0)),
                "Clients would be refused: repeat the command when there are more, or raise max_connections.");
  if (picture.untouched()) {
    const auto facts = ask(monitor, catalog_query(executor.plan), "cannot look at what the plan was built on");
    if (!facts) return tl::unexpected(facts.error());
    const std::vector<std::string> different = unlike_plan(executor.plan, facts->value());
    if (!different.empty())
      return stop(held_back,
                  fmt::format("the database is not as the plan {} assumes:{}", printable(executor.plan.id),
                              of_lines(different)),
                  "Make the plan again from migrations that say what is there.");
  }
  if (auto fit = check_backfills(monitor, executor.plan, nullptr, executor.options.accept_triggers); !fit) return fit;
  for (const DataCheck& check : executor.plan.checks) {
    const auto step = std::find_if(picture.items.begin(), picture.items.end(), [&](const Item& item) {
      return item.step != nullptr && item.step->id == check.before;
    });
    if (step != picture.items.end() && step->done) continue;
    if (auto passed = run_check(executor, check); !passed) return passed;
  }
  return {};
}

Outcome<void> run_step(Executor& executor, const Step& step) {
  for (const DataCheck& check : executor.plan.checks)
    if (check.before == step.id)
      if (auto passed = run_check(executor, check); !passed) return passed;
  // A pooler may have changed the session behind a connection that was one at the start.
  const auto locked = ask(executor.session.worker, std::string(still_locked), executor.heading(step));
  if (!locked) return tl::unexpected(locked.error());
  if (locked->value() != "t")
    return stop(refused, fmt::format("{}: this session is not the one that locked the plans", executor.heading(step)),
                "Is there a connection pooler in between? Connect to the server itself.");
  const auto named = ask(
      executor.session.worker,
      fmt::format("SET application_name = {}", quote_literal(fmt::format("pglint:{}:{}", executor.plan.id, step.id))),
      executor.heading(step));
  if (!named) return tl::unexpected(named.error());
  if (step.kind == StepKind::backfill) return run_backfill(executor, step);
  return step.lock_class == LockClass::a ? run_short(executor, step) : run_long(executor, step);
}

// What happened, where the next run and `status` find it.
void record_stop(Executor& executor, const Step* step, const Stop& why) {
  if (why.lost) return;
  const std::string error = why.message;
  std::string sql = executor.state.fence();
  if (why.exit == interrupted) {
    sql += executor.state.stopped("interrupted", "", "");
  } else {
    if (step != nullptr) sql += executor.state.step_failed(*step, error);
    sql += executor.state.stopped("failed", "", error);
  }
  // If this fails, the state is that of a killed run, which the next one knows how to read.
  static_cast<void>(executor.session.worker.run(sql));
}

Outcome<void> at_gate(Executor& executor, const Gate& gate) {
  const auto recorded =
      ask(executor.session.worker, executor.state.fence() + executor.state.stopped("gate", gate.id, ""),
          "cannot record the gate");
  if (!recorded) return tl::unexpected(recorded.error());
  return stop(apply::gate,
              fmt::format("Gate {}: everything before it is done. It waits for the release that {}.",
                          printable(gate.id), printable(gate.release)),
              "Once that release runs everywhere and no older one runs anywhere:\n  " +
                  command("fix --apply --passed " + gate.id, executor.options.plan_path));
}

Outcome<void> forward(Executor& executor, Picture& picture) {
  const Stage* through = nullptr;
  if (executor.options.through) {
    for (const Item& item : picture.items)
      if (through == nullptr && !item.done && item.step != nullptr && item.stage->phase == *executor.options.through)
        through = item.stage;
    if (through == nullptr) {
      executor.progress.line(fmt::format("There is no phase {} that is not done.", name(*executor.options.through)));
      return {};
    }
  }
  const Stage* current = nullptr;
  for (std::size_t i = 0; i < picture.items.size(); ++i) {
    Item& item = picture.items[i];
    if (item.step != nullptr) ++executor.number;
    if (item.done) {
      if (item.step != nullptr) {
        executor.done.push_back(item.step->id);
        if (item.recorded) continue;
        // Done, but not by us: by the runner's files, by hand, or by a statement whose end nobody saw.
        const auto found =
            ask(executor.session.worker, executor.state.fence() + executor.state.step_done(*item.step, "found"),
                executor.heading(*item.step));
        if (!found) return tl::unexpected(found.error());
        executor.progress.line(fmt::format("  {} is done already", printable(item.step->id)));
      }
      continue;
    }
    if (through != nullptr && current == through && item.stage != through) {
      executor.progress.line(fmt::format("Stopped behind the phase {}, as --through says.", name(through->phase)));
      return {};
    }
    if (item.step == nullptr) return at_gate(executor, *item.stage->gate);
    // A database that is built from the folder has to end as this one does.
    if (executor.options.needs_files && item.stage->files.empty()) {
      std::string before;
      for (const Item& gate : picture.items)
        if (gate.step == nullptr && &gate < &item) before = gate.stage->gate->id;
      const Stop why{
          .exit = refused,
          .message = fmt::format("The step {} stands in no migration file yet.", printable(item.step->id)),
          .hint = "Write the files first:\n  " +
                  command(before.empty() ? "fix" : "fix --next --passed " + before, executor.options.plan_path)};
      record_stop(executor, nullptr, why);
      return tl::unexpected(why);
    }
    if (item.stage != current) {
      current = item.stage;
      if (auto unchanged = verify(executor); !unchanged)
        return record_stop(executor, nullptr, unchanged.error()), unchanged;
      executor.progress.line(name(current->phase));
    }
    const auto begun = steady_clock::now();
    auto done = run_step(executor, *item.step);
    if (!done) return record_stop(executor, item.step, done.error()), done;
    executor.done.push_back(item.step->id);
    ++executor.executed;
    executor.progress.line(fmt::format("  {} {}", printable(item.step->id),
                                       words(std::chrono::duration_cast<milliseconds>(steady_clock::now() - begun))));
    if (signals_caught() != 0) {
      const Stop why = stopped_by_signal().value();
      record_stop(executor, nullptr, why);
      return tl::unexpected(why);
    }
  }
  const auto ended = ask(executor.session.worker, executor.state.fence() + executor.state.stopped("done", "", ""),
                         "cannot record the end");
  if (!ended) return tl::unexpected(ended.error());
  executor.progress.line(fmt::format("Plan {} is done.", printable(executor.plan.id)));
  return {};
}

Outcome<void> backward(Executor& executor, const Picture& picture, const Record& record) {
  const auto touched = [&record](const Item& item) {
    const StepRecord* step = record.step(item.step->id);
    return item.done || (step != nullptr && step->state != "pending");
  };
  const auto may_undo = [&](const Item& gate) { return executor.options.passed == gate.stage->gate->id + "-undo"; };
  // All of what stands in the way is known before anything is taken back.
  for (std::size_t i = picture.items.size(); i-- > 0;) {
    const Item& item = picture.items[i];
    if (item.step == nullptr && item.done && !may_undo(item)) break;
    if (item.step != nullptr && item.step->irreversible && item.done)
      return stop(held_back,
                  fmt::format("the step {} is done, and cannot be taken back: data is gone", printable(item.step->id)),
                  "What it removed can only come from a backup.");
  }
  for (std::size_t i = picture.items.size(); i-- > 0;) {
    const Item& item = picture.items[i];
    if (item.step == nullptr) {
      if (!item.done) continue;
      const Gate& gate = *item.stage->gate;
      if (!may_undo(item)) {
        const auto recorded =
            ask(executor.session.worker, executor.state.fence() + executor.state.stopped("interrupted", "", ""),
                "cannot record");
        if (!recorded) return tl::unexpected(recorded.error());
        return stop(
            apply::gate,
            fmt::format(
                "Gate {} was passed: everything behind it is taken back. What is before it, the release that {} "
                "stands on.",
                printable(gate.id), printable(gate.release)),
            "Once that release runs nowhere any more:\n  " +
                command("fix --undo --apply --passed " + gate.id + "-undo", executor.options.plan_path));
      }
      const auto closed = ask(executor.session.worker, executor.state.fence() + executor.state.close_again(gate.id),
                              "cannot close the gate again");
      if (!closed) return tl::unexpected(closed.error());
      executor.progress.line(fmt::format("  gate {} is closed again", printable(gate.id)));
      continue;
    }
    if (!touched(item)) continue;
    executor.number = 1 + static_cast<std::size_t>(std::count_if(
                              picture.items.begin(), picture.items.begin() + static_cast<std::ptrdiff_t>(i),
                              [](const Item& before) { return before.step != nullptr; }));
    auto undone = undo_step(executor, *item.step);
    if (!undone) return record_stop(executor, nullptr, undone.error()), undone;
    executor.progress.line(fmt::format("  {} is taken back", printable(item.step->id)));
    failpoint(item.step->id, "undone");
    if (signals_caught() != 0) {
      const Stop why = stopped_by_signal().value();
      record_stop(executor, nullptr, why);
      return tl::unexpected(why);
    }
  }
  const auto forgotten =
      ask(executor.session.worker, executor.state.fence() + executor.state.forget(), "cannot record the end");
  if (!forgotten) return tl::unexpected(forgotten.error());
  executor.progress.line(fmt::format("Plan {} is taken back.", printable(executor.plan.id)));
  return {};
}

Outcome<void> once(const Plan& plan, std::string_view hash, const RunOptions& options, Progress& progress,
                   bool& connected) {
  auto opened = open_session(plan);
  if (!opened) return tl::unexpected(opened.error());
  Session& session = *opened;
  if (!std::exchange(connected, true))
    progress.note(fmt::format("Plan {} on {}\n  2 connections; {} more are free", printable(plan.id),
                              session.worker.where(), std::max(session.free_connections, 0)));
  if (auto locked = take_lock(session, options, progress); !locked) return locked;

  auto record = load(session.monitor, plan.id);
  if (!record) return tl::unexpected(record.error());
  if (auto same = same_plan(session, plan, *record, hash); !same) return same;
  if (auto first = no_older_plan(session, plan, *record); !first) return first;
  auto picture = look(session.monitor, plan, *record);
  if (!picture) return tl::unexpected(picture.error());

  State state(plan, new_token());
  Executor executor{.plan = plan, .options = options, .session = session, .state = state, .progress = progress};
  for (const Stage& stage : plan.stages) executor.steps += stage.steps.size();
  if (options.undo && !record->begun && picture->untouched()) {
    progress.line("There is nothing to take back.");
    return {};
  }
  const bool pass = !options.passed.empty() && !options.undo;
  if (pass)
    if (auto may = may_pass(plan, *picture, options.passed); !may) return may;
  if (options.undo && !options.passed.empty()) {
    const bool is_gate = options.passed.ends_with("-undo") &&
                         picture->gate(options.passed.substr(0, options.passed.size() - 5)) < picture->items.size();
    if (!is_gate)
      return stop(refused,
                  fmt::format("--passed {}: with --undo it names a gate and -undo", printable(options.passed)));
  }
  if (!record->begun && !options.undo)
    if (auto ready = before_first_step(executor, *picture); !ready) return ready;

  const auto begun =
      ask(session.worker, state.begin(session, hash, options.yaml), "cannot record the plan in the schema pglint");
  if (!begun) return tl::unexpected(begun.error());
  if (options.undo) return backward(executor, *picture, *record);
  if (pass) {
    auto passed = ask(session.worker, state.fence() + state.pass_gate(options.passed), "cannot record the gate");
    if (!passed) return tl::unexpected(passed.error());
    picture->items[picture->gate(options.passed)].done = true;
  }
  const auto started = steady_clock::now();
  auto ended = forward(executor, *picture);
  if (executor.executed > 0)
    progress.line(
        fmt::format("{} step{} in {} on 2 connections{}", executor.executed, executor.executed == 1 ? "" : "s",
                    words(std::chrono::duration_cast<milliseconds>(steady_clock::now() - started)),
                    executor.paused.count() == 0
                        ? ""
                        : fmt::format(", {} of it in pauses for {}", words(executor.paused), executor.paused_for)));
  return ended;
}

void print(Progress& progress, const Stop& why) {
  why.exit == gate ? progress.line(words(why)) : progress.note(words(why));
}

}  // namespace

int run_plan(const Plan& plan, std::string_view hash, const RunOptions& options) {
  Progress progress;
  bool connected = false;
  auto lost_at = steady_clock::time_point();
  milliseconds pause{0};
  for (;;) {
    const bool was_connected = connected;
    const auto begun = steady_clock::now();
    const auto ended = once(plan, hash, options, progress, connected);
    if (ended) return Exit::done;
    Stop why = ended.error();
    // A server that restarts cannot be connected to for a while, either.
    const bool lost = why.lost || (was_connected && why.exit == failed && why.message.starts_with("cannot connect"));
    if (!lost) return print(progress, why), why.exit;
    const auto now = steady_clock::now();
    if (pause == milliseconds(0) || now - begun > std::chrono::minutes(1)) {
      lost_at = now;
      pause = milliseconds(1000);
      progress.note(fmt::format("the connection is lost ({}); connecting again", printable(why.message)));
    } else {
      pause = std::min(2 * pause, milliseconds(60'000));
    }
    if (now - lost_at > options.reconnect_budget) {
      why.hint = "What is done is recorded. Repeat the command when the server can be reached.";
      return print(progress, why), why.exit;
    }
    if (!sleep_unless_stopped(pause)) {
      print(progress, stopped_by_signal().value());
      return interrupted;
    }
  }
}

}  // namespace pglint::apply
