#include "support/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace pglint::test {
namespace {

std::vector<std::string_view> words(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end != 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::optional<Example::Kind> kind_of(std::string_view word) {
  if (word == "given") return Example::Kind::given;
  if (word == "unsafe") return Example::Kind::unsafe;
  if (word == "safe") return Example::Kind::safe;
  return std::nullopt;
}

// A block's fence, read: ```sql unsafe tx=file
struct Fence {
  Example example;
  std::string file;
  std::string git;
  bool shown_only = false;
};

class Parser {
 public:
  explicit Parser(std::string_view markdown) : rest_(markdown) {}

  Page parse();

 private:
  bool next(std::string_view& line);
  void problem(std::size_t line, std::string_view what) {
    page_.problems.push_back(fmt::format("line {}: {}", line, what));
  }
  Fence fence(std::string_view info);
  void attribute(std::string_view name, std::string_view value, Fence& fence);
  void block(std::string_view info);
  void add(Fence fence, std::string text);

  std::string_view rest_;
  std::size_t number_ = 0;  // of the line that was read last
  Page page_;
  bool adjacent_ = false;  // nothing stands between the last block and this place
  bool named_ = false;     // the last block had a file=
};

bool Parser::next(std::string_view& line) {
  if (rest_.empty()) return false;
  const std::size_t end = std::min(rest_.find('\n'), rest_.size());
  line = rest_.substr(0, end);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  ++number_;
  return true;
}

void Parser::attribute(std::string_view name, std::string_view value, Fence& fence) {
  const auto one_of = [&](std::initializer_list<std::string_view> known) {
    if (std::find(known.begin(), known.end(), value) != known.end()) return true;
    problem(number_, fmt::format("{}={} is not known", name, value));
    return false;
  };
  if (name == "pg") {
    if (one_of({"12", "13", "14", "15", "16", "17", "18"})) fence.example.pg = (value[0] - '0') * 10 + (value[1] - '0');
  } else if (name == "runner") {
    if (one_of({"plain", "drizzle", "atlas", "dbmate", "flyway", "golang-migrate", "goose", "tern"}))
      fence.example.runner = value;
  } else if (name == "tx") {
    if (one_of({"statement", "file", "all"})) fence.example.transaction = value;
  } else if (name == "file") {
    // But for what stands in a hidden folder of the project's root: .github, .pglint.
    if (value.empty() ||
        (value.find('/') != std::string_view::npos && value != "meta/_journal.json" && value.front() != '.'))
      problem(number_, "file= names a file, without a folder");
    fence.file = value;
  } else if (name == "git") {
    if (one_of({"new", "changed"})) fence.git = value;
  } else if (name == "also") {
    for (const std::string_view rule : words(value, ',')) fence.example.also.emplace_back(rule);
    if (fence.example.also.empty()) problem(number_, "also= names rules");
    if (fence.example.kind != Example::Kind::unsafe) problem(number_, "also= is for what is unsafe");
  } else {
    problem(number_, fmt::format("there is no attribute {}", name));
  }
}

Fence Parser::fence(std::string_view info) {
  Fence fence;
  fence.example.line = number_;
  const std::vector<std::string_view> parts = words(info, ' ');
  const std::string_view language = parts.empty() ? std::string_view() : parts[0];
  if (parts.size() < 2) {
    fence.shown_only = true;
    if (language.empty()) problem(number_, "a block names its language");
    if (language == "sql") problem(number_, "a block of SQL is given, unsafe or safe");
    return fence;
  }
  constexpr std::array<std::string_view, 4> languages = {"sql", "json", "yaml", "text"};
  if (std::find(languages.begin(), languages.end(), language) == languages.end())
    problem(number_, fmt::format("an example is in SQL, JSON, YAML or text, not in {}", language));
  const std::optional<Example::Kind> kind = kind_of(parts[1]);
  if (!kind) problem(number_, fmt::format("there is no kind {}", parts[1]));
  fence.example.kind = kind.value_or(Example::Kind::safe);
  for (std::size_t i = 2; i < parts.size(); ++i) {
    const std::size_t equals = parts[i].find('=');
    if (equals == std::string_view::npos)
      problem(number_, fmt::format("{} is no name=value", parts[i]));
    else
      attribute(parts[i].substr(0, equals), parts[i].substr(equals + 1), fence);
  }
  if (!fence.git.empty() && fence.file.empty()) problem(number_, "git= is about a file=");
  if (language != "sql" && fence.file.empty()) problem(number_, "what is not SQL has a file=");
  if (!fence.example.transaction.empty() && fence.example.runner != "plain")
    problem(number_, "tx= is for the runner plain");
  return fence;
}

void Parser::add(Fence fence, std::string text) {
  if (fence.shown_only) return;
  if (text.find_first_not_of(" \n") == std::string::npos) problem(fence.example.line, "is empty");
  if (fence.example.kind == Example::Kind::given) {
    if (!page_.given.empty() || !page_.examples.empty())
      problem(fence.example.line, "given is one block, and the first");
    page_.given = std::move(text);
    return;
  }
  const bool named = !fence.file.empty();
  if (adjacent_ && named && named_ && page_.examples.back().kind == fence.example.kind) {
    Example& last = page_.examples.back();
    if (last.files.back().first >= fence.file) problem(fence.example.line, "files stand in the order of their names");
    if (last.runner != fence.example.runner || last.pg != fence.example.pg ||
        last.transaction != fence.example.transaction)
      problem(fence.example.line, "the files of one project have the same attributes");
    last.also.insert(last.also.end(), fence.example.also.begin(), fence.example.also.end());
    if (!fence.git.empty()) last.git.emplace_back(fence.file, fence.git);
    last.files.emplace_back(std::move(fence.file), std::move(text));
    return;
  }
  if (!fence.git.empty()) fence.example.git.emplace_back(fence.file, fence.git);
  fence.example.files.emplace_back(named ? fence.file : "0001_example.sql", std::move(text));
  page_.examples.push_back(std::move(fence.example));
  named_ = named;
}

// From behind the opening fence to the closing one.
void Parser::block(std::string_view info) {
  Fence opened = fence(info);
  std::string text;
  std::string_view line;
  while (next(line)) {
    if (line == "```") {
      add(std::move(opened), std::move(text));
      return;
    }
    text += line;
    text += '\n';
  }
  problem(opened.example.line, "nothing closes the block");
}

Page Parser::parse() {
  constexpr std::string_view fence_mark = "```";
  bool in_summary = false;
  std::string_view line;
  while (next(line)) {
    if (line.substr(0, fence_mark.size()) == fence_mark) {
      block(line.substr(fence_mark.size()));
      adjacent_ = true;
      continue;
    }
    if (line.find(fence_mark) != std::string_view::npos) problem(number_, "a fence begins its line");
    if (number_ == 1 && line.substr(0, 2) == "# ") page_.title = line.substr(2);
    if (line.substr(0, 3) == "## ") page_.headings.emplace_back(line.substr(3));
    if (line.find_first_not_of(' ') == std::string_view::npos) {
      in_summary = in_summary && page_.summary.empty();
      continue;
    }
    adjacent_ = false;
    if (number_ == 1) {
      in_summary = true;
    } else if (in_summary) {
      if (!page_.summary.empty()) page_.summary += ' ';
      page_.summary += line;
    }
  }
  return std::move(page_);
}

}  // namespace

Page parse_page(std::string_view markdown) { return Parser(markdown).parse(); }

}  // namespace pglint::test
