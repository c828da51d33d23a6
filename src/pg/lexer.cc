// One pass over the text. Once the first words have told what a statement is, only quotes, comments, parentheses,
// semicolons and psql's characters matter: everything between them is skipped by a table, without a look at words. COPY
// (its data), CREATE FUNCTION (its BEGIN ATOMIC) and CREATE RULE are read word by word.
//
// What comes after an unclosed quote is a guess, and guessing looks ahead or goes back. A budget bounds what that may
// cost in all, so that no text takes quadratic time.
#include "pg/lexer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "pg/scan.h"

namespace pglint::pg {
namespace {

using scan::Class;
using scan::npos;

constexpr std::array<std::string_view, 53> statement_keywords = {
    "abort",   "alter",  "analyse",  "analyze",  "begin",      "call",     "checkpoint", "close",   "cluster",
    "comment", "commit", "copy",     "create",   "deallocate", "declare",  "delete",     "discard", "do",
    "drop",    "end",    "execute",  "explain",  "fetch",      "grant",    "import",     "insert",  "listen",
    "load",    "lock",   "merge",    "move",     "notify",     "prepare",  "reassign",   "refresh", "reindex",
    "release", "reset",  "revoke",   "rollback", "savepoint",  "security", "select",     "set",     "show",
    "start",   "table",  "truncate", "unlisten", "update",     "vacuum",   "values",     "with",
};

constexpr std::string_view unclosed_string = "unterminated quoted string";

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [word](std::string_view one) { return scan::is(word, one); });
}

// Of a string: E'…', B'…', X'…', N'…'.
bool is_prefix(char c) {
  const char lower = scan::lower(c);
  return lower == 'e' || lower == 'b' || lower == 'x' || lower == 'n';
}

// The first line after the one of `at`, before `limit`, that starts with a statement keyword.
std::size_t next_statement_line(std::string_view text, std::size_t at, std::size_t limit) {
  const std::string_view part = text.substr(0, limit);
  while (at < limit) {
    while (at < limit && !scan::is_newline(text[at])) ++at;
    while (at < limit && scan::is_newline(text[at])) ++at;
    if (at < limit && scan::starts_word(text[at]) &&
        is_statement_keyword(part.substr(at, scan::word_end(part, at) - at)))
      return at;
  }
  return npos;
}

class Lexer {
 public:
  Lexer(std::string_view text, std::uint32_t base, const LexOptions& options, Lexed& out)
      : text_(text),
        base_(base),
        psql_(options.psql),
        out_(out),
        stops_(text),
        budget_(text.size() * 8 + std::size_t{256} * 1024) {}

  void run();

 private:
  // What is known of the open statement.
  enum class Kind : std::uint8_t {
    fresh,    // no word of it has been seen
    plain,    // nothing to watch for
    create,   // CREATE [OR REPLACE], so far
    routine,  // CREATE FUNCTION or PROCEDURE: may have a body BEGIN ATOMIC … END
    rule,     // CREATE RULE: its actions may be (a; b)
    copy,
    split,  // a semicolon in parentheses, where no statement has one
  };

  [[nodiscard]] std::uint32_t at(std::size_t i) const { return base_ + static_cast<std::uint32_t>(i); }
  [[nodiscard]] Span span(std::size_t begin, std::size_t end) const { return {at(begin), at(end)}; }
  [[nodiscard]] char peek(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }

  // Whether the word at `p` begins with that one, in lower case.
  template <std::size_t N>
  [[nodiscard]] bool begins_with(std::size_t p, const char (&word)[N]) const {
    if (p + N > text_.size()) return false;
    unsigned different = 0;
    for (std::size_t i = 0; i + 1 < N; ++i) different |= static_cast<unsigned char>((text_[p + i] | 0x20) ^ word[i]);
    return different == 0;
  }
  // A token from `begin` to `end` belongs to the statement.
  std::size_t token(std::size_t begin, std::size_t end) {
    if (begin_ == npos) begin_ = begin;
    return last_ = end;
  }
  std::size_t skip_plain(std::size_t p);
  std::size_t between(std::size_t p);
  void close_statement(std::size_t end);
  void restart(std::size_t begin, std::string_view word);
  void watch(std::size_t begin, std::string_view word);

