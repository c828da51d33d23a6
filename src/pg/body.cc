// PL/pgSQL has few words that matter here: those after which a statement may start (BEGIN, THEN, ELSE, LOOP), and those
// that make a statement something other than SQL. There is no need to know how blocks nest, except for loops.
#include "pg/body.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "pg/node.h"
#include "pg/scan.h"
#include "pg/tree.h"

namespace pglint::pg {
namespace {

using scan::npos;

// The content of a string literal: where it is, and with its escapes undone without a change in length.
struct Literal {
  std::size_t begin = 0;  // of the content, in the text that holds the token
  std::string content;
};

// Undoes the escapes of '…' (or, if `backslashes`, E'…') where each stands for SQL text. A quote of that text is two
// bytes here; the blank that it leaves goes outside of the string it opens or closes. False where there is no room for
// a blank.
class Unescape {
 public:
  Unescape(std::string& content, bool backslashes) : text_(content), backslashes_(backslashes) {}

  bool run() {
    while (at_ < text_.size()) {
      if (is_quote(at_)) {
        if (!quote()) return false;
      } else if (backslashes_ && text_[at_] == '\\') {
        if (!escape()) return false;
      } else {
        plain();
      }
    }
    return true;
  }

 private:
  enum class Where : std::uint8_t { code, string, name, line_comment, block_comment };

  [[nodiscard]] char peek(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  [[nodiscard]] bool is_quote(std::size_t i) const {
    return peek(i + 1) == '\'' && (text_[i] == '\'' || (backslashes_ && text_[i] == '\\'));
  }

  bool quote() {
    switch (where_) {
      case Where::code:
        text_[at_] = ' ';
        text_[at_ + 1] = '\'';
        where_ = Where::string;
        break;
      case Where::string:
        if (at_ + 2 < text_.size() && is_quote(at_ + 2)) {
          // Doubled: it stays so, twice.
          text_.replace(at_, 4, "''''");
          at_ += 2;
        } else {
          text_[at_] = '\'';
          text_[at_ + 1] = ' ';
          where_ = Where::code;
        }
        break;
      case Where::name:
        return false;
      case Where::line_comment:
      case Where::block_comment:
        text_[at_] = ' ';
        break;
    }
    at_ += 2;
    return true;
  }

  bool escape() {
    const char c = peek(at_ + 1);
    switch (c) {
      case 'n':
      case 'r':
        text_[at_] = '\n';
        if (where_ == Where::line_comment) where_ = Where::code;
        break;
      case 't':
      case 'f':
        text_[at_] = ' ';
        break;
      case '\\':
        // A backslash of a string of the body: it is escaped there as well, or means itself.
        if (where_ == Where::string || where_ == Where::line_comment || where_ == Where::block_comment) {
          at_ += 2;
          return true;
        }
        return false;
      default:
        return false;
    }
    if (where_ == Where::name) return false;
    text_[at_ + 1] = ' ';
    at_ += 2;
    return true;
  }

  void plain() {
    const char c = text_[at_];
    const char next = peek(at_ + 1);
    switch (where_) {
      case Where::code:
        if (c == '"') where_ = Where::name;
        if (c == '-' && next == '-') where_ = Where::line_comment;
        if (c == '/' && next == '*') {
          where_ = Where::block_comment;
          depth_ = 1;
          ++at_;
        }
        break;
      case Where::name:
        if (c == '"') where_ = Where::code;
        break;
      case Where::line_comment:
        if (scan::is_newline(c)) where_ = Where::code;
        break;
      case Where::block_comment:
        if (c == '*' && next == '/') {
          ++at_;
          if (--depth_ == 0) where_ = Where::code;
        } else if (c == '/' && next == '*') {
          ++at_;
          ++depth_;
        }
        break;
      case Where::string:
        break;
    }
    ++at_;
  }

  std::string& text_;
  bool backslashes_;
  std::size_t at_ = 0;
  Where where_ = Where::code;
  std::size_t depth_ = 0;
};

// The SQL in a string token of `text`.
std::optional<Literal> literal_of(std::string_view text, const Token& token) {
  if (token.kind != TokenKind::string) return std::nullopt;
  const std::string_view all = text.substr(token.span.begin, token.span.size());
  if (all.front() == '$') {
    const std::size_t delimiter = scan::dollar_delimiter(all, 0);
    if (delimiter == 0 || all.size() < 2 * delimiter || !all.ends_with(all.substr(0, delimiter))) return std::nullopt;
    return Literal{token.span.begin + delimiter, std::string(all.substr(delimiter, all.size() - 2 * delimiter))};
  }
  const bool backslashes = scan::lower(all.front()) == 'e';
  const std::size_t begin = backslashes ? 2 : 1;
  if (all[begin - 1] != '\'' || all.size() <= begin || all.back() != '\'') return std::nullopt;
  Literal literal{token.span.begin + begin, std::string(all.substr(begin, all.size() - begin - 1))};
  if (!Unescape(literal.content, backslashes).run()) return std::nullopt;
  return literal;
}

// Walks the tokens of a PL/pgSQL body and keeps its SQL.
class Walk {
 public:
  Walk(std::string_view source, Body& body) : source_(source), tokens_(tokens(source, 0)), body_(body) {}

