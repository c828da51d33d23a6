#include "support/facts.h"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <unordered_map>

#include "support/csv.h"

namespace pglint::test {
namespace {

std::string read(const std::string& name) {
  std::ifstream file(std::string(PGLINT_TESTDATA) + "/facts/" + name, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read testdata/facts/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

LockMode mode_of(std::string_view name) {
  static const std::unordered_map<std::string_view, LockMode> modes = {
      {"AccessShareLock", LockMode::access_share},
      {"RowShareLock", LockMode::row_share},
      {"RowExclusiveLock", LockMode::row_exclusive},
      {"ShareUpdateExclusiveLock", LockMode::share_update_exclusive},
      {"ShareLock", LockMode::share},
      {"ShareRowExclusiveLock", LockMode::share_row_exclusive},
      {"ExclusiveLock", LockMode::exclusive},
      {"AccessExclusiveLock", LockMode::access_exclusive},
  };
  const auto found = modes.find(name);
  return found == modes.end() ? LockMode::none : found->second;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> items;
  std::istringstream in(list);
  for (std::string item; std::getline(in, item, ';');)
    if (!item.empty()) items.push_back(item);
  return items;
}

Locks locks_of(const std::string& list) {
  Locks locks;
  for (const std::string& item : split(list)) {
    const std::size_t colon = item.rfind(':');
    const std::string name = item.substr(0, colon);
    if (name == "?" || name.starts_with("toast")) continue;
    const LockMode mode = mode_of(std::string_view(item).substr(colon + 1));
    if (locks[name] < mode) locks[name] = mode;
  }
  return locks;
}

std::optional<bool> yes_or_no(const std::string& value) {
  if (value == "yes") return true;
  if (value == "no" || value == "rows") return false;  // locks on rows are another matter
  return std::nullopt;
}

std::set<std::string> names_of(const std::string& list) {
  std::set<std::string> names;
  for (const std::string& item : split(list))
    if (item != "no") names.insert(item[0] == '+' ? item.substr(1) : item);
  return names;
}

Facts load() {
  Facts all;
  std::unordered_map<std::string, std::size_t> by_id;
  const auto forms = read_csv(read("forms.csv"));
  for (std::size_t i = 1; i < forms.size(); ++i) {
    const CsvRow& row = forms[i];
    by_id[row.at(0)] = all.forms.size();
    all.forms.push_back({row.at(0), row.at(1), row.at(2), row.at(3), row.at(4), row.at(5)});
  }
  const auto rows = read_csv(read("facts.csv"));
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const CsvRow& row = rows[i];
    Fact fact;
    fact.form = &all.forms.at(by_id.at(row.at(0)));
    fact.version = std::stoi(row.at(1));
    fact.in_block = row.at(2) == "tx";
    fact.transactional = yes_or_no(row.at(3));
    const std::string& error = row.at(14);
    if (error.empty()) {
      fact.locks = locks_of(row.at(5));
      const LockMode target = mode_of(row.at(4));
      if (target != LockMode::none) fact.locks[fact.form->target] = target;
      fact.new_locks = locks_of(row.at(6));
      fact.blocks_reads = yes_or_no(row.at(7));
      fact.blocks_writes = yes_or_no(row.at(8));
      fact.rewritten = names_of(row.at(9));
      fact.scans_known = row.at(10) != "partial" && row.at(10) != "sample";
      fact.scanned = names_of(row.at(11));
      fact.builds = names_of(row.at(12));
    } else {
      fact.setup_failed = error.starts_with("setup: ");
      fact.sqlstate = error.substr(fact.setup_failed ? 7 : 0, 5);
    }
    all.facts.push_back(std::move(fact));
  }
  const auto awaited = read_csv(read("awaited.csv"));
  for (std::size_t i = 1; i < awaited.size(); ++i) {
    const Locks locks = locks_of(awaited[i].at(2));
    for (Fact& fact : all.facts)
      if (fact.form->id == awaited[i].at(0) && fact.version == std::stoi(awaited[i].at(1)))
        if (const auto found = locks.find(fact.form->target); found != locks.end()) fact.awaited = found->second;
  }
  return all;
}

}  // namespace

const Facts& facts() {
  static const Facts all = load();
  return all;
}

}  // namespace pglint::test
