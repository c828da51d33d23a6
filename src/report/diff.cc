// Myers' algorithm in its linear-space form: the middle of a shortest way through a box of lines is found from both
// ends, which cuts it into two boxes. Lines that only one text has are taken out before, since they can match nothing.
#include "report/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pglint::report {
namespace {

using Lines = std::vector<std::string_view>;  // each with its newline

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    const std::size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

// Which lines of each text are not in the other.
struct Changed {
  std::vector<char> before;
  std::vector<char> after;
};

class Comparison {
 public:
  Comparison(const Lines& before, const Lines& after) : changed_{flags(before), flags(after)} {
    std::unordered_map<std::string_view, std::uint32_t> numbers;
    std::vector<std::uint32_t> a(before.size());
    std::vector<std::uint32_t> b(after.size());
    std::transform(before.begin(), before.end(), a.begin(),
                   [&](std::string_view line) { return number(numbers, line); });
    const std::size_t known = numbers.size();
    std::vector<char> shared(known, 0);
    std::transform(after.begin(), after.end(), b.begin(), [&](std::string_view line) { return number(numbers, line); });
    for (const std::uint32_t one : b) {
      if (one < known) shared[one] = 1;
    }
    const auto keep = [&](const std::vector<std::uint32_t>& all, std::vector<std::uint32_t>& lines,
                          std::vector<std::size_t>& places, std::vector<char>& changed) {
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i] < known && shared[all[i]] != 0) {
          lines.push_back(all[i]);
          places.push_back(i);
        } else {
          changed[i] = 1;
        }
      }
    };
    keep(a, a_, a_places_, changed_.before);
    keep(b, b_, b_places_, changed_.after);
    compare();
  }

  [[nodiscard]] const Changed& changed() const { return changed_; }

 private:
  struct Box {
    std::int64_t a_begin, a_end, b_begin, b_end;
  };

  static std::vector<char> flags(const Lines& lines) { return std::vector<char>(lines.size(), 0); }

  static std::uint32_t number(std::unordered_map<std::string_view, std::uint32_t>& numbers, std::string_view line) {
    return numbers.try_emplace(line, static_cast<std::uint32_t>(numbers.size())).first->second;
  }

  [[nodiscard]] bool same(std::int64_t a, std::int64_t b) const {
    return a_[static_cast<std::size_t>(a)] == b_[static_cast<std::size_t>(b)];
  }

  void compare() {
    const std::size_t ways = a_.size() + b_.size() + 3;
    forward_.resize(ways);
    backward_.resize(ways);
    std::vector<Box> boxes = {{0, std::ssize(a_), 0, std::ssize(b_)}};
    while (!boxes.empty()) {
      Box box = boxes.back();
      boxes.pop_back();
      while (box.a_begin < box.a_end && box.b_begin < box.b_end && same(box.a_begin, box.b_begin)) {
        ++box.a_begin;
        ++box.b_begin;
      }
      while (box.a_begin < box.a_end && box.b_begin < box.b_end && same(box.a_end - 1, box.b_end - 1)) {
        --box.a_end;
        --box.b_end;
      }
      std::int64_t a = 0;
      std::int64_t b = 0;
      if (box.a_begin == box.a_end || box.b_begin == box.b_end || !middle(box, a, b)) {
        for (std::int64_t i = box.a_begin; i < box.a_end; ++i)
          changed_.before[a_places_[static_cast<std::size_t>(i)]] = 1;
        for (std::int64_t i = box.b_begin; i < box.b_end; ++i)
          changed_.after[b_places_[static_cast<std::size_t>(i)]] = 1;
        continue;
      }
      boxes.push_back({box.a_begin, a, box.b_begin, b});
      boxes.push_back({a, box.a_end, b, box.b_end});
    }
  }

  // A place on a shortest way through a box whose first lines differ, and its last ones: never a corner of it. False if
  // looking for it takes too long.
  bool middle(const Box& box, std::int64_t& a, std::int64_t& b) {
    const std::int64_t n = box.a_end - box.a_begin;
    const std::int64_t m = box.b_end - box.b_begin;
    // A diagonal is x - y. Of each the farthest x that is reached from the start, and the nearest from the end.
    std::int64_t* const forward = forward_.data() + m + 1;
    std::int64_t* const backward = backward_.data() + m + 1;
    const bool odd = (n - m) % 2 != 0;
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::int64_t back_from = n - m;
    std::int64_t back_to = n - m;
    forward[0] = 0;
    backward[n - m] = n;
    const auto found = [&](std::int64_t x, std::int64_t diagonal) {
      a = box.a_begin + x;
      b = box.b_begin + x - diagonal;
      return true;
    };
    while (steps_ > 0) {
      // One edit more: one diagonal more at each side, as far as the box has any.
      if (from > -m) {
        forward[--from - 1] = -1;
      } else {
        ++from;
      }
      if (to < n) {
        forward[++to + 1] = -1;
      } else {
        --to;
      }
      for (std::int64_t k = to; k >= from; k -= 2, --steps_) {
        std::int64_t x = forward[k - 1] >= forward[k + 1] ? forward[k - 1] + 1 : forward[k + 1];
        for (; x < n && x - k < m && same(box.a_begin + x, box.b_begin + x - k); --steps_) ++x;
        forward[k] = x;
        if (odd && back_from <= k && k <= back_to && backward[k] <= x) return found(x, k);
      }
      if (back_from > -m) {
        backward[--back_from - 1] = n + m + 1;
      } else {
        ++back_from;
      }
      if (back_to < n) {
        backward[++back_to + 1] = n + m + 1;
      } else {
        --back_to;
      }
      for (std::int64_t k = back_to; k >= back_from; k -= 2, --steps_) {
        std::int64_t x = backward[k - 1] < backward[k + 1] ? backward[k - 1] : backward[k + 1] - 1;
        for (; x > 0 && x - k > 0 && same(box.a_begin + x - 1, box.b_begin + x - k - 1); --steps_) --x;
        backward[k] = x;
        if (!odd && from <= k && k <= to && x <= forward[k]) return found(x, k);
      }
    }
    return false;
  }

  Changed changed_;
  // The lines that both texts have, by number, and where they stand.
  std::vector<std::uint32_t> a_, b_;
  std::vector<std::size_t> a_places_, b_places_;
  std::vector<std::int64_t> forward_, backward_;
  std::int64_t steps_ = 20'000'000;  // a tenth of a second
};

