// What a plan was built on, as it is on the server: columns, what depends on them, triggers, replica identity, row
// security. Told as lines, so that a difference can be told, too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apply/connection.h"
#include "pglint/plan.h"

namespace pglint::apply {

// A query of one text: a line for each fact about the relations that the plan names.
[[nodiscard]] std::string catalog_query(const Plan& plan);

// What differs between the facts and what the plan assumes before its first step.
[[nodiscard]] std::vector<std::string> unlike_plan(const Plan& plan, std::string_view facts);

// What changed from one time to the other: "… is gone", "… is new".
[[nodiscard]] std::vector<std::string> changes(std::string_view before, std::string_view after);

// "text, nullable, no default", whatever the server adds of types and schemas.
[[nodiscard]] bool same_column(std::string_view assumed, std::string_view actual);

// Row triggers of others that a backfill would fire, row security that would hide rows from it, a key that is none: for
// each backfill of the plan whose table is there, if `only` is empty, else for that step.
[[nodiscard]] Outcome<void> check_backfills(Connection& connection, const Plan& plan, const Step* only,
                                            const std::vector<std::string>& accepted_triggers);

}  // namespace pglint::apply
