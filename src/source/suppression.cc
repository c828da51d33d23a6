// Reads `pglint:ignore` comments and finds the statement that each speaks of.
#include "source/suppression.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace pglint::source {
namespace {

constexpr std::string_view marker = "pglint:";
constexpr std::string_view blanks = " \t\r\n\f\v";

constexpr std::string_view no_rule = "names no rule: write `pglint:ignore rule-id: why it is safe here`";
constexpr std::string_view no_reason =
    "gives no reason: write `pglint:ignore rule-id: why it is safe here`, so that the next reader knows";
constexpr std::string_view no_colon =
    "needs a colon between the rules and the reason: write `pglint:ignore rule-a, rule-b: why it is safe here`";
constexpr std::string_view bad_date = "has an `until=` that is not a date: write it as until=2027-03-01";
constexpr std::string_view unknown_form =
    "is not a form that pglint knows: write `pglint:ignore rule-id: reason` or `pglint:ignore-file rule-id: reason`";
constexpr std::string_view inside =
    "stands inside a statement: put it on the line before, or at the end of the statement's first line";
constexpr std::string_view nothing_follows = "has no statement after it: put it on the line before the one it is about";

bool is_blank(char c) { return blanks.find(c) != std::string_view::npos; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A piece of the file that is being read from its front.
struct Cursor {
  std::string_view rest;
  std::uint32_t at = 0;  // where it is in the file

  void skip(std::size_t count) {
    rest.remove_prefix(count);
    at += static_cast<std::uint32_t>(count);
  }
  void skip_blanks() { skip(std::min(rest.find_first_not_of(blanks), rest.size())); }
  // As far as the first of `ends`, and no further than the end.
  Cursor take_until(std::string_view ends) {
    const Cursor taken = {rest.substr(0, rest.find_first_of(ends)), at};
    skip(taken.rest.size());
    return taken;
  }
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i != 4 && i != 7 && !is_digit(text[i])) return false;
  }
  const auto number = [text](std::size_t at, std::size_t digits) {
    unsigned value = 0;
    for (const char digit : text.substr(at, digits)) value = value * 10 + static_cast<unsigned>(digit - '0');
    return value;
  };
  // The calendar knows that no February has 31 days.
  const std::chrono::year year(static_cast<int>(number(0, 4)));
  return (year / std::chrono::month(number(5, 2)) / std::chrono::day(number(8, 2))).ok();
}

// What stands between the delimiters of a comment, without the decoration that some put around it.
Cursor content(std::string_view text, const pg::Comment& comment) {
  Cursor inner = {text.substr(comment.span.begin, comment.span.size()), comment.span.begin};
  inner.skip(inner.rest.starts_with('#') ? 1 : 2);  // in files that are no SQL
  if (comment.block && inner.rest.ends_with("*/")) inner.rest.remove_suffix(2);
  const std::string_view decoration = comment.block ? std::string_view(" \t\r\n*") : std::string_view(" \t-");
  inner.skip(std::min(inner.rest.find_first_not_of(decoration), inner.rest.size()));
  const std::size_t last = inner.rest.find_last_not_of(comment.block ? " \t\r\n*" : " \t\r\n");
  inner.rest = inner.rest.substr(0, last == std::string_view::npos ? 0 : last + 1);
  return inner;
}

// Takes "until=…" off the front.
void take_until_date(Cursor& cursor, Suppression& to) {
  constexpr std::string_view until = "until=";
  cursor.skip_blanks();
  if (!cursor.rest.starts_with(until)) return;
  cursor.skip(until.size());
  to.until = cursor.take_until(" \t\r\n\f\v,:;").rest;
  if (!is_date(to.until)) to.problem = bad_date;
}

