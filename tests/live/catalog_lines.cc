#include "catalog_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <unordered_map>

#include "catalog/replay.h"
#include "catalog/transaction.h"
#include "pg/lexer.h"
#include "pg/parse.h"

namespace pglint::test {
namespace {

using namespace catalog;

// --- the server's ----------------------------------------------------------------------------------------------------

// Every line begins with "= ". Objects of extensions and of temporary schemas that are gone stay out.
constexpr std::string_view query = R"sql(
\pset tuples_only on
\pset format unaligned
CREATE FUNCTION pg_temp.s(oid) RETURNS text LANGUAGE sql AS
  $$ SELECT regexp_replace(nspname, '^pg_temp_[0-9]+$', 'pg_temp') FROM pg_namespace WHERE oid = $1 $$;
CREATE FUNCTION pg_temp.r(oid) RETURNS text LANGUAGE sql AS
  $$ SELECT pg_temp.s(relnamespace) || '.' || relname FROM pg_class WHERE oid = $1 $$;
CREATE FUNCTION pg_temp.cols(oid, smallint[]) RETURNS text LANGUAGE sql AS
  $$ SELECT coalesce(string_agg(coalesce(a.attname, '?'), ',' ORDER BY k.n), '')
     FROM unnest($2) WITH ORDINALITY AS k(num, n) LEFT JOIN pg_attribute a ON a.attrelid = $1 AND a.attnum = k.num $$;
CREATE FUNCTION pg_temp.sorted_cols(oid, smallint[]) RETURNS text LANGUAGE sql AS
  $$ SELECT coalesce(string_agg(a.attname, ',' ORDER BY a.attname COLLATE "C"), '')
     FROM (SELECT DISTINCT unnest($2) AS num) AS k JOIN pg_attribute a ON a.attrelid = $1 AND a.attnum = k.num $$;
CREATE FUNCTION pg_temp.t(typ oid, mod int) RETURNS text LANGUAGE sql AS
  $$ SELECT (CASE WHEN n.nspname = 'pg_catalog' THEN '' ELSE pg_temp.s(n.oid) || '.' END) || e.typname ||
       (CASE WHEN mod < 0 THEN ''
             WHEN e.typname IN ('varchar', 'bpchar') THEN format('(%s,-1)', mod - 4)
             WHEN e.typname = 'numeric' THEN format('(%s,%s)', ((mod - 4) >> 16) & 65535, (mod - 4) & 2047)
             WHEN e.typname = 'interval' THEN
               CASE WHEN mod & 65535 = 65535 AND (mod >> 16) & 32767 = 32767 THEN '' ELSE format('(%s,%s)',
                 CASE mod & 65535 WHEN 65535 THEN -1 ELSE mod & 65535 END,
                 CASE (mod >> 16) & 32767 WHEN 32767 THEN -1 ELSE (mod >> 16) & 32767 END) END
             ELSE format('(%s,-1)', mod) END) ||
       CASE WHEN b.typelem <> 0 AND b.typlen = -1 AND b.typcategory = 'A' THEN '[]' ELSE '' END
     FROM pg_type b JOIN pg_type e ON e.oid = CASE WHEN b.typelem <> 0 AND b.typlen = -1 AND b.typcategory = 'A'
                                                   THEN b.typelem ELSE b.oid END
     JOIN pg_namespace n ON n.oid = e.typnamespace WHERE b.oid = typ $$;
CREATE TEMP VIEW mine AS
  SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'i', 'I', 'f', 'c') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND n.nspname !~ '^pg_toast_temp' AND c.relname <> 'mine'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e' AND
      (d.classid, d.objid) IN (('pg_class'::regclass, c.oid), ('pg_type'::regclass, c.reltype)));
SELECT '= schema ' || nspname FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public');
SELECT '= extension ' || extname FROM pg_extension WHERE extname <> 'plpgsql';
SELECT format('= relation %s %s %s', pg_temp.r(oid), relkind, relpersistence) || CASE WHEN relkind IN ('r', 'p', 'f')
  THEN format(' partition=%s rls=%s identity=%s', relispartition, relrowsecurity, relreplident) ELSE '' END
