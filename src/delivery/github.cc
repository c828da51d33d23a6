// GitHub Actions.
#include <fmt/format.h>

#include <algorithm>

#include "delivery/reader.h"
#include "delivery/workflows.h"
#include "delivery/yaml.h"
#include "source/path.h"

namespace pglint::delivery {
namespace {

// What starts it, and whether all that does is somebody's proposal.
struct Triggers {
  bool push = false;
  bool after_others = false;
  bool only_proposed = true;
  std::vector<std::string> branches;
};

Triggers triggers_of(const YAML::Node& on) {
  Triggers out;
  for (const YAML::Node& word : texts_of(on)) {
    const std::string& name = word.Scalar();
    if (name == "push") out.push = true;
    if (name == "workflow_run" || name == "workflow_call") out.after_others = true;
    if (name != "pull_request" && name != "pull_request_target" && name != "merge_group") out.only_proposed = false;
  }
  if (!out.push) return out;
  const YAML::Node push = value_of(on, "push");
  for (const YAML::Node& branch : texts_of(value_of(push, "branches"))) out.branches.push_back(branch.Scalar());
  if (value_of(push, "branches-ignore").IsDefined()) out.branches.emplace_back("others");
  // Tags alone are another event than branches.
  if (out.branches.empty() && value_of(push, "tags").IsDefined()) out.branches.emplace_back("tags");
  if (out.branches.empty()) out.branches.emplace_back("*");
  return out;
}

// It goes on whatever became of the jobs before it, and does not ask.
bool runs_anyway(std::string_view condition) {
  const bool anyway = condition.find("always()") != std::string_view::npos ||
                      condition.find("!cancelled()") != std::string_view::npos ||
                      condition.find("! cancelled()") != std::string_view::npos;
  return anyway && condition.find(".result") == std::string_view::npos &&
         condition.find("success") == std::string_view::npos;
}

bool is_true(const YAML::Node& node) { return text_of(node) == "true"; }

class Jobs {
 public:
  Jobs(Reader& reader, File& file, std::uint32_t number) : reader_(reader), file_(file), number_(number) {}

  Job job(const YAML::Node& name, const YAML::Node& node) {
    Job job;
    job.id = name.Scalar();
    const std::string& text = file_.text;
    const std::size_t begin = begin_of(text, name);
    job.at = span_of(text, name);
    piece(job.at);
    const YAML::Node needs = value_of(node, "needs");
    job.has_needs = needs.IsDefined();
    for (const YAML::Node& one : texts_of(needs)) job.needs.push_back(one.Scalar());
    job.condition = text_of(value_of(node, "if"));
    job.always = runs_anyway(job.condition);
    job.may_fail = is_true(value_of(node, "continue-on-error"));
    const YAML::Node environment = value_of(node, "environment");
    job.environment = environment.IsMap() ? text_of(value_of(environment, "name")) : text_of(environment);
    const YAML::Node uses = value_of(node, "uses");
    if (const std::string called = text_of(uses); called.starts_with("./"))
      job.calls = called.substr(2);
    else if (!called.empty())
      uses_step(job, uses, begin_of(text, uses));
    const YAML::Node steps = value_of(node, "steps");
    if (steps.IsSequence())
      for (const auto& step : steps)
        if (step.IsMap() && job.steps.size() < most_steps) job.steps.push_back(this->step(step));
    if (node.IsMap() && node.Style() != YAML::EmitterStyle::Flow && node.size() > 0) first_line(node, begin, job);
    for (const auto& pair : pairs_of(value_of(node, "services"))) {
      const std::string image = pair.second.IsMap() ? text_of(value_of(pair.second, "image")) : text_of(pair.second);
      own_database_ = own_database_ || is_image_of_database(image);
    }
    const Span whole = block_at(text, begin);
    own_database_ = own_database_ || names_own_database(std::string_view(text).substr(whole.begin, whole.size()));
    return job;
  }

  // Since it was asked last.
  bool own_database() { return std::exchange(own_database_, false); }

 private:
  static constexpr std::size_t most_steps = 256;

  void piece(Span at) {
    if (!at.empty() && (file_.pieces.empty() || at.begin >= file_.pieces.back().end)) file_.pieces.push_back(at);
  }

  void first_line(const YAML::Node& node, std::size_t begin, Job& job) const {
    const std::string& text = file_.text;
    const std::size_t key = begin_of(text, node.begin()->first);
    const std::size_t line = key == 0 ? std::string::npos : text.rfind('\n', key - 1);
    if (line == std::string::npos || line < begin) return;
    job.indentation = text.substr(line + 1, key - line - 1);
    if (job.indentation.find_first_not_of(' ') != std::string::npos) return;
    job.first_line = static_cast<std::uint32_t>(line + 1);
  }

  void uses_step(Job& job, const YAML::Node& uses, std::size_t /*at*/) {
    Step step;
    step.at = span_of(file_.text, uses);
    add_action(uses, step);
    job.steps.push_back(std::move(step));
  }

