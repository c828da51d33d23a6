#include "cli/delivery.h"

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

}  // namespace

const source::Files& files_of(const source::Sources& sources) {
  return sources.git != nullptr ? sources.git->files() : source::disk();
}

Delivery check_delivery(const Options& options, const Settings& settings, const source::Sources& sources,
                        const source::Files& files, Report& report) {
  Delivery out;
  const std::string folder = asked_for(options);
  if (folder.empty()) return out;
  out.pipeline = std::make_unique<delivery::Pipeline>(delivery::read(folder, files));
  // What is released is known where somebody says what is not.
  lint::DeliveryOptions delivery;
  delivery.shown = options.since.empty() && !options.staged ? nullptr : sources.git.get();
  delivery.unreleased = delivery.shown;
  out.fixes = lint::check_delivery(*out.pipeline, settings.rules, settings.check, delivery, report);
  return out;
}

}  // namespace pglint::cli