  std::size_t semicolon(std::size_t p);
  std::size_t quoted(std::size_t begin, std::size_t p);
  std::size_t escaped(std::size_t begin, std::size_t p);
  std::size_t prefixed(std::size_t begin, std::size_t p) {
    return scan::lower(text_[begin]) == 'e' ? escaped(begin, p) : quoted(begin, p);
  }
  std::size_t dollar(std::size_t p);
  std::size_t comment(std::size_t p);

  std::size_t colon(std::size_t p);
  std::size_t backslash(std::size_t p);
  std::size_t arguments_end(std::size_t p) const;

  void expect_copy_data(std::size_t p);
  std::size_t copy_data(std::size_t p);
  std::size_t next_newline(std::size_t p);
  std::size_t data_end(std::size_t p);

  std::size_t unclosed(std::size_t begin, std::string_view message);
  std::size_t resume_at(std::size_t resume, std::size_t begin, std::size_t seen, std::string_view message);

  // How far an opening may be followed.
  [[nodiscard]] std::size_t horizon(std::size_t p) const {
    return budget_ > 0 ? text_.size() : std::min(text_.size(), p + cheap_look);
  }
  void spend(std::size_t n) { budget_ = budget_ > n ? budget_ - n : 0; }

  char* blanked();
  void blank(std::size_t begin, std::size_t end);
  void blank_nul_bytes();

  static constexpr std::size_t cheap_look = 512;  // once the budget is spent

  std::string_view text_;
  std::uint32_t base_;
  bool psql_;
  Lexed& out_;
  bytes::Stops stops_;
  std::size_t budget_;

  // The open statement.
  std::size_t begin_ = npos;  // of its first token; npos if there is none
  std::size_t last_ = 0;      // end of its last token
  std::size_t floor_ = 0;     // what lies before it is not part of the token at hand
  Kind kind_ = Kind::fresh;
  std::int32_t depth_ = 0;      // of parentheses; below 0 where too many close
  std::uint32_t brackets_ = 0;  // for psql's variables only
  std::uint32_t bodies_ = 0;    // of BEGIN ATOMIC, and of CASE within it
  bool after_begin_ = false;    // CREATE FUNCTION: the last word was BEGIN
  bool after_from_ = false;     // COPY: the last word was FROM
  bool from_stdin_ = false;
  // A semicolon that did not end the statement: where it would have ended, and where the next would start.
  std::size_t split_end_ = 0;
  std::size_t split_next_ = npos;
  Kind before_split_ = Kind::plain;
  // A string over several lines, one of which starts like a statement, with text right behind its closing quote. If a
  // quote turns out to be unclosed, it was this one.
  std::size_t suspect_ = npos;
  std::size_t suspect_resume_ = 0;

  std::size_t copy_newline_ = npos;  // behind it stands the data of a COPY
  std::size_t copy_end_ = 0;
  std::size_t copy_statement_ = 0;
  // What next_newline() knows: none from the one to the other.
  std::size_t newline_from_ = npos;
  std::size_t newline_at_ = 0;
  // What data_end() knows: no line "\." from `searched_from_` up to the one that ends at `found_end_` (npos: none).
  std::size_t searched_from_ = npos;
  std::size_t found_line_ = 0;
  std::size_t found_end_ = 0;
};

void Lexer::close_statement(std::size_t end) {
  if (begin_ != npos) out_.statements.push_back({span(begin_, end), {}});
  begin_ = npos;
  kind_ = Kind::fresh;
  depth_ = 0;
  brackets_ = bodies_ = 0;
  after_begin_ = after_from_ = from_stdin_ = false;
  split_next_ = npos;
  suspect_ = npos;
}

// The open statement ended before the semicolon that seemed to belong to it; `word` starts the next.
void Lexer::restart(std::size_t begin, std::string_view word) {
  close_statement(split_end_);
  begin_ = begin;
  watch(begin, word);
}

