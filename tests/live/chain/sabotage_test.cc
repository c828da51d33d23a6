// What the chain proves is worth as much as what it refuses: each of these plans lacks one thing, and is found out.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "live/chain/chain.h"
#include "skip.h"

using namespace pglint::test;
using namespace pglint::test::chain;

namespace {

constexpr int rows = 4000;

// The plan's files, with one of them changed from `expand` on.
class Sabotaged {
 public:
  Sabotaged(const std::string& name, const std::string& file, std::string_view old, std::string_view text)
      : name_(name), project_(name, planned()) {
    for (const char* const tag : {"expand", "contract"}) {
      project_.at(tag);
      replace_in(project_.path("drizzle/" + file), old, text);
      project_.git({"commit", "-q", "-a", "-m", "sabotage"});
      project_.git({"tag", "-f", tag});
    }
  }

  // Both releases work side by side for so long, or until a statement fails.
  [[nodiscard]] Outcome run(std::chrono::seconds beside) const {
    return run_chain({.name = name_, .project = &project_, .rows = rows, .beside = beside});
  }

 private:
  std::string name_;
  Project project_;
};

void found_out(const Outcome& outcome, std::string_view by) {
  CHECK_FALSE(outcome.troubles.empty());
  const bool found = std::any_of(outcome.troubles.begin(), outcome.troubles.end(),
                                 [&](const std::string& trouble) { return trouble.find(by) != std::string::npos; });
  std::string all;
  for (const std::string& trouble : outcome.troubles) all += trouble + "\n";
  CHECK_MESSAGE(found, all);
  fmt::print("found out by: {}\n", outcome.troubles.empty() ? "nothing" : outcome.troubles.front());
}

}  // namespace

TEST_CASE("a plan without its trigger is found out") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  const Sabotaged plan("no_trigger", "0001_primary_contact.sql", "    CREATE OR REPLACE TRIGGER", "    -- ");
  found_out(plan.run(std::chrono::seconds(20)), "are left that should have been written");
}

TEST_CASE("a trigger that does not copy is found out") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  // The proof of the backfill holds, as both columns are equal: what the next release writes is lost.
  const Sabotaged plan("one_way", "0001_primary_contact.sql", "  ELSIF NEW.primary_contact IS DISTINCT FROM",
                       "  ELSIF NEW.plan IS NOT NULL AND OLD.plan IS NOT NULL THEN\n    NEW.primary_contact := "
                       "NEW.legacy_email;\n  ELSIF NEW.primary_contact IS DISTINCT FROM");
  found_out(plan.run(std::chrono::seconds(2)), "writes are lost");
}

TEST_CASE("a trigger without its lock is found out") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  const Sabotaged plan("no_lock", "0001_primary_contact.sql", "      PERFORM pg_catalog.pg_advisory_xact_lock",
                       "      PERFORM pg_catalog.length('' || 0); -- ");
  found_out(plan.run(std::chrono::seconds(20)), "23505");
}

TEST_CASE("tightening before the gate is found out") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  const Sabotaged plan("tightened", "0002_primary_contact_required.sql", "-- The gate primary-contact",
                       "ALTER TABLE tenant_accounts ADD CONSTRAINT contact_given CHECK (primary_contact IS NOT NULL) "
                       "NOT VALID;--> statement-breakpoint\n-- The gate primary-contact");
  found_out(plan.run(std::chrono::seconds(20)), "23514");
}

TEST_CASE("contracting before the gate is found out") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  const Sabotaged plan(
      "contracted", "0002_primary_contact_required.sql", "-- The gate primary-contact",
      "DROP TRIGGER zz_pglint_sync_c63a0294 ON tenant_accounts;--> statement-breakpoint\nALTER TABLE "
      "tenant_accounts DROP COLUMN legacy_email;--> statement-breakpoint\n-- The gate primary-contact");
  found_out(plan.run(std::chrono::seconds(20)), "42703");
}
