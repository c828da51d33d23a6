// Renaming a column while both releases run: the new column beside the old one, kept equal, filled, and the old one
// dropped behind the gate. What stands on the old column is built again for the new one before.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "pg/tree.h"
#include "recipe/probe.h"
#include "recipe/recipes.h"
#include "recipe/sql.h"

namespace pglint::recipe {
namespace {

bool names_column(const catalog::Index& index, Symbol column) {
  return std::any_of(index.keys.begin(), index.keys.end(),
                     [&](const catalog::IndexKey& key) { return key.column == column; }) ||
         std::find(index.include.begin(), index.include.end(), column) != index.include.end() ||
         std::find(index.expression_columns.begin(), index.expression_columns.end(), column) !=
             index.expression_columns.end();
}

bool has_column(const Vec<Symbol>& columns, Symbol column) {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

// Why this column cannot be renamed in phases; empty if it can.
std::string obstacle(const catalog::Catalog& catalog, const catalog::Relation& table, const catalog::Column& column) {
  const std::string name = fmt::format("{}.{}", catalog.text(table.name), catalog.text(column.name));
  if (table.kind == catalog::RelationKind::partitioned_table || table.is_partition)
    return fmt::format("{} is a column of a partitioned table, whose indexes cannot be built CONCURRENTLY", name);
  if (!table.parents.empty() || !table.children.empty()) return fmt::format("{} is inherited", name);
  if (column.identity != catalog::Identity::none) return fmt::format("{} is an identity column", name);
  if (column.type.serial) return fmt::format("{} takes its values from a sequence that it owns", name);
  if (column.generated != catalog::Generated::none) return fmt::format("{} is generated", name);
  for (const catalog::GeneratedFrom& pair : table.generated_from)
    if (pair.source == column.name)
      return fmt::format("the generated column {} is computed from {}", catalog.text(pair.column), name);
  for (const catalog::Constraint* constraint : table.constraints) {
    if (constraint->dropped || !has_column(constraint->columns, column.name)) continue;
    if (constraint->kind == catalog::ConstraintKind::primary_key) return fmt::format("{} is in the primary key", name);
    if (constraint->kind == catalog::ConstraintKind::exclusion)
      return fmt::format("{} is in the exclusion constraint {}", name, catalog.text(constraint->name));
    if (constraint->kind == catalog::ConstraintKind::check)
      return fmt::format("the check {} names {}", catalog.text(constraint->name), name);
  }
  for (const catalog::Constraint* key : table.referenced_by)
    if (!key->dropped && has_column(key->referenced_columns, column.name))
      return fmt::format("the foreign key {} of {} points to {}", catalog.text(key->name),
                         catalog.qualified(*key->table), name);
  for (const catalog::Relation* view : table.dependents) {
    if (view->dropped) continue;
    for (const catalog::Dependency& read : view->reads)
      if (read.on == &table && (!read.column || read.column == column.name))
        return fmt::format(
            "{} {} reads {}",
            view->kind == catalog::RelationKind::materialized_view ? "the materialized view" : "the view",
            catalog.qualified(*view), name);
  }
  for (const catalog::ColumnUse& use : table.column_uses)
    if (use.column == column.name)
      return fmt::format("the {} {} names {}",
                         use.by == catalog::ColumnUse::By::trigger ? "trigger"
                         : use.by == catalog::ColumnUse::By::rule  ? "rule"
                                                                   : "policy",
                         catalog.text(use.object), name);
  for (const catalog::Trigger& trigger : table.triggers)
    if (!trigger.dropped && trigger.before && trigger.row && catalog.text(trigger.name) > "~pglint")
      return fmt::format("the trigger {} would fire behind the one that keeps both columns equal",
                         catalog.text(trigger.name));
  if (!table.rules.empty()) return fmt::format("{} has rules", catalog.qualified(table));
  if (table.replica_identity == 'i')
    return fmt::format("the replica identity of {} is an index, which may hold {}", catalog.qualified(table), name);
  if (table.of_type != nullptr) return fmt::format("{} is a typed table", catalog.qualified(table));
  if (type_text(catalog, column.type).empty()) return fmt::format("the type of {} is not known", name);
  for (const catalog::Relation* index : table.indexes)
    if (!index->dropped && index->index != nullptr && names_column(*index->index, column.name) &&
        index_definition(catalog, *index, "x", true, column.name, column.name).empty())
      return fmt::format(
          "the index {} has an expression, a predicate or a tablespace that would have to be carried over to the new "
          "column",
          catalog.text(index->name));
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

Sync sync_of(const catalog::Catalog& catalog, const catalog::Relation& table, const Renamed& renamed, bool unique,
             bool exact) {
  const std::string on = catalog.qualified(table);
  const std::string old_name = ident(catalog.text(renamed.from));
  const std::string new_name = ident(catalog.text(renamed.to));
  Sync sync;
  // The last of the BEFORE triggers, which fire in the order of their names' bytes: it has to see what the others
  // write.
  const std::string mark = digest(on + "." + new_name);
  sync.trigger = fmt::format("zz_pglint_sync_{}", mark);
  for (const catalog::Trigger& trigger : table.triggers)
    if (!trigger.dropped && trigger.before && trigger.row && catalog.text(trigger.name) > sync.trigger)
      sync.trigger = fmt::format("~pglint_sync_{}", mark);
  sync.function = catalog.qualified(table.schema, catalog.symbols.intern(sync.trigger));
  const std::string new_new = "NEW." + new_name;
  const std::string new_old = "NEW." + old_name;
  std::string lock;
  if (unique)
    lock = fmt::format(
        "    -- Two unique indexes hold the value now: who inserts the same one waits here, not between them.\n"
        "    IF {0} IS NOT NULL THEN\n"
        "      PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended({1} || {0}::pg_catalog.text, 0));\n"
        "    END IF;\n",
        new_new, literal(on + "." + new_name + ":"));
  sync.body = fmt::format(
      "\nBEGIN\n"
      "  IF TG_OP = 'INSERT' THEN\n"
      "    IF {0} IS NULL THEN\n"
      "      {0} := {1};\n"
      "    ELSE\n"
      "      {1} := {0};\n"
      "    END IF;\n"
      "{2}"
      "  ELSIF {3} THEN\n"
      "    {1} := {0};\n"
      "  ELSIF {4} THEN\n"
      "    {0} := {1};\n"
      "  END IF;\n"
      "  RETURN NEW;\n"
      "END\n",
      new_new, new_old, lock, differs(new_new, "OLD." + new_name, exact), differs(new_old, "OLD." + old_name, exact));
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

}  // namespace

void rename_column(const Command& command, const ::RenameStmt& statement, Context& context, Pieces& pieces) {
  const effect::RelationEffect* table = command.table();
  const catalog::Catalog& catalog = *command.catalog;
  if (table == nullptr || table->is_new) return as_written(command, pieces);
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
  if (command.options->dual_write == DualWrite::trigger && !key_of(catalog, *table->relation))
    return refuse(pieces,
                  fmt::format("{} has no known unique index over NOT NULL columns to walk along", command.table_name()),
                  "add a primary key first");

  assume(catalog, *table, column->name, pieces);
  Renamed renamed;
  renamed.table = table->relation;
  renamed.from = column->name;
  renamed.to = catalog.symbols.intern(to);
  renamed.not_null = column->not_null;
  context.renamed.push_back(renamed);
  pieces.by = Operation::rename_column;
  const std::string label(catalog.text(table->name));
  pieces.why.push_back(fmt::format("every query of the release that runs now says {}.{}", label, from));
  pieces.release.push_back(fmt::format("uses {}.{} and no longer {}", label, to, from));
}

Pieces finish_renames(const catalog::Catalog& end, std::uint32_t first, const Options& options,
                      const Context& context) {
  Pieces pieces;
  for (const Renamed& renamed : context.renamed) {
    const catalog::Relation& table = *renamed.table;
    const catalog::Column* column = catalog::column(table, renamed.to);
    const std::string on = end.qualified(table);
    const std::string from(end.text(renamed.from));
    const std::string to(end.text(renamed.to));
    const auto key = key_of(end, table);
    if (column == nullptr || table.dropped || !key) {
      refuse(pieces, fmt::format("{}.{} is renamed, and is not there any more at the end of the plan", on, from),
             "drop it under its old name");
      continue;
    }
    pieces.touches.push_back(on);
    bool unique = false;
    for (const catalog::Relation* index : table.indexes)
      unique = unique || (!index->dropped && index->index != nullptr && index->index->unique &&
                          names_column(*index->index, renamed.to));
    const bool exact = equality_is_exact(end, *column);
    const bool trigger = options.dual_write == DualWrite::trigger;
    const Sync sync = sync_of(end, table, renamed, unique, exact);
    const std::string old_gone = probe::no(probe::column(on, from));
    const std::string end_state = probe::both(old_gone, probe::column(on, to));

    // 1. The column, and what keeps both equal, in one transaction: no write falls between.
    std::string add =
        fmt::format("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}", on, ident(to), type_text(end, column->type));
    if (column->collation) add += fmt::format(" COLLATE {}", ident(end.text(column->collation)));
    std::string there = probe::column(end, on, to, column->type);
    Step expand = step(fmt::format("add-{}", slug(to)),
                       trigger ? fmt::format("{} beside {}, both kept equal by a trigger", to, from)
                               : fmt::format("{} beside {}", to, from),
                       {std::move(add), copy_properties(on, from, to)}, {});
    expand.undo = {fmt::format("ALTER TABLE {} DROP COLUMN IF EXISTS {}", on, ident(to))};
    if (trigger) {
      expand.sql.push_back(
          fmt::format("CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $pglint${}$pglint$",
                      sync.function, sync.body));
      const std::string create =
          fmt::format("TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
                      ident(sync.trigger), on, sync.function);
      if (options.pg_version < 14)
        expand.sql.push_back(fmt::format("DROP TRIGGER IF EXISTS {} ON {}", ident(sync.trigger), on));
      expand.sql.push_back((options.pg_version < 14 ? "CREATE " : "CREATE OR REPLACE ") + create);
      there = probe::both(there, probe::trigger(on, sync.trigger, sync.body));
      expand.undo = {fmt::format("DROP TRIGGER IF EXISTS {} ON {}", ident(sync.trigger), on),
                     fmt::format("DROP FUNCTION IF EXISTS {}()", sync.function), expand.undo.front()};
    }
    expand.done_when = probe::query(probe::either(there, end_state));
    place(pieces, Slot::expand, std::move(expand));

    // 2. The rows that are there.
    Step fill;
    fill.id = fmt::format("fill-{}", slug(to));
    fill.comment = fmt::format("Copies {} to {} in the rows that are there", from, to);
    fill.kind = StepKind::backfill;
    fill.lock_class = LockClass::c;
    Backfill rows;
    rows.table = on;
    rows.index = key->index;
    rows.key = key->columns;
    rows.set = {{to, ident(from)}};
    rows.where = differs(ident(to), ident(from), exact);
    rows.proof = fmt::format("SELECT 1 FROM {} WHERE {} LIMIT 1", on, rows.where);
    fill.backfill = std::move(rows);
    place(pieces, Slot::backfill, std::move(fill));

    // 3. What stood on the column before the plan, again for the new one. Names are taken until the old column goes.
    std::vector<std::string> final_names;
    std::string final_conditions;
    for (const catalog::Relation* index : table.indexes) {
      if (index->dropped || index->index == nullptr || !names_column(*index->index, renamed.to) ||
          index->created.migration >= first)
        continue;
      const std::string final_name(end.text(index->name));
      const std::string temporary = name_beside(final_name, "pglint");
      const std::string qualified = end.qualified(table.schema, end.symbols.intern(temporary));
      const std::string final_qualified = end.qualified(*index);
      probe::IndexShape shape{index->index->unique, index_columns(end, *index->index),
                              !index->index->predicate.empty()};
      const catalog::Constraint* constraint = index->index->constraint;
      Step build = step(fmt::format("build-{}", slug(final_name)),
                        fmt::format("{} for {}, under a name of its own until {} goes", final_name, to, from),
                        {index_definition(end, *index, temporary, true)},
                        probe::either(probe::index(on, qualified, shape),
                                      probe::both(old_gone, probe::index(on, final_qualified, shape))));
      build.own_transaction = false;
      build.lock_class = LockClass::b;
      build.undo = {fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {}", qualified)};
      place(pieces, Slot::build, std::move(build));
      // A database that has the original migration has the final name, and a copy that a file may have built.
      const std::string in_place = constraint != nullptr ? probe::constraint(on, final_name, 'u', probe::Valid::any)
                                                         : probe::relation(final_qualified);
      const std::string take = constraint == nullptr
                                   ? fmt::format("ALTER INDEX {} RENAME TO {}", qualified, ident(final_name))
                                   : fmt::format("ALTER TABLE {} ADD CONSTRAINT {} UNIQUE USING INDEX {}{}", on,
                                                 ident(final_name), ident(temporary),
                                                 !constraint->deferrable          ? ""
                                                 : constraint->initially_deferred ? " DEFERRABLE INITIALLY DEFERRED"
                                                                                  : " DEFERRABLE");
      final_names.push_back(do_block(fmt::format("BEGIN\n  IF NOT {} THEN\n    {};\n  END IF;\nEND", in_place, take)));
      final_names.push_back(fmt::format("DROP INDEX IF EXISTS {}", qualified));
      final_conditions += "\n  AND " + probe::no(probe::relation(qualified));
      final_conditions += "\n  AND " + probe::index(on, final_qualified, shape);
    }
    for (const catalog::Constraint* constraint : table.constraints) {
      if (constraint->dropped || constraint->kind != catalog::ConstraintKind::foreign_key ||
          constraint->created.migration >= first || !has_column(constraint->columns, renamed.to))
        continue;
      refuse(pieces,
             fmt::format("the foreign key {} of {} names {}, which is not carried over yet", end.text(constraint->name),
                         on, from),
             "drop and add the foreign key in the same migration, under another name");
    }

    Step analyze =
        step(fmt::format("analyze-{}", slug(to)), "So that plans do not change when the next release asks for it",
             {fmt::format("ANALYZE {} ({})", on, ident(to))}, {});
    analyze.lock_class = LockClass::b;
    place(pieces, Slot::build, std::move(analyze));

    // 4. Behind the gate.
    if (column->default_volatility != catalog::Volatility::none && !column->default_sql.empty()) {
      Step set = step(
          fmt::format("default-{}", slug(to)), fmt::format("Only now: before, it would hide what {} was given", from),
          {fmt::format("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}", on, ident(to), column->default_sql)},
          probe::has_default(on, to));
      set.undo = {fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT", on, ident(to))};
      place(pieces, Slot::tighten, std::move(set));
    }
    if (renamed.not_null) tighten_not_null(on, end.text(table.name), to, {}, options.pg_version, pieces);
    if (!trigger && renamed.not_null) {
      Step loosen =
          step(fmt::format("allow-null-{}", slug(from)), fmt::format("The next release no longer writes {}", from),
               {fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", on, ident(from))},
               probe::no(probe::not_null(on, from)));
      loosen.undo = {fmt::format("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", on, ident(from))};
      place(pieces, Slot::tighten, std::move(loosen));
    }
    Step contract =
        step(fmt::format("drop-{}", slug(from)), fmt::format("{} goes, and with it what kept it equal", from), {}, {});
    if (trigger) contract.sql.push_back(fmt::format("DROP TRIGGER IF EXISTS {} ON {}", ident(sync.trigger), on));
    contract.sql.push_back(fmt::format("ALTER TABLE {} DROP COLUMN IF EXISTS {}", on, ident(from)));
    if (trigger) contract.sql.push_back(fmt::format("DROP FUNCTION IF EXISTS {}()", sync.function));
    for (std::string& sql : final_names) contract.sql.push_back(std::move(sql));
    contract.done_when = probe::query(end_state + final_conditions);
    contract.irreversible = true;
    place(pieces, Slot::contract, std::move(contract));
  }
  return pieces;
}

}  // namespace pglint::recipe
