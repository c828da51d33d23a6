// Steps that block others and are short: one transaction, short lock waits, and again.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "apply/executor.h"
#include "apply/query.h"
#include "apply/schedule.h"
#include "apply/signals.h"
#include "apply/words.h"
#include "base/text.h"

namespace pglint::apply {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Nothing that is meant to be short lasts longer. The server's limit is above that of its lock waits, so that these
// are told apart.
constexpr milliseconds longest{30'000};

// The server takes an autovacuum off a table for whoever has waited for deadlock_timeout, and meanwhile everybody waits
// behind. Where it may be set, it is set as short as this. Where not, autovacuum is left to finish for a while first.
constexpr milliseconds short_deadlock_timeout{50};
constexpr milliseconds vacuum_patience{60'000};

std::vector<Wanted> wanted(const Step& step) {
  std::vector<Wanted> all;
  for (const StepLock& lock : step.locks) all.push_back({.relation = lock.relation, .mode = lock.mode});
  return all;
}

milliseconds since(steady_clock::time_point time) {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - time);
}

std::string joined(const std::vector<std::string>& statements) {
  std::string sql;
  for (const std::string& statement : statements) sql += statement + "\n;\n";  // it may end in a comment
  return sql;
}

// What is sent: `front` and `back` with the statements in one transaction, or apart from a statement that has to stand
// outside of any.
struct Work {
  std::string front = {};
  std::string statements = {};
  std::string back = {};
  bool alone = false;
};

Answer send(Session& session, const Work& work, milliseconds lock_timeout, const Connection::Tick& tick) {
  Connection& worker = session.worker;
  const std::string_view local = work.alone ? "" : "LOCAL ";
  std::string limits = fmt::format("SET {0}lock_timeout = '{1}ms'; SET {0}statement_timeout = '{2}ms';\n", local,
                                   lock_timeout.count(), longest.count());
  if (session.may_set_deadlock_timeout)
    limits += fmt::format("SET {}deadlock_timeout = '{}ms';\n", local, short_deadlock_timeout.count());
  if (!work.alone)
    return worker.run(
        fmt::format("{}{}{}{}{}{}", limits, work.front, runners_path, work.statements, own_path, work.back), tick);
  Answer answer = worker.run(work.front);
  if (answer.ok()) answer = worker.run(limits);
  if (answer.ok()) answer = run_as_written(worker, work.statements, tick);
  if (!answer.lost) {
    const Answer restored = worker.run(session.may_set_deadlock_timeout
                                           ? "SET lock_timeout = 0; SET statement_timeout = 0; RESET deadlock_timeout"
                                           : "SET lock_timeout = 0; SET statement_timeout = 0");
    if (answer.ok()) answer = restored;
  }
  if (answer.ok()) answer = worker.run(work.back);
  return answer;
}

// One attempt after the other until the statements went through.
Outcome<void> with_short_locks(Executor& executor, const Step& step, const Work& work) {
  Session& session = executor.session;
  const auto begun = steady_clock::now();
  const std::vector<Wanted> locks = wanted(step);
  const milliseconds deadlock_timeout =
      session.may_set_deadlock_timeout ? short_deadlock_timeout : session.deadlock_timeout;
  const milliseconds patience =
      session.may_set_deadlock_timeout ? milliseconds(0) : std::min(vacuum_patience, executor.options.lock_budget / 4);
  std::vector<Holder> in_the_way;
  bool said = false;
  for (std::size_t number = 0;; ++number) {
    if (signals_caught() != 0) return stopped_by_signal();
    Attempt attempt = apply::attempt(number, deadlock_timeout);

    // Whoever waits for a lock makes everybody behind wait, too: not at all if it is certain to be in vain.
    bool worth_it = true;
    const auto holding = holders(session.monitor, locks, session.worker_pid);
    if (!holding) return tl::unexpected(holding.error());
    in_the_way = *holding;
    for (const Holder& holder : in_the_way) {
      if (holder.pid.empty())
        return stop(held_back, fmt::format("{}: {}", executor.heading(step), words(holder)),
                    "A prepared transaction does not end by itself: COMMIT PREPARED or ROLLBACK PREPARED it.");
      if (holder.wraparound) {
        worth_it = false;
      } else if (holder.is_autovacuum()) {
        attempt.lock_timeout = std::max(attempt.lock_timeout, deadlock_timeout + milliseconds(500));
        worth_it = worth_it && since(begun) >= patience;
        if (!std::exchange(said, true))
          executor.progress.note(fmt::format("{}: {} {}", executor.heading(step), words(holder),
                                             patience.count() == 0
                                                 ? "\n  The server takes it off the table."
                                                 : "\n  It is left to finish for " + words(patience) + "."));
      } else if (holder.seconds * 1000 > 2 * static_cast<double>(attempt.lock_timeout.count())) {
        worth_it = false;
      }
    }

    if (worth_it) {
      const auto started = steady_clock::now();
      bool asked = false;
      const auto tick = [&] {
        if (signals_caught() != 0) return Go::cancel;
        if (!asked && since(started) >= attempt.lock_timeout / 2) {
          asked = true;
          if (auto blocking = blockers(session.monitor, session.worker_pid); blocking && !blocking->empty()) {
            // What each of them holds was asked before.
            for (Holder& one : *blocking) {
              const auto known = std::ranges::find(*holding, one.pid, &Holder::pid);
              if (known != holding->end() && one.what.empty()) one.what = known->what;
            }
            in_the_way = std::move(*blocking);
          }
        }
        executor.progress.now(executor.heading(step) + (in_the_way.empty() ? "" : ", waits for a lock"));
        return Go::on;
      };
      failpoint(step.id, "before");
      const Answer answer = send(session, work, attempt.lock_timeout, tick);
      if (answer.ok()) {
        failpoint(step.id, "after");
        return {};
      }
      if (answer.lost) return stop(answer, executor.heading(step));
      if (signals_caught() != 0 && answer.sqlstate == "57014") return stopped_by_signal();
      if (answer.sqlstate == "57014" && answer.message.find("statement timeout") != std::string::npos)
        return stop(held_back,
                    fmt::format("{}: takes more than {} under a lock that blocks others; it was taken back",
                                executor.heading(step), words(longest)),
                    "A step of class A is meant to touch the catalogue only.");
      if (answer.sqlstate == "57014")
        return stop(held_back,
                    fmt::format("{}: was cancelled by somebody else: {}", executor.heading(step), words(answer)));
      if (answer.sqlstate == fence_broken || answer.sqlstate == not_done)
        return stop(held_back, fmt::format("{}: {}", executor.heading(step), words(answer)));
      const bool again = answer.sqlstate == "55P03" || answer.sqlstate == "40P01" || answer.sqlstate == "40001";
      if (!again) return stop(answer, executor.heading(step));
    }

    const milliseconds left = executor.options.lock_budget - since(begun);
    if (left <= milliseconds::zero())
      return stop(held_back,
                  fmt::format("{}: no lock within {}{}", executor.heading(step), words(executor.options.lock_budget),
                              in_the_way.empty() ? "" : ". In the way:" + words(in_the_way)),
                  "Nothing was changed by this step. Repeat the command when they are gone.");
    const double dice = std::uniform_real_distribution<>(0, 1)(executor.dice);
    const auto rest = std::min(with_jitter(attempt.rest, dice), left);
    if (!in_the_way.empty())
      executor.progress.now(
          fmt::format("{}: {} more, then again{}", executor.heading(step), words(rest), words(in_the_way)));
    if (!sleep_unless_stopped(rest)) return stopped_by_signal();
  }
}

}  // namespace

std::string Executor::heading(const Step& step) const {
  return fmt::format("step {}/{} {}", number, steps, printable(step.id));
}

tl::unexpected<Stop> stopped_by_signal() {
  return stop(interrupted, "interrupted; what is done is recorded", "Repeat the same command to go on.");
}

void failpoint(std::string_view step, std::string_view where) {
  static const char* const wanted = std::getenv("PGLINT_FAILPOINT");
  if (wanted == nullptr) return;
  const std::string_view text = wanted;
  if (text.size() == step.size() + 1 + where.size() && text.starts_with(step) && text.ends_with(where))
    static_cast<void>(std::raise(SIGKILL));
}

Outcome<void> run_short(Executor& executor, const Step& step) {
  std::vector<std::string> done = executor.done;
  done.push_back(step.id);
  return with_short_locks(
      executor, step,
      {.front = executor.state.fence(),
       .statements = joined(step.sql),
       .back = State::must_be_done(step) + executor.state.step_done(step, "executed") + executor.state.facts(done),
       .alone = !step.own_transaction});
}

Outcome<void> undo_step(Executor& executor, const Step& step) {
  const std::string fence = executor.state.fence();
  const std::string record = executor.state.step_pending(step);
  if (step.own_transaction && !step.undo.empty())
    return with_short_locks(executor, step, {.front = fence, .statements = joined(step.undo), .back = record});
  // Each alone, and each may be repeated.
  for (const std::string& statement : step.undo) {
    Outcome<void> done =
        step.lock_class == LockClass::a
            ? with_short_locks(executor, step, {.front = fence, .statements = statement, .alone = true})
            : long_statement(executor, step, statement);
    if (!done) return done;
  }
  if (const auto recorded = ask(executor.session.worker, fence + record, executor.heading(step)); !recorded)
    return tl::unexpected(recorded.error());
  return {};
}

}  // namespace pglint::apply
