#include "emit/emit.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "pg/lexer.h"
#include "plan/form/gate_sql.h"
#include "plan/form/quote.h"

namespace pglint::emit {
namespace {

// deadlock_timeout and a half: an attempt that long is the shortest that makes an autovacuum give way.
constexpr std::string_view lock_timeout = "1500ms";
constexpr int attempts = 60;

std::string quoted(std::string_view head, std::string_view body) {
  return std::string(head) + plan::quote_body(fmt::format("\n{}\n", body));
}

// Every line further in, unless one begins inside of a string.
std::string indented(std::string_view text, std::string_view by) {
  for (const pg::Token& token : pg::tokens(text, 0))
    if (token.kind == pg::TokenKind::string &&
        text.substr(token.span.begin, token.span.size()).find('\n') != std::string_view::npos)
      return std::string(by) + std::string(text);
  std::string out(by);
  for (const char c : text) {
    out += c;
    if (c == '\n') out += by;
  }
  return out;
}

// A DO statement as a block within another one.
std::string as_block(std::string_view sql) {
  if (!sql.starts_with("DO $")) return std::string(sql);
  const std::size_t open = sql.find('$', 4);
  if (open == std::string_view::npos) return std::string(sql);
  const std::string_view tag = sql.substr(3, open - 2);
  const std::size_t close = sql.rfind(tag);
  if (close <= open) return std::string(sql);
  std::string_view body = sql.substr(open + 1, close - open - 1);
  while (!body.empty() && body.front() == '\n') body.remove_prefix(1);
  while (!body.empty() && body.back() == '\n') body.remove_suffix(1);
  return std::string(body);
}

std::string condition_of(const Step& step) {
  std::string_view query = step.done_when;
  if (query.starts_with("SELECT ")) query.remove_prefix(7);
  return std::string(query);
}

bool strong(const Step& step) {
  return std::ranges::any_of(step.locks, [](const StepLock& lock) { return lock.mode >= LockMode::share; });
}

// In the runner's transaction: one attempt, and the timeout that was there before is given back.
std::string guarded(const Step& step) {
  std::string statements;
  for (const std::string& sql : step.sql) statements += indented(as_block(sql), "    ") + ";\n";
  // A column may have the name of the variable.
  const bool inserts = std::ranges::any_of(
      step.sql, [](std::string_view sql) { return sql.starts_with("INSERT") || sql.starts_with("insert"); });
  const std::string_view head = inserts ? "#variable_conflict use_column\n" : "";
  if (!strong(step))
    return quoted("DO ",
                  fmt::format("{}BEGIN\n  IF NOT ({}) THEN\n{}  END IF;\nEND", head, condition_of(step), statements));
  return quoted("DO ", fmt::format("{}DECLARE\n"
                                   "  timeout text := pg_catalog.current_setting('lock_timeout');\n"
                                   "BEGIN\n"
                                   "  IF NOT ({}) THEN\n"
                                   "    PERFORM pg_catalog.set_config('lock_timeout', '{}', true);\n"
                                   "{}"
                                   "    PERFORM pg_catalog.set_config('lock_timeout', timeout, true);\n"
                                   "  END IF;\n"
                                   "END",
                                   head, condition_of(step), lock_timeout, statements));
}

// In a transaction of its own: a lock that is not had in time is given up, and tried again after a pause.
std::string patient(const Step& step) {
  if (!strong(step)) return guarded(step);
  std::string statements;
  for (const std::string& sql : step.sql) statements += indented(as_block(sql), "      ") + ";\n";
  return quoted("DO ", fmt::format("BEGIN\n"
                                   "  IF {} THEN\n"
                                   "    RETURN;\n"
                                   "  END IF;\n"
                                   "  FOR attempt IN 1..{} LOOP\n"
                                   "    BEGIN\n"
                                   "      PERFORM pg_catalog.set_config('lock_timeout', '{}', true);\n"
                                   "{}"
                                   "      RETURN;\n"
                                   "    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN\n"
                                   "      IF attempt = {} THEN\n"
                                   "        RAISE;\n"
                                   "      END IF;\n"
                                   "    END;\n"
                                   "    PERFORM pg_catalog.pg_sleep(0.5 * least(attempt, 10));\n"
                                   "  END LOOP;\n"
                                   "END",
                                   condition_of(step), attempts, lock_timeout, statements, attempts));
}

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += between;
    out += part;
  }
  return out;
}

