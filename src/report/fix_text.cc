#include "report/fix_text.h"

#include <algorithm>

#include "report/places.h"
#include "report/terminal.h"

namespace pglint::report {
namespace {

std::string locks_of(const Step& step) {
  std::string out;
  for (const StepLock& lock : step.locks) {
    if (lock.mode < LockMode::row_exclusive) continue;
    if (!out.empty()) out += ", ";
    out += name(lock.mode);
    out += " on ";
    out += lock.relation;
  }
  return out;
}

void step_text(Terminal& out, const Step& step) {
  out.own("    ").text(step.id, Style::bold).newline();
  std::string says = step.comment;
  if (const std::string locks = locks_of(step); !locks.empty()) says += " (" + locks + ")";
  if (step.irreversible) says += ". Cannot be undone.";
  out.spaces(6).wrapped(says, "      ").newline();
}

void plan_text(Terminal& out, const Plan& plan, const std::string& path) {
  out.newline().own("Plan ", Style::bold).text(path, Style::bold).newline();
  out.spaces(2).wrapped("Executed on 2 connections: one works, one watches.", "  ").newline();
  for (const Stage& stage : plan.stages) {
    if (stage.gate) {
      out.own("  gate ", Style::warning).text(stage.gate->id, Style::warning).newline();
      out.spaces(4).wrapped("Waits for the release that " + stage.gate->release + ".", "    ").newline();
      out.spaces(4).wrapped("Why: " + stage.gate->why + ".", "    ").newline();
      continue;
    }
    out.own("  ").own(name(stage.phase), Style::help);
    std::string files;
    for (const FileHash& file : stage.files) files += (files.empty() ? "  " : ", ") + file.path;
    out.text(files, Style::dim).newline();
    for (const Step& step : stage.steps) step_text(out, step);
  }
}

void refusal_text(Terminal& out, Places& places, const FixRefusal& refusal) {
  const Position at = places.lines(refusal.file).position(refusal.at.begin);
  std::string where = places.file(refusal.file).path;
  if (!refusal.at.empty()) where += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  out.own("refused", Style::error).own(": ").wrapped(where + ": " + refusal.reason + ".", "  ").newline();
  if (!refusal.supply.empty()) out.spaces(2).own("help: ", Style::help).wrapped(refusal.supply + ".", "    ").newline();
}

}  // namespace

std::string fix_text(const FixReport& report, const RenderOptions& options) {
  Terminal out(options.color, options.width);
  Places places(report.files);
  for (const FixedFile& file : report.fixed)
    out.own(file.create ? "create " : "modify ", Style::dim).text(file.path).newline();
  if (!options.quiet)
    for (std::size_t i = 0; i < report.plans.size(); ++i) plan_text(out, report.plans[i], report.plan_paths[i]);
  if (!report.refused.empty() && !report.fixed.empty()) out.newline();
  for (const FixRefusal& refusal : report.refused) refusal_text(out, places, refusal);
  std::string text = out.take();
  if (!report.remaining.diagnostics.empty()) {
    text += "\nWhat remains:\n\n";
    text += render(Format::text, report.remaining, options);
  } else if (report.fixed.empty() && report.refused.empty()) {
    text += "Nothing to fix.\n";
  }
  return text;
}

}  // namespace pglint::report
