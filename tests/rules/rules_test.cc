// What the rules say where a page cannot show it: of tables that the history never made, and in which words.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "rules/run_example.h"

using namespace pglint;
using test::Example;

namespace {

constexpr std::string_view given =
    "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, note text, CONSTRAINT note_short CHECK "
    "(length(note) "
    "< 100));\n"
    "CREATE TABLE customers (id bigint PRIMARY KEY);\n"
    "CREATE TABLE events (customer_id bigint, happened_on date) PARTITION BY RANGE (happened_on);\n"
    "CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');\n"
    "CREATE INDEX events_customer_idx ON events (customer_id);\n";

Example example(std::string sql) {
  Example example;
  example.files = {{"0001_example.sql", std::move(sql)}};
  return example;
}

// The one finding there is at warning or above.
Diagnostic only(const Example& example) {
  const test::Outcome outcome = test::run(example, given);
  std::vector<Diagnostic> found;
  for (const Diagnostic& one : outcome.report.diagnostics)
    if (one.severity >= Severity::warning) found.push_back(one);
  REQUIRE(found.size() == 1);
  return found[0];
}

Diagnostic only(std::string sql) { return only(example(std::move(sql))); }

bool quiet(std::string sql) { return test::run(example(std::move(sql)), given).raised().empty(); }

bool says(std::string_view text, std::string_view words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("a type change of an unknown column is a guess where the new type may be free, and said to be one") {
  const Diagnostic free = only("ALTER TABLE legacy ALTER COLUMN body TYPE text;");
  CHECK(free.severity == Severity::warning);
  CHECK(says(free.message, "may rewrite"));
  const Diagnostic rewrite = only("ALTER TABLE legacy ALTER COLUMN number TYPE bigint;");
  CHECK(rewrite.severity == Severity::error);
  CHECK(says(rewrite.message, "rewrites the whole table"));
}

TEST_CASE("an index that the history never made is spoken of by its own name") {
  CHECK(says(only("DROP INDEX legacy_idx;").message, "the table of legacy_idx"));
}

TEST_CASE("advice for a partitioned table is not what the server refuses there") {
  CHECK(says(only("CREATE INDEX ON events (happened_on);").help, "ON ONLY events"));
  CHECK(says(only("DROP INDEX events_customer_idx;").help, "lock_timeout"));
  CHECK(says(only("ALTER TABLE events ADD UNIQUE (customer_id, happened_on);").help, "ALTER TABLE ONLY events"));
  CHECK(says(only("ALTER TABLE events ADD FOREIGN KEY (customer_id) REFERENCES customers (id);").help,
             "to each partition NOT VALID"));
}

TEST_CASE("advice for Drizzle says how to leave its transaction") {
  Example drizzle = example("CREATE INDEX \"orders_note_idx\" ON \"orders\" (\"note\");");
  drizzle.runner = "drizzle";
  CHECK(says(only(drizzle).help, "COMMIT;--> statement-breakpoint"));
}

TEST_CASE("CONCURRENTLY in a DO block has to leave the block, not only the transaction") {
  CHECK(says(only("DO $$ BEGIN\n  CREATE INDEX CONCURRENTLY orders_note_idx ON orders (note);\nEND $$;").help,
             "out of the DO block"));
}

TEST_CASE("a foreign key to its own table names it once") {
  const Diagnostic found = only("ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES orders (id);");
  CHECK(says(found.message, "while writers of it wait"));
  CHECK(!says(found.why, " and SHARE ROW EXCLUSIVE on orders"));
}

TEST_CASE("a foreign key to another schema names the schema") {
  CHECK(says(only("ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES \"Sales\".clients (id);").message,
             "\"Sales\".clients"));
}

TEST_CASE("a check that is added with a column does not raise the rule about foreign keys") {
  const Diagnostic found =
      only("ALTER TABLE orders ADD COLUMN customer bigint REFERENCES customers (id) CHECK (customer > 0);");
  CHECK(found.rule == "add-check-validating");
}

TEST_CASE("slow work under a lock names the lock that hurts, and its relation") {
  Example both = example(
      "BEGIN;\nALTER TABLE customers ADD COLUMN phone text;\nALTER TABLE orders VALIDATE CONSTRAINT note_short;\n"
      "UPDATE orders SET note = '' WHERE id IN (1, 2);\nCOMMIT;");
  CHECK(test::run(both, given).raised().empty());
  both.files[0].second =
      "BEGIN;\nALTER TABLE customers ADD COLUMN phone text;\n"
      "DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE note IS NULL LIMIT 100000);\nCOMMIT;";
  const test::Outcome outcome = test::run(both, given);
  REQUIRE(outcome.raised() == std::vector<std::string>{"backfill-under-lock", "unbatched-delete"});
  for (const Diagnostic& found : outcome.report.diagnostics) {
    if (found.rule != "backfill-under-lock") continue;
    CHECK(found.relation == "public.customers");
    CHECK(found.lock == LockMode::access_exclusive);
    CHECK(has(found.work, Work::scan));
  }
}

TEST_CASE("a limited sub-select is a batch, unless it is asked anew for each row or stands in a loop") {
  CHECK(quiet("DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE note IS NULL LIMIT 5000);"));
  CHECK(quiet("DELETE FROM orders WHERE ctid = ANY (ARRAY(SELECT ctid FROM orders WHERE note IS NULL LIMIT 5000));"));
  CHECK(
      quiet("UPDATE orders SET note = '' WHERE id IN (SELECT o.id FROM orders o JOIN customers c ON c.id = "
            "o.customer_id LIMIT 500);"));
  CHECK(
      only(
          "DELETE FROM orders a WHERE a.id IN (SELECT b.id FROM orders b WHERE b.note = a.note ORDER BY b.id LIMIT 1);")
          .rule == "unbatched-delete");
  CHECK(only("DELETE FROM orders WHERE id IN (SELECT id FROM orders LIMIT 500000);").rule == "unbatched-delete");
  CHECK(only("DELETE FROM orders WHERE customer_id IN (SELECT id FROM customers LIMIT 10);").rule ==
        "unbatched-delete");
  CHECK(only("DO $$ BEGIN LOOP\n  DELETE FROM orders WHERE id IN (SELECT id FROM orders LIMIT 500);\n  EXIT WHEN NOT "
             "FOUND;\nEND LOOP; END $$;")
            .rule == "unbatched-delete");
}

TEST_CASE("a sub-select of one value is a value, unless it is asked anew for each row") {
  CHECK(quiet("UPDATE orders SET note = '' WHERE id = (SELECT max(id) FROM customers);"));
  CHECK(only("UPDATE orders SET note = '' WHERE customer_id = (SELECT max(id) FROM customers);").severity ==
        Severity::warning);
  CHECK(only("UPDATE orders SET note = '' WHERE id = (SELECT c.id FROM customers c WHERE c.id = orders.customer_id);")
            .severity == Severity::error);
}

TEST_CASE("a foreign key beside a part that needs more says that readers wait too") {
  CHECK(says(only("ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers (id), ALTER COLUMN note DROP "
                  "DEFAULT;")
                 .message,
             "while nobody else can use it"));
}

TEST_CASE("SET NOT NULL over a check that only waits for VALIDATE says so") {
  CHECK(says(only("ALTER TABLE orders ADD CONSTRAINT note_there CHECK (note IS NOT NULL) NOT VALID;\n"
                  "ALTER TABLE orders ALTER COLUMN note SET NOT NULL;")
                 .help,
             "VALIDATE CONSTRAINT note_there before it"));
}

TEST_CASE("a block takes locks and works under them like any transaction") {
  const std::string add = "ALTER TABLE orders ADD COLUMN paid boolean;\n";
  const std::string fill = "UPDATE orders SET paid = true;\n";
  const std::vector<std::string> both = {"backfill-under-lock", "unbatched-update"};
  CHECK(test::run(example("DO $$ BEGIN\n" + add + fill + "END $$;"), given).raised() == both);
  CHECK(only(add + "DO $$ BEGIN\n" + fill + "END $$;").rule == "unbatched-update");
}

TEST_CASE("a view in the old table's place is believed only in the same transaction, and under the old name") {
  const std::string rename = "ALTER TABLE orders RENAME TO purchases;\n";
  CHECK(quiet("BEGIN;\n" + rename + "CREATE VIEW orders AS SELECT * FROM purchases;\nCOMMIT;"));
  CHECK(quiet("BEGIN;\n" + rename + "CREATE OR REPLACE VIEW public.\"orders\" AS SELECT * FROM purchases;\nCOMMIT;"));
  CHECK(only("BEGIN;\n" + rename + "COMMIT;\nCREATE VIEW orders AS SELECT * FROM purchases;").rule == "rename-table");
  CHECK(only("BEGIN;\n" + rename + "CREATE VIEW \"Orders\" AS SELECT * FROM purchases;\nCOMMIT;").rule ==
        "rename-table");
  CHECK(only("BEGIN;\n" + rename + "CREATE VIEW orders_view AS SELECT 'create view orders';\nCOMMIT;").rule ==
        "rename-table");
}

TEST_CASE("what the advice says is quoted where it has to be") {
  const Diagnostic found = only("ALTER TABLE legacy ALTER COLUMN \"order\" SET NOT NULL;");
  CHECK(says(found.message, "legacy.\"order\""));
  CHECK(says(found.help, "CHECK (\"order\" IS NOT NULL)"));
}
