// Plans for tests: a Drizzle project out of texts, and its plan as lines that can be compared.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plan/planner.h"
#include "source/project.h"
#include "source/read.h"

namespace pglint::test {

// What drizzle-kit writes beside its migrations.
inline std::string drizzle_journal(const std::vector<std::string>& tags) {
  std::string entries;
  for (std::size_t i = 0; i < tags.size(); ++i)
    entries += fmt::format(R"({}{{"idx":{},"version":"7","when":{},"tag":"{}","breakpoints":true}})", i == 0 ? "" : ",",
                           i, 1795374842666 + i * 1000, tags[i]);
  return fmt::format(R"({{"version":"7","dialect":"postgresql","entries":[{}]}})", entries);
}

// `given` is released, the others are not.
inline source::FakeFiles drizzle_files(std::string_view given, const std::vector<std::string>& migrations) {
  std::map<std::string, std::string> files = {{"drizzle/0000_given.sql", std::string(given)}};
  std::vector<std::string> tags = {"0000_given"};
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    tags.push_back(fmt::format("{:04}_change", i + 1));
    files["drizzle/" + tags.back() + ".sql"] = migrations[i];
  }
  files["drizzle/meta/_journal.json"] = drizzle_journal(tags);
  return source::FakeFiles(std::move(files));
}

inline source::Sources unreleased(const source::Files& files) {
  source::Sources sources = read({"drizzle"}, files);
  REQUIRE(sources.projects.size() == 1);
  for (const Failure& failure : sources.failures) FAIL(failure.path << ": " << failure.message);
  for (source::Migration& migration : sources.projects[0].migrations) migration.reported = migration.id != "0000_given";
  sources.projects[0].pending_known = true;
  return sources;
}

inline plan::Planned planned(std::string_view given, const std::vector<std::string>& migrations,
                             const recipe::Options& options = {}) {
  const source::FakeFiles files = drizzle_files(given, migrations);
  const source::Sources sources = unreleased(files);
  plan::PlanRequest request;
  request.recipes = options;
  request.replay.target.pg_version = options.pg_version;
  return plan::plan(sources.projects[0], request);
}

// The only plan; fails if there is none, or more, or something is refused.
inline Plan one_plan(std::string_view given, const std::vector<std::string>& migrations,
                     const recipe::Options& options = {}) {
  plan::Planned all = planned(given, migrations, options);
  for (const plan::Refused& refused : all.refused) FAIL_CHECK(refused.path << " is refused: " << refused.reason);
  REQUIRE(all.groups.size() == 1);
  return std::move(all.groups[0].plan);
}
inline Plan one_plan(std::string_view given, const std::string& migration, const recipe::Options& options = {}) {
  return one_plan(given, std::vector<std::string>{migration}, options);
}

// Why it is refused; empty if it is not. What to supply stands behind an arrow.
inline std::string refusal(std::string_view given, const std::vector<std::string>& migrations,
                           const recipe::Options& options = {}) {
  const plan::Planned all = planned(given, migrations, options);
  if (all.refused.empty()) return {};
  const plan::Refused& first = all.refused.front();
  return first.supply.empty() ? first.reason : fmt::format("{} -> {}", first.reason, first.supply);
}
inline std::string refusal(std::string_view given, const std::string& migration, const recipe::Options& options = {}) {
  return refusal(given, std::vector<std::string>{migration}, options);
}

// "expand: add-b", "backfill: fill-b", "gate: change": what is done in which order.
inline Lines outline(const Plan& plan) {
  Lines out;
  for (const Stage& stage : plan.stages) {
    if (stage.gate) out.push_back("gate: " + stage.gate->id);
    for (const Step& step : stage.steps) out.push_back(fmt::format("{}: {}", name(stage.phase), step.id));
  }
  return out;
}

inline const Step& step(const Plan& plan, std::string_view id) {
  for (const Stage& stage : plan.stages)
    for (const Step& one : stage.steps)
      if (one.id == id) return one;
  FAIL("no step " << id);
  static const Step none;
  return none;
}

inline const Gate& gate(const Plan& plan) {
  for (const Stage& stage : plan.stages)
    if (stage.gate) return *stage.gate;
  FAIL("no gate");
  static const Gate none;
  return none;
}

// "ACCESS EXCLUSIVE public.t", in the order of the relations' names.
inline Lines locks(const Step& step) {
  Lines out;
  for (const StepLock& lock : step.locks) out.push_back(fmt::format("{} {}", name(lock.mode), lock.relation));
  std::sort(out.begin(), out.end());
  return out;
}

inline bool says(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace pglint::test
