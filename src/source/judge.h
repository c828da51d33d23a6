// What the history says about itself, beside its SQL: against git, against the tool's own customs.
#pragma once

#include "source/finder.h"
#include "source/git.h"

namespace pglint::source {

// What git tells about the history: a migration that was released and is another now, and a new one that stands before
// released ones.
void judge_versions(Found& found, const Git& git);

// Where the others have something that undoes them, and the tool does something else than it seems to without it.
void judge_downs(const Runner& runner, Project& project);

// Problems are reported where their file is, and those that stop the runner always.
void keep_problems(Found& found, const Git* git);

}  // namespace pglint::source
