#include "plan/form/gate_sql.h"

#include <fmt/format.h>

#include "plan/form/quote.h"

namespace pglint::plan {

std::vector<std::string> create_gate_table() {
  // Nothing is granted: only the role that migrates needs it, and it is the one that creates it.
  return {"CREATE SCHEMA IF NOT EXISTS pglint",
          "CREATE TABLE IF NOT EXISTS pglint.gate (\n"
          "  plan text NOT NULL,\n"
          "  gate text NOT NULL,\n"
          "  closed_at timestamptz NOT NULL DEFAULT now(),\n"
          "  closed_by text NOT NULL DEFAULT session_user,\n"
          "  passed_at timestamptz,\n"
          "  passed_by text,\n"
          "  PRIMARY KEY (plan, gate)\n"
          ")"};
}

std::string close_gate(std::string_view plan, std::string_view gate, const std::vector<std::string>& tables) {
  std::string names;
  for (const std::string& table : tables) names += (names.empty() ? "" : ", ") + quote_literal(table);
  // A table is as new as its row for ctid in pg_attribute: nothing but CREATE TABLE writes that one, whereas ALTER
  // TABLE writes the row of pg_class again. Rows that row security would hide count as there.
  return "DO " + quote_body(fmt::format(R"(
DECLARE
  name text;
  found oid;
  fresh boolean := true;
BEGIN
  FOREACH name IN ARRAY ARRAY[{}]::text[] LOOP
    found := pg_catalog.to_regclass(name);
    CONTINUE WHEN NOT fresh OR found IS NULL OR EXISTS (
      SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = found AND a.attnum = -1
      AND a.xmin::text = (pg_catalog.txid_current() % 4294967296)::text);
    IF pg_catalog.row_security_active(found) THEN
      fresh := false;
    ELSE
      EXECUTE pg_catalog.format('SELECT NOT EXISTS (SELECT FROM %s)', found::regclass) INTO fresh;
    END IF;
  END LOOP;
  IF NOT fresh THEN
    INSERT INTO pglint.gate (plan, gate) VALUES ({}, {}) ON CONFLICT DO NOTHING;
  END IF;
END
)",
                                        names, quote_literal(plan), quote_literal(gate)));
}

std::string require_gate(std::string_view plan, std::string_view gate) {
  const std::string message = fmt::format("gate {} of plan {} is closed", gate, plan);
  const std::string hint = fmt::format(
      "Once the release that it waits for runs everywhere, and no older one does: pglint pass {} --plan "
      ".pglint/plans/{}.yml",
      gate, plan);
  return "DO " +
         quote_body(fmt::format(R"(
BEGIN
  IF pg_catalog.to_regclass('pglint.gate') IS NOT NULL THEN
    IF EXISTS (SELECT FROM pglint.gate g WHERE g.plan = {} AND g.gate = {} AND g.passed_at IS NULL) THEN
      RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = {}, HINT = {};
    END IF;
  END IF;
END
)",
                                quote_literal(plan), quote_literal(gate), quote_literal(message), quote_literal(hint)));
}

}  // namespace pglint::plan
