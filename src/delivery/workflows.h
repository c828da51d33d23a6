// What both systems of pipelines have in common.
#pragma once

#include <string_view>

#include "delivery/pipeline.h"

namespace pglint::delivery {

// Whether a piece of a pipeline names a database that is there for this run only.
[[nodiscard]] bool names_own_database(std::string_view text);
[[nodiscard]] bool is_image_of_database(std::string_view image);

// What names say beyond what the job's steps do, and for whom it does it. `own`: it has a database of its own.
void judge(Job& job, std::uint32_t file, std::string_view job_name, std::string_view workflow_name, bool own);

// What an effect of the job is, by its kind: the first, and where: step and effect.
[[nodiscard]] bool has(const Job& job, Does does);

}  // namespace pglint::delivery
