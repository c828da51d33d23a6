#include "cli/options.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <thread>

#include "base/spell.h"
#include "base/text.h"
#include "rules/registry.h"
#include "source/config.h"
#include "source/path.h"
#include "source/snapshot.h"

namespace pglint::cli {
namespace {

constexpr const char* default_baseline = ".pglint/baseline.json";

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  return fmt::format("{:04}-{:02}-{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
}

// Everything on standard input: only `-` among the paths asks for it.
Result<std::string> read_standard_input() {
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (n == 0) return text;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(fmt::format("standard input: {}", std::strerror(errno)));
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > source::Files::max_file_bytes)
      return failed("standard input is larger than 256 MB", "Lint it in parts.");
  }
}

// The rules that there are: pglint's own, then the team's.
Result<void> own_rules(const source::Config& config, Settings& settings) {
  settings.rules.assign(rules::all().begin(), rules::all().end());
  for (const source::OwnRuleSetting& written : config.own_rules) {
    Result<std::unique_ptr<lint::OwnRule>> made = lint::make_own_rule(written);
    if (!made) return tl::unexpected(made.error());
    if (std::ranges::any_of(rules::all(), [&](const lint::Rule* rule) { return rule->id == written.id; }))
      return failed(fmt::format("{}pglint has a rule {} of its own", written.where, written.id), "choose another id");
    settings.rules.push_back(made->get());
    settings.own_rules.push_back(std::move(*made));
  }
  return {};
}

Result<void> known_rules(const std::vector<const lint::Rule*>& rules, const std::vector<std::string>& ids,
                         std::string_view where) {
  std::vector<std::string_view> known = {"all"};
  for (const lint::Rule* rule : rules) known.push_back(rule->id);
  for (const std::string& id : ids) {
    if (std::ranges::find(known, id) != known.end()) continue;
    const std::string near = did_you_mean(id, known);
    return failed(fmt::format("{}: there is no rule {}", where, printable(id)),
                  near.empty() ? "pglint rules lists them." : near);
  }
  return {};
}

// How large the tables are: what the configuration says, before what a snapshot has.
Result<void> tables(const Options& options, const source::Config& config, Settings& settings) {
  lint::TableSizes& sizes = settings.check.sizes;
  sizes.small_rows = config.tables.small_rows.value_or(sizes.small_rows);
  sizes.large_rows = std::max(config.tables.large_rows.value_or(sizes.large_rows), sizes.small_rows);
  sizes.hot = config.tables.hot;
  sizes.rows = config.tables.rows;
  const std::string& file = !options.snapshot.empty() ? options.snapshot : config.snapshot;
  if (file.empty()) return {};
  Result<source::Snapshot> snapshot = source::read_snapshot(file, source::disk());
  if (!snapshot) return tl::unexpected(snapshot.error());
  for (const source::SnapshotTable& table : snapshot->tables)
    if (table.rows >= 0) sizes.measured.emplace(table.name, table.rows);
  // A schema that is named says more than the one that lies in the snapshot.
  if (settings.source.schema.empty() && !snapshot->schema.empty()) {
    settings.source.schema = file;
    settings.source.schema_text = std::move(snapshot->schema);
  }
  return {};
}

Result<FailOn> fail_on(const std::string& word, const std::string& profile) {
  if (word.empty() && profile == "strict") return FailOn::warning;
  if (word.empty() || word == "error") return FailOn::error;
  if (word == "warning") return FailOn::warning;
  if (word == "never") return FailOn::never;
  return failed(fmt::format("--fail-on {}: not a level", printable(word)), "It is error, warning or never.");
}

