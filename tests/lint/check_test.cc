// The engine of `check`: what it reports of a project, and what it keeps quiet about.
#include "lint/check.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lint/own_rule.h"
#include "lint/timeline.h"
#include "rules/registry.h"
#include "source/project.h"

using namespace pglint;

namespace {

struct File {
  std::string path;
  std::string sql;
  bool reported = true;
};

source::Sources sources_of(std::vector<File> files, bool wrapped_run = false) {
  source::Project project;
  project.root = "migrations";
  project.runner = wrapped_run ? "drizzle" : "plain";
  project.wrapped_run = wrapped_run;
  project.pending_known = wrapped_run;
  for (File& file : files) {
    source::Migration migration;
    migration.id = file.path;
    migration.path = file.path;
    migration.text = std::move(file.sql);
    migration.scripts.push_back({{0, static_cast<std::uint32_t>(migration.text.size())}, Sent::statement, false});
    migration.reported = file.reported;
    project.migrations.push_back(std::move(migration));
  }
  source::Sources sources;
  sources.projects.push_back(std::move(project));
  return sources;
}

// Policies left out: they have something to say of nearly every statement.
std::span<const lint::Rule* const> hazards() {
  static const std::vector<const lint::Rule*> some = [] {
    std::vector<const lint::Rule*> rules;
    for (const lint::Rule* rule : rules::all())
      if (rule->category != lint::Category::policy || rule->check == nullptr) rules.push_back(rule);
    return rules;
  }();
  return some;
}

// "path:line: rule" of each diagnostic.
std::vector<std::string> found(const source::Sources& sources, const lint::CheckOptions& options = {}) {
  const Report report = lint::check(sources, hazards(), options);
  std::vector<std::string> lines;
  for (const Diagnostic& diagnostic : report.diagnostics) {
    const ReportFile& file = report.files[diagnostic.file];
    const auto line = 1 + std::count(file.text.begin(), file.text.begin() + diagnostic.at.begin, '\n');
    lines.push_back(fmt::format("{}:{}: {}", file.path, line, diagnostic.rule));
  }
  return lines;
}

std::vector<std::string> found(const std::string& sql, const lint::CheckOptions& options = {}) {
  return found(sources_of({{"0.sql", "CREATE TABLE orders (id bigint PRIMARY KEY, note text, paid boolean);", false},
                           {"1.sql", sql}}),
               options);
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a statement that does not parse is reported once, and its neighbours are checked") {
  CHECK(found("CREATE INDEX a ON orders (note);\nALTER TABEL orders;\nCREATE INDEX b ON orders (note);\n") ==
        Lines{"1.sql:1: create-index-not-concurrent", "1.sql:2: syntax-error", "1.sql:3: create-index-not-concurrent"});
}

TEST_CASE("a syntax error points at the token that PostgreSQL means") {
  const source::Sources sources = sources_of({{"1.sql", "SELECT 1;\nALTER TABEL orders;\n"}});
  const Report report = lint::check(sources, hazards(), {});
  REQUIRE(report.diagnostics.size() == 1);
  const Span at = report.diagnostics[0].at;
  CHECK(report.files[0].text.substr(at.begin, at.size()) == "TABEL");
}

TEST_CASE("syntax that is newer than the target is an error of the file, on the target only") {
  const std::string sql = "ALTER TABLE orders ADD CONSTRAINT c NOT NULL note NOT VALID;";
  CHECK(found(sql) == Lines{"1.sql:1: syntax-error"});
  lint::CheckOptions options;
  options.replay.target.pg_version = 18;
  CHECK(found(sql, options).empty());
}

TEST_CASE("a table of the same migration has no users yet") {
  CHECK(found("CREATE TABLE fresh (id int, note text);\nCREATE INDEX i ON fresh (note);\n"
              "ALTER TABLE fresh ALTER COLUMN note SET NOT NULL;\nUPDATE fresh SET note = '';\n")
            .empty());
}

TEST_CASE("a table of an earlier migration has users") {
  CHECK(found(sources_of(
            {{"1.sql", "CREATE TABLE fresh (id int, note text);"}, {"2.sql", "CREATE INDEX i ON fresh (note);"}})) ==
        Lines{"2.sql:1: create-index-not-concurrent"});
}

TEST_CASE("a table of an earlier file has no users where the runner puts both into one transaction") {
  CHECK(found(sources_of(
                  {{"1.sql", "CREATE TABLE fresh (id int, note text);"}, {"2.sql", "CREATE INDEX i ON fresh (note);"}},
                  true))
            .empty());
}

TEST_CASE("a table that the history never made counts as large and busy") {
  CHECK(found("CREATE INDEX i ON elsewhere (note);") == Lines{"1.sql:1: create-index-not-concurrent"});
}

TEST_CASE("a finding shows the placeholder that the file has, not the name that stood in for it") {
  source::FakeFiles files;
  files.files["m/V1__a.sql"] = "CREATE INDEX i ON ${schema}.t (a);\nALTER TABLE ${schema}_old RENAME TO ${schema};\n";
  source::SourceOptions options;
  options.paths = {"m"};
  options.runner = "flyway";
  const auto sources = source::read_sources(options, files);
  REQUIRE(sources.has_value());
  const Report report = lint::check(*sources, hazards(), {});
  REQUIRE(report.diagnostics.size() >= 2);
  CHECK(report.diagnostics[0].relation == "${schema}.t");
  CHECK(report.diagnostics[0].message.starts_with("CREATE INDEX makes every write to ${schema}.t wait"));
  CHECK(report.diagnostics.back().message.starts_with("Renaming ${schema}_old to ${schema} breaks"));
}

TEST_CASE("what stands in for a placeholder or a variable of psql is no column that is missing") {
  const auto refused = [](const std::string& runner, const std::string& path, const std::string& sql) {
    source::FakeFiles files;
    files.files[path] = "CREATE TABLE t (id int PRIMARY KEY, a int);\n" + sql;
    source::SourceOptions options;
    options.paths = {"m"};
    options.runner = runner;
    const auto sources = source::read_sources(options, files);
    REQUIRE(sources.has_value());
    std::vector<std::string> messages;
    for (const Diagnostic& one : lint::check(*sources, rules::all(), {}).diagnostics)
      if (one.rule == "will-fail" || one.rule == "syntax-error") messages.push_back(one.message);
    return messages;
  };
  CHECK(refused("flyway", "m/V1__a.sql", "UPDATE t SET a = ${value} WHERE id = ${id};").empty());
  CHECK(refused("flyway", "m/V1__a.sql", "INSERT INTO t (id, ${column}) VALUES (1, 2);").empty());
  CHECK(refused("plain", "m/1.sql", "UPDATE t SET a = :value WHERE id = :id;").empty());
  CHECK(refused("plain", "m/1.sql", "INSERT INTO t (id, :\"column\") VALUES (1, 2);").empty());
  CHECK(refused("plain", "m/1.sql", "ALTER TABLE t DROP COLUMN :\"column\";").empty());
  CHECK(refused("plain", "m/1.sql", "SELECT :value;\nUPDATE t SET a = value WHERE id = 1;").size() == 1);
}

TEST_CASE("a team's own rule runs like any other") {
  const auto own = [](source::OwnRuleSetting written) {
    written.where = ".pglint.yml:1:1: ";
    auto rule = lint::make_own_rule(written);
    REQUIRE_MESSAGE(rule.has_value(), (rule ? "" : rule.error().message));
    return std::move(*rule);
  };
  const auto drop = own({.id = "no-drop",
                         .patterns = {"ALTER TABLE $t DROP COLUMN $c"},
                         .except = {"ALTER TABLE scratch DROP COLUMN $c"},
                         .message = "$c of $t goes, $x stays",
                         .why = "as $t says"});
  const auto locked = own({.id = "billing-locked",
                           .lock = "access exclusive",
                           .table = "billing.*",
                           .severity = Severity::error,
                           .message = "$table is locked with $lock"});
  const auto rewritten = own({.id = "rewritten", .work = "rewrite", .message = "$table is written anew"});
  const std::vector<const lint::Rule*> rules = {drop.get(), locked.get(), rewritten.get()};
  const source::Sources sources =
      sources_of({{"1.sql",
                   "CREATE TABLE billing.old (a int);\nALTER TABLE billing.old ADD COLUMN b int DEFAULT random();\n"
                   "DO $$ BEGIN ALTER TABLE x.t DROP COLUMN a; END $$;\n"},
                  {"2.sql",
                   "ALTER TABLE billing.t ADD COLUMN x int, DROP a, DROP b;\nALTER TABLE scratch DROP COLUMN c;\n"
                   "ALTER TABLE billing.old ADD COLUMN c int DEFAULT random();\n"}});
  const Report report = lint::check(sources, rules, {});
  std::string lines;
  for (const Diagnostic& found : report.diagnostics)
    lines += fmt::format("{}:{} {}: {}\n", found.file + 1, found.at.begin, found.rule, found.message);
  CHECK(lines ==
        "1:121 no-drop: a of t goes, $x stays\n"
        "2:0 billing-locked: billing.t is locked with ACCESS EXCLUSIVE\n"
        "2:40 no-drop: a of t goes, $x stays\n"
        "2:48 no-drop: b of t goes, $x stays\n"
        "2:91 rewritten: billing.old is written anew\n"
        "2:91 billing-locked: billing.old is locked with ACCESS EXCLUSIVE\n");
  CHECK(report.summary.errors == 2);
  CHECK(report.summary.warnings == 4);

  const auto refused = [](source::OwnRuleSetting written) {
    written.where = "f:1:1: ";
    const auto rule = lint::make_own_rule(written);
    return rule ? std::string() : rule.error().message;
  };
  const auto named = own({.id = "index-name",
                          .patterns = {"CREATE INDEX $i ON $t (...)"},
                          .names = {{"i", "idx_*"}, {"t", "*s"}},
                          .message = "$i on $t"});
  const std::vector<const lint::Rule*> naming = {named.get()};
  const Report names = lint::check(
      sources_of({{"1.sql",
                   "CREATE INDEX idx_a ON orders (a);\nCREATE INDEX b ON orders (a);\nCREATE INDEX idx_c ON c (a);\n"
                   "CREATE INDEX ON orders (a);\n"}}),
      naming, {});
  REQUIRE(names.diagnostics.size() == 2);
  CHECK(names.diagnostics[0].message == "b on orders");
  CHECK(names.diagnostics[1].message == "idx_c on c");

  CHECK(refused({.id = "a", .patterns = {"DROP TABLE $t"}, .names = {{"x", "y"}}, .message = "m"}) ==
        "f:1:1: `names` speaks of $x, which no pattern has");
  CHECK(refused({.id = "A b", .message = "m"}) == "f:1:1: `A b` is no id of a rule");
  CHECK(refused({.id = "a", .lock = "HARD", .message = "m"}) == "f:1:1: there is no lock mode `HARD`");
  CHECK(refused({.id = "a", .work = "much", .message = "m"}) == "f:1:1: there is no work `much`");
  CHECK(refused({.id = "a", .patterns = {"DROP TABL x"}, .message = "m"}) ==
        "f:1:1: `DROP TABL x`: the pattern is no statement of PostgreSQL: syntax error at or near \"TABL\"");
}

TEST_CASE("history is replayed and not reported") {
  CHECK(found(sources_of({{"1.sql", "CREATE INDEX i ON elsewhere (note); SELEC;", false}, {"2.sql", "SELECT 1;"}}))
            .empty());
}

TEST_CASE("what a DO block does is found at its place in the file") {
  CHECK(found("SELECT 1;\nDO $$\nBEGIN\n  IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'c') THEN\n"
              "    ALTER TABLE orders ADD CONSTRAINT c CHECK (id > 0);\n  END IF;\nEND $$;\n") ==
        Lines{"1.sql:5: add-check-validating"});
}

TEST_CASE("an UPDATE in a loop that commits is batched, one that does not is not") {
  const auto loop = [](const std::string& commit) {
    return "DO $$\nBEGIN\n  LOOP\n    UPDATE orders SET note = '' WHERE id IN (SELECT id FROM orders WHERE note IS "
           "NULL "
           "LIMIT 500);\n    EXIT WHEN NOT FOUND;\n" +
           commit + "  END LOOP;\nEND $$;\n";
  };
  CHECK(found(loop("    COMMIT;\n")).empty());
  CHECK(found(loop("")) == Lines{"1.sql:4: unbatched-update"});
}

TEST_CASE("an UPDATE by key is let pass") {
  CHECK(found("UPDATE orders SET note = '' WHERE id = 7;").empty());
  CHECK(found("UPDATE orders SET note = '' WHERE id IN (7, 8) AND paid;").empty());
  CHECK(found("UPDATE orders SET note = '' WHERE id > 7;") == Lines{"1.sql:1: unbatched-update"});
}

TEST_CASE("slow work under a lock of the same transaction tells where the lock was taken") {
  const source::Sources sources = sources_of(
      {{"0.sql", "CREATE TABLE orders (id bigint PRIMARY KEY, note text);", false},
       {"1.sql", "BEGIN;\nALTER TABLE orders ADD COLUMN paid boolean;\nUPDATE orders SET paid = true;\nCOMMIT;\n"}});
  const Report report = lint::check(sources, hazards(), {});
  const auto finding = std::ranges::find(report.diagnostics, "backfill-under-lock", &Diagnostic::rule);
  REQUIRE(finding != report.diagnostics.end());
  REQUIRE(finding->related.size() == 1);
  const Span at = finding->related[0].at;
  CHECK(report.files[0].text.substr(at.begin, at.size()) == "ALTER TABLE orders ADD COLUMN paid boolean");
}

TEST_CASE("a lock is over with its transaction") {
  CHECK(found("ALTER TABLE orders ADD CONSTRAINT c CHECK (id > 0) NOT VALID;\nBEGIN;\nALTER TABLE orders ADD COLUMN "
              "shipped boolean;\nCOMMIT;\nALTER TABLE orders VALIDATE CONSTRAINT c;\n")
            .empty());
}

TEST_CASE("what ROLLBACK undoes is not in the schema") {
  CHECK(found("BEGIN;\nCREATE TABLE fresh (id int, note text);\nROLLBACK;\nCREATE INDEX i ON fresh (note);\n") ==
        Lines{"1.sql:4: create-index-not-concurrent"});
}

TEST_CASE("a suppression with a reason hides its finding") {
  CHECK(found("-- pglint:ignore create-index-not-concurrent: the table is empty\nCREATE INDEX a ON orders (note);\n")
            .empty());
  CHECK(found("CREATE INDEX a ON orders (note); -- pglint:ignore create-index-not-concurrent: the table is empty\n")
            .empty());
  CHECK(
      found(
          "-- pglint:ignore-file create-index-not-concurrent: the table is empty\nSELECT 1;\nCREATE INDEX a ON orders "
          "(note);\n")
          .empty());
}

TEST_CASE("a suppression without a reason hides nothing") {
  CHECK(found("-- pglint:ignore create-index-not-concurrent\nCREATE INDEX a ON orders (note);\n") ==
        Lines{"1.sql:1: invalid-suppression", "1.sql:2: create-index-not-concurrent"});
}

TEST_CASE("a suppression of a rule that does not exist suggests the one that was meant") {
  const source::Sources sources =
      sources_of({{"1.sql", "-- pglint:ignore create-index-not-concurent: empty\nSELECT 1;\n"}});
  const Report report = lint::check(sources, hazards(), {});
  REQUIRE(report.diagnostics.size() == 1);
  CHECK(report.diagnostics[0].rule == "invalid-suppression");
  CHECK(report.diagnostics[0].help.view().find("create-index-not-concurrent") != std::string::npos);
}

TEST_CASE("a suppression that finds nothing is reported, unless its rule is off") {
  const std::string sql = "-- pglint:ignore set-not-null: proven by hand\nSELECT 1;\n";
  CHECK(found(sql) == Lines{"1.sql:1: unused-suppression"});
  lint::CheckOptions options;
  options.rules.ignore = {"set-not-null"};
  CHECK(found(sql, options).empty());
}

TEST_CASE("a suppression whose date has passed is over") {
  lint::CheckOptions options;
  options.today = "2026-11-22";
  const auto until = [](const std::string& date) {
    return "-- pglint:ignore create-index-not-concurrent until=" + date + ": small\nCREATE INDEX a ON orders (note);\n";
  };
  CHECK(found(until("2026-11-22"), options).empty());
  CHECK(found(until("2026-11-21"), options) ==
        Lines{"1.sql:1: expired-suppression", "1.sql:2: create-index-not-concurrent"});
}

TEST_CASE("select, ignore and severity choose among the rules") {
  const std::string sql = "CREATE INDEX a ON orders (note);\nUPDATE orders SET note = '';\n";
  lint::CheckOptions options;
  options.rules.select = {"unbatched-update"};
  CHECK(found(sql, options) == Lines{"1.sql:2: unbatched-update"});
  options.rules.select.clear();
  options.rules.ignore = {"unbatched-update"};
  CHECK(found(sql, options) == Lines{"1.sql:1: create-index-not-concurrent"});
  options.rules.levels = {{"create-index-not-concurrent", Severity::advice}};
  const Report report = lint::check(sources_of({{"1.sql", sql}}), hazards(), options);
  REQUIRE(report.diagnostics.size() == 1);
  CHECK(report.diagnostics[0].severity == Severity::advice);
  CHECK(report.summary.advice == 1);
  CHECK(report.summary.errors == 0);
}

TEST_CASE("an override changes rules for its files alone") {
  const std::string sql = "CREATE INDEX a ON orders (note);\n";
  const std::string other = "CREATE INDEX b ON orders (note);\n";
  lint::CheckOptions options;
  options.rules.overrides = {{{"old/**"}, {{"create-index-not-concurrent", std::nullopt}}}};
  CHECK(found(sources_of({{"old/1.sql", sql}, {"new/2.sql", other}}), options) ==
        Lines{"new/2.sql:1: create-index-not-concurrent"});
  // On top of what holds for all files.
  options.rules.levels = {{"create-index-not-concurrent", std::nullopt}};
  options.rules.overrides = {{{"new/*"}, {{"create-index-not-concurrent", Severity::advice}}}};
  const Report report = lint::check(sources_of({{"old/1.sql", sql}, {"new/2.sql", other}}), hazards(), options);
  REQUIRE(report.diagnostics.size() == 1);
  CHECK(report.files[report.diagnostics[0].file].path == "new/2.sql");
  CHECK(report.diagnostics[0].severity == Severity::advice);
}

TEST_CASE("the size of a table decides about what grows with it, and about nothing else") {
  const auto levels = [](const lint::TableSizes& sizes) {
    lint::CheckOptions options;
    options.sizes = sizes;
    const Report report = lint::check(
        sources_of({{"0.sql", "CREATE TABLE orders (id bigint PRIMARY KEY, note text);", false},
                    {"1.sql", "CREATE INDEX a ON orders (note);\nALTER TABLE orders RENAME COLUMN note TO remark;\n"}}),
        hazards(), options);
    std::vector<std::string> lines;
    for (const Diagnostic& diagnostic : report.diagnostics)
      lines.push_back(fmt::format("{} {}", diagnostic.rule, name(diagnostic.severity)));
    return std::pair(lines, report.diagnostics.empty() ? std::string() : report.diagnostics[0].why);
  };
  const Lines plain = levels({}).first;
  REQUIRE(plain.size() == 2);
  lint::TableSizes sizes;
  sizes.rows = {{"orders", 1'200}};
  const auto [small, why] = levels(sizes);
  CHECK(small == Lines{"create-index-not-concurrent advice", plain[1]});
  CHECK(why.view().find("about 1,200 rows: with less than 100,000") != std::string::npos);
  // In between nobody knows better than the rule.
  sizes.rows = {{"orders", 500'000}};
  CHECK(levels(sizes).first == plain);
  sizes.rows = {{"orders", 80'000'000}};
  CHECK(levels(sizes).first == Lines{"create-index-not-concurrent error", plain[1]});
  CHECK(levels(sizes).second.view().find("about 80,000,000 rows, and counts as large from 1,000,000 on") !=
        std::string::npos);
  // A hot table is never small; what the configuration says comes before what was measured.
  sizes.rows = {{"public.*", 10}};
  sizes.measured = {{"public.orders", 80'000'000}};
  CHECK(levels(sizes).first[0] == "create-index-not-concurrent advice");
  sizes.hot = {"orders"};
  CHECK(levels(sizes).first[0] == "create-index-not-concurrent error");
}

TEST_CASE("profiles choose among the rules") {
  for (const lint::Rule* rule : rules::all()) {
    CAPTURE(rule->id);
    const bool style = rule->category == lint::Category::style;
    CHECK(lint::level_of(*rule, {}).has_value() == !style);
    CHECK(lint::level_of(*rule, {.profile = lint::Profile::style}).has_value());
    const auto strict = lint::level_of(*rule, {.profile = lint::Profile::strict});
    CHECK(strict.has_value() == !style);
    if (rule->category == lint::Category::policy) CHECK(*strict >= Severity::warning);
    // A severity turns a rule on, unless others were selected.
    lint::RuleChoice choice;
    choice.levels = {{std::string(rule->id), Severity::warning}};
    CHECK(lint::level_of(*rule, choice) == Severity::warning);
    choice.select = {"no-such-rule"};
    CHECK(!lint::level_of(*rule, choice).has_value());
  }
}

TEST_CASE("what code that nobody followed may have made is not said to be missing, nor to be there") {
  const auto level = [](const std::string& before) {
    const Report report = lint::check(
        sources_of(
            {{"0.sql",
              "CREATE TABLE orders (id bigint PRIMARY KEY);\n"
              "CREATE FUNCTION stamp(name text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE name; END $$;\n"
              "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';\n",
              false},
             {"1.sql", before, false},
             {"2.sql", "ALTER TABLE orders DISABLE TRIGGER stamped;\n"}}),
        rules::all(), {});
    for (const Diagnostic& diagnostic : report.diagnostics)
      if (diagnostic.rule == "will-fail") return std::string(name(diagnostic.severity));
    return std::string("none");
  };
  CHECK(level("SELECT 1;") == "error");
  CHECK(level("SELECT now(), one();") == "error");
  CHECK(level("SELECT stamp('orders');") == "none");
  CHECK(level("SELECT * FROM stamp('orders');") == "none");
  CHECK(level("SELECT partman.create_parent('public.orders');") == "none");
  CHECK(level("DO $$ BEGIN EXECUTE current_setting('a.b'); END $$;") == "none");
  CHECK(level("SELEC;") == "none");
}

TEST_CASE("temporary tables and settings go with the session that made them") {
  CHECK(found(sources_of(
                  {{"1.sql", "CREATE TEMP TABLE staging (id int);"}, {"2.sql", "CREATE TEMP TABLE staging (a text);"}}))
            .empty());
  // Of what runs in one go, the session is one.
  const Lines together = found(sources_of(
      {{"1.sql", "CREATE TEMP TABLE staging (id int);"}, {"2.sql", "CREATE TEMP TABLE staging (a text);"}}, true));
  CHECK(together == Lines{"2.sql:1: will-fail"});
}

TEST_CASE("a primary key may come with the column, where the old one goes in the same statement") {
  const Lines lines = found(
      "ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD COLUMN number uuid DEFAULT gen_random_uuid() PRIMARY KEY;");
  CHECK(std::ranges::find(lines, "1.sql:1: will-fail") == lines.end());
  CHECK(std::ranges::find(lines, "1.sql:1: drop-constraint") == lines.end());
}

TEST_CASE("projects on several threads give the same report as on one") {
  source::Sources sources;
  for (int i = 0; i < 20; ++i) {
    source::Sources one = sources_of({{fmt::format("{}/1.sql", i), "CREATE INDEX a ON orders (note);\nSELEC;\n"}});
    sources.projects.push_back(std::move(one.projects[0]));
  }
  lint::CheckOptions options;
  const Lines alone = found(sources, options);
  options.jobs = 4;
  CHECK(alone.size() == 40);
  CHECK(found(sources, options) == alone);
}

TEST_CASE("settings of the session are in force before the first statement") {
  const std::string sql = "ALTER TABLE visits ALTER COLUMN at TYPE timestamptz;";
  const auto run = [&](const std::string& zone) {
    lint::CheckOptions options;
    if (!zone.empty()) options.replay.session = {{"TimeZone", zone}};
    return found(sources_of({{"0.sql", "CREATE TABLE visits (id int, at timestamp);", false}, {"1.sql", sql}}),
                 options);
  };
  CHECK(run("UTC").empty());
  CHECK(run("Europe/Paris") == Lines{"1.sql:1: type-change-rewrites"});
  // Not assumed to be UTC.
  CHECK(run("") == Lines{"1.sql:1: type-change-rewrites"});
}

TEST_CASE("the timeline names the locks that end in a deadlock if others take them the other way round") {
  const auto pairs = [](const std::string& sql) {
    const lint::ReplayOptions options;
    const Timeline timeline =
        lint::timeline(sources_of({{"1.sql",
                                    "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);\n"
                                    "CREATE TABLE c (id int PRIMARY KEY);"},
                                   {"2.sql", sql}}),
                       options);
    std::string out;
    for (const TimelineTransaction& transaction : timeline.files.at(1).transactions)
      for (const DeadlockPair& pair : transaction.deadlocks)
        out += fmt::format("{}:{} {}:{}\n", pair.first, pair.held, pair.second, pair.wanted);
    return out;
  };
  CHECK(pairs("BEGIN; ALTER TABLE a ADD x int; ALTER TABLE b ADD x int; COMMIT;") == "1:public.a 2:public.b\n");
  CHECK(pairs("BEGIN; ALTER TABLE a ADD x int; ALTER TABLE a ADD y int; COMMIT;").empty());
  CHECK(pairs("ALTER TABLE a ADD x int; ALTER TABLE b ADD x int;").empty());
  CHECK(pairs("BEGIN; UPDATE a SET id = 1; ALTER TABLE a ADD x int; COMMIT;") == "1:public.a 2:public.a\n");
  CHECK(pairs("BEGIN; UPDATE a SET id = 1; ALTER TABLE b ADD x int; COMMIT;") == "1:public.a 2:public.b\n");
  CHECK(pairs("BEGIN; ALTER TABLE b ADD x int; DELETE FROM a; COMMIT;") == "1:public.b 2:public.a\n");
  CHECK(pairs("BEGIN; UPDATE a SET id = 1; UPDATE b SET id = 1; COMMIT;").empty());
  CHECK(pairs("BEGIN; INSERT INTO a VALUES (1); ALTER TABLE b ADD x int; COMMIT;").empty());
  CHECK(pairs("BEGIN; CREATE TABLE n (id int); ALTER TABLE b ADD x int; COMMIT;").empty());
  CHECK(pairs("BEGIN; ALTER TABLE a ADD x int; ALTER TABLE b ADD x int; ALTER TABLE c ADD x int; COMMIT;") ==
        "1:public.a 2:public.b\n1:public.a 3:public.c\n");
  // The server locks the table first, then the one that it refers to.
  CHECK(pairs("BEGIN; ALTER TABLE a ADD FOREIGN KEY (id) REFERENCES b; COMMIT;") == "1:public.a 1:public.b\n");
}

TEST_CASE("the timeline says where the runner's transaction goes on from the file before") {
  const source::Sources pending = sources_of({{"1.sql", "CREATE TABLE a (id int);"}, {"2.sql", "SELECT 1;"}}, true);
  const Timeline together = lint::timeline(pending, {});
  REQUIRE(together.files.size() == 2);
  CHECK(!together.files[0].transactions[0].continued);
  CHECK(together.files[1].transactions[0].continued);

  const source::Sources plain = sources_of({{"1.sql", "CREATE TABLE a (id int);"}, {"2.sql", "SELECT 1;"}});
  CHECK(!lint::timeline(plain, {}).files[1].transactions[0].continued);
}

TEST_CASE("what a waiting plan is about is not unfinished business") {
  std::vector<File> files = {
      {"00.sql",
       "CREATE TABLE orders (id bigint PRIMARY KEY, email text, contact text);\n"
       "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS\n"
       "  'BEGIN NEW.contact := NEW.email; NEW.email := NEW.contact; RETURN NEW; END';\n"
       "CREATE TRIGGER zz_pglint_sync_1 BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f();"}};
  for (int i = 1; i <= 10; ++i)
    files.push_back({fmt::format("{:02}.sql", i), fmt::format("CREATE TABLE t{} (id bigint PRIMARY KEY);", i)});
  CHECK(found(sources_of(files)) == Lines{"00.sql:4: unfinished-contract"});
  lint::CheckOptions options;
  options.plans = "sql: [CREATE TRIGGER zz_pglint_sync_1 …]";
  CHECK(found(sources_of(files), options).empty());
  files.pop_back();
  CHECK(found(sources_of(files)).empty());
}

TEST_CASE("the functions of a migration tell two that a call fits from two that it does not") {
  const auto after = [](const char* sql) {
    return found(sources_of(
        {{"0.sql", "CREATE FUNCTION f(a int, b int DEFAULT 2) RETURNS int LANGUAGE sql AS 'SELECT 1';", false},
         {"1.sql", sql}}));
  };
  const Lines both = {"1.sql:1: change-function-arguments"};
  CHECK(after("CREATE FUNCTION f(a int, b int, c int DEFAULT 3) RETURNS int LANGUAGE sql AS 'SELECT 1'") == both);
  CHECK(after("CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'") == both);
  // The old one goes behind the new one, which takes its calls.
  CHECK(after("CREATE FUNCTION f(a int, b int DEFAULT 2, c int DEFAULT 3) RETURNS int LANGUAGE sql AS 'SELECT 1';"
              "DROP FUNCTION f(int, int);")
            .empty());
  // No number of arguments fits both, or their types tell them apart.
  CHECK(after("CREATE FUNCTION f(a int, b int, c int) RETURNS int LANGUAGE sql AS 'SELECT 1'").empty());
  CHECK(after("CREATE FUNCTION f(a text, b int DEFAULT 2) RETURNS int LANGUAGE sql AS 'SELECT 1'").empty());
  CHECK(after("CREATE FUNCTION s.f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'").empty());
  CHECK(after("CREATE OR REPLACE FUNCTION f(a int, b int DEFAULT 3) RETURNS int LANGUAGE sql AS 'SELECT 1'").empty());
}

TEST_CASE("a publication that has a table by its schema, or with all others, asks for a replica identity, too") {
  const auto after = [](const char* history, const char* sql) {
    return found(sources_of({{"0.sql", history, false}, {"1.sql", sql}}));
  };
  const Lines lost = {"1.sql:1: published-without-identity"};
  const char* drop = "ALTER TABLE t REPLICA IDENTITY NOTHING";
  CHECK(after("CREATE TABLE t(id int PRIMARY KEY); CREATE PUBLICATION p FOR ALL TABLES", drop) == lost);
  CHECK(after("CREATE TABLE t(id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLES IN SCHEMA public", drop) == lost);
  CHECK(after("CREATE UNLOGGED TABLE t(id int PRIMARY KEY); CREATE PUBLICATION p FOR ALL TABLES", drop).empty());
  CHECK(after("CREATE TABLE t(id int PRIMARY KEY); CREATE PUBLICATION p FOR ALL TABLES WITH (publish = 'insert')", drop)
            .empty());
  CHECK(after("CREATE TABLE t(id int PRIMARY KEY); CREATE PUBLICATION p FOR ALL TABLES; DROP PUBLICATION p", drop)
            .empty());
  CHECK(after("CREATE TABLE t(id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t;"
              "ALTER PUBLICATION p SET (publish = 'insert, truncate')",
              drop)
            .empty());
}

TEST_CASE("a range of a key between two constants is a batch, if it is short enough") {
  for (const char* range :
       {"id BETWEEN 1 AND 1000", "id > 1 AND id <= 1000 AND paid", "id >= -5 AND 20000 > 5 AND id < 9"}) {
    CAPTURE(range);
    CHECK(found(fmt::format("DELETE FROM orders WHERE {};", range)).empty());
    CHECK(found(fmt::format("UPDATE orders SET paid = true WHERE {};", range)).empty());
  }
  for (const char* range : {"id BETWEEN 1 AND 1000000", "id > 1", "id > 5 OR id < 7", "id BETWEEN 1 AND length(note)",
                            "id BETWEEN -9223372036854775807 AND 9223372036854775807"}) {
    CAPTURE(range);
    CHECK(found(fmt::format("DELETE FROM orders WHERE {};", range)) == Lines{"1.sql:1: unbatched-delete"});
  }
}
