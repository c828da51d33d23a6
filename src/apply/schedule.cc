#include "apply/schedule.h"

#include <algorithm>
#include <array>

namespace pglint::apply {
namespace {

using std::chrono::milliseconds;

struct Slot {
  int lock_timeout;  // ms
  int above_deadlock_timeout;
  int rest;  // ms
};

constexpr std::array<Slot, 10> slots = {{
    {100, 0, 100},
    {200, 0, 250},
    {300, 0, 500},
    {500, 0, 1000},
    {500, 0, 2000},
    {0, 500, 5000},
    {300, 0, 10'000},
    {500, 0, 15'000},
    {500, 0, 30'000},
    {0, 1000, 60'000},
}};
constexpr std::size_t repeated = 4;  // the last ones
constexpr milliseconds longest_wait{2000};

}  // namespace

Attempt attempt(std::size_t number, milliseconds deadlock_timeout) {
  const std::size_t at = number < slots.size() ? number : slots.size() - repeated + (number - slots.size()) % repeated;
  const Slot& slot = slots[at];
  const milliseconds wait = slot.lock_timeout != 0 ? milliseconds(slot.lock_timeout)
                                                   : deadlock_timeout + milliseconds(slot.above_deadlock_timeout);
  return {.lock_timeout = std::min(wait, longest_wait), .rest = milliseconds(slot.rest)};
}

milliseconds with_jitter(milliseconds rest, double dice) {
  return milliseconds(static_cast<milliseconds::rep>(static_cast<double>(rest.count()) * (0.5 + dice)));
}

}  // namespace pglint::apply
