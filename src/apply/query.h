// One statement of ours, whose failure ends the run, unless the connection is lost.
#pragma once

#include <fmt/format.h>

#include "apply/connection.h"
#include "base/text.h"

namespace pglint::apply {

[[nodiscard]] inline tl::unexpected<Stop> stop(const Answer& answer, std::string_view doing) {
  Stop why{.exit = failed, .message = fmt::format("{}: {}", doing, words(answer)), .lost = answer.lost};
  if (answer.sqlstate == "53100") {
    why.message =
        fmt::format("{}: the server's disk is full: {} ({})", doing, printable(answer.message), answer.sqlstate);
    why.hint = "Make room there, then repeat the command: what is done is recorded.";
  }
  if (answer.sqlstate == "42501")
    why.hint = "Connect as the owner of the tables, with the right to CREATE schemas in the database.";
  return tl::unexpected<Stop>(std::move(why));
}

[[nodiscard]] inline Outcome<Answer> ask(Connection& connection, const std::string& sql, std::string_view doing,
                                         const Connection::Tick& tick = {}) {
  Answer answer = connection.run(sql, tick);
  if (!answer.ok()) return stop(answer, doing);
  return answer;
}

}  // namespace pglint::apply
