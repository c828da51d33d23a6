#include "base/glob.h"

#include <cstddef>

namespace pglint {
namespace {

constexpr std::size_t none = std::string_view::npos;

// Where to go on after a star that took too little: behind it, with one more byte taken.
struct Retry {
  std::size_t pattern = none;
  std::size_t text = 0;
  bool whole_parts = false;  // of "**/": what is behind it begins a part
};

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text, char separator) {
  Retry part;   // the last `*`
  Retry parts;  // the last `**`: tried when no `*` behind it can take more
  std::size_t p = 0;
  std::size_t t = 0;
  for (;;) {
    if (p < pattern.size() && pattern[p] == '*') {
      if (pattern.substr(p, 2) == "**") {
        p += 2;
        // "**/" is any number of folders, none included.
        const bool folders = p < pattern.size() && pattern[p] == separator && (t == 0 || text[t - 1] == separator);
        if (folders) ++p;
        parts = {p, t, folders};
        part = {};
      } else {
        part = {++p, t, false};
      }
      continue;
    }
    if (p == pattern.size() && t == text.size()) return true;
    if (p < pattern.size() && t < text.size() &&
        (pattern[p] == text[t] || (pattern[p] == '?' && text[t] != separator))) {
      ++p;
      ++t;
      continue;
    }
    if (part.pattern != none && part.text < text.size() && text[part.text] != separator) {
      p = part.pattern;
      t = ++part.text;
    } else if (parts.pattern != none && parts.text < text.size()) {
      ++parts.text;
      while (parts.whole_parts && parts.text < text.size() && text[parts.text - 1] != separator) ++parts.text;
      if (parts.whole_parts && text[parts.text - 1] != separator) return false;
      p = parts.pattern;
      t = parts.text;
      part = {};
    } else {
      return false;
    }
  }
}

}  // namespace pglint
