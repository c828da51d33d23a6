// pglint-apply: what pglint starts when a database is to be read or changed. People type pglint.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "apply/executor.h"
#include "apply/signals.h"
#include "apply/snapshot.h"
#include "apply/status.h"
#include "base/text.h"
#include "pglint/version.h"
#include "plan/form/file.h"

namespace pglint::apply {
namespace {

int fail(const std::string& message) {
  std::fprintf(stderr, "error: %s\n", message.c_str());
  return refused;
}

Result<PlanFile> read_plan(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return pglint::failed(fmt::format("{}: {}", printable(path), std::strerror(errno)));
  std::string text;
  std::array<char, 65536> buffer = {};
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), file)) > 0 && text.size() < 100'000'000;)
    text.append(buffer.data(), n);
  const bool bad = std::ferror(file) != 0;
  std::fclose(file);
  if (bad) return pglint::failed(fmt::format("{}: cannot be read", printable(path)));
  Result<Plan> plan = plan::from_yaml(text);
  if (!plan) return pglint::failed(fmt::format("{}: {}", printable(path), plan.error().message));
  PlanFile read{.path = path, .plan = std::move(*plan)};
  read.hash = plan::hash(read.plan);
  read.yaml = std::move(text);
  return read;
}

Result<std::vector<PlanFile>> read_plans(const std::vector<std::string>& paths) {
  std::vector<PlanFile> files;
  for (const std::string& path : paths) {
    auto file = read_plan(path);
    if (!file) return tl::unexpected(file.error());
    files.push_back(std::move(*file));
  }
  return files;
}

std::optional<Phase> phase_named(std::string_view word) {
  for (const Phase phase :
       {Phase::expand, Phase::backfill, Phase::validate, Phase::tighten, Phase::switch_, Phase::contract})
    if (name(phase) == word) return phase;
  return std::nullopt;
}

