// `pglint init`: what a repository needs to be checked from now on. Nothing that is there is written over.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "pglint/version.h"
#include "rules/registry.h"
#include "source/config.h"
#include "source/path.h"
#include "source/squawk.h"

namespace pglint::cli {
namespace {

constexpr std::string_view hooks_file = ".pre-commit-config.yaml";
constexpr std::string_view workflow_file = ".github/workflows/pglint.yml";

std::string hook() {
  return fmt::format(
      "  - repo: {}\n"
      "    rev: v{}\n"
      "    hooks: [{{id: pglint}}]\n",
      homepage(), version());
}

std::string workflow() {
  std::string_view repository = homepage();
  repository.remove_prefix(std::min(repository.size(), repository.find('/', repository.find("://") + 3) + 1));
  return fmt::format(
      "on: pull_request\n"
      "jobs:\n"
      "  pglint:\n"
      "    runs-on: ubuntu-latest\n"
      "    steps:\n"
      "      - uses: actions/checkout@v4\n"
      "        with: {{fetch-depth: 0}}\n"
      "      - uses: {}@v{}\n"
      "        with:\n"
      "          since: origin/${{{{ github.base_ref }}}}\n",
      repository, version());
}

// What the configuration will say beside its usual lines.
struct Answers {
  int pg_version = 15;
  std::string transaction;
  std::vector<std::string> lines;  // of YAML, behind the others
  std::vector<std::string> told;   // what became of what, one line each
};

std::string config(const Answers& answers) {
  std::string text = fmt::format(
      "# yaml-language-server: $schema={}/raw/v{}/docs/schemas/config.schema.json\n"
      "pg_version: {}  # the oldest server that the migrations must run on\n"
      "runner: auto\n",
      homepage(), version(), answers.pg_version);
  if (!answers.transaction.empty()) text += "transaction: " + answers.transaction + "\n";
  for (const std::string& line : answers.lines) text += line + "\n";
  return text;
}

// In double quotes: patterns and names of files may hold anything.
std::string in_quotes(std::string_view word) {
  std::string text = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') text += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      text += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    else
      text += c;
  }
  return text + "\"";
}

// Our rules that make the check of that name in squawk.
std::vector<std::string> ours(std::string_view id) {
  std::vector<std::string> ids;
  for (const lint::Rule* rule : rules::all())
    for (const lint::Alias& alias : rule->aliases)
      if (alias.tool == "squawk" && alias.id == id) ids.emplace_back(rule->id);
  return ids;
}

std::string joined(const std::set<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

// Says what became of each, and returns those that are ours.
std::set<std::string> translate(const std::vector<std::string>& names, const std::string& where, Answers& answers) {
  std::set<std::string> all;
  for (const std::string& name : names) {
    const std::vector<std::string> ids = ours(name);
    all.insert(ids.begin(), ids.end());
    answers.told.push_back(fmt::format(
        "{}: {} {}", where, printable(name),
        ids.empty() ? "has no counterpart here, and needs none" : fmt::format("became {}", fmt::join(ids, ", "))));
  }
  return all;
}

// Every .sql file below the current folder, hidden folders and what others installed left out.
std::vector<std::string> sql_files() {
  constexpr std::size_t most = 100'000;
  std::vector<std::string> files;
  std::error_code error;
  std::filesystem::recursive_directory_iterator at(".", std::filesystem::directory_options::skip_permission_denied,
                                                   error);
  for (const std::filesystem::recursive_directory_iterator end; !error && at != end && files.size() < most;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (at->is_directory(error) && (name.starts_with('.') || name == "node_modules" || name == "build"))
      at.disable_recursion_pending();
    else if (name.ends_with(".sql") && at->is_regular_file(error))
      files.push_back(source::tidy(at->path().string()));
  }
  std::ranges::sort(files);
  return files;
}

// A released migration must not change, comments included: what silenced squawk in it becomes an override.
void take_over_comments(Answers& answers) {
  for (const std::string& file : sql_files()) {
    const auto text = source::disk().read(file);
    if (!text) continue;
    std::set<std::string> off;
    for (const source::SquawkIgnore& ignore : source::squawk_ignores(*text)) {
      const std::string where = fmt::format("{}:{}", printable(file), ignore.line);
      if (ignore.rules.empty()) {
        off.insert("all");
        answers.told.push_back(where + ": all rules are off for this file");
      }
      off.merge(translate(ignore.rules, where, answers));
    }
    if (off.empty()) continue;
    if (off.contains("all")) off = {"all"};
    answers.lines.push_back(fmt::format("  - {{paths: [{}], ignore: [{}]}}", in_quotes(file), joined(off)));
  }
}

Result<void> take_over_squawk(Answers& answers) {
  constexpr const char* name = ".squawk.toml";
  source::SquawkConfig config;
  if (source::disk().exists(name)) {
    const auto text = source::disk().read(name);
    if (!text) return failed(fmt::format("{}: {}", name, text.error().message), text.error().hint);
    auto read = source::parse_squawk(*text);
    if (!read) return failed(fmt::format("{}: {}", name, read.error().message), read.error().hint);
    config = std::move(*read);
  } else {
    answers.told.push_back(fmt::format("{}: is not here; only comments in .sql files are taken over", name));
  }
  if (config.pg_version) {
    answers.pg_version = std::clamp(*config.pg_version, 12, 18);
    answers.told.push_back(fmt::format("{}: pg_version became {}", name, answers.pg_version));
  }
  if (config.assume_in_transaction) {
    answers.transaction = "file";
    answers.told.push_back(
        fmt::format("{}: assume_in_transaction became transaction: file, for plain folders; of a "
                    "migration tool pglint knows the transactions",
                    name));
  }
  const std::set<std::string> off = translate(config.excluded_rules, name, answers);
  if (!off.empty()) answers.lines.push_back("ignore: [" + joined(off) + "]");
  if (!config.included_rules.empty()) {
    const std::set<std::string> on = translate(config.included_rules, name, answers);
    if (!on.empty()) answers.lines.push_back("select: [" + joined(on) + "]");
  }
  for (const std::string& key : config.other_keys)
    answers.told.push_back(fmt::format("{}: {} has no counterpart here", name, printable(key)));

  Answers overrides;
  for (const std::string& pattern : config.excluded_paths) {
    overrides.lines.push_back(fmt::format("  - {{paths: [{}], ignore: [all]}}", in_quotes(pattern)));
    overrides.told.push_back(fmt::format("{}: {} is read as history, and not reported", name, printable(pattern)));
  }
  take_over_comments(overrides);
  if (!overrides.lines.empty()) {
    answers.lines.emplace_back("overrides:");
    answers.lines.insert(answers.lines.end(), overrides.lines.begin(), overrides.lines.end());
  }
  answers.told.insert(answers.told.end(), overrides.told.begin(), overrides.told.end());
  return {};
}

Result<void> write_new(std::string_view file, const std::string& text) {
  const std::string name(file);
  const std::string folder(source::parent(name));
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return failed(fmt::format("{}: {}", folder, error.message()), "Nothing was written there.");
  if (Result<void> written = write_output(name, text); !written) return written;
  fmt::print("{}: written\n", file);
  return {};
}

// The file as it should be, or what has to be put into the one that is there.
Result<void> offer(std::string_view file, const std::string& whole, const std::string& part) {
  const auto there = source::disk().read(std::string(file));
  if (!there) return write_new(file, whole);
  if (there->find("pglint") != std::string::npos)
    fmt::print("{}: has it already\n", file);
  else
    fmt::print("{}: is there; put this into it:\n{}", file, part);
  return {};
}

}  // namespace

int init(const std::string& from) {
  const std::string name(source::config_name);
  if (source::disk().exists(name))
    return print_error({name + ": is there already", "Remove it to begin anew."}), refused;
  Answers answers;
  if (from == "squawk")
    if (const Result<void> taken = take_over_squawk(answers); !taken) return print_error(taken.error()), refused;
  for (const std::string& line : answers.told) fmt::print("{}\n", line);

  Result<void> written = write_new(name, config(answers));
  if (written) written = offer(hooks_file, "repos:\n" + hook(), hook());
  if (written && source::disk().exists(".gitlab-ci.yml"))
    fmt::print(
        ".gitlab-ci.yml: put this into it:\npglint:\n  rules: [{{if: $CI_MERGE_REQUEST_IID}}]\n  script:\n    - pglint "
        "check --since origin/$CI_MERGE_REQUEST_TARGET_BRANCH_NAME --format text --format gitlab=pglint.json\n"
        "  artifacts: {{when: always, reports: {{codequality: pglint.json}}}}\n");
  else if (written)
    written = offer(workflow_file, workflow(), workflow());
  if (!written) return print_error(written.error()), refused;
  fmt::print("Next: pglint check\n");
  return ok;
}

}  // namespace pglint::cli
