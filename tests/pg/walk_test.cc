// The walk over a tree knows the members of some 200 node types. libpg_query's JSON, which is generated from
// PostgreSQL's headers, knows them all: whatever it prints as a node of its own has to be met.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "cuts.h"
#include "pg/parse.h"
#include "pg/tree.h"
#include "skip.h"
// clang-format off
extern "C" {
#include "pg_query.h"
}
// clang-format on

using namespace pglint;
using namespace pglint::pg;

namespace {

const char* type_name(const ::Node& node) {
  switch (node.type) {
#define PGLINT_NODE(T) \
  case ::T_##T:        \
    return #T;
#include "pg/node_tags.inc"
#undef PGLINT_NODE
    default:
      return "";
  }
}

void count_json(const nlohmann::json& tree, std::map<std::string, int>& counts) {
  if (tree.is_array()) {
    for (const auto& one : tree) count_json(one, counts);
  } else if (tree.is_object()) {
    for (const auto& [key, value] : tree.items()) {
      if (value.is_object() && key[0] >= 'A' && key[0] <= 'Z') ++counts[key];
      // All columns of (a, b) = (…) print the source they share; the walk meets it once.
      if (key == "MultiAssignRef" && value.value("colno", 0) != 1) continue;
      count_json(value, counts);
    }
  }
}

// Names are spelt as lists of these, which the walk leaves out.
const std::set<std::string> names = {"String", "A_Star", "List"};

std::size_t compare(const std::string& sql) {
  const PgQueryParseResult result = pg_query_parse(sql.c_str());
  std::map<std::string, int> printed;
  const bool refused = result.error != nullptr;
  if (!refused) count_json(nlohmann::json::parse(result.parse_tree), printed);
  pg_query_free_parse_result(result);
  if (refused) return 0;
  std::map<std::string, int> met;
  parse(sql, 0, lex(sql, {.psql = false}), [&](const Parsed& statement) {
    walk(statement.node, [&](const ::Node& node) {
      CHECK(type_name(node)[0] != '\0');
      ++met[type_name(node)];
    });
    return true;
  });
  std::size_t types = 0;
  CAPTURE(sql);
  for (const auto& pair : printed) {
    if (names.contains(pair.first)) continue;
    CAPTURE(pair.first);
    CHECK(met[pair.first] >= pair.second);
    ++types;
  }
  return types;
}

}  // namespace