// A word of a statement that is read word by word; `last_` is still the end of the token before it.
void Lexer::watch(std::size_t begin, std::string_view word) {
  switch (kind_) {
    case Kind::fresh:
      kind_ = begin != begin_            ? Kind::plain
              : scan::is(word, "create") ? Kind::create
              : scan::is(word, "copy")   ? Kind::copy
                                         : Kind::plain;
      break;
    case Kind::create:
      if (one_of(word, {"function", "procedure"}))
        kind_ = Kind::routine;
      else if (scan::is(word, "rule"))
        kind_ = Kind::rule;
      else if (!one_of(word, {"or", "replace"}))
        kind_ = Kind::plain;
      break;
    case Kind::copy:
      if (depth_ > 0) break;
      if (after_from_ && scan::is(word, "stdin")) from_stdin_ = true;
      after_from_ = scan::is(word, "from");
      break;
    case Kind::routine:
      if (depth_ > 0) break;
      if (bodies_ == 0) {
        if (after_begin_ && scan::is(word, "atomic")) bodies_ = 1;
        after_begin_ = scan::is(word, "begin");
        break;
      }
      if (last_ == split_next_ && (begin == 0 || scan::is_newline(text_[begin - 1])) && is_statement_keyword(word) &&
          !one_of(word, {"select", "insert", "update", "delete", "merge", "values", "table", "with", "end", "call"})) {
        // Nothing that a body can hold: its END is missing.
        restart(begin, word);
        break;
      }
      if (text_[last_ - 1] == '.') break;  // t.end is a column
      if (scan::is(word, "case"))
        ++bodies_;
      else if (scan::is(word, "end") && --bodies_ == 0)
        kind_ = Kind::plain;
      break;
    case Kind::split:
      if (last_ == split_next_ && is_statement_keyword(word)) {
        // A closing parenthesis is missing.
        restart(begin, word);
        break;
      }
      kind_ = before_split_;
      if (kind_ != Kind::plain) watch(begin, word);
      break;
    case Kind::plain:
    case Kind::rule:
      break;
  }
}

std::size_t Lexer::semicolon(std::size_t p) {
  if (begin_ == npos) return p + 1;
  if (depth_ <= 0 && bodies_ == 0) {
    const bool data = from_stdin_;
    close_statement(last_);
    if (data) expect_copy_data(p + 1);
    return p + 1;
  }
  if (last_ != split_next_) split_end_ = last_;
  if (bodies_ == 0 && kind_ != Kind::rule && kind_ != Kind::split) {
    before_split_ = kind_;
    kind_ = Kind::split;
  }
  split_next_ = last_ = p + 1;
  return p + 1;
}

// '…' or "…" that opens at `p`; its token starts at `begin`, where it has a prefix.
std::size_t Lexer::quoted(std::size_t begin, std::size_t p) {
  const char quote = text_[p];
  // Most are short: the byte to stop at next is the closing quote.
  std::size_t end = stops_.next(p + 1);
  if (end + 1 < text_.size() && text_[end] == quote && text_[end + 1] != quote)
    ++end;
  else
    end = scan::quote_end(text_, p + 1, quote);
  if (end == npos) return unclosed(begin, quote == '"' ? "unterminated quoted identifier" : unclosed_string);
  if (quote == '\'' && end - p > 4 && suspect_ == npos) {
    const char next = peek(end);
    if (scan::in_word(next) || next == '%' || next == '{' || next == '\\') {
      const std::size_t line = next_statement_line(text_, p, end);
      if (line != npos) {
        suspect_ = begin;
        suspect_resume_ = line;
      }
    }
  }
  return token(begin, end);
}

// E'…' whose quote is at `p`. A quote after a newline goes on with it, and a backslash still escapes there.
std::size_t Lexer::escaped(std::size_t begin, std::size_t p) {
  for (;;) {
    const std::size_t end = scan::escape_quote_end(text_, p + 1);
    if (end == npos) return unclosed(begin, unclosed_string);
    token(begin, end);
    const std::size_t comments = out_.comments.size();
    bool newline = false;
    for (p = end; p < text_.size();) {
      if (scan::is_space(text_[p])) {
        newline = newline || scan::is_newline(text_[p]);
        ++p;
      } else if (text_[p] == '-' && peek(p + 1) == '-') {
        p = comment(p);
      } else {
        break;
      }
    }
    if (!newline || peek(p) != '\'') {
      out_.comments.resize(comments);
      return end;
    }
  }
}