FROM mine;
SELECT '= column ' || pg_temp.r(c.oid) || '.' || attname ||
  CASE WHEN relkind IN ('r', 'p', 'f') THEN format(' notnull=%s identity=%s generated=%s default=%s local=%s inherited=%s',
    attnotnull, attidentity, attgenerated, coalesce(atthasdef AND attgenerated = '' AND
      pg_get_expr(d.adbin, d.adrelid) !~ '^NULL::', false), attislocal, attinhcount) ELSE '' END ||
  CASE WHEN relkind IN ('r', 'p', 'f', 'c') AND attcollation <> typcollation THEN ' collate ' || (SELECT collname FROM pg_collation l WHERE l.oid = attcollation) ELSE '' END
FROM mine c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND attnum > 0 AND NOT attisdropped;
SELECT '= type ' || pg_temp.r(c.oid) || '.' || attname || ' ' || pg_temp.t(atttypid, atttypmod)
FROM mine c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND attnum > 0 AND NOT attisdropped;
SELECT format('= constraint %s:%s %s valid=%s deferrable=%s deferred=%s noinherit=%s local=%s inherited=%s (%s)%s',
  pg_temp.r(conrelid), conname, contype, convalidated, condeferrable, condeferred,
  contype IN ('c', 'n') AND connoinherit, conislocal, coninhcount > 0,
  CASE contype WHEN 'c' THEN pg_temp.sorted_cols(conrelid, conkey) WHEN 'x' THEN '' ELSE pg_temp.cols(conrelid, conkey) END,
  CASE contype WHEN 'f' THEN format(' references %s(%s) delete=%s update=%s', pg_temp.r(confrelid),
    pg_temp.cols(confrelid, confkey), confdeltype, confupdtype) ELSE '' END)
FROM pg_constraint o JOIN mine c ON c.oid = o.conrelid
WHERE contype IN ('c', 'f', 'p', 'u', 'x', 'n')
  AND NOT EXISTS (SELECT FROM pg_constraint up WHERE up.oid = o.conparentid AND up.conrelid = o.conrelid);
SELECT format('= index %s on %s %s unique=%s valid=%s nnd=%s (%s) include(%s) partial=%s constraint=%s parent=%s',
  pg_temp.r(i.indexrelid), pg_temp.r(i.indrelid), am.amname, i.indisunique, i.indisvalid, i.indnullsnotdistinct,
  (SELECT string_agg(CASE WHEN i.indkey[k - 1] = 0 THEN '<' || ia.attname || '>' ELSE ta.attname END ||
     CASE WHEN i.indoption[k - 1] & 1 <> 0 THEN ' desc' ELSE '' END ||
     CASE WHEN i.indoption[k - 1] & 2 <> 0 THEN ' first' ELSE '' END, ',' ORDER BY k)
   FROM generate_series(1, i.indnkeyatts) k JOIN pg_attribute ia ON ia.attrelid = i.indexrelid AND ia.attnum = k
   LEFT JOIN pg_attribute ta ON ta.attrelid = i.indrelid AND ta.attnum = i.indkey[k - 1]),
  coalesce((SELECT string_agg(ta.attname, ',' ORDER BY k) FROM generate_series(i.indnkeyatts + 1, i.indnatts) k
   JOIN pg_attribute ta ON ta.attrelid = i.indrelid AND ta.attnum = i.indkey[k - 1]), ''),
  i.indpred IS NOT NULL, EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x')),
  coalesce((SELECT pg_temp.r(inhparent) FROM pg_inherits h WHERE h.inhrelid = i.indexrelid), '-'))
