// Steps that block nobody and are long: they wait as long as it takes, watched by the other connection.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "apply/executor.h"
#include "apply/index_text.h"
#include "apply/query.h"
#include "apply/signals.h"
#include "apply/words.h"
#include "base/text.h"
#include "plan/form/quote.h"

namespace pglint::apply {
namespace {

using plan::quote_literal;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// "building index: scanning table, 43 %", from pg_stat_progress_create_index.
std::string how_far(const Row& row) {
  const auto number = [&row](std::size_t at) { return std::strtod(row.at(at).value_or("0").c_str(), nullptr); };
  std::string text = row.at(0).value_or("");
  if (number(2) > 0)
    text += fmt::format(", {} %", static_cast<int>(100 * number(1) / number(2)));
  else if (number(4) > 0)
    text += fmt::format(", {} %", static_cast<int>(std::min(100.0, 100 * number(3) / number(4))));
  return text;
}

// An index of the name that is to be built and that is not valid: what a build left that was cut off.
Outcome<void> clear_the_way(Executor& executor, const Step& step, const std::string& name) {
  Session& session = executor.session;
  std::string relations;
  for (const StepLock& lock : step.locks)
    relations += fmt::format("{}to_regclass({})", relations.empty() ? "" : ", ", quote_literal(lock.relation));
  if (relations.empty()) return {};
  // A live build of the same name, by a backend whose client is gone, is waited for.
  for (bool said = false;;) {
    const auto found =
        ask(session.monitor,
            fmt::format(R"(SELECT i.indexrelid::regclass, pg_get_indexdef(i.indexrelid), i.indisvalid, p.pid
FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_stat_progress_create_index p ON p.index_relid = c.oid
WHERE c.relname = {} AND i.indrelid IN ({}))",
                        quote_literal(name), relations),
            executor.heading(step));
    if (!found) return tl::unexpected(found.error());
    if (found->rows.empty()) {
      // From now on, an INVALID index of this name is what we left.
      const auto intent =
          ask(session.worker, executor.state.fence() + executor.state.step_running(step, name), executor.heading(step));
      if (!intent) return tl::unexpected(intent.error());
      return {};
    }
    const Row& row = found->rows[0];
    if (row.at(2) == "t") {
      // IF NOT EXISTS would take any for it.
      if (same_index(step.sql.at(0), row.at(1).value_or(""))) return {};
      return stop(held_back,
                  fmt::format("{}: there is an index of the name {} already: {}", executor.heading(step),
                              printable(name), printable(row.at(1).value_or(""))),
                  "Rename or drop it, if it is not what the plan wants.");
    }
    if (row.at(3)) {
      if (!said)
        executor.progress.note(fmt::format("{}: pid {} is building {} right now; waiting for it",
                                           executor.heading(step), *row.at(3), printable(name)));
      said = true;
      if (!sleep_unless_stopped(milliseconds(500))) return stopped_by_signal();
      continue;
    }
    const auto record = load(session.monitor, executor.plan.id);
    if (!record) return tl::unexpected(record.error());
    const StepRecord* mine = record->step(step.id);
    if ((mine == nullptr || mine->index != name) && !same_index(step.sql.at(0), row.at(1).value_or("")))
      return stop(
          held_back,
          fmt::format("{}: there is an INVALID index of the name {}, and it is not certain that it is one that this "
                      "step left: {}",
                      executor.heading(step), printable(name), printable(row.at(1).value_or(""))),
          fmt::format("If nobody needs it: DROP INDEX CONCURRENTLY {}", printable(row.at(0).value_or(""))));
    executor.progress.note(
        fmt::format("{}: dropping the INVALID index {} that a build left", executor.heading(step), printable(name)));
    auto dropped =
        long_statement(executor, step, fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {}", row.at(0).value_or("")));
    if (!dropped) return dropped;
  }
}

// A build waits at its end for everybody who has an older snapshot; where somebody keeps one for long, it is waited for
// before: a build that is given up is work for nothing, and leaves an index that only costs.
Outcome<void> wait_for_snapshots(Executor& executor, const Step& step) {
  Session& session = executor.session;
  const auto begun = steady_clock::now();
  for (bool said = false;;) {
    const auto old = old_snapshots(session.monitor, session.worker_pid, executor.options.limits.snapshot);
    if (!old) return tl::unexpected(old.error());
    if (old->empty()) return {};
    const std::string text =
        fmt::format("{}: the build would have to wait at its end for{}", executor.heading(step), words(*old));
    if (!said) executor.progress.note(text + "\n  Waiting for that before it begins.");
    said = true;
    if (steady_clock::now() - begun > executor.options.wait_budget)
      return stop(held_back, text,
                  fmt::format("Nothing was begun within {}. Repeat the command when they are gone.",
                              words(executor.options.wait_budget)));
    executor.progress.now(text);
    if (!sleep_unless_stopped(milliseconds(500))) return stopped_by_signal();
  }
}

}  // namespace

Outcome<void> long_statement(Executor& executor, const Step& step, const std::string& statement) {
  Session& session = executor.session;
  const auto begun = steady_clock::now();
  auto looked = begun;
  milliseconds waited{0};
  bool gave_up = false;
  std::vector<Holder> in_the_way;
  const auto tick = [&] {
    if (signals_caught() != 0) return Go::cancel;
    const auto now = steady_clock::now();
    const auto since = std::chrono::duration_cast<milliseconds>(now - looked);
    if (since < milliseconds(500)) return Go::on;
    looked = now;
    const Answer activity = session.monitor.run(fmt::format(
        R"(SELECT p.phase, p.blocks_done, p.blocks_total, p.tuples_done, p.tuples_total, a.wait_event_type = 'Lock'
FROM pg_stat_activity a LEFT JOIN pg_stat_progress_create_index p USING (pid) WHERE a.pid = {})",
        session.worker_pid));
    if (!activity.ok() || activity.rows.empty()) return Go::on;
    std::string text =
        fmt::format("{} {}", executor.heading(step), words(std::chrono::duration_cast<milliseconds>(now - begun)));
    if (activity.rows[0].at(0)) text += ", " + how_far(activity.rows[0]);
    if (activity.rows[0].at(5) == "t") {
      waited += since;
      if (const auto blocking = blockers(session.monitor, session.worker_pid); blocking) in_the_way = *blocking;
      text += ", waits for" + words(in_the_way);
    }
    executor.progress.now(text);
    gave_up = waited > executor.options.wait_budget;
    return gave_up ? Go::cancel : Go::on;
  };
  const Answer answer = run_as_written(session.worker, statement, tick);
  if (answer.ok()) return {};
  if (answer.lost) return stop(answer, executor.heading(step));
  if (answer.sqlstate == "57014" && signals_caught() != 0) return stopped_by_signal();
  if (answer.sqlstate == "57014" && gave_up)
    return stop(held_back,
                fmt::format("{}: waited {} for others{}", executor.heading(step), words(executor.options.wait_budget),
                            in_the_way.empty() ? "" : ". In the way:" + words(in_the_way)),
                "Repeat the command when they are gone; an index that was not finished is built anew.");
  if (answer.sqlstate == "57014")
    return stop(held_back,
                fmt::format("{}: was cancelled by somebody else: {}", executor.heading(step), words(answer)));
  if (answer.sqlstate == "40P01")
    return stop(held_back, fmt::format("{}: {}", executor.heading(step), words(answer)), "Repeat the command.");
  return stop(answer, executor.heading(step));
}

