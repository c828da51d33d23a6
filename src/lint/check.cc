#include "lint/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <limits>
#include <map>
#include <span>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "lint/facts.h"
#include "lint/faults.h"
#include "lint/sink.h"
#include "lint/stand_ins.h"
#include "pg/node.h"
#include "pg/tree.h"
#include "source/suppression.h"
#include "source/write.h"

namespace pglint::lint {
namespace {

// What an older server says of syntax that it does not know: not a fault of its kind that no server takes.
bool is_newer_syntax(const effect::ServerError& error) {
  return std::strcmp(error.sqlstate, "42601") == 0 &&
         (error.message.starts_with("syntax error") || error.message.starts_with("subquery in FROM") ||
          error.message.starts_with("unrecognized ") || error.message.ends_with(" not recognized"));
}

// Of an ALTER TABLE; of any other statement all, so that no rule is left out.
Commands commands_of(const ::Node* statement) {
  const auto* alter = pg::as<::AlterTableStmt>(statement);
  if (alter == nullptr) return Commands::all();
  Commands commands;
  for (const ::AlterTableCmd& command : pg::list<::AlterTableCmd>(alter->cmds)) commands.add(command.subtype);
  return commands;
}

// What one project gave; file indices count from its own first file.
struct Outcome {
  std::vector<ReportFile> files;
  std::vector<Diagnostic> diagnostics;
  std::vector<std::string> notices;
  std::uint32_t statements = 0;
  std::uint32_t suppressed = 0;
};

class Checker final : public Observer {
 public:
  Checker(std::span<const Rule* const> rules, const CheckOptions& options, Outcome& outcome)
      : rules_(rules), options_(options), outcome_(outcome) {
    sink_.diagnostics = &outcome.diagnostics;
    sink_.sizes = options.sizes.empty() ? nullptr : &options.sizes;
  }

  void begin_file(const source::Project& project, const source::Migration& migration) override;
  void syntax_error(const pg::Parsed& parsed) override;
  void not_filled_in(const pg::Parsed& parsed) override;
  bool wants_effects(const ::Node& statement, const catalog::TransactionState& transaction) override {
    // A WITH clause may write, whatever the statement itself does.
    const bool shared =
        transaction.kind != TransactionKind::autocommit || transaction.block || pg::with_clause(&statement) != nullptr;
    asked_ = shared || selection_->asks_about(statement.type);
    return shared || selection_->asks_for_effects(statement.type);
  }
  void statement(const Moment& moment) override;
  void end_migration(const catalog::Catalog& catalog) override {
    if (!sink_.of_migration.empty()) look_back(Subject::migration, catalog);
  }
  void end_file(const source::Migration& migration, const std::vector<pg::Comment>& comments,
                const std::vector<Span>& statements) override;
  void end_history(const catalog::Catalog& catalog) override;
  void notice(const std::string& text) override { outcome_.notices.push_back(text); }
  // What the history itself is found to be, in files that are no migrations.
  void documents(const source::Project& project);

 private:
  // What the comments of a file suppress. It waits for the end of the history, since rules may have something to say
  // of the file until then.
  struct Suppressing {
    std::uint32_t file = 0;
    const Selection* selection = nullptr;  // the rules that are on there
    std::vector<source::Suppression> suppressions;
    std::vector<Span> statements;
  };
  [[nodiscard]] Context context(const catalog::Catalog& catalog);
  void look_back(Subject subject, const catalog::Catalog& catalog);
  void suppress(const Suppressing& file, std::vector<Diagnostic>& found);
  void problem(const source::Problem& problem, Span at, Span statement);
  void raise(const Selection::Entry& entry, Span at, Span statement, std::string message, std::string why,
             std::string help);

  [[nodiscard]] const Selection* selection_for(const std::string& path);