  void run();

 private:
  [[nodiscard]] bool done() const { return at_ >= tokens_.size(); }
  [[nodiscard]] std::string_view text(std::size_t i) const {
    return i < tokens_.size() ? source_.substr(tokens_[i].span.begin, tokens_[i].span.size()) : std::string_view();
  }
  [[nodiscard]] bool is_word(std::size_t i, std::string_view lower_case) const {
    return i < tokens_.size() && tokens_[i].kind == TokenKind::word && scan::is(text(i), lower_case);
  }
  [[nodiscard]] bool word(std::string_view lower_case) const { return is_word(at_, lower_case); }
  [[nodiscard]] bool any_word(std::initializer_list<std::string_view> words) const {
    return std::any_of(words.begin(), words.end(), [this](std::string_view one) { return word(one); });
  }
  [[nodiscard]] bool is_outer(std::size_t i, std::string_view symbol) const {
    return i < tokens_.size() && tokens_[i].depth == 0 && text(i) == symbol;
  }

  [[nodiscard]] std::size_t target_end(std::size_t i) const;
  [[nodiscard]] bool is_assignment() const;
  [[nodiscard]] std::size_t semicolon(std::size_t i) const;
  void skip_statement() { at_ = semicolon(at_) + 1; }
  void skip_to(std::string_view lower_case);
  void declarations();
  void end();
  void for_loop();
  [[nodiscard]] std::optional<std::string> constant(std::size_t first, std::size_t end) const;
  void dynamic(std::size_t end);
  void keep_sql(std::size_t first, std::size_t end);
  void keep(std::size_t begin, std::size_t end, std::string_view sql);
  void statement();

