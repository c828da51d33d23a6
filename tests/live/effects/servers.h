// The servers that are measured: those of PGLINT_TEST_PG=DSN,DSN,…, or one of the newest version that is installed.
#pragma once

#include <cstdlib>
#include <sstream>
#include <string>

#include "skip.h"
#include "support/scratch_server.h"

namespace pglint::test {

template <class F>
void on_servers(const char* name, F&& measure) {
  if (const char* const servers = std::getenv("PGLINT_TEST_PG"); servers != nullptr && *servers != '\0') {
    std::istringstream list(servers);
    for (std::string dsn; std::getline(list, dsn, ',');) measure(dsn);
    return;
  }
  const ScratchServer server(name);
  if (!server.missing().empty()) return skip(Missing::tool, server.missing());
  measure(server.dsn("postgres"));
}

}  // namespace pglint::test
