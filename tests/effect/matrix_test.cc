// docs/effects.md: what statements lock and do on each version, as the model says it. PGLINT_UPDATE=1 writes it anew.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>

#include "effect/predict.h"
#include "support/forms.h"
#include "support/golden.h"

namespace pglint::test {
namespace {

constexpr int first = 12;
constexpr int last = 18;

std::string join(const std::set<std::string>& names) { return fmt::format("{}", fmt::join(names, ", ")); }

// What stands in the columns for one version.
std::vector<std::string> cells(const Form& form, int version) {
  History history(version);
  history.whole();
  history.released("CREATE SCHEMA w; SET search_path = w, public").time_zone("UTC").released(form.setup).begin(false);
  const effect::Effects effects = history.of(form.statement);
  if (effects.has_error) return {fmt::format("error {}", effects.error.sqlstate), "", "", ""};
  const auto text = [&](Symbol name) { return std::string(history.catalog().text(name)); };
  std::string target;
  std::string others;
  std::set<std::string> work;
  std::set<std::string> blocked;
  const std::string of = form.target;
  for (const effect::RelationEffect& effect : effects.relations) {
    const std::string name = text(effect.name);
    if (has(effect.work, Work::rewrite))
      work.insert("rewrites " + name);
    else if (has(effect.work, Work::scan))
      work.insert("reads " + name);
    if (has(effect.work, Work::wait)) work.insert("waits for older transactions");
    if (effect.is_new || effect.lock == LockMode::none) continue;
    if (blocks_reads(effect.lock) || effect.blocks_table_reads)
      blocked.insert(name + ": all");
    else if (blocks_writes(effect.lock) || effect.blocks_table_writes)
      blocked.insert(name + ": writes");
    (&effect == effects.target() ? target : others) +=
        &effect == effects.target()
            ? fmt::format("{} {}", name, pglint::name(effect.lock))
            : fmt::format("{}{} {}", others.empty() ? "" : ", ", name, pglint::name(effect.lock));
  }
  for (const effect::Build& build : effects.builds) work.insert("builds " + text(build.name));
  if (!effects.transactional) work.insert("not in a transaction block");
  return {target, others, join(work), join(blocked)};
}

std::string page() {
  std::string out =
      "# What statements lock and do\n\n"
      "Made by `tests/effect` from the model that `pglint check` and `pglint locks` ask; do not edit. The model "
      "agrees\n"
      "with measurements on PostgreSQL 13, 15, 17 and 18 (`testdata/facts`). The tables are those of\n"
      "`testdata/effects/matrix.txt`; each statement stands alone, and meets tables with rows. `pglint locks -c \"…\"\n"
      "--schema dump.sql --pg-version N` says the same of your own.\n\n"
      "A lock is held until the transaction ends. *Blocks* names the tables whose readers and writers (all), or only\n"
      "writers, wait meanwhile.\n";
  for (const FormGroup& group : read_forms(std::string(PGLINT_TESTDATA) + "/effects/matrix.txt")) {
    if (!group.section.empty())
      out += fmt::format(
          "\n## {}\n\n| Statement | PostgreSQL | Lock | Other locks | Work | Blocks |\n|---|---|---|---|---|---|\n",
          group.section);
    if (!group.own.empty()) out += fmt::format("| *after* `{}` | | | | | |\n", group.own);
    for (const Form& form : group.forms) {
      for (int version = first; version <= last;) {
        const std::vector<std::string> row = cells(form, version);
        int until = version;
        while (until < last && cells(form, until + 1) == row) ++until;
        const std::string versions = version == first && until == last ? "12–18"
                                     : version == until                ? fmt::format("{}", version)
                                                                       : fmt::format("{}–{}", version, until);
        out += fmt::format("| {} | {} | {} |\n", version == first ? "`" + form.statement + "`" : "", versions,
                           fmt::join(row, " | "));
        version = until + 1;
      }
    }
  }
  return out;
}

TEST_CASE("docs/effects.md says what the model says") { check_golden("../docs/effects.md", page()); }

}  // namespace
}  // namespace pglint::test