  std::string_view source_;
  std::vector<Token> tokens_;
  Body& body_;
  std::size_t at_ = 0;
  std::size_t loops_ = 0;
};

// Past a variable with its fields and subscripts.
std::size_t Walk::target_end(std::size_t i) const {
  if (i >= tokens_.size()) return i;
  const TokenKind kind = tokens_[i].kind;
  if (kind != TokenKind::word && kind != TokenKind::quoted_name && kind != TokenKind::parameter) return i;
  ++i;
  for (;;) {
    if (text(i) == "." && i + 1 < tokens_.size()) {
      i += 2;
    } else if (text(i) == "[") {
      const std::uint16_t depth = tokens_[i].depth;
      do ++i;
      while (i < tokens_.size() && tokens_[i].depth > depth);
      if (i < tokens_.size()) ++i;
    } else {
      return i;
    }
  }
}

bool Walk::is_assignment() const {
  const std::size_t i = target_end(at_);
  return i > at_ && (text(i) == ":=" || text(i).starts_with('='));
}

// The semicolon that ends the statement which holds token `i`; the number of tokens if none does.
std::size_t Walk::semicolon(std::size_t i) const {
  while (i < tokens_.size() && !is_outer(i, ";")) ++i;
  return i;
}

// Goes to that word outside of parentheses and of CASE … END.
void Walk::skip_to(std::string_view lower_case) {
  std::size_t cases = 0;
  for (; !done(); ++at_) {
    if (tokens_[at_].depth != 0) continue;
    if (cases == 0 && word(lower_case)) return;
    if (word("case")) ++cases;
    if (cases > 0 && word("end")) --cases;
  }
}

void Walk::declarations() {
  while (!done() && !word("begin")) {
    if (word("declare"))
      ++at_;
    else
      skip_statement();
  }
}

// END, END IF, END LOOP, END CASE.
void Walk::end() {
  if (is_word(at_ + 1, "loop") && loops_ > 0) --loops_;
  skip_statement();
}

// Keeps source_[begin, end) as a statement, as `sql`, which is as long.
void Walk::keep(std::size_t begin, std::size_t end, std::string_view sql) {
  assert(sql.size() == end - begin);
  body_.text.replace(begin, end - begin, sql);
  if (end < body_.text.size()) body_.text[end] = ';';
  const Span span{body_.base + static_cast<std::uint32_t>(begin), body_.base + static_cast<std::uint32_t>(end)};
  body_.statements.push_back({span, {}});
  body_.in_loop.push_back(loops_ > 0);
}

// Keeps the tokens [first, end) as a statement. INTO and its targets are PL/pgSQL's: they are blanked.
void Walk::keep_sql(std::size_t first, std::size_t end) {
  if (first >= end) return;
  const std::size_t begin = tokens_[first].span.begin;
  std::string sql(source_.substr(begin, tokens_[end - 1].span.end - begin));
  if (is_word(first, "perform")) sql.replace(0, 7, "SELECT ");
  if (!is_word(first, "import")) {
    for (std::size_t i = first + 1; i < end; ++i) {
      if (!is_word(i, "into") || is_word(i - 1, "insert") || is_word(i - 1, "merge")) continue;
      std::size_t last = target_end(is_word(i + 1, "strict") ? i + 2 : i + 1);
      while (last < end && text(last) == ",") last = target_end(last + 1);
      last = std::min(last, end);
      for (std::size_t at = tokens_[i].span.begin; at < tokens_[last - 1].span.end; ++at)
        if (!scan::is_newline(sql[at - begin])) sql[at - begin] = ' ';
      break;
    }
  }
  // Where INTO came last, the statement is shorter.
  std::size_t size = sql.size();
  while (size > 0 && scan::is_space(sql[size - 1])) --size;
  keep(begin, begin + size, std::string_view(sql).substr(0, size));
}

// What format() makes of constants: %I, %L and %s, in their order. Nothing where it needs more than that.
std::optional<std::string> formatted(std::string_view pattern, const std::vector<std::string>& values) {
  std::string out;
  std::size_t next = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      out += pattern[i];
      continue;
    }
    const char kind = ++i < pattern.size() ? pattern[i] : '\0';
    if (kind == '%') {
      out += '%';
      continue;
    }
    if ((kind != 'I' && kind != 'L' && kind != 's') || next == values.size()) return std::nullopt;
    const std::string& value = values[next++];
    if (kind == 's') {
      out += value;
      continue;
    }
    const bool plain = kind == 'I' && !value.empty() && value.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == npos;
    const char quote = kind == 'I' ? '"' : '\'';
    if (value.find(quote) != npos || value.find('\\') != npos) return std::nullopt;
    if (!plain) out += quote;
    out += value;
    if (!plain) out += quote;
  }
  return out;
}

// The value of constants joined by ||, from token `first` to `end`; format() of constants is one.
std::optional<std::string> Walk::constant(std::size_t first, std::size_t end) const {
  std::string out;
  bool wanted = true;  // a constant, not an operator
  for (std::size_t i = first; i < end; ++i) {
    if (!wanted) {
      if (text(i) == "||") {
        wanted = true;
      } else if (text(i) == "|" && text(i + 1) == "|") {  // in case the two are not one token
        wanted = true;
        ++i;
      } else {
        return std::nullopt;
      }
      continue;
    }
    wanted = false;
    if (is_word(i, "format") && text(i + 1) == "(") {
      std::vector<std::string> values;
      std::size_t at = i + 2;
      for (; at < end && text(at) != ")"; at += 2) {
        const std::optional<Literal> one = literal_of(source_, tokens_[at]);
        if (!one || (text(at + 1) != "," && text(at + 1) != ")")) return std::nullopt;
        values.push_back(one->content);
        if (text(at + 1) == ")") break;
      }
      if (values.empty() || at + 1 >= end || text(at + 1) != ")") return std::nullopt;
      const std::string pattern = values.front();
      values.erase(values.begin());
      const std::optional<std::string> made = formatted(pattern, values);
      if (!made) return std::nullopt;
      out += *made;
      i = at + 1;
    } else {
      const std::optional<Literal> one = literal_of(source_, tokens_[i]);
      if (!one) return std::nullopt;
      out += one->content;
    }
  }
  return wanted ? std::nullopt : std::optional(out);
}

// EXECUTE <string> [INTO …] [USING …], up to token `end`; at_ is behind EXECUTE. The string may be put together from
// constants.
void Walk::dynamic(std::size_t end) {
  const std::size_t first = at_;
  std::size_t last = first;
  while (last < end &&
         !(tokens_[last].depth == tokens_[first].depth && (is_word(last, "into") || is_word(last, "using"))))
    ++last;
  at_ = end;
  if (first >= end) {
    ++body_.unknown;
    return;
  }
  std::optional<Literal> literal;
  if (last == first + 1) {
    literal = literal_of(source_, tokens_[first]);
  } else if (const std::optional<std::string> made = constant(first, last)) {
    // It takes no more room than its parts: where they stand, it stands, and nearly every word at its own place.
    const std::size_t room = tokens_[last - 1].span.end - tokens_[first].span.begin;
    std::size_t begin = tokens_[first].span.begin;
    if (is_word(first, "format")) begin = tokens_[first + 2].span.begin;
    if (const std::optional<Literal> start = literal_of(source_, tokens_[is_word(first, "format") ? first + 2 : first]))
      begin = start->begin;
    if (made->size() + (begin - tokens_[first].span.begin) <= room) literal = Literal{begin, *made};
  }
  if (!literal) {
    ++body_.unknown;
    return;
  }
  const Lexed lexed = lex(literal->content, {.psql = false});
  for (const Cut& cut : lexed.statements)
    keep(literal->begin + cut.span.begin, literal->begin + cut.span.end,
         std::string_view(literal->content).substr(cut.span.begin, cut.span.size()));
  body_.unknown += static_cast<std::uint32_t>(lexed.errors.size());
}

// FOR target IN query LOOP, and the forms that hold no query: a range of integers, a cursor.
void Walk::for_loop() {
  skip_to("in");
  ++at_;
  const std::size_t first = at_;
  skip_to("loop");
  const std::size_t end = at_;
  if (is_word(first, "execute")) {
    at_ = first + 1;
    dynamic(end);
  } else {
    bool range = false;
    for (std::size_t i = first; i < end; ++i) range = range || is_outer(i, "..");
    const bool cursor = target_end(first) > first && !is_statement_keyword(text(first));
    if (!range && !cursor) keep_sql(first, end);
  }
  at_ = end;
}

void Walk::statement() {
  if (text(at_) == ";") {
    ++at_;
  } else if (text(at_) == "<<") {
    while (!done() && text(at_) != ">>") ++at_;
    ++at_;
  } else if (is_assignment()) {
    skip_statement();
  } else if (any_word({"begin", "else", "exception"})) {
    ++at_;
  } else if (word("loop")) {
    ++loops_;
    ++at_;
  } else if (word("declare")) {
    declarations();
  } else if (word("end")) {
    end();
  } else if (any_word({"if", "elsif", "elseif", "when"})) {
    ++at_;
    skip_to("then");
    ++at_;
  } else if (word("case")) {
    ++at_;
    skip_to("when");
  } else if (any_word({"while", "foreach"})) {
    ++at_;
    skip_to("loop");
  } else if (word("for")) {
    for_loop();
  } else if (word("execute")) {
    ++at_;
    dynamic(semicolon(at_));
  } else if (word("return") && is_word(at_ + 1, "query")) {
    const std::size_t end = semicolon(at_);
    at_ += 2;
    if (word("execute")) {
      ++at_;
      dynamic(end);
    } else {
      keep_sql(at_, end);
    }
    at_ = end;
  } else if (word("open")) {
    const std::size_t end = semicolon(at_);
    while (at_ < end && !word("for")) ++at_;
    ++at_;
    if (at_ < end && word("execute")) {
      ++at_;
      dynamic(end);
    } else if (at_ < end) {
      keep_sql(at_, end);
    }
    at_ = end;
  } else if (any_word({"commit", "rollback"})) {
    body_.commits = body_.commits || word("commit");
    skip_statement();
  } else if (any_word({"return", "raise", "assert", "null", "exit", "continue", "close", "fetch", "move", "get"})) {
    skip_statement();
  } else {
    const std::size_t end = semicolon(at_);
    keep_sql(at_, end);
    at_ = end;
  }
}

void Walk::run() {
  // #variable_conflict use_column
  while (text(at_) == "#") {
    const std::size_t line = scan::line_end(source_, tokens_[at_].span.begin);
    while (!done() && tokens_[at_].span.begin < line) ++at_;
  }
  if (!any_word({"begin", "declare"}) && text(at_) != "<<") {
    ++body_.unknown;
    return;
  }
  while (!done()) statement();
}

std::string blanks_like(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (!scan::is_newline(c)) c = ' ';
  return out;
}

}  // namespace

