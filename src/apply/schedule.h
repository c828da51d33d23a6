// How long a step that blocks others waits for its lock, and how long it then leaves the table alone. While it waits,
// every query of that table waits behind it.
#pragma once

#include <chrono>
#include <cstddef>

namespace pglint::apply {

struct Attempt {
  std::chrono::milliseconds lock_timeout{};
  std::chrono::milliseconds rest{};  // after a failure
};

// Short ones first: most holders are just finishing. Some are longer than `deadlock_timeout`, since it is only then
// that the server takes an autovacuum off the table. No attempt is without a limit, and none is the last.
[[nodiscard]] Attempt attempt(std::size_t number, std::chrono::milliseconds deadlock_timeout);

// `rest`, half more or half less: what runs at fixed times is not to be met again and again. `dice` is from 0 to 1.
[[nodiscard]] std::chrono::milliseconds with_jitter(std::chrono::milliseconds rest, double dice);

}  // namespace pglint::apply
