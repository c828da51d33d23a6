// How far a plan has come, from what the catalogue says (done_when) and what is recorded.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "apply/state.h"

namespace pglint::apply {

// A step or a gate, in the plan's order.
struct Item {
  const Stage* stage = nullptr;
  const Step* step = nullptr;  // null: a gate
  bool known = false;          // the catalogue says whether it is done
  bool done = false;           // or passed
  bool recorded = false;       // by the executor, or by `pass`
};

struct Picture {
  std::vector<Item> items = {};

  [[nodiscard]] std::size_t first_open() const;  // items.size(): all is done
  [[nodiscard]] bool untouched() const;          // nothing is done
  [[nodiscard]] std::vector<std::string> done_steps() const;
  // Of that gate; items.size() if there is none.
  [[nodiscard]] std::size_t gate(std::string_view id) const;
};

// Asks the catalogue about every step. What contradicts itself is drift: exit 5, in words.
[[nodiscard]] Outcome<Picture> look(Connection& connection, const Plan& plan, const Record& record);

}  // namespace pglint::apply
