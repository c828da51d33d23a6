// What a parse node holds, field by field: for what looks at trees of any type.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace pglint::pg {

// `place` is where a token starts in the text that was parsed, or -1; `nested` a CreateStmt in another node.
enum class Holds : std::uint8_t { text, flag, number, place, node, nested };

struct Field {
  int tag;
  std::uint16_t offset;  // bytes
  std::uint8_t size;     // bytes
  Holds holds;
  std::string_view name;
};

// Of the nodes with that tag; none for constants (A_Const, String, …) and lists, and for what the grammar does not
// make.
[[nodiscard]] std::span<const Field> fields_of(int tag);

}  // namespace pglint::pg