TEST_CASE("the walk meets every node that the grammar makes") {
  for (
      const char* sql : {
          "SELECT DISTINCT ON (a) b, c.*, 'x'::numeric(1, 2)[] FROM ONLY s.t AS u (v, w) WHERE NOT a OR b AND c GROUP "
          "BY "
          "ROLLUP (a), GROUPING SETS ((), (b)) HAVING count(*) FILTER (WHERE a) > 1 WINDOW w AS (PARTITION BY a ORDER "
          "BY b "
          "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) ORDER BY 1 USING <, 2 NULLS FIRST LIMIT 1 OFFSET 2 FOR UPDATE OF "
          "u",
          "SELECT (a).b[1:2].c, ARRAY[1, 2], ROW(1, 2), (1, 2) IN (SELECT 3, 4), EXISTS (SELECT 1), a = ANY (b), a "
          "COLLATE "
          "\"C\", a IS NULL, a IS NOT TRUE, CASE a WHEN 1 THEN 2 ELSE 3 END, COALESCE(a, b), GREATEST(a, b), "
          "CURRENT_DATE, "
          "f(a => 1, VARIADIC b), sum(a) OVER (w), $1, GROUPING(a), a AT TIME ZONE 'x', INTERVAL '1' DAY",
          "SELECT * FROM a JOIN b USING (c) AS d LEFT JOIN LATERAL f(1) WITH ORDINALITY AS g (h) ON true, ROWS FROM "
          "(f(1) "
          "AS (a int), g(2)), t TABLESAMPLE system (1) REPEATABLE (2), (VALUES (1, f(2))) v, "
          "XMLTABLE(XMLNAMESPACES('x' AS "
          "y), '/a' PASSING b COLUMNS c int PATH 'd' DEFAULT 1 NOT NULL, e FOR ORDINALITY)",
          "SELECT * FROM JSON_TABLE(a, '$' AS p PASSING 1 AS x COLUMNS (b FOR ORDINALITY, c int PATH '$.c' DEFAULT 1 "
          "ON "
          "EMPTY, NESTED PATH '$' COLUMNS (e int))) j",
          "SELECT JSON_OBJECT('a': 1 FORMAT JSON, 'b' VALUE 2 NULL ON NULL RETURNING jsonb), JSON_ARRAY(1, 2), "
          "JSON_ARRAY(SELECT 1), JSON_OBJECTAGG('a': b) FILTER (WHERE c) OVER (ORDER BY d), JSON_ARRAYAGG(a ORDER BY "
          "b), a "
          "IS JSON OBJECT, JSON('1'), JSON_SCALAR(1), JSON_SERIALIZE('1' RETURNING text), JSON_VALUE(a, '$' PASSING 1 "
          "AS x "
          "RETURNING int DEFAULT 1 ON EMPTY), JSON_QUERY(a, '$'), JSON_EXISTS(a, '$'), XMLELEMENT(NAME a, "
          "XMLATTRIBUTES(b AS c), d), XMLSERIALIZE(CONTENT a AS text), XMLPARSE(DOCUMENT a)",
          "WITH RECURSIVE a AS MATERIALIZED (SELECT 1) SEARCH DEPTH FIRST BY b SET c CYCLE d SET e TO 1 DEFAULT 0 "
          "USING f "
          "INSERT INTO t AS u (a, b[1], c.d) OVERRIDING SYSTEM VALUE SELECT 1 ON CONFLICT (lower(a) text_ops) WHERE b "
          "DO "
          "UPDATE SET c = 1 WHERE d RETURNING WITH (OLD AS o) *, o.a",
          "UPDATE ONLY t AS u SET (a, b) = (SELECT 1, 2), c = DEFAULT FROM v WHERE CURRENT OF w RETURNING a",
          "DELETE FROM t USING u WHERE a RETURNING b",
          "MERGE INTO t USING u ON a WHEN MATCHED AND b THEN UPDATE SET c = 1 WHEN NOT MATCHED BY SOURCE THEN DELETE "
          "WHEN "
          "NOT MATCHED THEN INSERT (d) VALUES (e) RETURNING merge_action()",
          "SELECT 1 UNION ALL (SELECT 2 INTERSECT SELECT 3) ORDER BY 1; SELECT a INTO TEMP t FROM u; TABLE t; VALUES "
          "(1)",
          "CREATE TABLE IF NOT EXISTS s.t (a int COLLATE \"C\" CONSTRAINT b NOT NULL DEFAULT f(1) CHECK (c > 0) UNIQUE "
          "REFERENCES u (v) ON DELETE CASCADE, d int GENERATED ALWAYS AS IDENTITY (START 1), e int GENERATED ALWAYS AS "
          "(a + 1) "
          "STORED, PRIMARY KEY (a, b) INCLUDE (c) WITH (fillfactor = 1) USING INDEX TABLESPACE x, FOREIGN KEY (a) "
          "REFERENCES "
          "u, EXCLUDE USING gist (a WITH =, f(b) DESC WITH &&) WHERE (c), LIKE w INCLUDING ALL) INHERITS (p, q) "
          "PARTITION BY "
          "RANGE (a, (f(b)) COLLATE \"C\" text_ops) WITH (fillfactor = 70, a.b = c) TABLESPACE y",
          "CREATE TABLE t PARTITION OF u (a WITH OPTIONS DEFAULT 1) FOR VALUES FROM (1, MINVALUE) TO (f(2), MAXVALUE); "
          "CREATE "
          "TABLE t PARTITION OF u FOR VALUES IN ('a', NULL); CREATE TABLE t PARTITION OF u FOR VALUES WITH (MODULUS 1, "
          "REMAINDER 0); CREATE TABLE t OF u (a PRIMARY KEY)",
          "ALTER TABLE t ADD COLUMN a int DEFAULT 1, ALTER b TYPE text USING c::text, ALTER d SET DEFAULT f(1), ADD "
          "CONSTRAINT e "
          "CHECK (g) NOT VALID, ALTER h SET (n_distinct = 1), OWNER TO CURRENT_USER, REPLICA IDENTITY USING INDEX i, "
          "SET (fillfactor = 1), ALTER j ADD "
          "GENERATED "
          "ALWAYS AS IDENTITY, ALTER k SET EXPRESSION AS (l + 1), ALTER CONSTRAINT m DEFERRABLE, INHERIT n, OF o; "
          "ALTER TABLE t ATTACH PARTITION p FOR VALUES FROM (1) TO (2); ALTER TABLE t DETACH PARTITION q CONCURRENTLY",
          "CREATE UNIQUE INDEX CONCURRENTLY i ON ONLY t USING btree (a, lower(b) COLLATE \"C\" text_ops (x = 1) DESC "
          "NULLS LAST) "
          "INCLUDE (c) WITH (fillfactor = 1) WHERE d > f(1)",
          "CREATE VIEW v (a) WITH (security_barrier) AS SELECT 1 WITH CHECK OPTION; CREATE RECURSIVE VIEW v (a) AS "
          "SELECT 1; "
          "CREATE MATERIALIZED VIEW m (a) WITH (fillfactor = 1) AS SELECT 1 WITH NO DATA; REFRESH MATERIALIZED VIEW m",
          "CREATE FUNCTION f(IN a int DEFAULT g(1), VARIADIC b text[]) RETURNS TABLE (c int) LANGUAGE sql STABLE COST "
          "1 SET x = 'y' "
          "AS 'z'; CREATE FUNCTION f() RETURNS SETOF int BEGIN ATOMIC SELECT 1; RETURN 2; END; ALTER FUNCTION f(int) "
          "STABLE; "
          "CREATE PROCEDURE p() AS 'x'; CALL p(1, a => 2); DO LANGUAGE plpgsql 'x'",
          "CREATE AGGREGATE a (int ORDER BY text) (sfunc = f, stype = int, initcond = '0'); CREATE OPERATOR + (leftarg "
          "= int, "
          "function = f); CREATE TYPE t AS (a int, b text COLLATE \"C\"); CREATE TYPE e AS ENUM ('a'); CREATE TYPE r "
          "AS RANGE "
          "(subtype = int); CREATE DOMAIN d AS text COLLATE \"C\" DEFAULT 'x' NOT NULL CHECK (VALUE <> f(1)); ALTER "
          "DOMAIN d ADD "
          "CHECK (VALUE > 1); ALTER TYPE t ADD ATTRIBUTE a int; ALTER OPERATOR + (int, int) SET (join = f)",
          "CREATE TRIGGER r BEFORE UPDATE OF a ON t REFERENCING OLD TABLE AS o FOR EACH ROW WHEN (NEW.a > 1) EXECUTE "
          "FUNCTION "
          "f('x'); CREATE CONSTRAINT TRIGGER r AFTER INSERT ON t FROM u FOR EACH ROW EXECUTE FUNCTION f(); CREATE "
          "EVENT TRIGGER e "
          "ON "
          "ddl_command_start WHEN tag IN ('a') EXECUTE FUNCTION f(); CREATE RULE r AS ON INSERT TO t WHERE a DO "
          "INSTEAD (INSERT "
          "INTO u VALUES (1); SELECT 2)",
          "CREATE POLICY p ON t FOR SELECT TO PUBLIC, u USING (a) WITH CHECK (b); ALTER POLICY p ON t USING (f(a)); "
          "GRANT SELECT "
          "(a), UPDATE ON t, u TO v WITH GRANT OPTION GRANTED BY w; GRANT a TO b WITH ADMIN OPTION; GRANT EXECUTE ON "
          "FUNCTION "
          "f(int) TO u; ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA b GRANT SELECT ON TABLES TO c; REVOKE ALL ON "
          "SCHEMA s FROM t",
          "CREATE SEQUENCE s AS int START 1 OWNED BY t.a; ALTER SEQUENCE s RESTART WITH 2; CREATE SCHEMA s "
          "AUTHORIZATION u CREATE "
          "TABLE t (a int) CREATE VIEW v AS SELECT 1; CREATE EXTENSION e WITH SCHEMA s VERSION '1'; ALTER EXTENSION e "
          "ADD "
          "FUNCTION f(int); ALTER EXTENSION e UPDATE TO '2'; CREATE STATISTICS x (ndistinct) ON a, (f(b)) FROM t; "
          "ALTER "
          "STATISTICS x SET STATISTICS 1",
          "CREATE FOREIGN TABLE t (a int OPTIONS (b 'c')) SERVER s OPTIONS (d 'e'); CREATE SERVER s FOREIGN DATA "
          "WRAPPER w OPTIONS "
          "(a 'b'); CREATE FOREIGN DATA WRAPPER w HANDLER f OPTIONS (a 'b'); CREATE USER MAPPING FOR u SERVER s "
          "OPTIONS (a 'b'); "
          "IMPORT FOREIGN SCHEMA s LIMIT TO (t) FROM SERVER v INTO w OPTIONS (a 'b'); ALTER SERVER s OPTIONS (SET a "
          "'c'); ALTER "
          "FOREIGN DATA WRAPPER w OPTIONS (DROP a); ALTER USER MAPPING FOR u SERVER s OPTIONS (ADD a 'b'); DROP USER "
          "MAPPING FOR u "
          "SERVER s",
          "DROP TABLE a, b.c CASCADE; DROP FUNCTION f(int, text); DROP TYPE t; DROP TRIGGER r ON t; DROP ROLE a, b; "
          "DROP OWNED BY "
          "c; REASSIGN OWNED BY a TO b; DROP CAST (int AS text); DROP OPERATOR CLASS c USING btree; DROP DATABASE d "
          "WITH (FORCE)",
          "COMMENT ON FUNCTION f(int) IS 'x'; COMMENT ON COLUMN t.a IS NULL; SECURITY LABEL ON TABLE t IS 'x'; ALTER "
          "TABLE t RENAME "
          "a TO b; ALTER FUNCTION f(int) RENAME TO g; ALTER TYPE t OWNER TO u; ALTER FUNCTION f(int) SET SCHEMA s; "
          "ALTER INDEX i "
          "DEPENDS ON EXTENSION e; ALTER TABLE ALL IN TABLESPACE a OWNED BY b SET TABLESPACE c",
          "COPY t (a) FROM STDIN WITH (FORMAT csv, HEADER, FORCE_NULL (a)) WHERE b > 1; COPY (SELECT 1) TO STDOUT; SET "
          "a = 'b', 1; "
          "SET TIME ZONE INTERVAL '1' HOUR TO MINUTE; BEGIN ISOLATION LEVEL SERIALIZABLE; EXPLAIN (ANALYZE, COSTS off) "
          "SELECT 1; "
          "DECLARE c CURSOR FOR SELECT 1; PREPARE p (int) AS SELECT $1; EXECUTE p (1); VACUUM (FULL) t (a), u; REINDEX "
          "(VERBOSE) "
          "TABLE t; CLUSTER (VERBOSE) t USING i; LOCK TABLE t, u; TRUNCATE t, u; SET CONSTRAINTS a, b DEFERRED",
          "CREATE ROLE r LOGIN VALID UNTIL 'x' IN ROLE a; ALTER ROLE r SET x = 1; ALTER ROLE r PASSWORD NULL; CREATE "
          "DATABASE d OWNER = "
          "u; ALTER DATABASE d SET x = 1; ALTER DATABASE d CONNECTION LIMIT 1; ALTER SYSTEM SET x = 1; CREATE "
          "TABLESPACE t OWNER u "
          "LOCATION 'x' WITH (seq_page_cost = 1); ALTER TABLESPACE t SET (seq_page_cost = 1)",
          "CREATE PUBLICATION p FOR TABLE t (a) WHERE (b > 1), TABLES IN SCHEMA s WITH (publish = 'insert'); ALTER "
          "PUBLICATION p ADD "
          "TABLE u; CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (enabled = off); ALTER SUBSCRIPTION s SET "
          "(slot_name = "
          "NONE)",
          "CREATE CAST (int AS text) WITH FUNCTION f(int) AS IMPLICIT; CREATE TRANSFORM FOR t LANGUAGE l (FROM SQL "
          "WITH FUNCTION "
          "f(internal), TO SQL WITH FUNCTION g(internal)); CREATE OPERATOR CLASS c FOR TYPE t USING btree AS OPERATOR "
          "1 < (int, "
          "int) FOR ORDER BY f, FUNCTION 1 (int) g(int), STORAGE text; ALTER OPERATOR FAMILY f USING btree ADD "
          "OPERATOR 1 < (int, "
          "int); CREATE TEXT SEARCH DICTIONARY d (template = simple); ALTER TEXT SEARCH DICTIONARY d (stopwords = "
          "'x'); CREATE "
          "COLLATION c (locale = 'x'); CREATE LANGUAGE l HANDLER h; CREATE ACCESS METHOD a TYPE INDEX HANDLER h",
      }) {
    const std::size_t types = compare(sql);
    CAPTURE(std::string(sql));
    CHECK(types > 0);
  }
}

TEST_CASE("the walk meets every node of real migrations") {
  const char* const folder = std::getenv("PGLINT_CORPUS");
  if (folder == nullptr) return pglint::test::skip(pglint::test::Missing::data, "PGLINT_CORPUS is not set");
  std::size_t files = 0;
  std::size_t compared = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".sql" || entry.file_size() > 100'000) continue;
    // JSON is slow: one of ten.
    if (files++ % 10 != 0) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (text.find('\\') == std::string::npos && compare(text) > 0) ++compared;
  }
  CHECK(compared > 0);
}