std::size_t Lexer::dollar(std::size_t p) {
  std::size_t word = p;
  while (word > floor_ && scan::in_word(text_[word - 1])) --word;
  if (word < p && scan::starts_word(text_[word])) return token(word, scan::word_end(text_, p));
  if (scan::is_digit(peek(p + 1))) {
    std::size_t end = p + 2;
    while (scan::is_digit(peek(end))) ++end;
    return token(p, end);
  }
  const std::size_t delimiter = scan::dollar_delimiter(text_, p);
  if (delimiter == 0) return token(p, p + 1);
  const std::size_t look = horizon(p + delimiter);
  const std::size_t end = scan::dollar_end(text_.substr(0, look), p + delimiter, text_.substr(p, delimiter));
  if (end == npos) {
    spend(look - p);
    return unclosed(p, "unterminated dollar-quoted string");
  }
  return token(p, end);
}

std::size_t Lexer::comment(std::size_t p) {
  if (text_[p] == '-') {
    const std::size_t end = scan::line_end(text_, p);
    out_.comments.push_back({span(p, end), false});
    return end;
  }
  const std::size_t look = horizon(p);
  const std::size_t end = scan::block_comment_end(text_.substr(0, look), p);
  if (end == npos) {
    spend(look - p);
    return unclosed(p, "unterminated /* comment");
  }
  out_.comments.push_back({span(p, end), true});
  return end;
}

// A variable of psql's, :x, :'x', :"x" or :{?x}, becomes a name or a literal of the same length. What stands before it
// tells it from the colon of an array slice and of JSON_OBJECT('a': 1).
std::size_t Lexer::colon(std::size_t p) {
  const std::size_t next = p + 1;
  const char c = peek(next);
  if (c == ':' || c == '=') return token(p, p + 2);
  const bool quoted = c == '\'' || c == '"';
  const bool test = c == '{' && peek(next + 1) == '?';
  if (!psql_ || (!quoted && !test && !scan::starts_word(c))) return token(p, next);
  if (begin_ != npos) {
    const char before = text_[last_ - 1];
    if (before == '\'' || before == '"' || before == ')' || before == ']') return token(p, next);
    if (scan::in_word(before)) {
      // A word may be glued to a variable (part_:suffix), a number or the bound of a slice may not.
      std::size_t word = last_;
      while (word > begin_ && scan::in_word(text_[word - 1])) --word;
      if (brackets_ > 0 || scan::is_digit(text_[word])) return token(p, next);
    }
  }
  const std::size_t name = next + (test ? 2 : quoted ? 1 : 0);
  std::size_t end = name;
  while (end < text_.size() && scan::in_word(text_[end]) && text_[end] != '$') ++end;
  if (end == name) return token(p, next);
  if (quoted || test) {
    if (peek(end) != (test ? '}' : c)) return token(p, next);
    ++end;
  }
  char* const to = blanked();
  if (test) {
    blank(p, end);
    std::memcpy(to + p, "TRUE", 4);
  } else if (quoted) {
    to[p] = c;
    to[next] = 'z';
  } else {
    to[p] = 'z';  // no word starts with it that is not a name
  }
  return token(p, end);
}

// Past the arguments of a command of psql's: the end of its line, or another backslash; "\\" is taken along.
std::size_t Lexer::arguments_end(std::size_t p) const {
  const auto in_line = [this](std::size_t i) { return i < text_.size() && !scan::is_newline(text_[i]); };
  while (in_line(p)) {
    const char c = text_[p];
    if (c == '\\') return peek(p + 1) == '\\' ? p + 2 : p;
    ++p;
    if (c != '\'' && c != '"' && c != '`') continue;
    while (in_line(p) && text_[p] != c) p += c == '\'' && text_[p] == '\\' && in_line(p + 1) ? 2 : 1;
    if (in_line(p)) ++p;
  }
  return p;
}

