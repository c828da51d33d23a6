// What a text is recognised by when it moves, or is laid out in another way.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pglint {

// FNV-1a over fields. It tells apart what people write; it resists nobody, and nobody gains by a collision.
class Fingerprint {
 public:
  // A field ends with a byte that no text has, so that "ab","c" is not "a","bc".
  void field(std::string_view text);
  // Without regard to how many blanks stand between words.
  void statement(std::string_view sql);
  [[nodiscard]] std::uint64_t value() const { return value_; }
  [[nodiscard]] std::string hex() const;

 private:
  void add(char c) { value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL; }

  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

}  // namespace pglint
