#include "sample.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/text.h"
#include "pglint/version.h"

namespace pglint::test {
namespace {

constexpr std::string_view tenants_sql =
    "-- The new name of the column, and no tenant without it\n"
    "ALTER TABLE \"tenant_accounts\" RENAME COLUMN \"legacy_email\" TO \"primary_contact\";--> statement-breakpoint\n"
    "ALTER TABLE \"tenant_accounts\"\n"
    "\tALTER COLUMN \"primary_contact\" SET NOT NULL,\n"
    "\tADD CONSTRAINT \"tenant_accounts_region_id_regions_id_fk\" FOREIGN KEY (\"region_id\")\n"
    "\t\tREFERENCES \"public\".\"regions\"(\"id\");\n"
    "UPDATE tenant_accounts SET plan = 'free' WHERE plan IS NULL;\n";

constexpr std::string_view index_sql = "CREATE INDEX tenant_region_idx ON tenant_accounts (region_id);\n";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

LockEffect effect(std::string relation, LockMode lock, Work work, std::string_view because = "target") {
  LockEffect e;
  e.relation = std::move(relation);
  e.relation_kind = "table";
  e.known = true;
  e.lock = lock;
  e.work = work;
  e.blocks_reads = blocks_reads(lock);
  e.blocks_writes = blocks_writes(lock);
  e.because = because;
  return e;
}

Span in(std::string_view text, std::string_view first, std::string_view last) {
  const std::size_t begin = text.find(first);
  REQUIRE(begin != std::string_view::npos);
  const std::size_t end = text.find(last, begin);
  REQUIRE(end != std::string_view::npos);
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end + last.size())};
}

}  // namespace

std::uint32_t Sample::file(std::string path, std::string text) {
  texts_.push_back(std::make_unique<std::string>(std::move(text)));
  report.files.push_back({std::move(path), *texts_.back()});
  report.summary.files = static_cast<std::uint32_t>(report.files.size());
  return report.summary.files - 1;
}

Span Sample::find(std::uint32_t file, std::string_view needle, int nth) const {
  const std::string_view text = report.files[file].text;
  std::size_t at = text.find(needle);
  for (; nth > 0 && at != std::string_view::npos; --nth) at = text.find(needle, at + 1);
  REQUIRE(at != std::string_view::npos);
  return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + needle.size())};
}

Span Sample::find(std::uint32_t file, std::string_view first, std::string_view last) const {
  return in(report.files[file].text, first, last);
}

Diagnostic& Sample::add(Diagnostic diagnostic) {
  Summary& s = report.summary;
  ++(diagnostic.severity == Severity::error     ? s.errors
     : diagnostic.severity == Severity::warning ? s.warnings
                                                : s.advice);
  report.diagnostics.push_back(std::move(diagnostic));
  return report.diagnostics.back();
}

