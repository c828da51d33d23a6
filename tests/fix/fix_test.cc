// What fix writes for the unsafe examples of all rules, as Drizzle projects: nothing at warning or above is left
// unless it is refused with a reason, and what is written is left alone by the next run.
#include "fix/fix.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "fix/plans.h"
#include "plan/planned.h"
#include "rules/registry.h"
#include "skip.h"
#include "source/overlay.h"
#include "support/golden.h"
#include "support/page.h"

using namespace pglint;
using test::Lines;

namespace {

fix::Request request(int pg_version) {
  fix::Request out;
  out.check.replay.target.pg_version = pg_version;
  out.check.today = "2026-06-01";
  out.recipes.pg_version = pg_version;
  out.now_ms = 1795400000000;
  return out;
}

// All that is no history.
source::Sources unreleased(const source::Files& files) {
  source::Sources sources = test::read({"drizzle"}, files);
  for (source::Project& project : sources.projects) {
    project.pending_known = true;
    for (source::Migration& migration : project.migrations) migration.reported = migration.id != "0000_given";
  }
  return sources;
}

fix::Fixed fixed(const source::Files& files, int pg_version) {
  const source::Sources sources = unreleased(files);
  auto out = fix::fix(sources, rules::all(), files, request(pg_version));
  if (!out) FAIL(one_line(out.error()));
  return std::move(*out);
}

source::FakeFiles applied(const source::FakeFiles& before, const fix::Fixed& fixed) {
  std::map<std::string, std::string> files = before.files;
  for (const source::FileChange& change : fixed.changes) files[change.path] = change.text;
  return source::FakeFiles(std::move(files));
}

// "rule in path: message", of what should not be left: whatever is found in a file that was written, and what is found
// elsewhere without a word on why it stays.
Lines left(const fix::Fixed& fixed) {
  Lines out;
  for (const Diagnostic& found : fixed.remaining.diagnostics) {
    if (found.severity < Severity::warning) continue;
    const std::string& path = fixed.remaining.files[found.file].path;
    const bool written = std::ranges::find(fixed.changes, path, &source::FileChange::path) != fixed.changes.end();
    const bool refused = std::ranges::any_of(
        fixed.refused, [&](const fix::Refusal& refusal) { return refusal.path == path || refusal.path == "drizzle"; });
    const bool told = found.help.view().starts_with("fix leaves it as it is: ");
    CHECK_FALSE(found.fixable);
    if (written || (!refused && !told)) out.push_back(fmt::format("{} in {}: {}", found.rule, path, found.message));
  }
  return out;
}

Lines changes(const fix::Fixed& fixed) {
  Lines out;
  for (const source::FileChange& change : fixed.changes) out.push_back(change.path);
  return out;
}

// What is found, when the files behind each gate are written too, in all that is not history.
Lines found_behind(const source::FakeFiles& before, const fix::Fixed& first, int pg_version) {
  std::map<std::string, std::string> files = applied(before, first).files;
  for (const Plan& plan : first.plans)
    for (const Stage& stage : plan.stages) {
      if (!stage.gate) continue;
      const source::FakeFiles now(files);
      const source::Sources sources = unreleased(now);
      const auto plans = fix::read_plans(".pglint/plans", now);
      if (!plans) return {one_line(plans.error())};
      const auto file = std::ranges::find_if(*plans, [&](const fix::PlanFile& one) { return one.plan.id == plan.id; });
      if (file == plans->end()) return {"no plan " + plan.id};
      const auto next = fix::next(sources.projects.front(), *file, stage.gate->id, now, request(pg_version));
      if (!next) return {one_line(next.error())};
      for (const source::FileChange& change : next->changes) files[change.path] = change.text;
    }
  const source::FakeFiles all(files);
  const Report report = lint::check(unreleased(all), rules::all(), request(pg_version).check);
  Lines out;
  for (const Diagnostic& found : report.diagnostics)
    if (found.severity >= Severity::warning)
      out.push_back(fmt::format("{} in {}: {}", found.rule, report.files[found.file].path, found.message));
  return out;
}

// The findings of rules that are about more than SQL which could be written otherwise: nothing is rewritten for them.
const std::set<std::string> only_said = {"expired-suppression", "invalid-suppression", "syntax-error",
                                         "unused-suppression"};

}  // namespace

TEST_CASE(
    "of every unsafe example nothing is left that is not refused with a reason, and the next run changes nothing") {
  int examples = 0;
  int rewritten = 0;
  for (const lint::Rule* rule : rules::all()) {
    if (only_said.contains(std::string(rule->id))) continue;
    const test::Page page =
        test::parse_page(test::read_file(fmt::format("{}/rules/{}.md", PGLINT_SOURCE_DIR, rule->id)));
    for (const test::Example& example : page.examples) {
      if (example.kind != test::Example::Kind::unsafe) continue;
      ++examples;
      std::vector<std::string> texts;
      for (const auto& [name, text] : example.files) texts.push_back(text);
      const source::FakeFiles before = test::drizzle_files(page.given, texts);
      const fix::Fixed first = fixed(before, example.pg);
      CAPTURE(rule->id);
      CAPTURE(example.line);
      for (const fix::Refusal& refusal : first.refused) {
        CHECK(!refusal.reason.empty());
        CHECK(refusal.reason.find('\n') == std::string::npos);
      }
      CHECK(left(first) == Lines{});
      if (!first.changes.empty()) ++rewritten;
      if (!first.plans.empty() && first.refused.empty()) CHECK(found_behind(before, first, example.pg) == Lines{});
      const source::FakeFiles after = applied(before, first);
      CHECK(changes(fixed(after, example.pg)) == Lines{});
    }
  }
  CHECK(examples >= 30);
  CHECK(rewritten >= 10);
}

