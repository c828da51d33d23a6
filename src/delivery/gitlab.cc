// GitLab CI: stages one after another, `needs` before them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "delivery/reader.h"
#include "delivery/workflows.h"
#include "delivery/yaml.h"
#include "source/path.h"

namespace pglint::delivery {
namespace {

constexpr std::array no_jobs =
    std::to_array<std::string_view>({"stages", "variables", "include", "default", "workflow", "image", "services",
                                     "before_script", "after_script", "cache", "types", "spec"});
constexpr int most_extended = 3;

// Of a job, or of what it extends.
YAML::Node value_of_job(const YAML::Node& root, const YAML::Node& job, std::string_view key, int depth = 0) {
  const YAML::Node own = value_of(job, key);
  if (own.IsDefined() || depth > most_extended) return own;
  const std::vector<YAML::Node> bases = texts_of(value_of(job, "extends"));
  for (auto base = bases.rbegin(); base != bases.rend() && base - bases.rbegin() < 3; ++base) {
    const YAML::Node found = value_of_job(root, value_of(root, base->Scalar()), key, depth + 1);
    if (found.IsDefined()) return found;
  }
  return own;
}

bool is_manual(const YAML::Node& root, const YAML::Node& job) {
  if (text_of(value_of_job(root, job, "when")) == "manual") return true;
  const YAML::Node rules = value_of_job(root, job, "rules");
  if (!rules.IsSequence()) return false;
  return std::any_of(rules.begin(), rules.end(),
                     [](const auto& rule) { return rule.IsMap() && text_of(value_of(rule, "when")) == "manual"; });
}

// When it runs, as it is written; and whether that is for merge requests alone.
std::string condition_of(const YAML::Node& root, const YAML::Node& job) {
  std::string out;
  for (const std::string_view key : {"only", "except"})
    for (const YAML::Node& word : texts_of(value_of_job(root, job, key))) out += ' ' + word.Scalar();
  const YAML::Node rules = value_of_job(root, job, "rules");
  if (rules.IsSequence())
    for (const auto& rule : rules)
      if (rule.IsMap()) out += ' ' + text_of(value_of(rule, "if"));
  return out;
}

}  // namespace

void Reader::read_gitlab(const std::string& path) {
  File* const file = add(path);
  if (file == nullptr) return;
  if (!matters(file->text) && out_.plans.empty()) return drop_last();
  const std::string& text = file->text;
  const auto documents = load_yaml(text);
  if (!documents) {
    notice(fmt::format("{}: not looked at: {}", path, documents.error().message));
    return drop_last();
  }
  const YAML::Node& top = documents->front();
  if (!top.IsMap()) return drop_last();
  const auto number = static_cast<std::uint32_t>(out_.files.size() - 1);
  std::vector<std::string> stages;
  for (const YAML::Node& stage : texts_of(value_of(top, "stages"))) stages.push_back(stage.Scalar());
  if (stages.empty()) stages = {"build", "test", "deploy"};
  const auto place_of = [&](const std::string& stage) {
    if (stage == ".pre") return std::size_t{0};
    const auto found = std::find(stages.begin(), stages.end(), stage);
    return static_cast<std::size_t>(found - stages.begin()) + 1;
  };
  Workflow workflow;
  workflow.system = System::gitlab;
  workflow.file = number;
  constexpr std::size_t most_jobs = 256;
  bool all_own = false;
  for (const YAML::Node& image : texts_of(value_of(top, "services")))
    all_own = all_own || is_image_of_database(image.Scalar());
  for (const auto& pair : pairs_of(top)) {
    const std::string& id = pair.first.Scalar();
    const YAML::Node& node = pair.second;
    if (id.starts_with('.') || std::find(no_jobs.begin(), no_jobs.end(), id) != no_jobs.end() || !node.IsMap() ||
        workflow.jobs.size() >= most_jobs)
      continue;
    const auto value = [&](std::string_view key) { return value_of_job(top, node, key); };
    Job job;
    job.id = id;
    job.at = span_of(text, pair.first);
    const Span whole = block_at(text, begin_of(text, pair.first));
    if (file->pieces.empty() || whole.begin >= file->pieces.back().end) file->pieces.push_back(whole);
    const std::string stage = text_of(value("stage"));
    job.stage = place_of(stage.empty() ? "test" : stage);
    const YAML::Node needs = value("needs");
    job.has_needs = needs.IsSequence();
    if (needs.IsSequence())
      for (const auto& one : needs) {
        const std::string name = one.IsMap() ? text_of(value_of(one, "job")) : text_of(one);
        if (!name.empty()) job.needs.push_back(name);
      }
    job.condition = condition_of(top, node);
    job.manual = is_manual(top, node);
    const std::string may_fail = text_of(value("allow_failure"));
    job.may_fail = may_fail == "true" || (job.manual && may_fail != "false" && text_of(value("when")) == "manual");
    job.always = text_of(value("when")) == "always";
    const YAML::Node environment = value("environment");
    job.environment = environment.IsMap() ? text_of(value_of(environment, "name")) : text_of(environment);
    bool own = all_own || names_own_database(std::string_view(text).substr(whole.begin, whole.size()));
    const YAML::Node services = value("services");
    if (services.IsSequence())
      for (const auto& service : services)
        own = own || is_image_of_database(service.IsMap() ? text_of(value_of(service, "name")) : text_of(service));
    for (const std::string_view key : {"before_script", "script"}) {
      for (const YAML::Node& line : texts_of(value(key))) {
        Step step;
        step.at = span_of(text, line);
        step.effects = effects(commands(mapped_text(text, line)), number, root);
        if (job.steps.size() < 256) job.steps.push_back(std::move(step));
      }
    }
    const bool proposed = job.condition.find("merge_request") != std::string::npos &&
                          job.condition.find("BRANCH") == std::string::npos &&
                          job.condition.find("main") == std::string::npos;
    judge(job, number, "", "", own || proposed);
    workflow.jobs.push_back(std::move(job));
  }
  if (workflow.jobs.empty()) return;
  out_.workflows.push_back(std::move(workflow));
}

}  // namespace pglint::delivery
