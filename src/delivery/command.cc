#include "delivery/command.h"

#include <algorithm>
#include <array>
#include <utility>

namespace pglint::delivery {
namespace {

constexpr std::size_t most_commands = 4096;  // of a text
constexpr std::size_t most_words = 64;       // of a command; what comes behind them is left out
constexpr int deepest = 4;                   // sh -c "ssh x 'sh -c …'"

struct Word {
  std::string value;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool quoted = false;
};

struct Piece {
  std::vector<Word> words;
  bool guarded = false;
  bool ignored = false;
};

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// NAME=value before a command.
bool is_assignment(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  return std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::vector<Piece> split() {
    while (at_ < text_.size() && pieces_.size() < most_commands) step();
    end_word();
    end_command("");
    return std::move(pieces_);
  }

 private:
  void step() {
    const char c = text_[at_];
    if (c == '\\' && at_ + 1 < text_.size()) {
      const bool goes_on = text_[at_ + 1] == '\n' || text_.substr(at_ + 1).starts_with("\r\n");
      if (goes_on) {
        end_word();
        at_ = text_.find('\n', at_) + 1;
      } else {
        begin_word();
        word_.value += text_[at_ + 1];
        at_ += 2;
      }
    } else if (text_.substr(at_).starts_with("${{")) {
      // An expression that the pipeline fills in.
      const std::size_t end = text_.find("}}", at_);
      take(end == std::string_view::npos ? text_.size() : end + 2);
    } else if (text_.substr(at_).starts_with("$(") || text_.substr(at_).starts_with("${")) {
      take(nested_end(at_ + 1));
    } else if (c == '`') {
      const std::size_t end = text_.find('`', at_ + 1);
      take(end == std::string_view::npos ? text_.size() : end + 1);
    } else if (c == '\'' || c == '"') {
      quoted(c);
    } else if (c == ' ' || c == '\t' || c == '\r') {
      end_word();
      ++at_;
    } else if (c == '#' && !in_word_) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == '<' && text_.substr(at_).starts_with("<<") && !text_.substr(at_).starts_with("<<<")) {
      heredoc();
    } else if (c == '\n' || c == ';' || c == '(' || c == ')') {
      separate(1);
    } else if (c == '&' || c == '|') {
      if (text_.substr(at_).starts_with("&>") || (c == '&' && at_ > 0 && text_[at_ - 1] == '>')) {
        begin_word();
        word_.value += c;
        ++at_;
        return;
      }
      separate(at_ + 1 < text_.size() && text_[at_ + 1] == c ? 2 : 1);
    } else {
      begin_word();
      word_.value += c;
      ++at_;
    }
  }

  // Behind the bracket that closes the one at `from`.
  std::size_t nested_end(std::size_t from) const {
    std::size_t depth = 0;
    for (std::size_t i = from; i < text_.size(); ++i) {
      if (text_[i] == '(' || text_[i] == '{') ++depth;
      if ((text_[i] == ')' || text_[i] == '}') && --depth == 0) return i + 1;
    }
    return text_.size();
  }

  void begin_word() {
    if (in_word_) return;
    in_word_ = true;
    word_ = {};
    word_.begin = at_;
  }

  void take(std::size_t end) {
    begin_word();
    word_.value += text_.substr(at_, end - at_);
    at_ = end;
  }

  void quoted(char quote) {
    begin_word();
    word_.quoted = true;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      word_.value += text_[at_];
    }
    at_ = std::min(at_ + 1, text_.size());
  }

  void end_word() {
    if (!in_word_) return;
    in_word_ = false;
    word_.end = at_;
    if (piece_.words.size() < most_words) piece_.words.push_back(std::move(word_));
  }

  // A text up to a line with a word of its own: commands where a shell reads them, else data.
  void heredoc() {
    end_word();
    at_ += 2;
    if (at_ < text_.size() && text_[at_] == '-') ++at_;
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '"' || text_[at_] == '\'' || text_[at_] == '\\'))
      ++at_;
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::string_view(" \t\r\n'\";|&)").find(text_[at_]) == std::string_view::npos) ++at_;
    const std::string_view mark = text_.substr(begin, at_ - begin);
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) ++at_;
    if (mark.empty()) return;
    const bool is_code = std::any_of(piece_.words.begin(), piece_.words.end(), [](const Word& word) {
      return is_one_of(program(word.value), {"ssh", "sh", "bash", "su"});
    });
    if (!is_code) data_until_ = mark;
  }

  // Behind the line that ends the data whose command has just ended.
  void skip_data() {
    std::size_t line = at_;  // of its newline
    while (line < text_.size()) {
      const std::size_t next = std::min(text_.find('\n', line + 1), text_.size());
      std::string_view words = text_.substr(line + 1, next - line - 1);
      while (!words.empty() && (words.front() == ' ' || words.front() == '\t')) words.remove_prefix(1);
      while (!words.empty() && (words.back() == ' ' || words.back() == '\r')) words.remove_suffix(1);
      line = next;
      if (words == data_until_) break;
    }
    at_ = line;
    data_until_ = {};
  }

  void separate(std::size_t size) {
    end_word();
    const std::string_view by = text_.substr(at_, size);
    end_command(by);
    if (by == "\n" && !data_until_.empty()) skip_data();
    at_ += size;
  }

  // The words of control around a command, and what they make of it.
  void end_command(std::string_view by) {
    std::vector<Word>& words = piece_.words;
    while (!words.empty() && !words.front().quoted) {
      const std::string_view first = words.front().value;
      if (first == "if" || first == "case") {
        conditions_.push_back(first == "case");
        if (first == "case") words.clear();
      } else if (first == "then" || first == "else") {
        if (!conditions_.empty()) conditions_.back() = true;
      } else if (first == "elif") {
        if (!conditions_.empty()) conditions_.back() = true;
      } else if (first == "fi" || first == "esac") {
        if (!conditions_.empty()) conditions_.pop_back();
      } else if (!is_one_of(first, {"do", "done", "while", "until", "!", "{", "}", "exec", "time", "nohup", "command",
                                    "sudo"})) {
        break;
      }
      if (words.empty()) break;
      words.erase(words.begin());
    }
    const bool is_test = !words.empty() && is_one_of(words.front().value, {"[", "[[", "test"});
    piece_.guarded = after_test_ || std::find(conditions_.begin(), conditions_.end(), true) != conditions_.end();
    if (!words.empty() && after_or_ && !pieces_.empty() && is_one_of(words.front().value, {"true", ":", "echo"}))
      pieces_.back().ignored = true;
    const bool empty = words.empty();
    if (!empty && after_or_) piece_.guarded = true;
    if (!empty) pieces_.push_back(std::move(piece_));
    piece_ = {};
    if (empty && by == "\n") return;  // && at the end of a line
    after_test_ = (by == "&&" || by == "||") && (is_test || after_test_);
    after_or_ = by == "||";
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool in_word_ = false;
  Word word_;
  Piece piece_;
  std::vector<Piece> pieces_;
  std::string_view data_until_;   // the line that ends the data of `<<EOF`
  std::vector<bool> conditions_;  // of each `if` and `case` that is open: whether its body has begun
  bool after_test_ = false;
  bool after_or_ = false;
};

