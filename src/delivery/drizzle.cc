// drizzle.config: where drizzle-kit writes migrations, and whether that gets into the repository; and for which
// database the configurations of Drizzle and Prisma are.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/glob.h"
#include "delivery/reader.h"
#include "source/path.h"

namespace pglint::delivery {
namespace {

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

// Behind comments and blanks.
std::size_t skip(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (text.substr(at).starts_with("//")) {
      at = std::min(text.find('\n', at), text.size());
    } else if (text.substr(at).starts_with("/*")) {
      const std::size_t end = text.find("*/", at);
      at = end == std::string_view::npos ? text.size() : end + 2;
    } else if (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r') {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

struct Value {
  Span at = {};
  std::optional<std::string> text;  // none: it is worked out when the program runs
};

// The first property of that name.
std::optional<Value> property(std::string_view text, std::string_view name) {
  for (std::size_t at = skip(text, 0); at < text.size(); at = skip(text, at)) {
    const char c = text[at];
    std::string_view word;
    if (c == '"' || c == '\'' || c == '`') {
      const std::size_t end = text.find(c, at + 1);
      if (end == std::string_view::npos) return std::nullopt;
      word = text.substr(at + 1, end - at - 1);
      at = end + 1;
    } else if (is_name(c)) {
      const std::size_t begin = at;
      while (at < text.size() && is_name(text[at])) ++at;
      word = text.substr(begin, at - begin);
    } else {
      ++at;
      continue;
    }
    if (word != name) continue;
    std::size_t value = skip(text, at);
    if (value >= text.size() || text[value] != ':') continue;
    value = skip(text, value + 1);
    if (value >= text.size()) return std::nullopt;
    Value found;
    const char quote = text[value];
    if (quote == '"' || quote == '\'' || quote == '`') {
      const std::size_t end = text.find(quote, value + 1);
      if (end == std::string_view::npos) return std::nullopt;
      found.at = {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(end + 1)};
      const std::string_view inside = text.substr(value + 1, end - value - 1);
      if (quote != '`' || inside.find("${") == std::string_view::npos) found.text = std::string(inside);
    } else {
      const std::size_t end = std::min(text.find_first_of(",\n}", value), text.size());
      found.at = {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(end)};
    }
    return found;
  }
  return std::nullopt;
}

// "a/c" of "a/b/../c"; what leads out stays in front.
std::string collapsed(std::string_view path) {
  std::vector<std::string_view> parts;
  const bool absolute = path.starts_with('/');
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..")
      parts.pop_back();
    else
      parts.push_back(part);
  }
  std::string out = absolute ? "/" : "";
  for (const std::string_view part : parts) out.append(out.empty() || out == "/" ? "" : "/").append(part);
  return out.empty() ? "." : out;
}

std::size_t leads_up(std::string_view path) {
  std::size_t count = 0;
  while (path == ".." || path.starts_with("../")) {
    ++count;
    path = path.size() > 2 ? path.substr(3) : std::string_view();
  }
  return count;
}

// Both collapsed.
bool is_inside(const std::string& path, const std::string& root) {
  if (path.starts_with('/') != root.starts_with('/')) return false;
  const std::size_t up = leads_up(root);
  const bool only_up = root == "." || root.size() + 1 == up * 3;
  return only_up ? leads_up(path) <= up : !source::below(path, root).empty();
}

// Whether a line of .gitignore speaks of a path below its folder, or of a folder around it.
bool ignores(std::string_view pattern, std::string_view path) {
  if (pattern.ends_with('/')) pattern.remove_suffix(1);
  const bool anchored = pattern.find('/') != std::string_view::npos;
  if (pattern.starts_with('/')) pattern.remove_prefix(1);
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = path.find('/', end);
    const std::string_view part = path.substr(0, end);
    if (glob_matches(pattern, anchored ? part : source::file_name(part), '/')) return true;
    if (end != std::string_view::npos) ++end;
  }
  return false;
}

// ".gitignore:3" if git leaves the file out.
std::string ignored_by(const std::string& path, const std::string& root, const source::Files& files) {
  std::string found;
  for (std::string folder = source::parent(path); !folder.empty(); folder = source::parent(folder)) {
    const std::string list = source::join(folder, ".gitignore");
    if (files.exists(list) && found.empty()) {
      const auto text = files.read(list);
      std::string_view rest = text && text->size() < 65536 ? std::string_view(*text) : std::string_view();
      for (std::size_t line = 1; !rest.empty(); ++line) {
        const std::size_t end = rest.find('\n');
        std::string_view pattern = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        while (!pattern.empty() && (pattern.back() == ' ' || pattern.back() == '\r')) pattern.remove_suffix(1);
        if (pattern.empty() || pattern.front() == '#') continue;
        const bool takes_back = pattern.front() == '!';
        if (takes_back) pattern.remove_prefix(1);
        const std::string_view inside = folder == "." ? std::string_view(path) : source::below(path, folder);
        if (!ignores(pattern, inside)) continue;
        found = takes_back ? "" : fmt::format("{}:{}", list, line);
      }
    }
    if (folder == root || leads_up(folder) > 16) break;
  }
  return found;
}

bool has_migrations(const std::string& folder, const source::Files& files) {
  if (files.exists(source::join(folder, "meta/_journal.json"))) return true;
  const auto entries = files.list(folder);
  return entries && std::ranges::any_of(*entries, [&](const source::Entry& entry) {
           return entry.folder ? files.exists(source::join(folder, entry.name + "/migration.sql"))
                               : entry.name.ends_with(".sql");
         });
}

// Of a drizzle.config; true where it does not say.
bool is_for_postgres(std::string_view text) {
  const auto dialect = property(text, "dialect");
  const auto driver = property(text, "driver");
  const auto is_other = [](const std::optional<Value>& value) {
    return value && value->text && !value->text->starts_with("pg") && !value->text->starts_with("postgres") &&
           *value->text != "aws-data-api" && *value->text != "pglite";
  };
  return !is_other(dialect) && (dialect || !is_other(driver));
}

// The provider of the datasource of a schema.prisma; empty where it does not say.
std::string_view provider_of(std::string_view text) {
  const std::size_t block = text.find("datasource ");
  const std::size_t key = block == std::string_view::npos ? block : text.find("provider", block);
  const std::size_t open = key == std::string_view::npos ? key : text.find('"', key);
  if (open == std::string_view::npos || text.substr(key, open - key).find('\n') != std::string_view::npos) return {};
  const std::size_t close = text.find('"', open + 1);
  return close == std::string_view::npos ? std::string_view() : text.substr(open + 1, close - open - 1);
}

}  // namespace

void Reader::note_database(std::string_view tool, const std::string& config) {
  constexpr std::size_t most = std::size_t{1024} * 1024;
  if (!files_.exists(config)) return;
  const auto text = files_.read(config);
  if (!text || text->size() > most) return;
  bool postgres = true;
  if (tool == "prisma") {
    const std::string_view provider = provider_of(*text);
    if (provider.empty()) return;
    postgres = provider == "postgresql" || provider == "postgres" || provider == "cockroachdb";
  } else {
    postgres = is_for_postgres(*text);
  }
  auto& [for_postgres, others] = databases_[std::string(tool)];
  ++(postgres ? for_postgres : others);
}

void Reader::read_drizzle_config(const std::string& path) {
  File* const file = add(path);
  if (file == nullptr) return;
  const std::string_view text = file->text;
  if (text.find("drizzle") == std::string_view::npos || !is_for_postgres(text)) return drop_last();
  DrizzleConfig config;
  config.file = static_cast<std::uint32_t>(out_.files.size() - 1);
  config.at = {0, static_cast<std::uint32_t>(std::min(text.find('\n'), text.size()))};
  config.out = "drizzle";
  if (const auto out = property(text, "out")) {
    if (!out->text || out->text->empty()) return drop_last();
    config.at = out->at;
    config.out = *out->text;
  }
  for (std::size_t at = 0; at < text.size(); at = std::min(text.find('\n', at), text.size() - 1) + 1)
    if (text[at] != '\n' && !text.substr(at).starts_with("//"))
      file->pieces.push_back(
          {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(std::min(text.find('\n', at), text.size()))});
  const std::string folder =
      collapsed(config.out.starts_with('/') ? config.out : source::join(source::parent(path), config.out));
  if (!is_inside(folder, collapsed(root))) {
    config.wrong = "it lies outside of the repository";
  } else if (const std::string line = ignored_by(source::join(folder, "0000_first.sql"), root, files_); !line.empty()) {
    config.wrong = fmt::format("{} leaves it out of the repository", line);
  }
  config.empty = !has_migrations(folder, files_);
  out_.drizzle.push_back(std::move(config));
}

}  // namespace pglint::delivery
