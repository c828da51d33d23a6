// Which findings `fix` would write in another way: asked of the recipe that the rule names.
#include <doctest/doctest.h>

#include "lint/check.h"
#include "plan/planned.h"
#include "rules/registry.h"

using namespace pglint;

namespace {

constexpr std::string_view given =
    "CREATE TABLE t (id bigint PRIMARY KEY, a text, b int);\nCREATE TABLE heap (a text);\nCREATE TABLE p (a int) "
    "PARTITION "
    "BY RANGE (a);";

// "rule yes", "rule no", in order.
test::Lines fixable(std::string_view sql, bool ask = true) {
  const source::FakeFiles files = test::drizzle_files(given, {std::string(sql)});
  const source::Sources sources = test::unreleased(files);
  lint::CheckOptions options;
  options.fixable = ask;
  const Report report = lint::check(sources, rules::all(), options);
  test::Lines out;
  for (const Diagnostic& found : report.diagnostics)
    if (found.severity >= Severity::warning)
      out.push_back(fmt::format("{} {}", found.rule, found.fixable ? "yes" : "no"));
  return out;
}

}  // namespace

TEST_CASE("a finding is fixable if the rule's recipe takes the command that it is about") {
  using test::Lines;
  CHECK(fixable("ALTER TABLE t ALTER a SET NOT NULL;") == Lines{"set-not-null yes"});
  CHECK(fixable("CREATE INDEX ON t (a);") == Lines{"create-index-not-concurrent yes"});
  CHECK(fixable("CREATE INDEX ON p (a);").front() == "create-index-not-concurrent no");
  CHECK(fixable("UPDATE t SET b = 1;") == Lines{"unbatched-update yes"});
  CHECK(fixable("UPDATE t SET b = b + 1;") == Lines{"unbatched-update no"});
  CHECK(fixable("DELETE FROM heap;") == Lines{"unbatched-delete no"});
  CHECK(fixable("CREATE INDEX CONCURRENTLY i ON t (a);") == Lines{"concurrently-in-transaction yes"});
  CHECK(fixable("ALTER TABLE t RENAME b TO c;") == Lines{"rename-column yes"});
  CHECK(fixable("ALTER TABLE t RENAME id TO c;") == Lines{"rename-column no"});
  CHECK(fixable("ALTER TABLE t RENAME TO u;") == Lines{"rename-table no"});
  CHECK(fixable("DO $$ BEGIN UPDATE t SET b = 1; END $$;") == Lines{"unbatched-update no"});
  CHECK(fixable("ALTER TABLE t ADD CHECK (b > 0);") == Lines{"add-check-validating yes"});
}

TEST_CASE("of an ALTER TABLE each command is asked about by itself") {
  CHECK(fixable("ALTER TABLE t ADD CHECK (b > 0), ADD CONSTRAINT c CHECK (b > 1), ALTER a SET NOT NULL;") ==
        test::Lines{"add-check-validating yes", "add-check-validating yes", "set-not-null yes"});
}

TEST_CASE("nobody asks the recipes where nobody shows it, or where the runner's files cannot be written") {
  CHECK(fixable("CREATE INDEX ON t (a);", false) == test::Lines{"create-index-not-concurrent no"});
  const source::FakeFiles files =
      test::fake({{"m/1_x.postgres.up.sql", "CREATE TABLE t (a int);"}, {"m/2_x.postgres.up.sql", "DROP INDEX i;"}});
  source::SourceOptions options;
  options.paths = {"m/2_x.postgres.up.sql"};
  options.runner = "pop";
  const source::Sources sources = test::read(options, files);
  lint::CheckOptions check;
  check.fixable = true;
  const Report report = lint::check(sources, rules::all(), check);
  REQUIRE(!report.diagnostics.empty());
  for (const Diagnostic& found : report.diagnostics) CHECK_FALSE(found.fixable);
}

TEST_CASE("a rule about SQL is fixable if and only if it names its recipe") {
  int fixable = 0;
  for (const lint::Rule* rule : rules::all()) {
    if (rule->project != nullptr) continue;  // it hands out edits
    CHECK((rule->fixable == lint::Fixable::never) == (rule->recipe == recipe::Operation::none));
    if (rule->fixable != lint::Fixable::never) ++fixable;
  }
  CHECK(fixable == 14);
}
