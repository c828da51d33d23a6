// Which deploys of a pipeline wait for the migrations, and which do not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "delivery/pipeline.h"

namespace pglint::delivery {

enum class Order : std::uint8_t {
  waits,     // the migrations are done when the deploy begins
  anyway,    // it waits, and goes on if they have failed
  together,  // neither waits for the other
  before,    // the migrations come behind
};

struct Meeting {
  Order order = Order::waits;
  std::uint32_t workflow = 0;      // index, of the deploy
  std::uint32_t job = 0;           // index in it
  const Effect* deploy = nullptr;  // of the pipeline
  const Effect* migrate = nullptr;
  const Job* migrating = nullptr;  // the job of that
  bool same_workflow = true;
  bool certain = false;  // both are known for what they are, and no other migration could be meant
};

// One for each job that deploys for users, where anything migrates. The pipeline has to outlive it.
[[nodiscard]] std::vector<Meeting> meetings(const Pipeline& pipeline);

// The jobs that are over when this one begins.
[[nodiscard]] std::vector<bool> jobs_before(const Workflow& workflow, std::size_t job);

}  // namespace pglint::delivery
