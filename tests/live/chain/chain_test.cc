// A rename that tightens, with 100,000 rows, under clients of both releases: no statement fails, and the database ends
// as the original migrations would have left it.
#include "live/chain/chain.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdio>

#include "skip.h"

using namespace pglint::test;
using namespace pglint::test::chain;

namespace {

void print(Release release, const Work& work) {
  std::string kinds_done;
  for (std::size_t kind = 0; kind < kinds; ++kind)
    kinds_done += fmt::format("{}{} {}", kind == 0 ? "" : ", ", name(static_cast<Kind>(kind)), work.done[kind]);
  fmt::print("  {} release: {}; {} failed; longest statement {} ms\n", name(release), kinds_done, work.failed,
             work.longest.count());
  std::fflush(stdout);
}

void every_kind(Release release, const Work& work) {
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    if (release == Release::next && static_cast<Kind>(kind) == Kind::later) continue;
    CHECK_MESSAGE(work.done[kind] > 0, std::string(name(release))
                                           << ": " << std::string(name(static_cast<Kind>(kind))));
  }
}

void nobody_notices(const Chain& chain) {
  INFO(chain.name);
  const Outcome outcome = run_chain(chain);
  fmt::print("{} accounts; before the gate {}, behind it {}\n", chain.rows, says(chain.before_gate),
             says(chain.behind_gate));
  print(Release::old, outcome.old_work);
  print(Release::next, outcome.next_work);
  fmt::print("  {} accounts compared that no client touched, {} that a client made; {} lock timeouts of the runner\n",
             outcome.compared, outcome.old_work.contacts.size() + outcome.next_work.contacts.size(),
             outcome.lock_timeouts);
  for (const std::string& trouble : outcome.troubles) FAIL_CHECK(trouble);
  CHECK(outcome.old_work.failed == 0);
  CHECK(outcome.next_work.failed == 0);
  every_kind(Release::old, outcome.old_work);
  every_kind(Release::next, outcome.next_work);
  CHECK(static_cast<int>(outcome.compared) > chain.rows / 4);
}

}  // namespace

TEST_CASE("clients of both releases do not notice the plan, which ends as the original does") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  // Files and executor each do one half of the work, and the other way round where there is less of it.
  const Chain chains[] = {{.name = "large",
                           .project = &planned(),
                           .rows = 100'000,
                           .before_gate = Way::runner_first,
                           .behind_gate = Way::executor_first},
                          {.name = "small",
                           .project = &planned(),
                           .rows = 5'000,
                           .before_gate = Way::executor_first,
                           .behind_gate = Way::runner_first}};
  for (const Chain& chain : chains) nobody_notices(chain);
}

TEST_CASE("so it is with the folders of Drizzle v1") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  nobody_notices({.name = "folders",
                  .project = &planned(Layout::folders),
                  .rows = 3'000,
                  .before_gate = Way::executor_first,
                  .behind_gate = Way::runner_first});
}
