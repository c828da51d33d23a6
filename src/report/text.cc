#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "report/frame.h"
#include "report/places.h"
#include "report/terminal.h"
#include "report/words.h"

namespace pglint::report {
namespace {

// "ACCESS EXCLUSIVE on public.orders (blocks reads and writes), work: scan".
std::string lock_line(const Diagnostic& d) {
  std::string out(name(d.lock));
  if (!d.relation.empty()) out += " on " + d.relation;
  out += fmt::format(" ({})", blocked(blocks_reads(d.lock), blocks_writes(d.lock)));
  if (d.work != Work::none) out.append(", work: ").append(words(d.work));
  return out;
}

std::string work_line(const Diagnostic& d) {
  std::string out = words(d.work);
  if (!d.relation.empty()) out += " on " + d.relation;
  return out;
}

class Writer {
 public:
  Writer(const Report& report, const RenderOptions& options)
      : report_(report), options_(options), places_(report.files), out_(options.color, options.width) {}

  void write(const Sink& sink) {
    if (options_.verbose && !options_.quiet) append_notices(out_, report_.notices);
    for (const Diagnostic& d : report_.diagnostics) {
      options_.quiet ? line(d) : finding(d);
      out_.spill(sink);
    }
    for (const Failure& failure : report_.failures) append_failure(out_, failure);
    if (!options_.quiet) {
      summary();
      for (const PendingPlan& plan : report_.plans) pending(plan);
    }
    sink(out_.take());
  }

 private:
  void position(std::uint32_t file, std::uint32_t offset) {
    const Position at = places_.lines(file).position(offset);
    out_.text(places_.file(file).path).own(fmt::format(":{}:{}", at.line, at.column));
  }

  // path:line:col: severity[rule] message
  void line(const Diagnostic& d) {
    position(d.file, d.at.begin);
    out_.own(": ").own(fmt::format("{}[{}]", name(d.severity), d.rule), style_of(d.severity)).own(" ");
    out_.text(d.message).newline();
  }

  // The line that says where, and the frame below it.
  void place(std::uint32_t file, const Frame& frame, std::size_t gutter) {
    out_.spaces(gutter).own("--> ", Style::frame);
    position(file, frame.at.begin);
    out_.newline();
    const std::string_view source = places_.file(file).text;
    if (!source.empty()) append_frame(out_, source, places_.lines(file), frame, gutter);
  }

  // `= name: what there is to say`.
  void note(std::size_t gutter, std::string_view name, std::string_view said) {
    if (said.empty()) return;
    out_.spaces(gutter + 1).own("= ", Style::frame).own(name, Style::bold).own(": ");
    out_.wrapped(said, std::string(out_.column(), ' '));
    out_.newline();
  }

  void finding(const Diagnostic& d) {
    Frame frame{places_.clip(d.file, d.at), style_of(d.severity), {}};
    // Second places that cannot be shown with the first come after it, with frames of their own.
    std::vector<std::pair<std::uint32_t, Frame>> apart;
    std::vector<std::string_view> labels;
    const std::string_view source = places_.file(d.file).text;
    for (const Related& r : d.related) {
      const Span at = places_.clip(r.file, r.at);
      if (r.file == d.file && fits(source, places_.lines(d.file), at, out_.width())) {
        frame.marks.push_back({at, r.message});
      } else {
        apart.emplace_back(r.file, Frame{at, Style::note, {}});
        labels.push_back(r.message);
      }
    }
    std::size_t gutter = gutter_width(places_.lines(d.file), frame);
    for (const auto& [file, other] : apart) gutter = std::max(gutter, gutter_width(places_.lines(file), other));

    out_.own(fmt::format("{}[{}]", name(d.severity), d.rule), style_of(d.severity)).own(": ", Style::bold);
    const std::size_t indent = out_.column() * 3 <= out_.width() ? out_.column() : 4;
    out_.wrapped(d.message, std::string(indent, ' '), Style::bold).newline();
    place(d.file, frame, gutter);
    out_.spaces(gutter).own(" |", Style::frame).newline();
    if (d.lock != LockMode::none) {
      note(gutter, "lock", lock_line(d));
    } else if (d.work != Work::none) {
      note(gutter, "work", work_line(d));
    }
    note(gutter, "note", d.why);
    note(gutter, "help", d.help);
    note(gutter, "docs", fmt::format("pglint explain {}", d.rule));
    for (std::size_t i = 0; i < apart.size(); ++i) {
      out_.own("note", Style::note).own(": ", Style::bold).wrapped(labels[i], "      ").newline();
      place(apart[i].first, apart[i].second, gutter);
    }
    out_.newline();
  }

  // "3 errors, 1 warning in 4 files (12 statements)".
  void summary() {
    const Summary& s = report_.summary;
    std::string found;
    const auto add = [&found](const std::string& what) {
      if (!found.empty()) found += ", ";
      found += what;
    };
    if (s.errors > 0) add(counted(s.errors, "error"));
    if (s.warnings > 0) add(counted(s.warnings, "warning"));
    if (s.advice > 0) add(fmt::format("{} advice", s.advice));
    const bool clean = found.empty();
    std::string out = clean ? "No problems in " : found + " in ";
    out += counted(s.files, "file");
    if (s.statements > 0) out += fmt::format(" ({})", counted(s.statements, "statement"));
    if (s.suppressed > 0) out += fmt::format(", {} suppressed", s.suppressed);
    if (!report_.failures.empty()) out += fmt::format(", {}", counted(report_.failures.size(), "failure"));
    if (clean) out += '.';
    out_.own(out, Style::bold).newline();
  }

  // note: plan 0007_x waits at the gate x, for 12 days (.pglint/plans/0007_x.yml)
  void pending(const PendingPlan& plan) {
    std::string said = fmt::format("plan {} waits at the gate {}", plan.id, plan.gate);
    if (plan.age) said += *plan.age == 0 ? ", since today" : fmt::format(", for {}", counted(*plan.age, "day"));
    out_.own("note", Style::note).own(": ", Style::bold);
    out_.wrapped(fmt::format("{} ({})", said, plan.path), "      ").newline();
  }

  const Report& report_;
  const RenderOptions& options_;
  Places places_;
  Terminal out_;
};

}  // namespace

void text(const Report& report, const RenderOptions& options, const Sink& sink) { Writer(report, options).write(sink); }

}  // namespace pglint::report
