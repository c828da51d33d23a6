// SIGINT and SIGTERM ask for an orderly end; the executor looks here wherever it waits.
#pragma once

#include <chrono>

namespace pglint::apply {

// From now on the two signals are counted, and SIGPIPE is an error of a write.
void catch_signals();

// How often one of them came: the first asks, the second insists.
[[nodiscard]] int signals_caught();

// Sleeps, unless a signal came already or comes meanwhile; false then.
[[nodiscard]] bool sleep_unless_stopped(std::chrono::milliseconds time);

}  // namespace pglint::apply