int main(int argc, const char* const* argv) {
  CLI::App app{
      "The executor of pglint's plans. Started by pglint, which takes the same options.\n"
      "The connection string is in PGLINT_DATABASE_URL, else libpq's own settings hold."};
  app.name("pglint-apply");
  app.set_version_flag("--version", "pglint-apply " + std::string(version()));
  app.require_subcommand(1);
  std::string caller;
  app.add_option("--called-by", caller, "The version of the pglint that calls")->type_name("VERSION");

  RunOptions options;
  std::string plan_path;
  std::string hash;
  std::string through;
  bool dry_run = false;
  double lock_budget = 0;
  double wait_budget = 0;
  double throttle_budget = 0;
  double most_lag = 0;
  CLI::App* run_command = app.add_subcommand("run", "Execute a plan up to the next gate that is not passed");
  run_command->add_option("--plan", plan_path, "The plan")->required()->type_name("FILE");
  run_command->add_option("--hash", hash, "The hash that it has to have")->type_name("SHA256");
  run_command->add_option("--passed", options.passed, "Record first that this gate is passed")->type_name("GATE");
  run_command->add_option("--through", through, "Stop behind the next phase of this label")->type_name("PHASE");
  run_command->add_flag("--dry-run", dry_run, "Print what would be executed");
  run_command->add_flag("--undo", options.undo, "Take back what was done, to the beginning or to the last gate");
  run_command->add_option("--accept-triggers", options.accept_triggers, "Triggers of others that a backfill may fire")
      ->delimiter(',')
      ->type_name("NAME,...")
      ->allow_extra_args(false);
  run_command->add_flag("--needs-files", options.needs_files, "Refuse a step that stands in no migration file yet");
  run_command->add_flag("--accept-changes", options.accept_changes,
                        "Go on although somebody changed what the plan stands on since its last step");
  run_command->add_option("--lock-budget", lock_budget, "How long a step may try to get its locks (default 900)")
      ->check(CLI::Range(0.1, 1e6))
      ->type_name("SECONDS");
  run_command->add_option("--wait-budget", wait_budget, "How long a long step may wait for others (default 1800)")
      ->check(CLI::Range(0.1, 1e6))
      ->type_name("SECONDS");

  run_command
      ->add_option("--throttle-budget", throttle_budget,
                   "How long a backfill may pause for replicas, slots or autovacuum (default 1800)")
      ->check(CLI::Range(0.1, 1e6))
      ->type_name("SECONDS");
  run_command
      ->add_option("--throttle-query", options.throttle_query,
                   "A query of the user's: a backfill pauses as long as it returns a number above 0")
      ->type_name("SQL");
  run_command->add_option("--max-lag", most_lag, "How far a replica or a slot may be behind (default 64 and 100)")
      ->check(CLI::Range(0.1, 1e6))
      ->type_name("MB");

  std::vector<std::string> plan_paths;
  std::string gate;
  std::string format = "text";
  CLI::App* status_command = app.add_subcommand("status", "Where plans stand");
  status_command->add_option("--plan", plan_paths, "A plan; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false);
  status_command->add_option("--gate", gate, "Exit with 0 only if everything above this gate is done, else with 4")
      ->type_name("GATE");
  status_command->add_option("--format", format, "text or json")->check(CLI::IsMember({"text", "json"}));

  CLI::App* pass_command = app.add_subcommand("pass", "Record that the deploy is done that a gate asks for");
  pass_command->add_option("gate", gate, "The gate")->required()->type_name("GATE");
  pass_command->add_option("--plan", plan_paths, "A plan; may be repeated")->type_name("FILE")->allow_extra_args(false);

  std::string output;
  CLI::App* snapshot_command =
      app.add_subcommand("snapshot", "Row counts, sizes, schema and applied migrations, for use without a connection");
  snapshot_command->add_option("-o,--output", output, "The file (default: standard output)")->type_name("FILE");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error) == 0 ? Exit::done : refused;
    return fail(printable(error.what()));
  }
  if (!caller.empty() && caller != version())
    return fail(fmt::format("pglint {} started pglint-apply {}: install both from the same release", printable(caller),
                            version()));
  catch_signals();

  if (run_command->parsed()) {
    auto file = read_plan(plan_path);
    if (!file) return fail(file.error().message);
    if (!hash.empty() && hash != file->hash)
      return fail(
          fmt::format("{}: is not the plan that was checked: its hash is {}", printable(plan_path), file->hash));
    if (dry_run) return show_statements(*file, options.undo);
    if (!through.empty()) {
      options.through = phase_named(through);
      if (!options.through)
        return fail(fmt::format("--through {}: it is expand, backfill, validate, tighten, switch or contract",
                                printable(through)));
      if (options.undo) return fail("--through and --undo exclude each other");
    }
    const auto milliseconds = [](double seconds) {
      return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(seconds * 1000));
    };
    if (lock_budget > 0) options.lock_budget = milliseconds(lock_budget);
    if (wait_budget > 0) options.wait_budget = milliseconds(wait_budget);
    if (throttle_budget > 0) options.throttle_budget = milliseconds(throttle_budget);
    if (most_lag > 0) {
      options.limits.lag_mb = options.limits.slot_mb = most_lag;
      options.limits.stop_mb = std::max(options.limits.stop_mb, 16 * most_lag);
    }
    if (const char* limits = std::getenv("PGLINT_LIMITS"); limits != nullptr) options.limits.set(limits);
    options.plan_path = plan_path;
    options.yaml = file->yaml;
    return run_plan(file->plan, file->hash, options);
  }
  if (snapshot_command->parsed()) return take_snapshot(output);
  const auto files = read_plans(plan_paths);
  if (!files) return fail(files.error().message);
  if (status_command->parsed()) return show_status(*files, gate, format == "json");
  return pass_gate(*files, gate);
}

}  // namespace
}  // namespace pglint::apply

int main(int argc, char** argv) {
  // The one catch: what the machine refuses (memory) and what no result foresaw.
  try {
    return pglint::apply::main(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return pglint::apply::failed;
  }
}
