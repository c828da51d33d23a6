// How many rows the next batch takes: as many as the server writes in a tenth of a second.
#pragma once

#include <chrono>
#include <cstdint>

namespace pglint::apply {

class BatchController {
 public:
  explicit BatchController(std::uint32_t start);

  [[nodiscard]] std::uint32_t rows() const { return rows_; }
  // A batch of so many rows was committed.
  void took(std::uint32_t rows, std::chrono::duration<double> time);
  // It did not get its rows in time: half as many are tried.
  void failed();

 private:
  std::uint32_t rows_;
  std::uint32_t least_;
  double seconds_per_row_ = 0;  // averaged; 0: not known yet
};

}  // namespace pglint::apply