TEST_CASE("what is suppressed is left as it is, and so is what stands beside it") {
  const source::FakeFiles files = test::drizzle_files(
      "CREATE TABLE t (id int PRIMARY KEY, a text);\nCREATE TABLE u (id int PRIMARY KEY, a text);",
      {"-- pglint:ignore unbatched-update: ten rows\nUPDATE t SET a = random()::text;", "CREATE INDEX i ON u (a);"});
  const fix::Fixed out = fixed(files, 15);
  CHECK(out.refused.empty());
  CHECK(changes(out) == Lines{"drizzle/0002_change.sql"});
}

TEST_CASE("what a DO block does remains, with what to do") {
  const source::FakeFiles files = test::drizzle_files("CREATE TABLE t (id int PRIMARY KEY, a text);",
                                                      {"DO $$ BEGIN UPDATE t SET a = 'x'; END $$;"});
  const fix::Fixed out = fixed(files, 15);
  CHECK(out.changes.empty());
  CHECK(out.refused.empty());
  REQUIRE(out.remaining.diagnostics.size() == 1);
  CHECK(out.remaining.diagnostics[0].rule == "unbatched-update");
  CHECK(test::says(out.remaining.diagnostics[0].help, "no other way to write this is known to pglint"));
}

TEST_CASE("odd files are no reason to end") {
  const std::string given = "CREATE TABLE t (id int PRIMARY KEY, a text);";
  for (const std::string& text : std::vector<std::string>{
           "", "-- nothing\n", "\xef\xbb\xbf", "ALTER TABLE t ALTER a SET NOT NULL", "SELEC 1;\nCREATE INDEX ON t (a);",
           "CREATE INDEX ON t (a", "DO $$ BEGIN UPDATE t SET a = 'x'; END $$;", "UPDATE t SET a = 'it''s",
           "UPDATE t SET a = "
           "E'\\'' WHERE a = $q$;$q$;\r\n",
           "CREATE INDEX ON t (a);\r\n--> statement-breakpoint\r\nCREATE INDEX ON t "
           "(id);",
           "BEGIN;\nCREATE INDEX ON t (a);\nCOMMIT;", std::string("CREATE INDEX \0ON t (a);", 23),
           "ALTER TABLE t ALTER a SET NOT NULL, ALTER a SET NOT NULL;", "ALTER TABLE IF EXISTS nowhere ADD UNIQUE (a);",
           "/* /* */ CREATE INDEX ON t (a);",
           "CREATE INDEX ON t ((" + std::string(2000, '(') + "a" + std::string(2000, ')') + "));"}) {
    CAPTURE(text);
    const source::FakeFiles before = test::drizzle_files(given, {text});
    const fix::Fixed first = fixed(before, 15);
    CHECK(left(first) == Lines{});
    CHECK(changes(fixed(applied(before, first), 15)) == Lines{});
  }
}

TEST_CASE("other linters' cases are fixed or refused, and none of them ends the program") {
  const char* const folder = std::getenv("PGLINT_CASES");
  if (folder == nullptr) return test::skip(test::Missing::data, "PGLINT_CASES is not set");
  std::ifstream cases(std::string(folder) + "/cases.jsonl");
  int count = 0;
  int changed = 0;
  for (std::string line; std::getline(cases, line);) {
    const nlohmann::json one = nlohmann::json::parse(line);
    std::string given;
    if (one.contains("prior"))
      for (const auto& step : one["prior"]) given += step.is_string() ? step.get<std::string>() + ";\n" : "";
    const source::FakeFiles before = test::drizzle_files(given, {one["sql"].get<std::string>()});
    const fix::Fixed first = fixed(before, 15);
    CAPTURE(one["id"].get<std::string>());
    CHECK(left(first) == Lines{});
    if (!first.changes.empty()) {
      ++changed;
      if (!first.plans.empty() && first.refused.empty()) CHECK(found_behind(before, first, 15) == Lines{});
      CHECK(changes(fixed(applied(before, first), 15)) == Lines{});
    }
    ++count;
  }
  CHECK(count > 300);
  CHECK(changed > 20);
}

TEST_CASE("what was written is looked at again on top of --schema") {
  const source::FakeFiles files({
      {"schema.sql",
       "CREATE TABLE public.orders (id bigint PRIMARY KEY, note text, CONSTRAINT noted CHECK (note IS NOT NULL));\n"},
      {"drizzle/meta/_journal.json",
       R"({"version": "7", "dialect": "postgresql", "entries": [{"idx": 0, "version": "7", "when": 1795300000000, "tag": "0000_index", "breakpoints": true}]})"},
      {"drizzle/0000_index.sql",
       "ALTER TABLE orders ALTER COLUMN note SET NOT NULL;--> statement-breakpoint\n"
       "CREATE INDEX orders_note ON orders (note);\n"},
  });
  source::SourceOptions options;
  options.paths = {"drizzle"};
  options.schema = "schema.sql";
  auto sources = source::read_sources(options, files);
  REQUIRE(sources);
  fix::Request wanted = request(15);
  wanted.source = options;
  const auto out = fix::fix(*sources, rules::all(), files, wanted);
  REQUIRE(out);
  // Without the check of the schema SET NOT NULL would read every row.
  CHECK(out->refused.empty());
  CHECK(left(*out).empty());
  CHECK_FALSE(out->changes.empty());
}
