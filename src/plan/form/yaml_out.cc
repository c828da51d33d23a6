// YAML for people who review it: plain words where they are safe, SQL as literal blocks, short maps on one line. Not
// yaml-cpp's emitter, which can neither choose per text nor keep every text as it is.
#include <yaml-cpp/binary.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <optional>

#include "base/text.h"
#include "plan/form/tree.h"

namespace pglint::plan {
namespace {

constexpr std::size_t widest_flow = 100;

// Reads as something else than a text to some reader of YAML 1.1 or 1.2.
bool looks_typed(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  constexpr std::array<std::string_view, 10> words = {"null", "true", "false", "yes", "no",
                                                      "on",   "off",  "y",     "n",   ".inf"};
  if (std::find(words.begin(), words.end(), lower) != words.end()) return true;
  if (lower.starts_with("0x") || lower.starts_with("0o") || lower.starts_with(".nan")) return true;
  return std::all_of(lower.begin(), lower.end(), [](char c) {
    return (c >= '0' && c <= '9') || c == '_' || c == '.' || c == ':' || c == 'e' || c == '+' || c == '-';
  });
}

bool is_plain(std::string_view text, bool in_flow) {
  if (text.empty() || looks_typed(text)) return false;
  const auto first = static_cast<unsigned char>(text.front());
  if (std::isalnum(first) == 0 && first != '_' && first != '/' && first != '(') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c < ' ' || c > '~') return false;
    if (in_flow && (c == ',' || c == '[' || c == ']' || c == '{' || c == '}' || c == ':')) return false;
    if (c == ':' && (i + 1 == text.size() || text[i + 1] == ' ')) return false;
    if (c == '#' && text[i - 1] == ' ') return false;
  }
  return text.back() != ' ';
}

std::string in_quotes(std::string_view text) {
  // Not text at all, such as a file in Latin-1: kept byte by byte.
  if (first_invalid_utf8(text) != std::string_view::npos)
    return "!!binary \"" + YAML::EncodeBase64(reinterpret_cast<const unsigned char*>(text.data()), text.size()) + "\"";
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode(text, at);
    if (point.value == U'"' || point.value == U'\\') {
      out += '\\';
      out += static_cast<char>(point.value);
    } else if (point.value == U'\n') {
      out += "\\n";
    } else if (point.value == U'\t') {
      out += "\\t";
    } else if (is_hidden(point.value) || point.value == 0x85 || point.value >= 0xFFFE) {
      std::array<char, 16> escape = {};
      std::snprintf(escape.data(), escape.size(), point.value > 0xFFFF ? "\\U%08x" : "\\u%04x",
                    static_cast<unsigned>(point.value));
      out += escape.data();
    } else {
      out += text.substr(at, point.size);
    }
    at += point.size;
  }
  return out + "\"";
}

// What a literal block gives back as it is, and does not hide from the reader.
bool is_block(std::string_view text) {
  if (text.empty() || text.find_first_of(" \t\n") == 0) return false;
  if (first_invalid_utf8(text) != std::string_view::npos) return false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode(text, at);
    if (point.value != U'\n' && point.value != U'\t' && (is_hidden(point.value) || point.value >= 0xFFFE)) return false;
    at += point.size;
  }
  return true;
}

class Writer {
 public:
  std::string out;

  void block(const Tree& tree, std::size_t indent) {
    if (tree.kind == Tree::Kind::map) {
      for (const auto& [key, value] : tree.map) {
        out.append(indent, ' ');
        entry(key, value, indent);
      }
    } else {
      for (const Tree& item : tree.list) list_item(item, indent);
    }
  }

 private:
  static bool is_empty(const Tree& tree) { return tree.list.empty() && tree.map.empty(); }
  static std::string key_text(const std::string& key) { return is_plain(key, true) ? key : in_quotes(key); }

  // One line of all, or nothing.
  static std::optional<std::string> on_one_line(const Tree& tree) {
    switch (tree.kind) {
      case Tree::Kind::nothing:
        return "null";
      case Tree::Kind::text:
        if (tree.literal || is_plain(tree.text, true)) return tree.text;
        if (tree.text.size() > widest_flow || tree.text.find('\n') != std::string::npos) return std::nullopt;
        return in_quotes(tree.text);
      case Tree::Kind::list:
      case Tree::Kind::map:
        break;
    }
    const bool map = tree.kind == Tree::Kind::map;
    std::string line(1, map ? '{' : '[');
    const auto part = [&line](std::string_view key, const Tree& value) {
      const auto text = on_one_line(value);
      if (!text || line.size() + key.size() + text->size() > widest_flow) return false;
      if (line.size() > 1) line += ", ";
      line += key;
      line += *text;
      return true;
    };
    for (const auto& [key, value] : tree.map)
      if (!part(key_text(key) + ": ", value)) return std::nullopt;
    for (const Tree& item : tree.list)
      if (!part("", item)) return std::nullopt;
    return line + (map ? '}' : ']');
  }

  void scalar(const Tree& tree, std::size_t indent) {
    const std::string& text = tree.text;
    if (tree.kind == Tree::Kind::nothing) {
      out += "null\n";
    } else if (tree.literal || is_plain(text, false)) {
      out += text + "\n";
    } else if (text.find_first_of("\n\"\\") == std::string::npos || !is_block(text)) {
      out += in_quotes(text) + "\n";
    } else {
      literal_block(text, indent);
    }
  }

  void literal_block(std::string_view text, std::size_t indent) {
    const bool newline = text.ends_with('\n');
    out += !newline ? "|-\n" : text.ends_with("\n\n") ? "|+\n" : "|\n";
    if (newline) text.remove_suffix(1);
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      if (end > at) out.append(indent, ' ');
      out += text.substr(at, end - at);
      out += '\n';
      at = end + 1;
    }
  }

  // Behind the indentation, or behind the "- " of a list.
  void entry(const std::string& key, const Tree& value, std::size_t indent) {
    out += key_text(key) + ":";
    if (value.kind == Tree::Kind::nothing || value.kind == Tree::Kind::text) {
      out += ' ';
      scalar(value, indent + 2);
    } else if (const auto line = value.flow || is_empty(value) ? on_one_line(value) : std::nullopt) {
      out += ' ' + *line + '\n';
    } else {
      out += '\n';
      block(value, indent + 2);
    }
  }

  void list_item(const Tree& item, std::size_t indent) {
    out.append(indent, ' ');
    out += "- ";
    if (item.kind == Tree::Kind::nothing || item.kind == Tree::Kind::text) return scalar(item, indent + 2);
    if (const auto line = item.flow || is_empty(item) ? on_one_line(item) : std::nullopt) {
      out += *line + '\n';
    } else if (item.kind == Tree::Kind::map) {
      for (std::size_t i = 0; i < item.map.size(); ++i) {
        if (i > 0) out.append(indent + 2, ' ');
        entry(item.map[i].first, item.map[i].second, indent + 2);
      }
    } else {
      out += '\n';
      block(item, indent + 2);
    }
  }
};

}  // namespace

std::string write_yaml(const Tree& tree) {
  Writer writer;
  writer.block(tree, 0);
  return std::move(writer.out);
}

}  // namespace pglint::plan