  std::span<const Rule* const> rules_;
  const CheckOptions& options_;
  Outcome& outcome_;
  // One for each set of overrides that files of this project fall under.
  std::map<std::vector<std::size_t>, Selection> selections_;
  const Selection* selection_ = nullptr;  // of this file
  TransactionFacts facts_;
  Context::Sink sink_;
  std::string_view text_;
  std::string_view runner_;
  const source::Project* project_ = nullptr;
  std::unordered_map<std::string_view, std::vector<const source::Problem*>> problems_;  // of the history, by path
  std::vector<Suppressing> suppressing_;
  StandIns stand_ins_;
  bool asked_ = true;     // a rule asks about the statement that comes next
  bool wrapped_ = false;  // the runner begins a transaction around this file
};

const Selection* Checker::selection_for(const std::string& path) {
  const std::vector<std::size_t> overrides = overrides_of(options_.rules, path);
  const auto found = selections_.find(overrides);
  if (found != selections_.end()) return &found->second;
  const int pg_version = options_.replay.target.pg_version;
  return &selections_.emplace(overrides, Selection(rules_, options_.rules, pg_version, overrides)).first->second;
}

void Checker::begin_file(const source::Project& project, const source::Migration& migration) {
  selection_ = selection_for(migration.path);
  text_ = migration.text;
  runner_ = project.runner;
  if (project_ != &project) {
    project_ = &project;
    for (const source::Problem& problem : project.problems) problems_[problem.path].push_back(&problem);
  }
  sink_.file = static_cast<std::uint32_t>(outcome_.files.size());
  sink_.ask_recipes = options_.fixable && source::find_writer(runner_) != nullptr;
  sink_.tokens.clear();
  outcome_.files.push_back({migration.path, migration.text});
  if (!migration.placeholders.empty()) stand_ins_.add(migration);
  wrapped_ = project.wrapped_run || migration.wrapped ||
             std::ranges::any_of(migration.scripts, [](const source::Script& script) { return script.wrapped; });
}

void Checker::raise(const Selection::Entry& entry, Span at, Span statement, std::string message, std::string why,
                    std::string help) {
  Diagnostic diagnostic;
  diagnostic.rule = entry.rule->id;
  diagnostic.severity = entry.severity;
  diagnostic.file = sink_.file;
  diagnostic.at = at;
  diagnostic.statement = statement;
  diagnostic.message = std::move(message);
  diagnostic.why = sink_.share(std::move(why));
  diagnostic.help = sink_.share(std::move(help));
  outcome_.diagnostics.push_back(std::move(diagnostic));
}

void Checker::problem(const source::Problem& problem, Span at, Span statement) {
  const Selection::Entry* entry = selection_->engine(problem.rule);
  if (entry == nullptr) return;
  raise(*entry, at, statement, problem.message, problem.why, problem.help);
  Severity& severity = outcome_.diagnostics.back().severity;
  if (problem.mild) severity = std::min(severity, Severity::warning);
}

void Checker::documents(const source::Project& project) {
  // A document is a file of the report if something is found in it.
  for (const source::Document& document : project.documents) {
    bool added = false;
    for (const source::Problem& found : project.problems) {
      if (found.path != document.path) continue;
      if (!added) {
        sink_.file = static_cast<std::uint32_t>(outcome_.files.size());
        outcome_.files.push_back({document.path, document.text});
        selection_ = selection_for(document.path);
        added = true;
      }
      problem(found, found.at, {});
    }
  }
}

void Checker::not_filled_in(const pg::Parsed& parsed) {
  ++outcome_.statements;
  if (const Selection::Entry* entry = selection_->engine("template-not-checked"))
    raise(*entry, parsed.span, parsed.span, "A placeholder stands where neither a name nor a value may stand",
          "What the statement does is not known before the placeholder is filled in, so it is not checked.",
          "Check what comes out of the template: give it to pglint check -.");
}

void Checker::syntax_error(const pg::Parsed& parsed) {
  ++outcome_.statements;
  const Selection::Entry* entry = selection_->engine("syntax-error");
  if (entry == nullptr) return;
  // The token it points at, or the end of the statement.
  const std::uint32_t offset = std::min(parsed.error->offset, static_cast<std::uint32_t>(text_.size()));
  Span at{offset, offset};
  if (parsed.span.contains(offset)) {
    const std::uint32_t end = std::min(parsed.span.end, offset + 256);
    const std::vector<pg::Token> tokens = pg::tokens(text_.substr(offset, end - offset), offset);
    if (!tokens.empty()) at.end = tokens.front().span.end;
  }
  raise(*entry, at, parsed.span, parsed.error->message, "PostgreSQL's own parser refuses this statement.",
        "Mend the statement; the statements around it were checked all the same.");
}

void Checker::statement(const Moment& moment) {
  if (!moment.in_body) ++outcome_.statements;
  facts_.enter(moment.transaction);
  sink_.tokens.clear();

  const effect::Effects& effects = moment.effects;
  if (effects.has_error && is_newer_syntax(effects.error)) {
    // Syntax that the target version does not know yet.
    if (const Selection::Entry* entry = selection_->engine("syntax-error"))
      raise(*entry, moment.parsed.span, moment.parsed.span, effects.error.message,
            fmt::format("The migrations must run on PostgreSQL {}, which refuses this statement.",
                        options_.replay.target.pg_version),
            "Write it in a form that the oldest server knows, or raise --pg-version if no older server is left.");
  } else if (asked_ || moment.in_body) {
    Context context = this->context(moment.catalog);
    context.node = moment.parsed.node;
    context.statement = moment.parsed.span;
    context.base = moment.parsed.base;
    context.in_body = moment.in_body;
    context.batched = moment.batched;
    context.effects = &effects;
    context.transaction = &moment.transaction;
    context.facts = &facts_;
    const Commands commands = commands_of(moment.parsed.node);
    for (const Selection::Entry& entry : selection_->of(moment.parsed.node->type)) {
      if (!entry.commands.meets(commands)) continue;
      context.rule = entry.rule;
      sink_.severity = entry.severity;
      entry.rule->check(context);
    }
  }
  facts_.remember(effects, sink_.file, moment.parsed.span);
}

Context Checker::context(const catalog::Catalog& catalog) {
  Context context;
  context.text = text_;
  context.wrapped = wrapped_;
  context.catalog = &catalog;
  context.target = &options_.replay.target;
  context.runner = runner_;
  context.plans = options_.plans;
  context.sink = &sink_;
  return context;
}

// Offers the notes that rules of this subject have made to them again, and forgets them.
void Checker::look_back(Subject subject, const catalog::Catalog& catalog) {
  const std::uint32_t file = sink_.file;
  const std::vector<Context::Sink::Noted> notes = std::exchange(sink_.notes_about(subject), {});
  std::erase_if(sink_.counts, [&](const auto& count) { return count.first->subject == subject; });
  std::unordered_map<const Rule*, std::size_t> count;
  for (const Context::Sink::Noted& noted : notes) ++count[noted.rule];
  for (const Context::Sink::Noted& noted : notes) {
    Context context = this->context(catalog);
    context.text = outcome_.files[noted.note.file].text;
    context.statement = noted.note.statement;
    context.rule = noted.rule;
    context.notes = count[noted.rule];
    sink_.tokens.clear();
    sink_.severity = noted.severity;
    sink_.file = noted.note.file;
    noted.rule->at_end(context, noted.note);
  }
  sink_.tokens.clear();
  sink_.file = file;
}

void Checker::end_file(const source::Migration& migration, const std::vector<pg::Comment>& comments,
                       const std::vector<Span>& statements) {
  const auto problems = problems_.find(migration.path);
  for (const source::Problem* found : problems == problems_.end() ? std::span<const source::Problem* const>()
                                                                  : std::span(std::as_const(problems->second))) {
    // What is about the whole file stands at its first statement.
    Span at = found->at;
    const auto around = std::ranges::find_if(statements, [&](Span one) { return one.end > at.begin; });
    const Span statement = around == statements.end() ? Span{} : *around;
    if (at.empty() && !statement.empty()) {
      const std::size_t line = text_.substr(0, statement.end).find('\n', statement.begin);
      at = {statement.begin, line == std::string_view::npos ? statement.end : static_cast<std::uint32_t>(line)};
    }
    problem(*found, at, at.begin >= statement.begin ? statement : Span{});
  }
  std::vector<source::Suppression> suppressions = source::suppressions(migration.text, comments, statements);
  if (!suppressions.empty()) suppressing_.push_back({sink_.file, selection_, std::move(suppressions), statements});
}

// By file and position; those at the same place stay in the order in which they were found. Diagnostics are large, and
// there may be many of them: what is sorted is their places, and then each is moved to its own, within the list.
void sort_by_place(std::vector<Diagnostic>& diagnostics) {
  struct Place {
    std::uint32_t file;
    Span at;
    std::uint32_t index;
  };
  std::vector<Place> places;
  places.reserve(diagnostics.size());
  for (const Diagnostic& diagnostic : diagnostics)
    places.push_back({diagnostic.file, diagnostic.at, static_cast<std::uint32_t>(places.size())});
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::tuple(a.file, a.at.begin, a.at.end, a.index) < std::tuple(b.file, b.at.begin, b.at.end, b.index);
  });
  // Round by round: whose place was taken moves on to its own.
  for (std::uint32_t start = 0; start < places.size(); ++start) {
    if (places[start].index == start) continue;
    Diagnostic first = std::move(diagnostics[start]);
    std::uint32_t to = start;
    for (std::uint32_t from = places[to].index; from != start; from = places[to].index) {
      diagnostics[to] = std::move(diagnostics[from]);
      places[to].index = to;
      to = from;
    }
    diagnostics[to] = std::move(first);
    places[to].index = to;
  }
}

