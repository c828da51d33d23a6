#include "apply/assumes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "apply/query.h"
#include "base/text.h"
#include "plan/form/quote.h"

namespace pglint::apply {
namespace {

using plan::quote_literal;

std::string array(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + quote_literal(text);
  return "ARRAY[" + out + "]::text[]";
}

std::vector<std::string_view> lines(std::string_view text) {
  std::vector<std::string_view> all;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    all.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}
// Of a text that is gone before they are looked at.
std::vector<std::string_view> lines(std::string&& text) = delete;

// "public.citext" for "citext": the server qualifies what is not in pg_catalog.
bool same_name(std::string_view assumed, std::string_view actual) {
  return assumed == actual || (actual.size() > assumed.size() && actual.ends_with(assumed) &&
                               actual[actual.size() - assumed.size() - 1] == '.');
}

// A default in any spelling: without casts, spaces and outer parentheses. 'free'::text is 'free', (now()) is now().
std::string bare_expression(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'') {
      const std::size_t end = std::min(text.find('\'', i + 1), text.size() - 1);
      out += text.substr(i, end - i + 1);
      i = end;
    } else if (text.substr(i).starts_with("::")) {
      i += 2;
      while (i < text.size() && text[i] != ')' && text[i] != ',' && text[i] != '+' && text[i] != '|') ++i;
      --i;
    } else if (text[i] != ' ' && text[i] != '(' && text[i] != ')') {
      out += static_cast<char>(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
    }
  }
  constexpr std::string_view schema = "pg_catalog.";
  for (std::size_t at = out.find(schema); at != std::string::npos; at = out.find(schema)) out.erase(at, schema.size());
  return out;
}

struct ColumnWords {
  std::string_view type;
  std::string_view nullable;
  std::string_view otherwise;  // "no default", "default …" and what follows
};

ColumnWords parts(std::string_view text) {
  for (const std::string_view nullable : {", nullable, ", ", not null, "}) {
    const std::size_t at = text.find(nullable);
    if (at != std::string_view::npos)
      return {text.substr(0, at), nullable.substr(2, nullable.size() - 4), text.substr(at + nullable.size())};
  }
  return {text, "", ""};
}

}  // namespace

std::string catalog_query(const Plan& plan) {
  if (plan.assumes.empty()) return "SELECT ''::text";
  std::string values;
  for (const Assumption& assumption : plan.assumes) {
    std::vector<std::string> columns;
    columns.reserve(assumption.columns.size());
    for (const auto& [column, words] : assumption.columns) columns.push_back(column);
    values += fmt::format("{}({}, {})", values.empty() ? "" : ", ", quote_literal(assumption.relation), array(columns));
  }
  return fmt::format(R"(SELECT coalesce(string_agg(line, E'\n' ORDER BY line COLLATE "C"), '') FROM (
WITH assumed AS (SELECT r, to_regclass(r) AS id, c FROM (VALUES {}) v(r, c)),
uses AS (
  SELECT DISTINCT r, d.classid, d.objid, a.id FROM assumed a
  JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.id
  JOIN pg_attribute t ON t.attrelid = a.id AND t.attnum = d.refobjsubid AND t.attname = ANY (a.c)
)
SELECT r || ' is missing' AS line FROM assumed WHERE id IS NULL
UNION ALL
SELECT r || ' column ' || attname || ': ' || format_type(atttypid, atttypmod)
  || CASE WHEN attnotnull THEN ', not null, ' ELSE ', nullable, ' END
  || CASE WHEN attgenerated <> '' THEN 'generated always as (' || pg_get_expr(adbin, adrelid) || ')'
          WHEN attidentity = 'a' THEN 'identity always' WHEN attidentity = 'd' THEN 'identity by default'
          WHEN adbin IS NULL THEN 'no default' ELSE 'default ' || pg_get_expr(adbin, adrelid) END
FROM assumed JOIN pg_attribute ON attrelid = id AND attname = ANY (c) AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
UNION ALL
SELECT r || ' dependent constraint ' || conname FROM uses u JOIN pg_constraint o ON u.classid = 'pg_constraint'::regclass
AND o.oid = u.objid WHERE contype <> 'n'
UNION ALL
SELECT r || ' dependent index ' || o.relname FROM uses u JOIN pg_class o ON u.classid = 'pg_class'::regclass AND o.oid = u.objid
JOIN pg_index x ON x.indexrelid = o.oid AND x.indisvalid WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = o.oid AND k.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT DISTINCT r || CASE WHEN o.oid = u.id THEN ' dependent rule ' || w.rulename
  ELSE CASE o.relkind WHEN 'm' THEN ' dependent materialized view ' ELSE ' dependent view ' END || o.oid::regclass::text END
FROM uses u JOIN pg_rewrite w ON u.classid = 'pg_rewrite'::regclass AND w.oid = u.objid JOIN pg_class o ON o.oid = w.ev_class
UNION ALL
SELECT r || ' dependent policy ' || polname FROM uses u JOIN pg_policy o ON u.classid = 'pg_policy'::regclass AND o.oid = u.objid
UNION ALL
SELECT r || ' dependent statistics ' || stxname FROM uses u JOIN pg_statistic_ext o ON u.classid = 'pg_statistic_ext'::regclass
AND o.oid = u.objid
UNION ALL
SELECT r || ' dependent function ' || o.oid::regprocedure::text FROM uses u JOIN pg_proc o ON u.classid = 'pg_proc'::regclass
AND o.oid = u.objid
UNION ALL
SELECT r || ' dependent column ' || n.attname FROM uses u JOIN pg_attrdef o ON u.classid = 'pg_attrdef'::regclass
AND o.oid = u.objid AND o.adrelid = u.id JOIN pg_attribute n ON n.attrelid = o.adrelid AND n.attnum = o.adnum
WHERE n.attgenerated <> '' AND NOT EXISTS (SELECT FROM assumed a WHERE a.id = u.id AND n.attname = ANY (a.c))
UNION ALL
SELECT r || ' trigger ' || tgname FROM assumed JOIN pg_trigger ON tgrelid = id
WHERE NOT tgisinternal AND tgname NOT LIKE 'zz\_pglint%' AND tgname NOT LIKE '~pglint%'
UNION ALL
SELECT r || ' replica identity ' || CASE relreplident WHEN 'd' THEN 'default' WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full'
  ELSE 'index ' || coalesce((SELECT x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
  WHERE i.indrelid = c.oid AND i.indisreplident), '?') END FROM assumed JOIN pg_class c ON c.oid = id
UNION ALL
SELECT r || ' row security ' || CASE WHEN relrowsecurity THEN 'on' ELSE 'off' END FROM assumed JOIN pg_class ON oid = id
) facts)",
                     values);
}

