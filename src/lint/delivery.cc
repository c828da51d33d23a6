#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "lint/faults.h"
#include "lint/project.h"
#include "source/git.h"

namespace pglint::lint {
namespace {

struct Raised {
  const Rule* rule = nullptr;
  Severity severity = Severity::warning;
  ProjectFinding finding;
};

// Comments that may hold a suppression: from #, // or -- to the end of the line. What is quoted before it is no matter,
// since only those that begin with pglint: count.
std::vector<pg::Comment> comments_of(std::string_view text) {
  constexpr std::string_view marker = "pglint:ignore";
  std::vector<pg::Comment> out;
  for (std::size_t at = text.find(marker); at != std::string_view::npos; at = text.find(marker, at)) {
    const std::size_t line = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::size_t begin = at;
    const std::size_t first = line == std::string_view::npos ? 0 : line + 1;
    while (begin > first && (text[begin - 1] == ' ' || text[begin - 1] == '\t')) --begin;
    if (begin > first && text[begin - 1] == '#')
      --begin;
    else if (begin > first + 1 && (text.substr(begin - 2, 2) == "//" || text.substr(begin - 2, 2) == "--"))
      begin -= 2;
    else
      begin = end;
    if (begin < end) out.push_back({{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)}, false});
    at = end;
  }
  return out;
}

class Asker {
 public:
  Asker(const delivery::Pipeline& pipeline, std::span<const Rule* const> rules, const CheckOptions& options,
        const DeliveryOptions& delivery, Report& report)
      : pipeline_(pipeline), rules_(rules), options_(options), delivery_(delivery), report_(report) {}

  std::vector<ProjectFix> ask() {
    for (const Rule* rule : rules_) {
      if (rule->project == nullptr) continue;
      std::vector<ProjectFinding> found;
      const ProjectContext context{pipeline_, delivery_.unreleased, rule, found};
      rule->project(context);
      for (ProjectFinding& one : found) keep(*rule, std::move(one));
    }
    std::stable_sort(raised_.begin(), raised_.end(), [](const Raised& a, const Raised& b) {
      return std::tuple(a.finding.at.file, a.finding.at.at.begin) <
             std::tuple(b.finding.at.file, b.finding.at.at.begin);
    });
    std::vector<ProjectFix> fixes;
    for (std::size_t i = 0; i < raised_.size();) {
      std::size_t end = i;
      while (end < raised_.size() && raised_[end].finding.at.file == raised_[i].finding.at.file) ++end;
      file(i, end, fixes);
      i = end;
    }
    return fixes;
  }

 private:
  [[nodiscard]] const std::string& path(std::uint32_t file) const { return pipeline_.files[file].path; }

  void keep(const Rule& rule, ProjectFinding finding) {
    const std::string& where = path(finding.at.file);
    if (delivery_.shown != nullptr && !delivery_.shown->changed(where)) return;
    const std::optional<Severity> level = level_of(rule, options_.rules, overrides_of(options_.rules, where));
    if (!level) return;
    const Severity severity = finding.at_most ? std::min(*finding.at_most, *level) : *level;
    raised_.push_back({&rule, severity, std::move(finding)});
  }

  // The number of a file in the report.
  std::uint32_t shown(std::uint32_t file) {
    const auto [known, is_new] = shown_.try_emplace(file, static_cast<std::uint32_t>(report_.files.size()));
    if (is_new) {
      report_.files.push_back({path(file), pipeline_.files[file].text});
      ++report_.summary.files;
    }
    return known->second;
  }

  void add(Diagnostic diagnostic) {
    ++report_.summary.of(diagnostic.severity);
    report_.diagnostics.push_back(std::move(diagnostic));
  }

