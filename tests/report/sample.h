// Reports made by hand, and what tests ask of any output.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pglint/diagnostic.h"
#include "pglint/timeline.h"
#include "report/report.h"

namespace pglint::test {

// Owns the texts that a report looks at.
class Sample {
 public:
  std::uint32_t file(std::string path, std::string text);
  // The nth occurrence of `needle` in a file. Fails if there is none.
  [[nodiscard]] Span find(std::uint32_t file, std::string_view needle, int nth = 0) const;
  // From the start of the first text to the end of the second.
  [[nodiscard]] Span find(std::uint32_t file, std::string_view first, std::string_view last) const;
  // Counts as `check` does.
  Diagnostic& add(Diagnostic diagnostic);

  Report report;

 private:
  std::vector<std::unique_ptr<std::string>> texts_;
};

// What a migration of a table of tenants gives: one finding of each kind, with all that a finding can have.
void fill_tenants(Sample& sample);
[[nodiscard]] Timeline tenants_timeline();
[[nodiscard]] std::vector<report::RuleText> some_rules();

// `text` with the version and the home page of this build taken out, and escape bytes made visible.
[[nodiscard]] std::string stable(std::string text);
// The offset of the first byte that a terminal would not simply show; npos if there is none. Newlines are fine.
[[nodiscard]] std::size_t first_dangerous(std::string_view text);

// ESC sequences, line ends, direction marks, zero-width characters, bytes that are not UTF-8, quotes of every format.
[[nodiscard]] std::string hostile();

}  // namespace pglint::test
