// The steps of a plan as files: what stands in the runner's transaction, what outside, and which guards it has.
#include "emit/emit.h"

#include <doctest/doctest.h>

#include "pg/parse.h"
#include "plan/planned.h"
#include "support/golden.h"

using namespace pglint;
using test::Lines;
using test::one_plan;
using test::says;

namespace {

constexpr std::string_view given =
    "CREATE TABLE p (id int PRIMARY KEY);\nCREATE TABLE t (id bigint PRIMARY KEY, a text, b int, p_id int);";

std::string_view name(source::Place place) {
  switch (place) {
    case source::Place::runner_transaction:
      return "runner";
    case source::Place::own_transaction:
      return "own";
    case source::Place::outside:
      break;
  }
  return "outside";
}

std::vector<emit::File> files_of(const Plan& plan, const emit::Stretch& stretch,
                                 source::WayOut way = source::WayOut::commit) {
  auto out = emit::files(plan, stretch, way);
  if (!out) FAIL(one_line(out.error()));
  return std::move(*out);
}

// All stretches: where each text stands, and its first words.
std::string shown(const Plan& plan) {
  std::string out;
  for (const emit::Stretch& stretch : emit::stretches(plan)) {
    if (stretch.behind != nullptr) out += fmt::format("==== behind {}\n", stretch.behind->id);
    for (const emit::File& file : files_of(plan, stretch)) {
      out += fmt::format("== a file of {}\n", pglint::name(file.phase));
      for (const source::Text& text : file.texts)
        out += fmt::format("-- {}: {}\n{};\n", name(text.place), text.comment, text.sql);
    }
  }
  return out;
}

std::vector<emit::File> all_files(const Plan& plan) {
  std::vector<emit::File> out;
  for (const emit::Stretch& stretch : emit::stretches(plan))
    for (emit::File& file : files_of(plan, stretch)) out.push_back(std::move(file));
  return out;
}

}  // namespace

TEST_CASE("what needs no gate is one stretch; each gate ends one and begins the next") {
  const Plan plain = one_plan(given, "CREATE INDEX ON t (a);");
  REQUIRE(emit::stretches(plain).size() == 1);
  CHECK(emit::stretches(plain)[0].before == nullptr);
  const Plan gated = one_plan(given, "ALTER TABLE t ALTER a SET NOT NULL;");
  const auto stretches = emit::stretches(gated);
  REQUIRE(stretches.size() == 2);
  CHECK(stretches[0].before->id == "change");
  CHECK(stretches[1].behind->id == "change");
  CHECK(stretches[1].before == nullptr);
}

TEST_CASE("a plan whose first phase is empty has a file that closes the gate") {
  const Plan plan = one_plan(given, "ALTER TABLE t ALTER a SET NOT NULL;");
  const auto files = files_of(plan, emit::stretches(plan)[0]);
  REQUIRE(files.size() == 1);
  CHECK(says(files[0].texts.back().sql, "INSERT INTO pglint.gate"));
  for (const source::Text& text : files[0].texts) CHECK(text.place == source::Place::runner_transaction);
}

TEST_CASE("every file behind a gate begins by asking for it") {
  const Plan plan = one_plan(given, "ALTER TABLE t ALTER a SET NOT NULL;\nALTER TABLE t DROP COLUMN b;");
  const auto stretches = emit::stretches(plan);
  const auto files = files_of(plan, stretches[1]);
  REQUIRE(files.size() == 3);
  for (const emit::File& file : files) CHECK(says(file.texts.front().sql, "RAISE EXCEPTION USING ERRCODE"));
}

TEST_CASE("what is outside of the runner's transaction waits without a timeout, and gives it back") {
  const Plan plan = one_plan(given, "CREATE INDEX i ON t (a);");
  const auto files = files_of(plan, emit::stretches(plan)[0]);
  REQUIRE(files.size() == 1);
  const auto& texts = files[0].texts;
  REQUIRE(texts.size() == 4);
  for (const source::Text& text : texts) CHECK(text.place == source::Place::outside);
  CHECK(says(texts[0].sql, "set_config('lock_timeout', '0', false)"));
  CHECK(says(texts[1].sql, "NOT indisvalid"));
  CHECK(texts[2].sql == "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON public.t (a)");
  CHECK(says(texts[3].sql, "current_setting('pglint.lock_timeout')"));
}