void fill_tenants(Sample& sample) {
  const std::uint32_t file = sample.file("drizzle/0001_primary_contact.sql", std::string(tenants_sql));
  const std::uint32_t index = sample.file("drizzle/0002_region_index.sql", std::string(index_sql));
  sample.file("drizzle/0003_nothing.sql", "SELECT 1;\n");
  const Span alter = sample.find(file, "ALTER TABLE \"tenant_accounts\"\n", "(\"id\")");
  sample.report.summary.statements = 5;
  sample.report.summary.suppressed = 1;

  sample.add(
      {.rule = "rename-column",
       .severity = Severity::warning,
       .file = file,
       .at = sample.find(file, "RENAME COLUMN", "\"primary_contact\""),
       .statement = sample.find(file, "ALTER TABLE", "\"primary_contact\""),
       .message = "Renaming tenant_accounts.legacy_email breaks the release that is running",
       .why = "It reads and writes the old name until it is replaced, and each of these statements fails.",
       .help = "Add a column of the new name, write both, move the readers, and drop the old one in a later release.",
       .relation = "public.tenant_accounts",
       .lock = LockMode::access_exclusive});
  sample.add(
      {.rule = "set-not-null",
       .severity = Severity::error,
       .file = file,
       .at = sample.find(file, "SET NOT NULL"),
       .statement = alter,
       .message = "SET NOT NULL reads all of tenant_accounts while nobody can read or write it",
       .why = "The scan takes as long as the table is large. Every query on the table waits for it.",
       .help = "Add CHECK (primary_contact IS NOT NULL) NOT VALID, validate it in a later transaction, then SET NOT "
               "NULL, which needs no scan any more.",
       .relation = "public.tenant_accounts",
       .lock = LockMode::access_exclusive,
       .work = Work::scan,
       .fixable = true,
       .related = {{file, sample.find(file, "RENAME COLUMN", "TO"), "the same transaction holds the lock from here on"},
                   {index, sample.find(index, "CREATE INDEX"), "and an index is built under it"}}});
  sample.add({.rule = "add-foreign-key-validating",
              .severity = Severity::error,
              .file = file,
              .at = sample.find(file, "ADD CONSTRAINT", "(\"id\")"),
              .statement = alter,
              .message = "The new foreign key is checked against every row while writes to both tables wait",
              .why = "",
              .help = "Add it NOT VALID, and validate it in a later transaction.",
              .relation = "public.tenant_accounts",
              .lock = LockMode::share_row_exclusive,
              .work = Work::scan});
  sample.add({.rule = "unbatched-update",
              .severity = Severity::advice,
              .file = file,
              .at = sample.find(file, "UPDATE tenant_accounts"),
              .statement = sample.find(file, "UPDATE", "IS NULL"),
              .message = "One statement updates many rows of tenant_accounts",
              .why = "Their locks are held until it has done the last.",
              .relation = "public.tenant_accounts",
              .work = Work::scan});
  sample.add({.rule = "create-index-not-concurrent",
              .severity = Severity::error,
              .file = index,
              .at = sample.find(index, "CREATE INDEX"),
              .statement = sample.find(index, "CREATE", "(region_id)"),
              .message = "CREATE INDEX blocks writes to tenant_accounts",
              .why = "Writers wait until the index is built.",
              .help = "Build it with CREATE INDEX CONCURRENTLY, outside a transaction.",
              .relation = "public.tenant_accounts",
              .lock = LockMode::share,
              .work = Work::scan | Work::index_build,
              .fixable = true});
  sample.report.failures.push_back({"drizzle/0004_latin1.sql", 17, "Byte 17 is not UTF-8; convert the file"});
  sample.report.failures.push_back({"", 0, "No migrations in db/; name a folder that has some"});
  sample.report.notices.emplace_back("drizzle/: runner drizzle, because of drizzle.config.ts");
}

Timeline tenants_timeline() {
  Timeline timeline;
  timeline.notices.emplace_back("drizzle/: runner drizzle, because of drizzle.config.ts");
  timeline.failures.push_back({"drizzle/0004_latin1.sql", 17, "Byte 17 is not UTF-8; convert the file"});

  TimelineFile first{"drizzle/0001_primary_contact.sql", "drizzle", tenants_sql, {}};
  TimelineTransaction runner{TransactionKind::runner, {}};
  runner.statements.push_back({.at = in(tenants_sql, "ALTER TABLE", "\"primary_contact\""),
                               .effects = {effect("public.tenant_accounts", LockMode::access_exclusive, Work::none)}});
  LockEffect regions = effect("public.regions", LockMode::share_row_exclusive, Work::none, "references");
  regions.known = false;
  runner.statements.push_back(
      {.at = in(tenants_sql, "ALTER TABLE \"tenant_accounts\"\n", "(\"id\")"),
       .effects = {effect("public.tenant_accounts", LockMode::access_exclusive, Work::scan), regions}});
  runner.statements.push_back({.at = in(tenants_sql, "UPDATE", "IS NULL"),
                               .effects = {effect("public.tenant_accounts", LockMode::row_exclusive, Work::scan)}});
  first.transactions.push_back(runner);
  timeline.files.push_back(first);

  static constexpr std::string_view mixed =
      "SET lock_timeout = '5s';\n"
      "CREATE INDEX CONCURRENTLY tenant_plan_idx ON tenant_accounts (plan);\n"
      "BEGIN;\n"
      "CREATE TABLE plans (id text);\n"
      "CREATE INDEX /* now */ plan_idx -- of the new table\n"
      "  ON plans (id);\n"
      "CREATE INDEX tenant_region_idx ON tenant_accounts (region_id);\n"
      "VACUUM tenant_accounts;\n"
      "COMMIT;\n"
      "ALTER TABLE events ADD COLUMN note text;\n";
  TimelineFile second{"drizzle/0002_mixed.sql", "plain", mixed, {}};
  second.transactions.push_back({TransactionKind::autocommit, {{.at = in(mixed, "SET", "'5s'"), .effects = {}}}});
  LockEffect concurrent =
      effect("public.tenant_accounts", LockMode::share_update_exclusive, Work::scan | Work::index_build | Work::wait);
  concurrent.builds = {"public.tenant_plan_idx"};
  concurrent.until_transaction = false;
  second.transactions.push_back(
      {TransactionKind::autocommit,
       {{.at = in(mixed, "CREATE INDEX CONCURRENTLY", "(plan)"), .transactional = false, .effects = {concurrent}}}});
  TimelineTransaction block{TransactionKind::explicit_, {}};
  block.statements.push_back({.at = in(mixed, "BEGIN", "BEGIN"), .effects = {}});
  LockEffect created = effect("public.plans", LockMode::access_exclusive, Work::none);
  created.is_new = true;
  block.statements.push_back({.at = in(mixed, "CREATE TABLE", "(id text)"), .effects = {created}});
  LockEffect indexed = effect("public.plans", LockMode::share, Work::scan | Work::index_build);
  indexed.is_new = true;
  indexed.builds = {"public.plan_idx"};
  block.statements.push_back({.at = in(mixed, "CREATE INDEX /*", "(id)"), .effects = {indexed}});
  LockEffect build = effect("public.tenant_accounts", LockMode::share, Work::scan | Work::index_build);
  build.builds = {"public.tenant_region_idx"};
  block.statements.push_back({.at = in(mixed, "CREATE INDEX tenant_region", "(region_id)"), .effects = {build}});
  TimelineStatement vacuum{.at = in(mixed, "VACUUM", "accounts"), .transactional = false, .effects = {}};
  vacuum.error = TimelineError{"25001", "VACUUM cannot run inside a transaction block"};
  block.statements.push_back(vacuum);
  block.statements.push_back({.at = in(mixed, "COMMIT", "COMMIT"), .effects = {}});
  block.deadlocks = {{1, 3, "public.plans", "public.tenant_accounts"},
                     {2, 3, "public.tenant_accounts", "public.tenant_accounts"}};
  second.transactions.push_back(block);
  TimelineStatement partitions{.at = in(mixed, "ALTER TABLE events", "note text"), .effects = {}};
  partitions.effects.push_back(effect("public.events", LockMode::access_exclusive, Work::catalog));
  partitions.effects.back().relation_kind = "partitioned";
  for (int month = 1; month <= 12; ++month) {
    partitions.effects.push_back(
        effect("public.events_" + std::to_string(month), LockMode::access_exclusive, Work::catalog, "partition"));
  }
  second.transactions.push_back({TransactionKind::autocommit, {partitions}});
  timeline.files.push_back(second);

  timeline.files.push_back({"drizzle/0003_empty.sql", "plain", "", {}});
  return timeline;
}