std::size_t Lexer::backslash(std::size_t p) {
  if (!psql_) return token(p, p + 1);
  switch (peek(p + 1)) {
    case ';':  // sent as a semicolon
      blank(p, p + 1);
      return semicolon(p + 1);
    case ':':
      blank(p, p + 1);
      return token(p + 1, p + 2);
    case '\\':
      blank(p, p + 2);
      return p + 2;
    default:
      break;
  }
  std::size_t name_end = p + 1;
  while (name_end < text_.size() && !scan::is_space(text_[name_end]) && text_[name_end] != '\\') ++name_end;
  const std::string_view name = text_.substr(p + 1, name_end - p - 1);
  const bool whole_line = name == "copy" || name.starts_with('!') || name == "ef" || name == "ev" || name == "sf" ||
                          name == "sv" || name == "h" || name == "help";
  const std::size_t end = whole_line ? scan::line_end(text_, name_end) : arguments_end(name_end);
  blank(p, end);

  for (const std::string_view one : {"i", "ir", "include", "include_relative", "gexec"})
    if (name == one) out_.includes.push_back(span(p, end));
  for (const std::string_view one :
       {"g", "gx", "gset", "gexec", "gdesc", "crosstabview", "watch", "sendpipeline", "parse"}) {
    if (name != one || begin_ == npos) continue;
    blanked()[p] = ';';
    const bool data = from_stdin_;
    close_statement(last_);
    if (data) expect_copy_data(end);
  }
  if (name == "r" || name == "reset") {
    begin_ = npos;
    close_statement(p);
  }
  if (name == "copy") {
    // \copy t FROM STDIN reads what follows, as COPY does.
    const std::size_t line = next_newline(end);
    std::string_view before;
    for (std::size_t i = name_end; i < end;) {
      if (!scan::starts_word(text_[i])) {
        ++i;
        continue;
      }
      const std::size_t word_end = std::min(scan::word_end(text_, i), end);
      const std::string_view word = text_.substr(i, word_end - i);
      if (scan::is(before, "from") && scan::is(word, "stdin") && line != npos) {
        const std::size_t data = data_end(line + 1);
        if (data == npos) break;
        blank(line + 1, data);
        return data;
      }
      before = word;
      i = word_end;
    }
  }
  return end;
}

// The data of COPY … FROM STDIN starts on the line after the one that holds its semicolon; `p` is behind that.
void Lexer::expect_copy_data(std::size_t p) {
  const std::size_t line = next_newline(p);
  if (line == npos) return;
  const std::size_t end = data_end(line + 1);
  if (end == npos) return;
  copy_newline_ = line;
  copy_end_ = end;
  copy_statement_ = out_.statements.size() - 1;
}

// `p` is the newline before the data.
std::size_t Lexer::copy_data(std::size_t p) {
  out_.statements[copy_statement_].copy_data = span(p + 1, copy_end_);
  blank(p + 1, copy_end_);
  copy_newline_ = npos;
  return copy_end_;
}

std::size_t Lexer::next_newline(std::size_t p) {
  if (p < newline_from_ || p > newline_at_) {
    newline_from_ = p;
    newline_at_ = scan::find(text_, '\n', p);
  }
  return newline_at_;
}

// Past the line "\." that ends the data which starts at `p`; npos if there is none, and then no data either.
std::size_t Lexer::data_end(std::size_t p) {
  if (searched_from_ <= p && (found_end_ == npos || p <= found_line_)) return found_end_;
  searched_from_ = p;
  found_end_ = npos;
  for (std::size_t line = p;;) {
    if (text_.substr(line, 2) == "\\.") {
      std::size_t end = line + 2;
      if (peek(end) == '\r') ++end;
      if (end >= text_.size() || text_[end] == '\n') {
        found_line_ = line;
        found_end_ = std::min(end + 1, text_.size());
        break;
      }
    }
    const std::size_t next = text_.find("\n\\.", line);
    if (next == npos) break;
    line = next + 1;
  }
  return found_end_;
}

