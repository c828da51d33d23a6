// A statement whose shape was met before is poured into the mould of that shape (mould.h). The others are parsed in
// chunks: one call for many is faster than one each, and a chunk's trees are gone before the next one's are made. What
// lies between statements, comments for the most part, is left out of a chunk. Only a chunk that fails is parsed again,
// one statement at a time.
#include "pg/parse.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "pg/mould.h"
#include "pg/node.h"
#include "pg/raw_parse.h"
#include "pg/scan.h"
#include "pg/shape.h"

namespace pglint::pg {
namespace {

using scan::npos;

constexpr std::size_t chunk_bytes = std::size_t{64} * 1024;
// Up to that much between two statements is copied and parsed over, which is cheaper than to leave it out.
constexpr std::size_t gap_bytes = 16;

// What one parse needs, kept for the next: a buffer for the text, and a memory context whose first block holds the
// trees of most chunks and stays when it is reset. It belongs to its thread.
struct Workspace {
  // Statements of a chunk that stand in `text` as they do in the file.
  struct Run {
    std::size_t first = 0;   // index of the first statement
    std::uint32_t base = 0;  // to add to a place in `text` to get one in the file
  };

  std::string text;
  std::vector<Run> runs;
  ::MemoryContext context = nullptr;
  Shape shape;
};

// A body is parsed while the statement that holds it is still looked at: workspaces are taken as from a stack.
class Loan {
 public:
  Loan() {
    std::vector<std::unique_ptr<Workspace>>& idle = pool();
    if (idle.empty()) {
      workspace_ = std::make_unique<Workspace>();
      workspace_->context = make_context(first_block_bytes);
    } else {
      workspace_ = std::move(idle.back());
      idle.pop_back();
    }
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  ~Loan() {
    reset_context(workspace_->context);
    if (workspace_->text.capacity() > 4 * chunk_bytes) workspace_->text = {};
    pool().push_back(std::move(workspace_));
  }

  [[nodiscard]] Workspace& get() const { return *workspace_; }

 private:
  static constexpr std::size_t first_block_bytes = std::size_t{1024} * 1024;

  static std::vector<std::unique_ptr<Workspace>>& pool() {
    static thread_local std::vector<std::unique_ptr<Workspace>> idle;
    return idle;
  }

  std::unique_ptr<Workspace> workspace_;
};

// The byte at which the character of that number starts, from 1, as PostgreSQL counts them: by the first byte of each,
// whether the rest is well formed or not.
std::size_t byte_of_character(std::string_view text, int number) {
  std::size_t at = 0;
  for (int i = 1; i < number && at < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[at]);
    at += c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF8 ? 4 : 1;
  }
  return std::min(at, text.size());
}

Moulds& moulds() {
  static thread_local Moulds of_thread;
  return of_thread;
}

class Parser {
 public:
  Parser(std::string_view text, std::uint32_t base, const Lexed& lexed, const std::function<bool(const Parsed&)>& use)
      : text_(lexed.blanked.empty() ? text : std::string_view(lexed.blanked)), base_(base), lexed_(lexed), use_(use) {}

  void run();

 private:
  // The mould for a statement, with its shape in the workspace; null if it has none. It stays until something else is
  // parsed.
  Mould* mould_for(std::size_t statement);
  // Copies statements from `first`, which has no mould, on to the workspace, as many as make a chunk, up to one that
  // has; returns the one behind them.
  std::size_t fill(std::size_t first);
  // The trees of the workspace's text, which live until the next call; false if it has an error.
  bool parse(const ::List*& trees, SyntaxError* error);
  [[nodiscard]] bool matches(const ::List* trees, std::size_t first, std::size_t last) const;
  [[nodiscard]] std::size_t with_semicolon(std::size_t end) const;
  bool poured(Mould& mould, const Cut& cut);
  bool one(const Cut& cut);
  bool errors_before(std::uint32_t offset);

