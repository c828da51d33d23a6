#include "support/random_ddl.h"

#include <array>
#include <cstddef>

namespace pglint::test {
namespace {

constexpr std::string_view column =
    "{c} {y} [|||NOT NULL|DEFAULT {n}|DEFAULT NULL|DEFAULT now()|DEFAULT random()|UNIQUE|CHECK ({c} > {n})|REFERENCES "
    "{t}|"
    "REFERENCES {t} ({c}) ON DELETE [CASCADE|SET NULL]|COLLATE \"C\"|GENERATED ALWAYS AS IDENTITY|"
    "GENERATED ALWAYS AS ({c} + 1) STORED|CONSTRAINT {k} CHECK ({c} IS NOT NULL)|NOT NULL DEFAULT {n} UNIQUE]";

constexpr std::string_view constraint =
    "[|CONSTRAINT {k} ][CHECK ({c} > {n})|CHECK ({c} > {c})|CHECK ({c} IS NOT NULL)|UNIQUE ({c})|UNIQUE ({c}, {c})|"
    "UNIQUE ({c}) INCLUDE ({c})|PRIMARY KEY ({c})|PRIMARY KEY ({c}, {c})|FOREIGN KEY ({c}) REFERENCES {t}|"
    "FOREIGN KEY ({c}) REFERENCES {t} ({c})|EXCLUDE USING btree ({c} WITH =)]";

constexpr auto patterns = std::to_array<std::string_view>({
    // Tables. What creates comes more than once: there must be something to change.
    "CREATE [||||UNLOGGED ]TABLE [|IF NOT EXISTS ]{t} (a int, {C}, {C}[|, {K}|, {K}, {K}])",
    "CREATE TABLE {t} (a int, b int, c int[|, {K}])",
    "CREATE TABLE {t} (id serial PRIMARY KEY, a int, b text, c int[|, {K}])",
    "CREATE TABLE {t} (a int PRIMARY KEY, b int UNIQUE, c text)",
    "CREATE TABLE {t} (a bigint GENERATED [ALWAYS|BY DEFAULT] AS IDENTITY PRIMARY KEY, b int REFERENCES {t}, c int)",
    "CREATE TABLE {t} (LIKE {t}[| INCLUDING ALL| INCLUDING INDEXES| INCLUDING DEFAULTS INCLUDING CONSTRAINTS]"
    "[|, {C}])",
    "CREATE TABLE {t} ([|{C}|{K}]) INHERITS ({t})",
    "CREATE TABLE {t} AS SELECT [*|a, b|a + 1 AS d, b::text|{c}, {c}] FROM [{t}|{v}]",
    "CREATE TABLE {p} (a int[| NOT NULL], b int, c text[|, PRIMARY KEY (a)|, UNIQUE (a, b)|, CHECK (b > 0)|, FOREIGN "
    "KEY "
    "(b) REFERENCES {t}]) PARTITION BY LIST (a)",
    "CREATE TABLE {l} PARTITION OF {p} FOR VALUES IN ({n})",
    "CREATE TABLE {l} PARTITION OF {p} [DEFAULT|FOR VALUES IN ({n})][| PARTITION BY LIST (a)]",
    "CREATE TABLE {l} (a int[| NOT NULL], b int, c text[|, PRIMARY KEY (a)|, UNIQUE (a, b)])",
    "ALTER TABLE {p} ATTACH PARTITION {l} [DEFAULT|FOR VALUES IN ({n})]",
    "ALTER TABLE {p} ATTACH PARTITION {l} FOR VALUES IN ({n})",
    "ALTER TABLE {p} DETACH PARTITION {l}",
    "ALTER TABLE {t} [INHERIT|NO INHERIT] {t}",
    "DROP TABLE [|IF EXISTS ][{t}|{p}|{l}][|| CASCADE]",
    // Columns
    "ALTER TABLE {T} ADD COLUMN [|IF NOT EXISTS ]{C}",
    "ALTER TABLE {T} ADD COLUMN {C}, ADD COLUMN {C}",
    "ALTER TABLE {T} ADD COLUMN {c} int",
    "ALTER TABLE {T} DROP COLUMN [|IF EXISTS ]{c}[|| CASCADE]",
    "ALTER TABLE {T} DROP COLUMN {c}, ADD COLUMN {c} [int|text]",
    "ALTER TABLE {T} ALTER {c} [SET NOT NULL|DROP NOT NULL|SET DEFAULT {n}|SET DEFAULT NULL|DROP DEFAULT|"
    "TYPE bigint|TYPE text|TYPE varchar(30) COLLATE \"C\"|DROP IDENTITY IF EXISTS|ADD GENERATED ALWAYS AS IDENTITY|"
    "DROP EXPRESSION IF EXISTS]",
    "ALTER TABLE {T} RENAME COLUMN {c} TO {c}",
    "ALTER TABLE {T} RENAME COLUMN {c} TO {c}",
    "ALTER TABLE {t} RENAME TO {u}",
    "ALTER TABLE {t} SET SCHEMA [s1|public]",
    "ALTER TABLE {t} [SET UNLOGGED|SET LOGGED|ENABLE ROW LEVEL SECURITY|DISABLE ROW LEVEL SECURITY|REPLICA IDENTITY "
    "FULL]",
    // Constraints
    "ALTER TABLE {T} ADD {K}",
    "ALTER TABLE {T} ADD CONSTRAINT {k} CHECK ({c} IS NOT NULL) NOT VALID",
    "ALTER TABLE {T} ADD [|CONSTRAINT {k} ]FOREIGN KEY ({c}) REFERENCES {t} [|({c}) ]NOT VALID",
    "ALTER TABLE {T} VALIDATE CONSTRAINT {k}",
    "ALTER TABLE {T} DROP CONSTRAINT [|IF EXISTS ]{k}[|| CASCADE]",
    "ALTER TABLE {T} DROP CONSTRAINT [{u}_pkey|{u}_a_key|{u}_b_check|{u}_b_fkey|{p}_pkey][| CASCADE]",
    "ALTER TABLE {T} RENAME CONSTRAINT [{k}|{u}_pkey|{u}_a_key] TO {k}",
    "ALTER TABLE {T} ALTER CONSTRAINT {k} DEFERRABLE[| INITIALLY DEFERRED]",
    "ALTER TABLE {t} ADD [|CONSTRAINT {k} ][UNIQUE|PRIMARY KEY] USING INDEX {i}",
    // Indexes
    "CREATE [|UNIQUE ]INDEX [|{i} ]ON [|ONLY ]{T} ({c})",
    "CREATE [|UNIQUE ]INDEX [|{i} |IF NOT EXISTS {i} ]ON {T} ({c}[ DESC||], {c})",
    "CREATE INDEX ON {T} ([lower({c}::text)|({c} + 1)|(coalesce({c}, 0)), (coalesce({c}, 1))])",
    "CREATE INDEX [|{i} ]ON {T} ({c}) INCLUDE ({c})[| WHERE {c} > {n}]",
    "CREATE INDEX [|{i} ]ON {T} ({c}) WHERE {c} IS NOT NULL",
    "DROP INDEX [|IF EXISTS ][{i}|{u}_a_idx|{u}_b_idx|{p}_a_idx]",
    "ALTER INDEX [{i}|{u}_a_idx|{u}_pkey] RENAME TO {i}",
    "ALTER INDEX {i} ATTACH PARTITION [{i}|{l}_a_idx]",
    // Views
    "CREATE [|OR REPLACE ]VIEW {v} AS SELECT [*|a|a, b|count(*)|{c}, {c}|x.*] FROM [{t}|{p}|{v}] x[| WHERE x.{c} IS "
    "NOT NULL]",
    "CREATE VIEW {v} AS SELECT x.{c}, y.{c} AS d FROM {t} x [JOIN|LEFT JOIN] {t} y ON x.a = y.a",
    "CREATE MATERIALIZED VIEW {v} AS SELECT {c} AS a, b FROM {t}",
    "DROP [VIEW|MATERIALIZED VIEW] [|IF EXISTS ]{v}[|| CASCADE]",
    "ALTER VIEW {v} RENAME [TO {v}|COLUMN {c} TO {c}]",
    // Types
    "CREATE TYPE {e} AS ENUM ('one', 'two')",
    "ALTER TYPE {e} ADD VALUE [|IF NOT EXISTS ]'[two|three|four|five]'[|| BEFORE 'one']",
    "ALTER TYPE {e} RENAME VALUE '[one|two|three]' TO '[six|two]'",
    "ALTER TYPE {e} [RENAME TO {e}|SET SCHEMA s1|SET SCHEMA public]",
    "CREATE DOMAIN {o} AS [int|text|varchar(7)][| NOT NULL| CHECK (VALUE IS NOT NULL)| CONSTRAINT {k} CHECK (VALUE IS "
    "NOT NULL)]",
    "ALTER DOMAIN {o} [ADD CONSTRAINT {k} CHECK (VALUE IS NOT NULL) NOT VALID|ADD CHECK (VALUE IS NOT NULL)|VALIDATE "
    "CONSTRAINT {k}|DROP CONSTRAINT {k}|SET NOT NULL|DROP NOT NULL|RENAME CONSTRAINT {k} TO {k}|RENAME TO {o}]",
    "CREATE TYPE {m} AS (a int, b text)",
    "ALTER TYPE {m} [ADD ATTRIBUTE {c} int|DROP ATTRIBUTE {c}|RENAME ATTRIBUTE {c} TO {c}]",
    "CREATE TABLE {t} OF {m}",
    "DROP [TYPE {e}|DOMAIN {o}|TYPE {m}][|| CASCADE]",
    // The rest
    "CREATE SEQUENCE {q}[| OWNED BY {t}.{c}]",
    "ALTER SEQUENCE {q} OWNED BY [NONE|{t}.{c}]",
    "ALTER TABLE {T} ALTER {c} SET DEFAULT nextval('{q}')",
    "DROP SEQUENCE {q}[|| CASCADE]",
    "CREATE [|OR REPLACE ]FUNCTION {f}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE [|OR REPLACE ]FUNCTION {f}([int|text]) RETURNS int LANGUAGE sql [|STABLE|IMMUTABLE] AS 'SELECT {n}'",
    "DROP FUNCTION [{f}()|{f}(int)|{f}][|| CASCADE]",
    "CREATE TRIGGER {g} [BEFORE|AFTER] [INSERT|UPDATE|INSERT OR DELETE] ON {T} FOR EACH [ROW|STATEMENT] EXECUTE "
    "FUNCTION {f}()",
    "DROP TRIGGER {g} ON {T}",
    "ALTER TRIGGER {g} ON {T} RENAME TO {g}",
    "ALTER TABLE {T} [DISABLE|ENABLE] TRIGGER [{g}|USER]",
    "CREATE POLICY {k} ON {T}",
    "DROP POLICY {k} ON {T}",
    "CREATE RULE {k} AS ON INSERT TO {t} DO ALSO NOTHING",
    "DROP RULE {k} ON {t}",
    "CREATE SCHEMA [IF NOT EXISTS s1|s1|s2]",
    "CREATE SCHEMA IF NOT EXISTS s1",
    "DROP SCHEMA [s1|s2][| CASCADE]",
    "ALTER SCHEMA [s1|s2] RENAME TO [s1|s2]",
    "SET search_path TO [public|s1, public|public, s1]",
    "RESET search_path",
});

constexpr auto transactions = std::to_array<std::string_view>({
    "BEGIN",
    "BEGIN",
    "BEGIN",
    "COMMIT",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT [x|y]",
    "SAVEPOINT [x|y]",
    "ROLLBACK TO SAVEPOINT [x|y]",
    "ROLLBACK TO SAVEPOINT [x|y]",
    "RELEASE SAVEPOINT [x|y]",
    "SET LOCAL search_path TO s1, public",
    "COMMIT AND CHAIN",
});

// The end of the alternatives that begin behind `at`, and of the first of them.
std::size_t closing(std::string_view pattern, std::size_t at) {
  std::size_t depth = 1;
  while (depth != 0) {
    if (pattern[at] == '[') ++depth;
    if (pattern[at] == ']') --depth;
    ++at;
  }
  return at - 1;
}

}  // namespace

void RandomDdl::name(char kind, std::string& out) {
  constexpr std::string_view columns = "aabbccdef";
  constexpr std::array<std::string_view, 12> types = {"int",    "int",         "int",          "bigint",
                                                      "text",   "varchar(10)", "numeric(8,2)", "jsonb",
                                                      "text[]", "timestamptz", "{e}",          "{o}"};
  const auto numbered = [&](std::string_view prefix, std::uint64_t count) {
    out += prefix;
    out += std::to_string(below(count));
  };
  switch (kind) {
    case 't':
      if (below(8) == 0) out += "s1.";
      numbered("t", 5);
      break;
    case 'u':
      numbered("t", 5);
      break;
    case 'T':
      name(below(4) == 0 ? (below(2) == 0 ? 'p' : 'l') : 't', out);
      break;
    case 'c':
      out += columns[below(columns.size())];
      break;
    case 'n':
      out += std::to_string(below(6));
      break;
    case 'y':
      expand(types[below(types.size())], out);
      break;
    case 'C':
      expand(column, out);
      break;
    case 'K':
      expand(constraint, out);
      break;
    case 'p':
      numbered("p", 2);
      break;
    default:
      numbered(std::string_view(&kind, 1), 3);
  }
}

void RandomDdl::expand(std::string_view pattern, std::string& out) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '{') {
      name(pattern[i + 1], out);
      i += 2;
    } else if (pattern[i] == '[' && !(i > 0 && pattern[i - 1] == 't' && pattern[i + 1] == ']')) {
      const std::size_t end = closing(pattern, i + 1);
      // The bars of this level.
      std::size_t count = 1;
      std::size_t depth = 0;
      for (std::size_t j = i + 1; j < end; ++j) {
        if (pattern[j] == '[') ++depth;
        if (pattern[j] == ']') --depth;
        if (pattern[j] == '|' && depth == 0) ++count;
      }
      std::size_t chosen = below(count);
      std::size_t begin = i + 1;
      for (std::size_t j = i + 1; j <= end; ++j) {
        if (j < end && pattern[j] == '[') ++depth;
        if (j < end && pattern[j] == ']') --depth;
        if (j != end && (pattern[j] != '|' || depth != 0)) continue;
        if (chosen == 0) {
          expand(pattern.substr(begin, j - begin), out);
          break;
        }
        --chosen;
        begin = j + 1;
      }
      i = end;
    } else {
      out += pattern[i];
    }
  }
}

std::string RandomDdl::next() {
  std::string out;
  expand(patterns[below(patterns.size())], out);
  return out;
}

std::string RandomDdl::next_of_transactions() {
  if (below(12) != 0) return next();
  std::string out;
  expand(transactions[below(transactions.size())], out);
  return out;
}

}  // namespace pglint::test
