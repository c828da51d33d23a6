// What pglint knows by heart of the server's own functions, against the server's catalogue.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "catalog/volatility.h"
#include "live/effects/connection.h"
#include "live/effects/servers.h"

namespace pglint::test {
namespace {

TEST_CASE("functions, aggregates and window functions of the server have the volatility that pglint knows") {
  on_servers("builtin", [](const std::string& dsn) {
    Connection connection(dsn);
    REQUIRE_MESSAGE(connection.trouble().empty(), connection.trouble());
    const Answer answer = connection.run(
        "SELECT proname, (ARRAY['i', 's', 'v'])[max(array_position(ARRAY['i', 's', 'v'], provolatile::text))] FROM "
        "pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind IN ('f', 'a', 'w') GROUP BY proname");
    REQUIRE_MESSAGE(answer.sqlstate.empty(), answer.error);
    REQUIRE(answer.rows.size() > 2'000);
    for (const auto& row : answer.rows) {
      const catalog::Volatility wanted = row[1] == "v"   ? catalog::Volatility::volatile_
                                         : row[1] == "s" ? catalog::Volatility::stable
                                                         : catalog::Volatility::constant;
      CHECK_MESSAGE(catalog::builtin_volatility(row[0]) == wanted, row[0]);
    }
    fmt::print("PostgreSQL {}: {} functions are as known\n", connection.version(), answer.rows.size());
  });
}

}  // namespace
}  // namespace pglint::test