// git's way to write a name that a line cannot hold as it is.
std::string quoted(const std::string& name) {
  const auto plain = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '"' && c != '\\'; };
  if (std::all_of(name.begin(), name.end(), plain)) return name;
  std::string out = "\"";
  for (const char c : name) {
    if (plain(c)) {
      out += c;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else {
      out += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    }
  }
  return out + '"';
}

void append_line(std::string& out, char sign, std::string_view line) {
  out += sign;
  out += line;
  if (!line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
}

// Lines [a_begin, a_end) become [b_begin, b_end).
struct Edit {
  std::size_t a_begin, a_end, b_begin, b_end;
};

std::vector<Edit> edits_of(const Changed& changed) {
  std::vector<Edit> edits;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < changed.before.size() || j < changed.after.size()) {
    const Edit start = {i, i, j, j};
    while (i < changed.before.size() && changed.before[i] != 0) ++i;
    while (j < changed.after.size() && changed.after[j] != 0) ++j;
    if (i == start.a_begin && j == start.b_begin) {
      ++i;
      ++j;
    } else {
      edits.push_back({start.a_begin, i, start.b_begin, j});
    }
  }
  return edits;
}

// Of an empty range the line before it.
std::string range(std::size_t begin, std::size_t count) {
  return fmt::format("{},{}", count == 0 ? begin : begin + 1, count);
}

}  // namespace

std::string unified_diff(std::string_view path, std::optional<std::string_view> before, std::string_view after) {
  if (before && *before == after) return {};
  while (path.starts_with('/')) path.remove_prefix(1);
  const std::string old_name = quoted("a/" + std::string(path));
  const std::string new_name = quoted("b/" + std::string(path));
  std::string out = fmt::format("diff --git {} {}\n", old_name, new_name);
  if (!before) out += "new file mode 100644\n";

  const Lines a = lines_of(before.value_or(""));
  const Lines b = lines_of(after);
  if (a.empty() && b.empty()) return out;  // a new file without text
  // A tab ends a name that has blanks.
  const std::string_view end = path.find(' ') == std::string_view::npos ? "\n" : "\t\n";
  out += before ? fmt::format("--- {}{}", old_name, end) : "--- /dev/null\n";
  out += fmt::format("+++ {}{}", new_name, end);

  constexpr std::size_t context = 3;
  const Comparison comparison(a, b);
  const std::vector<Edit> edits = edits_of(comparison.changed());
  for (std::size_t first = 0, last = 0; first < edits.size(); first = last) {
    // Edits whose context would touch make one hunk.
    for (last = first + 1; last < edits.size() && edits[last].a_begin - edits[last - 1].a_end <= 2 * context;) ++last;
    const std::size_t above = std::min(context, edits[first].a_begin);
    const std::size_t below = std::min(context, a.size() - edits[last - 1].a_end);
    std::size_t at = edits[first].a_begin - above;
    const std::size_t a_end = edits[last - 1].a_end + below;
    const std::size_t b_begin = edits[first].b_begin - above;
    out +=
        fmt::format("@@ -{} +{} @@\n", range(at, a_end - at), range(b_begin, edits[last - 1].b_end + below - b_begin));
    for (std::size_t e = first; e < last; ++e) {
      for (; at < edits[e].a_begin; ++at) append_line(out, ' ', a[at]);
      for (; at < edits[e].a_end; ++at) append_line(out, '-', a[at]);
      for (std::size_t i = edits[e].b_begin; i < edits[e].b_end; ++i) append_line(out, '+', b[i]);
    }
    for (; at < a_end; ++at) append_line(out, ' ', a[at]);
  }
  return out;
}

}  // namespace pglint::report
