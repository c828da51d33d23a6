// Lines and columns for the files of a report: an index of each, made when first asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/line_index.h"
#include "pglint/diagnostic.h"

namespace pglint::report {

class Places {
 public:
  explicit Places(std::span<const ReportFile> files) : files_(files), indexes_(files.size()) {}

  [[nodiscard]] const ReportFile& file(std::uint32_t number) const { return files_[number]; }
  [[nodiscard]] const LineIndex& lines(std::uint32_t file) {
    std::optional<LineIndex>& index = indexes_[file];
    if (!index) index.emplace(files_[file].text);
    return *index;
  }
  // A span that reaches beyond its file ends where the file does.
  [[nodiscard]] Span clip(std::uint32_t file, Span span) const;
  [[nodiscard]] std::string_view text(std::uint32_t file, Span span) const;

 private:
  std::span<const ReportFile> files_;
  std::vector<std::optional<LineIndex>> indexes_;
};

// What and why in one: "message. why".
[[nodiscard]] std::string whole_message(const Diagnostic& diagnostic);

}  // namespace pglint::report
