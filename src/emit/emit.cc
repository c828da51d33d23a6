#include "emit/emit.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
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

// In a transaction of its own: a lock that is not had in time is given up, and tried again after a pause. `gives_back`:
// something else may follow in that transaction, and has the timeout that was there before.
std::string patient(const Step& step, bool gives_back) {
  if (!strong(step)) return guarded(step);
  std::string statements;
  for (const std::string& sql : step.sql) statements += indented(as_block(sql), "      ") + ";\n";
  if (gives_back) statements += "      PERFORM pg_catalog.set_config('lock_timeout', timeout, true);\n";
  return quoted(
      "DO ", fmt::format("{}BEGIN\n"
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
                         gives_back ? "DECLARE\n  timeout text := pg_catalog.current_setting('lock_timeout');\n" : "",
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

// The table, by the name that the expressions of a backfill have for it.
std::string named_table(const Backfill& work) {
  return work.alias.empty() ? work.table : fmt::format("{} AS {}", work.table, plan::quote_name(work.alias));
}
// The same with what it is joined with.
std::string joined_tables(const Backfill& work) {
  return named_table(work) + (work.from.empty() ? "" : ", " + work.from);
}
std::string qualified(const Backfill& work, std::string_view column) {
  return (work.alias.empty() ? "" : plan::quote_name(work.alias) + ".") + plan::quote_name(column);
}

// What it reads where the plan is over, or the original migration has run.
std::string_view what_may_be_gone(const Backfill& work) {
  return work.from.empty() ? "undefined_column" : "undefined_column OR undefined_table";
}

// One DO that walks the key, commits each batch, and ends with its proof. Repeating it from the start writes nothing
// that is right already. Its variables have names that no column has; a column called `found` is a column.
std::string backfill(const Backfill& work) {
  std::vector<std::string> columns;
  std::vector<std::string> written;  // the same, of the rows that are written
  std::vector<std::string> last;
  std::vector<std::string> bound;
  std::vector<std::string> descending;
  std::string declared;
  for (std::size_t i = 0; i < work.key.size(); ++i) {
    columns.push_back(plan::quote_name(work.key[i].name));
    written.push_back(qualified(work, work.key[i].name));
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
    const std::string others = work.from.empty() ? "" : work.from + " ";
    if (work.set.empty())
      return fmt::format("DELETE FROM {} {}{}WHERE {}{}", named_table(work), others.empty() ? "" : "USING ", others,
                         range, also);
    std::string set;
    for (const auto& [column, value] : work.set)
      set += fmt::format("{}{} = {}", set.empty() ? "" : ", ", plan::quote_name(column), value);
    return fmt::format("UPDATE {} SET {} {}{}WHERE {}{}", named_table(work), set, others.empty() ? "" : "FROM ", others,
                       range, also);
  };
  const std::string above = fmt::format("{} > {}", row(columns), row(last));
  const std::string behind = fmt::format("{} > {}", row(written), row(last));
  const std::string within = fmt::format("{} <= {}", row(written), row(bound));
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
    values += qualified(work, column) + ", ";
    if (!is_default(value)) values += value + ", ";
  }
  const std::string probe = fmt::format("SELECT {}1 FROM {}{} LIMIT 0", values, joined_tables(work),
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
      "  EXCEPTION WHEN {} THEN\n"
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
      declared, plan::quote_literal(probe), what_may_be_gone(work), next(" WHERE " + above), next(""),
      write(behind + " AND " + within), write(within), static_cast<double>(work.pause_ms) / 1000.0, advance, proof);
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

// In a file behind the one that holds the step alone: what was cut short there is not taken for done.
std::string prove(const Step& step) {
  std::string hint;
  if (!step.undo.empty() && step.undo.front().starts_with(undo_index)) hint = step.undo.front() + "; ";
  for (const std::string& sql : step.sql) hint += sql + "; ";
  return quoted("DO ",
                fmt::format("BEGIN\n"
                            "  IF NOT ({}) THEN\n"
                            "    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = {}, "
                            "HINT = {};\n"
                            "  END IF;\n"
                            "END",
                            condition_of(step),
                            plan::quote_literal(fmt::format("{} was cut short, and left something behind", step.id)),
                            plan::quote_literal("By hand, each by itself, and then the migrations again: " + hint)));
}

// Where no file can leave the runner's transaction: done in it while nothing is there to wait for, else asked for.
std::optional<std::string> ask_for(const Step& step) {
  constexpr std::string_view word = " CONCURRENTLY";
  if (step.sql.size() != 1 || step.done_when.empty()) return std::nullopt;
  const std::string& sql = step.sql.front();
  const std::size_t at = sql.find(word);
  const auto table = std::ranges::find(step.locks, LockMode::share_update_exclusive, &StepLock::mode);
  const bool builds = sql.starts_with("CREATE INDEX") || sql.starts_with("CREATE UNIQUE INDEX");
  if (!builds || at == std::string::npos || table == step.locks.end()) return std::nullopt;
  return quoted(
      "DO ",
      fmt::format("BEGIN\n"
                  "  IF NOT ({}) THEN\n"
                  "    IF EXISTS (SELECT FROM {}) THEN\n"
                  "      RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = {}, "
                  "HINT = {};\n"
                  "    END IF;\n"
                  "    EXECUTE {};\n"
                  "  END IF;\n"
                  "END",
                  condition_of(step), table->relation,
                  plan::quote_literal(fmt::format("{} has to run outside of the transaction of a migration, and "
                                                  "did not yet",
                                                  step.id)),
                  plan::quote_literal("pglint fix --apply does it. By hand, and then the migrations again: " + sql),
                  plan::quote_literal(sql.substr(0, at) + sql.substr(at + word.size()))));
}

// The same of rows: raises while there are some that are not as they should be.
std::string ask_for_rows(const Step& step, const Plan& plan) {
  const Backfill& work = *step.backfill;
  std::string wrong = work.where.empty() ? std::string() : fmt::format("({})", work.where);
  std::string differs;
  for (const auto& [column, value] : work.set) {
    if (is_default(value)) continue;
    differs += fmt::format("{}{} IS DISTINCT FROM ({})", differs.empty() ? "" : " OR ", qualified(work, column), value);
  }
  if (!differs.empty()) wrong += fmt::format("{}({})", wrong.empty() ? "" : " AND ", differs);
  const std::string left = !work.proof.empty() ? work.proof
                                               : fmt::format("SELECT FROM {}{}{}", joined_tables(work),
                                                             wrong.empty() ? "" : " WHERE ", wrong);
  return quoted(
      "DO ",
      fmt::format(
          "DECLARE\n"
          "  pglint_left boolean;\n"
          "BEGIN\n"
          "  -- Where the plan is over, or the original migration has run, what it reads is gone.\n"
          "  BEGIN\n"
          "    EXECUTE {} INTO pglint_left;\n"
          "  EXCEPTION WHEN {} THEN\n"
          "    RETURN;\n"
          "  END;\n"
          "  IF pglint_left THEN\n"
          "    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = {}, HINT = {};\n"
          "  END IF;\n"
          "END",
          plan::quote_literal(fmt::format("SELECT EXISTS ({})", left)), what_may_be_gone(work),
          plan::quote_literal(fmt::format("rows of {} are left that should have been written", work.table)),
          plan::quote_literal(fmt::format("pglint fix --apply --plan .pglint/plans/{}.yml writes them in batches, "
                                          "which no migration can; then the migrations again",
                                          plan.id))));
}

// Several statements as one, where a transaction cannot be opened and closed around them.
std::string as_one(const std::vector<std::string>& statements) {
  std::string body;
  for (const std::string& sql : statements) body += indented(as_block(sql), "  ") + ";\n";
  return quoted("DO ", fmt::format("BEGIN\n{}END", body));
}

std::string open_gate_again(const Plan& plan, const Gate& gate) {
  return quoted("DO ", fmt::format("BEGIN\n"
                                   "  IF pg_catalog.to_regclass('pglint.gate') IS NOT NULL THEN\n"
                                   "    DELETE FROM pglint.gate WHERE plan = {} AND gate = {};\n"
                                   "  END IF;\n"
                                   "END",
                                   plan::quote_literal(plan.id), plan::quote_literal(gate.id)));
}

// What cannot be taken back is not passed over in silence.
std::string no_way_back(const Plan& plan, const Step& step) {
  return quoted(
      "DO ",
      fmt::format("BEGIN\n"
                  "  RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = {}, HINT = {};\n"
                  "END",
                  plan::quote_literal(fmt::format("plan {}: {} removed what cannot be made again", plan.id, step.id)),
                  plan::quote_literal("It can only come from a backup.")));
}

bool leaves(const Step& step) { return !step.own_transaction || step.kind == StepKind::backfill; }
// A foreign key that goes locks the other table, too: not together with what else is done.
bool locks_another(const Step& step) {
  const auto strong = [](const StepLock& lock) { return lock.mode == LockMode::access_exclusive; };
  return step.sql.size() == 1 && step.sql.front().find(" DROP CONSTRAINT IF EXISTS ") != std::string::npos &&
         step.irreversible && std::ranges::count_if(step.locks, strong) > 1;
}
bool is_long(const Step& step) { return leaves(step) || step.lock_class == LockClass::b || locks_another(step); }

struct Writer {
  const Plan& plan;
  source::WayOut way;
  const Gate* behind = nullptr;
  std::vector<File> out = {};
  std::vector<const Step*> unproved = {};  // of files that hold one step alone
  bool after_long = false;                 // the newest file ends with what reads for long
  std::optional<Error> error = {};

  void add(source::Place place, std::string sql, std::string comment = {}) {
    source::Text text;
    text.place = place;
    text.sql = std::move(sql);
    text.comment = std::move(comment);
    out.back().texts.push_back(std::move(text));
  }

  void begin(Phase phase) {
    File file;
    file.phase = phase;
    out.push_back(std::move(file));
  }

  void ask_for_gate(source::Place place) {
    if (behind != nullptr)
      add(place, plan::require_gate(plan.id, behind->id), fmt::format("Only behind the gate {}", behind->id));
  }

  // --- WayOut::commit and WayOut::file

  void open(const Step& step, Phase phase) {
    begin(phase);
    const bool outside = is_long(step);
    ask_for_gate(outside ? source::Place::outside : source::Place::runner_transaction);
    if (!outside) return;
    // A build waits for old transactions as long as it takes.
    add(source::Place::outside,
        "SELECT pg_catalog.set_config('pglint.lock_timeout', pg_catalog.current_setting('lock_timeout'), false), "
        "pg_catalog.set_config('pglint.statement_timeout', pg_catalog.current_setting('statement_timeout'), false), "
        "pg_catalog.set_config('lock_timeout', '0', false), pg_catalog.set_config('statement_timeout', '0', false)",
        "What follows waits for others without making anybody wait");
  }

  void close() {
    if (out.empty() || !out.back().is_outside()) return;
    add(source::Place::outside,
        "SELECT pg_catalog.set_config('lock_timeout', pg_catalog.current_setting('pglint.lock_timeout'), false), "
        "pg_catalog.set_config('statement_timeout', pg_catalog.current_setting('pglint.statement_timeout'), false)");
  }

  void check(const Step& step, source::Place place) {
    for (const DataCheck& check : plan.checks)
      if (check.before == step.id) add(place, check_data(step, check), "Before anything changes: would it fail?");
  }

  void write(const Step& step) {
    const bool is_outside = out.back().is_outside();
    if (step.kind == StepKind::backfill) return add(source::Place::outside, backfill(*step.backfill), step.comment);
    if (step.done_when.empty() && is_outside && step.own_transaction && step.sql.size() > 1)
      return add(source::Place::outside, as_one(step.sql), step.comment);
    if (step.done_when.empty()) {
      for (const std::string& sql : step.sql)
        add(is_outside ? source::Place::outside : source::Place::runner_transaction, sql, step.comment);
      return;
    }
    if (!is_outside) return add(source::Place::runner_transaction, guarded(step), step.comment);
    // Not in the runner's transaction, where it would read under locks.
    check(step, source::Place::outside);
    if (step.own_transaction) return add(source::Place::outside, patient(step, false), step.comment);
    if (!step.undo.empty() && step.undo.front().starts_with(undo_index))
      add(source::Place::outside, drop_invalid(std::string_view(step.undo.front()).substr(undo_index.size())),
          "What a build that was cut short has left, if one was");
    for (const std::string& sql : step.sql) add(source::Place::outside, sql, step.comment);
  }

  void stretch_out(const Step& step, Phase phase) {
    // Out of the runner's transaction there is no way back into it within a file; contract begins a file of its own.
    const bool contract = phase == Phase::contract && !out.empty() && out.back().phase != Phase::contract;
    if (out.empty() || contract || (is_long(step) && !out.back().is_outside())) {
      close();
      open(step, phase);
    }
    write(step);
  }

  // --- WayOut::statement and WayOut::none: nothing of a session lasts from one file to the next

  // A file in the runner's transaction, which asks first for all that it stands on.
  void open_transaction(Phase phase) {
    begin(phase);
    ask_for_gate(source::Place::runner_transaction);
    for (const Step* one : unproved)
      add(source::Place::runner_transaction, prove(*one), fmt::format("Only where {} came to its end", one->id));
    unproved.clear();
  }

  void alone(const Step& step, Phase phase) {
    const bool checked = std::ranges::any_of(plan.checks, [&](const DataCheck& one) { return one.before == step.id; });
    if (checked || (out.empty() && behind != nullptr)) {
      open_transaction(phase);
      check(step, source::Place::runner_transaction);
    }
    if (step.kind == StepKind::backfill) {
      begin(phase);
      return add(source::Place::outside, backfill(*step.backfill),
                 step.comment + "\nIt takes as long as it takes: statement_timeout has to be 0");
    }
    for (const std::string& sql : step.sql) {
      begin(phase);
      add(source::Place::outside, sql,
          step.done_when.empty()
              ? step.comment
              : step.comment +
                    "\nA build that is cut short leaves an index with indisvalid = false, which IF NOT "
                    "EXISTS takes for a good one:\nthe next migration asks for that, and says what to "
                    "do. lock_timeout and statement_timeout have to be 0");
    }
    if (!step.done_when.empty()) unproved.push_back(&step);
  }

  void ask(const Step& step, Phase phase) {
    open_transaction(phase);  // of its own: it may read for long
    after_long = true;
    if (step.kind == StepKind::backfill)
      return add(source::Place::runner_transaction, ask_for_rows(step, plan),
                 "Written in batches by pglint fix --apply, which a migration cannot: only asked for here");
    std::optional<std::string> sql = ask_for(step);
    if (!sql) {
      const std::string first = step.sql.empty() ? step.id : step.sql.front();
      error = Error{fmt::format("{} cannot run in a transaction, and no migration can leave the runner's",
                                first.substr(0, first.find('\n'))),
                    "run it with psql, and take it out of the migration"};
      return;
    }
    check(step, source::Place::runner_transaction);
    add(source::Place::runner_transaction, std::move(*sql),
        "Outside of a transaction reads and writes go on meanwhile, and a migration cannot leave it: only asked for "
        "here\n"
        "pglint:ignore create-index-not-concurrent: built here only where the table is empty");
  }

  void own_file(const Step& step, Phase phase) {
    if (leaves(step)) return way == source::WayOut::none ? ask(step, phase) : alone(step, phase);
    const bool checked = std::ranges::any_of(plan.checks, [&](const DataCheck& one) { return one.before == step.id; });
    const bool contract = phase == Phase::contract && !out.empty() && out.back().phase != Phase::contract;
    // What reads for long does so without strong locks from before, and what follows does not wait for its end.
    if (out.empty() || contract || out.back().is_outside() || is_long(step) || checked || after_long)
      open_transaction(phase);
    after_long = is_long(step);
    check(step, source::Place::runner_transaction);
    if (step.done_when.empty()) {
      for (const std::string& sql : step.sql) add(source::Place::runner_transaction, sql, step.comment);
      return;
    }
    // The first one holds nothing yet while it waits.
    const bool first = std::ranges::none_of(out.back().texts, [](const source::Text& text) {
      return text.sql.find("'lock_timeout'") != std::string::npos;
    });
    add(source::Place::runner_transaction, first ? patient(step, true) : guarded(step), step.comment);
  }

  // --- all of them

  void step(const Step& step, Phase phase, std::size_t stage) {
    const std::size_t before = out.size();
    if (way == source::WayOut::commit || way == source::WayOut::file)
      stretch_out(step, phase);
    else
      own_file(step, phase);
    for (std::size_t i = std::max<std::size_t>(before, 1) - 1; i < out.size(); ++i) {
      // Those that were there hold nothing of it, unless no other was opened.
      if (i < before && out.size() > before) continue;
      if (out[i].stages.empty() || out[i].stages.back() != stage) out[i].stages.push_back(stage);
    }
    if (way != source::WayOut::commit && !out.empty()) take_back(step, phase, out.back());
  }

  void take_back(const Step& step, Phase phase, File& file) {
    if (step.irreversible || step.undo.empty()) {
      const bool deletes = step.backfill && step.backfill->set.empty();
      const bool removes = step.irreversible && (phase == Phase::contract || deletes);
      if (!removes) {
        if (step.irreversible || step.kind == StepKind::backfill)
          file.kept.push_back(fmt::format("{}: {}.", step.id, step.comment));
        return;
      }
      const bool outside = file.is_outside() && way == source::WayOut::file;
      file.down.insert(
          file.down.begin(),
          {outside ? source::Place::outside : source::Place::runner_transaction, no_way_back(plan, step), {}, 0});
      return;
    }
    const auto in_place = [&](std::string sql, bool alone) {
      const bool outside = file.is_outside() && (alone || way == source::WayOut::file);
      file.down.insert(file.down.begin(),
                       {outside ? source::Place::outside : source::Place::runner_transaction, std::move(sql), {}, 0});
    };
    const bool concurrently = std::ranges::any_of(
        step.undo, [](const std::string& sql) { return sql.find(" CONCURRENTLY ") != std::string::npos; });
    if (concurrently || step.done_when.empty()) {
      if (concurrently && (!file.is_outside() || (way == source::WayOut::statement && step.undo.size() > 1))) {
        for (const std::string& sql : step.undo)
          file.kept.push_back(fmt::format("{}: outside of a transaction, by hand: {};", step.id, sql));
        return;
      }
      for (auto sql = step.undo.rbegin(); sql != step.undo.rend(); ++sql) in_place(*sql, concurrently);
      return;
    }
    Step inverse = step;
    inverse.sql = step.undo;
    inverse.done_when = "SELECT NOT (" + condition_of(step) + ")";
    in_place(guarded(inverse), false);
  }

  void close_gate(const Gate& gate, const std::vector<std::string>& tables) {
    const std::string says =
        fmt::format("The gate {}: what stands behind it waits for the release that it names", gate.id);
    const bool own = way == source::WayOut::commit;
    if (!own && way != source::WayOut::file && (out.empty() || out.back().is_outside() || !unproved.empty()))
      open_transaction(out.empty() ? Phase::expand : out.back().phase);
    if (out.empty()) {
      begin(Phase::expand);
      ask_for_gate(source::Place::runner_transaction);
    }
    std::vector<std::string> statements = plan::create_gate_table();
    statements.push_back(plan::close_gate(plan.id, gate.id, tables));
    const bool is_outside = out.back().is_outside();
    if (is_outside && !own) {
      add(source::Place::outside, as_one(statements), says);
    } else {
      const auto place = is_outside ? source::Place::own_transaction : source::Place::runner_transaction;
      for (std::size_t i = 0; i < statements.size(); ++i) add(place, statements[i], i == 0 ? says : "");
    }
    if (own) return;
    const auto place = is_outside ? source::Place::outside : source::Place::runner_transaction;
    out.back().down.insert(out.back().down.begin(), {place, open_gate_again(plan, gate), {}, 0});
  }

  void finish() {
    if (way == source::WayOut::commit || way == source::WayOut::file) return close();
    if (!unproved.empty()) open_transaction(out.back().phase);
    // What only looks at what other files did belongs to their stages.
    for (std::size_t i = 1; i < out.size(); ++i)
      if (out[i].stages.empty()) out[i].stages = out[i - 1].stages;
    for (std::size_t i = out.size(); i-- > 1;)
      if (out[i - 1].stages.empty()) out[i - 1].stages = out[i].stages;
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

bool File::is_outside() const {
  return std::ranges::any_of(texts,
                             [](const source::Text& text) { return text.place != source::Place::runner_transaction; });
}

Result<std::vector<File>> files(const Plan& plan, const Stretch& stretch, source::WayOut way) {
  Writer writer{plan, way, stretch.behind};
  for (std::size_t i = stretch.from; i < stretch.to; ++i)
    for (const Step& step : plan.stages[i].steps) writer.step(step, plan.stages[i].phase, i);
  if (stretch.before != nullptr) writer.close_gate(*stretch.before, tables_of(plan));
  writer.finish();
  if (writer.error) return tl::unexpected(std::move(*writer.error));
  return std::move(writer.out);
}

}  // namespace pglint::emit
