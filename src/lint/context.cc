// Places and words for rules: worked out only when something is found.
#include "lint/context.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "lint/sink.h"
#include "pg/clauses.h"
#include "recipe/recipe.h"

namespace pglint::lint {
namespace {

bool same_word(std::string_view text, std::string_view upper) {
  if (text.size() != upper.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (std::toupper(static_cast<unsigned char>(text[i])) != static_cast<unsigned char>(upper[i])) return false;
  return true;
}

const std::vector<pg::Token>& tokens_of(const Context& context) {
  Context::Sink& sink = *context.sink;
  if (sink.tokens.empty() || !(sink.tokens_of == context.statement)) {
    sink.tokens =
        pg::tokens(context.text.substr(context.statement.begin, context.statement.size()), context.statement.begin);
    sink.tokens_of = context.statement;
  }
  return sink.tokens;
}

bool is_word(const Context& context, const pg::Token& token, std::string_view upper) {
  return token.kind == pg::TokenKind::word &&
         same_word(context.text.substr(token.span.begin, token.span.size()), upper);
}

}  // namespace

std::string_view name(Category category) {
  switch (category) {
    case Category::lock:
      return "lock";
    case Category::fails:
      return "fails";
    case Category::compat:
      return "compat";
    case Category::data:
      return "data";
    case Category::history:
      return "history";
    case Category::delivery:
      return "delivery";
    case Category::policy:
      return "policy";
    case Category::style:
      break;
  }
  return "style";
}

std::string_view name(Fixable fixable) {
  switch (fixable) {
    case Fixable::never:
      return "never";
    case Fixable::sometimes:
      return "sometimes";
    case Fixable::always:
      break;
  }
  return "always";
}

Span Context::keyword(std::string_view word, std::size_t nth) const {
  for (const pg::Token& token : tokens_of(*this))
    if (is_word(*this, token, word) && nth-- == 0) return token.span;
  return statement;
}

Span Context::keywords(std::string_view first, std::string_view last) const {
  bool found = false;
  Span span = {};
  for (const pg::Token& token : tokens_of(*this)) {
    if (!found && is_word(*this, token, first)) {
      found = true;
      span = token.span;
    }
    if (found && is_word(*this, token, last)) {
      span.end = token.span.end;
      return span;
    }
  }
  return found ? span : statement;
}

Span Context::command(std::size_t index) const {
  const std::vector<Span> commands =
      pg::alter_commands(text.substr(statement.begin, statement.size()), statement.begin, tokens_of(*this));
  return index < commands.size() ? commands[index] : statement;
}

Span Context::first_word() const {
  const std::vector<pg::Token>& tokens = tokens_of(*this);
  return tokens.empty() ? statement : tokens.front().span;
}

Span Context::node_span(int location) const {
  if (location < 0) return statement;
  const std::uint32_t at = base + static_cast<std::uint32_t>(location);
  for (const pg::Token& token : tokens_of(*this))
    if (token.span.begin >= at) return token.span;
  return statement;
}

std::string Context::display(const effect::RelationEffect& relation) const {
  return display(relation.schema, relation.name);
}

std::string Context::display(Symbol schema, Symbol name) const {
  const bool usual = catalog->text(schema) == "public";
  return catalog->qualified(usual ? Symbol{} : schema, name);
}

const effect::RelationEffect* Context::table() const {
  for (const effect::RelationEffect& relation : effects->relations)
    if (relation.kind != catalog::RelationKind::index && relation.kind != catalog::RelationKind::partitioned_index)
      return &relation;
  return nullptr;
}

namespace {

// Whether the rule's recipe would take the command that the finding is about.
bool fixable(const Context& context, Span at) {
  if (context.rule->recipe == recipe::Operation::none || context.in_body) return false;
  recipe::Options options;
  options.pg_version = context.target->pg_version;
  recipe::Command whole;
  whole.node = context.node;
  whole.text = context.text.substr(context.statement.begin, context.statement.size());
  whole.shift = static_cast<std::int64_t>(context.base) - static_cast<std::int64_t>(context.statement.begin);
  whole.catalog = context.catalog;
  whole.effects = context.effects;
  whole.options = &options;
  bool accepted = false;
  recipe::each_command(whole, [&](const recipe::Command& command, Span clause) {
    const Span place{context.statement.begin + clause.begin, context.statement.begin + clause.end};
    if (at.begin < place.end && place.begin < at.end)
      accepted = accepted || recipe::accepts(context.rule->recipe, command);
  });
  return accepted;
}

}  // namespace

namespace {

std::string about(std::int64_t rows) {
  std::string digits = std::to_string(rows);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

// What takes longer the larger the table is. Whether something fails, or breaks the running release, no size decides.
bool size_decides(const Rule& rule, const Diagnostic& diagnostic) {
  if (rule.category == Category::data) return diagnostic.lock != LockMode::none;
  return rule.category == Category::lock && grows_with_table(diagnostic.work);
}

void weigh(const TableSizes& sizes, bool milder, Diagnostic& diagnostic, std::string& why) {
  const TableSize table = sizes.of(diagnostic.relation);
  if (table.hot || table.size == Size::large) {
    if (!milder && diagnostic.severity == Severity::warning) diagnostic.severity = Severity::error;
    if (table.hot)
      why += " The table is configured as hot: its locks are felt however few rows it has.";
    else
      why += fmt::format(" The table has about {} rows, and counts as large from {} on.", about(table.rows),
                         about(sizes.large_rows));
  } else if (table.size == Size::small) {
    diagnostic.severity = Severity::advice;
    why += fmt::format(
        " The table has about {} rows: with less than {} this is over soon, and the plain form "
        "will do.",
        about(table.rows), about(sizes.small_rows));
  }
}

}  // namespace

void Context::note(Note note) const {
  note.statement = statement;
  note.file = sink->file;
  note.migration = catalog->now.migration;
  sink->notes_about(rule->subject).push_back({rule, sink->severity, note});
  ++sink->count(rule);
}

std::size_t Context::noted() const { return sink->count(rule); }

void Context::forget() const {
  // Those of this file are the last, and what is forgotten was mostly noted a moment ago.
  std::size_t& left = sink->count(rule);
  std::vector<Sink::Noted>& kept = sink->notes_about(rule->subject);
  for (auto noted = kept.end(); left != 0 && noted != kept.begin();) {
    --noted;
    if (noted->rule != rule || noted->note.file != sink->file) continue;
    noted = kept.erase(noted);
    --left;
  }
}

void Context::report(Finding finding) const {
  Diagnostic diagnostic;
  diagnostic.rule = rule->id;
  diagnostic.severity = finding.at_most ? std::min(*finding.at_most, sink->severity) : sink->severity;
  diagnostic.file = sink->file;
  diagnostic.at = finding.at;
  diagnostic.statement = statement;
  diagnostic.message = std::move(finding.message);
  diagnostic.help = sink->share(std::move(finding.help));
  diagnostic.lock = finding.lock;
  diagnostic.work = finding.work;
  if (finding.relation != nullptr) {
    diagnostic.relation = catalog->qualified(finding.relation->schema, finding.relation->name);
    if (diagnostic.lock == LockMode::none) diagnostic.lock = finding.relation->lock;
    if (diagnostic.work == Work::none) diagnostic.work = finding.relation->work;
  }
  if (sink->sizes != nullptr && !diagnostic.relation.empty() && size_decides(*rule, diagnostic))
    weigh(*sink->sizes, finding.at_most.has_value(), diagnostic, finding.why);
  diagnostic.why = sink->share(std::move(finding.why));
  if (sink->ask_recipes && node != nullptr) diagnostic.fixable = fixable(*this, finding.at);
  diagnostic.related = std::move(finding.related);
  sink->diagnostics->push_back(std::move(diagnostic));
}

}  // namespace pglint::lint
