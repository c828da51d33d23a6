#include "pg/tree.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "cuts.h"
#include "pg/parse.h"

using namespace pglint;
using namespace pglint::pg;
using namespace pglint::pg::test;

namespace {

void with(std::string_view sql, const std::function<void(const ::Node*)>& use) {
  std::size_t n = 0;
  parse(sql, 0, lex(sql), [&](const Parsed& statement) {
    CAPTURE(std::string(sql));
    REQUIRE(statement.error == nullptr);
    ++n;
    use(statement.node);
    return true;
  });
  CHECK(n > 0);
}

std::string name_of(std::string_view sql) {
  std::string name;
  with(sql, [&](const ::Node* node) { name = statement_name(node); });
  return name;
}

std::string relation_in(std::string_view sql) {
  std::string name;
  with(sql, [&](const ::Node* node) {
    if (const ::RangeVar* relation = relation_of(node)) name = text(relation->relname);
  });
  return name;
}

// The expression of SELECT <expression>.
void expression(const std::string& sql, const std::function<void(const ::Node*)>& use) {
  with("SELECT " + sql,
       [&](const ::Node* node) { use(cast<::ResTarget>(nodes(cast<::SelectStmt>(node).targetList)[0]).val); });
}

// Names of columns and functions, in the order in which they are met.
std::string names_below(std::string_view sql) {
  std::string out;
  with(sql, [&](const ::Node* node) {
    walk(node, [&](const ::Node& below) {
      match(
          &below, [&](const ::ColumnRef& column) { (out += column_name(column)) += ' '; },
          [&](const ::FuncCall& call) { (out += last_name(call.funcname)) += "() "; });
    });
  });
  return out;
}

}  // namespace

TEST_CASE("as, cast, list and only give nodes by their type") {
  with("CREATE TABLE t (a int, CHECK (a > 0), b text)", [](const ::Node* node) {
    CHECK(as<::IndexStmt>(node) == nullptr);
    CHECK(as<::IndexStmt>(nullptr) == nullptr);
    std::string columns;
    for (const ::ColumnDef& column : only<::ColumnDef>(cast<::CreateStmt>(node).tableElts)) columns += column.colname;
    CHECK(columns == "ab");
    CHECK(nodes(cast<::CreateStmt>(node).tableElts).size() == 3);
    CHECK(only<::ColumnDef>(nullptr).empty());
    CHECK(nodes(nullptr).empty());
  });
  with("ALTER TABLE t ADD a int, DROP b", [](const ::Node* node) {
    int n = 0;
    for ([[maybe_unused]] const ::AlterTableCmd& command : list<::AlterTableCmd>(cast<::AlterTableStmt>(node).cmds))
      ++n;
    CHECK(n == 2);
  });
}

TEST_CASE("match calls the function for the node's type") {
  with("CREATE INDEX i ON t (a)", [](const ::Node* node) {
    std::string seen;
    CHECK(match(
        node, [&](const ::CreateStmt&) { seen = "table"; }, [&](const ::IndexStmt& index) { seen = index.idxname; }));
    CHECK(seen == "i");
    CHECK_FALSE(match(node, [](const ::DropStmt&) {}));
  });
}

