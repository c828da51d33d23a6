#include "live/chain/releases.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <iterator>

namespace pglint::test::releases {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t most_failures = 5;

std::string joined(const std::vector<std::string>& parts, const std::function<std::string(const std::string&)>& as) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + as(part);
  return out;
}

std::string written_out(std::string statement, const Release& release) {
  const auto replace = [&](const std::string& mark, const std::string& text) {
    for (std::size_t at = statement.find(mark); at != std::string::npos; at = statement.find(mark, at + text.size()))
      statement.replace(at, mark.size(), text);
  };
  for (const auto& one : release) {
    const std::string& column = one.first;
    const Alias& alias = one.second;
    replace("@" + column + ".read", alias.read);
    replace("@" + column + ".into", joined(alias.write, [](const std::string& name) { return name; }));
    replace("@" + column + ".values", joined(alias.write, [&](const std::string&) { return alias.parameter; }));
    replace("@" + column + ".set",
            joined(alias.write, [&](const std::string& name) { return name + " = " + alias.parameter; }));
  }
  return statement;
}

void add(Done& to, const Done& more) {
  for (const auto& [act, count] : more.acts) to.acts[act] += count;
  to.failures.insert(to.failures.end(), more.failures.begin(), more.failures.end());
  to.failed += more.failed;
  to.longest = std::max(to.longest, more.longest);
  to.touched.insert(more.touched.begin(), more.touched.end());
  to.own.insert(more.own.begin(), more.own.end());
}

}  // namespace

Session::Session(Release release, const std::string& dsn, std::string name, unsigned seed)
    : release_(std::move(release)), name_(std::move(name)), random_(seed), conn_(PQconnectdb(dsn.c_str())) {
  if (PQstatus(conn_) != CONNECTION_OK) wrong(PQerrorMessage(conn_));
  PQclear(PQexec(conn_, fmt::format("SET statement_timeout = '5s'; SET application_name = '{}'", name_).c_str()));
}

Session::~Session() { PQfinish(conn_); }

std::string Session::fresh() {
  // Numbers of a client are apart from those of all others by its name's.
  return fmt::format("{}{:06}", 1'000'000'000 + std::hash<std::string>()(name_) % 1'000'000'000, ++made_);
}

std::optional<std::string> Session::own() {
  if (done.own.empty()) return std::nullopt;
  return std::next(done.own.begin(), pick(0, static_cast<int>(done.own.size()) - 1))->first;
}

void Session::wrong(const std::string& what) {
  ++done.failed;
  if (done.failures.size() < most_failures) done.failures.push_back(fmt::format("client {}: {}", name_, what));
}

bool Session::execute(const std::string& statement, const Values& values, std::string& sqlstate, std::string& message) {
  const std::string text = written_out(statement, release_);
  std::vector<const char*> pointers;
  for (const std::string& value : values) pointers.push_back(value == std::string(1, '\0') ? nullptr : value.c_str());
  const int count = static_cast<int>(values.size());
  const auto begun = Clock::now();
  PGresult* result = nullptr;
  if (count == 0) {
    result = PQexec(conn_, text.c_str());
  } else {
    // Prepared once and kept, as drivers do: what a plan changes must not break them.
    const auto [found, is_new] = prepared_.emplace(text, fmt::format("s{}", ++statements_));
    if (is_new) PQclear(PQprepare(conn_, found->second.c_str(), text.c_str(), count, nullptr));
    result = PQexecPrepared(conn_, found->second.c_str(), count, pointers.data(), nullptr, nullptr, 0);
  }
  done.longest = std::max(done.longest, std::chrono::duration_cast<milliseconds>(Clock::now() - begun));
  const ExecStatusType status = PQresultStatus(result);
  const bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  if (ok) {
    found_ = PQntuples(result) > 0 && PQnfields(result) > 0 ? PQgetvalue(result, 0, 0) : "";
    const std::string affected = PQcmdTuples(result);
    rows_ = affected.empty() ? 0 : std::stoi(affected);
  } else {
    const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* const primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    sqlstate = state != nullptr ? state : "08006";
    message = fmt::format("{} {} in {}", sqlstate, primary != nullptr ? primary : PQerrorMessage(conn_), text);
    // One that was refused when it was prepared is prepared again.
    if (sqlstate == "26000") prepared_.erase(text);
  }
  PQclear(result);
  return ok;
}

bool Session::run(const std::string& statement, const Values& values, std::optional<int> rows) {
  std::string sqlstate;
  std::string message;
  if (!execute(statement, values, sqlstate, message)) return wrong(message), false;
  if (rows && rows_ != *rows)
    return wrong(fmt::format("{} rows, not {}, of {}", rows_, *rows, written_out(statement, release_))), false;
  return true;
}

void Session::refused(std::string_view sqlstate, const std::string& statement, const Values& values) {
  std::string got;
  std::string message;
  if (execute(statement, values, got, message))
    wrong(fmt::format("not refused: {}", written_out(statement, release_)));
  else if (got != sqlstate)
    wrong(message);
}

void Session::finds(const std::string& expected, const std::string& statement, const Values& values) {
  if (run(statement, values) && found_ != expected)
    wrong(fmt::format("finds \"{}\", not \"{}\": {}", found_, expected, written_out(statement, release_)));
}

bool Session::together(const std::function<bool()>& all) {
  if (!run("BEGIN")) return false;
  const bool good = all();
  return run(good ? "COMMIT" : "ROLLBACK") && good;
}

Crowd::Crowd(const Release& release, const std::vector<Act>& acts, const std::string& dsn, const std::string& name,
             int count)
    : failures_(static_cast<std::size_t>(count)) {
  int all = 0;
  for (const Act& act : acts) all += act.often;
  for (int number = 0; number < count; ++number)
    sessions_.push_back(std::make_unique<Session>(
        release, dsn, fmt::format("{}{}", name, number),
        static_cast<unsigned>(std::hash<std::string>()(name)) + static_cast<unsigned>(number)));
  for (std::size_t number = 0; number < sessions_.size(); ++number) {
    Session* const session = sessions_[number].get();
    std::atomic<std::uint64_t>* const failed = &failures_[number];
    threads_.emplace_back([this, session, failed, all, acts] {
      while (!stopping_ && session->done.failed == 0) {
        int at = session->pick(0, all - 1);
        const Act* chosen = nullptr;
        for (const Act& act : acts) {
          chosen = &act;
          if ((at -= act.often) < 0) break;
        }
        chosen->act(*session);
        *failed = session->done.failed;
        ++session->done.acts[chosen->name];
        std::this_thread::sleep_for(milliseconds(session->pick(4, 10)));
      }
      *failed = session->done.failed;
    });
  }
}

Crowd::~Crowd() { static_cast<void>(stop()); }

bool Crowd::failed() const {
  return std::ranges::any_of(failures_, [](const std::atomic<std::uint64_t>& count) { return count != 0; });
}

Done Crowd::stop() {
  stopping_ = true;
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
  Done all;
  for (const auto& session : sessions_) add(all, session->done);
  sessions_.clear();
  return all;
}

}  // namespace pglint::test::releases
