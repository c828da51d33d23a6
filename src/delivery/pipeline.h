// How a project gets its migrations and its releases to where they run: what its pipelines, containers and scripts do,
// in which order. Read once for a run, from the files around the project's root; plain data that rules look at.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/act.h"
#include "pglint/diagnostic.h"
#include "pglint/plan.h"
#include "pglint/span.h"

namespace pglint::delivery {

struct File {
  std::string path;  // as shown to the user
  std::string text;
  std::vector<Span> pieces = {};  // what a comment may speak of: steps, instructions, lines; in order, apart
};

struct Place {
  std::uint32_t file = 0;  // index into Pipeline::files
  Span at = {};
};

// What a step does in the end, also where it only calls the script that does.
struct Effect {
  Does does = Does::other;
  std::string what;               // "prisma migrate deploy"
  Place at;                       // of the command in the step
  std::optional<Place> via = {};  // where it stands, if that is in a script
  std::string script = {};        // the name of the outermost script that is called
  bool sure = true;               // false: a name only says so
  bool guarded = false;           // under a condition
  bool ignored = false;           // what follows runs even if it fails
  bool for_tests = false;         // one of the scripts that lead to it is for tests
};

// A script by its name: of package.json, a target of a Makefile, a file.
struct Script {
  ScriptKind kind = ScriptKind::package;
  std::string name;
  std::string package;  // the name of the package it belongs to
  std::string folder;   // where it runs
  Place at;
  std::vector<Effect> effects;
};

struct Step {
  Span at = {};
  std::vector<Effect> effects;
};

enum class System : std::uint8_t { github, gitlab };

struct Job {
  std::string id;
  Span at = {};            // its id
  std::string calls = {};  // the file of another workflow that it is
  std::vector<std::string> needs = {};
  bool has_needs = false;
  std::string condition = {};  // `if`
  bool always = false;         // it runs even if what it needs has failed
  bool may_fail = false;       // what needs it runs even if it has failed
  bool manual = false;         // somebody starts it by hand
  std::size_t stage = 0;       // of GitLab: where its stage stands in the order
  std::string environment = {};
  bool for_tests = false;  // it works on a database of its own
  bool for_users = false;  // something says that it works on what users use
  std::vector<Step> steps = {};
  // Where a line may be put in as the job's first, and with what before it. Not where the job is written in one line.
  std::optional<std::uint32_t> first_line = {};
  std::string indentation = {};
};

struct Workflow {
  System system = System::github;
  std::uint32_t file = 0;
  std::string name = {};
  std::vector<std::string> pushed = {};  // branches whose pushes start it; "*": all
  bool on_push = false;
  bool after_others = false;  // it waits for another workflow, or is called by one
  std::vector<Job> jobs = {};
};

// What runs whenever a process starts: of an image, a service, a Procfile.
struct Process {
  std::string name;  // "web", "the container"
  Place at;
  bool once = false;     // it is run once for a release, not by each process
  bool several = false;  // there is more than one of it, for sure
  bool for_tests = false;
  bool for_users = false;
  std::vector<Effect> effects = {};
};

struct DrizzleConfig {
  std::uint32_t file = 0;
  Span at = {};            // the value of `out`, or the file's first line
  std::string out;         // the folder, as it is written
  std::string wrong = {};  // why what is written there does not get into the repository; empty: it does
  bool empty = false;      // the repository has no migrations there
};

// A plan that stands in `.pglint/plans`.
struct PlanFile {
  std::string path;
  Plan plan;
};

struct Pipeline {
  std::deque<File> files;  // they stay where they are when others are added
  std::vector<Workflow> workflows;
  std::vector<Process> processes;
  std::vector<Script> scripts;
  std::vector<DrizzleConfig> drizzle;
  std::vector<PlanFile> plans;
  std::vector<std::string> notices;  // for --verbose: what was not read, and why, one line each
};

}  // namespace pglint::delivery
