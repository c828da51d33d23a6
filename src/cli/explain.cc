#include <fmt/format.h>

#include <algorithm>

#include "base/spell.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "rules/registry.h"

namespace pglint::cli {

int explain(const std::string& rule, const Options& options) {
  std::string page(rules::page(rule));
  std::vector<std::string> own_ids;
  if (page.empty()) {
    const Result<Settings> settings = settle(options);
    if (!settings) return print_error(settings.error()), refused;
    for (const std::unique_ptr<lint::OwnRule>& own : settings->own_rules) {
      own_ids.push_back(own->written.id);
      if (own->written.id == rule) page = own->page;
    }
  }
  if (page.empty()) {
    std::vector<std::string_view> ids(own_ids.begin(), own_ids.end());
    for (const lint::Rule* known : rules::all()) ids.push_back(known->id);
    // People who come from another tool know the check by its name there.
    for (const lint::Rule* known : rules::all())
      for (const lint::Alias& alias : known->aliases)
        if (alias.id == rule)
          return print_error({fmt::format("{} is {}'s name for {}", rule, alias.tool, known->id),
                              fmt::format("Run pglint explain {}.", known->id)}),
                 refused;
    const std::string near = did_you_mean(rule, ids);
    return print_error(
               {fmt::format("there is no rule {}", printable(rule)), near.empty() ? "pglint rules lists them." : near}),
           refused;
  }
  if (const Result<void> written = write_output("", page); !written) return print_error(written.error()), refused;
  return ok;
}

int rules(const Options& options) {
  const Result<Settings> settings = settle(options);
  if (!settings) return print_error(settings.error()), refused;
  const std::vector<report::RuleText> texts = rule_texts(*settings);
  for (const auto& [format, file] : settings->sinks) {
    if (!report::has_timeline(format))
      return print_error({fmt::format("rules has no format {}", report::name(format)), "Use text or json."}), refused;
    report::RenderOptions render = render_options(options, file.empty());
    render.rules = texts;
    if (const Result<void> written = write_output(file, report::render_rules(format, render)); !written)
      return print_error(written.error()), refused;
  }
  return ok;
}

}  // namespace pglint::cli
