#include "report/words.h"

namespace pglint::report {

std::string words(Work work) {
  std::string out;
  for (const Work bit : all_work) {
    if (!has(work, bit)) continue;
    if (!out.empty()) out += ", ";
    out += bit == Work::index_build ? "index build" : name(bit);
  }
  return out;
}

std::string_view blocked(bool reads, bool writes) {
  if (reads) return writes ? "blocks reads and writes" : "blocks reads";
  return writes ? "blocks writes" : "blocks neither reads nor writes";
}

}  // namespace pglint::report
