#include "source/git.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/process.h"
#include "source/path.h"

namespace pglint::source {
namespace {

// Messages in English, since some are told apart; no lock on the index only to refresh it; no question at the terminal.
const Environment& git_environment() {
  static const Environment environment = {{"LC_ALL", "C"}, {"GIT_OPTIONAL_LOCKS", "0"}, {"GIT_TERMINAL_PROMPT", "0"}};
  return environment;
}

std::vector<std::string> git_command(const std::string& folder, std::vector<std::string> arguments) {
  std::vector<std::string> command = {"git"};
  // A relative GIT_DIR, as hooks are given it, is relative to the current folder: leave that as it is.
  if (std::getenv("GIT_DIR") == nullptr) command.insert(command.end(), {"-C", folder});
  command.insert(command.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  return command;
}

Result<Finished> run_git(const std::string& folder, std::vector<std::string> arguments) {
  auto finished = run(git_command(folder, std::move(arguments)), git_environment());
  if (!finished) {
    return failed(finished.error().message, "--since and --staged need git: install it, or name the files to check");
  }
  return finished;
}

std::string first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  if (text.starts_with("fatal: ")) text.remove_prefix(7);
  if (text.starts_with("error: ")) text.remove_prefix(7);
  return std::string(text);
}

bool says(const Finished& finished, std::string_view words) { return finished.err.find(words) != std::string::npos; }

tl::unexpected<Error> git_refused(const Finished& finished, const std::string& folder) {
  if (says(finished, "dubious ownership")) {
    return failed("git refuses to read the repository: its folder belongs to another user",
                  "if you trust it: git config --global --add safe.directory <its folder>");
  }
  if (says(finished, "not a git repository")) {
    return failed((folder == "." ? "the current folder" : folder) + " is not in a git repository",
                  "run pglint inside one, or name the files to check");
  }
  if (says(finished, "must be run in a work tree")) {
    return failed("the git repository has no working tree here", "run pglint in a clone of it");
  }
  const std::string line = first_line(finished.err);
  return failed("git failed: " + (line.empty() ? "exit code " + std::to_string(finished.status) : line),
                "see what git status says");
}

// The records of -z output; what follows the last NUL is dropped.
std::vector<std::string_view> records(std::string_view text) {
  std::vector<std::string_view> list;
  for (std::size_t end = text.find('\0'); end != std::string_view::npos; end = text.find('\0')) {
    list.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return list;
}

// "R100": a rename that changed nothing.
bool only_renamed(std::string_view status) { return status == "R100"; }

// Where files are in the work tree. Links are followed once per folder that is listed, never per file.
class Places {
 public:
  explicit Places(std::string top) : top_(std::move(top)) {}

  [[nodiscard]] const std::string& top() const { return top_; }

  // The name that git knows the folder by, "" for the root; nothing if it is outside.
  std::optional<std::string> folder(const std::string& path) const {
    if (const auto known = places_.find(path); known != places_.end()) return known->second;
    std::optional<std::string> place;
    if (char* const real = ::realpath(path.c_str(), nullptr); real != nullptr) {
      if (real == top_) {
        place = "";
      } else if (const std::string_view rest = below(real, top_); !rest.empty()) {
        place = std::string(rest);
      }
      std::free(real);
    } else if (const std::string around = parent(path); !around.empty() && !path.ends_with("..")) {
      // In the index, not on the disk.
      if (const auto outer = folder(around)) place = join(*outer, file_name(path));
    }
    places_.emplace(path, place);
    return place;
  }

  std::optional<std::string> file(const std::string& path) const {
    // The nearest folder around it whose place is known.
    std::string_view around = path;
    for (std::size_t slash = around.rfind('/'); slash != std::string_view::npos && slash != 0;
         slash = around.rfind('/')) {
      around = around.substr(0, slash);
      if (const auto known = places_.find(std::string(around)); known != places_.end()) {
        if (!known->second) return std::nullopt;
        return join(*known->second, std::string_view(path).substr(slash + 1));
      }
    }
    const auto place = folder(parent(path));
    if (!place) return std::nullopt;
    return join(*place, file_name(path));
  }

 private:
  std::string top_;
  mutable std::unordered_map<std::string, std::optional<std::string>> places_;
};

// A set of names, some of which are folders with everything in them.
struct Names {
  std::unordered_set<std::string> files = {};
  std::unordered_set<std::string> folders = {};  // without the slash

  void add(std::string_view name) {
    if (name.ends_with('/')) {
      folders.emplace(name.substr(0, name.size() - 1));
    } else {
      files.emplace(name);
    }
  }

  [[nodiscard]] bool contains(const std::string& name) const { return files.contains(name) || in_folder(name); }

  [[nodiscard]] bool in_folder(std::string_view name) const {
    if (folders.empty()) return false;
    for (; !name.empty(); name = name.substr(0, name.rfind('/'))) {
      if (folders.contains(std::string(name))) return true;
      if (name.find('/') == std::string_view::npos) return false;
    }
    return false;
  }
};

Result<std::string> text_at(const std::optional<std::string>& name, const std::string& folder,
                            const std::string& revision) {
  if (!name) return failed("is outside of the repository");
  auto shown = run_git(folder, {"cat-file", "blob", revision + ":" + *name});
  if (!shown) return tl::unexpected(shown.error());
  if (shown->status != 0) return failed("is not in " + revision);
  return std::move(shown->out);
}

// The work tree as it is.
class Since final : public Git {
 public:
  Since(Places places, Names names, Names added, const Files& files, std::string folder, std::string base)
      : places_(std::move(places)),
        names_(std::move(names)),
        added_(std::move(added)),
        files_(files),
        folder_(std::move(folder)),
        base_(std::move(base)) {}

  bool changed(const std::string& path) const override {
    const auto name = places_.file(path);
    return name && names_.contains(*name);
  }
  bool released(const std::string& path) const override {
    const auto name = places_.file(path);
    return name && !added_.contains(*name);
  }
  Result<std::string> released_text(const std::string& path) const override {
    return text_at(places_.file(path), folder_, base_);
  }
  bool in_work_tree(const std::string& path) const override { return places_.folder(path).has_value(); }
  const Files& files() const override { return files_; }
  const std::string& top() const override { return places_.top(); }

 private:
  Places places_;
  Names names_;
  Names added_;
  const Files& files_;
  std::string folder_;  // where git is started
  std::string base_;
};

// What differs between the index and the working tree.
struct Index {
  enum class State : std::uint8_t {
    hidden,    // in the working tree alone
    blob,      // other bytes in the index, or there alone
    conflict,  // more than one version
  };
  struct Item {
    State state = State::hidden;
    std::string hash = {};
    bool in_tree = true;
  };
  std::map<std::string, Item> items = {};
  Names hidden = {};  // untracked and ignored
};

// The index, seen through the working tree: what git does not call different is read from there.
class IndexFiles final : public Files {
 public:
  IndexFiles(const Places& places, Index index, const Files& files, std::string folder)
      : places_(places), index_(std::move(index)), files_(files), folder_(std::move(folder)) {}

  Result<std::string> read(const std::string& path) const override {
    const auto name = places_.file(path);
    if (!name) return files_.read(path);
    if (const auto item = index_.items.find(*name); item != index_.items.end()) {
      switch (item->second.state) {
        case Index::State::hidden:
          return not_staged();
        case Index::State::conflict:
          return failed("has merge conflicts", "resolve them and git add it");
        case Index::State::blob:
          return blob(item->second.hash);
      }
    }
    if (index_.hidden.contains(*name)) return not_staged();
    return files_.read(path);
  }

  Result<std::vector<Entry>> list(const std::string& folder) const override {
    const auto place = places_.folder(folder);
    auto entries = files_.list(folder);
    if (!place || (!entries && !only_in_index(*place))) return entries;
    std::vector<Entry> list;
    if (entries) list = std::move(*entries);
    std::erase_if(list, [&](const Entry& entry) {
      const std::string name = join(*place, entry.name);
      if (index_.hidden.contains(name)) return true;
      const auto item = index_.items.find(name);
      return item != index_.items.end() && item->second.state == Index::State::hidden;
    });

    const std::string prefix = place->empty() ? "" : *place + '/';
    std::vector<Entry> added;
    for (auto it = index_.items.lower_bound(prefix); it != index_.items.end() && it->first.starts_with(prefix); ++it) {
      if (it->second.in_tree || it->second.state == Index::State::hidden) continue;
      const std::string_view rest = std::string_view(it->first).substr(prefix.size());
      const std::string_view name = rest.substr(0, rest.find('/'));
      if (added.empty() || added.back().name != name) added.push_back({std::string(name), name.size() != rest.size()});
    }
    if (added.empty()) return list;
    list.insert(list.end(), std::make_move_iterator(added.begin()), std::make_move_iterator(added.end()));
    std::stable_sort(list.begin(), list.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
    const auto same = [](const Entry& a, const Entry& b) { return a.name == b.name; };
    list.erase(std::unique(list.begin(), list.end(), same), list.end());
    return list;
  }

  bool is_folder(const std::string& path) const override {
    const auto place = places_.file(path);
    if (!place) return files_.is_folder(path);
    if (index_.hidden.in_folder(*place)) return false;
    return files_.is_folder(path) || only_in_index(*place);
  }

  bool exists(const std::string& path) const override {
    const auto name = places_.file(path);
    if (!name) return files_.exists(path);
    if (const auto item = index_.items.find(*name); item != index_.items.end()) {
      return item->second.state != Index::State::hidden;
    }
    if (index_.hidden.contains(*name)) return false;
    return files_.exists(path) || only_in_index(*name);
  }

  std::string identity(const std::string& path) const override { return files_.identity(path); }

 private:
  static tl::unexpected<Error> not_staged() { return failed("is not in git's index", "git add it"); }

  // A folder that the working tree does not have any more.
  bool only_in_index(const std::string& place) const {
    const std::string prefix = place + '/';
    for (auto it = index_.items.lower_bound(prefix); it != index_.items.end() && it->first.starts_with(prefix); ++it) {
      if (!it->second.in_tree && it->second.state != Index::State::hidden) return true;
    }
    return false;
  }

  Result<std::string> blob(const std::string& hash) const {
    if (!git_) {
      auto started = Conversation::start(git_command(folder_, {"cat-file", "--batch"}), git_environment());
      if (!started) return tl::unexpected(started.error());
      git_ = std::make_unique<Conversation>(std::move(*started));
    }
    // "<hash> blob <size>", the bytes, a newline.
    std::string line;
    if (!git_->send(hash + '\n') || !git_->read_line(line)) return lost();
    const std::string expected = hash + " blob ";
    if (!line.starts_with(expected))
      return failed("cannot be read from git's index: " + line, "see what git fsck says");
    std::size_t size = 0;
    const char* const end = line.data() + line.size();
    if (const auto [at, code] = std::from_chars(line.data() + expected.size(), end, size);
        code != std::errc() || at != end) {
      return lost();
    }
    if (size > max_file_bytes) {
      git_.reset();  // would go on to send it
      return failed("is larger than " + std::to_string(max_file_bytes / 1024 / 1024) + " MiB",
                    "a migration is not; if it is a dump of data, keep it out of the folder");
    }
    std::string bytes;
    if (!git_->read_bytes(size + 1, bytes)) return lost();
    bytes.pop_back();
    return bytes;
  }

  tl::unexpected<Error> lost() const {
    git_.reset();
    return failed("cannot be read from git's index: git cat-file ended early", "see what git fsck says");
  }

  const Places& places_;
  Index index_;
  const Files& files_;
  std::string folder_;
  mutable std::unique_ptr<Conversation> git_;  // started when first needed
};

class Staged final : public Git {
 public:
  Staged(Places places, Names names, Names added, Index index, const Files& files, std::string folder)
      : places_(std::move(places)),
        names_(std::move(names)),
        added_(std::move(added)),
        folder_(folder),
        files_(places_, std::move(index), files, std::move(folder)) {}

  bool changed(const std::string& path) const override {
    const auto name = places_.file(path);
    return name && names_.contains(*name);
  }
  // What HEAD has may stand there only on this branch: then it is no more released than what is staged.
  bool released(const std::string& path) const override {
    const auto name = places_.file(path);
    if (!name || added_.contains(*name)) return false;
    if (!base_) base_ = merge_base();
    if (base_->empty()) return true;
    if (!branch_own_) {
      branch_own_ = std::make_unique<std::unordered_set<std::string>>();
      const auto tree = run_git(folder_, {"diff", "--name-only", "-z", "--no-renames", "--diff-filter=A",
                                          "--no-ext-diff", *base_, "HEAD", "--"});
      if (tree && tree->status == 0) {
        for (const std::string_view one : records(tree->out)) branch_own_->emplace(one);
      }
    }
    return !branch_own_->contains(*name);
  }
  Result<std::string> released_text(const std::string& path) const override {
    if (!base_) base_ = merge_base();
    return text_at(places_.file(path), folder_, base_->empty() ? "HEAD" : *base_);
  }
  bool in_work_tree(const std::string& path) const override { return places_.folder(path).has_value(); }
  const Files& files() const override { return files_; }
  const std::string& top() const override { return places_.top(); }

 private:
  // Where this branch left the one that is released; empty on that branch, and where none is known.
  [[nodiscard]] std::string merge_base() const {
    const std::string revision = released_revision(folder_);
    if (revision.empty() || revision == "HEAD") return {};
    const auto asked = run_git(folder_, {"merge-base", revision, "HEAD"});
    if (!asked || asked->status != 0) return {};
    return first_line(asked->out);
  }

  Places places_;
  Names names_;
  Names added_;
  std::string folder_;
  mutable std::optional<std::string> base_;
  mutable std::unique_ptr<std::unordered_set<std::string>> branch_own_;  // what this branch added
  IndexFiles files_;
};

bool is_hash(std::string_view line) {
  return (line.size() == 40 || line.size() == 64) &&
         line.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// What `git rev-parse --show-toplevel --is-shallow-repository <revisions>` printed before it ended or gave up.
struct Repository {
  std::string top;
  bool shallow = false;
  std::vector<std::string> commits;
  std::vector<std::string> bases;
};

std::optional<Repository> repository(std::string_view printed) {
  Repository found;
  std::vector<std::string_view> lines;
  while (!printed.empty()) {
    const std::size_t end = printed.find('\n');
    lines.push_back(printed.substr(0, end));
    printed = end == std::string_view::npos ? std::string_view{} : printed.substr(end + 1);
  }
  // From the back: the name of a folder may hold newlines.
  std::size_t at = lines.size();
  while (at > 0 && lines[at - 1] != "true" && lines[at - 1] != "false") --at;
  if (at < 2) return std::nullopt;
  found.shallow = lines[at - 1] == "true";
  for (std::size_t i = at; i < lines.size(); ++i) {
    if (is_hash(lines[i])) found.commits.emplace_back(lines[i]);
    if (lines[i].starts_with('^') && is_hash(lines[i].substr(1))) found.bases.emplace_back(lines[i].substr(1));
  }
  found.top = lines[0];
  for (std::size_t i = 1; i + 1 < at; ++i) found.top.append("\n").append(lines[i]);
  return found;
}

// The first `count` fields, which a space ends each, and the rest.
std::vector<std::string_view> fields(std::string_view record, std::size_t count) {
  std::vector<std::string_view> list;
  while (list.size() < count) {
    const std::size_t space = record.find(' ');
    if (space == std::string_view::npos) return {};
    list.push_back(record.substr(0, space));
    record.remove_prefix(space + 1);
  }
  list.push_back(record);
  return list;
}

// One entry of `git status --porcelain=v2`: X is the index against HEAD, Y the working tree against the index.
void read_changed(std::string_view record, std::string_view old_path, Names& changed, Names& added, Index& index) {
  const bool renamed = record.front() == '2';
  const auto field = fields(record, renamed ? 9 : 8);
  if (field.empty() || field[1].size() != 2) return;
  const char x = field[1][0];
  const char y = field[1][1];
  const std::string path(field.back());
  const std::string hash(field[7]);
  if (x == 'A' || x == 'M' || x == 'T' || x == 'C' || (x == 'R' && !only_renamed(field[8]))) changed.files.insert(path);
  if (x == 'A' || x == 'C') added.files.insert(path);

  if (y == 'R' || y == 'C') {
    // Renamed in the working tree, the new name only announced (git add -N).
    index.items[path] = {};
    if (y == 'R') index.items[std::string(old_path)] = {Index::State::blob, hash, false};
  } else if (x == 'D' || y == 'A') {
    index.items[path] = {};
  } else if (y != '.' && field[4].starts_with("100")) {  // a regular file
    index.items[path] = {Index::State::blob, hash, y != 'D'};
  }
}

}  // namespace

Result<std::unique_ptr<Git>> Git::since(const std::string& folder, const std::string& revision, const Files& files) {
  if (revision.empty() || revision.starts_with('-') || revision.find('\0') != std::string::npos) {
    return failed("--since needs a revision that git knows, not \"" + revision + "\"",
                  "for example --since origin/main");
  }
  auto asked = run_git(folder, {"rev-parse", "--show-toplevel", "--is-shallow-repository", "HEAD^{commit}",
                                revision + "^{commit}", revision + "...HEAD", "--"});
  if (!asked) return tl::unexpected(asked.error());
  const auto found = repository(asked->out);
  if (!found) return git_refused(*asked, folder);
  if (asked->status != 0) {
    if (found->commits.empty()) {
      return failed("the git repository has no commit yet", "use --staged, or name the files to check");
    }
    return failed("git does not know the revision \"" + revision + "\"",
                  found->shallow ? "the clone is shallow: get its history with git fetch --unshallow (GitHub Actions: "
                                   "fetch-depth: 0 for actions/checkout)"
                                 : "check the spelling, or git fetch it first");
  }
  if (found->commits.size() != 4) {
    return failed("\"" + revision + "\" does not name one commit", "name a branch, a tag or a commit");
  }
  if (found->bases.empty()) {
    return failed("\"" + revision + "\" and HEAD have no common ancestor here",
                  found->shallow ? "the clone is shallow: get its history with git fetch --unshallow (GitHub Actions: "
                                   "fetch-depth: 0 for actions/checkout)"
                                 : "name a revision that HEAD comes from");
  }

  auto diff = run_git(folder, {"diff", "--name-status", "-z", "-M", "--no-relative", "--no-ext-diff", "--no-color",
                               "--ignore-submodules=all", found->bases.front(), "--"});
  if (!diff) return tl::unexpected(diff.error());
  if (diff->status != 0) return git_refused(*diff, folder);
  Names names;
  Names added;
  const auto list = records(diff->out);
  for (std::size_t i = 0; i + 1 < list.size(); ++i) {
    const std::string_view status = list[i];
    const bool two_paths = status.starts_with('R') || status.starts_with('C');
    if (two_paths && i + 2 >= list.size()) break;
    i += two_paths ? 2 : 1;
    if (!status.starts_with('D') && !only_renamed(status)) names.add(list[i]);
    if (status.starts_with('A') || status.starts_with('C')) added.add(list[i]);
  }

  // ":/" is the whole work tree, wherever git was started.
  auto untracked =
      run_git(folder, {"ls-files", "-z", "--others", "--exclude-standard", "--directory", "--full-name", "--", ":/"});
  if (!untracked) return tl::unexpected(untracked.error());
  if (untracked->status != 0) return git_refused(*untracked, folder);
  for (const std::string_view name : records(untracked->out)) {
    names.add(name);
    added.add(name);
  }
  return std::make_unique<Since>(Places(found->top), std::move(names), std::move(added), files, folder,
                                 found->bases.front());
}

Result<std::unique_ptr<Git>> Git::staged(const std::string& folder, const Files& files) {
  auto asked = run_git(folder, {"rev-parse", "--show-toplevel", "--is-shallow-repository"});
  if (!asked) return tl::unexpected(asked.error());
  const auto found = repository(asked->out);
  if (!found || asked->status != 0) return git_refused(*asked, folder);

  auto status = run_git(folder, {"status", "--porcelain=v2", "-z", "--untracked-files=normal", "--ignored=matching",
                                 "--find-renames", "--ignore-submodules=all", "--", ":/"});
  if (!status) return tl::unexpected(status.error());
  if (status->status != 0) return git_refused(*status, folder);
  Names names;
  Names added;
  Index index;
  const auto list = records(status->out);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string_view record = list[i];
    if (record.size() < 3) continue;
    switch (record.front()) {
      case '1':
        read_changed(record, {}, names, added, index);
        break;
      case '2':
        if (i + 1 < list.size()) read_changed(record, list[i + 1], names, added, index);
        ++i;
        break;
      case 'u':
        if (const auto field = fields(record, 10); !field.empty()) {
          names.files.emplace(field.back());
          index.items[std::string(field.back())] = {Index::State::conflict, "", true};
        }
        break;
      case '?':
      case '!':
        index.hidden.add(record.substr(2));
        break;
      default:
        break;
    }
  }
  return std::make_unique<Staged>(Places(found->top), std::move(names), std::move(added), std::move(index), files,
                                  folder);
}

std::string released_revision(const std::string& folder) {
  const auto ask = [&](std::vector<std::string> arguments) -> std::string {
    arguments.insert(arguments.begin(), {"git", "-C", folder});
    const Result<Finished> answer = run(arguments);
    if (!answer || answer->status != 0) return {};
    std::string text = answer->out;
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text;
  };
  const std::string here = ask({"symbolic-ref", "--quiet", "--short", "HEAD"});
  const std::string remote = ask({"symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"});
  std::vector<std::string> candidates = {"origin/main", "origin/master", "main", "master"};
  if (!remote.empty()) candidates.insert(candidates.begin(), remote);
  for (const std::string& candidate : candidates) {
    if (ask({"rev-parse", "--verify", "--quiet", candidate + "^{commit}"}).empty()) continue;
    const std::string name = candidate.starts_with("origin/") ? candidate.substr(7) : candidate;
    return name == here ? "HEAD" : candidate;
  }
  return {};
}

std::map<std::string, std::int64_t> added_at(const std::string& folder) {
  std::map<std::string, std::int64_t> out;
  // A relative GIT_DIR of a hook is of no use in another folder; there the files' own times have to do.
  const auto log = run_git(folder, {"log", "-z", "--diff-filter=A", "--no-renames", "--relative", "--name-only",
                                    "--format=format:@%ct", "--", "."});
  if (!log || log->status != 0) return out;
  const std::string ended = log->out + '\0';
  std::int64_t time = 0;
  for (std::string_view record : records(ended)) {
    // "@1764000000\nname": the first name stands behind the line of its commit.
    if (record.starts_with('@')) {
      const std::size_t end = record.find('\n');
      const std::string_view digits = record.substr(1, (end == std::string_view::npos ? record.size() : end) - 1);
      if (std::from_chars(digits.data(), digits.data() + digits.size(), time).ec != std::errc()) time = 0;
      record.remove_prefix(end == std::string_view::npos ? record.size() : end + 1);
    }
    if (!record.empty() && time != 0) out.try_emplace(std::string(record), time);  // the newest commit comes first
  }
  return out;
}

}  // namespace pglint::source