  std::string_view text_;
  std::uint32_t base_;
  const Lexed& lexed_;
  const std::function<bool(const Parsed&)>& use_;
  Loan loan_;
  std::size_t next_error_ = 0;
  std::size_t asked_ = npos;  // the statement whose mould was asked for last
  bool has_mould_ = false;    // and what came of it
};

Mould* Parser::mould_for(std::size_t statement) {
  Shape& shape = loan_.get().shape;
  if (asked_ != statement) {
    asked_ = statement;
    const Span span = lexed_.statements[statement].span;
    Mould* const mould =
        read_shape(text_.substr(span.begin - base_, span.end - span.begin), shape) ? moulds().find(shape) : nullptr;
    has_mould_ = mould != nullptr;
    return mould;
  }
  // What was used in between may have parsed something else, whose shapes have taken its place.
  return has_mould_ ? moulds().find(shape) : nullptr;
}

std::size_t Parser::fill(std::size_t first) {
  const std::vector<Cut>& cuts = lexed_.statements;
  Workspace& workspace = loan_.get();
  workspace.text.clear();
  workspace.runs.assign(1, {first, cuts[first].span.begin});
  // Text that the lexer has given up on is not parsed.
  std::size_t error = next_error_;
  const auto next_error = [&](std::uint32_t from) {
    while (error < lexed_.errors.size() && lexed_.errors[error].offset < from) ++error;
    return error < lexed_.errors.size() ? lexed_.errors[error].offset : ~std::uint32_t{0};
  };
  std::uint32_t given_up = next_error(cuts[first].span.begin);
  std::uint32_t begin = cuts[first].span.begin;  // of what is copied next, up to `end`
  std::uint32_t end = cuts[first].span.end;
  std::size_t last = first + 1;
  for (; last < cuts.size(); ++last) {
    const Span span = cuts[last].span;
    if (workspace.text.size() + (span.end - begin) > chunk_bytes || mould_for(last) != nullptr) break;
    if (span.begin - end > gap_bytes || given_up < span.begin) {
      const bool in_gap = next_error(end) < span.begin;
      given_up = next_error(span.begin);
      if (span.begin - end > gap_bytes || in_gap) {
        workspace.text.append(text_, begin - base_, end - begin).push_back(';');
        begin = span.begin;
        workspace.runs.push_back({last, begin - static_cast<std::uint32_t>(workspace.text.size())});
      }
    }
    end = span.end;
  }
  workspace.text.append(text_, begin - base_, end - begin);
  return last;
}

bool Parser::parse(const ::List*& trees, SyntaxError* error) {
  const Workspace& workspace = loan_.get();
  RawError raw;
  if (raw_parse(workspace.context, workspace.text, trees, error != nullptr ? &raw : nullptr)) return true;
  if (error != nullptr) {
    error->offset = static_cast<std::uint32_t>(byte_of_character(workspace.text, raw.character));
    error->message = std::move(raw.message);
  }
  return false;
}

// Whether the grammar cut the chunk [first, last) as the lexer did.
bool Parser::matches(const ::List* trees, std::size_t first, std::size_t last) const {
  const NodesView all = nodes(trees);
  if (all.size() != last - first) return false;
  const std::vector<Workspace::Run>& runs = loan_.get().runs;
  for (std::size_t i = first, run = 0; i < last; ++i) {
    if (run + 1 < runs.size() && runs[run + 1].first == i) ++run;
    const std::uint32_t place = lexed_.statements[i].span.begin - runs[run].base;
    if (static_cast<std::uint32_t>(cast<::RawStmt>(all[i - first]).stmt_location) != place) return false;
  }
  return true;
}

// The semicolon belongs to what the server is sent: an error at the end of a statement is "at or near ";"".
std::size_t Parser::with_semicolon(std::size_t end) const {
  const std::size_t next = scan::skip_space(text_, end);
  return next < text_.size() && text_[next] == ';' ? next + 1 : end;
}

bool Parser::poured(Mould& mould, const Cut& cut) {
  const Mould::Use use(mould);
  return use_({mould.pour(loan_.get().shape), cut.span, cut.span.begin, nullptr, cut.copy_data});
}

bool Parser::one(const Cut& cut) {
  const std::size_t begin = cut.span.begin - base_;
  const std::size_t end = cut.span.end - base_;
  loan_.get().text.assign(text_.substr(begin, with_semicolon(end) - begin));
  const ::List* trees = nullptr;
  SyntaxError error;
  if (!parse(trees, &error)) {
    error.offset += cut.span.begin;
    return use_({nullptr, cut.span, cut.span.begin, &error, cut.copy_data});
  }
  // Usually there is one; where the grammar sees several, each has its own part of the cut.
  const NodesView all = nodes(trees);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& raw = cast<::RawStmt>(all[i]);
    Span span = cut.span;
    if (all.size() > 1) {
      std::size_t from = begin + static_cast<std::size_t>(std::max(raw.stmt_location, 0));
      std::size_t to = raw.stmt_len > 0 ? std::min(from + static_cast<std::size_t>(raw.stmt_len), end) : end;
      from = std::min(from, end);
      while (to > from && scan::is_space(text_[to - 1])) --to;
      span = {base_ + static_cast<std::uint32_t>(from), base_ + static_cast<std::uint32_t>(to)};
    }
    if (!use_({raw.stmt, span, cut.span.begin, nullptr, i + 1 == all.size() ? cut.copy_data : Span{}})) return false;
  }
  return true;
}

// Gives the lexer's errors that come before `offset`.
bool Parser::errors_before(std::uint32_t offset) {
  for (; next_error_ < lexed_.errors.size() && lexed_.errors[next_error_].offset < offset; ++next_error_) {
    const LexError& unclosed = lexed_.errors[next_error_];
    const SyntaxError error{unclosed.offset, std::string(unclosed.message)};
    if (!use_({nullptr, {unclosed.offset, unclosed.offset}, unclosed.offset, &error, {}})) return false;
  }
  return true;
}

void Parser::run() {
  const std::vector<Cut>& cuts = lexed_.statements;
  for (std::size_t first = 0; first < cuts.size();) {
    if (Mould* mould = mould_for(first)) {
      const Cut& cut = cuts[first++];
      if (!errors_before(cut.span.begin) || !poured(*mould, cut)) return;
      continue;
    }
    const std::size_t last = fill(first);
    const ::List* trees = nullptr;
    if (last - first > 1 && parse(trees, nullptr) && matches(trees, first, last)) {
      const std::vector<Workspace::Run>& runs = loan_.get().runs;
      std::size_t run = 0;
      for (const ::Node* tree : nodes(trees)) {
        if (run + 1 < runs.size() && runs[run + 1].first == first) ++run;
        const Cut& cut = cuts[first++];
        if (next_error_ < lexed_.errors.size() && !errors_before(cut.span.begin)) return;
        if (!use_({cast<::RawStmt>(tree).stmt, cut.span, runs[run].base, nullptr, cut.copy_data})) return;
      }
    } else {
      for (; first < last; ++first)
        if (!errors_before(cuts[first].span.begin) || !one(cuts[first])) return;
    }
  }
  errors_before(~std::uint32_t{0});
}

}  // namespace

void forget_shapes() { moulds() = {}; }

void parse(std::string_view text, std::uint32_t base, const Lexed& lexed,
           const std::function<bool(const Parsed&)>& use) {
  Parser(text, base, lexed, use).run();
}

}  // namespace pglint::pg
