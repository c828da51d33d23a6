// Any application in several releases: what its clients do, over and over, while a plan is carried out beneath them.
// They never try anything again, and note every statement that does not do what it should.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

struct pg_conn;

namespace pglint::test::releases {

// A column that has two names, and under which of them a release reads and writes it. In the statements of a Session
// stands for the column `mail`, whose value is the parameter $2:
//   @mail.read    the name            contact
//   @mail.into    the names           mail, contact
//   @mail.values  as many values      $2, $2
//   @mail.set     assignments         mail = $2, contact = $2
struct Alias {
  std::string parameter;  // "$2"
  std::string read;
  std::vector<std::string> write;
};
using Release = std::map<std::string, Alias>;  // by the column's first name

struct Done {
  std::map<std::string, std::uint64_t> acts;
  std::vector<std::string> failures;  // the first few
  std::uint64_t failed = 0;
  std::chrono::milliseconds longest{0};     // statement
  std::unordered_set<std::string> touched;  // ids of rows that were there at the start
  std::map<std::string, std::string> own;   // id and value of rows that one client alone writes
};

// One client.
class Session {
 public:
  Session(Release release, const std::string& dsn, std::string name, unsigned seed);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  using Values = std::vector<std::string>;  // "\0" alone: NULL
  // It must do what it says: with so many rows written or found, if that matters.
  bool run(const std::string& statement, const Values& values = {}, std::optional<int> rows = {});
  // The server must refuse it, and say so.
  void refused(std::string_view sqlstate, const std::string& statement, const Values& values = {});
  // It must find that.
  void finds(const std::string& expected, const std::string& statement, const Values& values = {});
  // The first value of the last statement.
  [[nodiscard]] const std::string& found() const { return found_; }
  // All of it in one transaction, if it does what it should.
  bool together(const std::function<bool()>& all);

  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  // A number that no other client of any release has.
  std::string fresh();
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::optional<std::string> own();  // an id
  void wrong(const std::string& what);

  Done done;

 private:
  bool execute(const std::string& statement, const Values& values, std::string& sqlstate, std::string& message);

  Release release_;
  std::string name_;
  std::mt19937 random_;
  ::pg_conn* conn_;
  int made_ = 0;
  int statements_ = 0;
  int rows_ = 0;
  std::string found_;
  std::map<std::string, std::string> prepared_;
};

struct Act {
  std::string name;
  int often = 1;
  std::function<void(Session&)> act;
};

// A few clients of one release.
class Crowd {
 public:
  Crowd(const Release& release, const std::vector<Act>& acts, const std::string& dsn, const std::string& name,
        int count = 4);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  [[nodiscard]] bool failed() const;
  [[nodiscard]] Done stop();

 private:
  std::atomic<bool> stopping_ = false;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<std::thread> threads_;
  std::vector<std::atomic<std::uint64_t>> failures_;
};

}  // namespace pglint::test::releases
