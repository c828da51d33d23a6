#include "cli/delivery.h"

#include <algorithm>
#include <string>

#include "delivery/read.h"
#include "source/config.h"
#include "source/path.h"

namespace pglint::cli {
namespace {

// The folder that the project as a whole is asked for by; empty if it is not.
std::string asked_for(const Options& options) {
  if (!options.sql.empty()) return {};
  if (options.paths.empty()) return ".";
  if (options.paths.size() != 1 || options.paths.front() == "-") return {};
  std::string path = source::tidy(options.paths.front());
  for (const std::string_view mark : {std::string_view(".git"), std::string_view("package.json"), source::config_name})
    if (source::disk().exists(source::join(path, mark))) return path;
  return {};
}

// Whether a plan has files on both sides of a gate: then what is released decides something.
bool has_both_sides(const delivery::Pipeline& pipeline) {
  return std::ranges::any_of(pipeline.plans, [](const delivery::PlanFile& file) {
    bool before = false;
    bool gate = false;
    for (const Stage& stage : file.plan.stages) {
      gate = gate || (stage.gate && before);
      if (!stage.files.empty() && gate) return true;
      before = before || !stage.files.empty();
    }
    return false;
  });
}

}  // namespace

const source::Files& files_of(const source::Sources& sources) {
  return sources.git != nullptr ? sources.git->files() : source::disk();
}

Delivery check_delivery(const Options& options, const Settings& settings, const source::Sources& sources,
                        const source::Files& files, Report& report) {
  Delivery out;
  const std::string folder = asked_for(options);
  if (folder.empty()) return out;
  const source::Git* const git = sources.git.get();
  out.pipeline = std::make_unique<delivery::Pipeline>(delivery::read(folder, files));
  lint::DeliveryOptions delivery;
  delivery.shown = options.since.empty() && !options.staged ? nullptr : git;
  delivery.unreleased = git;
  std::unique_ptr<source::Git> asked;
  if (git == nullptr && has_both_sides(*out.pipeline)) {
    const std::string revision = source::released_revision(folder);
    if (!revision.empty()) {
      auto since = source::Git::since(folder, revision, source::disk());
      if (since) asked = std::move(*since);
      delivery.unreleased = asked.get();
    }
  }
  out.fixes = lint::check_delivery(*out.pipeline, settings.rules, settings.check, delivery, report);
  return out;
}

}  // namespace pglint::cli
