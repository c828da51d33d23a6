#include "apply/picture.h"

#include <fmt/format.h>

#include <algorithm>

#include "apply/query.h"
#include "base/text.h"

namespace pglint::apply {

std::size_t Picture::first_open() const {
  const auto found = std::find_if(items.begin(), items.end(), [](const Item& item) { return !item.done; });
  return static_cast<std::size_t>(found - items.begin());
}

bool Picture::untouched() const {
  return std::none_of(items.begin(), items.end(), [](const Item& item) { return item.step != nullptr && item.done; });
}

std::vector<std::string> Picture::done_steps() const {
  std::vector<std::string> ids;
  for (const Item& item : items)
    if (item.step != nullptr && item.done) ids.push_back(item.step->id);
  return ids;
}

std::size_t Picture::gate(std::string_view id) const {
  const auto found = std::find_if(items.begin(), items.end(), [id](const Item& item) {
    return item.step == nullptr && item.stage->gate && item.stage->gate->id == id;
  });
  return static_cast<std::size_t>(found - items.begin());
}

Outcome<Picture> look(Connection& connection, const Plan& plan, const Record& record) {
  Picture picture;
  std::size_t furthest = 0;  // behind the last step of which the catalogue says that it is done
  for (const Stage& stage : plan.stages) {
    if (stage.gate) {
      const GateRecord* gate = record.gate_of(stage.gate->id);
      const bool passed = gate != nullptr && !gate->passed_at.empty();
      // The runner's files close a gate with their last statement before it. Of rows and statistics nothing else says
      // that they are done. The executor closes all gates when it begins: then its own record counts.
      if (gate != nullptr && !record.begun &&
          std::all_of(picture.items.begin(), picture.items.end(),
                      [](const Item& item) { return item.step == nullptr || !item.known || item.done; }))
        for (Item& item : picture.items) item.done = item.done || item.step != nullptr;
      picture.items.push_back({.stage = &stage, .done = passed, .recorded = passed});
    }
    for (const Step& step : stage.steps) {
      Item& item = picture.items.emplace_back(Item{.stage = &stage, .step = &step});
      const StepRecord* recorded = record.step(step.id);
      item.recorded = recorded != nullptr && recorded->state == "done";
      item.done = item.recorded;
      if (step.done_when.empty()) continue;
      const auto answer = ask(connection, step.done_when, fmt::format("done_when of the step {}", printable(step.id)));
      if (!answer) return tl::unexpected(answer.error());
      item.known = true;
      item.done = answer->value() == "t";
      if (item.done) furthest = picture.items.size();
      if (item.recorded && !item.done)
        return stop(held_back,
                    fmt::format("the step {} was done, and what it did is not there any more", printable(step.id)),
                    "Somebody changed it by hand. Put it back as the plan's step has it, or undo the plan.");
    }
  }
  for (std::size_t i = 0; i < furthest; ++i) {
    Item& item = picture.items[i];
    if (item.done) continue;
    if (item.known)
      return stop(held_back,
                  fmt::format("the step {} is done, but {}, which comes before it, is not",
                              printable(picture.items[furthest - 1].step->id), printable(item.step->id)),
                  "Somebody changed the database by hand. Put back what is missing, or undo what came too early.");
    // Nobody recorded it, but what is built on it is there: the runner's files did it.
    item.done = true;
  }
  return picture;
}

}  // namespace pglint::apply