FROM pg_index i JOIN mine c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam;
SELECT '= inherits ' || pg_temp.r(inhrelid) || ' ' || pg_temp.r(inhparent)
FROM pg_inherits JOIN mine c ON c.oid = inhrelid WHERE c.relkind NOT IN ('i', 'I');
SELECT '= owned ' || pg_temp.r(d.objid) || ' ' || pg_temp.r(d.refobjid) || '.' || a.attname
FROM pg_depend d JOIN mine c ON c.oid = d.objid AND c.relkind = 'S'
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i');
SELECT '= value ' || pg_temp.s(t.typnamespace) || '.' || t.typname || ' ' || enumlabel
FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid;
SELECT format('= domain %s.%s %s notnull=%s', pg_temp.s(typnamespace), typname, pg_temp.t(typbasetype, typtypmod), typnotnull)
FROM pg_type WHERE typtype = 'd' AND typnamespace <> 'information_schema'::regnamespace;
SELECT format('= domain-check %s.%s %s valid=%s', pg_temp.s(t.typnamespace), t.typname, conname, convalidated)
FROM pg_constraint o JOIN pg_type t ON t.oid = o.contypid WHERE contype = 'c' AND t.typnamespace <> 'information_schema'::regnamespace;
SELECT format('= range %s.%s', pg_temp.s(typnamespace), typname) FROM pg_type t
WHERE typtype = 'r' AND typnamespace <> 'pg_catalog'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e');
SELECT DISTINCT '= reads ' || pg_temp.r(w.ev_class) || ' ' || pg_temp.r(d.refobjid) || '.' || coalesce(a.attname, '-')
FROM pg_rewrite w JOIN mine c ON c.oid = w.ev_class JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
JOIN mine target ON target.oid = d.refobjid
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND d.refobjsubid <> 0
WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class AND c.relkind IN ('v', 'm');
SELECT format('= function %s.%s(%s) %s %s kind=%s', pg_temp.s(pronamespace), proname,
  (SELECT string_agg(regexp_replace(pg_temp.t(a.typ, -1), '^.*\.', ''), ',' ORDER BY a.n) FROM unnest(proargtypes) WITH ORDINALITY AS a(typ, n)),
  provolatile, (SELECT lanname FROM pg_language l WHERE l.oid = prolang), prokind)
FROM pg_proc p WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  AND pronamespace <> pg_my_temp_schema() AND prokind IN ('f', 'p')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'));
SELECT format('= aggregate %s.%s(%s)', pg_temp.s(pronamespace), proname,
  (SELECT string_agg(regexp_replace(pg_temp.t(a.typ, -1), '^.*\.', ''), ',' ORDER BY a.n) FROM unnest(proargtypes) WITH ORDINALITY AS a(typ, n)))
FROM pg_proc p WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  AND pronamespace <> pg_my_temp_schema() AND prokind = 'a'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'));
SELECT format('= trigger %s %s enabled=%s row=%s before=%s events=%s inherited=%s', pg_temp.r(tgrelid), tgname,
  tgenabled <> 'D', tgtype & 1 <> 0, tgtype & 2 <> 0,
  ((tgtype >> 2) & 1) + ((tgtype >> 4) & 1) * 2 + ((tgtype >> 3) & 1) * 4 + ((tgtype >> 5) & 1) * 8, tgparentid <> 0)
FROM pg_trigger WHERE NOT tgisinternal;
SELECT '= policy ' || pg_temp.r(polrelid) || ' ' || polname FROM pg_policy;
SELECT '= rule ' || pg_temp.r(ev_class) || ' ' || rulename FROM pg_rewrite JOIN mine c ON c.oid = ev_class WHERE rulename <> '_RETURN';
\echo = end
)sql";

// --- the model's -----------------------------------------------------------------------------------------------------

char letter(RelationKind kind) {
  constexpr std::string_view letters = "rpiIvmSfc";
  return letters[static_cast<std::size_t>(kind)];
}

char letter(Persistence persistence) {
  constexpr std::string_view letters = "put";
  return letters[static_cast<std::size_t>(persistence)];
}

char letter(ConstraintKind kind) {
  constexpr std::string_view letters = "pucfxn";
  return letters[static_cast<std::size_t>(kind)];
}

char letter(Action action) {
  constexpr std::string_view letters = "arcnd";
  return letters[static_cast<std::size_t>(action)];
}

char letter(Volatility volatility) {
  switch (volatility) {
    case Volatility::constant:
      return 'i';
    case Volatility::stable:
      return 's';
    default:
      return 'v';
  }
}

constexpr char flag(bool value) { return value ? 't' : 'f'; }