// The statement that holds an opening which nothing closes is no statement; returns where to go on.
std::size_t Lexer::unclosed(std::size_t begin, std::string_view message) {
  if (suspect_ != npos && message == unclosed_string && budget_ > 0) {
    spend(text_.size() - suspect_resume_);
    return resume_at(suspect_resume_, suspect_, begin, message);
  }
  const std::size_t resume = next_statement_line(text_, begin, text_.size());
  return resume_at(std::min(resume, text_.size()), begin, begin, message);
}

// `begin` is the opening; what lies between it and `seen` has been read, and may have been taken for something else.
std::size_t Lexer::resume_at(std::size_t resume, std::size_t begin, std::size_t seen, std::string_view message) {
  out_.errors.push_back({at(begin), message});
  while (!out_.comments.empty() && out_.comments.back().span.begin >= at(begin)) out_.comments.pop_back();
  while (!out_.includes.empty() && out_.includes.back().begin >= at(begin)) out_.includes.pop_back();
  if (!out_.blanked.empty()) {
    char* const to = blanked();
    for (std::size_t i = begin; i < seen; ++i) to[i] = text_[i] == '\0' ? ' ' : text_[i];
  }
  begin_ = npos;
  close_statement(begin);
  copy_newline_ = npos;
  return resume;
}

char* Lexer::blanked() {
  if (out_.blanked.empty()) out_.blanked = text_;
  return out_.blanked.data();
}

void Lexer::blank(std::size_t begin, std::size_t end) {
  char* const to = blanked();
  for (std::size_t i = begin; i < end; ++i)
    if (!scan::is_newline(to[i])) to[i] = ' ';
}

// A NUL would end the text for the parser: it is blanked, and an error; one a line, for a file that is no text at all.
void Lexer::blank_nul_bytes() {
  for (std::size_t p = scan::find(text_, '\0', 0); p != npos;) {
    out_.errors.push_back({at(p), "invalid byte sequence for encoding \"UTF8\": 0x00"});
    const std::size_t end = scan::line_end(text_, p);
    char* const to = blanked();
    for (; p < end; ++p)
      if (to[p] == '\0') to[p] = ' ';
    p = scan::find(text_, '\0', end);
  }
}

// Skips what a plain statement need not look at, and quotes that are nothing special: the next byte to stop at closes
// them, and neither a prefix nor more text touches them.
inline std::size_t Lexer::skip_plain(std::size_t p) {
  for (;;) {
    const std::size_t from = p;
    p = stops_.next(p, depth_);
    floor_ = from;
    std::size_t end = p;
    while (end > from && scan::is_space(text_[end - 1])) --end;
    if (end > from) last_ = end;
    if (p >= text_.size() || (text_[p] != '"' && text_[p] != '\'') || scan::in_word(text_[p - 1])) return p;
    const std::size_t close = stops_.next(p + 1);
    if (close + 1 >= text_.size() || text_[close] != text_[p]) return p;
    const char after = text_[close + 1];
    if (after != ',' && after != ' ' && after != ')' && after != ';' && after != '.' && after != '\n') return p;
    last_ = p = close + 1;
  }
}

// Goes on from one statement to the first words of the next, which tell how to read it.
inline std::size_t Lexer::between(std::size_t p) {
  while (p < text_.size()) {
    const char c = text_[p];
    if (c == '\n' && p == copy_newline_) {
      p = copy_data(p);
    } else if (scan::is_space(c)) {
      ++p;
    } else if (c == '-' && peek(p + 1) == '-') {
      p = comment(p);
    } else {
      break;
    }
  }
  // Most statements need no look at a whole word: only COPY and CREATE FUNCTION, PROCEDURE, RULE and OR REPLACE are
  // read on.
  if (scan::starts_word(peek(p))) {
    const bool creates = begins_with(p, "create");
    const std::size_t second = creates ? scan::skip_space(text_, p + 6) : p;
    const char c = scan::lower(peek(second));
    if (creates ? scan::starts_word(c) && c != 'f' && c != 'p' && c != 'r' && c != 'o' : !begins_with(p, "copy")) {
      begin_ = p;
      kind_ = Kind::plain;
      return p;
    }
  }
  while (scan::starts_word(peek(p))) {
    const std::size_t end = scan::word_end(text_, p);
    if (peek(end) == '\'') break;  // it may be a prefix
    if (begin_ == npos) begin_ = p;
    watch(p, text_.substr(p, end - p));
    p = last_ = end;
    if (kind_ != Kind::create || copy_newline_ != npos) break;
    p = scan::skip_space(text_, p);
  }
  return p;
}