void read_rules(Cursor list, Suppression& to) {
  while (!list.rest.empty()) {
    Cursor item = list.take_until(",");
    if (!list.rest.empty()) list.skip(1);
    item.skip_blanks();
    if (item.rest.empty()) continue;
    const Cursor rule = item.take_until(blanks);
    to.rules.push_back(rule.rest);
    to.rule_spans.push_back({rule.at, rule.at + static_cast<std::uint32_t>(rule.rest.size())});
    take_until_date(item, to);
    item.skip_blanks();
    // The rest may be the reason, to the end: commas in it do not separate rules.
    if (!item.rest.empty()) {
      to.problem = no_colon;
      return;
    }
  }
}

// `cursor` is what follows "pglint:".
void read(Cursor cursor, Suppression& to) {
  const std::string_view form = cursor.take_until(" \t\r\n\f\v:,").rest;
  to.whole_file = form == "ignore-file";
  if (form != "ignore" && form != "ignore-file") {
    to.problem = unknown_form;
    return;
  }
  const Cursor rules = cursor.take_until(":");
  const bool colon = !cursor.rest.empty();
  read_rules(rules, to);
  if (colon) {
    cursor.skip(1);
    take_until_date(cursor, to);
    to.reason = trimmed(cursor.rest);
  }
  if (!to.problem.empty()) return;
  if (to.rules.empty()) {
    to.problem = no_rule;
  } else if (to.reason.empty()) {
    to.problem = no_reason;
  }
}

// Finds statements for comments in the order of the file; looks at each byte of the text at most twice.
class Places {
 public:
  Places(std::string_view text, const std::vector<Span>& statements) : text_(text), statements_(statements) {}

  void find(Suppression& suppression) {
    const Span at = suppression.at;
    while (next_ < statements_.size() && statements_[next_].begin < at.begin) ++next_;
    if (next_ > 0) {
      const Span last = statements_[next_ - 1];
      if (seen_ != next_) {
        seen_ = next_;
        first_line_end_ = line_end(last.begin);
        last_line_end_ = last.end <= first_line_end_ ? first_line_end_ : line_end(last.end);
      }
      const bool on_first_line = at.begin < first_line_end_;
      const bool is_inside = at.begin < last.end;
      // What follows a comment on its line makes it a comment on that: `a; /* pglint:ignore … */ b;`
      if (on_first_line && (is_inside || !followed(at))) {
        suppression.statement = next_ - 1;
        return;
      }
      if (is_inside || (at.begin < last_line_end_ && !followed(at))) {
        if (suppression.problem.empty()) suppression.problem = inside;
        return;
      }
    }
    if (next_ < statements_.size()) {
      suppression.statement = next_;
    } else if (suppression.problem.empty()) {
      suppression.problem = nothing_follows;
    }
  }

 private:
  std::size_t line_end(std::size_t from) const { return std::min(text_.find('\n', from), text_.size()); }

  // Does the next statement begin on the line where the comment ends?
  bool followed(Span comment) {
    if (next_ == statements_.size()) return false;
    if (comment_line_end_ < comment.end) comment_line_end_ = line_end(comment.end);
    return statements_[next_].begin < comment_line_end_;
  }

  std::string_view text_;
  const std::vector<Span>& statements_;
  std::size_t next_ = 0;  // the first statement that begins after the comment
  std::size_t seen_ = 0;  // the value of next_ that the lines below belong to
  std::size_t first_line_end_ = 0;
  std::size_t last_line_end_ = 0;
  std::size_t comment_line_end_ = 0;
};

}  // namespace

std::vector<Suppression> suppressions(std::string_view text, const std::vector<pg::Comment>& comments,
                                      const std::vector<Span>& statements) {
  std::vector<Suppression> found;
  Places places(text, statements);
  for (const pg::Comment& comment : comments) {
    if (comment.span.size() < 2 + marker.size()) continue;
    if (text.substr(comment.span.begin, comment.span.size()).find(marker) == std::string_view::npos) continue;
    Cursor cursor = content(text, comment);
    if (!cursor.rest.starts_with(marker)) continue;  // speaks of it only
    cursor.skip(marker.size());
    Suppression& suppression = found.emplace_back();
    suppression.at = comment.span;
    read(cursor, suppression);
    if (!suppression.whole_file) places.find(suppression);
  }
  return found;
}

}  // namespace pglint::source