class Model {
 public:
  Model(const Catalog& catalog, const std::vector<std::string>& served) : c_(catalog) {
    for (const std::string& line : served) {
      if (!line.starts_with("type ")) continue;
      types_.emplace(line.substr(0, line.find(' ', 5)), line);
    }
  }

  std::vector<std::string> run() {
    for (const Schema* schema : c_.schemas()) {
      if (!schema->dropped && schema->known && c_.text(schema->name) != "public")
        add("schema {}", c_.text(schema->name));
      for (const Relation* relation : schema->relations)
        if (!relation->dropped && relation->schema == schema->name && relation->known) describe(*relation);
      for (const Type* type : schema->types)
        if (!type->dropped && type->schema == schema->name) describe(*type);
      for (const Function* function : schema->functions)
        if (!function->dropped && function->schema == schema->name && c_.text(schema->name) != "pg_temp")
          describe(*function);
    }
    for (const Symbol extension : c_.extensions())
      if (c_.text(extension) != "plpgsql") add("extension {}", c_.text(extension));
    std::sort(lines_.begin(), lines_.end());
    lines_.erase(std::unique(lines_.begin(), lines_.end()), lines_.end());
    return std::move(lines_);
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    lines_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  std::string name(const Relation& relation) const {
    return fmt::format("{}.{}", c_.text(relation.schema), c_.text(relation.name));
  }
  std::string names(const Vec<Symbol>& symbols, bool sorted = false) const {
    std::vector<std::string_view> texts;
    for (const Symbol symbol : symbols) texts.push_back(c_.text(symbol));
    if (sorted) std::sort(texts.begin(), texts.end());
    return fmt::format("{}", fmt::join(texts, ","));
  }

  std::string type(const TypeName& type) const {
    std::string out;
    if (type.schema) out += fmt::format("{}.", c_.text(type.schema));
    out += c_.text(type.name);
    if (type.typmods[0] != -1 || type.typmods[1] != -1) out += fmt::format("({},{})", type.typmods[0], type.typmods[1]);
    // The server keeps no more than that it is an array.
    if (type.array_dimensions != 0) out += "[]";
    return out;
  }

  void describe(const Relation& relation) {
    const std::string relname = name(relation);
    const bool table = relation.is_table() || relation.kind == RelationKind::foreign_table;
    std::string line = fmt::format("relation {} {} {}", relname, letter(relation.kind), letter(relation.persistence));
    if (table)
      line += fmt::format(" partition={} rls={} identity={}", flag(relation.is_partition), flag(relation.row_security),
                          relation.replica_identity);
    lines_.push_back(std::move(line));
    for (const Column& column : relation.columns)
      if (!column.dropped) describe(relation, relname, column, table);
    for (const Constraint* constraint : relation.constraints)
      if (!constraint->dropped) describe(relname, *constraint);
    if (relation.index != nullptr) {
      describe(relname, relation);
    } else {
      for (const Relation* parent : relation.extra().parents) add("inherits {} {}", relname, name(*parent));
    }
    if (relation.owner_table != nullptr)
      add("owned {} {}.{}", relname, name(*relation.owner_table), c_.text(relation.owner_column));
    for (const Dependency& read : relation.extra().reads)
      add("reads {} {}.{}", relname, name(*read.on), read.column ? c_.text(read.column) : std::string_view("-"));
    for (const Trigger& trigger : relation.extra().triggers)
      if (!trigger.dropped)
        add("trigger {} {} enabled={} row={} before={} events={} inherited={}", relname, c_.text(trigger.name),
            flag(trigger.enabled), flag(trigger.row), flag(trigger.before), trigger.events, flag(trigger.inherited));
    for (const Symbol policy : relation.extra().policies) add("policy {} {}", relname, c_.text(policy));
    for (const Symbol rule : relation.extra().rules) add("rule {} {}", relname, c_.text(rule));
  }

  void describe(const Relation& relation, const std::string& relname, const Column& column, bool table) {
    std::string line = fmt::format("column {}.{}", relname, c_.text(column.name));
    if (table) {
      const bool has_default = column.default_volatility != Volatility::none && !column.default_null;
      constexpr std::string_view identity[] = {"", "a", "d"};
      constexpr std::string_view generated[] = {"", "s", "v"};
      line += fmt::format(" notnull={} identity={} generated={} default={} local={} inherited={}",
                          flag(column.not_null), identity[static_cast<std::size_t>(column.identity)],
                          generated[static_cast<std::size_t>(column.generated)], flag(has_default), flag(column.local),
                          column.inherited);
    }
    if ((table || relation.kind == RelationKind::composite) && column.collation)
      line += fmt::format(" collate {}", c_.text(column.collation));
    lines_.push_back(std::move(line));
    const std::string prefix = fmt::format("type {}.{}", relname, c_.text(column.name));
    if (column.type.name) {
      lines_.push_back(prefix + " " + type(column.type));
    } else if (const auto found = types_.find(prefix); found != types_.end()) {
      lines_.push_back(found->second);
    }
  }

  void describe(const std::string& relname, const Constraint& constraint) {
    std::string line =
        fmt::format("constraint {}:{} {} valid={} deferrable={} deferred={} noinherit={} local={} inherited={} ({})",
                    relname, c_.text(constraint.name), letter(constraint.kind), flag(constraint.valid),
                    flag(constraint.deferrable), flag(constraint.initially_deferred), flag(constraint.no_inherit),
                    flag(constraint.local), flag(constraint.parent != nullptr),
                    constraint.kind == ConstraintKind::exclusion
                        ? std::string()
                        : names(constraint.columns, constraint.kind == ConstraintKind::check));
    if (constraint.kind == ConstraintKind::foreign_key)
      line +=
          fmt::format(" references {}({}) delete={} update={}", name(*constraint.references),
                      names(constraint.referenced_columns), letter(constraint.on_delete), letter(constraint.on_update));
    lines_.push_back(std::move(line));
  }

  // An index.
  void describe(const std::string& relname, const Relation& relation) {
    const Index& index = *relation.index;
    std::vector<std::string> keys;
    for (const IndexKey& key : index.keys)
      keys.push_back(
          fmt::format("{}{}{}", key.column ? std::string(c_.text(key.column)) : fmt::format("<{}>", c_.text(key.label)),
                      key.descending ? " desc" : "", key.nulls_first ? " first" : ""));
    add("index {} on {} {} unique={} valid={} nnd={} ({}) include({}) partial={} constraint={} parent={}", relname,
        index.table == nullptr ? std::string("-") : name(*index.table), c_.text(index.method), flag(index.unique),
        flag(index.valid), flag(index.nulls_not_distinct), fmt::join(keys, ","), names(index.include),
        flag(!index.predicate.empty()), flag(index.constraint != nullptr),
        relation.extra().parents.empty() ? std::string("-") : name(*relation.extra().parents[0]));
  }

  void describe(const Function& one) {
    const auto [schema, name, signature] = std::array{c_.text(one.schema), c_.text(one.name), c_.text(one.signature)};
    if (one.aggregate)
      add("aggregate {}.{}({})", schema, name, signature);
    else
      add("function {}.{}({}) {} {} kind={}", schema, name, signature, letter(one.declared), c_.text(one.language),
          one.procedure ? 'p' : 'f');
  }

  void describe(const Type& one) {
    const std::string typname = fmt::format("{}.{}", c_.text(one.schema), c_.text(one.name));
    switch (one.kind) {
      case TypeKind::enumeration:
        for (const EnumValue& value : one.values) add("value {} {}", typname, c_.text(value.name));
        break;
      case TypeKind::domain:
        add("domain {} {} notnull={}", typname, type(one.base), flag(one.domain_not_null));
        for (const Constraint* check : one.checks)
          if (!check->dropped) add("domain-check {} {} valid={}", typname, c_.text(check->name), flag(check->valid));
        break;
      case TypeKind::range:
        add("range {}", typname);
        break;
      case TypeKind::composite:
      case TypeKind::base:
        break;
    }
  }

  const Catalog& c_;
  std::unordered_map<std::string, std::string> types_;
  std::vector<std::string> lines_;
};

// Statements that change data, and blocks and calls, which may do anything: neither side gets to see them.
bool is_left_out(std::string_view statement) {
  const auto starts = [&](std::string_view word) {
    return statement.size() >= word.size() &&
           std::equal(word.begin(), word.end(), statement.begin(), [](char a, char b) {
             return a == (b >= 'a' && b <= 'z' ? static_cast<char>(b - 'a' + 'A') : b);
           });
  };
  if (starts("SELECT"))
    return statement.find("set_config") == std::string_view::npos && statement.find("INTO") == std::string_view::npos;
  for (const std::string_view word :
       {"DO ", "DO\n", "DO$", "CALL", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "COPY", "TRUNCATE"})
    if (starts(word)) return true;
  return false;
}

}  // namespace

