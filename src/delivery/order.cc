#include "delivery/order.h"

#include <algorithm>
#include <initializer_list>

namespace pglint::delivery {
namespace {

bool is_migration(const Effect& effect) { return effect.does == Does::migrates || effect.does == Does::pushes; }

const Effect* first(const Job& job, const auto& is_meant) {
  for (const Step& step : job.steps)
    for (const Effect& effect : step.effects)
      if (is_meant(effect)) return &effect;
  return nullptr;
}

const Effect* deploy_of(const Job& job) {
  const Effect* const sure = first(job, [](const Effect& one) { return one.does == Does::deploys && one.sure; });
  return sure != nullptr ? sure : first(job, [](const Effect& one) { return one.does == Does::deploys; });
}

// Where something is deployed or migrated to, by its name: bits.
unsigned stages_of(const Job& job) {
  unsigned bits = 0;
  const auto any = [](const std::string& word, std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), word) != list.end();
  };
  for (const std::string& word : words_of(job.id + ' ' + job.environment)) {
    if (any(word, {"prod", "production", "live", "prd"})) bits |= 1U;
    if (any(word, {"staging", "stage", "stg", "uat", "beta", "canary"})) bits |= 2U;
    if (any(word, {"dev", "development", "preview", "qa", "test", "sandbox", "demo"})) bits |= 4U;
  }
  return bits;
}

// What has no database behind it.
bool is_static(const Job& job) {
  for (const std::string& word : words_of(job.id))
    for (const std::string_view name : {"frontend", "docs", "site", "website", "landing", "storybook", "assets", "cdn",
                                        "blog", "pages", "ui", "client"})
      if (word == name) return true;
  return false;
}

bool meet(const Job& deploy, const Job& migrate) {
  const unsigned a = stages_of(deploy);
  const unsigned b = stages_of(migrate);
  return a == 0 || b == 0 || (a & b) != 0;
}

bool branches_meet(const Workflow& a, const Workflow& b) {
  if (!a.on_push || !b.on_push) return false;
  return std::ranges::any_of(a.pushed, [&](const std::string& one) {
    return std::ranges::any_of(b.pushed, [&](const std::string& other) {
      return one == other || (one == "*" && other != "tags") || (other == "*" && one != "tags");
    });
  });
}

class Finder {
 public:
  explicit Finder(const Pipeline& pipeline) : pipeline_(pipeline) {}

  std::vector<Meeting> find() {
    for (std::size_t w = 0; w < pipeline_.workflows.size(); ++w) {
      const Workflow& workflow = pipeline_.workflows[w];
      for (std::size_t j = 0; j < workflow.jobs.size(); ++j) {
        const Job& job = workflow.jobs[j];
        const Effect* const deploy = job.for_tests ? nullptr : deploy_of(job);
        if (deploy == nullptr) continue;
        Meeting meeting;
        meeting.workflow = static_cast<std::uint32_t>(w);
        meeting.job = static_cast<std::uint32_t>(j);
        meeting.deploy = deploy;
        if (in_itself(job, meeting) || with_others(workflow, j, meeting) || with_workflows(w, job, meeting))
          out_.push_back(meeting);
      }
    }
    return std::move(out_);
  }

 private:
  static void note(Order order, const Effect* migrate, const Job& job, bool sure, Meeting& meeting) {
    meeting.order = order;
    meeting.migrate = migrate;
    meeting.migrating = &job;
    meeting.certain = sure && migrate->sure && meeting.deploy->sure;
  }

  static bool in_itself(const Job& job, Meeting& meeting) {
    const Effect* before = nullptr;
    const Effect* behind = nullptr;
    bool deployed = false;
    for (const Step& step : job.steps)
      for (const Effect& effect : step.effects) {
        deployed = deployed || &effect == meeting.deploy;
        if (!is_migration(effect)) continue;
        const Effect*& to = deployed ? behind : before;
        if (to == nullptr) to = &effect;
      }
    if (before != nullptr)
      note(before->ignored ? Order::anyway : Order::waits, before, job, true, meeting);
    else if (behind != nullptr)
      note(Order::before, behind, job, true, meeting);
    return before != nullptr || behind != nullptr;
  }