void Lexer::run() {
  blank_nul_bytes();
  const bool has_nul = !out_.errors.empty();
  std::size_t p = 0;
  if (text_.starts_with("\xEF\xBB\xBF")) {
    blank(0, 3);
    p = 3;
  }
  const std::size_t size = text_.size();
  while (p < size) {
    if (begin_ == npos) p = between(p);
    floor_ = p;
    if (kind_ == Kind::plain && copy_newline_ == npos) {
      p = skip_plain(p);
    }
    if (p >= size) break;
    if (text_[p] == ';') {
      p = semicolon(p);
      continue;
    }
    switch (scan::type_of(text_[p])) {
      case Class::space:
        ++p;
        break;
      case Class::newline:
        p = p == copy_newline_ ? copy_data(p) : p + 1;
        break;
      case Class::word: {
        const std::size_t end = scan::word_end(text_, p);
        if (end - p == 1 && peek(end) == '\'' && is_prefix(text_[p])) {
          p = prefixed(p, end);
          break;
        }
        if (begin_ == npos) begin_ = p;
        if (kind_ != Kind::plain) watch(p, text_.substr(p, end - p));
        p = token(p, end);
        break;
      }
      case Class::digit:
      case Class::other:
        p = token(p, p + 1);
        break;
      case Class::quote: {
        // The fast loop has passed a prefix: E'…', B'…'.
        const bool after_word = p > floor_ && is_prefix(text_[p - 1]);
        p = after_word && (p - 1 == floor_ || !scan::in_word(text_[p - 2])) ? prefixed(p - 1, p) : quoted(p, p);
        break;
      }
      case Class::double_quote:
        p = quoted(p, p);
        break;
      case Class::dollar:
        p = dollar(p);
        break;
      case Class::dash:
        p = peek(p + 1) == '-' ? comment(p) : token(p, p + 1);
        break;
      case Class::slash:
        p = peek(p + 1) == '*' ? comment(p) : token(p, p + 1);
        break;
      case Class::open:
        ++depth_;
        p = token(p, p + 1);
        break;
      case Class::close:
        --depth_;
        p = token(p, p + 1);
        break;
      case Class::open_bracket:
        ++brackets_;
        p = token(p, p + 1);
        break;
      case Class::close_bracket:
        if (brackets_ > 0) --brackets_;
        p = token(p, p + 1);
        break;
      case Class::semicolon:
        break;  // seen above
      case Class::colon:
        p = colon(p);
        break;
      case Class::backslash:
        p = backslash(p);
        break;
    }
  }
  close_statement(last_);
  if (has_nul)
    std::stable_sort(out_.errors.begin(), out_.errors.end(),
                     [](const LexError& a, const LexError& b) { return a.offset < b.offset; });
}

}  // namespace

void lex(std::string_view text, std::uint32_t base, const LexOptions& options, Lexed& out) {
  out.statements.clear();
  out.comments.clear();
  out.errors.clear();
  out.blanked.clear();
  out.includes.clear();
  Lexer(text, base, options, out).run();
}

Lexed lex(std::string_view text, const LexOptions& options) {
  Lexed out;
  lex(text, 0, options, out);
  return out;
}

bool is_statement_keyword(std::string_view word) {
  return std::any_of(statement_keywords.begin(), statement_keywords.end(),
                     [word](std::string_view one) { return scan::is(word, one); });
}

}  // namespace pglint::pg