// SET column = DEFAULT: no expression.
bool is_default(std::string_view value) {
  constexpr std::string_view word = "default";
  return std::ranges::equal(value, word, [](char a, char b) { return (a | 0x20) == b; });
}

// One DO that walks the key, commits each batch, and ends with its proof. Repeating it from the start writes nothing
// that is right already. Its variables have names that no column has; a column called `found` is a column.
std::string backfill(const Backfill& work) {
  std::vector<std::string> columns;
  std::vector<std::string> last;
  std::vector<std::string> bound;
  std::vector<std::string> descending;
  std::string declared;
  for (std::size_t i = 0; i < work.key.size(); ++i) {
    columns.push_back(plan::quote_name(work.key[i].name));
    last.push_back(fmt::format("pglint_last_{}", i + 1));
    bound.push_back(fmt::format("pglint_bound_{}", i + 1));
    descending.push_back(columns.back() + " DESC");
    declared += fmt::format("  pglint_last_{0} {1};\n  pglint_bound_{0} {1};\n", i + 1, work.key[i].type);
  }
  const bool one = columns.size() == 1;
  const auto row = [one](const std::vector<std::string>& parts) {
    return one ? parts[0] : "(" + join(parts, ", ") + ")";
  };
  const std::string key = join(columns, ", ");
  const auto next = [&](const std::string& where) {
    return fmt::format(
        "SELECT {0} INTO {1} FROM (SELECT {0} FROM {2}{3} ORDER BY {0} LIMIT {4}) AS batch ORDER BY {5} LIMIT 1", key,
        join(bound, ", "), work.table, where, work.batch, join(descending, ", "));
  };
  const std::string also = work.where.empty() ? "" : fmt::format(" AND ({})", work.where);
  const auto write = [&](const std::string& range) {
    if (work.set.empty()) return fmt::format("DELETE FROM {} WHERE {}{}", work.table, range, also);
    std::string set;
    for (const auto& [column, value] : work.set)
      set += fmt::format("{}{} = {}", set.empty() ? "" : ", ", plan::quote_name(column), value);
    return fmt::format("UPDATE {} SET {} WHERE {}{}", work.table, set, range, also);
  };
  const std::string above = fmt::format("{} > {}", row(columns), row(last));
  const std::string below = fmt::format("{} <= {}", row(columns), row(bound));
  std::string advance;
  for (std::size_t i = 0; i < columns.size(); ++i) advance += fmt::format("    {} := {};\n", last[i], bound[i]);
  std::string proof;
  if (!work.proof.empty())
    proof = fmt::format(
        "  IF EXISTS ({}) THEN\n"
        "    RAISE EXCEPTION 'rows of % are left that should have been written', {};\n"
        "  END IF;\n",
        work.proof, plan::quote_literal(work.table));
  std::string values;
  for (const auto& [column, value] : work.set) {
    values += plan::quote_name(column) + ", ";
    if (!is_default(value)) values += value + ", ";
  }
  const std::string probe = fmt::format("SELECT {}1 FROM {}{} LIMIT 0", values, work.table,
                                        work.where.empty() ? "" : fmt::format(" WHERE {}", work.where));
  const std::string body = fmt::format(
      "#variable_conflict use_column\n"
      "DECLARE\n"
      "{}"
      "  pglint_started boolean := false;\n"
      "  pglint_written boolean;\n"
      "BEGIN\n"
      "  -- Where the plan is over, or the original migration has run, what it reads is gone. A statement of its own: "
      "in\n"
      "  -- one of this block, the name of a column that is gone could be a variable's.\n"
      "  BEGIN\n"
      "    EXECUTE {};\n"
      "  EXCEPTION WHEN undefined_column THEN\n"
      "    RETURN;\n"
      "  END;\n"
      "  LOOP\n"
      "    IF pglint_started THEN\n"
      "      {};\n"
      "    ELSE\n"
      "      {};\n"
      "    END IF;\n"
      "    EXIT WHEN NOT FOUND;\n"
      "    pglint_written := false;\n"
      "    WHILE NOT pglint_written LOOP\n"
      "      BEGIN\n"
      "        PERFORM pg_catalog.set_config('lock_timeout', '500ms', true);\n"
      "        IF pglint_started THEN\n"
      "          {};\n"
      "        ELSE\n"
      "          {};\n"
      "        END IF;\n"
      "        pglint_written := true;\n"
      "      EXCEPTION WHEN lock_not_available OR deadlock_detected THEN\n"
      "        pglint_written := false;\n"
      "      END;\n"
      "      COMMIT;\n"
      "      PERFORM pg_catalog.pg_sleep({});\n"
      "    END LOOP;\n"
      "{}"
      "    pglint_started := true;\n"
      "  END LOOP;\n"
      "{}"
      "END",
      declared, plan::quote_literal(probe), next(" WHERE " + above), next(""), write(above + " AND " + below),
      write(below), static_cast<double>(work.pause_ms) / 1000.0, advance, proof);
  return quoted("DO ", body);
}

