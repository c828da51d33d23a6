// Rows in batches along a key, one partition after the other. Each batch is one message, and so one transaction, in
// which the cursor moves with the rows: whether a batch was committed is never a question, and no batch is done twice.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include "apply/assumes.h"
#include "apply/controller.h"
#include "apply/executor.h"
#include "apply/query.h"
#include "apply/signals.h"
#include "apply/throttle.h"
#include "apply/words.h"
#include "base/text.h"
#include "plan/form/quote.h"

namespace pglint::apply {
namespace {

using plan::quote_body;
using plan::quote_literal;
using plan::quote_name;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

using Key = std::vector<std::string>;  // as text, in the order of the key's columns

constexpr int most_passes = 3;

// A table, or a partition that has none itself: its cursor is its own, and so are its locks.
struct Part {
  std::string relation = {};  // quoted
  Key cursor = {};            // empty: at the start
  Key bound = {};             // empty: there are no rows
  bool done = false;
};

class Batches {
 public:
  Batches(Executor& executor, const Step& step)
      : executor_(executor), step_(step), backfill_(*step.backfill), controller_(step.backfill->batch) {
    const std::string of = backfill_.alias.empty() ? "" : quote_name(backfill_.alias) + ".";
    for (const KeyColumn& column : backfill_.key) {
      names_ += (names_.empty() ? "" : ", ") + quote_name(column.name);
      written_ += (written_.empty() ? "" : ", ") + of + quote_name(column.name);
    }
    const bool one = backfill_.key.size() == 1;
    row_ = one ? names_ : "(" + names_ + ")";
    written_ = one ? written_ : "(" + written_ + ")";
  }

  Outcome<void> run() {
    const std::string heading = executor_.heading(step_);
    if (auto checked =
            check_backfills(executor_.session.monitor, executor_.plan, &step_, executor_.options.accept_triggers);
        !checked)
      return checked;
    const auto begun = ask(worker(), executor_.state.fence() + executor_.state.step_running(step_, ""), heading);
    if (!begun) return tl::unexpected(begun.error());
    if (auto known = read_state(); !known) return known;
    for (bool looked = false;;) {
      // Before the first batch: somebody may have written all rows already.
      if (looked || begun_ || backfill_.proof.empty()) {
        if (auto passed = one_pass(); !passed) return passed;
        failpoint(step_.id, "passed");
      }
      const auto proven = is_proven();
      if (!proven) return tl::unexpected(proven.error());
      if (*proven) break;
      if (!std::exchange(looked, true) && !begun_) continue;
      if (pass_ >= most_passes)
        return stop(held_back,
                    fmt::format("{}: after {} passes there still are rows that the proof finds", heading, pass_),
                    fmt::format("See which: {}", printable(backfill_.proof)));
      executor_.progress.note(fmt::format("{}: the proof finds rows that were written meanwhile; once more", heading));
      if (auto again = next_pass(); !again) return again;
    }
    std::vector<std::string> done = executor_.done;
    done.push_back(step_.id);
    const auto recorded = ask(
        worker(), executor_.state.fence() + executor_.state.step_done(step_, "executed") + executor_.state.facts(done),
        heading);
    if (!recorded) return tl::unexpected(recorded.error());
    failpoint(step_.id, "after");
    return {};
  }

 private:
  Connection& worker() { return executor_.session.worker; }

  [[nodiscard]] std::string mine() const {
    return fmt::format("plan = {} AND id = {}", quote_literal(executor_.plan.id), quote_literal(step_.id));
  }
  [[nodiscard]] std::string my_parts() const {
    return fmt::format("plan = {} AND step = {}", quote_literal(executor_.plan.id), quote_literal(step_.id));
  }