Result<std::vector<std::pair<report::Format, std::string>>> sinks(const std::vector<std::string>& formats) {
  std::vector<std::pair<report::Format, std::string>> sinks;
  bool standard_output = false;
  for (const std::string& format : formats) {
    const std::size_t equals = format.find('=');
    const std::string name = format.substr(0, equals);
    const std::string file = equals == std::string::npos ? std::string() : format.substr(equals + 1);
    const auto known = report::format_named(name);
    if (!known)
      return failed(fmt::format("--format {}: there is no such format", printable(name)),
                    "It is text, json, sarif, github, gitlab or junit, and may be followed by =FILE.");
    if (equals != std::string::npos && file.empty())
      return failed(fmt::format("--format {}=: the name of the file is missing", name));
    if (file.empty() && standard_output)
      return failed("two formats would be mixed on standard output",
                    fmt::format("Give one of them a file: --format {}=FILE.", name));
    standard_output = standard_output || file.empty();
    sinks.emplace_back(*known, file);
  }
  if (sinks.empty()) sinks.emplace_back(report::Format::text, "");
  return sinks;
}

bool has_color(const Options& options, int descriptor) {
  if (options.color == "always") return true;
  if (options.color == "never") return false;
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return isatty(descriptor) != 0 && (no_color == nullptr || *no_color == '\0') &&
         (term == nullptr || std::strcmp(term, "dumb") != 0);
}

}  // namespace

void add_database_options(CLI::App& command, std::string& database_url) {
  command
      .add_option("--database-url", database_url,
                  "Which database (default: PGLINT_DATABASE_URL, else libpq's PGHOST, PGDATABASE, PGSERVICE ...)")
      ->type_name("URL");
}

