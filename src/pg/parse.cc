// Statements are parsed in chunks: one call for many is faster than one each, and a chunk's trees are gone before the
// next one's are made. Only a chunk that fails is parsed again, one statement at a time.
//
// PostgreSQL reports errors by longjmp, but pg_query_raw_parse() catches them in C: no C++ frame is jumped over.
#include "pg/parse.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "pg/node.h"
#include "pg/scan.h"
// clang-format off
extern "C" {
#include "pg_query.h"
#include "pg_query_internal.h"
}
// clang-format on
#undef DEBUG

namespace pglint::pg {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{64} * 1024;
// Comments and blanks between two statements of a chunk are parsed over as well; longer ones are left out.
constexpr std::size_t gap_bytes = 4096;

// What one parse needs, kept for the next: a buffer for the text, and a memory context whose first block holds the
// trees of most chunks and stays when it is reset. It belongs to its thread; the context dies with the thread's
// TopMemoryContext, which libpg_query frees.
struct Workspace {
  std::string text;
  ::MemoryContext context = nullptr;
};

// A body is parsed while the statement that holds it is still looked at: workspaces are taken as from a stack.
class Loan {
 public:
  Loan() {
    std::vector<std::unique_ptr<Workspace>>& idle = pool();
    if (idle.empty()) {
      workspace_ = std::make_unique<Workspace>();
      // The first call on a thread makes its TopMemoryContext.
      ::pg_query_exit_memory_context(::pg_query_enter_memory_context());
      workspace_->context = ::AllocSetContextCreateInternal(::TopMemoryContext, "pglint", first_block_bytes,
                                                            first_block_bytes, ALLOCSET_DEFAULT_MAXSIZE);
    } else {
      workspace_ = std::move(idle.back());
      idle.pop_back();
    }
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  ~Loan() {
    ::MemoryContextReset(workspace_->context);
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

class Parser {
 public:
  Parser(std::string_view text, std::uint32_t base, const Lexed& lexed, const std::function<bool(const Parsed&)>& use)
      : text_(lexed.blanked.empty() ? text : std::string_view(lexed.blanked)), base_(base), lexed_(lexed), use_(use) {}

  void run();

 private:
  [[nodiscard]] std::size_t chunk_end(std::size_t first) const;
  [[nodiscard]] std::size_t with_semicolon(std::size_t end) const;
  // The trees of text_[begin, end), which live until the next call; false if it has an error.
  bool parse(std::size_t begin, std::size_t end, const ::List*& trees, SyntaxError* error);
  [[nodiscard]] bool matches(const ::List* trees, std::size_t first, std::size_t last) const;
  bool one(const Cut& cut);
  bool errors_before(std::uint32_t offset);

  std::string_view text_;
  std::uint32_t base_;
  const Lexed& lexed_;
  const std::function<bool(const Parsed&)>& use_;
  Loan loan_;
  std::size_t next_error_ = 0;
};

// Statements [first, result) go into one chunk.
std::size_t Parser::chunk_end(std::size_t first) const {
  const std::vector<Cut>& cuts = lexed_.statements;
  // Text that the lexer has given up on must not come between two statements.
  const std::uint32_t limit =
      next_error_ < lexed_.errors.size() ? lexed_.errors[next_error_].offset : ~std::uint32_t{0};
  std::size_t last = first + 1;
  while (last < cuts.size() && cuts[last].span.end - cuts[first].span.begin <= chunk_bytes &&
         cuts[last].span.begin - cuts[last - 1].span.end <= gap_bytes && cuts[last].span.begin <= limit)
    ++last;
  return last;
}

bool Parser::parse(std::size_t begin, std::size_t end, const ::List*& trees, SyntaxError* error) {
  Workspace& workspace = loan_.get();
  workspace.text.assign(text_.substr(begin, end - begin));
  ::MemoryContextReset(workspace.context);
  ::MemoryContextSwitchTo(workspace.context);
  const PgQueryInternalParsetreeAndError result = ::pg_query_raw_parse(workspace.text.c_str(), 0);
  ::MemoryContextSwitchTo(::TopMemoryContext);
  std::free(result.stderr_buffer);
  trees = result.tree;
  if (result.error == nullptr) return true;
  if (error != nullptr) {
    const std::size_t at = byte_of_character(workspace.text, result.error->cursorpos);
    error->offset = base_ + static_cast<std::uint32_t>(begin + at);
    error->message = pg::text(result.error->message);
  }
  ::pg_query_free_error(result.error);
  return false;
}

// Whether the grammar cut the text as the lexer did.
bool Parser::matches(const ::List* trees, std::size_t first, std::size_t last) const {
  const NodesView all = nodes(trees);
  if (all.size() != last - first) return false;
  const std::uint32_t begin = lexed_.statements[first].span.begin;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (static_cast<std::uint32_t>(cast<::RawStmt>(all[i]).stmt_location) !=
        lexed_.statements[first + i].span.begin - begin)
      return false;
  return true;
}

// The semicolon belongs to what the server is sent: an error at the end of a statement is "at or near ";"".
std::size_t Parser::with_semicolon(std::size_t end) const {
  const std::size_t next = scan::skip_space(text_, end);
  return next < text_.size() && text_[next] == ';' ? next + 1 : end;
}

bool Parser::one(const Cut& cut) {
  const std::size_t begin = cut.span.begin - base_;
  const std::size_t end = cut.span.end - base_;
  const ::List* trees = nullptr;
  SyntaxError error;
  if (!parse(begin, with_semicolon(end), trees, &error)) {
    error.offset = std::min(error.offset, base_ + static_cast<std::uint32_t>(text_.size()));
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
    if (!errors_before(cuts[first].span.begin)) return;
    const std::size_t last = chunk_end(first);
    const ::List* trees = nullptr;
    const std::size_t begin = cuts[first].span.begin - base_;
    if (last - first > 1 && parse(begin, cuts[last - 1].span.end - base_, trees, nullptr) &&
        matches(trees, first, last)) {
      for (const ::RawStmt& raw : list<::RawStmt>(trees)) {
        const Cut& cut = cuts[first++];
        if (!use_({raw.stmt, cut.span, base_ + static_cast<std::uint32_t>(begin), nullptr, cut.copy_data})) return;
      }
    } else {
      for (; first < last; ++first)
        if (!one(cuts[first])) return;
    }
  }
  errors_before(~std::uint32_t{0});
}

}  // namespace

void parse(std::string_view text, std::uint32_t base, const Lexed& lexed,
           const std::function<bool(const Parsed&)>& use) {
  Parser(text, base, lexed, use).run();
}

}  // namespace pglint::pg
