// From what the user named to projects: finds them, reads and cuts the migrations, and decides which of them are
// reported and which are only history.
#include "source/project.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/spell.h"
#include "source/encoding.h"
#include "source/finder.h"
#include "source/git.h"
#include "source/judge.h"
#include "source/path.h"
#include "source/remembered.h"
#include "source/runner.h"

namespace pglint::source {
namespace {

// Reads the text; false if it cannot be checked.
bool load(Migration& migration, const Files& files, std::vector<Failure>& failures) {
  auto text = files.read(migration.path);
  if (!text) {
    failures.push_back({migration.path, 0, one_line(text.error())});
    return false;
  }
  if (auto failure = encoding_failure(*text)) {
    failure->path = migration.path;
    failures.push_back(std::move(*failure));
    return false;
  }
  migration.text = std::move(*text);
  return true;
}

Script whole_text(const Migration& migration, Sent sent) {
  Script script;
  script.range = {0, static_cast<std::uint32_t>(migration.text.size())};
  script.sent = sent;
  return script;
}

// Keeps what is reported and what comes before it, and reads that.
std::optional<Project> read_project(Found& found, const Git* git, const Files& files, Sources& out) {
  Project& project = found.project;
  const std::size_t count = project.migrations.size();
  const std::string title =
      fmt::format("{}: runner {} ({})", project.root.empty() ? project.migrations.front().path : project.root,
                  project.runner, found.layout.evidence);
  if (git != nullptr && !found.text) {
    for (std::size_t i = 0; i < count; ++i) {
      found.wanted[i] = found.wanted[i] && git->changed(project.migrations[i].path);
    }
  }
  project.pending_known = !found.whole || (git != nullptr && !found.text);
  if (git != nullptr && !found.text) judge_versions(found, *git);
  const auto last = std::find(found.wanted.rbegin(), found.wanted.rend(), true);
  const auto needed = static_cast<std::size_t>(found.wanted.rend() - last);
  if (needed == 0) {
    keep_problems(found, git);
    if (!project.problems.empty()) {
      project.migrations.clear();
      out.notices.push_back(title + ": nothing of it is reported but what its history says");
      return std::move(project);
    }
    out.notices.push_back(title + (count == 0 ? ": no migrations yet" : ": git says that none is new or changed"));
    return std::nullopt;
  }

  std::vector<Migration> read;
  read.reserve(needed + 1);  // and a schema before them
  std::size_t reported = 0;
  std::vector<Failure> failures;
  Notes notes;
  for (std::size_t i = 0; i < needed; ++i) {
    Migration& migration = project.migrations[i];
    migration.reported = found.wanted[i];
    if (!found.text && !load(migration, files, failures)) {
      if (!migration.reported && found.guessed) {
        out.notices.push_back(failures.back().path + " " + failures.back().message);
        failures.pop_back();
      }
      continue;
    }
    found.runner->cut(project, migration, notes);
    if (found.runner->compare != nullptr && git != nullptr && migration.reported && !found.text &&
        git->released(migration.path)) {
      if (const auto before = git->released_text(migration.path)) found.runner->compare(*before, migration, notes);
    }
    reported += migration.reported ? 1 : 0;
    read.push_back(std::move(migration));
  }
  project.migrations = std::move(read);
  const auto append = [](auto& to, auto& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  judge_downs(*found.runner, project);
  append(project.problems, notes.problems);
  append(project.documents, notes.documents);
  append(out.notices, notes.notices);
  keep_problems(found, git);
  out.failures.insert(out.failures.end(), failures.begin(), failures.end());
  out.notices.push_back(fmt::format("{}: {} migration(s) read, {} reported{}", title, project.migrations.size(),
                                    reported, project.pending_known ? "" : "; which are pending is not known"));
  return std::move(project);
}

Project commands_project(const std::vector<std::string>& commands, std::vector<Failure>& failures) {
  Project project;
  project.runner = "plain";
  project.psql = false;  // as psql -c has it: a command of psql's cannot stand beside SQL
  project.pending_known = true;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    Migration migration;
    migration.id = migration.path = fmt::format("-c{}", i + 1);
    migration.text = commands[i];
    if (auto failure = encoding_failure(migration.text)) {
      failure->path = migration.path;
      failures.push_back(std::move(*failure));
      continue;
    }
    migration.scripts = {whole_text(migration, Sent::simple_query)};
    project.migrations.push_back(std::move(migration));
  }
  return project;
}

void put_schema_first(Sources& sources, const std::string& path, const std::string& text, const Files& files) {
  Migration schema;
  schema.id = file_name(path);
  schema.path = path;
  schema.reported = false;
  schema.schema = true;
  if (text.empty()) {
    if (!load(schema, files, sources.failures)) return;
  } else {
    schema.text = text;
  }
  schema.scripts = {whole_text(schema, Sent::statement)};
  const std::string identity = files.identity(path);
  for (Project& project : sources.projects) {
    std::erase_if(project.migrations, [&](const Migration& migration) {
      return file_name(migration.path) == schema.id && files.identity(migration.path) == identity;
    });
    project.migrations.insert(project.migrations.begin(), schema);
  }
}

constexpr std::array<std::string_view, 3> transactions = {"statement", "file", "all"};

tl::unexpected<Error> unknown(std::string_view what, const std::string& word, std::span<const std::string_view> known) {
  std::string hint = did_you_mean(word, known);
  if (hint.empty()) {
    hint = "known:";
    for (const std::string_view name : known) hint.append(" ").append(name);
  }
  return failed(fmt::format("unknown {} \"{}\"", what, word), hint);
}

}  // namespace

Result<Sources> read_sources(const SourceOptions& options, const Files& files, const Git* known) {
  const Runner* forced = nullptr;
  if (!options.runner.empty() && options.runner != "auto") {
    forced = find_runner(options.runner);
    if (forced == nullptr) {
      std::vector<std::string_view> names = runner_names();
      names.emplace_back("auto");
      return unknown("runner", options.runner, names);
    }
  }
  if (!options.transaction.empty() &&
      std::find(transactions.begin(), transactions.end(), options.transaction) == transactions.end()) {
    return unknown("transaction", options.transaction, transactions);
  }
  if (options.staged && !options.since.empty()) return failed("--since and --staged exclude each other", "choose one");

  bool from_stdin = false;
  std::vector<std::string> paths;
  for (const std::string& path : options.paths) {
    if (path == "-") {
      from_stdin = true;
    } else {
      paths.push_back(tidy(path));
    }
  }
  const bool told = !paths.empty();
  if (!told && !from_stdin && options.commands.empty()) paths.emplace_back(".");

  std::shared_ptr<const Git> asked_git;
  const Git* git = known;
  if (git == nullptr && (options.staged || !options.since.empty()) && !paths.empty()) {
    const std::string& first = paths.front();
    std::string folder = files.is_folder(first) ? first : parent(first);
    if (!files.is_folder(folder)) folder = ".";
    auto asked = options.staged ? Git::staged(folder, files) : Git::since(folder, options.since, files);
    if (!asked) return tl::unexpected(asked.error());
    asked_git = std::move(*asked);
    git = asked_git.get();
  }
  const Remembered seen(git != nullptr ? git->files() : files);

  // Folders first, outer ones before inner ones: what lies in one that was named is there already.
  Sources sources;
  sources.git = asked_git;
  std::vector<std::string> folders;
  std::vector<std::string> single;
  for (std::string& path : paths) {
    if (!seen.exists(path)) {
      if (git != nullptr && files.exists(path)) {
        sources.notices.push_back(path + " is not in git's index: nothing of it is checked");
      } else {
        sources.failures.push_back({path, 0, "there is no such file or folder: check the spelling"});
      }
    } else if (git != nullptr && !git->in_work_tree(files.is_folder(path) ? path : parent(path))) {
      sources.failures.push_back({path, 0, "is outside the git repository " + git->top() + ": check it by itself"});
    } else {
      (seen.is_folder(path) ? folders : single).push_back(std::move(path));
    }
  }
  const auto depth = [](const std::string& path) { return std::count(path.begin(), path.end(), '/'); };
  std::stable_sort(folders.begin(), folders.end(), [depth](const std::string& a, const std::string& b) {
    return (a != ".") < (b != ".") || ((a != ".") == (b != ".") && depth(a) < depth(b));
  });
  Finder finder(options, forced, seen, sources);
  for (const std::string& path : folders) finder.add_folder(path, told);
  for (const std::string& path : single) finder.add_file(path);

  for (Found& found : finder.found()) {
    const bool any = std::find(found.wanted.begin(), found.wanted.end(), true) != found.wanted.end();
    if (!found.ordered || (!any && !found.whole && found.asked.empty())) continue;
    if (auto project = read_project(found, git, seen, sources)) sources.projects.push_back(std::move(*project));
  }
  if (from_stdin) {
    Finder text(options, forced, files, sources);
    if (auto failure = encoding_failure(options.stdin_text)) {
      failure->path = "<stdin>";
      sources.failures.push_back(std::move(*failure));
    } else {
      text.add_text("<stdin>", options.stdin_text);
      auto project = read_project(text.found().front(), nullptr, files, sources);
      sources.projects.push_back(std::move(*project));
    }
  }
  if (!options.commands.empty()) {
    sources.projects.push_back(commands_project(options.commands, sources.failures));
  }
  if (!options.schema.empty()) put_schema_first(sources, tidy(options.schema), options.schema_text, seen);
  return sources;
}

}  // namespace pglint::source
