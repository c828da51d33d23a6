#include "support/history.h"

#include <fmt/format.h>

#include <array>

namespace pglint::bench {
namespace {

// {0} the table, {1} a number that makes names unique, {2} and {3} those of the statement before. Harmless on a table
// in use.
constexpr std::array<std::string_view, 30> safe_kinds = {
    "ALTER TABLE {0} ADD COLUMN shipping_note_{1} text;",
    "ALTER TABLE {0} ADD COLUMN retry_budget_{1} integer NOT NULL DEFAULT 3;",
    "ALTER TABLE {0} ADD COLUMN reviewed_at_{1} timestamp with time zone DEFAULT now();",
    "ALTER TABLE {0} ALTER COLUMN status SET DEFAULT 'pending', ALTER COLUMN note DROP DEFAULT;",
    "ALTER TABLE {0} ALTER COLUMN note TYPE text;",
    "ALTER TABLE {0} ADD CONSTRAINT amount_positive_{1} CHECK (amount > 0 AND status IS NOT NULL) NOT VALID;",
    "ALTER TABLE {2} VALIDATE CONSTRAINT amount_positive_{3};",
    "CREATE INDEX CONCURRENTLY {0}_status_{1} ON {0} (status, created_at) WHERE amount > 10;",
    "DROP INDEX CONCURRENTLY IF EXISTS {0}_obsolete_status_created_at_{1}_idx;",
    "COMMENT ON COLUMN {0}.status IS 'One of pending, paid, shipped, returned; see the order state machine';",
    "GRANT SELECT, INSERT, UPDATE ON TABLE {0} TO reporting_service, billing_service;",
    "INSERT INTO {0} (id, status, amount, note) VALUES ({1}, 'pending', 100.25, 'opened by the importer');",
    "UPDATE {0} SET status = 'archived', note = 'closed by support request {1}' WHERE id = {1};",
    "DELETE FROM {0} WHERE id IN ({1}, {1} + 1, {1} + 2);",
    "SELECT count(*), max(created_at) FROM {0} WHERE status = 'pending' AND amount > 1000 GROUP BY note;",
    "CREATE VIEW open_{0}_{1} AS SELECT id, status, amount FROM {0} WHERE status <> 'archived';",
    "CREATE TABLE audit_{1} (id bigint PRIMARY KEY, entity text NOT NULL, payload jsonb, at timestamptz DEFAULT "
    "now());",
    "CREATE TYPE delivery_state_{1} AS ENUM ('waiting', 'picked', 'packed', 'on the way', 'delivered');",
    "CREATE SEQUENCE invoice_number_{1} AS bigint START WITH 100000 INCREMENT BY 1 CACHE 50;",
    "CREATE FUNCTION discount_{1}(total numeric) RETURNS numeric LANGUAGE sql AS $$ SELECT total * 0.95 $$;",
    "ALTER TABLE {0} ALTER COLUMN note SET STATISTICS 500;",
    "ALTER TABLE {0} SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.01);",
    "SET lock_timeout = '5s';",
    "CREATE STATISTICS {0}_status_amount_{1} (dependencies, ndistinct) ON status, amount FROM {0};",
    "ANALYZE {0} (status, amount, created_at);",
    "CREATE SCHEMA IF NOT EXISTS reporting_{1} AUTHORIZATION CURRENT_USER;",
    "CREATE DOMAIN positive_amount_{1} AS numeric(12, 2) CHECK (VALUE > 0);",
    "REVOKE DELETE, TRUNCATE ON TABLE {0} FROM reporting_service, billing_service, PUBLIC;",
    "ALTER TABLE {0} ALTER COLUMN note DROP NOT NULL, ALTER COLUMN status SET STATISTICS 1000;",
    "INSERT INTO {0} (id, status, amount) VALUES ({1}, 'paid', 12.5) ON CONFLICT (id) DO UPDATE SET amount = 12.5;",
};

constexpr std::array<std::string_view, 6> unsafe_kinds = {
    "CREATE INDEX {0}_note_amount_{1} ON {0} (note, amount) WHERE status = 'pending' AND amount > 100;",
    "ALTER TABLE {0} ALTER COLUMN optional_{1} SET NOT NULL;",
    "UPDATE {0} SET status = 'legacy', note = 'moved by the spring migration' WHERE status IS NULL;",
    "ALTER TABLE {0} ADD CONSTRAINT amount_{1}_sane CHECK (amount >= 0 AND amount < 1000000000);",
    "ALTER TABLE {0} ADD CONSTRAINT {0}_status_{1}_unique UNIQUE (id, status, created_at);",
    "DELETE FROM {0} WHERE status IS NULL AND created_at < now() - interval '5 years';",
};

constexpr std::size_t tables = 100;

std::string table_name(std::size_t n) { return fmt::format("customer_orders_{:03}", n % tables); }

std::string expand(std::string_view form, std::size_t n, std::size_t before = 0) {
  return fmt::format(fmt::runtime(form), table_name(n * 7), n, table_name(before * 7), before);
}

}  // namespace

History make_history(std::size_t statements, std::size_t files, unsigned findings_per_twenty) {
  History history;
  history.kinds = safe_kinds.size();
  std::string tables_sql;
  for (std::size_t i = 0; i < tables; ++i)
    tables_sql += fmt::format(
        "CREATE TABLE {} (id bigint PRIMARY KEY, status text, amount numeric(12, 2), note varchar(200), created_at "
        "timestamptz NOT NULL DEFAULT now());\n",
        table_name(i));
  history.files["migrations/0000_tables.sql"] = tables_sql;

  std::size_t n = 0;
  std::size_t safe = 0;  // how many of them
  std::size_t before = 0;
  for (std::size_t file = 1; file <= files; ++file) {
    std::string text = "SET lock_timeout = '5s';\n";
    const std::size_t end = statements * file / files;
    for (; n < end; ++n) {
      const bool unsafe = n % 20 < findings_per_twenty;
      if (unsafe) {
        text += expand(unsafe_kinds[n / 20 % unsafe_kinds.size()], n);
      } else {
        text += expand(safe_kinds[safe++ % safe_kinds.size()], n, before);
        before = n;
      }
      text += '\n';
    }
    history.bytes += text.size();
    history.files[fmt::format("migrations/{:04}_changes.sql", file)] = std::move(text);
  }
  history.statements = n;
  return history;
}

}  // namespace pglint::bench