TEST_CASE("a walk meets everything below, parents first") {
  CHECK(names_below("SELECT a, f(b, g(c)) FROM h(d) WHERE e IN (SELECT i FROM j WHERE k) GROUP BY l ORDER BY m") ==
        "a f() b g() c h() d e i k l m ");
  CHECK(names_below("ALTER TABLE t ADD c int DEFAULT f(1) CHECK (g(a) > 0), ALTER d TYPE int USING h(e)") ==
        "f() g() a h() e ");
  CHECK(names_below("CREATE INDEX i ON t (f(a), b) WHERE c") == "f() a c ");
  CHECK(names_below(
            "INSERT INTO t VALUES (f(1), a), (b, g(2)) ON CONFLICT (lower(c)) DO UPDATE SET d = h(e) RETURNING i") ==
        "f() a b g() lower() c h() e i ");
  CHECK(names_below("UPDATE t SET (a, b) = (SELECT c, d), e = f(g) FROM h WHERE i") == "c d f() g i ");
  CHECK(names_below("WITH x AS (DELETE FROM t WHERE a RETURNING b) MERGE INTO u USING x ON c WHEN MATCHED AND d THEN "
                    "UPDATE SET e = f WHEN NOT MATCHED THEN INSERT VALUES (g)") == "a b c d f g ");
  CHECK(names_below("SELECT CASE a WHEN b THEN c ELSE d END, COALESCE(e, f), ARRAY[g], (h).i, j[k:l], ROW(m, n), "
                    "GREATEST(o), NOT p, q IS NULL, r IS TRUE, s COLLATE \"C\", t::numeric(1), u BETWEEN v AND w") ==
        "a b c d e f g h j k l m n o p q r s t u v w ");
  CHECK(names_below("SELECT sum(a) FILTER (WHERE b) OVER (PARTITION BY c ORDER BY d), count(*) FROM t JOIN u ON e JOIN "
                    "LATERAL (SELECT f) g ON true WINDOW w AS (ORDER BY h)") == "sum() a b c d count() e f h ");
  CHECK(names_below("CREATE VIEW v AS SELECT a UNION SELECT b") == "a b ");
  CHECK(names_below("SELECT JSON_VALUE(a, '$' PASSING b AS x), JSON_OBJECT('k': c), JSON_ARRAY(d), JSON_ARRAYAGG(e), "
                    "f IS JSON, XMLELEMENT(NAME n, g)") == "a b c d e f g ");
  CHECK(names_below("CREATE FUNCTION f(a int DEFAULT g(1)) RETURNS int RETURN h(b)") == "g() h() b ");
  CHECK(names_below("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT a; SELECT b; END") == "a b ");
  CHECK(names_below("CREATE POLICY p ON t USING (a) WITH CHECK (b)") == "a b ");
  CHECK(names_below("CREATE TRIGGER r BEFORE UPDATE ON t WHEN (NEW.a) EXECUTE FUNCTION f()") == "a ");
  CHECK(names_below("CREATE DOMAIN d AS int DEFAULT f() CHECK (VALUE > 0)") == "f() value ");
  CHECK(names_below("CREATE RULE r AS ON INSERT TO t WHERE a DO (SELECT b; SELECT c)") == "a b c ");
  CHECK(names_below("CALL p(a, f(b))") == "p() a f() b ");
  CHECK(names_below("CREATE TABLE t PARTITION OF u FOR VALUES FROM (f(1)) TO (a)") == "f() a ");
  CHECK(names_below("CREATE TABLE t (a int, EXCLUDE USING gist (f(a) WITH =) WHERE (b)) PARTITION BY RANGE (g(c))") ==
        "f() a b g() c ");
  CHECK(names_below("COPY (SELECT a) TO STDOUT") == "a ");
  CHECK(names_below("EXPLAIN SELECT a") == "a ");
}

TEST_CASE("a walk leaves out what is below a node if told to") {
  std::string out;
  with("SELECT a, (SELECT b), c", [&](const ::Node* node) {
    walk(node, [&](const ::Node& below) {
      if (const auto* column = as<::ColumnRef>(&below)) out += column_name(*column);
      return as<::SubLink>(&below) == nullptr;
    });
  });
  CHECK(out == "ac");
}

TEST_CASE("the source that several columns share is walked once, however it is nested") {
  std::string sql = "SELECT 1";
  for (int i = 0; i < 60; ++i) sql = "WITH x AS (UPDATE t SET (a, b) = (" + sql + ")) SELECT 1";
  std::size_t n = 0;
  with(sql, [&](const ::Node* node) { each<::UpdateStmt>(node, [&](const ::UpdateStmt&) { ++n; }); });
  CHECK(n == 60);
}

