#include "live/chain/compare.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <sstream>

namespace pglint::test::chain {
namespace {

// What a function of the catalogue prints may depend on search_path: it is empty, so that all names are qualified. What
// only some versions have is read through to_jsonb.
constexpr const char* functions = R"sql(
SET jit = off;
SET search_path = '';
CREATE FUNCTION pg_temp.acl(items aclitem[]) RETURNS text LANGUAGE sql AS
  $$SELECT coalesce((SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(items) x), '-')$$;
CREATE FUNCTION pg_temp.options(items text[]) RETURNS text LANGUAGE sql AS
  $$SELECT coalesce((SELECT string_agg(x, ',' ORDER BY x) FROM unnest(items) x), '-')$$;
CREATE FUNCTION pg_temp.said(object oid, catalog text, part int DEFAULT 0) RETURNS text LANGUAGE sql AS
  $$SELECT coalesce((SELECT description FROM pg_description
      WHERE objoid = object AND classoid = ('pg_catalog.' || catalog)::regclass AND objsubid = part), '-')$$;
CREATE TEMP VIEW mine AS SELECT oid, nspname FROM pg_namespace
  WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'pglint');
CREATE TEMP VIEW relations AS SELECT c.* FROM pg_class c JOIN pg_temp.mine n ON n.oid = relnamespace;
)sql";