  // 'x'::type or ('x'::type, 'y'::type). The types are the plan's, as format_type prints them.
  [[nodiscard]] std::string value(const Key& key) const {
    std::string out;
    for (std::size_t i = 0; i < key.size(); ++i)
      out += fmt::format("{}{}::{}", i == 0 ? "" : ", ", quote_literal(key[i]), backfill_.key[i].type);
    return key.size() > 1 ? "(" + out + ")" : out;
  }
  [[nodiscard]] static std::string array(const Key& key) {
    if (key.empty()) return "NULL::text[]";
    std::string out;
    for (const std::string& part : key) out += (out.empty() ? "" : ", ") + quote_literal(part);
    return "ARRAY[" + out + "]::text[]";
  }
  // Of a relation that is called s: a bare name would be that of the column of texts which is returned.
  [[nodiscard]] std::string ordered(std::string_view direction) const {
    std::string out;
    for (const KeyColumn& column : backfill_.key)
      out += fmt::format("{}s.{}{}", out.empty() ? "" : ", ", quote_name(column.name), direction);
    return out;
  }
  [[nodiscard]] std::string as_text() const {
    std::string out;
    for (const KeyColumn& column : backfill_.key)
      out += fmt::format("{}{}::text", out.empty() ? "" : ", ", quote_name(column.name));
    return out;
  }

  Outcome<Key> read_key(const std::string& sql) {
    const auto answer = ask(worker(), sql, executor_.heading(step_));
    if (!answer) return tl::unexpected(answer.error());
    Key key;
    if (!answer->rows.empty())
      for (std::size_t i = 0; i < backfill_.key.size(); ++i) key.push_back(answer->rows[0].at(i).value_or(""));
    return key;
  }

  // Where an earlier run ended, or where this one starts: at the last key that there is now. What comes behind it is
  // written by a release or a trigger that knows what is wanted.
  Outcome<void> read_state() {
    const auto known =
        ask(worker(), fmt::format("SELECT pass, batch, rows_done, rows_total FROM pglint.step WHERE {}", mine()),
            executor_.heading(step_));
    if (!known) return tl::unexpected(known.error());
    const Row& row = known->rows.at(0);
    const auto number = [&row](std::size_t at) { return std::strtoull(row.at(at).value_or("0").c_str(), nullptr, 10); };
    pass_ = static_cast<int>(number(0));
    if (row.at(1)) controller_ = BatchController(static_cast<std::uint32_t>(number(1)));
    rows_done_ = number(2);
    rows_total_ = number(3);
    return read_parts();
  }

  Outcome<void> read_parts() {
    const auto known =
        ask(worker(), fmt::format("SELECT relation, done FROM pglint.part WHERE {} ORDER BY at", my_parts()),
            executor_.heading(step_));
    if (!known) return tl::unexpected(known.error());
    if (known->rows.empty()) return start_pass();
    for (const Row& row : known->rows) {
      Part& part = parts_.emplace_back(Part{.relation = row.at(0).value_or(""), .done = row.at(1) == "t"});
      for (Key* key : {&part.cursor, &part.bound}) {
        const auto values =
            ask(worker(),
                fmt::format("SELECT unnest({}) FROM pglint.part WHERE {} AND relation = {}",
                            key == &part.cursor ? "cursor" : "bound", my_parts(), quote_literal(part.relation)),
                executor_.heading(step_));
        if (!values) return tl::unexpected(values.error());
        for (const Row& value : values->rows) key->push_back(value.at(0).value_or(""));
        if (!key->empty() && key->size() != backfill_.key.size())
          return stop(held_back, fmt::format("{}: the recorded cursor does not fit the key", executor_.heading(step_)));
      }
      begun_ = begun_ || part.done || !part.cursor.empty();
    }
    return {};
  }

