#include "delivery/workflows.h"

#include <algorithm>
#include <initializer_list>

namespace pglint::delivery {
namespace {

bool has_word(std::string_view name, std::initializer_list<std::string_view> list) {
  for (const std::string& word : words_of(name))
    if (std::find(list.begin(), list.end(), word) != list.end()) return true;
  return false;
}

bool any_effect(const Job& job, const auto& is_meant) {
  return std::ranges::any_of(job.steps, [&](const Step& step) { return std::ranges::any_of(step.effects, is_meant); });
}

}  // namespace

bool names_own_database(std::string_view text) {
  // What leads to another machine.
  for (const std::string_view way : {"proxy", "port-forward", "tunnel", "ssh "})
    if (text.find(way) != std::string_view::npos) return false;
  for (const std::string_view host : {"@localhost", "@127.0.0.1", "@postgres:", "@postgres/",
                                      "@db:", "@database:", "@0.0.0.0", "localhost:5432", "127.0.0.1:5432"})
    if (text.find(host) != std::string_view::npos) return true;
  return false;
}

bool is_image_of_database(std::string_view image) {
  for (const std::string_view name : {"postgres", "postgis", "timescale", "pgvector", "cockroach", "supabase/"})
    if (image.find(name) != std::string_view::npos) return true;
  return false;
}

bool has(const Job& job, Does does) {
  return any_effect(job, [&](const Effect& effect) { return effect.does == does; });
}

void judge(Job& job, std::uint32_t file, std::string_view job_name, std::string_view workflow_name, bool own) {
  const std::string names = job.id + ' ' + std::string(job_name);
  // A job whose steps say nothing to anybody is what it is called.
  Effect named;
  named.at = {file, job.at};
  named.sure = false;
  named.what = job.id;
  const bool is_site = has_word(names, {"docs", "pages", "storybook", "site", "website"});
  if (is_called_migration(job.id) && !has(job, Does::migrates) && !has(job, Does::pushes)) {
    named.does = Does::migrates;
    job.steps.push_back({job.at, {named}});
  } else if (has_word(job.id, {"deploy", "rollout"}) && !is_site && !has(job, Does::deploys) &&
             !has(job, Does::migrates) && names.find("migrat") == std::string::npos) {
    named.does = Does::deploys;
    job.steps.push_back({job.at, {named}});
  }
  const bool live = has_word(names + ' ' + job.environment, {"prod", "production", "live"});
  job.for_users = live || is_for_users(names) || is_for_users(job.environment) || is_for_users(workflow_name) ||
                  any_effect(job, [](const Effect& effect) { return effect.does == Does::deploys && effect.sure; });
  const bool is_named_test = is_for_tests(names) || is_for_tests(job.environment);
  const bool runs_tests = has(job, Does::tests) || is_for_tests(workflow_name);
  job.for_tests = own || has(job, Does::makes_database) || (!live && is_named_test) || (!job.for_users && runs_tests);
}

}  // namespace pglint::delivery
