#include "report/json.h"

#include <algorithm>

#include "base/text.h"
#include "pglint/version.h"
#include "plan/form/file.h"
#include "report/json_writer.h"
#include "report/places.h"

namespace pglint::report {
namespace {

void span_point(JsonWriter& json, const LineIndex& lines, std::uint32_t offset) {
  const Position at = lines.position(offset);
  json.begin_object();
  json.key("line").number(at.line).key("column").number(at.column).key("offset").number(offset);
  json.end_object();
}

void work(JsonWriter& json, Work work) {
  json.begin_array();
  for (const Work bit : all_work) {
    if (has(work, bit)) json.string(name(bit));
  }
  json.end_array();
}

void string_or_null(JsonWriter& json, std::string_view text) {
  if (text.empty()) {
    json.null();
  } else {
    json.string(text);
  }
}

// The text of a statement, or as much of it as `max_statement_bytes` holds.
void statement(JsonWriter& json, std::string_view sql) {
  if (sql.size() <= max_statement_bytes) {
    string_or_null(json, sql);
  } else {
    json.string(std::string(utf8_prefix(sql, max_statement_bytes)) + "…");
  }
}

void diagnostic(JsonWriter& json, Places& places, const Diagnostic& d) {
  const LineIndex& lines = places.lines(d.file);
  const Span at = places.clip(d.file, d.at);
  json.begin_object();
  json.key("rule").string(d.rule);
  json.key("severity").string(name(d.severity));
  json.key("message").string(whole_message(d));
  json.key("path").string(places.file(d.file).path);
  span_point(json.key("start"), lines, at.begin);
  span_point(json.key("end"), lines, at.end);
  statement(json.key("statement"), places.text(d.file, d.statement));
  string_or_null(json.key("relation"), d.relation);
  string_or_null(json.key("lock"), name(d.lock));
  work(json.key("work"), d.work);
  json.key("help").string(d.help);
  json.key("fixable").boolean(d.fixable);
  json.key("url").string(rule_url(d.rule));
  json.end_object();
}

// The plan file, as it is read by who reads YAML.
void tree(JsonWriter& json, const plan::Tree& node) {
  switch (node.kind) {
    case plan::Tree::Kind::nothing:
      json.null();
      break;
    case plan::Tree::Kind::text:
      if (!node.literal)
        json.string(node.text);
      else if (node.text == "true" || node.text == "false")
        json.boolean(node.text == "true");
      else
        json.number(std::stoull(node.text));
      break;
    case plan::Tree::Kind::list:
      json.begin_array();
      for (const plan::Tree& item : node.list) tree(json, item);
      json.end_array();
      break;
    case plan::Tree::Kind::map:
      json.begin_object();
      for (const auto& [key, value] : node.map) tree(json.any_key(key), value);
      json.end_object();
      break;
  }
}

void effect(JsonWriter& json, const LockEffect& e) {
  json.begin_object();
  json.key("relation").string(e.relation);
  json.key("relation_kind").string(e.relation_kind);
  json.key("known").boolean(e.known);
  json.key("new").boolean(e.is_new);
  string_or_null(json.key("lock"), name(e.lock));
  work(json.key("work"), e.work);
  json.key("builds").begin_array();
  for (const std::string& index : e.builds) json.string(index);
  json.end_array();
  json.key("blocks").begin_array();
  if (e.blocks_reads) json.string("reads");
  if (e.blocks_writes) json.string("writes");
  json.end_array();
  json.key("held_until").string(e.until_transaction ? "transaction" : "statement");
  json.key("because").string(e.because);
  json.end_object();
}

}  // namespace

void check_json(const Report& report, const Sink& sink) {
  std::string out;
  Places places(report.files);
  JsonWriter json(out);
  json.begin_object();
  json.key("version").number(1);
  json.key("diagnostics").begin_array();
  for (const Diagnostic& d : report.diagnostics) {
    diagnostic(json.line(), places, d);
    spill(out, sink);
  }
  json.end_array();
  json.key("failures").begin_array();
  for (const Failure& f : report.failures) {
    json.line().begin_object();
    json.key("path").string(f.path).key("offset").number(f.offset).key("message").string(f.message);
    json.end_object();
  }
  json.end_array();
  const Summary& s = report.summary;
  json.key("summary").begin_object();
  json.key("files").number(s.files).key("statements").number(s.statements);
  json.key("errors").number(s.errors).key("warnings").number(s.warnings).key("advice").number(s.advice);
  json.key("suppressed").number(s.suppressed);
  json.end_object();
  if (!report.plans.empty()) {
    json.key("plans").begin_array();
    for (const PendingPlan& plan : report.plans) {
      json.line().begin_object();
      json.key("id").string(plan.id).key("path").string(plan.path).key("gate").string(plan.gate);
      json.key("age_days");
      if (plan.age)
        json.number(*plan.age);
      else
        json.null();
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
  out += '\n';
  sink(out);
}

std::string locks_json(const Timeline& timeline) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.key("version").number(1);
  json.key("files").begin_array();
  for (const TimelineFile& file : timeline.files) {
    const LineIndex lines(file.text);
    json.line().begin_object();
    json.key("path").string(file.path).key("runner").string(file.runner);
    json.key("transactions").begin_array();
    for (const TimelineTransaction& transaction : file.transactions) {
      json.begin_object();
      json.key("kind").string(name(transaction.kind));
      json.key("statements").begin_array();
      for (const TimelineStatement& s : transaction.statements) {
        const auto size = static_cast<std::uint32_t>(file.text.size());
        const Span at = {std::min(s.at.begin, size), std::min(s.at.end, size)};
        json.line().begin_object();
        span_point(json.key("start"), lines, at.begin);
        span_point(json.key("end"), lines, at.end);
        json.key("sql").string(file.text.substr(at.begin, at.size()));
        json.key("transactional").boolean(s.transactional);
        json.key("effects").begin_array();
        for (const LockEffect& e : s.effects) effect(json, e);
        json.end_array();
        json.key("error");
        if (s.error) {
          json.begin_object();
          json.key("sqlstate").string(s.error->sqlstate).key("message").string(s.error->message);
          json.end_object();
        } else {
          json.null();
        }
        if (!s.may_fail.empty()) {
          json.key("may_fail").begin_array();
          for (const TimelineError& error : s.may_fail) {
            json.begin_object();
            json.key("sqlstate").string(error.sqlstate).key("when").string(error.message);
            json.end_object();
          }
          json.end_array();
        }
        json.end_object();
      }
      json.end_array();
      if (!transaction.deadlocks.empty()) {
        json.key("deadlocks").begin_array();
        for (const DeadlockPair& pair : transaction.deadlocks) {
          json.begin_object();
          json.key("held").string(pair.held).key("held_by").number(pair.first);
          json.key("wanted").string(pair.wanted).key("wanted_by").number(pair.second);
          json.end_object();
        }
        json.end_array();
      }
      json.end_object();
    }
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.end_object();
  out += '\n';
  return out;
}

std::string fix_json(const FixReport& report) {
  std::string out;
  Places places(report.files);
  JsonWriter json(out);
  json.begin_object();
  json.key("version").number(1);
  json.key("files").begin_array();
  for (const FixedFile& file : report.fixed) {
    json.line().begin_object();
    json.key("path").string(file.path).key("action").string(file.create ? "create" : "modify");
    json.key("sha256").string(file.sha256);
    json.end_object();
  }
  json.end_array();
  json.key("plans").begin_array();
  for (const Plan& plan : report.plans) tree(json.line(), plan::to_tree(plan));
  json.end_array();
  json.key("refused").begin_array();
  for (const FixRefusal& refusal : report.refused) {
    const LineIndex& lines = places.lines(refusal.file);
    const Span at = places.clip(refusal.file, refusal.at);
    json.line().begin_object();
    json.key("rule").string(refusal.rule).key("path").string(places.file(refusal.file).path);
    span_point(json.key("start"), lines, at.begin);
    span_point(json.key("end"), lines, at.end);
    json.key("reason").string(refusal.reason).key("supply").string(refusal.supply);
    json.end_object();
  }
  json.end_array();
  Places after(report.remaining.files);
  json.key("remaining").begin_array();
  for (const Diagnostic& d : report.remaining.diagnostics) diagnostic(json.line(), after, d);
  json.end_array();
  json.end_object();
  out += '\n';
  return out;
}

std::string rules_json(std::span<const RuleText> rules) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.key("version").number(1);
  json.key("rules").begin_array();
  for (const RuleText& rule : rules) {
    json.line().begin_object();
    json.key("id").string(rule.id).key("category").string(rule.category).key("severity").string(rule.severity);
    json.key("summary").string(rule.summary).key("fixable").string(rule.fixable);
    json.key("pg").begin_object();
    json.key("from").number(static_cast<std::uint64_t>(rule.from_pg));
    json.key("to").number(static_cast<std::uint64_t>(rule.to_pg));
    json.end_object();
    json.key("enabled").boolean(rule.enabled);
    json.key("aliases").begin_array();
    for (const auto& [tool, id] : rule.aliases) {
      json.begin_object();
      json.key("tool").string(tool).key("id").string(id);
      json.end_object();
    }
    json.end_array();
    json.key("url").string(rule_url(rule.id));
    json.end_object();
  }
  json.end_array();
  json.end_object();
  out += '\n';
  return out;
}

}  // namespace pglint::report
