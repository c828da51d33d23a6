#include "report/locks_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "base/line_index.h"
#include "base/text.h"
#include "report/terminal.h"
#include "report/words.h"

namespace pglint::report {
namespace {

// Longer names do not widen the column of names.
constexpr std::size_t max_name_columns = 40;
// Of relations that fare the same (the partitions of a table), so many are shown, if there are more than that and a
// few.
constexpr std::size_t shown_of_run = 5;
constexpr std::size_t few = 3;
// What the last line of a transaction names at most.
constexpr std::size_t max_released = 4;

// A statement on one line: comments left out, blanks joined; at most about `columns` columns of it are read.
std::string one_line(std::string_view sql, std::size_t columns) {
  std::string out;
  char quote = 0;
  bool blank = false;
  // Four bytes and as many combining marks as a Printer lets through make no column wider than this.
  const std::size_t limit = columns * 4;
  for (std::size_t i = 0; i < sql.size() && out.size() <= limit; ++i) {
    const char c = sql[i];
    if (quote == 0 && c == '-' && sql.substr(i).starts_with("--")) {
      const std::size_t end = sql.find('\n', i);
      if (end == std::string_view::npos) break;
      i = end;
      blank = true;
      continue;
    }
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
      blank = true;
      continue;
    }
    if (blank && !out.empty()) out += ' ';
    blank = false;
    if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    }
    out += c;
  }
  return out;
}

// As much of a text as fits, with an ellipsis if that is not all.
std::string shortened(std::string_view text, std::size_t columns) {
  std::string out;
  Printer printer(out);
  std::size_t kept = 0;  // bytes that leave a column for the ellipsis
  for (std::size_t at = 0; at < text.size();) {
    at += printer.one(text, at);
    if (printer.columns() > columns) {
      out.resize(kept);
      return out + "…";
    }
    if (printer.columns() < columns) kept = out.size();
  }
  return out;
}

std::string kind_words(TransactionKind kind, std::string_view runner) {
  switch (kind) {
    case TransactionKind::explicit_:
      return "explicit: BEGIN to COMMIT";
    case TransactionKind::implicit:
      return "implicit: one message of several statements";
    case TransactionKind::runner:
      return fmt::format("runner: opened by {}", printable(runner));
    case TransactionKind::autocommit:
      break;
  }
  return "autocommit";
}

