// SHA-256, as everybody writes it: 64 digits in lower case. nettle computes it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace pglint {

[[nodiscard]] std::string sha256(std::string_view bytes);

// Over a text that comes in pieces, with a look at the hash in between.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();

  void add(std::string_view bytes);
  // Of all that was added so far, in base64.
  [[nodiscard]] std::string base64() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whether a text is one that sha256 could have returned.
[[nodiscard]] bool is_sha256(std::string_view text);

}  // namespace pglint