TEST_CASE("nothing of the runner's transaction stands in a file that leaves it") {
  for (const char* sql : {"ALTER TABLE t RENAME a TO z;",
                          "ALTER TABLE t ADD FOREIGN KEY (p_id) REFERENCES p;\nCREATE INDEX "
                          "ON t (p_id);\nUPDATE t SET b = 1 WHERE b IS NULL;\nALTER TABLE t "
                          "ALTER b SET NOT NULL;"}) {
    for (const emit::File& file : all_files(one_plan(given, sql))) {
      const bool outside = std::ranges::any_of(
          file.texts, [](const source::Text& text) { return text.place != source::Place::runner_transaction; });
      for (const source::Text& text : file.texts) CHECK((text.place != source::Place::runner_transaction) == outside);
    }
  }
}

TEST_CASE("where what is outside has to be alone, a file holds one such statement, and the next asks for its end") {
  const Plan plan = one_plan(given, "CREATE INDEX i ON t (a);\nCREATE INDEX j ON t (b);");
  const auto files = files_of(plan, emit::stretches(plan)[0], source::WayOut::statement);
  REQUIRE(files.size() == 3);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(files[static_cast<std::size_t>(i)].texts.size() == 1);
    CHECK(files[static_cast<std::size_t>(i)].is_outside());
    CHECK(files[static_cast<std::size_t>(i)].down.size() == 1);
  }
  CHECK_FALSE(files[2].is_outside());
  REQUIRE(files[2].texts.size() == 2);
  CHECK(says(files[2].texts[0].sql, "build-i was cut short"));
  CHECK(says(files[2].texts[1].sql, "build-j was cut short"));
  CHECK(says(files[2].texts[1].sql, "DROP INDEX CONCURRENTLY IF EXISTS public.j; CREATE INDEX CONCURRENTLY"));
}

TEST_CASE("no setting of the session is left to a file that may run in another session") {
  const Plan plan = one_plan(given, "UPDATE t SET b = 1 WHERE b IS NULL;\nCREATE INDEX i ON t (a);");
  for (const source::WayOut way : {source::WayOut::statement, source::WayOut::none})
    for (const emit::File& file : files_of(plan, emit::stretches(plan)[0], way))
      for (const source::Text& text : file.texts) CHECK_FALSE(says(text.sql, "false), pg_catalog.set_config"));
}

TEST_CASE("where no file leaves the transaction, it asks for what the executor does, and does it on an empty table") {
  const Plan plan = one_plan(given, "UPDATE t SET b = 1 WHERE b IS NULL;\nCREATE INDEX i ON t (a);");
  std::string all;
  for (const emit::File& file : files_of(plan, emit::stretches(plan)[0], source::WayOut::none)) {
    CHECK_FALSE(file.is_outside());
    for (const source::Text& text : file.texts) all += text.sql;
  }
  CHECK(says(all, "IF EXISTS (SELECT FROM public.t) THEN"));
  CHECK(says(all, "EXECUTE 'CREATE INDEX IF NOT EXISTS i ON public.t (a)'"));
  CHECK(says(all, "pglint fix --apply --plan .pglint/plans/0001_change.yml writes them in batches"));
  const Plan other = one_plan(given, "CREATE INDEX i ON t (a);\nVACUUM t;");
  CHECK_FALSE(emit::files(other, emit::stretches(other)[0], source::WayOut::none).has_value());
}

TEST_CASE("a batch keeps the alias and what it is joined with, and names its keys by the alias") {
  const Plan plan = one_plan(given, "UPDATE t AS \"A\" SET b = p.id FROM p WHERE p.id = \"A\".p_id;");
  std::string all = shown(plan);
  CHECK(says(all,
             "UPDATE public.t AS \"A\" SET \"b\" = p.id FROM public.p AS p WHERE \"A\".\"id\" > pglint_last_1 AND "
             "\"A\".\"id\" <= pglint_bound_1 AND (p.id = \"A\".p_id);"));
  CHECK(says(all,
             "EXECUTE 'SELECT \"A\".\"b\", p.id, 1 FROM public.t AS \"A\", public.p AS p WHERE p.id = \"A\".p_id "
             "LIMIT 0';"));
  CHECK(says(all, "EXCEPTION WHEN undefined_column OR undefined_table THEN"));
  all = shown(one_plan(given, "DELETE FROM t USING p WHERE p.id = t.p_id;"));
  CHECK(says(
      all,
      "DELETE FROM public.t AS \"t\" USING public.p AS p WHERE \"t\".\"id\" <= pglint_bound_1 AND (p.id = t.p_id);"));
  // Where only the executor writes them, what is left is asked for.
  std::string asked;
  for (const emit::File& file : files_of(plan, emit::stretches(plan)[0], source::WayOut::none))
    for (const source::Text& text : file.texts) asked += text.sql;
  CHECK(says(asked,
             "SELECT FROM public.t AS \"A\", public.p AS p WHERE (p.id = \"A\".p_id) AND (\"A\".\"b\" IS DISTINCT "
             "FROM (p.id))"));
}

