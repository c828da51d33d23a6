// What runs whenever a process starts, or a release is made: the last image of a Dockerfile, the services of a compose
// file, a Procfile, the commands that platforms are told.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "delivery/reader.h"
#include "delivery/yaml.h"
#include "source/json_text.h"
#include "source/path.h"

namespace pglint::delivery {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_word(std::string_view text, std::string_view lower_case) {
  return text.size() == lower_case.size() &&
         std::equal(text.begin(), text.end(), lower_case.begin(), [](char a, char b) { return lower(a) == b; });
}

// A line of a Dockerfile, with those that go on with it.
struct Instruction {
  std::string_view name;
  std::size_t begin = 0;  // of its arguments
  std::size_t end = 0;
  std::size_t line = 0;  // where it begins
};

std::vector<Instruction> instructions(std::string_view text) {
  std::vector<Instruction> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    std::size_t end = std::min(text.find('\n', at), text.size());
    const auto goes_on = [&] {
      std::size_t last = end;
      while (last > begin && (text[last - 1] == '\r' || text[last - 1] == ' ')) --last;
      return last > begin && text[last - 1] == '\\';
    };
    while (end < text.size() && goes_on()) end = std::min(text.find('\n', end + 1), text.size());
    at = end + 1;
    const std::size_t word = text.find_first_not_of(" \t", begin);
    if (word >= end || text[word] == '#') continue;
    const std::size_t behind = std::min(text.find_first_of(" \t", word), end);
    out.push_back({text.substr(word, behind - word), behind, end, word});
  }
  return out;
}

// ["npm", "start"], else a line for the shell.
std::vector<Command> arguments(std::string_view text, std::size_t begin, std::size_t end) {
  while (begin < end && (text[begin] == ' ' || text[begin] == '\t')) ++begin;
  while (end > begin && (text[end - 1] == ' ' || text[end - 1] == '\r' || text[end - 1] == '\n')) --end;
  const std::string_view list = text.substr(begin, end - begin);
  if (list.starts_with('[')) {
    if (const auto root = source::json_root(list)) {
      std::vector<std::string> words;
      for (const source::JsonValue& element : source::json_elements(list, *root))
        words.push_back(source::json_string(list, element).value_or(""));
      std::erase(words, "");
      return commands(std::move(words), {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
    }
  }
  return commands(plain(text, begin, end));
}

}  // namespace

void Reader::read_dockerfile(const std::string& path) {
  File* const file = add(path);
  if (file == nullptr) return;
  const std::string_view text = file->text;
  const auto number = static_cast<std::uint32_t>(out_.files.size() - 1);
  std::vector<Command> entry;
  std::vector<Command> starts;
  std::string stage;
  for (const Instruction& one : instructions(text)) {
    file->pieces.push_back({static_cast<std::uint32_t>(one.line), static_cast<std::uint32_t>(one.end)});
    if (is_word(one.name, "from")) {
      // What an image is built from brings its own; only the last one is run.
      entry.clear();
      starts.clear();
      stage.clear();
      const auto words = commands(plain(text, one.begin, one.end));
      if (!words.empty() && words[0].words.size() > 2 && is_word(words[0].words[words[0].words.size() - 2], "as"))
        stage = words[0].words.back();
    } else if (is_word(one.name, "entrypoint")) {
      entry = arguments(text, one.begin, one.end);
    } else if (is_word(one.name, "cmd")) {
      starts = arguments(text, one.begin, one.end);
    }
  }
  Process process;
  process.name = "the container";
  process.for_tests = is_for_tests(path) || is_for_tests(stage);
  process.for_users = is_for_users(path) || is_for_users(stage);
  const std::string folder = source::parent(path);
  // A program that is given another one as its arguments runs it: tini, and scripts that end in exec "$@".
  const bool carries = entry.size() == 1 && !starts.empty();
  if (carries && entry[0].words.size() <= 3 && call_of(entry[0]) == std::nullopt &&
      act_of(entry[0]).does == Does::other) {
    entry.clear();
  }
  entry.insert(entry.end(), starts.begin(), starts.end());
  process.effects = effects(entry, number, folder);
  if (process.effects.empty()) return drop_if_last(number);
  process.at = {number, process.effects.front().at.at};
  out_.processes.push_back(std::move(process));
}

void Reader::read_procfile(const std::string& path) {
  File* const file = add(path);
  if (file == nullptr) return;
  const std::string_view text = file->text;
  const auto number = static_cast<std::uint32_t>(out_.files.size() - 1);
  const std::string folder = source::parent(path);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && colon > 0 && line.front() != '#') {
      file->pieces.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
      Process process;
      process.name = line.substr(0, colon);
      process.at = {number, {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)}};
      process.once = process.name == "release";
      process.for_tests = is_for_tests(source::file_name(path));
      process.for_users = !process.for_tests;
      process.effects = effects(commands(plain(text, at + colon + 1, end)), number, folder);
      out_.processes.push_back(std::move(process));
    }
    at = end + 1;
  }
}