void Checker::end_history(const catalog::Catalog& catalog) {
  if (!sink_.of_history.empty()) look_back(Subject::history, catalog);
  if (!suppressing_.empty()) {
    std::vector<Diagnostic> all = std::exchange(outcome_.diagnostics, {});
    sort_by_place(all);
    std::vector<Diagnostic> found;
    auto next = all.begin();
    const auto take_until = [&](std::uint32_t file) {
      found.clear();
      for (; next != all.end() && next->file < file; ++next) found.push_back(std::move(*next));
    };
    const auto put_back = [&] {
      outcome_.diagnostics.insert(outcome_.diagnostics.end(), std::make_move_iterator(found.begin()),
                                  std::make_move_iterator(found.end()));
    };
    for (const Suppressing& file : suppressing_) {
      take_until(file.file);
      put_back();
      take_until(file.file + 1);
      sink_.file = file.file;
      selection_ = file.selection;
      suppress(file, found);
      put_back();
    }
    take_until(std::numeric_limits<std::uint32_t>::max());
    put_back();
  }
  if (!stand_ins_.names.empty())
    for (Diagnostic& diagnostic : outcome_.diagnostics) stand_ins_.put_back(diagnostic);
  sort_by_place(outcome_.diagnostics);
}

// Diagnostics of this file that a suppression speaks of go; suppressions that are wrong or speak of nothing are
// findings of their own, which cannot be suppressed.
void Checker::suppress(const Suppressing& file, std::vector<Diagnostic>& found) {
  const std::vector<Span>& statements = file.statements;
  const Selection::Entry* unused = selection_->engine("unused-suppression");

  for (const source::Suppression& suppression : file.suppressions) {
    for (Fault& fault : faults(suppression, selection_->all(), options_.today, "--"))
      if (const Selection::Entry* entry = selection_->engine(fault.rule))
        raise(*entry, fault.at, {}, std::move(fault.message), std::move(fault.why), std::move(fault.help));
    if (!suppression.problem.empty() || is_over(suppression, options_.today)) continue;
    for (std::size_t i = 0; i < suppression.rules.size(); ++i) {
      const std::string_view rule = suppression.rules[i];
      if (!selection_->exists(rule)) continue;
      const Span spoken_of = suppression.whole_file
                                 ? Span{0, static_cast<std::uint32_t>(outcome_.files[file.file].text.size())}
                             : suppression.statement != source::Suppression::npos ? statements[suppression.statement]
                                                                                  : Span{};
      const auto gone = std::remove_if(found.begin(), found.end(), [&](const Diagnostic& diagnostic) {
        return diagnostic.rule == rule && (suppression.whole_file || spoken_of.contains(diagnostic.at.begin) ||
                                           (diagnostic.at.empty() && diagnostic.at.begin == spoken_of.end));
      });
      const auto count = static_cast<std::uint32_t>(found.end() - gone);
      found.erase(gone, found.end());
      outcome_.suppressed += count;
      // What is found of the project as a whole is found elsewhere.
      if (count == 0 && unused != nullptr && selection_->is_on(rule) && !selection_->is_about_project(rule))
        raise(*unused, suppression.rule_spans[i], {}, fmt::format("{} finds nothing here", rule),
              "The suppression has nothing to hide, and would hide the next real finding.", "Take it out.");
    }
  }
}