  // The findings from `begin` to `end` are those of one file.
  void file(std::size_t begin, std::size_t end, std::vector<ProjectFix>& fixes) {
    const std::uint32_t number = raised_[begin].finding.at.file;
    const delivery::File& file = pipeline_.files[number];
    const std::vector<pg::Comment> comments = comments_of(file.text);
    const std::vector<source::Suppression> suppressions = source::suppressions(file.text, comments, file.pieces);
    std::vector<bool> gone(end - begin, false);
    std::vector<Diagnostic> about;  // the comments themselves
    for (const source::Suppression& one : suppressions) hide(one, file, number, begin, gone, about);
    ProjectFix fix{file.path, file.text, {}};
    for (std::size_t i = begin; i < end; ++i) {
      if (gone[i - begin]) {
        ++report_.summary.suppressed;
        continue;
      }
      Raised& one = raised_[i];
      Diagnostic diagnostic;
      diagnostic.rule = one.rule->id;
      diagnostic.severity = one.severity;
      diagnostic.file = shown(number);
      diagnostic.at = diagnostic.statement = one.finding.at.at;
      diagnostic.message = std::move(one.finding.message);
      diagnostic.why = std::move(one.finding.why);
      diagnostic.help = std::move(one.finding.help);
      diagnostic.fixable = !one.finding.fix.empty();
      for (ProjectFinding::Other& other : one.finding.others)
        diagnostic.related.push_back({shown(other.at.file), other.at.at, std::move(other.message)});
      for (Edit& edit : one.finding.fix)
        if (fix.edits.empty() || edit.begin >= fix.edits.back().end) fix.edits.push_back(std::move(edit));
      add(std::move(diagnostic));
    }
    for (Diagnostic& one : about) add(std::move(one));
    if (!fix.edits.empty()) fixes.push_back(std::move(fix));
  }

  // What a comment hides; one that is wrong is a finding of its own. One that hides nothing is not: whether something
  // stands there hangs on other files as well.
  void hide(const source::Suppression& one, const delivery::File& file, std::uint32_t number, std::size_t begin,
            std::vector<bool>& gone, std::vector<Diagnostic>& about) {
    for (Fault& fault : faults(one, rules_, options_.today, "#")) {
      const auto rule = std::ranges::find(rules_, fault.rule, &Rule::id);
      if (rule == rules_.end()) continue;
      const std::optional<Severity> level = level_of(**rule, options_.rules, overrides_of(options_.rules, file.path));
      if (!level) continue;
      Diagnostic& diagnostic = about.emplace_back();
      diagnostic.rule = (*rule)->id;
      diagnostic.severity = *level;
      diagnostic.file = shown(number);
      diagnostic.at = fault.at;
      diagnostic.message = std::move(fault.message);
      diagnostic.why = std::move(fault.why);
      diagnostic.help = std::move(fault.help);
    }
    if (!one.problem.empty() || is_over(one, options_.today)) return;
    const Span piece = one.statement != source::Suppression::npos && one.statement < file.pieces.size()
                           ? file.pieces[one.statement]
                           : Span{};
    for (const std::string_view rule : one.rules) {
      for (std::size_t i = 0; i < gone.size(); ++i) {
        const Raised& raised = raised_[begin + i];
        if (raised.rule->id == rule && (one.whole_file || piece.contains(raised.finding.at.at.begin))) gone[i] = true;
      }
    }
  }

  const delivery::Pipeline& pipeline_;
  std::span<const Rule* const> rules_;
  const CheckOptions& options_;
  const DeliveryOptions& delivery_;
  Report& report_;
  std::vector<Raised> raised_;
  std::map<std::uint32_t, std::uint32_t> shown_;
};

}  // namespace

void ProjectFinding::refer_to(delivery::Place place, std::string_view said) {
  Other& other = others.emplace_back();
  other.at = place;
  other.message = said;
}

std::vector<ProjectFix> check_delivery(const delivery::Pipeline& pipeline, std::span<const Rule* const> rules,
                                       const CheckOptions& options, const DeliveryOptions& delivery, Report& report) {
  report.notices.insert(report.notices.end(), pipeline.notices.begin(), pipeline.notices.end());
  return Asker(pipeline, rules, options, delivery, report).ask();
}

}  // namespace pglint::lint
