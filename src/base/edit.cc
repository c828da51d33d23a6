#include "base/edit.h"

namespace pglint {

std::string edited(std::string_view text, const std::vector<Edit>& edits) {
  std::string out;
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    out += text.substr(at, edit.begin - at);
    out += edit.with;
    at = edit.end;
  }
  out += text.substr(at);
  return out;
}

}  // namespace pglint
