// Plans that are there: reading their files, writing the next part of one, and writing what takes one back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fix/fix.h"

namespace pglint::fix {

// The plan files of a folder, oldest first. One that cannot be read is an Error.
struct PlanFile {
  std::string path;
  Plan plan;
};
[[nodiscard]] Result<std::vector<PlanFile>> read_plans(const std::string& folder, const source::Files& files);

// The next part of a plan: with `passed` the files behind that gate; without, what belongs into the commit of the
// release that the first gate without files waits for.
[[nodiscard]] Result<Fixed> next(const source::Project& project, const PlanFile& plan,
                                 const std::optional<std::string>& passed, const source::Files& files,
                                 const Request& request);

// What takes back all that stands in files, as new migrations: whole phases backwards, to the gate behind which the
// last of them stand, and beyond it only with `passed`, the gate's id and "-undo". An Error where data would be gone.
[[nodiscard]] Result<Fixed> undo(const source::Project& project, const PlanFile& plan, const std::string& passed,
                                 const source::Files& files, const Request& request);

// Whether a part of the plan is in no file yet, and the gate that this part waits for; nothing where all of it is
// written, or was taken back.
[[nodiscard]] std::optional<Gate> waits_for(const Plan& plan);

}  // namespace pglint::fix