bool same_column(std::string_view assumed, std::string_view actual) {
  if (assumed == actual) return true;
  const ColumnWords a = parts(assumed);
  const ColumnWords b = parts(actual);
  if (!same_name(a.type, b.type) || a.nullable != b.nullable) return false;
  if (a.otherwise == b.otherwise) return true;
  // "default" alone is one that the plan has no use for.
  if (a.otherwise == "default") return b.otherwise.starts_with("default ");
  return a.otherwise.starts_with("default ") && b.otherwise.starts_with("default ") &&
         bare_expression(a.otherwise) == bare_expression(b.otherwise);
}

std::vector<std::string> unlike_plan(const Plan& plan, std::string_view facts) {
  const std::vector<std::string_view> all = lines(facts);
  std::vector<std::string> different;
  for (const Assumption& assumption : plan.assumes) {
    const auto of = [&](std::string_view kind) {
      std::vector<std::string_view> found;
      const std::string prefix = assumption.relation + std::string(kind);
      for (const std::string_view line : all)
        if (line.starts_with(prefix)) found.push_back(line.substr(prefix.size()));
      return found;
    };
    const auto say = [&](std::string_view what) {
      different.push_back(fmt::format("{}: {}", printable(assumption.relation), what));
    };
    if (!of(" is missing").empty()) {
      say("is not there");
      continue;
    }
    const std::vector<std::string_view> columns = of(" column ");
    for (const auto& [column, words] : assumption.columns) {
      const std::string prefix = column + ": ";
      const auto found = std::find_if(columns.begin(), columns.end(),
                                      [&prefix](std::string_view line) { return line.starts_with(prefix); });
      if (found == columns.end())
        say(fmt::format("there is no column {}", printable(column)));
      else if (const std::string_view actual = found->substr(prefix.size()); !same_column(words, actual))
        say(fmt::format("column {} is {}, not {}", printable(column), printable(actual), printable(words)));
    }
    const auto compare = [&](const std::vector<std::string_view>& actual, const std::vector<std::string>& assumed,
                             std::string_view what) {
      const auto kind_of = [](std::string_view text) { return text.substr(0, text.rfind(' ') + 1); };
      const auto same = [&kind_of](std::string_view one, std::string_view other) {
        if (one == other) return true;
        const std::string_view kind = kind_of(one);
        return kind == kind_of(other) && same_name(one.substr(kind.size()), other.substr(kind.size()));
      };
      for (const std::string_view one : actual)
        if (std::none_of(assumed.begin(), assumed.end(), [&](const std::string& two) { return same(two, one); }))
          say(fmt::format("there is the {}{}, of which the plan does not know", what, printable(one)));
      for (const std::string& one : assumed)
        if (std::none_of(actual.begin(), actual.end(), [&](std::string_view two) { return same(one, two); }))
          say(fmt::format("there is no {}{}", what, printable(one)));
    };
    compare(of(" dependent "), assumption.dependents, "");
    compare(of(" trigger "), assumption.triggers, "trigger ");
    // Which index it is the history does not say.
    const auto same_identity = [&](std::string_view actual) {
      return actual == assumption.replica_identity ||
             (assumption.replica_identity == "index" && actual.starts_with("index "));
    };
    if (const auto identity = of(" replica identity "); identity.empty() || !same_identity(identity[0]))
      say(fmt::format("its replica identity is {}, not {}", identity.empty() ? "?" : printable(identity[0]),
                      printable(assumption.replica_identity)));
    if (const auto security = of(" row security ");
        security.empty() || (security[0] == "on") != assumption.row_security)
      say(assumption.row_security ? "row security is off" : "row security is on");
  }
  return different;
}

