#include "delivery/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "source/encoding.h"
#include "source/path.h"

namespace pglint::delivery {
namespace {

constexpr std::size_t most_bytes = std::size_t{256} * 1024;  // of a file
constexpr std::size_t most_bytes_in_all = std::size_t{8} * 1024 * 1024;
constexpr std::size_t most_effects = 256;  // of a script or a step
constexpr int deepest = 32;                // scripts that call scripts
constexpr std::size_t most_scripts = 2048;
constexpr std::size_t most_of_a_name = 8;  // packages of a monorepo have scripts of one name
constexpr std::size_t most_shell_files = 64;

}  // namespace

File* Reader::add(const std::string& path) {
  if (!files_.exists(path)) return nullptr;
  auto text = files_.read(path);
  if (!text) {
    notice(fmt::format("{}: not looked at: {}", path, text.error().message));
    return nullptr;
  }
  if (text->size() > most_bytes || bytes_ + text->size() > most_bytes_in_all) {
    notice(fmt::format("{}: not looked at: is larger than a file of its kind is", path));
    return nullptr;
  }
  if (source::encoding_failure(*text)) {
    notice(fmt::format("{}: not looked at: is no text", path));
    return nullptr;
  }
  bytes_ += text->size();
  out_.files.push_back({path, std::move(*text)});
  return &out_.files.back();
}

void Reader::drop_last() { out_.files.pop_back(); }

void Reader::drop_if_last(std::uint32_t number) {
  if (out_.files.size() == number + std::size_t{1}) drop_last();
}

bool Reader::matters(std::string_view text) const {
  return may_matter(text) || std::ranges::any_of(names_, [&](const std::string& name) {
           return text.find(name) != std::string_view::npos;
         });
}

// --- following -------------------------------------------------------------------------------------------------------

bool Reader::is_foreign(const Act& act) const {
  if (act.does != Does::pushes && act.does != Does::migrates) return false;
  const auto known = databases_.find(std::string_view(act.what).substr(0, act.what.find(' ')));
  return known != databases_.end() && known->second.first == 0 && known->second.second > 0;
}

void Reader::add_script(RawScript script) {
  if (scripts_.size() >= most_scripts) return;
  const std::string name = script.kind == ScriptKind::shell ? std::string(program(script.name)) : script.name;
  by_name_[{script.kind, name}].push_back(scripts_.size());
  scripts_.push_back(std::move(script));
}

std::vector<std::size_t> Reader::find_scripts(const Call& call, const std::string& name,
                                              const std::string& folder) const {
  const auto named = by_name_.find({call.kind, call.kind == ScriptKind::shell ? std::string(program(name)) : name});
  if (named == by_name_.end()) return {};
  const auto those = [&](const auto& is_meant) {
    std::vector<std::size_t> meant;
    for (const std::size_t i : named->second)
      if (meant.size() < most_of_a_name && is_meant(scripts_[i])) meant.push_back(i);
    return meant;
  };
  std::vector<std::size_t> meant;
  if (call.in.empty()) {
    meant = those([&](const RawScript& script) { return script.folder == folder; });
  } else {
    const std::string_view last = program(call.in);
    meant = those([&](const RawScript& script) {
      return script.package == call.in || source::file_name(script.folder) == last ||
             script.package.ends_with("/" + call.in);
    });
  }
  return meant.empty() ? those([](const RawScript&) { return true; }) : meant;
}

std::vector<Effect> Reader::effects_of(std::size_t script, int depth) {
  if (const auto known = known_.find(script); known != known_.end()) return known->second;
  if (depth > deepest || std::ranges::find(open_, script) != open_.end()) return {};
  std::vector<Effect> out;
  open_.push_back(script);
  const RawScript& raw = scripts_[script];
  follow(raw.commands, raw.at.file, raw.folder, depth, out);
  open_.pop_back();
  known_[script] = out;
  return out;
}

void Reader::follow(const std::vector<Command>& commands, std::uint32_t file, const std::string& folder, int depth,
                    std::vector<Effect>& out) {
  std::string here = folder;
  for (const Command& command : commands) {
    if (out.size() >= most_effects) return;
    if (command.words.size() > 1 && command.words[0] == "cd") here = source::tidy(source::join(here, command.words[1]));
    Effect effect;
    effect.at = {file, command.at};
    effect.guarded = command.guarded;
    effect.ignored = command.ignored;
    const std::optional<Call> call = call_of(command);
    bool followed = false;
    for (const std::string& name : call ? call->names : std::vector<std::string>()) {
      // npm runs these before and behind it.
      const bool around = call->kind == ScriptKind::package;
      for (const std::string& each : around ? std::vector{"pre" + name, name, "post" + name} : std::vector{name}) {
        for (const std::size_t i : find_scripts(*call, each, here)) {
          followed = true;
          const std::string& called = scripts_[i].name;
          for (const Effect& one : effects_of(i, depth + 1)) {
            if (out.size() >= most_effects) return;
            Effect through = effect;
            through.does = one.does;
            through.what = one.what;
            through.via = one.via ? one.via : one.at;
            through.script = called;
            through.sure = one.sure;
            through.guarded = effect.guarded || one.guarded;
            through.ignored = effect.ignored || one.ignored;
            through.for_tests = one.for_tests || is_for_tests(called);
            out.push_back(std::move(through));
          }
        }
      }
    }
    if (followed) continue;
    Act act = act_of(command);
    if (is_foreign(act)) act.does = Does::other;
    effect.does = act.does;
    effect.what = act.does == Does::other ? command.line() : act.what;
    effect.sure = act.sure;
    // A script that is not there, by its name.
    for (const std::string& name : call&& act.does == Does::other ? call->names : std::vector<std::string>()) {
      const std::string shown(call->kind == ScriptKind::shell ? program(name) : std::string_view(name));
      if (is_called_migration(shown)) {
        effect.does = Does::migrates;
        effect.what = shown;
        effect.sure = false;
      } else if (shown == "test" || shown.starts_with("test:")) {
        effect.does = Does::tests;
        effect.what = shown;
      }
    }
    out.push_back(std::move(effect));
  }
}

std::vector<Effect> Reader::effects(const std::vector<Command>& commands, std::uint32_t file,
                                    const std::string& folder) {
  for (const Command& command : commands)
    if (const std::optional<Call> call = call_of(command); call && call->kind == ScriptKind::shell)
      read_shell(call->names.front(), folder);
  std::vector<Effect> out;
  follow(commands, file, folder, 0, out);
  return out;
}

void Reader::settle_scripts() {
  for (std::size_t i = 0; i < scripts_.size(); ++i) {
    const std::string folder = scripts_[i].folder;
    const std::vector<Command> inside = scripts_[i].commands;
    for (const Command& command : inside)
      if (const std::optional<Call> call = call_of(command); call && call->kind == ScriptKind::shell)
        read_shell(call->names.front(), folder);
  }
  for (std::size_t i = 0; i < scripts_.size(); ++i) {
    const RawScript& raw = scripts_[i];
    Script script{raw.kind, raw.name, raw.package, raw.folder, raw.at, effects_of(i, 0)};
    const bool matters = std::ranges::any_of(
        script.effects, [](const Effect& effect) { return effect.does != Does::other && effect.does != Does::tests; });
    if (!matters) continue;
    if (raw.name.size() > 2) names_.push_back(raw.name);
    out_.scripts.push_back(std::move(script));
  }
}

// --- files of scripts ------------------------------------------------------------------------------------------------

void Reader::read_shell(const std::string& name, const std::string& folder) {
  const std::string base(source::file_name(name));
  if (base.empty() || base.find("..") != std::string::npos || shell_seen_.size() >= most_shell_files ||
      std::ranges::find(shell_seen_, base) != shell_seen_.end())
    return;
  shell_seen_.push_back(base);
  // In an image it stands elsewhere: its name has to do.
  std::vector<std::string> places;
  if (!name.starts_with('/') && name.find("..") == std::string::npos)
    for (const std::string& around : {folder, root}) places.push_back(source::tidy(source::join(around, name)));
  for (const std::string& around : {folder, root})
    for (const std::string_view inner : {"", "scripts", "docker", "bin", "script", "deploy", ".docker"})
      places.push_back(source::tidy(source::join(inner.empty() ? around : source::join(around, inner), base)));
  for (const std::string& path : places) {
    if (!files_.exists(path) || files_.is_folder(path)) continue;
    File* const file = add(path);
    if (file == nullptr) return;
    RawScript script{ScriptKind::shell, base, "", folder, {static_cast<std::uint32_t>(out_.files.size() - 1), {}}, {}};
    script.commands = commands(plain(file->text, 0, file->text.size()));
    for (const Command& command : script.commands)
      if (file->pieces.empty() || command.at.begin >= file->pieces.back().end) file->pieces.push_back(command.at);
    const std::vector<Command> inside = script.commands;
    add_script(std::move(script));
    for (const Command& command : inside)
      if (const std::optional<Call> call = call_of(command); call && call->kind == ScriptKind::shell)
        read_shell(call->names.front(), folder);
    return;
  }
}

void Reader::read_makefile(const std::string& path) {
  File* const file = add(path);
  if (file == nullptr) return;
  const std::string folder = source::parent(path);
  const auto number = static_cast<std::uint32_t>(out_.files.size() - 1);
  const std::string_view text = file->text;
  std::vector<std::size_t> open;  // the targets of the rule that is read
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find('\n', at), text.size());
    // A recipe line may go on.
    while (end < text.size() && end > at && text[end - 1] == '\\')
      end = std::min(text.find('\n', end + 1), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with('\t')) {
      std::size_t begin = at + 1;
      while (begin < end && (text[begin] == '@' || text[begin] == '-' || text[begin] == '+' || text[begin] == ' '))
        ++begin;
      const bool ignored = text.substr(at, begin - at).find('-') != std::string_view::npos;
      if (begin < end) file->pieces.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
      for (Command& command : commands(plain(text, begin, end))) {
        // $(MAKE) x calls a target of this file.
        if (command.words.front() == "$(MAKE)") command.words.front() = "make";
        command.ignored = command.ignored || ignored;
        for (const std::size_t target : open) scripts_[target].commands.push_back(command);
      }
    } else if (!line.empty() && line.front() != '#' && line.front() != ' ') {
      const std::size_t colon = line.find(':');
      open.clear();
      if (colon != std::string_view::npos && line.substr(colon).find('=') != 1 && scripts_.size() < most_scripts) {
        // What it depends on runs first.
        std::vector<std::string> words = {"make"};
        for (const Command& command : commands(plain(text, at + colon + 1, end))) {
          words.insert(words.end(), command.words.begin(), command.words.end());
          break;
        }
        for (const Command& targets : commands(plain(text, at, at + colon)))
          for (const std::string& target : targets.words) {
            if (target.starts_with('.') || open.size() >= 16 || scripts_.size() >= most_scripts) continue;
            open.push_back(scripts_.size());
            add_script({ScriptKind::make, target, "", folder, {number, targets.at}, {}});
            if (words.size() > 1) scripts_.back().commands.push_back({targets.at, words});
          }
      }
    }
    at = end + 1;
  }
}

}  // namespace pglint::delivery
