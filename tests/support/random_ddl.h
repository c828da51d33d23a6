// Random DDL over a few names, so that statements meet: about half of it a server takes.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace pglint::test {

class RandomDdl {
 public:
  explicit RandomDdl(std::uint64_t seed) : random_(seed) {}

  // One statement, without a semicolon; the same for the same seed.
  [[nodiscard]] std::string next();
  // With BEGIN, COMMIT, ROLLBACK and savepoints among them.
  [[nodiscard]] std::string next_of_transactions();
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

 private:
  // [a|b|] takes one of the alternatives, {t} a name of that kind.
  void expand(std::string_view pattern, std::string& out);
  void name(char kind, std::string& out);

  std::mt19937_64 random_;
};

}  // namespace pglint::test