TEST_CASE("a foreign key that goes before its table does so by itself, outside of the runner's transaction") {
  const Plan plan = one_plan("CREATE TABLE p (id int PRIMARY KEY, a text);\nCREATE TABLE c (id int REFERENCES p);",
                             "DROP TABLE c;\nALTER TABLE p DROP COLUMN a;");
  const auto files = files_of(plan, emit::stretches(plan)[1], source::WayOut::file);
  REQUIRE(files.size() == 1);
  CHECK(files[0].is_outside());
  // Each in a file of its own where a file is a transaction.
  const auto apart = files_of(plan, emit::stretches(plan)[1], source::WayOut::statement);
  REQUIRE(apart.size() == 2);
  CHECK(says(apart[0].texts.back().sql, "DROP CONSTRAINT IF EXISTS c_id_fkey"));
}

TEST_CASE("what takes a file back is the steps backwards; what was removed is said to be gone") {
  const Plan plan = one_plan(given, "ALTER TABLE t DROP COLUMN b;");
  const auto stretches = emit::stretches(plan);
  const auto before = files_of(plan, stretches[0], source::WayOut::file);
  REQUIRE(before.back().down.size() >= 1);
  CHECK(says(before.back().down.front().sql, "DELETE FROM pglint.gate"));
  const auto behind = files_of(plan, stretches[1], source::WayOut::file);
  REQUIRE(behind.back().down.size() == 1);
  CHECK(says(behind.back().down.front().sql, "removed what cannot be made again"));
}

TEST_CASE("a strong lock is waited for shortly, in the runner's transaction once, in one of its own again and again") {
  const Plan plan = one_plan(given,
                             "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p;\nALTER TABLE t DROP "
                             "COLUMN b;");
  const std::string text = shown(plan);
  CHECK(says(text, "set_config('lock_timeout', '1500ms', true)"));
  CHECK(says(text, "set_config('lock_timeout', timeout, true)"));
}

TEST_CASE("every emitted statement parses, whatever stands in names and texts") {
  const std::string odd =
      "CREATE SCHEMA \"it's $pglint$ 100%\";\nCREATE TABLE \"it's $pglint$ 100%\".\"a\"\"b\" (\"k'ey\" varchar(9) "
      "PRIMARY "
      "KEY, \"$1\" text, \"{0}\" int, \"%s\" int DEFAULT 5 NOT NULL);\n";
  const std::string on = "\"it's $pglint$ 100%\".\"a\"\"b\"";
  const Plan plan =
      one_plan(odd, "ALTER TABLE " + on + " RENAME \"%s\" TO \"{}\";\nUPDATE " + on +
                        " SET \"$1\" = E'\\'{}%s$pglint$' || $q$;\n--x$q$ WHERE \"$1\" IS NULL;\nALTER TABLE " + on +
                        " ALTER \"$1\" SET NOT NULL;\nCREATE UNIQUE INDEX \"'i%\" ON " + on +
                        " (\"{0}\") WHERE \"$1\" <> '$pglint$%';\nALTER TABLE " + on +
                        " ADD CONSTRAINT \"{'}\" CHECK (\"{0}\" < 5);");
  for (const emit::File& file : all_files(plan))
    for (const source::Text& text : file.texts) {
      int statements = 0;
      pg::parse(text.sql, 0, pg::lex(text.sql), [&](const pg::Parsed& parsed) {
        ++statements;
        CHECK_MESSAGE(parsed.error == nullptr, text.sql);
        return true;
      });
      CHECK_MESSAGE(statements == 1, text.sql);
    }
}

TEST_CASE("what is written for a row is written as it stands, percent signs and all") {
  const Plan plan = one_plan(given, "UPDATE t SET a = format('%%s', b) WHERE a LIKE '%%';");
  CHECK(says(shown(plan), "SET \"a\" = format('%%s', b) WHERE"));
  CHECK(says(shown(plan), "(a LIKE '%%')"));
}

TEST_CASE("the files of a plan, whole") {
  const Plan plan = one_plan(given,
                             "UPDATE t SET b = 1 WHERE b IS NULL;\nALTER TABLE t ALTER b SET NOT NULL;\nCREATE INDEX i "
                             "ON t (a);\nALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p;");
  test::check_golden("plans/files.sql", shown(plan));
}