std::vector<std::string> changes(std::string_view before, std::string_view after) {
  const std::vector<std::string_view> old_lines = lines(before);
  const std::vector<std::string_view> new_lines = lines(after);
  const std::set<std::string_view> old_set(old_lines.begin(), old_lines.end());
  const std::set<std::string_view> new_set(new_lines.begin(), new_lines.end());
  std::vector<std::string> all;
  for (const std::string_view line : old_lines)
    if (!new_set.contains(line)) all.push_back(fmt::format("{} is no longer so", printable(line)));
  for (const std::string_view line : new_lines)
    if (!old_set.contains(line)) all.push_back(fmt::format("{} is new", printable(line)));
  return all;
}

Outcome<void> check_backfills(Connection& connection, const Plan& plan, const Step* only,
                              const std::vector<std::string>& accepted_triggers) {
  for (const Stage& stage : plan.stages) {
    for (const Step& step : stage.steps) {
      if (!step.backfill || (only != nullptr && only != &step)) continue;
      const Backfill& backfill = *step.backfill;
      const std::string table = quote_literal(backfill.table);
      const int event = backfill.set.empty() ? 8 : 16;  // TRIGGER_TYPE_DELETE, TRIGGER_TYPE_UPDATE
      std::vector<std::string> columns;
      columns.reserve(backfill.key.size());
      for (const KeyColumn& column : backfill.key) columns.push_back(column.name);
      const auto facts =
          ask(connection,
              fmt::format(R"(SELECT to_regclass({0}), coalesce(row_security_active(to_regclass({0})::oid), false)
 OR EXISTS (SELECT FROM pg_partition_tree(to_regclass({0})) WHERE row_security_active(relid::oid)),
(SELECT string_agg(DISTINCT tgname::text, E'\n' ORDER BY tgname::text) FROM pg_trigger WHERE (tgrelid = to_regclass({0})
 OR tgrelid IN (SELECT relid FROM pg_partition_tree(to_regclass({0})))) AND NOT tgisinternal
 AND tgenabled IN ('O', 'A') AND tgtype & 1 = 1 AND tgtype & {1} = {1}
 AND tgname NOT LIKE 'zz\_pglint%' AND tgname NOT LIKE '~pglint%'),
(SELECT i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indimmediate AND (SELECT coalesce(bool_and(a.attnotnull), false)
 AND array_agg(a.attname::text ORDER BY k.n) = {2} FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n)
 LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE k.n <= i.indnkeyatts)
 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = to_regclass({0}) AND c.relname = {3}))",
                          table, event, array(columns), quote_literal(backfill.index)),
              fmt::format("cannot look at {}", printable(backfill.table)));
      if (!facts) return tl::unexpected(facts.error());
      const Row& row = facts->rows.at(0);
      // A table or key that an earlier step makes is looked at again before this step.
      if (!row.at(0) && only == nullptr) continue;
      if (!row.at(0)) return stop(held_back, fmt::format("the table {} is not there", printable(backfill.table)));
      if (row.at(1) == "t")
        return stop(
            held_back,
            fmt::format("row security of {} would hide rows from the role that migrates", printable(backfill.table)),
            "Connect as a role with BYPASSRLS, or as the owner with NO FORCE ROW LEVEL SECURITY.");
      std::string foreign;
      const std::string triggers = row.at(2).value_or("");
      for (const std::string_view trigger : lines(triggers))
        if (std::find(accepted_triggers.begin(), accepted_triggers.end(), trigger) == accepted_triggers.end())
          foreign += (foreign.empty() ? "" : ",") + std::string(trigger);
      if (!foreign.empty())
        return stop(held_back,
                    fmt::format("the step {} would fire the triggers {} of {} for every row", printable(step.id),
                                printable(foreign), printable(backfill.table)),
                    fmt::format("If what they do is meant to happen: --accept-triggers {}", printable(foreign)));
      if (row.at(3) != "t" && (only != nullptr || row.at(3).has_value()))
        return stop(held_back,
                    fmt::format("{} of {} is not a valid, unique index over columns that are NOT NULL, as the "
                                "step {} needs for its key",
                                printable(backfill.index), printable(backfill.table), printable(step.id)));
    }
  }
  return {};
}

}  // namespace pglint::apply
