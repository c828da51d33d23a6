#include "cli/executor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "pglint/version.h"

namespace pglint::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view url_option = "--database-url";

}  // namespace

std::vector<std::string> arguments(const RunRequest& request) {
  std::vector<std::string> all = {"run", "--needs-files", "--plan=" + request.plan};
  const auto add = [&all](const char* name, const std::string& value) {
    if (!value.empty()) all.push_back(fmt::format("{}={}", name, value));
  };
  add("--hash", request.hash);
  add("--passed", request.passed);
  add("--through", request.through);
  for (const std::string& trigger : request.accept_triggers) add("--accept-triggers", trigger);
  add("--lock-budget", request.lock_budget);
  add("--wait-budget", request.wait_budget);
  add("--throttle-budget", request.throttle_budget);
  add("--throttle-query", request.throttle_query);
  add("--max-lag", request.max_lag);
  if (request.accept_changes) all.emplace_back("--accept-changes");
  if (request.dry_run) all.emplace_back("--dry-run");
  if (request.undo) all.emplace_back("--undo");
  return all;
}

Result<std::string> find_executor() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) return failed(fmt::format("cannot find where pglint is: {}", error.message()));
  const fs::path beside = self.parent_path() / "pglint-apply";
  const fs::path below = self.parent_path().parent_path() / "libexec" / "pglint" / "pglint-apply";
  for (const fs::path& path : {beside, below})
    if (::access(path.c_str(), X_OK) == 0) return path.string();
  return failed(fmt::format("there is neither {} nor {}", printable(beside.string()), printable(below.string())),
                "Install pglint-apply, of the same release, beside pglint.");
}

int exec_executor(const std::vector<std::string>& arguments, const std::string& database_url) {
  const Result<std::string> program = find_executor();
  if (!program) return print_error(program.error()), refused;
  if (!database_url.empty() && ::setenv("PGLINT_DATABASE_URL", database_url.c_str(), 1) != 0)
    return print_error({fmt::format("cannot set the environment: {}", std::strerror(errno))}), refused;
  std::vector<std::string> all = {*program, fmt::format("--called-by={}", version())};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(all.size() + 1);
  for (std::string& argument : all) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  ::execv(program->c_str(), pointers.data());
  return print_error({fmt::format("{}: {}", printable(*program), std::strerror(errno))}), refused;
}

std::vector<std::string> plan_files() {
  std::error_code error;
  fs::path folder = fs::current_path(error);
  fs::path shown;  // relative, as it would be typed
  for (; !error; folder = folder.parent_path(), shown = ".." / shown) {
    const fs::path plans = folder / ".pglint" / "plans";
    if (fs::is_directory(plans, error)) {
      std::vector<std::string> files;
      for (fs::directory_iterator it(plans, error), end; !error && it != end; it.increment(error))
        if (it->path().extension() == ".yml")
          files.push_back((shown / ".pglint" / "plans" / it->path().filename()).string());
      std::sort(files.begin(), files.end());
      return files;
    }
    error.clear();
    if (folder == folder.parent_path()) break;
  }
  return {};
}

std::vector<std::string> take_arguments(int argc, char** argv) {
  std::vector<std::string> all(argv, argv + argc);
  const auto overwrite = [](char* text) { std::fill(text, text + std::strlen(text), '*'); };
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") break;
    if (argument == url_option && i + 1 < argc)
      overwrite(argv[++i]);
    else if (argument.starts_with(url_option) && argument.substr(url_option.size()).starts_with('='))
      overwrite(argv[i] + url_option.size() + 1);
  }
  return all;
}

int status(const DatabaseOptions& options) {
  std::vector<std::string> all = {"status", "--format=" + (options.format.empty() ? "text" : options.format)};
  for (const std::string& plan : options.plan.empty() ? plan_files() : std::vector<std::string>{options.plan})
    all.push_back("--plan=" + plan);
  if (!options.gate.empty()) all.push_back("--gate=" + options.gate);
  return exec_executor(all, options.database_url);
}

int pass(const DatabaseOptions& options) {
  std::vector<std::string> all = {"pass"};
  for (const std::string& plan : options.plan.empty() ? plan_files() : std::vector<std::string>{options.plan})
    all.push_back("--plan=" + plan);
  all.emplace_back("--");
  all.push_back(options.gate);
  return exec_executor(all, options.database_url);
}

int snapshot(const DatabaseOptions& options) {
  std::vector<std::string> all = {"snapshot"};
  if (!options.output.empty()) all.push_back("--output=" + options.output);
  return exec_executor(all, options.database_url);
}

}  // namespace pglint::cli
