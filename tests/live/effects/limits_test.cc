// What pglint refuses since the server does: how many columns a table can have.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "effect/history.h"
#include "effect/look.h"
#include "live/effects/connection.h"
#include "live/effects/servers.h"

namespace pglint::test {
namespace {

TEST_CASE("a table has as many columns for pglint as for the server") {
  on_servers("limits", [](const std::string& dsn) {
    Connection connection(dsn);
    REQUIRE_MESSAGE(connection.trouble().empty(), connection.trouble());
    for (const int columns : {1600, 1601}) {
      std::string sql = "CREATE TABLE many (c0 bool";
      for (int i = 1; i < columns; ++i) sql += fmt::format(", c{} bool", i);
      sql += ")";
      History history(connection.version());
      const Look made = look(history, sql);
      CHECK_MESSAGE(made.error() == connection.run(sql).sqlstate, columns);
      CHECK((made.error() == "54011") == (columns > 1600));
    }
  });
}

}  // namespace
}  // namespace pglint::test