std::vector<std::string> model_lines(const Catalog& catalog, const std::vector<std::string>& served) {
  return Model(catalog, served).run();
}

Replayed replay_on(const ScratchServer& server, std::string_view history) {
  Replayed out;
  const pg::Lexed lexed = pg::lex(history);
  const std::string_view text = lexed.blanked.empty() ? history : std::string_view(lexed.blanked);

  std::vector<pg::Cut> sent;
  for (const pg::Cut& cut : lexed.statements)
    if (!is_left_out(text.substr(cut.span.begin, cut.span.size()))) sent.push_back(cut);

  // Each statement, and the SQLSTATE that it ended with.
  const std::filesystem::path file = std::filesystem::current_path() / "catalog-history.sql";
  {
    std::ofstream script(file, std::ios::binary);
    script << "\\set ON_ERROR_ROLLBACK on\n";
    for (const pg::Cut& cut : sent)
      script << text.substr(cut.span.begin, cut.span.size()) << "\n;\n\\echo @:SQLSTATE\n";
    script << "ROLLBACK;\nRESET ALL;\n" << query;
  }
  static_cast<void>(
      server.psql("postgres", {"-c", "DROP DATABASE IF EXISTS history", "-c", "CREATE DATABASE history"}));
  const Finished finished = server.psql("history", {"-v", "ON_ERROR_STOP=0", "-f", file.string()});
  std::vector<bool> taken;
  std::istringstream lines(finished.out);
  bool ended = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('@')) {
      taken.push_back(line == "@00000");
      if (!taken.back()) ++out.refused;
    } else if (line == "= end") {
      ended = true;
    } else if (line.starts_with("= ")) {
      out.served.push_back(line.substr(2));
    }
  }
  out.statements = sent.size();
  if (!ended || taken.size() != sent.size()) {
    out.trouble = fmt::format("{} of {} statements ran\n{}", taken.size(), sent.size(), finished.err);
    return out;
  }
  std::sort(out.served.begin(), out.served.end());

  Catalog catalog;
  catalog.now.migration = 1;
  Transactions transactions(catalog);
  transactions.begin_run(false);
  transactions.begin_file(false);
  transactions.begin_script(Sent::statement, false, static_cast<std::uint32_t>(lexed.statements.size()));
  std::size_t number = 0;
  pg::Lexed chosen = lexed;
  chosen.statements = sent;
  chosen.errors.clear();
  pg::parse(text, 0, chosen, [&](const pg::Parsed& parsed) {
    if (!taken[number++] || parsed.node == nullptr) return true;
    transactions.before(parsed.node);
    apply(catalog, parsed.node, text.substr(parsed.base), server.version());
    transactions.after(parsed.node);
    return true;
  });
  transactions.end_script();
  transactions.end_file();
  transactions.end_run();
  out.model = model_lines(catalog, out.served);
  return out;
}

std::string differences(const Replayed& replayed) {
  std::vector<std::string> only;
  std::string out;
  std::set_difference(replayed.served.begin(), replayed.served.end(), replayed.model.begin(), replayed.model.end(),
                      std::back_inserter(only));
  for (const std::string& line : only) out += "- " + line + "\n";
  only.clear();
  std::set_difference(replayed.model.begin(), replayed.model.end(), replayed.served.begin(), replayed.served.end(),
                      std::back_inserter(only));
  for (const std::string& line : only) out += "+ " + line + "\n";
  return out;
}

}  // namespace pglint::test
