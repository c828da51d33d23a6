#include "report/rules_text.h"

#include <algorithm>

#include "report/terminal.h"

namespace pglint::report {
namespace {

Style style_of_word(std::string_view severity) {
  if (severity == "error") return Style::error;
  return severity == "warning" ? Style::warning : Style::advice;
}

}  // namespace

std::string rules_text(const RenderOptions& options) {
  std::size_t ids = 0;
  std::size_t severities = 0;
  std::size_t categories = 0;
  for (const RuleText& rule : options.rules) {
    ids = std::max(ids, rule.id.size());
    severities = std::max(severities, rule.severity.size());
    categories = std::max(categories, rule.category.size());
  }
  Terminal out(options.color, options.width);
  for (const RuleText& rule : options.rules) {
    out.own(rule.id, rule.enabled ? Style::bold : Style::dim).spaces(ids - rule.id.size() + 2);
    out.own(rule.severity, style_of_word(rule.severity)).spaces(severities - rule.severity.size() + 2);
    out.own(rule.category).spaces(categories - rule.category.size() + 2);
    std::string said(rule.summary);
    if (rule.fixable != "never") said += rule.fixable == "always" ? " (fixable)" : " (sometimes fixable)";
    if (!rule.enabled) said += " (off)";
    const std::size_t margin = out.column() + 20 <= out.width() ? out.column() : 4;
    out.wrapped(said, std::string(margin, ' ')).newline();
  }
  return out.take();
}

}  // namespace pglint::report
