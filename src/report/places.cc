#include "report/places.h"

#include <fmt/format.h>

#include <algorithm>

namespace pglint::report {

Span Places::clip(std::uint32_t file, Span span) const {
  const auto size = static_cast<std::uint32_t>(files_[file].text.size());
  const std::uint32_t begin = std::min(span.begin, size);
  return {begin, std::clamp(span.end, begin, size)};
}

std::string_view Places::text(std::uint32_t file, Span span) const {
  const Span clipped = clip(file, span);
  return files_[file].text.substr(clipped.begin, clipped.size());
}

std::string whole_message(const Diagnostic& diagnostic) {
  if (diagnostic.why.empty()) return diagnostic.message;
  return fmt::format("{}. {}", diagnostic.message, diagnostic.why.view());
}

}  // namespace pglint::report
