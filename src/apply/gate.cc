#include "apply/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/spell.h"
#include "base/text.h"

namespace pglint::apply {

Outcome<void> may_pass(const Plan& plan, const Picture& picture, const std::string& gate) {
  const std::size_t at = picture.gate(gate);
  if (at == picture.items.size()) {
    std::vector<std::string_view> known;
    for (const Item& item : picture.items)
      if (item.step == nullptr) known.push_back(item.stage->gate->id);
    std::string names;
    for (const std::string_view name : known) names += (names.empty() ? "" : ", ") + printable(name);
    const std::string near = did_you_mean(gate, known);
    return stop(refused, fmt::format("the plan {} has no gate {}", printable(plan.id), printable(gate)),
                !near.empty()   ? near
                : known.empty() ? "It has none."
                                : "It has: " + names);
  }
  const std::size_t open = picture.first_open();
  if (open < at) {
    const Item& first = picture.items[open];
    return stop(apply::gate, first.step != nullptr
                                 ? fmt::format("the gate {} cannot be passed yet: the step {} above it is not done",
                                               printable(gate), printable(first.step->id))
                                 : fmt::format("the gate {} cannot be passed yet: the gate {} above it is closed",
                                               printable(gate), printable(first.stage->gate->id)));
  }
  return {};
}

std::string command(const std::string& what, const std::string& plan_path) {
  const bool plain = std::all_of(plan_path.begin(), plan_path.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '/' || c == '.' || c == '_' || c == '-' || c == '+';
  });
  std::string path = plan_path;
  if (!plain) {
    path = "'";
    for (const char c : plan_path) path += c == '\'' ? std::string("'\\''") : std::string(1, c);
    path += "'";
  }
  return fmt::format("pglint {} --plan {}", what, printable(path));
}

}  // namespace pglint::apply