std::vector<report::RuleText> some_rules() {
  using report::RuleText;
  return {
      RuleText{
          .id = "create-index-not-concurrent",
          .category = "lock",
          .severity = "error",
          .summary = "An index is built while writers wait",
          .fixable = "always",
          .page =
              "# create-index-not-concurrent\n\nWriters wait until\nthe index is built.\n\n```sql\nSELECT 1;\n```\n",
          .aliases = {{"squawk", "require-concurrent-index-creation"}, {"eugene", "E6"}}},
      RuleText{.id = "prefer-text",
               .category = "style",
               .severity = "advice",
               .summary = "A column has a type with a length that has to be changed one day",
               .fixable = "never",
               .page = "",
               .enabled = false},
      RuleText{
          .id = "set-not-null",
          .category = "lock",
          .severity = "error",
          .summary = "SET NOT NULL scans the table while nobody can use it, unless a valid CHECK constraint proves it",
          .fixable = "sometimes",
          .page = "```sql\nSELECT 1;\n```\nThe scan.\n",
          .to_pg = 17,
          .aliases = {}},
  };
}

std::string stable(std::string text) {
  replace_all(text, fmt::format("{}/blob/v{}", homepage(), version()), "HOMEPAGE/blob/vVERSION");
  replace_all(text, fmt::format("\"{}\"", homepage()), "\"HOMEPAGE\"");
  replace_all(text, fmt::format("ersion\":\"{}\"", version()), "ersion\":\"VERSION\"");
  replace_all(text, "\x1b", "<ESC>");
  return text;
}

std::size_t first_dangerous(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode(text, at);
    if (!c.valid || (c.value != '\n' && is_hidden(c.value))) return at;
    at += c.size;
  }
  return std::string_view::npos;
}

std::string hostile() {
  std::string text =
      "\x1b[31mred\x1b]0;title\x07 a\nb\r\nc\td \xC2\x9B\x31m \xE2\x80\xAE"
      "desrever\xE2\x81\xA9 \xE2\x80\x8Bzero \xFF\xFE\xC0\x80 ";
  text += "<a href=\"x\">&'quoted'</a> ]]> {\"json\":[1]} \\ %0A,: ::error::no [link](https://example.org)";
  text += std::string("\0end", 4);
  return text;
}

}  // namespace pglint::test