  bool with_others(const Workflow& workflow, std::size_t at, Meeting& meeting) const {
    const Job& job = workflow.jobs[at];
    std::vector<std::size_t> candidates;
    for (std::size_t m = 0; m < workflow.jobs.size(); ++m)
      if (m != at && !workflow.jobs[m].for_tests && first(workflow.jobs[m], is_migration) != nullptr &&
          meet(job, workflow.jobs[m]))
        candidates.push_back(m);
    if (candidates.empty()) return false;
    const std::vector<bool> over = jobs_before(workflow, at);
    for (const std::size_t m : candidates) {
      const Job& migrating = workflow.jobs[m];
      if (!over[m]) continue;
      const Effect* const migrate = first(migrating, is_migration);
      const bool anyway = job.always || migrating.may_fail || migrate->ignored;
      note(anyway ? Order::anyway : Order::waits, migrate, migrating, true, meeting);
      return true;
    }
    for (const std::size_t m : candidates) {
      if (!jobs_before(workflow, m)[at]) continue;
      note(Order::before, first(workflow.jobs[m], is_migration), workflow.jobs[m], true, meeting);
      return true;
    }
    // One that waits for a deploy that is told of waits with it.
    for (const Meeting& told : out_)
      if (told.order == Order::together && told.same_workflow && &pipeline_.workflows[told.workflow] == &workflow &&
          over[told.job])
        return false;
    const Job& migrating = workflow.jobs[candidates.front()];
    // Jobs that never run in one go, or of which somebody decides when; and what has no database.
    if (is_static(job) || job.manual || migrating.manual ||
        (!job.condition.empty() && !migrating.condition.empty() && job.condition != migrating.condition))
      return false;
    note(Order::together, first(migrating, is_migration), migrating, candidates.size() == 1, meeting);
    return true;
  }

  // Another workflow that the same push starts.
  bool with_workflows(std::size_t at, const Job& job, Meeting& meeting) const {
    const Workflow& workflow = pipeline_.workflows[at];
    if (workflow.after_others || !meeting.deploy->sure || is_static(job)) return false;
    for (const Meeting& told : out_)  // once is enough
      if (!told.same_workflow && told.workflow == at) return false;
    for (const Workflow& other : pipeline_.workflows) {
      if (&other == &workflow || other.after_others || !branches_meet(workflow, other)) continue;
      // One that deploys as well orders its own.
      if (std::ranges::any_of(other.jobs, [](const Job& one) { return deploy_of(one) != nullptr; })) continue;
      for (const Job& migrating : other.jobs) {
        const Effect* const migrate = migrating.for_tests ? nullptr : first(migrating, is_migration);
        if (migrate == nullptr || !migrate->sure || !meet(job, migrating)) continue;
        meeting.same_workflow = false;
        note(Order::together, migrate, migrating, false, meeting);
        return true;
      }
    }
    return false;
  }

  const Pipeline& pipeline_;
  std::vector<Meeting> out_;
};

}  // namespace

std::vector<bool> jobs_before(const Workflow& workflow, std::size_t job) {
  std::vector<bool> over(workflow.jobs.size(), false);
  std::vector<std::size_t> ask = {job};
  while (!ask.empty()) {
    const Job& at = workflow.jobs[ask.back()];
    ask.pop_back();
    for (std::size_t i = 0; i < workflow.jobs.size(); ++i) {
      if (over[i]) continue;
      const Job& other = workflow.jobs[i];
      const bool by_stage = workflow.system == System::gitlab && !at.has_needs && other.stage < at.stage;
      if (!by_stage && std::ranges::find(at.needs, other.id) == at.needs.end()) continue;
      over[i] = true;
      ask.push_back(i);
    }
  }
  return over;
}

std::vector<Meeting> meetings(const Pipeline& pipeline) { return Finder(pipeline).find(); }

}  // namespace pglint::delivery