void add_source_options(CLI::App& command, Options& options) {
  command
      .add_option("PATH", options.paths,
                  "Files, folders, or - for standard input. None: what the configuration or the project's layout says")
      ->type_name("");
  command.add_option("-c", options.sql, "SQL to look at, sent as one simple query; may be repeated")
      ->type_name("SQL")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--config", options.config, "Configuration (default: the nearest .pglint.yml upwards)")
      ->type_name("FILE");
  command
      .add_option("--pg-version", options.pg_version,
                  "The oldest server that the migrations must run on, 12 to 18 (default 15)")
      ->check(CLI::Range(12, 18))
      ->type_name("N");
  command
      .add_option("--runner", options.runner,
                  "The migration tool, such as drizzle or flyway; plain; or auto (the default)")
      ->type_name("NAME");
  command
      .add_option(
          "--transaction", options.transaction,
          "How plain files are sent: each statement by itself (the default), a transaction a file, or one for all")
      ->check(CLI::IsMember({"statement", "file", "all"}))
      ->type_name("statement|file|all");
  command
      .add_option("--schema", options.schema,
                  "A pg_dump --schema-only file: released, whole, its tables count as large and busy")
      ->type_name("FILE");
  command
      .add_option("--snapshot", options.snapshot,
                  "What `pglint snapshot` wrote: how large the tables are, and their schema")
      ->type_name("FILE");
  command.add_option("--set", options.set, "A setting of the session, such as TimeZone=UTC; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  CLI::Option* since = command
                           .add_option("--since", options.since,
                                       "Report only what git says is new or changed since REV; replay the rest")
                           ->type_name("REV");
  command.add_flag("--staged", options.staged, "Report only what is staged, as it is staged; replay the rest")
      ->excludes(since);
}

void add_rule_options(CLI::App& command, Options& options) {
  command.add_option("--select", options.select, "Only these rules")
      ->delimiter(',')
      ->type_name("RULE,...")
      ->allow_extra_args(false);
  command.add_option("--ignore", options.ignore, "Not these rules")
      ->delimiter(',')
      ->type_name("RULE,...")
      ->allow_extra_args(false);
}

void add_output_options(CLI::App& command, Options& options) {
  command
      .add_option("--format", options.formats,
                  "text, json, sarif, github, gitlab or junit, each to a file if =FILE follows; may be repeated")
      ->type_name("FORMAT[=FILE]")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--color", options.color, "auto (on a terminal, without NO_COLOR), always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
  command.add_flag("--quiet", options.quiet, "One line a finding, and nothing else");
  command.add_flag("--verbose", options.verbose, "Also what was chosen and why");
}

void add_check_options(CLI::App& command, Options& options) {
  command.add_option("--fail-on", options.fail_on, "The level that makes the exit code 1 (default error)")
      ->type_name("error|warning|never");
  command.add_option("-j,--jobs", options.jobs, "Projects checked at once (default: as many as there are processors)")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
}

void add_baseline_options(CLI::App& command, Options& options) {
  command
      .add_option("--baseline", options.baseline, "Leave out the findings that this file has, and report what is new")
      ->type_name("FILE");
  command.add_flag("--write-baseline", options.write_baseline,
                   "Record what is found there (default .pglint/baseline.json) and report nothing");
}

Result<Settings> settle(const Options& options) {
  Settings settings;
  const Result<source::Config> loaded = source::load_config(options.config, source::disk());
  if (!loaded) return tl::unexpected(loaded.error());
  const source::Config& config = *loaded;
  if (Result<void> made = own_rules(config, settings); !made) return tl::unexpected(made.error());
  for (const source::RulePlace& place : config.rule_places)
    if (const Result<void> known = known_rules(
            settings.rules, {place.rule}, fmt::format("{}:{}:{}", printable(place.path), place.line, place.column));
        !known)
      return tl::unexpected(known.error());

  source::SourceOptions& source = settings.source;
  source.paths = options.paths;
  if (source.paths.empty() && options.sql.empty()) source.paths = config.paths;
  source.commands = options.sql;
  source.runner = !options.runner.empty() ? options.runner : !config.runner.empty() ? config.runner : "auto";
  source.transaction = !options.transaction.empty() ? options.transaction : config.transaction;
  source.schema = !options.schema.empty() ? options.schema : config.schema;
  source.since = options.since;
  source.staged = options.staged;
  if (std::ranges::find(source.paths, "-") != source.paths.end()) {
    Result<std::string> text = read_standard_input();
    if (!text) return tl::unexpected(text.error());
    source.stdin_text = std::move(*text);
  }

  lint::CheckOptions& check = settings.check;
  check.replay.target.pg_version = options.pg_version.value_or(config.pg_version.value_or(15));
  check.replay.session = config.session;
  for (const std::string& setting : options.set) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0)
      return failed(fmt::format("--set {}: not NAME=VALUE", printable(setting)), "As in --set TimeZone=UTC.");
    check.replay.session.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  }
  lint::RuleChoice& choice = check.rules;
  choice.profile = config.profile == "strict"  ? lint::Profile::strict
                   : config.profile == "style" ? lint::Profile::style
                                               : lint::Profile::standard;
  choice.select = !options.select.empty() ? options.select : config.select;
  choice.ignore = options.ignore;
  choice.ignore.insert(choice.ignore.end(), config.ignore.begin(), config.ignore.end());
  const auto levels = [](const std::vector<source::RuleSetting>& rules) {
    std::vector<lint::RuleLevel> out;
    out.reserve(rules.size());
    for (const source::RuleSetting& setting : rules) out.push_back({setting.rule, setting.severity});
    return out;
  };
  choice.levels = levels(config.rules);
  for (const source::ConfigOverride& override : config.overrides)
    choice.overrides.push_back({override.paths, levels(override.rules)});
  for (const auto& [ids, where] : {std::pair(&options.select, std::string_view("--select")),
                                   std::pair(&options.ignore, std::string_view("--ignore"))})
    if (const Result<void> known = known_rules(settings.rules, *ids, where); !known)
      return tl::unexpected(known.error());
  if (const Result<void> known = tables(options, config, settings); !known) return tl::unexpected(known.error());
  settings.baseline = !options.baseline.empty() ? options.baseline : config.baseline;
  if (settings.baseline.empty() && options.write_baseline) settings.baseline = default_baseline;
  check.today = today();
  check.jobs = options.jobs != 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());

  const Result<FailOn> level = fail_on(!options.fail_on.empty() ? options.fail_on : config.fail_on, config.profile);
  if (!level) return tl::unexpected(level.error());
  settings.fail_on = *level;
  auto parsed = sinks(!options.formats.empty() ? options.formats : config.format);
  if (!parsed) return tl::unexpected(parsed.error());
  settings.sinks = std::move(*parsed);
  check.fixable =
      std::ranges::any_of(settings.sinks, [](const auto& sink) { return sink.first == report::Format::json; });
  return settings;
}

