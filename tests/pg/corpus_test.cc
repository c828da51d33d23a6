// Real migrations: where PostgreSQL's grammar takes a whole file, it cuts it as the lexer does.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "cuts.h"
#include "pg/node.h"
#include "pg/parse.h"
#include "skip.h"
// clang-format off
extern "C" {
#include "pg_query.h"
#include "pg_query_internal.h"
}
// clang-format on
#undef DEBUG

using namespace pglint;
using namespace pglint::pg;
using namespace pglint::pg::test;

TEST_CASE("the lexer cuts real migrations as the grammar does") {
  const char* const folder = std::getenv("PGLINT_CORPUS");
  if (folder == nullptr) return pglint::test::skip(pglint::test::Missing::data, "PGLINT_CORPUS is not set");
  std::size_t files = 0;
  std::size_t refused = 0;
  std::size_t statements = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".sql") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    CAPTURE(entry.path().string());
    ++files;
    const Lexed lexed = lex(text);
    const std::string& whole = lexed.blanked.empty() ? text : lexed.blanked;

    const ::MemoryContext context = pg_query_enter_memory_context();
    const PgQueryInternalParsetreeAndError result = pg_query_raw_parse(whole.c_str(), 0);
    std::free(result.stderr_buffer);
    const bool good = result.error == nullptr;
    if (good) {
      const NodesView trees = nodes(result.tree);
      CHECK(trees.size() == lexed.statements.size());
      for (std::size_t i = 0; i < std::min(trees.size(), lexed.statements.size()); ++i) {
        const auto& raw = cast<::RawStmt>(trees[i]);
        const Span cut = lexed.statements[i].span;
        CHECK(cut.begin == static_cast<std::uint32_t>(raw.stmt_location));
        const std::size_t end =
            raw.stmt_len > 0 ? static_cast<std::size_t>(raw.stmt_location + raw.stmt_len) : whole.size();
        CHECK(cut.end <= end);
      }
      CHECK(lexed.errors.empty());
    } else {
      pg_query_free_error(result.error);
      ++refused;
    }
    pg_query_exit_memory_context(context);

    std::size_t given = 0;
    std::size_t errors = 0;
    parse(text, 0, lexed, [&](const Parsed& statement) {
      ++given;
      if (statement.error != nullptr) ++errors;
      return true;
    });
    CHECK(given == lexed.statements.size() + lexed.errors.size());
    CHECK((errors > 0) == !good);
    statements += given;
  }
  MESSAGE(files << " files, " << statements << " statements, " << refused << " files with errors");
  CHECK(files > 0);
}