// The word that holds commands for another shell; the number of words if there is none.
std::size_t inner(const std::vector<std::string>& words) {
  const std::string_view first = words.empty() ? std::string_view() : program(words.front());
  if (words.size() == 1 && words.front().find(' ') != std::string::npos) return 0;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const bool has_blank = words[i].find(' ') != std::string::npos;
    const std::string_view before = words[i - 1];
    if (is_one_of(before, {"-c", "-lc", "-ec", "-euc", "-exc", "-C", "--command"}) && has_blank) return i;
    if (has_blank && i + 1 == words.size() && is_one_of(first, {"ssh", "heroku", "eval", "fly", "flyctl"})) return i;
  }
  return words.size();
}

// What stands in $( … ) in a word.
std::vector<std::string> substitutions(const std::string& word) {
  std::vector<std::string> out;
  for (std::size_t at = word.find("$("); at != std::string::npos; at = word.find("$(", at)) {
    std::size_t depth = 0;
    std::size_t end = at + 1;
    for (; end < word.size(); ++end) {
      if (word[end] == '(') ++depth;
      if (word[end] == ')' && --depth == 0) break;
    }
    out.push_back(word.substr(at + 2, end - at - 2));
    at = end;
  }
  return out;
}

void add(std::vector<std::string> words, Span at, bool guarded, bool ignored, bool remote, int depth,
         std::vector<Command>& out) {
  const auto add_text = [&](const std::string& text, bool far) {
    for (const Piece& piece : Splitter(text).split()) {
      std::vector<std::string> inside;
      for (const Word& word : piece.words) inside.push_back(word.value);
      add(std::move(inside), at, guarded || piece.guarded, ignored || piece.ignored, far, depth + 1, out);
    }
  };
  if (depth < deepest)
    for (const std::string& word : words)
      for (const std::string& text : substitutions(word)) add_text(text, remote);
  while (!words.empty() && is_assignment(words.front())) words.erase(words.begin());
  if (words.empty() || out.size() >= most_commands) return;
  const std::string_view first = program(words.front());
  remote = remote || first == "ssh";
  if (depth < deepest) {
    std::vector<std::string> texts;
    const std::size_t holder = inner(words);
    if (holder < words.size()) texts.push_back(words[holder]);
    if (is_one_of(first, {"concurrently"}))
      for (std::size_t i = 1; i < words.size(); ++i)
        if (words[i].find(' ') != std::string::npos) texts.push_back(words[i]);
    for (const std::string& text : texts) add_text(text, remote);
    if (!texts.empty()) return;
  }
  out.push_back({at, std::move(words), guarded, ignored, remote});
}

}  // namespace

std::string Command::line() const {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

std::vector<Command> commands(const Mapped& text) {
  std::vector<Command> out;
  bool remote = false;  // behind `ssh host <<EOF`
  for (const Piece& piece : Splitter(text.text).split()) {
    std::vector<std::string> words;
    words.reserve(piece.words.size());
    for (const Word& word : piece.words) words.push_back(word.value);
    const Span at = text.span(piece.words.front().begin, piece.words.back().end);
    remote = remote || (words.front() == "ssh" && text.text.find("<<") != std::string::npos);
    add(std::move(words), at, piece.guarded, piece.ignored, remote, 0, out);
  }
  return out;
}

std::vector<Command> commands(std::vector<std::string> words, Span at) {
  std::vector<Command> out;
  add(std::move(words), at, false, false, false, 0, out);
  return out;
}

std::string_view program(std::string_view word) {
  const std::size_t version = word.find('@', 1);
  if (version != std::string_view::npos) word = word.substr(0, version);
  const std::size_t slash = word.rfind('/');
  return slash == std::string_view::npos ? word : word.substr(slash + 1);
}

}  // namespace pglint::delivery
