// The statements of testdata/effects/forms.txt and matrix.txt: groups of them that start from the same tables.
#pragma once

#include <string>
#include <vector>

#include "support/facts.h"

namespace pglint::test {

struct FormGroup {
  std::string section;  // that begins with it; empty if none does
  std::string own;      // the part of the setup that is no base's
  std::string setup;
  std::vector<Form> forms;  // with the same setup
};

// Throws where the file is not what it should be.
[[nodiscard]] std::vector<FormGroup> read_forms(const std::string& path);

}  // namespace pglint::test
