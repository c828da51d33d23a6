#include "delivery/yaml.h"

#include <algorithm>
#include <sstream>

#include "base/text.h"

namespace pglint::delivery {
namespace {

constexpr int most_merged = 64;
constexpr std::size_t most_items = 2'000;

// Levels of lists and maps on one line (- - - - a), which open as much as brackets do.
bool is_too_deep(std::string_view text) {
  constexpr std::size_t most_dashes = 64;
  constexpr std::size_t deepest = 512;
  std::size_t dashes = 0;
  std::size_t column = 0;
  bool leading = true;
  for (const char c : text) {
    if (c == '\n') {
      dashes = column = 0;
      leading = true;
      continue;
    }
    ++column;
    if (c == '-' || c == '?') {
      if (leading && ++dashes > most_dashes) return true;
    } else if (c != ' ') {
      leading = false;
    }
    if (leading && column > deepest) return true;
  }
  return false;
}

// `left`: how many maps may be merged in all; they may name each other many times.
void add_pairs(const YAML::Node& map, int& left, std::vector<std::pair<YAML::Node, YAML::Node>>& out) {
  if (!map.IsMap() || --left < 0) return;
  const auto has = [&](const std::string& key) {
    return std::any_of(out.begin(), out.end(), [&](const auto& pair) { return pair.first.Scalar() == key; });
  };
  std::vector<YAML::Node> merged;
  const bool first = out.empty();
  for (const auto& pair : map) {
    if (!pair.first.IsScalar() || out.size() >= most_items) continue;
    if (pair.first.Scalar() == "<<")
      merged.push_back(pair.second);
    else if (first || !has(pair.first.Scalar()))
      out.emplace_back(pair.first, pair.second);
  }
  for (const YAML::Node& one : merged) {
    if (left <= 0) return;
    if (one.IsSequence()) {
      for (const auto& item : one) add_pairs(item, left, out);
    } else {
      add_pairs(one, left, out);
    }
  }
}

}  // namespace

Result<std::vector<YAML::Node>> load_yaml(const std::string& text, std::size_t most) {
  if (opens_too_much(text) || is_too_deep(text)) return failed("nests deeper than anybody writes");
  try {
    if (most == 1) return std::vector<YAML::Node>{YAML::Load(text)};
    std::vector<YAML::Node> all = YAML::LoadAll(text);
    if (all.size() > most) all.resize(most);
    return all;
  } catch (const YAML::Exception& error) {
    if (error.mark.is_null()) return failed("is no YAML");
    std::ostringstream where;
    where << "is no YAML from line " << error.mark.line + 1 << " on";
    return failed(where.str());
  }
}

YAML::Node value_of(const YAML::Node& map, std::string_view key) {
  if (!map.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  bool merges = false;
  for (const auto& pair : map) {
    if (!pair.first.IsScalar()) continue;
    if (pair.first.Scalar() == key) return pair.second;
    merges = merges || pair.first.Scalar() == "<<";
  }
  if (merges)
    for (const auto& pair : pairs_of(map))
      if (pair.first.Scalar() == key) return pair.second;
  return YAML::Node(YAML::NodeType::Undefined);
}

std::vector<std::pair<YAML::Node, YAML::Node>> pairs_of(const YAML::Node& map) {
  std::vector<std::pair<YAML::Node, YAML::Node>> out;
  int left = most_merged;
  add_pairs(map, left, out);
  return out;
}

std::vector<YAML::Node> texts_of(const YAML::Node& node) {
  std::vector<YAML::Node> out;
  if (node.IsScalar()) out.push_back(node);
  if (node.IsSequence()) {
    for (const auto& item : node) {
      if (out.size() >= most_items) break;
      if (item.IsScalar()) out.push_back(item);
      // GitLab joins lists in a list.
      if (!item.IsSequence()) continue;
      for (const auto& inner : item)
        if (inner.IsScalar() && out.size() < most_items) out.push_back(inner);
    }
  }
  if (node.IsMap())
    for (const auto& pair : pairs_of(node)) out.push_back(pair.first);
  return out;
}

std::string text_of(const YAML::Node& node) {
  return node.IsDefined() && node.IsScalar() ? node.Scalar() : std::string();
}

std::size_t begin_of(const std::string& text, const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  if (mark.is_null() || mark.pos < 0) return 0;
  return std::min(static_cast<std::size_t>(mark.pos), text.size());
}

Span span_of(const std::string& text, const YAML::Node& word) {
  const Mapped there = mapped_text(text, word);
  if (!there.text.empty()) return there.span(0, there.text.size());
  const std::size_t begin = begin_of(text, word);
  const std::size_t end = std::min(text.find('\n', begin), text.size());
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

Mapped mapped_text(const std::string& text, const YAML::Node& node) {
  return mapped(text, begin_of(text, node), text_of(node));
}

Span block_at(std::string_view text, std::size_t begin) {
  const std::size_t before = begin == 0 ? std::string_view::npos : text.rfind('\n', begin - 1);
  const std::size_t column = begin - (before == std::string_view::npos ? 0 : before + 1);
  std::size_t end = std::min(text.find('\n', begin), text.size());
  while (end < text.size()) {
    const std::size_t line = end + 1;
    const std::size_t word = text.find_first_not_of(' ', line);
    if (word == std::string_view::npos) break;
    const std::size_t next = std::min(text.find('\n', line), text.size());
    if (word - line < column && text[word] != '\n' && text[word] != '\r') break;
    end = next;
  }
  while (end > begin && (text[end - 1] == '\n' || text[end - 1] == ' ' || text[end - 1] == '\r')) --end;
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

}  // namespace pglint::delivery
