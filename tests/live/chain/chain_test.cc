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
  fmt::print("{} release: {}; {} failed; longest statement {} ms\n", name(release), kinds_done, work.failed,
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

}  // namespace

TEST_CASE("clients of both releases do not notice the plan, which ends as the original does") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  constexpr int rows = 100'000;
  const Outcome outcome = run_chain({.name = "b", .project = &planned(), .rows = rows});
  print(Release::old, outcome.old_work);
  print(Release::next, outcome.next_work);
  fmt::print("{} rows compared that no client changed; {} of the accounts they made; {} lock timeouts of the runner\n",
             outcome.compared, outcome.old_work.contacts.size() + outcome.next_work.contacts.size(),
             outcome.lock_timeouts);
  for (const std::string& trouble : outcome.troubles) FAIL_CHECK(trouble);
  CHECK(outcome.old_work.failed == 0);
  CHECK(outcome.next_work.failed == 0);
  every_kind(Release::old, outcome.old_work);
  every_kind(Release::next, outcome.next_work);
  CHECK(outcome.compared > rows / 4);
}
