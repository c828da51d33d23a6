// The only place of this part where yaml-cpp is called: it throws. Its events and not its nodes are read, so that a
// text that grows without end (aliases of aliases, brackets in brackets) ends here.
#include <yaml-cpp/binary.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "base/text.h"
#include "plan/form/tree.h"

namespace pglint::plan {
namespace {

constexpr std::size_t most_bytes = std::size_t{16} * 1024 * 1024;
constexpr std::size_t most_values = 1'000'000;
constexpr std::size_t deepest = 16;
// yaml-cpp reads a line of brackets to its end before it tells of the first.
constexpr std::size_t most_brackets_in_a_row = 1000;

unsigned line_of(const YAML::Mark& mark) { return mark.is_null() ? 1 : static_cast<unsigned>(mark.line) + 1; }

struct Refused : std::runtime_error {
  Refused(const YAML::Mark& mark, const std::string& what) : std::runtime_error(what), line(line_of(mark)) {}
  unsigned line;
};

class Builder : public YAML::EventHandler {
 public:
  Tree root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(mark, Tree::Kind::nothing); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused(mark, "an alias (*name): write the text itself");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    if (!open_.empty() && open_.back().tree->kind == Tree::Kind::map && !open_.back().has_key) {
      Open& map = open_.back();
      if (value == "<<") throw Refused(mark, "a merge key (<<): write the keys themselves");
      // Maps are small but for those with a hostile writer, and these are counted as values below.
      const auto same = [&value](const auto& entry) { return entry.first == value; };
      if (map.tree->map.size() > 4000) throw Refused(mark, "a map with more than 4,000 keys");
      if (std::any_of(map.tree->map.begin(), map.tree->map.end(), same))
        throw Refused(mark, "the key " + printable(value) + " stands here twice");
      map.key = value;
      map.has_key = true;
      return;
    }
    Tree& tree = add(mark, Tree::Kind::text);
    if (tag == "tag:yaml.org,2002:binary") {
      const std::vector<unsigned char> bytes = YAML::DecodeBase64(value);
      if (bytes.empty() && !value.empty()) throw Refused(mark, "!!binary is not base64");
      tree.text.assign(bytes.begin(), bytes.end());
    } else if (tag == "?" || tag == "!" || tag.empty() || tag == "tag:yaml.org,2002:str") {
      tree.text = value;
    } else {
      throw Refused(mark, "the tag " + printable(tag) + " is not known");
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    open(mark, Tree::Kind::list);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    open(mark, Tree::Kind::map);
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  // Lists and maps that are not closed yet. A pointer into its parent's list stays good: only the innermost grows.
  struct Open {
    Tree* tree = nullptr;
    std::string key = {};
    bool has_key = false;
  };

  Tree& add(const YAML::Mark& mark, Tree::Kind kind) {
    if (++values_ > most_values) throw Refused(mark, "more than a million values");
    Tree* tree = &root;
    if (!open_.empty()) {
      Open& parent = open_.back();
      if (parent.tree->kind == Tree::Kind::list) {
        tree = &parent.tree->list.emplace_back();
      } else {
        if (!parent.has_key) throw Refused(mark, "a key that is no text");
        parent.has_key = false;
        tree = &parent.tree->map.emplace_back(std::move(parent.key), Tree{}).second;
      }
    }
    tree->kind = kind;
    tree->line = line_of(mark);
    return *tree;
  }
  void open(const YAML::Mark& mark, Tree::Kind kind) {
    if (open_.size() >= deepest) throw Refused(mark, "lists and maps inside of each other, more than 16 deep");
    open_.push_back({&add(mark, kind)});
  }

  std::vector<Open> open_;
  std::size_t values_ = 0;
};

Result<Tree> at_line(unsigned line, std::string_view what) {
  return failed("line " + std::to_string(line) + ": " + printable(what));
}

// The line of the first place where brackets pile up; 0 if there is none.
unsigned piled_up(std::string_view text) {
  unsigned line = 1;
  std::size_t row = 0;
  for (const char c : text) {
    if (c == '\n') ++line;
    if (c == '[' || c == '{') {
      if (++row > most_brackets_in_a_row) return line;
    } else if (c != ' ' && c != ',') {
      row = 0;
    }
  }
  return 0;
}

}  // namespace

Result<Tree> read_yaml(std::string_view text) {
  if (text.size() > most_bytes) return failed("is larger than 16 MB");
  if (const std::size_t bad = first_invalid_utf8(text); bad != std::string_view::npos)
    return at_line(1 + static_cast<unsigned>(std::count(text.begin(), text.begin() + static_cast<long>(bad), '\n')),
                   "is not UTF-8");
  if (const unsigned line = piled_up(text); line != 0) return at_line(line, "too many brackets are opened");
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    Builder builder;
    if (!parser.HandleNextDocument(builder)) return failed("is empty");
    Builder second;
    if (parser.HandleNextDocument(second)) return at_line(second.root.line, "a second document starts");
    return std::move(builder.root);
  } catch (const Refused& refused) {
    return at_line(refused.line, refused.what());
  } catch (const YAML::Exception& exception) {
    return at_line(line_of(exception.mark), exception.msg);
  }
}

}  // namespace pglint::plan