bool fails(const Summary& summary, FailOn level) {
  switch (level) {
    case FailOn::error:
      return summary.errors != 0;
    case FailOn::warning:
      return summary.errors + summary.warnings != 0;
    case FailOn::never:
      break;
  }
  return false;
}

std::vector<report::RuleText> rule_texts(const Settings& settings) {
  std::vector<report::RuleText> texts;
  for (const lint::Rule* rule : settings.rules) {
    report::RuleText text;
    const std::optional<Severity> level = lint::level_of(*rule, settings.check.rules);
    text.id = rule->id;
    text.category = lint::name(rule->category);
    text.severity = name(level.value_or(rule->severity));
    text.summary = rule->summary;
    text.fixable = lint::name(rule->fixable);
    text.page = rules::page(rule->id);
    text.from_pg = rule->from_pg;
    text.to_pg = rule->to_pg;
    text.enabled = level.has_value();
    for (const std::unique_ptr<lint::OwnRule>& own : settings.own_rules)
      if (own.get() == rule) text.page = own->page;
    for (const lint::Alias& alias : rule->aliases) text.aliases.emplace_back(alias.tool, alias.id);
    texts.push_back(std::move(text));
  }
  return texts;
}

report::RenderOptions render_options(const Options& options, bool to_standard_output) {
  report::RenderOptions render;
  render.quiet = options.quiet;
  render.verbose = options.verbose;
  if (!to_standard_output) return render;
  render.color = has_color(options, STDOUT_FILENO) ? report::Color::on : report::Color::off;
  winsize window{};
  if (isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col != 0)
    render.width = window.ws_col;
  return render;
}

std::string project_root(const Options& options) {
  const std::string config = !options.config.empty() ? options.config : source::find_config(".", source::disk());
  const std::string folder = config.empty() ? std::string() : source::parent(config);
  return folder.empty() ? "." : folder;
}

std::string plans_folder(const std::string& root) {
  return root == "." ? ".pglint/plans" : source::join(root, ".pglint/plans");
}

Result<void> write_output(const std::string& file, std::string_view text) {
  return write_output(file, [text](const report::Sink& sink) { sink(text); });
}

Result<void> write_output(const std::string& file, const std::function<void(const report::Sink&)>& write) {
  std::FILE* out = file.empty() ? stdout : std::fopen(file.c_str(), "wb");
  if (out == nullptr)
    return failed(fmt::format("{}: {}", printable(file), std::strerror(errno)), "Nothing was written.");
  bool written = true;
  int error = 0;
  const auto note = [&](bool done) {
    if (!done && written) error = errno;
    written = written && done;
  };
  write([&](std::string_view piece) {
    if (written) note(std::fwrite(piece.data(), 1, piece.size(), out) == piece.size());
  });
  note(std::fflush(out) == 0);
  if (!file.empty()) note(std::fclose(out) == 0);
  if (!written)
    return failed(fmt::format("{}: {}", file.empty() ? "standard output" : printable(file), std::strerror(error)));
  return {};
}

void print_error(const Error& error) {
  const std::string line = error.hint.empty() ? fmt::format("error: {}\n", error.message)
                                              : fmt::format("error: {}: {}\n", error.message, error.hint);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void print_failures(const std::vector<Failure>& failures, const Options& options) {
  const std::string lines =
      report::failure_lines(failures, has_color(options, STDERR_FILENO) ? report::Color::on : report::Color::off);
  std::fwrite(lines.data(), 1, lines.size(), stderr);
}

}  // namespace pglint::cli