constexpr const char* objects = R"sql(
SELECT replace(line, E'\n', '\n') FROM (
SELECT format('schema %I owner=%s acl=%s says=%s', s.nspname, s.nspowner::regrole, pg_temp.acl(s.nspacl),
    pg_temp.said(s.oid, 'pg_namespace'))
  FROM pg_namespace s JOIN pg_temp.mine USING (oid)
UNION ALL
SELECT format('relation %s kind=%s persistence=%s owner=%s acl=%s rls=%s/%s identity=%s options=%s bound=%s key=%s am=%s typed=%s view=%s says=%s',
    c.oid::regclass, relkind, relpersistence, relowner::regrole, pg_temp.acl(relacl), relrowsecurity,
    relforcerowsecurity, relreplident, pg_temp.options(reloptions), pg_get_expr(relpartbound, c.oid),
    CASE WHEN relkind = 'p' THEN pg_get_partkeydef(c.oid) END, (SELECT amname FROM pg_am a WHERE a.oid = relam),
    CASE WHEN reloftype <> 0 THEN reloftype::regtype END,
    CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END, pg_temp.said(c.oid, 'pg_class'))
  FROM pg_temp.relations c WHERE relkind NOT IN ('i', 'I')
UNION ALL
SELECT format('column %s.%I %s collation=%s notnull=%s default=%s identity=%s generated=%s storage=%s compression=%s statistics=%s options=%s acl=%s inherited=%s/%s says=%s',
    c.oid::regclass, attname, format_type(atttypid, atttypmod),
    CASE WHEN attcollation <> 0 THEN attcollation::regcollation END, attnotnull, pg_get_expr(adbin, adrelid),
    attidentity, attgenerated, attstorage, to_jsonb(a) ->> 'attcompression', coalesce(attstattarget, -1),
    pg_temp.options(attoptions), pg_temp.acl(attacl), attislocal, attinhcount, pg_temp.said(c.oid, 'pg_class', attnum))
  FROM pg_temp.relations c JOIN pg_attribute a ON attrelid = c.oid
  LEFT JOIN pg_attrdef ON adrelid = c.oid AND adnum = attnum
  WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT format('inherits %s %s', inhrelid::regclass, inhparent::regclass)
  FROM pg_inherits JOIN pg_temp.relations c ON c.oid = inhrelid
UNION ALL
SELECT format('constraint %s %I type=%s valid=%s deferrable=%s/%s noinherit=%s inherited=%s/%s index=%s %s says=%s',
    CASE WHEN conrelid <> 0 THEN conrelid::regclass::text ELSE contypid::regtype::text END, conname, contype,
    convalidated, condeferrable, condeferred, connoinherit, conislocal, coninhcount,
    CASE WHEN conindid <> 0 THEN conindid::regclass END, pg_get_constraintdef(k.oid),
    pg_temp.said(k.oid, 'pg_constraint'))
  FROM pg_constraint k JOIN pg_temp.mine n ON n.oid = connamespace
UNION ALL
SELECT format('index %s valid=%s ready=%s live=%s unique=%s primary=%s immediate=%s clustered=%s identity=%s statistics=%s %s says=%s',
    c.oid::regclass, indisvalid, indisready, indislive, indisunique, indisprimary, indimmediate, indisclustered,
    indisreplident,
    (SELECT string_agg(coalesce(attstattarget, -1)::text, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid),
    pg_get_indexdef(c.oid), pg_temp.said(c.oid, 'pg_class'))
  FROM pg_temp.relations c JOIN pg_index ON indexrelid = c.oid
UNION ALL
SELECT format('sequence %s %s start=%s increment=%s from=%s to=%s cache=%s cycle=%s owned=%s', c.oid::regclass,
    seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle,
    (SELECT format('%s.%I %s', attrelid::regclass, attname, deptype) FROM pg_depend
      JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
      WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid AND deptype IN ('a', 'i')))
  FROM pg_temp.relations c JOIN pg_sequence ON seqrelid = c.oid
UNION ALL
SELECT format('trigger %s enabled=%s says=%s', pg_get_triggerdef(t.oid), tgenabled, pg_temp.said(t.oid, 'pg_trigger'))
  FROM pg_trigger t JOIN pg_temp.relations c ON c.oid = tgrelid WHERE NOT tgisinternal
UNION ALL
SELECT format('policy %I.%I %I %s %s to=%s using=%s check=%s', schemaname, tablename, policyname, permissive, cmd, roles,
    qual, with_check)
  FROM pg_policies JOIN pg_temp.mine ON nspname = schemaname
UNION ALL
SELECT format('rule %s enabled=%s', pg_get_ruledef(w.oid), ev_enabled)
  FROM pg_rewrite w JOIN pg_temp.relations c ON c.oid = ev_class WHERE rulename <> '_RETURN'
UNION ALL
SELECT format('function %s owner=%s acl=%s %s says=%s', p.oid::regprocedure, proowner::regrole, pg_temp.acl(proacl),
    CASE WHEN prokind <> 'a' THEN pg_get_functiondef(p.oid) END, pg_temp.said(p.oid, 'pg_proc'))
  FROM pg_proc p JOIN pg_temp.mine n ON n.oid = pronamespace
UNION ALL
SELECT format('type %s %s owner=%s acl=%s base=%s notnull=%s default=%s values=%s says=%s', t.oid::regtype, typtype,
    typowner::regrole, pg_temp.acl(typacl), format_type(NULLIF(typbasetype, 0), typtypmod), typnotnull, typdefault,
    (SELECT string_agg(quote_literal(enumlabel), ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid),
    pg_temp.said(t.oid, 'pg_type'))
  FROM pg_type t JOIN pg_temp.mine n ON n.oid = typnamespace WHERE typtype IN ('e', 'd', 'r', 'm')
UNION ALL
SELECT format('statistics %s owner=%s target=%s says=%s', pg_get_statisticsobjdef(x.oid), stxowner::regrole,
    coalesce(stxstattarget, -1), pg_temp.said(x.oid, 'pg_statistic_ext'))
  FROM pg_statistic_ext x JOIN pg_temp.mine n ON n.oid = stxnamespace
UNION ALL
SELECT format('publication %I owner=%s %s', pubname, pubowner::regrole, to_jsonb(p) - 'oid' - 'pubowner')
  FROM pg_publication p
UNION ALL
SELECT format('published %s columns=%s', to_jsonb(t) - 'attnames',
    (SELECT jsonb_agg(x ORDER BY x) FROM jsonb_array_elements(CASE jsonb_typeof(to_jsonb(t) -> 'attnames')
       WHEN 'array' THEN to_jsonb(t) -> 'attnames' END) x))
  FROM pg_publication_tables t
UNION ALL
SELECT format('extension %I %s', extname, extversion) FROM pg_extension
UNION ALL
SELECT format('event trigger %I %s %s enabled=%s', evtname, evtevent, evtfoid::regproc, evtenabled) FROM pg_event_trigger
UNION ALL
SELECT format('default privileges %s %s %s %s', defaclrole::regrole, defaclnamespace, defaclobjtype,
    pg_temp.acl(defaclacl)) FROM pg_default_acl
) AS all_of_them (line)
)sql";

constexpr const char* positions = R"sql(
SELECT format('%I.%I %s', schemaname, sequencename, coalesce(last_value, start_value - 1))
  FROM pg_sequences JOIN pg_temp.mine ON nspname = schemaname
)sql";

std::vector<std::string> lines(const ScratchServer& server, const std::string& database, const std::string& query) {
  const Finished finished = server.psql(database, {"-A", "-t", "-c", functions, "-c", query});
  REQUIRE_MESSAGE(finished.status == 0, finished.err);
  std::vector<std::string> out;
  std::istringstream stream(finished.out);
  for (std::string line; std::getline(stream, line);) out.push_back(line);
  std::sort(out.begin(), out.end());
  return out;
}

using Rows = std::map<std::string, std::string>;  // by id, or by themselves

