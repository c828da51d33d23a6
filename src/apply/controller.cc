#include "apply/controller.h"

#include <algorithm>

namespace pglint::apply {
namespace {

constexpr std::uint32_t least = 100;
constexpr std::uint32_t most = 20'000;
constexpr double target = 0.1;  // seconds
constexpr double weight = 0.4;  // of the last batch in the average
// Growing slowly: a batch that is too large blocks writers, one that is too small only costs time.
constexpr double most_growth = 1.2;
constexpr double most_shrinking = 0.5;

}  // namespace

// A plan that starts with less wants less.
BatchController::BatchController(std::uint32_t start)
    : rows_(std::clamp<std::uint32_t>(start, 1, most)), least_(std::min(rows_, least)) {}

void BatchController::took(std::uint32_t rows, std::chrono::duration<double> time) {
  if (rows == 0) return;
  const double per_row = time.count() / rows;
  seconds_per_row_ = seconds_per_row_ == 0 ? per_row : weight * per_row + (1 - weight) * seconds_per_row_;
  const double factor = std::clamp(target / std::max(seconds_per_row_ * rows_, 1e-9), most_shrinking, most_growth);
  const auto next = static_cast<std::uint32_t>(rows_ * factor);
  rows_ = std::clamp(factor > 1 ? std::max(next, rows_ + 1) : next, least_, most);
}

void BatchController::failed() { rows_ = std::max(rows_ / 2, least_); }

}  // namespace pglint::apply