std::optional<Body> body(const Parsed& statement, std::string_view text, std::uint32_t text_base) {
  const ::List* options = nullptr;
  if (const auto* block = as<::DoStmt>(statement.node))
    options = block->args;
  else if (const auto* function = as<::CreateFunctionStmt>(statement.node))
    options = function->options;
  const ::DefElem* written = option(options, "as");
  if (written == nullptr || written->location < 0) return std::nullopt;

  const ::DefElem* named = option(options, "language");
  const std::string_view language = named != nullptr                   ? value(*named)
                                    : statement.node->type == T_DoStmt ? "plpgsql"
                                                                       : "";
  const bool plpgsql = scan::is(language, "plpgsql");
  if (!plpgsql && !scan::is(language, "sql")) return std::nullopt;
  if (const auto* parts = as<::List>(written->arg); parts != nullptr && nodes(parts).size() != 1) return std::nullopt;

  // The literal is the first string at or behind that place.
  const std::size_t from = statement.base + static_cast<std::uint32_t>(written->location) - text_base;
  const std::size_t end = statement.span.end - text_base;
  if (from >= end || end > text.size()) return std::nullopt;
  const std::string_view rest = text.substr(from, end - from);
  std::optional<Literal> literal;
  const std::vector<Token> all = tokens(rest, 0);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].kind != TokenKind::string) continue;
    const bool continued = i + 1 < all.size() && all[i + 1].kind == TokenKind::string;
    if (!continued) literal = literal_of(rest, all[i]);
    // Where nothing had to be undone it is what the grammar read.
    if (literal && rest[all[i].span.begin] == '$' && literal->content != value(*written)) literal.reset();
    break;
  }
  if (!literal) return std::nullopt;

  Body out;
  out.plpgsql = plpgsql;
  out.base = text_base + static_cast<std::uint32_t>(from + literal->begin);
  if (plpgsql) {
    out.text = blanks_like(literal->content);
    Walk(literal->content, out).run();
  } else {
    Lexed lexed;
    lex(literal->content, out.base, {.psql = false}, lexed);
    out.statements = std::move(lexed.statements);
    out.in_loop.assign(out.statements.size(), false);
    out.unknown = static_cast<std::uint32_t>(lexed.errors.size());
    out.text = lexed.blanked.empty() ? std::move(literal->content) : std::move(lexed.blanked);
  }
  return out;
}

void parse(const Body& body, const std::function<bool(const Parsed&, bool in_loop)>& use) {
  Lexed lexed;
  lexed.statements = body.statements;
  std::size_t i = 0;
  parse(body.text, body.base, lexed, [&](const Parsed& parsed) {
    while (i + 1 < body.statements.size() && body.statements[i + 1].span.begin <= parsed.span.begin) ++i;
    return use(parsed, body.in_loop[i]);
  });
}

}  // namespace pglint::pg