Rows rows(const ScratchServer& server, const std::string& database, const std::string& table,
          const std::string& columns, bool has_id) {
  Rows out;
  const std::string row = fmt::format("md5(row({})::text)", columns);
  const std::string key =
      has_id ? "replace(id::text, E'\\n', '\\n')" : fmt::format("{0} || row_number() OVER (PARTITION BY {0})", row);
  for (const std::string& line :
       lines(server, database, fmt::format("SELECT {} || ' ' || {} FROM public.{}", key, row, table))) {
    const std::size_t space = line.rfind(' ');
    out.emplace(line.substr(0, space), line.substr(space + 1));
  }
  return out;
}

}  // namespace

std::vector<std::string> catalogue(const ScratchServer& server, const std::string& database) {
  return lines(server, database, objects);
}

std::vector<std::vector<std::string>> catalogues(const ScratchServer& server, const std::string& database,
                                                 const std::vector<std::string>& statements) {
  constexpr const char* end = "-- next";
  std::vector<std::string> arguments = {"-A", "-t", "-c", functions};
  for (const std::string& statement : statements)
    for (const std::string& command :
         {std::string("SET search_path = public"), statement, std::string("SET search_path = ''"), std::string(objects),
          fmt::format("SELECT '{}'", end)})
      arguments.insert(arguments.end(), {"-c", command});
  const Finished finished = server.psql(database, arguments);
  REQUIRE_MESSAGE(finished.status == 0, finished.err);
  std::vector<std::vector<std::string>> out(1);
  std::istringstream stream(finished.out);
  for (std::string line; std::getline(stream, line);) {
    if (line == end) {
      std::sort(out.back().begin(), out.back().end());
      out.emplace_back();
    } else {
      out.back().push_back(line);
    }
  }
  out.pop_back();
  return out;
}

std::string catalogue_differences(const ScratchServer& server, const std::string& first, const std::string& second) {
  const std::vector<std::string> one = catalogue(server, first);
  const std::vector<std::string> other = catalogue(server, second);
  std::vector<std::string> only;
  std::string out;
  std::set_difference(one.begin(), one.end(), other.begin(), other.end(), std::back_inserter(only));
  for (const std::string& line : only) out += "- " + line + "\n";
  only.clear();
  std::set_difference(other.begin(), other.end(), one.begin(), one.end(), std::back_inserter(only));
  for (const std::string& line : only) out += "+ " + line + "\n";

  const auto split = [](const std::string& line) {
    const std::size_t space = line.rfind(' ');
    return std::pair(line.substr(0, space), std::stoll(line.substr(space + 1)));
  };
  std::map<std::string, long long> reached;
  for (const std::string& line : lines(server, second, positions)) reached.insert(split(line));
  for (const std::string& line : lines(server, first, positions)) {
    const auto [name, position] = split(line);
    const auto found = reached.find(name);
    if (found != reached.end() && found->second < position)
      out += fmt::format("sequence {} stands at {}, not at {}\n", name, found->second, position);
  }
  return out;
}

DataDifferences data_differences(const ScratchServer& server, const std::string& first, const std::string& second,
                                 const std::string& table, const std::unordered_set<std::string>& touched) {
  constexpr std::size_t most = 10;
  std::size_t different = 0;
  DataDifferences out;
  const auto say = [&](const std::string& line) {
    if (++different <= most) out.text += line + "\n";
  };
  for (const std::string& described : lines(
           server, first,
           "SELECT format('%I %s %s', relname, bool_or(attname = 'id'), string_agg(quote_ident(attname), ',' ORDER BY "
           "attname)) FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid WHERE relkind IN ('r', 'p') AND "
           "relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped GROUP BY relname")) {
    std::istringstream words(described);
    std::string name;
    std::string has_id;
    std::string columns;
    words >> name >> has_id >> columns;
    const bool is_touched = name == table;
    const Rows one = rows(server, first, name, columns, has_id == "t");
    const Rows other = rows(server, second, name, columns, has_id == "t");
    for (const auto& [key, value] : one) {
      if (is_touched && touched.contains(key)) continue;
      if (is_touched) ++out.compared;
      const auto found = other.find(key);
      if (found == other.end()) {
        say(fmt::format("{}: row {} is gone", name, key));
      } else if (found->second != value) {
        say(fmt::format("{}: row {} differs", name, key));
      }
    }
    if (!is_touched && one.size() != other.size())
      say(fmt::format("{}: {} rows, not {}", name, other.size(), one.size()));
  }
  if (different > most) out.text += fmt::format("and {} more\n", different - most);
  return out;
}

}  // namespace pglint::test::chain