// Drops what a build left behind that was cut short: nothing uses it, and IF NOT EXISTS would take it for the index.
std::string drop_invalid(std::string_view index) {
  return quoted("DO ", fmt::format("DECLARE\n"
                                   "  left_over regclass;\n"
                                   "BEGIN\n"
                                   "  SELECT indexrelid INTO left_over FROM pg_catalog.pg_index\n"
                                   "    WHERE indexrelid = pg_catalog.to_regclass({}) AND NOT indisvalid;\n"
                                   "  IF FOUND THEN\n"
                                   "    PERFORM pg_catalog.set_config('lock_timeout', '{}', true);\n"
                                   "    EXECUTE pg_catalog.format('DROP INDEX %s', left_over);\n"
                                   "  END IF;\n"
                                   "END",
                                   plan::quote_literal(index), lock_timeout));
}

// What the step would fail for, or worse: leave behind something that refuses what is written to such rows.
std::string check_data(const Step& step, const DataCheck& check) {
  return quoted("DO ",
                fmt::format("BEGIN\n"
                            "  IF NOT ({}) THEN\n"
                            "    IF EXISTS ({}) THEN\n"
                            "      RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = {};\n"
                            "    END IF;\n"
                            "  END IF;\n"
                            "END",
                            condition_of(step), check.sql, plan::quote_literal(check.says)));
}

constexpr std::string_view undo_index = "DROP INDEX CONCURRENTLY IF EXISTS ";

struct Writer {
  const Plan& plan;
  std::vector<File> out;

  void add(source::Place place, std::string sql, std::string comment = {}) {
    source::Text text;
    text.place = place;
    text.sql = std::move(sql);
    text.comment = std::move(comment);
    out.back().texts.push_back(std::move(text));
  }

  static bool outside(const Step& step) {
    return !step.own_transaction || step.kind == StepKind::backfill || step.lock_class == LockClass::b;
  }

  void open(const Step& step, Phase phase, const Gate* behind) {
    File file;
    file.phase = phase;
    out.push_back(std::move(file));
    const bool outside = Writer::outside(step);
    if (behind != nullptr)
      add(outside ? source::Place::outside : source::Place::runner_transaction, plan::require_gate(plan.id, behind->id),
          fmt::format("Only behind the gate {}", behind->id));
    if (!outside) return;
    // A build waits for old transactions as long as it takes.
    add(source::Place::outside,
        "SELECT pg_catalog.set_config('pglint.lock_timeout', pg_catalog.current_setting('lock_timeout'), false), "
        "pg_catalog.set_config('pglint.statement_timeout', pg_catalog.current_setting('statement_timeout'), false), "
        "pg_catalog.set_config('lock_timeout', '0', false), pg_catalog.set_config('statement_timeout', '0', false)",
        "What follows waits for others without making anybody wait");
  }