// `buildCommand: …`, `"buildCommand": "…"`, `release_command = "…"`: whatever the language, a key, a sign and a text.
void Reader::read_platform(const std::string& path) {
  File* const file = add(path);
  if (file == nullptr) return;
  if (!matters(file->text)) return drop_last();
  const std::string_view text = file->text;
  const auto number = static_cast<std::uint32_t>(out_.files.size() - 1);
  struct Key {
    std::string_view name;
    std::string_view shown;
    bool once;
  };
  constexpr std::array keys = std::to_array<Key>({{"buildCommand", "the build", true},
                                                  {"preDeployCommand", "the release", true},
                                                  {"release_command", "the release", true},
                                                  {"startCommand", "a process", false},
                                                  {"dockerCommand", "a process", false},
                                                  {"command", "the build", true}});
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const std::size_t first = std::min(line.find_first_not_of(" \t-{\"'"), line.size());
    for (const Key& key : keys) {
      if (!line.substr(first).starts_with(key.name)) continue;
      std::size_t sign = first + key.name.size();
      while (sign < line.size() && (line[sign] == ' ' || line[sign] == '"' || line[sign] == '\'')) ++sign;
      if (sign >= line.size() || (line[sign] != ':' && line[sign] != '=')) continue;
      std::size_t begin = line.find_first_not_of(" \t", sign + 1);
      if (begin == std::string_view::npos) break;
      std::size_t last = line.size();
      if (line[begin] == '"' || line[begin] == '\'') {
        last = std::min(line.find(line[begin], begin + 1), line.size());
        ++begin;
      }
      Process process;
      process.name = key.shown;
      process.once = key.once;
      process.for_users = true;
      process.at = {number, {static_cast<std::uint32_t>(at + first), static_cast<std::uint32_t>(end)}};
      file->pieces.push_back(process.at.at);
      process.effects = effects(commands(plain(text, at + begin, at + last)), number, source::parent(path));
      out_.processes.push_back(std::move(process));
      break;
    }
    at = end + 1;
  }
}

void Reader::read_compose(const std::string& path) {
  File* const file = add(path);
  if (file == nullptr) return;
  if (!matters(file->text)) return drop_last();
  const std::string& text = file->text;
  const auto documents = load_yaml(text);
  if (!documents) {
    notice(fmt::format("{}: not looked at: {}", path, documents.error().message));
    return drop_last();
  }
  const auto number = static_cast<std::uint32_t>(out_.files.size() - 1);
  const YAML::Node services = value_of(documents->front(), "services");
  if (!services.IsMap()) return;
  for (const auto& pair : pairs_of(services)) {
    const YAML::Node& service = pair.second;
    if (!service.IsMap()) continue;
    Process process;
    process.name = pair.first.Scalar();
    process.at = {number, span_of(text, pair.first)};
    process.for_users = is_for_users(source::file_name(path));
    // Only a file that says so is for users; the usual one is for developers.
    process.for_tests = !process.for_users;
    const YAML::Node replicas = value_of(value_of(service, "deploy"), "replicas");
    const std::string count = text_of(replicas).empty() ? text_of(value_of(service, "scale")) : text_of(replicas);
    process.several = !count.empty() && count != "0" && count != "1" && count.front() >= '0' && count.front() <= '9';
    std::vector<Command> starts;
    for (const std::string_view key : {"entrypoint", "command"}) {
      const YAML::Node value = value_of(service, key);
      std::vector<Command> own;
      if (value.IsScalar()) {
        own = commands(mapped_text(text, value));
      } else if (value.IsSequence()) {
        std::vector<std::string> words;
        for (const YAML::Node& word : texts_of(value)) words.push_back(word.Scalar());
        own = commands(std::move(words), span_of(text, pair.first));
      }
      starts.insert(starts.end(), own.begin(), own.end());
    }
    const Span whole = block_at(text, begin_of(text, pair.first));
    if (file->pieces.empty() || whole.begin >= file->pieces.back().end) file->pieces.push_back(whole);
    process.effects = effects(starts, number, source::parent(path));
    out_.processes.push_back(std::move(process));
  }
}

}  // namespace pglint::delivery
