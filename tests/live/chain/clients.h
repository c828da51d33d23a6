// The application, in the release that runs and in the next one: clients that write and read tenant_accounts all the
// time, never try anything again, and note every statement that fails.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <vector>

namespace pglint::test::chain {

// `old` knows legacy_email, `next` primary_contact.
enum class Release : std::uint8_t { old, next };

enum class Kind : std::uint8_t {
  insert,
  later,  // an account whose contact is given in a second statement of the transaction: `old` alone may
  update,
  upsert,  // on the contact, of an account that is there
  race,    // on a new contact that the others upsert in the same millisecond
  select,
  remove,
  transaction,  // two updates
  stay,         // the same, 3 s open
};
inline constexpr std::size_t kinds = 9;
[[nodiscard]] std::string_view name(Kind kind);
[[nodiscard]] std::string_view name(Release release);

struct Work {
  std::array<std::uint64_t, kinds> done{};
  std::uint64_t failed = 0;
  std::vector<std::string> failures;            // the first few
  std::chrono::milliseconds longest{0};         // statement
  std::unordered_set<std::string> touched;      // ids that were there at the start and are not what they were
  std::map<std::string, std::string> contacts;  // ids that only these clients write, and their contacts

  void add(const Work& other);
};

// Accounts are those with the ids account(1) to account(rows), and the contacts contact(1) to contact(rows).
[[nodiscard]] std::string account(int number);
[[nodiscard]] std::string contact(int number);

class Client;

class Clients {
 public:
  // They begin at once.
  Clients(Release release, const std::string& dsn, int rows, int count = 4);
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  [[nodiscard]] bool failed() const;
  // Each ends what it is at.
  [[nodiscard]] Work stop();

 private:
  std::atomic<bool> stopping_ = false;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::thread> threads_;
};

}  // namespace pglint::test::chain
