// The JSON documents. Their schemas are docs/schemas/*.schema.json.
#pragma once

#include <span>
#include <string>

#include "pglint/fix_report.h"
#include "report/report.h"
#include "report/sink.h"

namespace pglint::report {

// "statement" is cut after so many bytes (and ends in …): many findings may share one long statement.
inline constexpr std::size_t max_statement_bytes = 4096;

void check_json(const Report& report, const Sink& sink);
[[nodiscard]] std::string locks_json(const Timeline& timeline);
[[nodiscard]] std::string fix_json(const FixReport& report);
[[nodiscard]] std::string rules_json(std::span<const RuleText> rules);

}  // namespace pglint::report