  void close() {
    if (out.empty() || !is_outside()) return;
    add(source::Place::outside,
        "SELECT pg_catalog.set_config('lock_timeout', pg_catalog.current_setting('pglint.lock_timeout'), false), "
        "pg_catalog.set_config('statement_timeout', pg_catalog.current_setting('pglint.statement_timeout'), false)");
  }

  [[nodiscard]] bool is_outside() const {
    return std::ranges::any_of(
        out.back().texts, [](const source::Text& text) { return text.place != source::Place::runner_transaction; });
  }

  void step(const Step& step) {
    if (step.kind == StepKind::backfill) return add(source::Place::outside, backfill(*step.backfill), step.comment);
    if (step.done_when.empty()) {
      for (const std::string& sql : step.sql)
        add(is_outside() ? source::Place::outside : source::Place::runner_transaction, sql, step.comment);
      return;
    }
    if (!is_outside()) return add(source::Place::runner_transaction, guarded(step), step.comment);
    // Not in the runner's transaction, where it would read under locks.
    for (const DataCheck& check : plan.checks)
      if (check.before == step.id)
        add(source::Place::outside, check_data(step, check), "Before anything changes: would it fail?");
    if (step.own_transaction) return add(source::Place::outside, patient(step), step.comment);
    if (!step.undo.empty() && step.undo.front().starts_with(undo_index))
      add(source::Place::outside, drop_invalid(std::string_view(step.undo.front()).substr(undo_index.size())),
          "What a build that was cut short has left, if one was");
    for (const std::string& sql : step.sql) add(source::Place::outside, sql, step.comment);
  }
};

std::vector<std::string> tables_of(const Plan& plan) {
  std::set<std::string> tables;
  for (const Assumption& one : plan.assumes) tables.insert(one.relation);
  for (const Stage& stage : plan.stages)
    for (const Step& step : stage.steps)
      if (step.backfill) tables.insert(step.backfill->table);
  return {tables.begin(), tables.end()};
}

}  // namespace

std::vector<Stretch> stretches(const Plan& plan) {
  std::vector<Stretch> out;
  Stretch now;
  for (std::size_t i = 0; i < plan.stages.size(); ++i) {
    if (!plan.stages[i].gate) continue;
    now.to = i;
    now.before = &*plan.stages[i].gate;
    out.push_back(now);
    now = {i + 1, i + 1, &*plan.stages[i].gate, nullptr};
  }
  now.to = plan.stages.size();
  out.push_back(now);
  return out;
}

std::vector<File> files(const Plan& plan, const Stretch& stretch) {
  Writer writer{plan, {}};
  for (std::size_t i = stretch.from; i < stretch.to; ++i)
    for (const Step& step : plan.stages[i].steps) {
      // Out of the runner's transaction there is no way back into it within a file; contract begins a file of its own.
      const bool outside = Writer::outside(step);
      const bool contract =
          plan.stages[i].phase == Phase::contract && !writer.out.empty() && writer.out.back().phase != Phase::contract;
      if (writer.out.empty() || contract || (outside && !writer.is_outside())) {
        if (!writer.out.empty()) writer.close();
        writer.open(step, plan.stages[i].phase, stretch.behind);
      }
      writer.step(step);
    }
  if (stretch.before != nullptr) {
    if (writer.out.empty()) {
      File file;
      file.phase = Phase::expand;
      writer.out.push_back(std::move(file));
      if (stretch.behind != nullptr)
        writer.add(source::Place::runner_transaction, plan::require_gate(plan.id, stretch.behind->id),
                   fmt::format("Only behind the gate {}", stretch.behind->id));
    }
    const auto place = writer.is_outside() ? source::Place::own_transaction : source::Place::runner_transaction;
    bool first = true;
    for (std::string& sql : plan::create_gate_table()) {
      writer.add(place, std::move(sql),
                 first ? fmt::format("The gate {}: what stands behind it waits for the release that it names",
                                     stretch.before->id)
                       : "");
      first = false;
    }
    writer.add(place, plan::close_gate(plan.id, stretch.before->id, tables_of(plan)));
  }
  if (!writer.out.empty()) writer.close();
  return std::move(writer.out);
}

}  // namespace pglint::emit
