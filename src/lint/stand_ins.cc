#include "lint/stand_ins.h"

#include <algorithm>
#include <functional>

namespace pglint::lint {

void StandIns::add(const source::Migration& migration) {
  constexpr std::size_t most = 256;  // of a file that is all placeholders the first ones will do
  for (const Span& at : migration.placeholders) {
    if (names.size() == most) break;
    std::pair<std::string, std::string> name{migration.rendered.substr(at.begin, at.size()),
                                             migration.text.substr(at.begin, at.size())};
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  // One may be the beginning of another.
  std::ranges::sort(names, std::greater<>(), [](const auto& name) { return name.first.size(); });
}

void StandIns::put_back(Diagnostic& diagnostic) const {
  const auto put_back = [&](std::string& text) {
    for (const auto& [name, written] : names)
      for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + written.size()))
        text.replace(at, name.size(), written);
  };
  for (std::string* text : {&diagnostic.message, &diagnostic.relation}) put_back(*text);
  for (SharedText* text : {&diagnostic.why, &diagnostic.help}) {
    std::string own(text->view());
    put_back(own);
    if (own != text->view()) *text = std::move(own);
  }
  for (Related& related : diagnostic.related) put_back(related.message);
}

}  // namespace pglint::lint