void append(Report& report, Outcome&& outcome) {
  const auto offset = static_cast<std::uint32_t>(report.files.size());
  for (Diagnostic& diagnostic : outcome.diagnostics) {
    diagnostic.file += offset;
    for (Related& related : diagnostic.related) related.file += offset;
    ++report.summary.of(diagnostic.severity);
  }
  const auto move_to = [](auto& to, auto& from) {
    if (to.empty()) return to.swap(from);
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  move_to(report.files, outcome.files);
  move_to(report.diagnostics, outcome.diagnostics);
  move_to(report.notices, outcome.notices);
  report.summary.statements += outcome.statements;
  report.summary.suppressed += outcome.suppressed;
}

}  // namespace

Report check(const source::Sources& sources, std::span<const Rule* const> rules, const CheckOptions& options) {
  std::vector<Outcome> outcomes(sources.projects.size());

  // Projects share nothing, so each can be checked on a thread of its own; a project is one walk in order.
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < outcomes.size(); i = next++) {
      Checker checker(rules, options, outcomes[i]);
      replay(sources.projects[i], options.replay, checker);
      checker.documents(sources.projects[i]);
    }
  };
  const std::size_t threads = std::min<std::size_t>(options.jobs, outcomes.size());
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();

  Report report;
  report.failures = sources.failures;
  report.notices = sources.notices;
  for (Outcome& outcome : outcomes) append(report, std::move(outcome));
  report.summary.files = static_cast<std::uint32_t>(report.files.size());
  return report;
}

}  // namespace pglint::lint
