// A statement that the server refuses, given the schema as it stands: the effect model knows the error.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <string>

#include "lint/context.h"
#include "lint/doubt.h"
#include "lint/tags.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::will_fail {
namespace {

using namespace lint;

bool one_of(std::string_view state, std::initializer_list<std::string_view> states) {
  return std::find(states.begin(), states.end(), state) != states.end();
}

// What to do about errors of this kind; sentences.
std::string way_out(std::string_view state) {
  if (state == "2BP01")
    return "Drop or change first what depends on it, each by its name. CASCADE would take all of it along, what nobody "
           "thought of too.";
  if (one_of(state, {"42P01", "42703", "42704", "42883", "3F000"}))
    return "An earlier migration dropped or renamed it, or the name is misspelt: write the name that it has now.";
  if (one_of(state, {"42P07", "42701", "42710", "42P06"}))
    return "An earlier migration made it: leave the statement out, or choose another name.";
  if (state == "42P13")
    return "OR REPLACE may change the body only: make the new form under another name, or DROP the function first and "
           "make it anew in the same transaction.";
  if (state == "55P04")
    return "Use the new value in a transaction behind the one that adds it: a migration of its own, or behind COMMIT.";
  if (state == "25P01") return "Put BEGIN before it and COMMIT behind it.";
  return "Change the statement: the server refuses it in this form, on a database of any size.";
}

// Something is there, or is not.
bool is_about_names(std::string_view state) {
  return one_of(state, {"42P01", "42703", "42704", "42883", "3F000", "42P07", "42701", "42710", "42P06"});
}

std::string why(const Context& context, std::string_view state) {
  return fmt::format("PostgreSQL {} refuses it (SQLSTATE {}), given what the migrations before it made.",
                     context.target->pg_version, state);
}

void report(const Context& context, const effect::ServerError& error, std::optional<Severity> at_most) {
  context.report({
      .at = context.first_word(),
      .message = fmt::format("This fails: {}", error.message),
      .why = why(context, error.sqlstate),
      .help = way_out(error.sqlstate),
      .relation = context.effects->target(),
      .at_most = at_most,
  });
}

void check(const Context& context) {
  if (!context.effects->has_error) return;
  const effect::ServerError& error = context.effects->error;
  const std::string_view state = error.sqlstate;
  // Other rules say these better: outside transactions only; NOT NULL without a value.
  if (state == "25001" || (state == "23502" && error.message.starts_with("column "))) return;
  // Which branches of a block are taken is not known: what is there or not may be what they ask.
  if (context.in_body &&
      (is_about_names(state) || one_of(state, {"42P10", "42P16", "2BP01", "42P13", "42723", "42809"})))
    return;
  // Of a folder of plain SQL nobody says what is sent in one transaction.
  if (state == "25P01" && context.runner == "plain") return;
  if (is_about_history(state) && !context.in_body) {
    context.note({.at = context.first_word(),
                  .schema = context.catalog->symbols.intern(state),
                  .what = context.catalog->symbols.intern(error.message)});
    return;
  }
  // Whether trigger events wait, the rows decide.
  report(context, error, context.in_body || state == "55006" ? std::optional(Severity::warning) : std::nullopt);
}

void at_end(const Context& context, const Note& note) {
  // Where many are wrong it is not the statements: a folder of plain SQL holds files that are not run in this order, or
  // not at all.
  constexpr std::size_t too_many = 3;
  const bool doubtful = context.runner == "plain" && context.notes > too_many;
  const std::string_view state = context.catalog->text(note.schema);
  context.report({
      .at = note.at,
      .message = fmt::format("This fails: {}", context.catalog->text(note.what)),
      .why = why(context, state),
      .help = way_out(state),
      .at_most = doubtful ? std::optional(Severity::advice) : std::nullopt,
  });
}

// Also the ones that other rules ask about in any case.
constexpr std::array tags = [] {
  constexpr std::array more = {int{T_UpdateStmt},
                               int{T_DeleteStmt},
                               int{T_MergeStmt},
                               int{T_AlterPublicationStmt},
                               int{T_CreatePublicationStmt},
                               int{T_CreateSeqStmt},
                               int{T_CreateRangeStmt},
                               int{T_CommentStmt},
                               int{T_CreateStatsStmt}};
  std::array<int, schema_changes.size() + more.size()> all = {};
  std::copy(schema_changes.begin(), schema_changes.end(), all.begin());
  std::copy(more.begin(), more.end(), all.begin() + schema_changes.size());
  return all;
}();
constexpr std::array<int, 5> in_transaction = {T_InsertStmt, T_SelectStmt, T_LockStmt, T_CopyStmt, T_TransactionStmt};
constexpr std::array aliases = {Alias{"squawk", "ban-duplicate-column-assignments"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "will-fail",
    .category = Category::fails,
    .severity = Severity::error,
    .summary = "PostgreSQL refuses the statement",
    .aliases = aliases,
    .subject = Subject::history,
    .tags = tags,
    .in_transaction = in_transaction,
    .check = check,
    .at_end = at_end,
});

}  // namespace pglint::rules::will_fail
