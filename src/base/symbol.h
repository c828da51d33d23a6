// Names as numbers: equal names are equal symbols, so that the catalogue
// compares and hashes integers and keeps each name once.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.h"

namespace pglint {

// The default symbol is the empty name.
struct Symbol {
  std::uint32_t id = 0;

  [[nodiscard]] explicit operator bool() const { return id != 0; }
  friend bool operator==(Symbol, Symbol) = default;
};

// Symbols of one table mean nothing in another.
class SymbolTable {
 public:
  SymbolTable();

  [[nodiscard]] Symbol intern(std::string_view name) {
    bool fresh = false;
    return intern(name, fresh);
  }
  // `fresh`: nobody has ever asked for it.
  [[nodiscard]] Symbol intern(std::string_view name, bool& fresh);
  // The symbol of a name that may never have been interned; empty if so.
  [[nodiscard]] Symbol find(std::string_view name) const;
  [[nodiscard]] std::string_view text(Symbol symbol) const { return names_[symbol.id]; }
  [[nodiscard]] std::size_t size() const { return names_.size(); }

 private:
  // Open addressing, power-of-two size, at most 2/3 full.
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t id = 0;  // 0: free
  };
  void grow();
  // Where the name is, or would go.
  [[nodiscard]] std::size_t slot_of(std::string_view name, std::uint32_t hash) const;

  Arena arena_;
  std::vector<std::string_view> names_;
  std::vector<Slot> slots_;
};

}  // namespace pglint
