#include "live/chain/chain.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <optional>
#include <thread>

#include "live/chain/compare.h"

namespace pglint::test::chain {
namespace {

constexpr std::chrono::milliseconds a_moment{800};

std::string_view suffix(Layout layout) { return layout == Layout::journal ? "" : "_v1"; }

// The contacts of accounts that only one client writes are what it wrote last.
std::string lost_writes(const std::string& database, const Work& work) {
  std::map<std::string, std::string> found;
  std::string all = sql(database,
                        "SELECT id || ' ' || coalesce(primary_contact, '-') FROM tenant_accounts WHERE id LIKE "
                        "'%-%'");
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\n', at), all.size());
    const std::string line = all.substr(at, end - at);
    const std::size_t space = line.find(' ');
    found.emplace(line.substr(0, space), line.substr(space + 1));
    at = end + 1;
  }
  std::string out;
  std::size_t lost = 0;
  for (const auto& [id, contact] : work.contacts) {
    const auto row = found.find(id);
    if (row != found.end() && row->second == contact) continue;
    if (++lost == 1) out = fmt::format("{} has {}, not {}", id, row == found.end() ? "gone" : row->second, contact);
  }
  return lost == 0 ? "" : fmt::format("{} writes are lost: {}", lost, out);
}

class Running {
 public:
  Running(const Chain& chain, Outcome& outcome)
      : chain_(chain),
        outcome_(outcome),
        original_(original_database(chain.rows, chain.project->layout())),
        database_(chain.name) {}

  void run() {
    create_database(database_, released_database(chain_.rows, chain_.project->layout()));
    // Nobody has more time than that; what needs more has to take it.
    sql("postgres", fmt::format("ALTER DATABASE {} SET statement_timeout = '5s'", database_));
    const std::string dsn = server().dsn(database_);

    Clients old(Release::old, dsn, chain_.rows);
    std::this_thread::sleep_for(a_moment);
    const bool expanded = carry_out("expand", chain_.before_gate, 4);
    std::optional<Clients> next;
    if (expanded) {
      if (sql(database_, "SELECT count(*) FROM pglint.gate WHERE passed_at IS NULL") != "1")
        trouble("the gate is not closed");
      next.emplace(Release::next, dsn, chain_.rows);
      for (auto waited = std::chrono::milliseconds(0); waited < chain_.beside; waited += a_moment / 4) {
        if (old.failed() || next->failed()) break;
        std::this_thread::sleep_for(a_moment / 4);
      }
    }
    outcome_.old_work = old.stop();
    noted(outcome_.old_work);
    if (!expanded) return;
    if (outcome_.old_work.failed != 0 || next->failed()) {
      finish(*next);
      return;
    }

    if (const std::string error = pass_gate(*chain_.project, database_); !error.empty()) {
      // The sabotaged ones go on, to see what else finds them out.
      trouble(error);
      sql(database_, "UPDATE pglint.gate SET passed_at = now()");
    }
    const bool contracted = carry_out("contract", chain_.behind_gate, 0);
    if (contracted) std::this_thread::sleep_for(a_moment);
    finish(*next);
    if (contracted) compare();
  }

 private:
  void trouble(const std::string& text) { outcome_.troubles.push_back(text); }
  void noted(const Work& work) {
    for (const std::string& failure : work.failures) trouble(failure);
  }
  void finish(Clients& clients) {
    outcome_.next_work = clients.stop();
    noted(outcome_.next_work);
  }

  bool carry_out(const std::string& tag, Way way, int exit_code) {
    chain_.project->at(tag);
    const Migrated migrated = chain::carry_out(*chain_.project, database_, way, exit_code);
    outcome_.lock_timeouts += migrated.lock_timeouts;
    if (!migrated.done) trouble(fmt::format("{}: {}", tag, migrated.error));
    return migrated.done;
  }

  void compare() {
    if (const std::string text = catalogue_differences(server(), original_, database_); !text.empty())
      trouble("the catalogue differs\n" + text);
    std::unordered_set<std::string> touched = outcome_.old_work.touched;
    touched.insert(outcome_.next_work.touched.begin(), outcome_.next_work.touched.end());
    const DataDifferences data = data_differences(server(), original_, database_, "tenant_accounts", touched);
    if (!data.text.empty()) trouble("the data differs\n" + data.text);
    outcome_.compared = data.compared;
    for (const Work* work : {&outcome_.old_work, &outcome_.next_work})
      if (const std::string text = lost_writes(database_, *work); !text.empty()) trouble(text);
  }

  const Chain& chain_;
  Outcome& outcome_;
  const std::string& original_;
  std::string database_;
};

}  // namespace

const std::string& released_database(int rows, Layout layout) {
  static std::map<std::pair<int, Layout>, std::string> made;
  std::string& name = made[{rows, layout}];
  if (!name.empty()) return name;
  name = fmt::format("released_{}{}", rows, suffix(layout));
  create_database(name);
  const Project& project = planned(layout);
  project.at("released");
  const Migrated migrated = migrate(project, name, 0);
  REQUIRE_MESSAGE(migrated.done, migrated.error);
  sql(name, "INSERT INTO regions (id, display_name) VALUES ('eu', 'Europe'), ('us', 'United States')");
  sql(name,
      fmt::format("INSERT INTO tenant_accounts (id, company_name, legacy_email, plan, region_id) SELECT "
                  "lpad(i::text, 10, '0'), 'company ' || i, 'mail-' || i || '@example.org', CASE WHEN i % 3 <> 0 "
                  "THEN 'pro' END, CASE i % 3 WHEN 0 THEN 'eu' WHEN 1 THEN 'us' END FROM generate_series(1, {}) i",
                  rows));
  sql(name, "COMMENT ON COLUMN tenant_accounts.legacy_email IS 'where it''s sent'");
  sql(name,
      "ALTER TABLE tenant_accounts ALTER legacy_email SET STATISTICS 250, ALTER legacy_email SET STORAGE MAIN, "
      "ALTER legacy_email SET (n_distinct = -1)");
  if (sql("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'reader'") == "0")
    sql("postgres", "CREATE ROLE reader");
  sql(name,
      "GRANT SELECT (id, legacy_email), UPDATE (legacy_email) ON tenant_accounts TO reader; "
      "GRANT REFERENCES (legacy_email) ON tenant_accounts TO PUBLIC");
  sql(name, "VACUUM ANALYZE");
  return name;
}

const std::string& original_database(int rows, Layout layout) {
  static std::map<std::pair<int, Layout>, std::string> made;
  std::string& name = made[{rows, layout}];
  if (!name.empty()) return name;
  name = fmt::format("original_{}{}", rows, suffix(layout));
  create_database(name, released_database(rows, layout));
  const Project& project = planned(layout);
  project.at("original");
  const Migrated migrated = migrate(project, name, 0);
  REQUIRE_MESSAGE(migrated.done, migrated.error);
  return name;
}

Outcome run_chain(const Chain& chain) {
  Outcome outcome;
  Running(chain, outcome).run();
  return outcome;
}

}  // namespace pglint::test::chain
