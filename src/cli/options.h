// What the commands share: options, the configuration beneath them, and where output goes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "lint/check.h"
#include "lint/own_rule.h"
#include "report/report.h"
#include "source/project.h"

namespace CLI {
class App;
}

namespace pglint::cli {

enum class FailOn : std::uint8_t { error, warning, never };

// As written on the command line; what is not given is empty and may come from the configuration.
struct Options {
  std::vector<std::string> paths;
  std::vector<std::string> sql;  // -c
  std::string config;
  std::optional<int> pg_version;
  std::string runner;
  std::string transaction;
  std::string schema;
  std::string snapshot;
  std::string baseline;
  bool write_baseline = false;
  std::vector<std::string> set;
  std::string since;
  bool staged = false;
  std::vector<std::string> formats;
  std::string fail_on;
  std::vector<std::string> select;
  std::vector<std::string> ignore;
  unsigned jobs = 0;
  std::string color = "auto";
  bool quiet = false;
  bool verbose = false;
};

// Of the commands that look at a database.
struct DatabaseOptions {
  std::string database_url;
  std::string plan;
  std::string gate;
  std::string format;
  std::string output;
};

void add_database_options(CLI::App& command, std::string& database_url);
void add_source_options(CLI::App& command, Options& options);  // what is read, and as what
void add_rule_options(CLI::App& command, Options& options);    // which rules
void add_check_options(CLI::App& command, Options& options);   // which level fails, how many at once
void add_baseline_options(CLI::App& command, Options& options);
void add_output_options(CLI::App& command, Options& options);

// Options and configuration together.
struct Settings {
  source::SourceOptions source;
  lint::CheckOptions check;
  std::vector<const lint::Rule*> rules;                   // pglint's and the team's own
  std::vector<std::unique_ptr<lint::OwnRule>> own_rules;  // of the configuration
  FailOn fail_on = FailOn::error;
  std::string baseline;                                       // the file; empty: none
  std::vector<std::pair<report::Format, std::string>> sinks;  // format, file; an empty file is standard output
};

// An Error is wrong usage or a bad configuration.
[[nodiscard]] Result<Settings> settle(const Options& options);

// Whether something was found at the level that makes the exit code 1.
[[nodiscard]] bool fails(const Summary& summary, FailOn level);

// What each rule tells about itself, for the reporters; `enabled` as these settings have it.
[[nodiscard]] std::vector<report::RuleText> rule_texts(const Settings& settings);

[[nodiscard]] report::RenderOptions render_options(const Options& options, bool to_standard_output);

// The folder of the nearest configuration, which is the project's; else the current one.
[[nodiscard]] std::string project_root(const Options& options);
// Where its plans are.
[[nodiscard]] std::string plans_folder(const std::string& root);

// Writes `text` to the file, or to standard output if the name is empty.
[[nodiscard]] Result<void> write_output(const std::string& file, std::string_view text);
// The same with what `write` gives, a piece at a time.
[[nodiscard]] Result<void> write_output(const std::string& file, const std::function<void(const report::Sink&)>& write);

// On standard error: "error: …" with its hint, and files that could not be read, one line each.
void print_error(const Error& error);
void print_failures(const std::vector<Failure>& failures, const Options& options);

}  // namespace pglint::cli
