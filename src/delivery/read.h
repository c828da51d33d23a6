// Finds what delivers a project, and reads it.
#pragma once

#include <string>

#include "delivery/pipeline.h"
#include "source/files.h"

namespace pglint::delivery {

// Looks into `start`, a project's folder, and into the root of the repository that it is in; from the root also one
// level into the packages of a monorepo. Bounded in files, bytes and depth: what is left out is a notice. Whatever
// stands in the files, nothing here fails.
[[nodiscard]] Pipeline read(const std::string& start, const source::Files& files);

}  // namespace pglint::delivery
