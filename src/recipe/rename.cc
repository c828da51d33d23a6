// Renaming a column while both releases run: the new column beside the old one, kept equal, filled, and the old one
// dropped behind the gate. What stands on the old column is built again for the new one before.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "catalog/volatility.h"
#include "pg/lexer.h"
#include "pg/parse.h"
#include "pg/tree.h"
#include "recipe/probe.h"
#include "recipe/recipes.h"
#include "recipe/sql.h"

namespace pglint::recipe {
namespace {

// That the trigger takes for one transaction. A server with the default settings has room for some 6400 of all.
constexpr int most_locks = 500;

bool has_column(const Vec<Symbol>& columns, Symbol column) {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

bool reads(const catalog::Relation& view, const catalog::Relation& table, Symbol column) {
  return !view.dropped &&
         std::any_of(view.extra().reads.begin(), view.extra().reads.end(), [&](const catalog::Dependency& read) {
           return read.on == &table && (!read.column || read.column == column);
         });
}

// What stands on a column since before the plan and is not made again for another; empty if there is nothing.
// `made_again`: what can be made again for the column beside it is. `by_trigger`: whoever writes one writes both.
std::string what_follows(const catalog::Catalog& catalog, const catalog::Relation& table, const catalog::Column& column,
                         std::uint32_t first, bool made_again, bool by_trigger) {
  const auto writes = [](catalog::Action action) {
    return action != catalog::Action::no_action && action != catalog::Action::restrict;
  };
  const auto older = [first](const auto& one) { return one.created.migration < first; };
  for (const catalog::Constraint* constraint : table.constraints) {
    if (constraint->dropped || !older(*constraint) || !has_column(constraint->columns, column.name)) continue;
    if (constraint->kind == catalog::ConstraintKind::check && !made_again)
      return fmt::format("the check {}", catalog.text(constraint->name));
    if (constraint->kind == catalog::ConstraintKind::foreign_key &&
        (!made_again || (!by_trigger && (writes(constraint->on_update) || writes(constraint->on_delete)))))
      return fmt::format("the foreign key {}", catalog.text(constraint->name));
    if (constraint->kind == catalog::ConstraintKind::exclusion)
      return fmt::format("the exclusion constraint {}", catalog.text(constraint->name));
    // A unique index is checked at once until a constraint takes it: statements that rely on the end would fail.
    if (constraint->deferrable && constraint->index != nullptr)
      return fmt::format("the deferrable constraint {}", catalog.text(constraint->name));
  }
  for (const catalog::Constraint* key : table.referenced_by)
    if (!key->dropped && older(*key) && has_column(key->referenced_columns, column.name))
      return fmt::format("the foreign key {} of {}", catalog.text(key->name), catalog.qualified(*key->table));
  for (const catalog::Relation* view : table.dependents)
    if (older(*view) && reads(*view, table, column.name)) return fmt::format("the view {}", catalog.qualified(*view));
  for (const catalog::ColumnUse& use : table.extra().column_uses)
    if (use.column == column.name)
      return fmt::format("the {} {}", use.by == catalog::ColumnUse::By::statistics ? "statistics" : "policy",
                         catalog.text(use.object));
  if (table.replica_identity == 'i') return "the index of the replica identity";
  for (const catalog::Relation* index : table.indexes)
    if (!index->dropped && index->index != nullptr && older(*index) && names_column(*index->index, column.name) &&
        (index->tablespace || (!made_again && !index->index->expression_columns.empty())))
      return fmt::format("the index {}", catalog.text(index->name));
  return {};
}

// Why this column cannot be renamed in phases; empty if it can.
std::string obstacle(const catalog::Catalog& catalog, const catalog::Relation& table, const catalog::Column& column) {
  const std::string name = fmt::format("{}.{}", catalog.text(table.name), catalog.text(column.name));
  if (table.kind == catalog::RelationKind::partitioned_table || table.is_partition)
    return fmt::format("{} is a column of a partitioned table, whose indexes cannot be built CONCURRENTLY", name);
  if (!table.extra().parents.empty() || !table.extra().children.empty()) return fmt::format("{} is inherited", name);
  if (column.identity != catalog::Identity::none) return fmt::format("{} is an identity column", name);
  if (column.type.serial) return fmt::format("{} takes its values from a sequence that it owns", name);
  if (column.generated != catalog::Generated::none) return fmt::format("{} is generated", name);
  for (const catalog::GeneratedFrom& pair : table.extra().generated_from)
    if (pair.source == column.name)
      return fmt::format("the generated column {} is computed from {}", catalog.text(pair.column), name);
  for (const catalog::Constraint* constraint : table.constraints) {
    if (constraint->dropped || !has_column(constraint->columns, column.name)) continue;
    if (constraint->kind == catalog::ConstraintKind::primary_key) return fmt::format("{} is in the primary key", name);
  }
  for (const catalog::Relation* view : table.dependents)
    if (view->kind == catalog::RelationKind::materialized_view && reads(*view, table, column.name))
      return fmt::format("the materialized view {} reads {}", catalog.qualified(*view), name);
  for (const catalog::ColumnUse& use : table.extra().column_uses)
    if (use.column == column.name &&
        (use.by == catalog::ColumnUse::By::trigger || use.by == catalog::ColumnUse::By::rule))
      return fmt::format("the {} {} names {}", use.by == catalog::ColumnUse::By::trigger ? "trigger" : "rule",
                         catalog.text(use.object), name);
  for (const catalog::Trigger& trigger : table.extra().triggers)
    if (!trigger.dropped && trigger.before && trigger.row && catalog.text(trigger.name) > "~pglint")
      return fmt::format("the trigger {} would fire behind the one that keeps both columns equal",
                         catalog.text(trigger.name));
  if (!table.extra().rules.empty()) return fmt::format("{} has rules", catalog.qualified(table));
  if (table.extra().of_type != nullptr) return fmt::format("{} is a typed table", catalog.qualified(table));
  if (type_text(catalog, column.type).empty()) return fmt::format("the type of {} is not known", name);
  return {};
}

// Types whose equality leaves nothing out: what is equal is the same text.
bool equality_is_exact(const catalog::Catalog& catalog, const catalog::Column& column) {
  if (column.type.schema || column.type.array_dimensions != 0 || column.collation) return false;
  constexpr std::array<std::string_view, 17> exact = {"int2", "int4", "int8", "text",      "varchar",     "bool",
                                                      "uuid", "date", "time", "timestamp", "timestamptz", "bytea",
                                                      "oid",  "name", "inet", "cidr",      "macaddr"};
  return std::ranges::find(exact, catalog.text(column.type.name)) != exact.end();
}

std::string differs(const std::string& a, const std::string& b, bool exact) {
  return exact ? fmt::format("{} IS DISTINCT FROM {}", a, b)
               : fmt::format("{}::pg_catalog.text COLLATE \"C\" IS DISTINCT FROM {}::pg_catalog.text COLLATE \"C\"", a,
                             b);
}

struct Sync {
  std::string trigger;
  std::string function;  // qualified
  std::string body;
};

// What two unique indexes hold at the same time, in terms of NEW: who writes the same waits for the other in the
// trigger, and not between the two.
std::string wait_for_others(const std::string& what, const std::vector<std::string>& unique_values) {
  std::string out;
  for (const std::string& value : unique_values)
    out += fmt::format(
        "    IF ({0}) IS NOT NULL THEN\n"
        "      PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended({1} || ({0}), 0));\n"
        "    END IF;\n",
        value, literal(what + ":"));
  return out;
}

Sync sync_of(const catalog::Catalog& catalog, const catalog::Relation& table, const Renamed& renamed,
             const std::vector<std::string>& unique_values, bool exact) {
  const std::string on = catalog.qualified(table);
  const std::string old_name = ident(catalog.text(renamed.from));
  const std::string new_name = ident(catalog.text(renamed.to));
  Sync sync;
  // The last of the BEFORE triggers, which fire in the order of their names' bytes: it has to see what the others
  // write.
  const std::string mark = digest(on + "." + new_name);
  sync.trigger = fmt::format("zz_pglint_sync_{}", mark);
  for (const catalog::Trigger& trigger : table.extra().triggers)
    if (!trigger.dropped && trigger.before && trigger.row && catalog.text(trigger.name) > sync.trigger)
      sync.trigger = fmt::format("~pglint_sync_{}", mark);
  sync.function = catalog.qualified(table.schema, catalog.symbols.intern(sync.trigger));
  const std::string new_new = "NEW." + new_name;
  const std::string new_old = "NEW." + old_name;
  std::string declare;
  std::string lock;
  if (!unique_values.empty()) {
    // The server has room for some thousands of locks: who writes more rows than that in one transaction must not fail
    // for want of it.
    declare = fmt::format(
        "DECLARE\n"
        "  locks integer := coalesce(nullif(pg_catalog.current_setting('pglint.locks', true), ''), '0');\n");
    lock = fmt::format(
        "  -- Two unique indexes hold the value now: who writes the same one waits here, not between them. Of the "
        "first\n"
        "  -- {0} rows of a transaction: the server has room for so many locks.\n"
        "  IF locks < {0} AND (TG_OP = 'INSERT' OR {1}) THEN\n"
        "    PERFORM pg_catalog.set_config('pglint.locks', (locks + 1)::pg_catalog.text, true);\n"
        "{2}"
        "  END IF;\n",
        most_locks, differs(new_old, "OLD." + old_name, exact), wait_for_others(on + "." + new_name, unique_values));
  }
  sync.body = fmt::format(
      "\n{5}BEGIN\n"
      "  IF TG_OP = 'INSERT' THEN\n"
      "    IF {0} IS NULL THEN\n"
      "      {0} := {1};\n"
      "    ELSE\n"
      "      {1} := {0};\n"
      "    END IF;\n"
      "  ELSIF {3} THEN\n"
      "    {1} := {0};\n"
      "  ELSIF {4} THEN\n"
      "    {0} := {1};\n"
      "  END IF;\n"
      "{2}"
      "  RETURN NEW;\n"
      "END\n",
      new_new, new_old, lock, differs(new_new, "OLD." + new_name, exact), differs(new_old, "OLD." + old_name, exact),
      declare);
  return sync;
}

// Comment, grants, statistics target, storage and options of the old column, whatever they are on the server.
std::string copy_properties(const std::string& on, std::string_view from, std::string_view to) {
  std::string body = fmt::format(
      "DECLARE\n"
      "  old_column record;\n"
      "  one record;\n"
      "BEGIN\n"
      "  SELECT a.attstattarget, a.attstorage, t.typstorage, a.attoptions, a.attacl, "
      "pg_catalog.col_description(a.attrelid, "
      "a.attnum) AS says\n"
      "    INTO STRICT old_column\n"
      "    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid\n"
      "    WHERE a.attrelid = {0}::pg_catalog.regclass AND a.attname = {1} AND NOT a.attisdropped;\n"
      "  IF old_column.says IS NOT NULL THEN\n"
      "    EXECUTE pg_catalog.format('COMMENT ON COLUMN {2}.%I IS %L', {3}, old_column.says);\n"
      "  END IF;\n"
      "  IF old_column.attstattarget >= 0 THEN\n"
      "    EXECUTE pg_catalog.format('ALTER TABLE {2} ALTER COLUMN %I SET STATISTICS %s', {3}, "
      "old_column.attstattarget);\n"
      "  END IF;\n"
      "  IF old_column.attstorage <> old_column.typstorage THEN\n"
      "    EXECUTE pg_catalog.format('ALTER TABLE {2} ALTER COLUMN %I SET STORAGE %s', {3}, CASE old_column.attstorage "
      "WHEN "
      "'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END);\n"
      "  END IF;\n"
      "  IF old_column.attoptions IS NOT NULL THEN\n"
      "    EXECUTE pg_catalog.format('ALTER TABLE {2} ALTER COLUMN %I SET (%s)', {3}, "
      "pg_catalog.array_to_string(old_column.attoptions, ', '));\n"
      "  END IF;\n"
      "  FOR one IN SELECT x.privilege_type, x.grantee, x.is_grantable FROM pg_catalog.aclexplode(old_column.attacl) x "
      "LOOP\n"
      "    EXECUTE pg_catalog.format('GRANT %s (%I) ON {2} TO %s%s', one.privilege_type, {3}, CASE one.grantee WHEN 0 "
      "THEN "
      "'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(one.grantee)) END, CASE WHEN one.is_grantable "
      "THEN "
      "' WITH GRANT OPTION' ELSE '' END);\n"
      "  END LOOP;\n"
      "END",
      literal(on), literal(from), "@table@", literal(to));
  // Inside a format string, where % and ' mean something.
  std::string escaped;
  for (const char c : on) {
    if (c == '%' || c == '\'') escaped += c;
    escaped += c;
  }
  for (std::size_t at = body.find("@table@"); at != std::string::npos; at = body.find("@table@", at + escaped.size()))
    body.replace(at, std::string_view("@table@").size(), escaped);
  return do_block(body);
}

bool is_deferrable(const catalog::Index& index) { return index.constraint != nullptr && index.constraint->deferrable; }

struct Table;
std::vector<std::string> unique_values(const Table& table, const Renamed& one);

// A table whose columns are renamed, and what is the same for all of them.
struct Table {
  const catalog::Catalog& end;
  const catalog::Relation& relation;
  const std::vector<Renamed>& renames;
  std::string name;
  Key key;
  std::uint32_t first;  // ordinal of the plan's first migration
  const Options& options;

  [[nodiscard]] bool by_trigger() const { return options.dual_write == DualWrite::trigger; }
  [[nodiscard]] std::string text(Symbol symbol) const { return std::string(end.text(symbol)); }
  [[nodiscard]] std::string renamed(const Renamed& one) const {
    return probe::both(probe::no(probe::column(name, text(one.from))), probe::column(name, text(one.to)));
  }
  [[nodiscard]] Sync sync(const Renamed& one) const {
    return sync_of(end, relation, one, unique_values(*this, one),
                   equality_is_exact(end, *catalog::column(relation, one.to)));
  }
};

// An index may name several columns that are renamed. It belongs to the first of them: with that one it goes, or
// changes places.
std::vector<Renamed>::const_iterator owner_of(const Table& table, const catalog::Index& index) {
  return std::ranges::find_if(table.renames, [&](const Renamed& one) { return names_column(index, one.to); });
}

// What is equal only where this is, as text.
std::string new_value(const Table& table, const catalog::Column& column, const Renamed& one) {
  std::string value = fmt::format("NEW.{}", ident(table.end.text(column.name)));
  // One that is renamed too, and whose trigger may fire behind this one.
  const auto other = std::ranges::find(table.renames, column.name, &Renamed::to);
  if (other != table.renames.end() && other->to != one.to)
    value = fmt::format("coalesce({}, NEW.{})", value, ident(table.end.text(other->from)));
  const std::string_view type = column.type.array_dimensions != 0 ? "" : table.end.text(column.type.name);
  // Equal, and not the same text.
  if (type == "citext") return fmt::format("pg_catalog.lower({}::pg_catalog.text)", value);
  if (type == "numeric" && table.options.pg_version >= 13)
    return fmt::format("pg_catalog.trim_scale({})::pg_catalog.text", value);
  return value + "::pg_catalog.text";
}

// For each unique index that the column is the first renamed one of: what it keeps apart.
std::vector<std::string> unique_values(const Table& table, const Renamed& one) {
  std::vector<std::string> out;
  for (const catalog::Relation* index : table.relation.indexes) {
    if (index->dropped || index->index == nullptr || !index->index->unique || is_deferrable(*index->index)) continue;
    const auto owner = owner_of(table, *index->index);
    if (owner == table.renames.end() || owner->to != one.to) continue;
    std::string all;
    for (const catalog::IndexKey& key : index->index->keys) {
      std::string value;
      if (key.column) {
        if (const catalog::Column* column = catalog::column(table.relation, key.column))
          value = new_value(table, *column, one);
      } else if (const auto said = renamed_in(table.end, table.relation, key.expression, table.renames, "NEW.")) {
        value = fmt::format("({})::pg_catalog.text", *said);
      }
      if (value.empty()) continue;
      if (index->index->nulls_not_distinct) value = fmt::format("coalesce({}, '')", value);
      all += (all.empty() ? "" : " || ',' || ") + value;
    }
    if (all.empty()) all = new_value(table, *catalog::column(table.relation, one.to), one);
    if (std::ranges::find(out, all) == out.end()) out.push_back(std::move(all));
  }
  return out;
}

// The column beside the old one, and what keeps both equal, in one transaction: no write falls between.
void add_beside(const Table& table, const Renamed& renamed, Pieces& pieces) {
  const catalog::Column& column = *catalog::column(table.relation, renamed.to);
  const std::string from = table.text(renamed.from);
  const std::string to = table.text(renamed.to);
  const std::string& on = table.name;
  std::string add =
      fmt::format("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}", on, ident(to), type_text(table.end, column.type));
  if (column.collation) add += fmt::format(" COLLATE {}", ident(table.end.text(column.collation)));
  std::string there = probe::column(table.end, on, to, column.type);
  Step expand = step(fmt::format("add-{}", slug(to)),
                     table.by_trigger() ? fmt::format("{} beside {}, both kept equal by a trigger", to, from)
                                        : fmt::format("{} beside {}", to, from),
                     {std::move(add), copy_properties(on, from, to)}, {});
  expand.undo = {fmt::format("ALTER TABLE {} DROP COLUMN IF EXISTS {}", on, ident(to))};
  if (table.by_trigger()) {
    const Sync sync = table.sync(renamed);
    expand.sql.push_back(
        fmt::format("CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $pglint${}$pglint$",
                    sync.function, sync.body));
    const std::string create =
        fmt::format("TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {}()", ident(sync.trigger),
                    on, sync.function);
    if (table.options.pg_version < 14)
      expand.sql.push_back(fmt::format("DROP TRIGGER IF EXISTS {} ON {}", ident(sync.trigger), on));
    expand.sql.push_back((table.options.pg_version < 14 ? "CREATE " : "CREATE OR REPLACE ") + create);
    there = probe::both(there, probe::trigger(on, sync.trigger, sync.body));
    expand.undo = {fmt::format("DROP TRIGGER IF EXISTS {} ON {}", ident(sync.trigger), on),
                   fmt::format("DROP FUNCTION IF EXISTS {}()", sync.function), expand.undo.front()};
  }
  expand.done_when = probe::query(probe::either(there, table.renamed(renamed)));
  place(pieces, Slot::expand, std::move(expand));
}

bool has_default(const catalog::Column& column) {
  return column.default_volatility != catalog::Volatility::none && !column.default_sql().empty();
}

Step set_default(const Table& table, const Renamed& renamed, std::string comment) {
  const std::string to = table.text(renamed.to);
  Step set = step(fmt::format("default-{}", slug(to)), std::move(comment),
                  {fmt::format("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}", table.name, ident(to),
                               catalog::column(table.relation, renamed.to)->default_sql())},
                  probe::has_default(table.name, to));
  set.undo = {fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT", table.name, ident(to))};
  return set;
}

// The rows that are there.
void fill_beside(const Table& table, const Renamed& renamed, Pieces& pieces) {
  const std::string from = table.text(renamed.from);
  const std::string to = table.text(renamed.to);
  // A release that writes both may leave both to their defaults.
  if (!table.by_trigger() && has_default(*catalog::column(table.relation, renamed.to)))
    place(pieces, Slot::backfill,
          set_default(table, renamed, fmt::format("As {} has one, for rows that give neither", from)));
  Step fill;
  fill.id = fmt::format("fill-{}", slug(to));
  fill.comment = fmt::format("Copies {} to {} in the rows that are there{}", from, to,
                             firing(row_triggers(table.end, table.relation, 2)));
  fill.kind = StepKind::backfill;
  fill.lock_class = LockClass::c;
  Backfill rows;
  rows.table = table.name;
  rows.index = table.key.index;
  rows.key = table.key.columns;
  rows.set = {{to, ident(from)}};
  rows.where =
      differs(ident(to), ident(from), equality_is_exact(table.end, *catalog::column(table.relation, renamed.to)));
  rows.proof = fmt::format("SELECT 1 FROM {} WHERE {} LIMIT 1", table.name, rows.where);
  fill.backfill = std::move(rows);
  place(pieces, Slot::backfill, std::move(fill));
}

// An index that stood on a column before the plan, once more for the column beside it.
struct Copy {
  const catalog::Relation* index = nullptr;
  std::string name;       // bare
  std::string qualified;  // quoted
  probe::IndexShape shape;
};

// The copies of all indexes, each once.
std::vector<std::pair<Copy, const Renamed*>> copies_of(const Table& table) {
  std::vector<std::pair<Copy, const Renamed*>> out;
  for (const catalog::Relation* index : table.relation.indexes) {
    // What the plan makes on a column that is followed is made on the column of today, too.
    if (index->dropped || index->index == nullptr ||
        (index->created.migration >= table.first && !table.renames.front().follows))
      continue;
    const auto owner = owner_of(table, *index->index);
    if (owner == table.renames.end()) continue;
    Copy copy;
    copy.index = index;
    copy.name = name_beside(table.end.text(index->name), "pglint");
    copy.qualified = table.end.qualified(table.relation.schema, table.end.symbols.intern(copy.name));
    copy.shape = {index->index->unique && !is_deferrable(*index->index), index_columns(table.end, *index->index),
                  !index->index->predicate.empty()};
    out.emplace_back(std::move(copy), &*owner);
  }
  return out;
}

// `gone`: what is true when the copy is not needed any more.
void build_copy(const Table& table, const Copy& copy, const std::string& gone, std::string comment,
                const std::string& definition, Pieces& pieces) {
  Step build = step(fmt::format("build-{}", slug(table.end.text(copy.index->name))), std::move(comment), {definition},
                    probe::either(probe::index(table.name, copy.qualified, copy.shape), gone));
  build.own_transaction = false;
  build.lock_class = LockClass::b;
  build.undo = {fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {}", copy.qualified)};
  place(pieces, Slot::build, std::move(build));
}

void analyze(const Table& table, const Renamed& renamed, bool expressions, Pieces& pieces) {
  const std::string to = table.text(renamed.to);
  // What an index says of an expression is looked at with all columns only.
  Step analyze = step(
      fmt::format("analyze-{}", slug(to)), "So that plans do not change when the next release asks for it",
      {expressions ? fmt::format("ANALYZE {}", table.name) : fmt::format("ANALYZE {} ({})", table.name, ident(to))},
      {});
  analyze.lock_class = LockClass::b;
  place(pieces, Slot::build, std::move(analyze));
}

// --- the column beside becomes the column ----------------------------------------------------------------------------

// What is dropped with a column, without a word, and is nowhere in the history.
std::string nothing_else_stands_on(const std::string& on, const std::string& column, int pg_version) {
  std::string published;
  if (pg_version >= 15)
    published = fmt::format(
        "\n      UNION ALL SELECT pg_catalog.format('the column list of publication %I', pubname)\n"
        "        FROM pg_catalog.pg_publication_rel JOIN pg_catalog.pg_publication p ON p.oid = prpubid\n"
        "        WHERE prrelid = a.attrelid AND a.attnum = ANY (prattrs)");
  return do_block(fmt::format(
      "DECLARE\n"
      "  dependent text;\n"
      "BEGIN\n"
      "  SELECT found.says INTO dependent FROM pg_catalog.pg_attribute a, LATERAL (\n"
      "      SELECT pg_catalog.format('the statistics %I', stxname)\n"
      "        FROM pg_catalog.pg_statistic_ext WHERE stxrelid = a.attrelid AND a.attnum = ANY (stxkeys){}\n"
      "    ) AS found(says)\n"
      "    WHERE a.attrelid = pg_catalog.to_regclass({}) AND a.attname = {} AND NOT a.attisdropped LIMIT 1;\n"
      "  IF dependent IS NOT NULL THEN\n"
      "    RAISE EXCEPTION USING ERRCODE = 'dependent_objects_still_exist',\n"
      "      MESSAGE = pg_catalog.format('%s would be lost with %s', dependent, {}),\n"
      "      HINT = 'Make the same for the new column, and drop this one.';\n"
      "  END IF;\n"
      "END",
      published, literal(on), literal(column), literal(on + "." + ident(column))));
}

// The column that brings a check or a foreign key from before the plan along; null if it is none of the renamed ones.
const Renamed* owner_of(const Table& table, const catalog::Constraint& constraint) {
  if (constraint.dropped || constraint.created.migration >= table.first ||
      (constraint.kind != catalog::ConstraintKind::check && constraint.kind != catalog::ConstraintKind::foreign_key))
    return nullptr;
  const auto owner =
      std::ranges::find_if(table.renames, [&](const Renamed& one) { return has_column(constraint.columns, one.to); });
  return owner == table.renames.end() ? nullptr : &*owner;
}

std::string foreign_key_clause(const Table& table, const catalog::Constraint& key) {
  const auto names = [&](const Vec<Symbol>& columns) {
    std::string out;
    for (const Symbol column : columns) out += (out.empty() ? "" : ", ") + ident(table.end.text(column));
    return out;
  };
  const auto words = [](catalog::Action action) {
    switch (action) {
      case catalog::Action::restrict:
        return "RESTRICT";
      case catalog::Action::cascade:
        return "CASCADE";
      case catalog::Action::set_null:
        return "SET NULL";
      case catalog::Action::set_default:
        return "SET DEFAULT";
      case catalog::Action::no_action:
        break;
    }
    return "NO ACTION";
  };
  std::string out =
      fmt::format("FOREIGN KEY ({}) REFERENCES {}", names(key.columns), table.end.qualified(*key.references));
  if (!key.referenced_columns.empty()) out += fmt::format(" ({})", names(key.referenced_columns));
  out += fmt::format(" ON UPDATE {} ON DELETE {}", words(key.on_update), words(key.on_delete));
  if (key.deferrable) out += key.initially_deferred ? " DEFERRABLE INITIALLY DEFERRED" : " DEFERRABLE";
  return out;
}

// What is said of an index or a constraint goes with it: said of its copy, too, while both are there.
std::string copy_index_comment(const std::string& from, const std::string& to) {
  return do_block(
      fmt::format("DECLARE\n"
                  "  says text := pg_catalog.obj_description(pg_catalog.to_regclass({}), 'pg_class');\n"
                  "BEGIN\n"
                  "  IF says IS NOT NULL AND {} THEN\n"
                  "    EXECUTE pg_catalog.format('COMMENT ON INDEX %s IS %L', {}, says);\n"
                  "  END IF;\n"
                  "END",
                  literal(from), probe::relation(to), literal(to)));
}

// The comment of a constraint, as an expression.
std::string constraint_comment(const std::string& on, const std::string& name) {
  return fmt::format(
      "(SELECT pg_catalog.obj_description(oid, 'pg_constraint') FROM pg_catalog.pg_constraint WHERE conrelid = "
      "pg_catalog.to_regclass({}) AND conname = {})",
      literal(on), literal(name));
}

// `says`: an expression; NULL or empty: nothing is said.
std::string comment_on_constraint(const std::string& says, const std::string& on, const std::string& name, char kind) {
  return do_block(
      fmt::format("DECLARE\n"
                  "  says text := {};\n"
                  "BEGIN\n"
                  "  IF says <> '' AND {} THEN\n"
                  "    EXECUTE pg_catalog.format('COMMENT ON CONSTRAINT %s ON %s IS %L', {}, {}, says);\n"
                  "  END IF;\n"
                  "END",
                  says, probe::constraint(on, name, kind, probe::Valid::any), literal(ident(name)), literal(on)));
}

void refuse_expression(const Table& table, std::string_view kind, Symbol name, Pieces& pieces) {
  refuse(pieces,
         fmt::format("an expression of the {} {} cannot be read again for a column of another name", kind,
                     table.end.text(name)),
         "rename it in the code only, or keep the name");
}

// A check or a foreign key, once more for the column beside, under a name of its own until the old column goes and
// takes the first along. False if it is refused.
bool copy_constraint(const Table& table, const catalog::Constraint& constraint, const Renamed& renamed,
                     std::vector<std::string>& comments, std::vector<std::string>& own_names,
                     std::string& final_conditions, Pieces& pieces) {
  const bool is_check = constraint.kind == catalog::ConstraintKind::check;
  const std::string& on = table.name;
  const std::string name = table.text(constraint.name);
  const std::string temporary = name_beside(name, "pglint");
  const char kind = is_check ? 'c' : 'f';
  std::vector<std::string> columns;
  if (!is_check)
    for (const Symbol column : constraint.columns) columns.push_back(table.text(column));
  std::string clause;
  if (is_check) {
    const auto expression = renamed_in(table.end, table.relation, constraint.sql, table.renames);
    if (!expression) return refuse_expression(table, "check", constraint.name, pieces), false;
    clause = fmt::format("CHECK ({}){}", *expression, constraint.no_inherit ? " NO INHERIT" : "");
  } else {
    clause = foreign_key_clause(table, constraint);
  }
  const std::string in_place = probe::both(probe::no(probe::column(on, table.text(renamed.from))),
                                           probe::constraint(on, name, kind, probe::Valid::any, columns));
  Step add = step(fmt::format("add-{}", slug(temporary)),
                  fmt::format("{} for {}, under a name of its own until {} goes", name, table.text(renamed.to),
                              table.text(renamed.from)),
                  {fmt::format("ALTER TABLE {} ADD CONSTRAINT {} {} NOT VALID", on, ident(temporary), clause)},
                  probe::either(probe::constraint(on, temporary, kind, probe::Valid::any, columns), in_place));
  add.undo = {fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", on, ident(temporary))};
  if (!is_check)
    pieces.checks.push_back(
        {fmt::format("form-of-{}", slug(name)), add.id,
         fmt::format("SELECT pg_catalog.pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint WHERE conrelid = "
                     "pg_catalog.to_regclass({}) AND conname = {} AND (confmatchtype <> 's' OR "
                     "pg_catalog.pg_get_constraintdef(oid) LIKE '% ON DELETE SET % (%')",
                     literal(on), literal(name)),
         fmt::format("the foreign key {} is MATCH FULL, or sets some of its columns only, which its copy for {} would "
                     "lose",
                     name, table.text(renamed.to))});
  place(pieces, Slot::build, std::move(add));
  if (constraint.valid) {
    Step validate = step(fmt::format("validate-{}", slug(temporary)), "Reads every row while reads and writes go on",
                         {fmt::format("ALTER TABLE {} VALIDATE CONSTRAINT {}", on, ident(temporary))},
                         probe::either(probe::constraint(on, temporary, kind, probe::Valid::valid, columns), in_place));
    validate.lock_class = LockClass::b;
    place(pieces, Slot::build, std::move(validate));
  }
  comments.push_back(comment_on_constraint(constraint_comment(on, name), on, temporary, kind));
  // A database that has the original migration has the final name, and perhaps a copy.
  own_names.push_back(
      do_block(fmt::format("BEGIN\n  IF NOT {} THEN\n    ALTER TABLE {} RENAME CONSTRAINT {} TO {};\n  END IF;\nEND",
                           probe::constraint(on, name, kind, probe::Valid::any), on, ident(temporary), ident(name))));
  own_names.push_back(fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", on, ident(temporary)));
  final_conditions += "\n  AND " + probe::constraint(on, name, kind, probe::Valid::any, columns);
  final_conditions += "\n  AND " + probe::no(probe::constraint(on, temporary, kind, probe::Valid::any));
  return true;
}

void keep_the_new(const Table& table, Pieces& pieces) {
  const std::string& on = table.name;
  const auto copies = copies_of(table);
  for (const Renamed& renamed : table.renames) {
    const catalog::Column& column = *catalog::column(table.relation, renamed.to);
    const std::string from = table.text(renamed.from);
    const std::string to = table.text(renamed.to);
    const std::string old_gone = probe::no(probe::column(on, from));
    // Names are taken until the old column goes.
    std::vector<std::string> comments;  // copied before it does
    std::vector<std::string> final_names;
    std::string final_conditions;
    bool expressions = false;
    for (const auto& [copy, owner] : copies) {
      if (owner != &renamed) continue;
      const std::string final_name = table.text(copy.index->name);
      const std::string final_qualified = table.end.qualified(*copy.index);
      const std::string definition = index_definition(table.end, *copy.index, copy.name, true, table.renames);
      if (definition.empty()) return refuse_expression(table, "index", copy.index->name, pieces);
      build_copy(table, copy, probe::both(old_gone, probe::index(on, final_qualified, copy.shape)),
                 fmt::format("{} for {}, under a name of its own until {} goes", final_name, to, from), definition,
                 pieces);
      expressions = expressions || !copy.index->index->expression_columns.empty();
      pieces.checks.push_back(
          {fmt::format("options-of-{}", slug(final_name)), fmt::format("build-{}", slug(final_name)),
           fmt::format(
               "SELECT reloptions FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass({}) AND reloptions "
               "IS NOT NULL",
               literal(final_qualified)),
           fmt::format("the index {} has storage parameters, which its copy for {} would lose", final_name, to)});
      const catalog::Constraint* constraint = copy.index->index->constraint;
      // A database that has the original migration has the final name, and a copy that a file may have built.
      const std::string in_place = constraint != nullptr ? probe::constraint(on, final_name, 'u', probe::Valid::any)
                                                         : probe::relation(final_qualified);
      const std::string take = constraint == nullptr
                                   ? fmt::format("ALTER INDEX {} RENAME TO {}", copy.qualified, ident(final_name))
                                   : fmt::format("ALTER TABLE {} ADD CONSTRAINT {} UNIQUE USING INDEX {}{}", on,
                                                 ident(final_name), ident(copy.name),
                                                 !constraint->deferrable          ? ""
                                                 : constraint->initially_deferred ? " DEFERRABLE INITIALLY DEFERRED"
                                                                                  : " DEFERRABLE");
      comments.push_back(copy_index_comment(final_qualified, copy.qualified));
      // What is said of a constraint has nowhere to stand in between but in the transaction.
      const std::string kept = fmt::format("pglint.comment_{}", digest(final_qualified));
      if (constraint != nullptr)
        comments.push_back(
            do_block(fmt::format("BEGIN\n  PERFORM pg_catalog.set_config({}, coalesce({}, ''), true);\nEND",
                                 literal(kept), constraint_comment(on, final_name))));
      final_names.push_back(do_block(fmt::format("BEGIN\n  IF NOT {} THEN\n    {};\n  END IF;\nEND", in_place, take)));
      if (constraint != nullptr)
        final_names.push_back(comment_on_constraint(fmt::format("pg_catalog.current_setting({}, true)", literal(kept)),
                                                    on, final_name, 'u'));
      final_names.push_back(fmt::format("DROP INDEX IF EXISTS {}", copy.qualified));
      final_conditions += "\n  AND " + probe::no(probe::relation(copy.qualified));
      final_conditions += "\n  AND " + probe::index(on, final_qualified, copy.shape);
    }
    std::vector<std::string> own_names;  // of constraints
    for (const catalog::Constraint* constraint : table.relation.constraints)
      if (owner_of(table, *constraint) == &renamed &&
          !copy_constraint(table, *constraint, renamed, comments, own_names, final_conditions, pieces))
        return;
    analyze(table, renamed, expressions, pieces);

    if (has_default(column)) {
      if (table.by_trigger())
        place(pieces, Slot::tighten,
              set_default(table, renamed, fmt::format("Only now: before, it would hide what {} was given", from)));
    } else if (!renamed.default_sql.empty()) {
      Step drop = step(fmt::format("no-default-{}", slug(from)),
                       fmt::format("The trigger would give it to {}, which has none any more", to),
                       {fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT", on, ident(from))},
                       probe::no(probe::has_default(on, from)));
      drop.undo = {fmt::format("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}", on, ident(from), renamed.default_sql)};
      place(pieces, Slot::tighten, std::move(drop));
    }
    if (renamed.not_null)
      tighten_not_null({on, table.text(table.relation.name), to, {}, {}, table.options.pg_version}, pieces);
    if (!table.by_trigger() && renamed.not_null) {
      Step loosen =
          step(fmt::format("allow-null-{}", slug(from)), fmt::format("The next release no longer writes {}", from),
               {fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", on, ident(from))},
               probe::no(probe::not_null(on, from)));
      loosen.undo = {fmt::format("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", on, ident(from))};
      place(pieces, Slot::tighten, std::move(loosen));
    }
    Step contract =
        step(fmt::format("drop-{}", slug(from)), fmt::format("{} goes, and with it what kept it equal", from), {}, {});
    const Sync sync = table.sync(renamed);
    contract.sql.push_back(nothing_else_stands_on(on, from, table.options.pg_version));
    for (std::string& sql : comments) contract.sql.push_back(std::move(sql));
    if (table.by_trigger())
      contract.sql.push_back(fmt::format("DROP TRIGGER IF EXISTS {} ON {}", ident(sync.trigger), on));
    contract.sql.push_back(fmt::format("ALTER TABLE {} DROP COLUMN IF EXISTS {}", on, ident(from)));
    if (table.by_trigger()) contract.sql.push_back(fmt::format("DROP FUNCTION IF EXISTS {}()", sync.function));
    for (std::string& sql : final_names) contract.sql.push_back(std::move(sql));
    for (std::string& sql : own_names) contract.sql.push_back(std::move(sql));
    contract.done_when = probe::query(table.renamed(renamed) + final_conditions);
    contract.irreversible = true;
    place(pieces, Slot::contract, std::move(contract));
  }
}

// --- the column keeps its place --------------------------------------------------------------------------------------

// What stands on the old column follows it: it gets its new name behind the gate, in the transaction that drops the one
// beside it. All of them at once, so that an index over two of them is always there for who asks for it.
void keep_the_old(const Table& table, Pieces& pieces) {
  const std::string& on = table.name;
  std::string end_state;
  for (const Renamed& renamed : table.renames)
    end_state += (end_state.empty() ? "" : "\n  AND ") + table.renamed(renamed);
  bool expressions = false;
  std::vector<std::string> left_over;
  std::string nothing_left;
  for (const auto& [copy, owner] : copies_of(table)) {
    std::string definition = index_definition(table.end, *copy.index, copy.name, true, table.renames);
    // What may hold at the end only is held by the constraint of the column that stays.
    if (constexpr std::string_view unique = "CREATE UNIQUE "; !copy.shape.unique && definition.starts_with(unique))
      definition.replace(0, unique.size(), "CREATE ");
    if (definition.empty()) return refuse_expression(table, "index", copy.index->name, pieces);
    expressions = expressions || !copy.index->index->expression_columns.empty();
    // A copy goes with its column; but where the original migration has run, a file may have built one.
    left_over.push_back(fmt::format("DROP INDEX IF EXISTS {}", copy.qualified));
    nothing_left += "\n  AND " + probe::no(probe::relation(copy.qualified));
    build_copy(table, copy, end_state,
               fmt::format("{} for {}, which goes when {} gets that name", table.text(copy.index->name),
                           table.text(owner->to), table.text(owner->from)),
               definition, pieces);
  }
  Step swap = step(fmt::format("rename-{}", slug(table.end.text(table.renames.front().from))), {}, {},
                   end_state + nothing_left);
  std::string body;
  std::vector<std::string> functions;
  std::string names;
  for (const Renamed& renamed : table.renames) {
    const catalog::Column& column = *catalog::column(table.relation, renamed.to);
    const std::string from = table.text(renamed.from);
    const std::string to = table.text(renamed.to);
    analyze(table, renamed, expressions, pieces);
    const Sync sync = table.sync(renamed);
    names += fmt::format("{}{} to {}", names.empty() ? "" : ", ", from, to);
    swap.sql.push_back(fmt::format("DROP TRIGGER IF EXISTS {} ON {}", ident(sync.trigger), on));
    body += fmt::format(
        "  IF {} THEN\n    ALTER TABLE {} DROP COLUMN IF EXISTS {};\n    ALTER TABLE {} RENAME COLUMN {} TO "
        "{};\n  END IF;\n",
        probe::column(on, from), on, ident(to), on, ident(from), ident(to));
    functions.push_back(fmt::format("DROP FUNCTION IF EXISTS {}()", sync.function));
    if (column.default_sql() == renamed.default_sql) continue;
    functions.push_back(
        column.default_sql().empty()
            ? fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT", on, ident(to))
            : fmt::format("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}", on, ident(to), column.default_sql()));
  }
  swap.comment = fmt::format("Renames {}; what was beside goes, and what kept it equal", names);
  swap.sql.push_back(do_block("BEGIN\n" + body + "END"));
  swap.sql.insert(swap.sql.end(), functions.begin(), functions.end());
  swap.sql.insert(swap.sql.end(), left_over.begin(), left_over.end());
  swap.irreversible = true;
  place(pieces, Slot::contract, std::move(swap));
}

// Whether an expression does not hang on search_path: a trigger is run with that of whoever writes.
bool means_the_same_everywhere(const catalog::Catalog& catalog, const catalog::Relation& table,
                               const std::vector<Renamed>& renames, const Node* expression) {
  bool same = true;
  pg::each<FuncCall>(expression, [&](const FuncCall& call) {
    const auto names = pg::nodes(call.funcname);
    same = same && (names.size() == 2 ? pg::string(names[0]) == "pg_catalog"
                                      : names.size() == 1 && catalog::builtin_volatility(pg::string(names[0])) !=
                                                                 catalog::Volatility::unknown);
  });
  pg::each<TypeCast>(expression, [&](const TypeCast& cast) {
    const pg::QualifiedName name = pg::qualified_name(cast.typeName->names);
    same = same && (name.schema == "pg_catalog" ||
                    (name.schema.empty() && catalog.is_builtin_type(catalog.symbols.intern(name.name))));
  });
  pg::each<CollateClause>(expression, [&](const CollateClause&) { same = false; });
  pg::each<A_Expr>(expression, [&](const A_Expr& call) {
    constexpr std::array<std::string_view, 15> known = {"=", "<>", "<",  ">",  "<=",  ">=", "+",  "-",
                                                        "*", "/",  "||", "->", "->>", "#>", "#>>"};
    const auto names = pg::nodes(call.name);
    same = same && names.size() == 1 && std::ranges::find(known, pg::string(names[0])) != known.end();
  });
  pg::each<ColumnRef>(expression, [&](const ColumnRef& column) {
    Symbol name = catalog.symbols.find(pg::column_name(column));
    if (const auto renamed = std::ranges::find(renames, name, &Renamed::from); renamed != renames.end())
      name = renamed->to;
    const catalog::Column* found = catalog::column(table, name);
    same = same && found != nullptr && !found->type.schema && catalog.is_builtin_type(found->type.name);
  });
  return same;
}

}  // namespace

std::optional<std::string> renamed_in(const catalog::Catalog& catalog, const catalog::Relation& table,
                                      std::string_view expression, const std::vector<Renamed>& renames,
                                      std::string_view row) {
  constexpr std::string_view head = "SELECT ";
  const std::string sql = fmt::format("{}({})", head, expression);
  const pg::Lexed lexed = pg::lex(sql, {.psql = false});
  std::vector<Edit> edits;
  bool known = false;
  pg::parse(sql, 0, lexed, [&](const pg::Parsed& parsed) {
    known = parsed.node != nullptr && lexed.statements.size() == 1;
    if (!known) return false;
    pg::each<ColumnRef>(parsed.node, [&](const ColumnRef& column) {
      const Symbol said = catalog.symbols.find(pg::column_name(column));
      const auto renamed = std::ranges::find(renames, said, &Renamed::from);
      const bool found = renamed != renames.end();
      known = known && said && (found || catalog::column(table, said) != nullptr);
      if (!known || (!found && row.empty())) return;
      Span at = name_at(sql, static_cast<std::size_t>(column.location) + parsed.base);
      // The last part of the name, unless all of it is another row's.
      if (row.empty())
        for (const pg::Token& token : pg::tokens(sql, 0))
          if (token.span.begin >= at.begin && token.span.end <= at.end) at.begin = token.span.begin;
      edits.push_back({at.begin, at.end, std::string(row) + ident(catalog.text(found ? renamed->to : said))});
    });
    if (!row.empty()) known = known && means_the_same_everywhere(catalog, table, renames, parsed.node);
    return known;
  });
  if (!known) return std::nullopt;
  std::ranges::sort(edits, {}, &Edit::begin);
  const std::string out = edited(sql, edits);
  return out.substr(head.size() + 1, out.size() - head.size() - 2);
}

void note_end(const catalog::Catalog& end, const Options& options, Context& context) {
  note_views(end, context);
  for (const Context::Rename& rename : context.renames) {
    const std::string& name = rename.table;
    if (context.followed.contains(name)) continue;
    for (const catalog::Schema* schema : end.schemas())
      for (const catalog::Relation* table : schema->relations) {
        if (table->dropped || !table->is_table() || end.qualified(*table) != name) continue;
        const catalog::Column* column = catalog::column(*table, end.symbols.find(rename.to));
        if (column == nullptr) continue;
        // A unique index that is new has to be there before the gate, for who asks by the new name: on a column that
        // stays.
        const bool unique =
            std::any_of(table->indexes.begin(), table->indexes.end(), [&](const catalog::Relation* index) {
              return !index->dropped && index->index != nullptr && index->index->unique &&
                     index->created.migration >= context.first_migration && names_column(*index->index, column->name);
            });
        std::string what = what_follows(end, *table, *column, context.first_migration,
                                        unique || options.dual_write == DualWrite::application,
                                        options.dual_write == DualWrite::trigger);
        // Its constraint keeps its name.
        if (what.empty() && options.pg_version >= 18 && column->not_null) what = "its NOT NULL constraint";
        if (!what.empty()) context.followed.emplace(name, std::move(what));
      }
  }
}

void rename_column(const Command& command, const ::RenameStmt& statement, Context& context, Pieces& pieces) {
  const effect::RelationEffect* table = command.table();
  const catalog::Catalog& catalog = *command.catalog;
  if (table == nullptr || table->is_new) return as_written(command, context, pieces);
  const std::string_view from = pg::text(statement.subname);
  const std::string_view to = pg::text(statement.newname);
  const catalog::Column* column =
      table->relation != nullptr ? catalog::column(*table->relation, catalog.symbols.find(from)) : nullptr;
  if (column == nullptr)
    return refuse(pieces,
                  fmt::format("the history does not make {}.{}: its type and what stands on it are not known",
                              command.table_name(), from),
                  "--schema FILE, a pg_dump --schema-only of the database");
  if (context.renamed_to(table->relation, column->name) != nullptr)
    return refuse(pieces, fmt::format("{} is renamed twice in one plan", from), "rename it once");
  if (std::string why = obstacle(catalog, *table->relation, *column); !why.empty())
    return refuse(pieces, std::move(why) + ", which is not carried over yet",
                  "rename it in the code only, or keep the name");
  const auto followed = context.followed.find(command.table_name());
  const bool trigger = command.options->dual_write == DualWrite::trigger;
  if (followed != context.followed.end() && !trigger)
    return refuse(pieces,
                  fmt::format("{} stands on {}.{}, is not made again for another column, and can follow this one only "
                              "where a trigger keeps both equal",
                              followed->second, command.table_name(), from),
                  "--dual-write trigger");
  if (trigger && !key_of(catalog, *table->relation))
    return refuse(pieces,
                  fmt::format("{} has no known unique index over NOT NULL columns to walk along", command.table_name()),
                  "add a primary key first");
  if (refuse_triggers(command, *table->relation, 2, pieces)) return;

  assume(catalog, *table, column->name, pieces, context.first_migration);
  Renamed renamed;
  renamed.table = table->relation;
  renamed.from = column->name;
  renamed.to = catalog.symbols.intern(to);
  renamed.not_null = column->not_null;
  renamed.default_sql = column->default_sql();
  renamed.follows = followed != context.followed.end();
  context.renamed.push_back(renamed);
  pieces.by = Operation::rename_column;
  const std::string label(catalog.text(table->name));
  pieces.why.push_back(fmt::format("every query of the release that runs now says {}.{}", label, from));
  pieces.release.push_back(fmt::format("uses {}.{} and no longer {}", label, to, from));
}

Pieces finish_renames(const catalog::Catalog& end, std::uint32_t first, const Options& options,
                      const std::vector<Renamed>& renames) {
  Pieces pieces;
  const catalog::Relation& relation = *renames.front().table;
  const std::string on = end.qualified(relation);
  const auto key = key_of(end, relation);
  for (const Renamed& renamed : renames)
    if (catalog::column(relation, renamed.to) == nullptr || relation.dropped || !key) {
      refuse(
          pieces,
          fmt::format("{}.{} is renamed, and is not there any more at the end of the plan", on, end.text(renamed.from)),
          "drop it under its old name");
      return pieces;
    }
  pieces.touches.push_back(on);
  const Table table{end, relation, renames, on, *key, first, options};
  for (const Renamed& renamed : renames) {
    add_beside(table, renamed, pieces);
    fill_beside(table, renamed, pieces);
  }
  if (renames.front().follows)
    keep_the_old(table, pieces);
  else
    keep_the_new(table, pieces);
  return pieces;
}

}  // namespace pglint::recipe
