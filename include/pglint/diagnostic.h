// What pglint has to say about a place in a file. Plain data: nothing here
// formats, colours or knows lines and columns; the reporters do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pglint/lock.h"
#include "pglint/shared_text.h"
#include "pglint/span.h"

namespace pglint {

// Lower case, and least first, so that `>=` compares.
enum class Severity : std::uint8_t { advice, warning, error };

[[nodiscard]] constexpr std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::advice:
      return "advice";
    case Severity::warning:
      return "warning";
    case Severity::error:
      break;
  }
  return "error";
}

// Another place that belongs to the story ("the lock is taken here").
struct Related {
  std::uint32_t file = 0;  // index into Report::files
  Span at = {};
  std::string message = {};
};

struct Diagnostic {
  std::string_view rule = {};  // its id; lives as long as the program
  Severity severity = Severity::warning;
  std::uint32_t file = 0;     // index into Report::files
  Span at = {};               // what is meant: a clause, not the whole statement
  Span statement = {};        // the statement that it stands in; empty if none
  std::string message = {};   // what is wrong, one line, no full stop
  SharedText why = {};        // what the server or the running release does then; sentences
  SharedText help = {};       // what to do instead; sentences
  std::string relation = {};  // schema-qualified, quoted as PostgreSQL would; empty if none
  LockMode lock = LockMode::none;
  Work work = Work::none;
  bool fixable = false;
  std::vector<Related> related = {};
};

// A file that was read, for reporters: they need its text for lines and columns.
struct ReportFile {
  std::string path = {};
  std::string_view text = {};  // owned by the project that was checked
};

// Something that could not be read or understood at all: exit code 2.
struct Failure {
  std::string path = {};
  std::uint32_t offset = 0;  // bytes; 0 if it concerns the whole file
  std::string message = {};  // one line: what, and what to do
};

struct Summary {
  std::uint32_t files = 0;
  std::uint32_t statements = 0;
  std::uint32_t errors = 0;
  std::uint32_t warnings = 0;
  std::uint32_t advice = 0;
  std::uint32_t suppressed = 0;

  // How many findings of that severity.
  [[nodiscard]] std::uint32_t& of(Severity severity) {
    return severity == Severity::error ? errors : severity == Severity::warning ? warnings : advice;
  }
};

// A plan of `fix` of which a part is in no file yet.
struct PendingPlan {
  std::string id = {};
  std::string path = {};
  std::string gate = {};                  // what the next part waits for
  std::optional<std::uint32_t> age = {};  // in days, since git has it, else since it was written; nothing: not known
};

// Everything that `check` found, ready for the reporters.
struct Report {
  std::vector<ReportFile> files = {};
  std::vector<Diagnostic> diagnostics = {};  // by file, then position
  std::vector<Failure> failures = {};
  std::vector<std::string> notices = {};  // for --verbose: what was chosen and why, one line each
  Summary summary = {};
  std::vector<PendingPlan> plans = {};  // by path
};

}  // namespace pglint