TEST_CASE("a walk is no deeper for a deep tree") {
  std::string sql = "SELECT 1";
  for (int i = 0; i < 300'000; ++i) sql += "+1";
  std::size_t n = 0;
  with(sql, [&](const ::Node* node) { each<::A_Const>(node, [&](const ::A_Const&) { ++n; }); });
  CHECK(n == 300'001);
}

TEST_CASE("names keep their parts") {
  with("SELECT c.s.f(t.col), t.* FROM cat.sch.rel", [](const ::Node* node) {
    each<::FuncCall>(node, [](const ::FuncCall& call) {
      CHECK(last_name(call.funcname) == "f");
      CHECK(qualified_name(call.funcname) == QualifiedName{"c", "s", "f"});
    });
    each<::RangeVar>(node, [](const ::RangeVar& relation) {
      CHECK(qualified_name(relation) == QualifiedName{"cat", "sch", "rel"});
    });
    std::string columns;
    each<::ColumnRef>(node, [&](const ::ColumnRef& column) { (columns += column_name(column)) += ','; });
    CHECK(columns == "col,,");
  });
  CHECK(last_name(nullptr).empty());
  CHECK(qualified_name(static_cast<const ::List*>(nullptr)) == QualifiedName{});
}

TEST_CASE("objects that DROP names have a name, and some an owner") {
  const auto object = [](std::string_view sql) {
    QualifiedName name;
    with(sql, [&](const ::Node* node) {
      const QualifiedName found = object_name(nodes(cast<::DropStmt>(node).objects)[0]);
      CHECK(found.schema.size() + found.name.size() > 0);
      name = found;
      CHECK(found == object_name(nodes(cast<::DropStmt>(node).objects)[0]));
    });
    return name.schema.empty() ? 1 : 2;
  };
  CHECK(object("DROP TABLE s.t") == 2);
  CHECK(object("DROP TYPE s.t") == 2);
  CHECK(object("DROP FUNCTION s.f(int)") == 2);
  CHECK(object("DROP SCHEMA s") == 1);
  with("DROP TRIGGER r ON s.t", [](const ::Node* node) {
    const auto& names = cast<::List>(nodes(cast<::DropStmt>(node).objects)[0]);
    CHECK(last_name(&names) == "r");
    CHECK(owner_of(&names) == QualifiedName{"", "s", "t"});
  });
}

TEST_CASE("constants are read through casts and signs") {
  expression("'x'::text", [](const ::Node* node) { CHECK(constant_string(node) == "x"); });
  expression("text 'x'", [](const ::Node* node) { CHECK(constant_string(node) == "x"); });
  expression("1", [](const ::Node* node) { CHECK_FALSE(constant_string(node)); });
  expression("f('x')", [](const ::Node* node) { CHECK_FALSE(constant_string(node)); });
  expression("NULL::text", [](const ::Node* node) {
    CHECK(is_null_constant(node));
    CHECK_FALSE(constant_string(node));
    CHECK_FALSE(constant_integer(node));
  });
  expression("'x'", [](const ::Node* node) { CHECK_FALSE(is_null_constant(node)); });
  expression("42::bigint", [](const ::Node* node) { CHECK(constant_integer(node) == 42); });
  expression("-42", [](const ::Node* node) { CHECK(constant_integer(node) == -42); });
  expression("- (-(+42))", [](const ::Node* node) { CHECK(constant_integer(node) == 42); });
  expression("9223372036854775807", [](const ::Node* node) { CHECK(constant_integer(node) == 9223372036854775807); });
  expression("-(-9223372036854775808)", [](const ::Node* node) { CHECK_FALSE(constant_integer(node)); });
  expression("99999999999999999999", [](const ::Node* node) { CHECK_FALSE(constant_integer(node)); });
  expression("1.5", [](const ::Node* node) { CHECK_FALSE(constant_integer(node)); });
  expression("1 - 2", [](const ::Node* node) { CHECK_FALSE(constant_integer(node)); });
}

TEST_CASE("options are read as the server reads them") {
  const auto concurrent = [](std::string_view sql) {
    bool is = false;
    with(sql, [&](const ::Node* node) { is = is_concurrent(node); });
    return is;
  };
  CHECK(concurrent("REINDEX TABLE CONCURRENTLY t"));
  CHECK(concurrent("REINDEX (CONCURRENTLY) TABLE t"));
  CHECK(concurrent("REINDEX (VERBOSE, CONCURRENTLY on) TABLE t"));
  CHECK(concurrent("REINDEX (CONCURRENTLY 1) TABLE t"));
  CHECK(concurrent("REINDEX (CONCURRENTLY 'TRUE') TABLE t"));
  CHECK_FALSE(concurrent("REINDEX (CONCURRENTLY false) TABLE t"));
  CHECK_FALSE(concurrent("REINDEX (CONCURRENTLY 0) TABLE t"));
  CHECK_FALSE(concurrent("REINDEX (CONCURRENTLY on, CONCURRENTLY off) TABLE t"));
  CHECK_FALSE(concurrent("REINDEX TABLE t"));
  CHECK(concurrent("REFRESH MATERIALIZED VIEW CONCURRENTLY m"));
  CHECK_FALSE(concurrent("REFRESH MATERIALIZED VIEW m"));
  CHECK(concurrent("CREATE INDEX CONCURRENTLY ON t (a)"));
  CHECK(concurrent("DROP INDEX CONCURRENTLY i"));
  CHECK(concurrent("ALTER TABLE t DETACH PARTITION p CONCURRENTLY"));
  CHECK_FALSE(concurrent("ALTER TABLE t DETACH PARTITION p"));
  with("CREATE TABLE t (a int) WITH (fillfactor = 70, autovacuum_enabled = 'off', x = y)", [](const ::Node* node) {
    const ::List* options = cast<::CreateStmt>(node).options;
    REQUIRE(option(options, "autovacuum_enabled") != nullptr);
    CHECK(boolean(*option(options, "autovacuum_enabled")) == false);
    CHECK(value(*option(options, "x")) == "y");
    CHECK_FALSE(boolean(*option(options, "fillfactor")));
    CHECK(option(options, "nothing") == nullptr);
    CHECK_FALSE(is_on(options, "nothing"));
  });
}

TEST_CASE("the relation of a statement") {
  for (const char* sql : {"ALTER TABLE t ADD a int",
                          "CREATE INDEX ON t (a)",
                          "CREATE TABLE t ()",
                          "CREATE TABLE t AS SELECT 1",
                          "SELECT 1 INTO t",
                          "INSERT INTO t VALUES (1)",
                          "UPDATE t SET a = 1",
                          "DELETE FROM t",
                          "COPY t FROM STDIN",
                          "ALTER TABLE t RENAME TO u",
                          "ALTER TABLE t RENAME a TO b",
                          "ALTER TABLE t SET SCHEMA s",
                          "CREATE TRIGGER r AFTER INSERT ON t EXECUTE FUNCTION f()",
                          "CREATE POLICY p ON t",
                          "CREATE VIEW t AS SELECT 1",
                          "REFRESH MATERIALIZED VIEW t",
                          "CREATE SEQUENCE t",
                          "TRUNCATE t, u",
                          "LOCK TABLE t, u",
                          "VACUUM t",
                          "ANALYZE t",
                          "CLUSTER t",
                          "REINDEX TABLE t",
                          "CREATE STATISTICS s ON a, b FROM t",
                          "CREATE FOREIGN TABLE t () SERVER s",
                          "CREATE RULE r AS ON INSERT TO t DO NOTHING",
                          "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE",
                          "ALTER TABLE t OWNER TO u",
                          "ALTER SEQUENCE t RESTART",
                          "CREATE TYPE t AS (a int)",
                          "ALTER POLICY p ON t TO u"}) {
    CAPTURE(std::string(sql));
    CHECK(relation_in(sql) == "t");
  }
  for (const char* sql : {"SELECT 1 FROM t", "DROP TABLE t", "BEGIN", "CREATE FUNCTION f() RETURNS int RETURN 1"}) {
    CAPTURE(std::string(sql));
    CHECK(relation_in(sql).empty());
  }
  CHECK(relation_of(nullptr) == nullptr);
}

TEST_CASE("a statement is named as its command tag") {
  const std::pair<const char*, const char*> names[] = {
      {"ALTER TABLE t ADD a int", "ALTER TABLE"},
      {"ALTER INDEX i SET (fillfactor = 1)", "ALTER INDEX"},
      {"ALTER VIEW v RENAME TO w", "ALTER VIEW"},
      {"ALTER TABLE t RENAME a TO b", "ALTER TABLE"},
      {"ALTER VIEW v RENAME COLUMN a TO b", "ALTER VIEW"},
      {"ALTER TABLE t RENAME CONSTRAINT a TO b", "ALTER TABLE"},
      {"ALTER TYPE t ADD VALUE 'x'", "ALTER TYPE"},
      {"ALTER TYPE t RENAME ATTRIBUTE a TO b", "ALTER TYPE"},
      {"ALTER FUNCTION f() STABLE", "ALTER FUNCTION"},
      {"ALTER TABLE t OWNER TO u", "ALTER TABLE"},
      {"ALTER SCHEMA s OWNER TO u", "ALTER SCHEMA"},
      {"DROP TABLE t", "DROP TABLE"},
      {"DROP MATERIALIZED VIEW m", "DROP MATERIALIZED VIEW"},
      {"DROP TRIGGER r ON t", "DROP TRIGGER"},
      {"CREATE TABLE t ()", "CREATE TABLE"},
      {"CREATE TABLE t AS SELECT 1", "CREATE TABLE AS"},
      {"CREATE MATERIALIZED VIEW m AS SELECT 1", "CREATE MATERIALIZED VIEW"},
      {"SELECT 1 INTO t", "SELECT INTO"},
      {"SELECT 1", "SELECT"},
      {"VALUES (1)", "SELECT"},
      {"CREATE UNIQUE INDEX i ON t (a)", "CREATE INDEX"},
      {"CREATE TYPE e AS ENUM ('a')", "CREATE TYPE"},
      {"CREATE AGGREGATE a (int) (sfunc = f, stype = int)", "CREATE AGGREGATE"},
      {"CREATE PROCEDURE p() AS ''", "CREATE PROCEDURE"},
      {"START TRANSACTION", "START TRANSACTION"},
      {"COMMIT", "COMMIT"},
      {"END", "COMMIT"},
      {"ROLLBACK TO s", "ROLLBACK"},
      {"SAVEPOINT s", "SAVEPOINT"},
      {"SET a = 1", "SET"},
      {"RESET ALL", "RESET"},
      {"GRANT SELECT ON t TO u", "GRANT"},
      {"REVOKE a FROM b", "REVOKE ROLE"},
      {"VACUUM", "VACUUM"},
      {"ANALYZE", "ANALYZE"},
      {"DO 'x'", "DO"},
      {"COMMENT ON TABLE t IS 'x'", "COMMENT"},
      {"TRUNCATE t", "TRUNCATE TABLE"},
      {"LOCK t", "LOCK TABLE"},
      {"REFRESH MATERIALIZED VIEW m", "REFRESH MATERIALIZED VIEW"},
      {"REINDEX INDEX i", "REINDEX"},
      {"CREATE EXTENSION x", "CREATE EXTENSION"},
  };
  for (const auto& pair : names) {
    CAPTURE(std::string(pair.first));
    CHECK(name_of(pair.first) == pair.second);
  }
  CHECK(statement_name(nullptr).empty());
  CHECK(object_type_name(OBJECT_MATVIEW) == "MATERIALIZED VIEW");
  CHECK(object_type_name(OBJECT_COLUMN) == "COLUMN");
}
