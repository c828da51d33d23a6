// package.json: its scripts.
#include <algorithm>

#include "delivery/reader.h"
#include "source/json_text.h"
#include "source/path.h"

namespace pglint::delivery {

void Reader::read_package(const std::string& path) {
  File* const file = add(path);
  if (file == nullptr) return;
  const std::string_view text = file->text;
  const auto root_value = source::json_root(text);
  if (!root_value) {
    notice(path + ": not looked at: is no JSON");
    return drop_last();
  }
  const std::vector<source::JsonMember> members = source::json_members(text, *root_value);
  const source::JsonMember* const name = source::json_find(members, "name");
  const source::JsonMember* const scripts = source::json_find(members, "scripts");
  if (scripts == nullptr) return drop_last();
  const auto number = static_cast<std::uint32_t>(out_.files.size() - 1);
  const std::string folder = source::parent(path);
  const std::string package = name == nullptr ? "" : source::json_string(text, name->value).value_or("");
  for (const source::JsonMember& member : source::json_members(text, scripts->value)) {
    auto value = source::json_string(text, member.value);
    if (!value) continue;
    const Span at = {static_cast<std::uint32_t>(member.value.begin), static_cast<std::uint32_t>(member.value.end)};
    file->pieces.push_back(at);
    add_script({ScriptKind::package,
                member.key,
                package,
                folder,
                {number, at},
                commands(mapped(text, member.value.begin, std::move(*value)))});
  }
}

}  // namespace pglint::delivery
