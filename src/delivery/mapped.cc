#include "delivery/mapped.h"

#include <algorithm>

namespace pglint::delivery {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Where the value itself begins: behind tag, anchor, quote, or the head of a block.
std::size_t value_begin(std::string_view file, std::size_t at) {
  while (at < file.size() && (file[at] == '&' || file[at] == '!')) {
    while (at < file.size() && !is_blank(file[at])) ++at;
    while (at < file.size() && is_blank(file[at])) ++at;
  }
  if (at >= file.size()) return file.size();
  if (file[at] == '"' || file[at] == '\'') return at + 1;
  if (file[at] == '|' || file[at] == '>') return std::min(file.find('\n', at), file.size());
  return at;
}

// The length of an escape that stands for one character.
std::size_t escape_size(std::string_view file, std::size_t at) {
  if (at + 1 >= file.size()) return 1;
  switch (file[at + 1]) {
    case 'x':
      return 4;
    case 'u':
      return 6;
    case 'U':
      return 10;
    default:
      return 2;
  }
}

}  // namespace

Span Mapped::span(std::size_t begin, std::size_t end) const {
  if (at.empty() || begin >= end || end >= at.size()) return {};
  return {at[begin], at[end - 1] + 1};
}

Mapped mapped(std::string_view file, std::size_t begin, std::string value) {
  Mapped out;
  out.at.reserve(value.size() + 1);
  const bool escapes = begin < file.size() && file[begin] == '"';
  std::size_t at = value_begin(file, begin);
  const std::size_t last = file.empty() ? 0 : file.size() - 1;
  for (const char c : value) {
    // A byte in the middle of a character goes where its first one went, unless it stands there as it is.
    const bool goes_on = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    const bool blank = is_blank(c);
    while (at < file.size() && file[at] != c && is_blank(file[at]) && !blank) ++at;
    if (c == '\n')
      while (at < file.size() && (file[at] == ' ' || file[at] == '\t' || file[at] == '\r')) ++at;
    out.at.push_back(static_cast<std::uint32_t>(std::min(at, last)));
    if (at >= file.size()) continue;
    if (escapes && file[at] == '\\') {
      if (goes_on) continue;
      at = std::min(at + escape_size(file, at), file.size());
    } else if (file[at] == c || (blank && is_blank(file[at]))) {
      // Two quotes are one in a text that is quoted so.
      at += c == '\'' && file.substr(at).starts_with("''") && file[begin] == '\'' ? 2U : 1U;
    }
  }
  out.at.push_back(static_cast<std::uint32_t>(std::min(at, file.size())));
  out.text = std::move(value);
  return out;
}

Mapped plain(std::string_view file, std::size_t begin, std::size_t end) {
  Mapped out;
  out.text = file.substr(begin, end - begin);
  out.at.resize(out.text.size() + 1);
  for (std::size_t i = 0; i < out.at.size(); ++i) out.at[i] = static_cast<std::uint32_t>(begin + i);
  return out;
}

}  // namespace pglint::delivery