  // The partitions that have none themselves; the table, if it is none, or if rows may have to move between them. None
  // of them is a foreign table: there is a unique index.
  Outcome<std::vector<std::string>> relations() {
    std::string columns;
    for (const auto& [column, expression] : backfill_.set)
      columns += (columns.empty() ? "" : ", ") + quote_literal(column);
    const auto found =
        ask(worker(),
            fmt::format(
                R"(SELECT t.relid::regclass FROM pg_partition_tree(to_regclass({0})) t WHERE t.isleaf AND NOT EXISTS (
 SELECT FROM pg_partition_tree(to_regclass({0})) u JOIN pg_partitioned_table p ON p.partrelid = u.relid
 WHERE 0 = ANY (p.partattrs::int2[]) OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = p.partrelid
  AND a.attnum = ANY (p.partattrs::int2[]) AND a.attname::text = ANY (ARRAY[{1}]::text[])))
ORDER BY t.relid::regclass::text)",
                quote_literal(backfill_.table), columns),
            executor_.heading(step_));
    if (!found) return tl::unexpected(found.error());
    std::vector<std::string> all;
    for (const Row& row : found->rows) all.push_back(row.at(0).value_or(""));
    if (all.empty()) all.push_back(backfill_.table);
    return all;
  }

  Outcome<void> start_pass() {
    const auto all = relations();
    if (!all) return tl::unexpected(all.error());
    parts_.clear();
    rows_done_ = 0;
    std::string sql = executor_.state.fence() + fmt::format("DELETE FROM pglint.part WHERE {};\n", my_parts());
    std::string names;
    for (const std::string& relation : *all) {
      auto last =
          read_key(fmt::format("SELECT {} FROM {} s ORDER BY {} LIMIT 1", as_text(), relation, ordered(" DESC")));
      if (!last) return tl::unexpected(last.error());
      Part& part = parts_.emplace_back(Part{.relation = relation, .bound = std::move(*last)});
      part.done = part.bound.empty();
      sql += fmt::format(
          "INSERT INTO pglint.part (plan, step, relation, at, bound, done) VALUES ({}, {}, {}, {}, {}, {});\n",
          quote_literal(executor_.plan.id), quote_literal(step_.id), quote_literal(relation), parts_.size(),
          array(part.bound), part.done);
      names += fmt::format("{}to_regclass({})", names.empty() ? "" : ", ", quote_literal(relation));
    }
    sql += fmt::format(
        "UPDATE pglint.step SET pass = {}, rows_done = 0, rows_total = (SELECT NULLIF(sum(greatest(reltuples, 0)), "
        "0)::bigint FROM pg_class WHERE oid IN ({})) WHERE {} RETURNING rows_total",
        pass_, names, mine());
    const auto set = ask(worker(), sql, executor_.heading(step_));
    if (!set) return tl::unexpected(set.error());
    rows_total_ = std::strtoull(set->value().c_str(), nullptr, 10);
    return {};
  }

  Outcome<void> next_pass() {
    ++pass_;
    return start_pass();
  }

  // Nothing is left to do; where the plan has no proof, to have come to the end is one.
  Outcome<bool> is_proven() {
    if (backfill_.proof.empty()) return true;
    const Answer answer = run_as_written(worker(), backfill_.proof, [this] {
      executor_.progress.now(executor_.heading(step_) + ": looks whether anything is left");
      return signals_caught() != 0 ? Go::cancel : Go::on;
    });
    if (!answer.ok() && answer.sqlstate == "57014" && signals_caught() != 0) return stopped_by_signal();
    if (!answer.ok()) return stop(answer, executor_.heading(step_));
    return answer.rows.empty();
  }

  void show(std::string_view more) {
    const auto seconds = std::chrono::duration<double>(steady_clock::now() - started_).count();
    const double rate = seconds > 0 ? static_cast<double>(rows_now_) / seconds : 0;
    std::string text = fmt::format("{} {} rows", executor_.heading(step_), words(rows_done_));
    if (rows_total_ > 0)
      text += fmt::format(" of about {} ({} %)", words(std::max(rows_total_, rows_done_)),
                          std::min<std::uint64_t>(100, 100 * rows_done_ / rows_total_));
    if (rate >= 1) {
      text += fmt::format(", {} rows/s", words(static_cast<std::uint64_t>(rate)));
      if (rows_total_ > rows_done_)
        text += fmt::format(", {} left", words(milliseconds(static_cast<std::int64_t>(
                                             1000 * static_cast<double>(rows_total_ - rows_done_) / rate))));
    }
    if (!more.empty()) text += fmt::format(", {}", more);
    executor_.progress.now(text);
  }

  // Says each kind of reason once.
  void say(Pressure pressure, const std::string& text) {
    if (said_.insert(pressure).second) executor_.progress.note(executor_.heading(step_) + ": " + text);
  }

  // Pauses while somebody is behind.
  Outcome<void> let_others_keep_up(const Part& part) {
    const Limits& limits = executor_.options.limits;
    if (steady_clock::now() - looked_ < milliseconds(1000)) return {};
    const auto begun = steady_clock::now();
    auto until = begun;
    int quiet = 0;
    bool pausing = false;
    std::string why;
    for (;;) {
      const auto signals = read_signals(executor_.session.monitor, part.relation);
      if (!signals) return tl::unexpected(signals.error());
      if (signals->blind && !std::exchange(said_blind_, true))
        executor_.progress.note(fmt::format("{}: how far replicas are behind cannot be seen: GRANT pg_monitor TO {}",
                                            executor_.heading(step_), quote_name(executor_.session.user)));
      Verdict verdict = judge(*signals, limits, pausing);
      if (const std::string& query = executor_.options.throttle_query;
          verdict.pressure == Pressure::none && !query.empty()) {
        const auto asked = ask_user_query(executor_.session.monitor, query);
        if (!asked) return tl::unexpected(asked.error());
        if (*asked > 0)
          verdict = {.pressure = Pressure::query, .why = fmt::format("--throttle-query returns {}", *asked)};
      }
      if (verdict.pressure == Pressure::vacuum && vacuum_waited_.count() > limits.vacuum_wait) verdict = {};
      if (verdict.stop)
        return stop(held_back, fmt::format("{}: {}", executor_.heading(step_), verdict.why),
                    "What was done stays done. Repeat the command when it has caught up.");
      const auto now = steady_clock::now();
      if (pausing) {
        const auto since = std::chrono::duration_cast<milliseconds>(now - until);
        executor_.paused += since;
        if (verdict.pressure == Pressure::vacuum) vacuum_waited_ += since;
      }
      until = now;
      slow_ = verdict.slow;
      if (verdict.slow) say(Pressure::none, verdict.why + "\n  Longer pauses from here on.");
      if (verdict.pressure == Pressure::none) {
        if (!pausing || ++quiet >= 3) break;
      } else {
        pausing = true;
        quiet = 0;
        why = verdict.why;
        say(verdict.pressure, "pauses: " + why);
        const std::string_view kind = name(verdict.pressure);
        if (executor_.paused_for.find(kind) == std::string::npos)
          executor_.paused_for += fmt::format("{}{}", executor_.paused_for.empty() ? "" : ", ", kind);
      }
      if (now - begun > executor_.options.throttle_budget)
        return stop(
            held_back,
            fmt::format("{}: paused {}: {}", executor_.heading(step_), words(executor_.options.throttle_budget), why),
            "What was done stays done. Repeat the command when that is over.");
      show("pauses: " + why);
      if (!sleep_unless_stopped(milliseconds(500))) return stopped_by_signal();
    }
    looked_ = steady_clock::now();
    return {};
  }

  Outcome<void> one_pass() {
    started_ = steady_clock::now();
    rows_now_ = 0;
    for (Part& part : parts_) {
      if (part.done) continue;
      if (auto filled = fill(part); !filled) return filled;
      const auto recorded =
          ask(worker(),
              executor_.state.fence() + fmt::format("UPDATE pglint.part SET done = true WHERE {} AND relation = {}",
                                                    my_parts(), quote_literal(part.relation)),
              executor_.heading(step_));
      if (!recorded) return tl::unexpected(recorded.error());
      part.done = true;
    }
    return {};
  }

  // False for a partition that was detached or dropped since the pass began.
  Outcome<bool> is_still_there(const Part& part) {
    if (part.relation == backfill_.table) return true;
    const auto there = ask(worker(),
                           fmt::format("SELECT EXISTS (SELECT FROM pg_partition_tree(to_regclass({})) WHERE relid = "
                                       "to_regclass({}))",
                                       quote_literal(backfill_.table), quote_literal(part.relation)),
                           executor_.heading(step_));
    if (!there) return tl::unexpected(there.error());
    return there->value() == "t";
  }

  Outcome<void> fill(Part& part) {
    const auto there = is_still_there(part);
    if (!there) return tl::unexpected(there.error());
    if (!*there) {
      executor_.progress.note(
          fmt::format("{}: {} is no partition any more", executor_.heading(step_), printable(part.relation)));
      return {};
    }
    // Shorter than deadlock_timeout: of two that wait for each other it is never the application that loses.
    const milliseconds lock_timeout = std::min(milliseconds(500), executor_.session.deadlock_timeout / 2);
    int failures = 0;
    auto waiting_since = steady_clock::now();
    for (;;) {
      if (signals_caught() != 0) return stopped_by_signal();
      if (auto others = let_others_keep_up(part); !others) return others;
      const std::string behind = part.cursor.empty() ? "" : fmt::format("{} > {} AND ", row_, value(part.cursor));
      const auto range = ask(worker(),
                             fmt::format("WITH s AS (SELECT {0} FROM {1} s WHERE {2}{3} <= {4} ORDER BY {5} LIMIT {6}) "
                                         "SELECT {7}, (SELECT count(*) FROM s) FROM s ORDER BY {8} LIMIT 1",
                                         names_, part.relation, behind, row_, value(part.bound), ordered(""),
                                         controller_.rows(), as_text(), ordered(" DESC")),
                             executor_.heading(step_));
      if (!range) return tl::unexpected(range.error());
      if (range->rows.empty()) return {};
      Key last;
      for (std::size_t i = 0; i < backfill_.key.size(); ++i) last.push_back(range->rows[0].at(i).value_or(""));
      const auto rows = std::strtoull(range->rows[0].at(backfill_.key.size()).value_or("0").c_str(), nullptr, 10);

      const auto begun = steady_clock::now();
      std::vector<Holder> in_the_way;
      bool asked = false;
      failpoint(step_.id, "batch");
      const Answer answer = worker().run(message(part, last, rows, lock_timeout), [&] {
        if (!asked && steady_clock::now() - begun > lock_timeout / 2) {
          asked = true;
          if (const auto blocking = blockers(executor_.session.monitor, executor_.session.worker_pid); blocking)
            in_the_way = *blocking;
        }
        // A batch is short: the first signal lets it finish.
        return signals_caught() > 1 ? Go::cancel : Go::on;
      });
      if (answer.ok()) {
        const auto took = std::chrono::duration<double>(steady_clock::now() - begun);
        controller_.took(static_cast<std::uint32_t>(rows), took);
        part.cursor = std::move(last);
        rows_done_ += rows;
        rows_now_ += rows;
        failures = 0;
        waiting_since = steady_clock::now();
        show("");
        failpoint(step_.id, "committed");
        const milliseconds pause = milliseconds(backfill_.pause_ms) * (slow_ ? 4 : 1);
        if (!sleep_unless_stopped(pause)) return stopped_by_signal();
        continue;
      }
      if (answer.lost) return stop(answer, executor_.heading(step_));
      if (answer.sqlstate == fence_broken)
        return stop(held_back, fmt::format("{}: {}", executor_.heading(step_), words(answer)));
      const bool own_timeout =
          answer.sqlstate == "57014" && answer.message.find("statement timeout") != std::string::npos;
      if (answer.sqlstate == "57014" && !own_timeout) {
        if (signals_caught() != 0) return stopped_by_signal();
        return stop(held_back,
                    fmt::format("{}: was cancelled by somebody else: {}", executor_.heading(step_), words(answer)));
      }
      if (!own_timeout && answer.sqlstate != "55P03" && answer.sqlstate != "40P01" && answer.sqlstate != "40001")
        return stop(answer, executor_.heading(step_));
      controller_.failed();
      ++failures;
      if (steady_clock::now() - waiting_since > executor_.options.lock_budget)
        return stop(held_back,
                    fmt::format("{}: a batch did not get its rows within {}{}", executor_.heading(step_),
                                words(executor_.options.lock_budget),
                                in_the_way.empty() ? "" : ". In the way:" + words(in_the_way)),
                    "What was done stays done. Repeat the command when they are gone.");
      show(in_the_way.empty() ? "waits for rows" : "waits for" + words(in_the_way));
      // Ever longer: who holds a row for so long will hold it a while.
      if (!sleep_unless_stopped(std::min(milliseconds(100) * failures, milliseconds(5000)))) return stopped_by_signal();
    }
  }

  // The rows and the cursor, or neither.
  [[nodiscard]] std::string message(const Part& part, const Key& last, std::uint64_t rows,
                                    milliseconds lock_timeout) const {
    std::string change;
    for (const auto& [column, expression] : backfill_.set)
      change += fmt::format("{}{} = {}", change.empty() ? "" : ", ", quote_name(column), expression);
    const std::string relation = part.relation + (backfill_.alias.empty() ? "" : " AS " + quote_name(backfill_.alias));
    change = backfill_.set.empty() ? fmt::format("DELETE FROM {}", relation)
                                   : fmt::format("UPDATE {} SET {}", relation, change);
    if (!backfill_.from.empty())
      change += fmt::format(" {} {}", backfill_.set.empty() ? "USING" : "FROM", backfill_.from);
    const std::string behind = part.cursor.empty() ? "" : fmt::format("{} > {} AND ", written_, value(part.cursor));
    const std::string meant = backfill_.where.empty() ? "" : fmt::format(" AND (\n{}\n)", backfill_.where);
    return fmt::format("SET LOCAL lock_timeout = '{}ms'; SET LOCAL statement_timeout = '5s';\n{}DO {};\n",
                       lock_timeout.count(), runners_path,
                       quote_body(fmt::format(R"(
#variable_conflict use_column
DECLARE
  pglint_rows_changed bigint;
BEGIN
  {} WHERE {}{} <= {}{};
  GET DIAGNOSTICS pglint_rows_changed = ROW_COUNT;
  UPDATE pglint.part SET cursor = {} WHERE {} AND relation = {} AND cursor IS NOT DISTINCT FROM {};
  IF FOUND THEN
    UPDATE pglint.step SET batch = {}, rows_done = rows_done + {}, rows_changed = rows_changed + pglint_rows_changed
    WHERE {} AND token = {};
  END IF;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '{}', MESSAGE = 'another pglint has taken over this plan';
  END IF;
END
)",
                                              change, behind, written_, value(last), meant, array(last), my_parts(),
                                              quote_literal(part.relation), array(part.cursor), controller_.rows(),
                                              rows, mine(), quote_literal(executor_.state.token()), fence_broken)));
  }

  Executor& executor_;
  const Step& step_;
  const Backfill& backfill_;
  BatchController controller_;
  std::string names_;    // of the key's columns
  std::string row_;      // the key, to be compared
  std::string written_;  // the same, of the rows that are written
  std::vector<Part> parts_;
  bool begun_ = false;  // an earlier run has done some of this pass
  int pass_ = 1;
  std::uint64_t rows_done_ = 0;
  std::uint64_t rows_total_ = 0;
  std::uint64_t rows_now_ = 0;  // of this run
  steady_clock::time_point started_{};
  steady_clock::time_point looked_{};  // at who is behind
  std::chrono::duration<double> vacuum_waited_{0};
  bool slow_ = false;
  std::set<Pressure> said_;
  bool said_blind_ = false;
};

}  // namespace

Outcome<void> run_backfill(Executor& executor, const Step& step) { return Batches(executor, step).run(); }

}  // namespace pglint::apply
