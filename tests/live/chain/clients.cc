#include "live/chain/clients.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

namespace pglint::test::chain {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t most_failures = 5;
constexpr milliseconds stay_open{3000};
constexpr milliseconds between_stays{7000};

struct Answer {
  bool ok = false;
  std::vector<std::vector<std::string>> rows;
  std::string affected;
};

}  // namespace

std::string_view name(Kind kind) {
  constexpr std::string_view names[] = {"insert", "insert, contact later", "update",
                                        "upsert", "racing upsert",         "select",
                                        "delete", "transaction",           "3 s open"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view name(Release release) { return release == Release::old ? "old" : "next"; }

std::string account(int number) { return fmt::format("{:010}", number); }
std::string contact(int number) { return fmt::format("mail-{}@example.org", number); }

void Work::add(const Work& other) {
  for (std::size_t kind = 0; kind < kinds; ++kind) done[kind] += other.done[kind];
  failed += other.failed;
  failures.insert(failures.end(), other.failures.begin(), other.failures.end());
  longest = std::max(longest, other.longest);
  touched.insert(other.touched.begin(), other.touched.end());
  contacts.insert(other.contacts.begin(), other.contacts.end());
}

// One connection. Clients with an odd number prepare their statements once and keep them.
class Client {
 public:
  Client(Release release, const std::string& dsn, int rows, int number)
      : release_(release),
        column_(release == Release::old ? "legacy_email" : "primary_contact"),
        name_(fmt::format("{}{}", release == Release::old ? 'o' : 'n', number)),
        rows_(rows),
        stays_(number == 0),
        prepares_(number % 2 == 1),
        random_(static_cast<std::uint32_t>(number) + (release == Release::old ? 100U : 200U)),
        conn_(PQconnectdb(dsn.c_str())) {
    if (PQstatus(conn_) != CONNECTION_OK) {
      fail("connect", "08000", PQerrorMessage(conn_));
      return;
    }
    PQclear(PQexec(conn_, fmt::format("SET statement_timeout = '5s'; SET application_name = '{}'", name_).c_str()));
  }
  ~Client() { PQfinish(conn_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void work(const std::atomic<bool>& stopping) {
    if (PQstatus(conn_) != CONNECTION_OK) return;
    auto stayed = Clock::now() - between_stays + milliseconds(500);
    while (!stopping) {
      if (stays_ && Clock::now() - stayed > between_stays) {
        two_updates(Kind::stay);
        stayed = Clock::now();
      } else {
        something();
      }
      std::this_thread::sleep_for(milliseconds(pick(4, 10)));
    }
  }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] Work take() { return std::move(work_); }

 private:
  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  std::string any_account() { return account(pick(1, rows_)); }
  // Unique, and anywhere between those that are there.
  std::string new_account() { return fmt::format("{}-{}-{}", any_account(), name_, ++made_); }
  std::string new_contact() { return fmt::format("{}-{}@example.org", name_, ++made_); }

  void something() {
    const int what = pick(0, 99);
    if (what < 12) {
      insert();
    } else if (what < 18) {
      if (release_ == Release::old) later();
    } else if (what < 36) {
      update();
    } else if (what < 50) {
      upsert();
    } else if (what < 66) {
      race();
    } else if (what < 82) {
      select();
    } else if (what < 88) {
      remove();
    } else {
      two_updates(Kind::transaction);
    }
  }

  void insert() {
    const std::string id = new_account();
    const std::string value = new_contact();
    if (!one(fmt::format("INSERT INTO tenant_accounts (id, company_name, {}, region_id) VALUES ($1, $2, $3, $4)",
                         column_),
             {id, "inserted", value, pick(0, 1) == 0 ? "eu" : "us"}))
      return;
    mine(id, value);
    did(Kind::insert);
  }

  void later() {
    const std::string id = new_account();
    const std::string value = new_contact();
    begin();
    const bool done = one("INSERT INTO tenant_accounts (id, company_name) VALUES ($1, $2)", {id, "later"}) &&
                      one(fmt::format("UPDATE tenant_accounts SET {} = $2 WHERE id = $1", column_), {id, value});
    if (!end(done)) return;
    mine(id, value);
    did(Kind::later);
  }

  void update() {
    const bool own = !ids_.empty() && pick(0, 3) == 0;
    const std::string id = own ? own_account() : any_account();
    const std::string value = new_contact();
    const Answer answer =
        run(fmt::format("UPDATE tenant_accounts SET {} = $2, updated_at = now() WHERE id = $1", column_), {id, value});
    if (!answer.ok) return;
    if (own) {
      if (answer.affected != "1") fail("update", "", "a row of its own is gone: " + id);
      work_.contacts[id] = value;
    } else {
      work_.touched.insert(id);
    }
    did(Kind::update);
  }

  void upsert() {
    const int number = pick(1, rows_);
    write_contact(contact(number), Kind::upsert);
  }

  // Who does this meets the others at the next tick.
  void race() {
    constexpr milliseconds tick{20};
    const auto now = std::chrono::duration_cast<milliseconds>(Clock::now().time_since_epoch());
    const auto next = (now / tick + 1) * tick;
    std::this_thread::sleep_until(Clock::time_point(next));
    write_contact(fmt::format("race-{}@example.org", next.count()), Kind::race);
  }

  void write_contact(const std::string& value, Kind kind) {
    const Answer answer =
        run(fmt::format("INSERT INTO tenant_accounts (id, company_name, {0}) VALUES ($1, $2, $3) ON CONFLICT ({0}) DO "
                        "UPDATE SET company_name = excluded.company_name, updated_at = now() RETURNING id, {0}",
                        column_),
            {new_account(), "upserted", value});
    if (!answer.ok) return;
    if (answer.rows.size() != 1 || answer.rows[0][1] != value) {
      fail(name(kind), "", "not the row that was written");
      return;
    }
    work_.touched.insert(answer.rows[0][0]);
    did(kind);
  }

  void select() {
    if (!ids_.empty() && pick(0, 1) == 0) {
      const std::string& id = own_account();
      const Answer answer =
          run(fmt::format("SELECT id, company_name, {} FROM tenant_accounts WHERE id = $1", column_), {id});
      if (!answer.ok) return;
      if (answer.rows.size() != 1 || answer.rows[0][2] != work_.contacts[id]) {
        fail("select", "", "not what it wrote into " + id);
        return;
      }
    } else {
      const std::string value = contact(pick(1, rows_));
      const Answer answer =
          run(fmt::format("SELECT id, company_name, {0} FROM tenant_accounts WHERE {0} = $1", column_), {value});
      if (!answer.ok) return;
      if (answer.rows.size() > 1) {
        fail("select", "", "two rows with " + value);
        return;
      }
    }
    did(Kind::select);
  }

  void remove() {
    if (ids_.size() > 1 && pick(0, 1) == 0) {
      const std::string id = own_account();
      if (!one("DELETE FROM tenant_accounts WHERE id = $1", {id})) return;
      work_.contacts.erase(id);
      ids_.erase(std::find(ids_.begin(), ids_.end(), id));
    } else {
      const std::string id = any_account();
      if (!run("DELETE FROM tenant_accounts WHERE id = $1", {id}).ok) return;
      work_.touched.insert(id);
    }
    did(Kind::remove);
  }

  void two_updates(Kind kind) {
    std::string first = any_account();
    std::string second = any_account();
    if (second < first) std::swap(first, second);
    begin();
    bool done =
        run(fmt::format("UPDATE tenant_accounts SET {} = $2 WHERE id = $1", column_), {first, new_contact()}).ok;
    if (done && kind == Kind::stay) std::this_thread::sleep_for(stay_open);
    done = done && run("UPDATE tenant_accounts SET seats = seats + 1 WHERE id = $1", {second}).ok;
    if (!end(done)) return;
    work_.touched.insert(first);
    work_.touched.insert(second);
    did(kind);
  }

  const std::string& own_account() {
    return ids_[static_cast<std::size_t>(pick(0, static_cast<int>(ids_.size()) - 1))];
  }
  void mine(const std::string& id, const std::string& value) {
    ids_.push_back(id);
    work_.contacts.emplace(id, value);
  }
  void did(Kind kind) { ++work_.done[static_cast<std::size_t>(kind)]; }

  void begin() { run("BEGIN", {}); }
  bool end(bool done) { return run(done ? "COMMIT" : "ROLLBACK", {}).ok && done; }

  // That writes one row.
  bool one(const std::string& statement, const std::vector<std::string>& values) {
    const Answer answer = run(statement, values);
    if (answer.ok && answer.affected != "1") fail(statement, "", fmt::format("wrote {} rows", answer.affected));
    return answer.ok && answer.affected == "1";
  }

  Answer run(const std::string& statement, const std::vector<std::string>& values) {
    std::vector<const char*> pointers;
    pointers.reserve(values.size());
    for (const std::string& value : values) pointers.push_back(value.c_str());
    const int count = static_cast<int>(values.size());
    const auto begun = Clock::now();
    PGresult* result = nullptr;
    if (prepares_ && count != 0) {
      const auto [found, is_new] = prepared_.emplace(statement, fmt::format("s{}", prepared_.size()));
      if (is_new) PQclear(PQprepare(conn_, found->second.c_str(), statement.c_str(), count, nullptr));
      result = PQexecPrepared(conn_, found->second.c_str(), count, pointers.data(), nullptr, nullptr, 0);
    } else {
      result = PQexecParams(conn_, statement.c_str(), count, nullptr, pointers.data(), nullptr, nullptr, 0);
    }
    work_.longest = std::max(work_.longest, std::chrono::duration_cast<milliseconds>(Clock::now() - begun));

    Answer answer;
    const ExecStatusType status = PQresultStatus(result);
    answer.ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (answer.ok) {
      answer.affected = PQcmdTuples(result);
      for (int row = 0; row < PQntuples(result); ++row) {
        answer.rows.emplace_back();
        for (int column = 0; column < PQnfields(result); ++column)
          answer.rows.back().emplace_back(PQgetvalue(result, row, column));
      }
    } else {
      const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
      const char* const message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
      fail(statement, state != nullptr ? state : "08006", message != nullptr ? message : PQerrorMessage(conn_));
    }
    PQclear(result);
    return answer;
  }

  void fail(std::string_view what, std::string_view state, std::string_view why) {
    ++work_.failed;
    failed_ = true;
    if (work_.failures.size() < most_failures)
      work_.failures.push_back(fmt::format("{} client {}: {} {}: {}", name(release_), name_, state, why, what));
  }

  Release release_;
  std::string column_;
  std::string name_;
  int rows_;
  bool stays_;
  bool prepares_;
  std::mt19937 random_;
  PGconn* conn_;
  int made_ = 0;
  std::vector<std::string> ids_;  // of its own
  std::map<std::string, std::string> prepared_;
  Work work_;
  std::atomic<bool> failed_ = false;
};

Clients::Clients(Release release, const std::string& dsn, int rows, int count) {
  for (int number = 0; number < count; ++number)
    clients_.push_back(std::make_unique<Client>(release, dsn, rows, number));
  for (const auto& client : clients_) threads_.emplace_back([this, one = client.get()] { one->work(stopping_); });
}

Clients::~Clients() { static_cast<void>(stop()); }

bool Clients::failed() const {
  return std::any_of(clients_.begin(), clients_.end(), [](const auto& client) { return client->failed(); });
}

Work Clients::stop() {
  stopping_ = true;
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
  Work all;
  for (const auto& client : clients_) all.add(client->take());
  clients_.clear();
  return all;
}

}  // namespace pglint::test::chain
