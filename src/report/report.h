// The ways to say what was found. Each takes plain data and gives the bytes to write; none knows PostgreSQL, a
// terminal or a file.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pglint/diagnostic.h"
#include "pglint/fix_report.h"
#include "pglint/timeline.h"
#include "report/sink.h"

namespace pglint::report {

enum class Format : std::uint8_t { text, json, sarif, github, gitlab, junit };

inline constexpr std::array<Format, 6> all_formats = {Format::text,   Format::json,   Format::sarif,
                                                      Format::github, Format::gitlab, Format::junit};

// As on the command line.
[[nodiscard]] std::string_view name(Format format);
[[nodiscard]] std::optional<Format> format_named(std::string_view word);

// `off`: not one escape byte is written.
enum class Color : std::uint8_t { off, on };

// What the reports tell about a rule. The views live as long as the program.
struct RuleText {
  std::string_view id = {};
  std::string_view category = {};
  std::string_view severity = {};  // by default: error, warning, advice
  std::string_view summary = {};   // one line, no full stop
  std::string_view fixable = {};   // always, sometimes, never
  std::string_view page = {};      // Markdown
  int from_pg = 12;
  int to_pg = 18;
  bool enabled = true;
  std::vector<std::pair<std::string_view, std::string_view>> aliases = {};  // tool, id
};

struct RenderOptions {
  Color color = Color::off;
  unsigned width = 100;                  // columns: those of the terminal, or this where there is none
  bool quiet = false;                    // text: one line per finding, and nothing else but failures
  bool verbose = false;                  // text: the notices too
  std::span<const RuleText> rules = {};  // SARIF lists them
};

// Every text ends in a newline, unless it is empty.
void write(Format format, const Report& report, const RenderOptions& options, const Sink& sink);
[[nodiscard]] std::string render(Format format, const Report& report, const RenderOptions& options);

// The lock timeline has two forms.
[[nodiscard]] constexpr bool has_timeline(Format format) { return format == Format::text || format == Format::json; }
// The JSON form has no place for failures: print them with failure_lines().
[[nodiscard]] std::string render(Format format, const Timeline& timeline, const RenderOptions& options);

// What fix did, as text or JSON.
[[nodiscard]] std::string render(Format format, const FixReport& report, const RenderOptions& options);

// The list of rules, as text or JSON: options.rules.
[[nodiscard]] std::string render_rules(Format format, const RenderOptions& options);

// `error: path: message`, one line each: for stderr beside a format that does not show them.
[[nodiscard]] std::string failure_lines(std::span<const Failure> failures, Color color);

}  // namespace pglint::report
