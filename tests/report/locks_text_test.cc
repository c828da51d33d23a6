#include "report/locks_text.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "sample.h"
#include "support/golden.h"

namespace pglint::test {
namespace {

using report::Color;
using report::Format;
using report::render;

TEST_CASE("the timeline shows what each statement locks, and what goes on being locked") {
  check_golden("report/tenants.locks.golden", render(Format::text, tenants_timeline(), {.verbose = true}));
}

TEST_CASE("the timeline fits into a narrow window") {
  const std::string out = render(Format::text, tenants_timeline(), {.width = 64});
  check_golden("report/tenants.locks.narrow.golden", out);
  for (std::size_t from = 0; from < out.size();) {
    const std::size_t to = out.find('\n', from);
    CHECK(display_width(out.substr(from, to - from)) <= 80);
    from = to + 1;
  }
}

TEST_CASE("the timeline has colours only when asked to") {
  CHECK(render(Format::text, tenants_timeline(), {}).find('\x1b') == std::string::npos);
  check_golden("report/tenants.locks.color.golden",
               stable(render(Format::text, tenants_timeline(), {.color = Color::on})));
}

TEST_CASE("hostile names in a timeline cannot reach the terminal") {
  const std::string bad = hostile();
  const std::string sql = "DROP TABLE \"" + bad + "\"";
  Timeline timeline;
  TimelineStatement statement;
  statement.at = {0, static_cast<std::uint32_t>(sql.size())};
  LockEffect effect;
  effect.relation = bad;
  effect.relation_kind = "view";
  effect.builds = {bad};
  effect.lock = LockMode::access_exclusive;
  effect.blocks_reads = effect.blocks_writes = true;
  effect.because = "target";
  statement.effects = {effect};
  statement.error = TimelineError{bad, bad};
  timeline.files.push_back({bad, bad, sql, {{TransactionKind::runner, {statement, statement}}}});
  timeline.failures.push_back({bad, 0, bad});
  timeline.notices.push_back(bad);
  for (const Format format : {Format::text, Format::json})
    CHECK(first_dangerous(render(format, timeline, {.verbose = true})) == std::string::npos);
}

TEST_CASE("a statement of a megabyte takes one line") {
  const std::string sql = "SELECT '" + std::string(1 << 20, '\t') + std::string(1 << 20, 'x') + "'";
  Timeline timeline;
  TimelineStatement statement;
  statement.at = {0, static_cast<std::uint32_t>(sql.size())};
  timeline.files.push_back({"a.sql", "plain", sql, {{TransactionKind::autocommit, {statement}}}});
  CHECK(render(Format::text, timeline, {}).size() < 500);
}

TEST_CASE("the list of rules") {
  const std::vector<report::RuleText> rules = some_rules();
  check_golden("report/rules.text.golden", report::render_rules(Format::text, {.width = 90, .rules = rules}));
}

}  // namespace
}  // namespace pglint::test