Outcome<void> run_long(Executor& executor, const Step& step) {
  Connection& worker = executor.session.worker;
  const std::string heading = executor.heading(step);
  const std::string name = built_index(step.sql.at(0));
  if (!name.empty()) {
    if (auto waited = wait_for_snapshots(executor, step); !waited) return waited;
    if (auto clear = clear_the_way(executor, step, name); !clear) return clear;
  } else if (const auto intent = ask(worker, executor.state.fence() + executor.state.step_running(step, ""), heading);
             !intent) {
    return tl::unexpected(intent.error());
  }
  failpoint(step.id, "before");
  for (const std::string& statement : step.sql)
    if (auto done = long_statement(executor, step, statement); !done) return done;
  failpoint(step.id, "executed");

  std::vector<std::string> done = executor.done;
  done.push_back(step.id);
  const Answer recorded = worker.run(executor.state.fence() + State::must_be_done(step) +
                                     executor.state.step_done(step, "executed") + executor.state.facts(done));
  if (recorded.sqlstate == fence_broken || recorded.sqlstate == not_done)
    return stop(held_back, fmt::format("{}: {}", heading, words(recorded)));
  if (!recorded.ok()) return stop(recorded, heading);
  failpoint(step.id, "after");
  return {};
}

}  // namespace pglint::apply
