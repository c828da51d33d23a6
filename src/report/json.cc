#include "report/json.h"

#include <algorithm>

#include "base/text.h"
#include "pglint/version.h"
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

void strings(JsonWriter& json, const std::vector<std::string>& texts) {
  json.begin_array();
  for (const std::string& text : texts) json.string(text);
  json.end_array();
}

void backfill_json(JsonWriter& json, const Backfill& rows) {
  json.key("table").string(rows.table);
  json.key("key").begin_object();
  json.key("index").string(rows.index).key("columns").begin_array();
  for (const KeyColumn& column : rows.key) {
    json.begin_object();
    json.key("name").string(column.name).key("type").string(column.type);
    json.end_object();
  }
  json.end_array().end_object();
  if (!rows.set.empty()) {
    json.key("set").begin_array();
    for (const auto& [column, value] : rows.set) {
      json.begin_object();
      json.key("column").string(column).key("value").string(value);
      json.end_object();
    }
    json.end_array();
  }
  json.key("where").string(rows.where).key("batch").number(rows.batch).key("pause_ms").number(rows.pause_ms);
  json.key("proof").string(rows.proof);
}

void step_json(JsonWriter& json, const Step& step) {
  json.begin_object();
  json.key("id").string(step.id).key("comment").string(step.comment);
  json.key("kind").string(step.kind == StepKind::sql ? "sql" : "backfill");
  json.key("transaction").string(step.own_transaction ? "own" : "none");
  json.key("class").string(step.lock_class == LockClass::a ? "A" : step.lock_class == LockClass::b ? "B" : "C");
  json.key("locks").begin_array();
  for (const StepLock& lock : step.locks) {
    json.begin_object();
    json.key("relation").string(lock.relation).key("mode").string(name(lock.mode));
    work(json.key("work"), lock.work);
    json.end_object();
  }
  json.end_array();
  if (step.backfill) {
    backfill_json(json, *step.backfill);
  } else {
    strings(json.key("sql"), step.sql);
    strings(json.key("undo"), step.undo);
    json.key("done_when").string(step.done_when);
  }
  json.key("irreversible").boolean(step.irreversible);
  json.end_object();
}

// The plan file, key by key. Objects that are written in an order, such as `set`, are arrays here.
void plan_json(JsonWriter& json, const Plan& plan) {
  json.begin_object();
  json.key("pglint_plan").number(1).key("id").string(plan.id);
  json.key("sources").begin_array();
  for (const PlanSource& source : plan.sources) {
    json.begin_object();
    json.key("path").string(source.path).key("sha256").string(source.sha256).key("text").string(source.text);
    json.end_object();
  }
  json.end_array();
  json.key("runner").string(plan.runner).key("postgres").number(static_cast<std::uint64_t>(plan.postgres));
  json.key("assumes").begin_array();
  for (const Assumption& one : plan.assumes) {
    json.begin_object();
    json.key("relation").string(one.relation).key("columns").begin_array();
    for (const auto& [column, words] : one.columns) {
      json.begin_object();
      json.key("name").string(column).key("is").string(words);
      json.end_object();
    }
    json.end_array();
    strings(json.key("dependents"), one.dependents);
    strings(json.key("triggers"), one.triggers);
    json.key("replica_identity").string(one.replica_identity).key("row_security").boolean(one.row_security);
    json.end_object();
  }
  json.end_array();
  json.key("checks").begin_array();
  for (const DataCheck& check : plan.checks) {
    json.begin_object();
    json.key("id").string(check.id).key("before").string(check.before).key("sql").string(check.sql);
    json.key("says").string(check.says);
    json.end_object();
  }
  json.end_array();
  json.key("phases").begin_array();
  for (const Stage& stage : plan.stages) {
    json.begin_object();
    if (stage.gate) {
      json.key("gate").string("deploy").key("id").string(stage.gate->id);
      json.key("release").string(stage.gate->release).key("why").string(stage.gate->why);
    } else {
      json.key("phase").string(name(stage.phase)).key("files").begin_array();
      for (const FileHash& file : stage.files) {
        json.begin_object();
        json.key("path").string(file.path).key("sha256").string(file.sha256);
        json.end_object();
      }
      json.end_array().key("steps").begin_array();
      for (const Step& step : stage.steps) step_json(json, step);
      json.end_array();
    }
    json.end_object();
  }
  json.end_array();
  json.end_object();
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

std::string check_json(const Report& report) {
  std::string out;
  out.reserve(256 + report.diagnostics.size() * 768);
  Places places(report.files);
  JsonWriter json(out);
  json.begin_object();
  json.key("version").number(1);
  json.key("diagnostics").begin_array();
  for (const Diagnostic& d : report.diagnostics) diagnostic(json.line(), places, d);
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
  json.end_object();
  out += '\n';
  return out;
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
        json.end_object();
      }
      json.end_array();
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
  for (const Plan& plan : report.plans) plan_json(json.line(), plan);
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