// Why the statement touches a relation that is not its own.
std::string reason(std::string_view because) {
  if (because.empty() || because == "target") return "";
  if (because == "references") return "referenced";
  if (because == "domain") return "uses the domain";
  if (because == "index") return "index of the table";
  if (because == "dependent") return "depends on it";
  if (because == "inherits") return "inherits from it";
  if (because == "reads") return "read";
  std::string out(because);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

// All that is said of a relation but its name.
std::string details(const LockEffect& e, TransactionKind kind) {
  std::string out;
  const auto add = [&out](std::string_view what, std::string_view before = ", ") {
    if (!out.empty()) out += before;
    out += what;
  };
  Work work = e.work;
  if (!e.builds.empty())
    work = static_cast<Work>(static_cast<unsigned>(work) & ~static_cast<unsigned>(Work::index_build));
  add(words(work));
  if (!e.builds.empty()) {
    std::string builds = "builds ";
    for (std::size_t i = 0; i < e.builds.size() && i < shown_of_run; ++i) builds += (i == 0 ? "" : ", ") + e.builds[i];
    if (e.builds.size() > shown_of_run) builds += fmt::format(" and {} more", e.builds.size() - shown_of_run);
    add(builds);
  }
  if (e.is_new) {
    add("new, so nobody waits", "; ");
  } else {
    add(blocked(e.blocks_reads, e.blocks_writes), "; ");
    // A statement by itself has nothing after it that would go on being blocked.
    const bool blocks = e.blocks_reads || e.blocks_writes;
    if (blocks && kind != TransactionKind::autocommit)
      out += e.until_transaction ? " until commit" : " until it is done";
  }
  const std::string why = reason(e.because);
  const std::string unknown = e.known ? "" : "not in the history: worst case";
  if (!why.empty() || !unknown.empty()) {
    out += fmt::format(" ({}{}{})", why, !why.empty() && !unknown.empty() ? "; " : "", unknown);
  }
  return out;
}

std::string relation_name(const LockEffect& e) {
  if (e.relation_kind.empty() || e.relation_kind == "table") return e.relation;
  return fmt::format("{} ({})", e.relation, e.relation_kind == "matview" ? "materialized view" : e.relation_kind);
}

Style style_of_lock(const LockEffect& e) {
  if (e.is_new) return Style::plain;
  if (e.blocks_reads) return Style::error;
  return e.blocks_writes ? Style::warning : Style::plain;
}

// A lock that others wait for until the transaction ends.
struct Held {
  std::string_view relation;
  bool reads;
  bool writes;
  std::uint32_t line;
};

class Writer {
 public:
  Writer(const Timeline& timeline, const RenderOptions& options)
      : timeline_(timeline), options_(options), out_(options.color, options.width) {}

  std::string write() {
    if (options_.verbose) append_notices(out_, timeline_.notices);
    for (const TimelineFile& f : timeline_.files) file(f);
    for (const Failure& failure : timeline_.failures) append_failure(out_, failure);
    return out_.take();
  }

 private:
  void file(const TimelineFile& f) {
    const LineIndex lines(f.text);
    gutter_ = std::to_string(lines.line_count()).size();
    out_.text(f.path, Style::bold).own(" (").text(f.runner).own(")").newline();
    if (f.transactions.empty()) out_.own("  no statements").newline();
    std::size_t number = 0;
    bool after_autocommit = false;
    for (const TimelineTransaction& t : f.transactions) {
      ++number;
      const bool alone = t.kind == TransactionKind::autocommit;
      if (!alone) {
        out_.own(t.continued ? std::string("  the transaction of the file before goes on")
                             : fmt::format("  transaction {} ({})", number, kind_words(t.kind, f.runner)),
                 Style::bold)
            .newline();
      } else if (!after_autocommit) {
        out_.own("  each statement by itself (autocommit)", Style::bold).newline();
      }
      after_autocommit = alone;
      transaction(f, lines, t);
    }
    out_.newline();
  }

  // What stands left of everything in a transaction: the number of the line, and a bar while something is held.
  [[nodiscard]] std::string margin(std::string_view number, std::string_view bar, std::size_t indent) const {
    std::string out(4 + gutter_ - std::min(gutter_, number.size()), ' ');
    out += number;
    out += ' ';
    out += bar;
    out.append(indent, ' ');
    return out;
  }

  void transaction(const TimelineFile& f, const LineIndex& lines, const TimelineTransaction& t) {
    held_.clear();
    held_at_.clear();
    // The bar says what one statement does to the next ones.
    const bool bars = t.statements.size() > 1 && t.kind != TransactionKind::autocommit;
    for (const TimelineStatement& s : t.statements) statement(f, lines, t, s, bars);
    if (bars && !held_.empty()) released();
    deadlocks(lines, t);
  }

  [[nodiscard]] std::string_view bar() const { return held_.empty() ? " " : "│"; }

  void statement(const TimelineFile& f, const LineIndex& lines, const TimelineTransaction& t,
                 const TimelineStatement& s, bool bars) {
    const std::uint32_t line = lines.line_of(s.at.begin);
    const auto size = static_cast<std::uint32_t>(f.text.size());
    const std::uint32_t begin = std::min(s.at.begin, size);
    const std::string_view sql = f.text.substr(begin, std::max(begin, std::min(s.at.end, size)) - begin);
    out_.own(margin(std::to_string(line), bars ? bar() : " ", 1), Style::frame);
    const std::size_t room = out_.width() - std::min(out_.column(), out_.width() - 20);
    out_.own(shortened(one_line(sql, room), room), Style::bold).newline();

    std::size_t mode_columns = 0;
    std::size_t name_columns = 0;
    for (const LockEffect& e : s.effects) {
      mode_columns = std::max(mode_columns, mode(e).size());
      name_columns = std::max(name_columns, std::min(display_width(relation_name(e)), max_name_columns));
    }
    for (std::size_t i = 0; i < s.effects.size(); ++i) {
      const std::size_t run = run_of(s.effects, i, t.kind);
      const std::size_t shown = run > shown_of_run + few ? shown_of_run : run;
      for (std::size_t j = i; j < i + run; ++j) {
        const LockEffect& e = s.effects[j];
        const bool first = bars && held_.empty();
        if (e.until_transaction && !e.is_new && (e.blocks_reads || e.blocks_writes)) hold(e, line);
        if (j >= i + shown) continue;
        const bool starts = first && !held_.empty();
        out_.own(margin("", !bars ? " " : starts ? "┌" : bar(), 3), Style::frame);
        effect(e, t.kind, mode_columns, name_columns, bars);
      }
      if (shown < run) {
        out_.own(margin("", bars ? bar() : " ", 3), Style::frame);
        out_.own(fmt::format("and {} more like it", run - shown)).newline();
      }
      i += run - 1;
    }
    if (!s.transactional && !s.error) {
      out_.own(margin("", bars ? bar() : " ", 3), Style::frame);
      out_.own("refused inside a transaction block", Style::dim).newline();
    }
    if (options_.verbose && !s.error)
      for (const TimelineError& error : s.may_fail) {
        const std::string left = margin("", bars ? bar() : " ", 3);
        out_.own(left, Style::frame).own(fmt::format("fails with {} if ", error.sqlstate), Style::dim);
        out_.wrapped(error.message, left).newline();
      }
    if (s.error) {
      const std::string left = margin("", bars ? bar() : " ", 3);
      out_.own(left, Style::frame).own("error ", Style::error).text(s.error->sqlstate, Style::error).own(": ");
      out_.wrapped(s.error->message, left).newline();
    }
  }

  static std::string_view mode(const LockEffect& e) { return e.lock == LockMode::none ? "no lock" : name(e.lock); }

  // How many effects from the ith fare the same.
  static std::size_t run_of(const std::vector<LockEffect>& effects, std::size_t i, TransactionKind kind) {
    const std::string said = details(effects[i], kind);
    std::size_t n = 1;
    while (i + n < effects.size() && effects[i + n].lock == effects[i].lock && details(effects[i + n], kind) == said)
      ++n;
    return n;
  }

  void effect(const LockEffect& e, TransactionKind kind, std::size_t mode_columns, std::size_t name_columns,
              bool bars) {
    const std::string_view m = mode(e);
    out_.own(m, style_of_lock(e)).spaces(mode_columns - m.size() + 2);
    const std::string relation = relation_name(e);
    const std::size_t columns = display_width(relation);
    out_.text(relation).spaces(name_columns - std::min(columns, name_columns) + 2);
    // What does not fit goes on below the names.
    const std::size_t left = margin("", " ", 3).size();
    const std::size_t below = std::min(left + mode_columns + 2, out_.width() * 2 / 5);
    std::string next = margin("", bars ? bar() : " ", 3);
    next.append(below - std::min(below, left), ' ');
    out_.wrapped(details(e, kind), next).newline();
  }

  void hold(const LockEffect& e, std::uint32_t line) {
    const auto [at, is_new] = held_at_.try_emplace(e.relation, held_.size());
    if (is_new) {
      held_.push_back({e.relation, e.blocks_reads, e.blocks_writes, line});
    } else {
      Held& h = held_[at->second];
      h.reads = h.reads || e.blocks_reads;
      h.writes = h.writes || e.blocks_writes;
    }
  }

  // The end of a transaction: who has waited since when.
  void released() {
    std::string said = "until here ";
    for (std::size_t i = 0; i < held_.size() && i < max_released; ++i) {
      const Held& h = held_[i];
      const std::string_view who = h.reads ? (h.writes ? "reads and writes" : "reads") : "writes";
      if (i > 0) said += ", ";
      said += fmt::format("{} of {} wait (from line {})", who, h.relation, h.line);
    }
    if (held_.size() > max_released)
      said += fmt::format(" and {} more", counted(held_.size() - max_released, "relation"));
    out_.own(margin("", "└", 1), Style::frame).wrapped(said, margin("", " ", 1)).newline();
  }

  // What a client must not do at the same time.
  void deadlocks(const LineIndex& lines, const TimelineTransaction& t) {
    const auto line = [&](std::size_t i) { return lines.line_of(t.statements[i].at.begin); };
    for (std::size_t i = 0; i < t.deadlocks.size() && i < max_released; ++i) {
      const DeadlockPair& pair = t.deadlocks[i];
      const std::string left = margin("", " ", 1);
      out_.own(left, Style::frame).own("deadlock ", Style::warning);
      out_.wrapped(pair.held == pair.wanted
                       ? fmt::format("if others write {0} and wait for a row of line {1}: line {2} wants more of {0}",
                                     pair.held, line(pair.first), line(pair.second))
                       : fmt::format("if others take {} before {} (lines {} and {})", pair.wanted, pair.held,
                                     line(pair.first), line(pair.second)),
                   left)
          .newline();
    }
    if (t.deadlocks.size() > max_released)
      out_.own(margin("", " ", 1), Style::frame)
          .own(fmt::format("and {} more like it", t.deadlocks.size() - max_released))
          .newline();
  }

  const Timeline& timeline_;
  const RenderOptions& options_;
  Terminal out_;
  std::size_t gutter_ = 1;
  std::vector<Held> held_;                                     // in order of the first lock
  std::unordered_map<std::string_view, std::size_t> held_at_;  // where in held_
};

}  // namespace

std::string locks_text(const Timeline& timeline, const RenderOptions& options) {
  return Writer(timeline, options).write();
}

}  // namespace pglint::report
