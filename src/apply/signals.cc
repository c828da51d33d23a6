#include "apply/signals.h"

#include <atomic>
#include <csignal>
#include <thread>

namespace pglint::apply {
namespace {

std::atomic<int> caught = 0;
static_assert(std::atomic<int>::is_always_lock_free);

void count(int) { caught.fetch_add(1); }

}  // namespace

void catch_signals() {
  struct sigaction action = {};
  action.sa_handler = count;  // without SA_RESTART: what waits is to wake up
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

int signals_caught() { return caught.load(); }

bool sleep_unless_stopped(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (signals_caught() == 0) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds::zero()) return true;
    // In slices: a signal that comes just before the sleep would not end it.
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, std::chrono::milliseconds(50)));
  }
  return false;
}

}  // namespace pglint::apply
