// What `manage.py sqlmigrate` prints: the statements of a migration, with BEGIN and COMMIT where it is atomic. Django
// itself sends them one by one in the same transactions.
#include <algorithm>
#include <array>
#include <string_view>

#include "source/runner/common.h"

namespace pglint::source {

extern const Runner django_runner;

namespace {

using namespace common;

// A line "--", a line that describes the operation, a line "--"; pg_dump writes such lines too, with other words.
bool knows(std::string_view text) {
  constexpr std::array<std::string_view, 12> verbs = {"add ",    "alter ",   "change ", "concurrently ",
                                                      "create ", "creates ", "custom ", "delete ",
                                                      "move ",   "raw ",     "remove ", "rename "};
  std::string_view before;
  std::string_view last;
  std::size_t at = 0;
  Line line;
  for (int i = 0; i < 4 && next_line(text, at, line); ++i) {
    const std::string_view words = line.of(text);
    if (words == "--" && before == "--" && last.starts_with("-- "))
      return std::any_of(verbs.begin(), verbs.end(),
                         [last](std::string_view verb) { return starts_with_any_case(last.substr(3), verb); });
    before = last;
    last = words;
  }
  return false;
}

// Nobody keeps a folder of these.
std::vector<Layout> detect(const Folder& /*folder*/, const Files& /*files*/) { return {}; }

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  return files_by_name(django_runner, layout, files, notes);
}

void cut(const Project& /*project*/, Migration& migration, Notes& /*notes*/) { whole(migration, Sent::statement); }

}  // namespace

constinit const Runner django_runner = {
    .name = "django",
    .title = "Django",
    .looks_for = "what sqlmigrate prints",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_statement,
    .knows = knows,
    .outside =
        "Django runs each migration in a transaction: use AddIndexConcurrently in one of its own with atomic = False.",
    .later = "The second half belongs in a later migration.",
};

}  // namespace pglint::source