  void add_action(const YAML::Node& uses, Step& step, const std::string& options = {}) {
    const std::string action = text_of(uses);
    Act act = act_of_action(action);
    // What they do unless they are told otherwise, and what makes it more than a preview.
    const bool deploys = action.starts_with("cloudflare/wrangler-action") ||
                         (action.starts_with("amondnet/vercel-action") && options.find("--prod") != std::string::npos);
    if (deploys) act = {Does::deploys, action.substr(0, action.find('@')), true};
    if (act.does == Does::other) return;
    Effect effect;
    effect.does = act.does;
    effect.what = std::move(act.what);
    effect.sure = act.sure;
    effect.at = {number_, span_of(file_.text, uses)};
    step.effects.push_back(std::move(effect));
  }

  Step step(const YAML::Node& node) {
    const std::string& text = file_.text;
    Step out;
    out.at = block_at(text, begin_of(text, node));
    piece(out.at);
    const YAML::Node with = value_of(node, "with");
    const std::string folder = text_of(value_of(node, "working-directory"));
    const std::string where = folder.empty() ? reader_.root : source::tidy(source::join(reader_.root, folder));
    const auto add = [&](const YAML::Node& script, bool remote, std::string_view before) {
      if (text_of(script).empty()) return;
      std::vector<Command> all = commands(mapped_text(text, script));
      for (Command& command : all) {
        command.remote = command.remote || remote;
        if (!before.empty()) command.words.insert(command.words.begin(), std::string(before));
      }
      const std::vector<Effect> effects = reader_.effects(all, number_, where);
      out.effects.insert(out.effects.end(), effects.begin(), effects.end());
    };
    add(value_of(node, "run"), false, "");
    const YAML::Node uses = value_of(node, "uses");
    const std::string action = text_of(uses);
    if (action.starts_with("appleboy/ssh-action")) add(value_of(with, "script"), true, "");
    if (action.starts_with("superfly/flyctl-actions")) add(value_of(with, "args"), false, "flyctl");
    if (action.starts_with("cloudflare/wrangler-action") && !text_of(value_of(with, "command")).empty())
      add(value_of(with, "command"), false, "wrangler");
    else
      add_action(uses, out, text_of(value_of(with, "vercel-args")));
    const bool ignored = is_true(value_of(node, "continue-on-error"));
    const std::string condition = text_of(value_of(node, "if"));
    // What it asks about the run itself (success(), github.ref) is asked of the whole job as well.
    for (Effect& effect : out.effects) {
      effect.ignored = effect.ignored || ignored;
      effect.guarded = effect.guarded || !condition.empty();
    }
    own_database_ = own_database_ || names_own_database(action);
    return out;
  }

  Reader& reader_;
  File& file_;
  std::uint32_t number_;
  bool own_database_ = false;
};

}  // namespace

void Reader::read_github(const std::string& path) {
  File* const file = add(path);
  if (file == nullptr) return;
  if (!matters(file->text) && out_.plans.empty() && file->text.find("deploy") == std::string::npos) return drop_last();
  const auto documents = load_yaml(file->text);
  if (!documents) {
    notice(fmt::format("{}: not looked at: {}", path, documents.error().message));
    return drop_last();
  }
  const YAML::Node& top = documents->front();
  const YAML::Node jobs = value_of(top, "jobs");
  if (!jobs.IsMap()) return drop_last();
  const auto number = static_cast<std::uint32_t>(out_.files.size() - 1);
  Workflow workflow;
  workflow.file = number;
  workflow.name = text_of(value_of(top, "name"));
  const Triggers triggers = triggers_of(value_of(top, "on"));
  workflow.on_push = triggers.push;
  workflow.pushed = triggers.branches;
  workflow.after_others = triggers.after_others;
  bool own = triggers.only_proposed;
  for (const auto& pair : pairs_of(value_of(top, "env"))) own = own || names_own_database(text_of(pair.second));
  constexpr std::size_t most_jobs = 256;
  Jobs reader(*this, *file, number);
  const std::string called = std::string(source::file_name(path)) + ' ' + workflow.name;
  for (const auto& pair : pairs_of(jobs)) {
    if (workflow.jobs.size() >= most_jobs || !pair.second.IsMap()) continue;
    Job job = reader.job(pair.first, pair.second);
    const bool has_own = reader.own_database();
    if (job.calls.empty()) judge(job, number, text_of(value_of(pair.second, "name")), called, own || has_own);
    workflow.jobs.push_back(std::move(job));
  }
  out_.workflows.push_back(std::move(workflow));
}

void Reader::link_workflows() {
  for (Workflow& workflow : out_.workflows) {
    for (Job& job : workflow.jobs) {
      if (job.calls.empty()) continue;
      for (const Workflow& other : out_.workflows) {
        if (!out_.files[other.file].path.ends_with(job.calls) || &other == &workflow) continue;
        Step step;
        step.at = job.at;
        bool tests = !other.jobs.empty();
        for (const Job& inner : other.jobs) {
          tests = tests && inner.for_tests;
          for (const Step& one : inner.steps)
            for (const Effect& effect : one.effects) {
              if (inner.for_tests || effect.does == Does::other || step.effects.size() >= 256) continue;
              Effect through = effect;
              through.via = effect.via ? effect.via : effect.at;
              through.at = {workflow.file, job.at};
              step.effects.push_back(std::move(through));
            }
        }
        if (tests) job.for_tests = true;
        job.steps.push_back(std::move(step));
        break;
      }
      const std::string called = std::string(source::file_name(out_.files[workflow.file].path)) + ' ' + workflow.name;
      judge(job, workflow.file, source::file_name(job.calls), called, job.for_tests);
    }
  }
}

}  // namespace pglint::delivery
