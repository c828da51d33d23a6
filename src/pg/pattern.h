// A statement written as SQL with holes, and whether another statement is one of that form: matched on parse trees, so
// that spelling, case, comments and what is left to its default make no difference.
//
//   ALTER TABLE $t DROP COLUMN $c         $name fits a name, a type or an expression; twice the same, the same name
//   CREATE TABLE $t (..., $c json, ...)   ... fits any number of elements, none included
//
// What a pattern does not say is not asked: DROP TABLE $t fits DROP TABLE IF EXISTS a CASCADE as well. A list has to
// fit as a whole, but for options, constraints of a column and the commands of ALTER TABLE, of which each that the
// pattern has must fit one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

struct Node;  // PostgreSQL's; see pg/node.h

namespace pglint::pg {

class Pattern {
 public:
  // Of one statement; an Error says what is wrong with it.
  [[nodiscard]] static Result<Pattern> parse(std::string_view sql);

  // The NodeTag of the statements that may fit; of ALTER TABLE the types of its commands, none for other statements.
  [[nodiscard]] int tag() const;
  [[nodiscard]] const std::vector<int>& commands() const { return commands_; }
  // The names behind the dollar signs, in the order in which they stand in the pattern.
  [[nodiscard]] const std::vector<std::string>& holes() const { return holes_; }

  static constexpr std::size_t most_holes = 16;
  static constexpr std::size_t whole = static_cast<std::size_t>(-1);
  struct Match {
    std::size_t command = whole;          // of an ALTER TABLE, where the pattern has one command: the one that fits
    std::vector<std::string_view> names;  // what stands at each hole, while the tree lives; empty for an expression
  };
  // The first way in which the statement fits; of an ALTER TABLE each command that fits. Nothing if it does not.
  [[nodiscard]] std::vector<Match> match(const ::Node* statement) const;

  // What one field of a node has to be.
  struct Ask {
    enum class Kind : std::uint8_t { text, flag, number, node, list, some } kind = Kind::flag;
    std::uint8_t size = 0;     // of a number, bytes
    std::uint16_t offset = 0;  // of the field
    std::int32_t hole = -1;    // of a text
    std::uint32_t below = 0;   // of a node or list
    std::uint64_t number = 0;
    std::string text = {};
  };
  struct Form {
    enum class Kind : std::uint8_t { node, list, any, rest, constant } kind = Kind::node;
    int tag = 0;
    std::int32_t hole = -1;                 // of any
    std::string text = {};                  // of a constant, as it would be printed
    std::vector<Ask> asks = {};             // of a node
    std::vector<std::uint32_t> items = {};  // of a list
  };

 private:
  friend class PatternReader;
  friend class Matcher;
  std::vector<Form> forms_;  // the first is the statement
  std::vector<std::string> holes_;
  std::vector<int> commands_;
};

}  // namespace pglint::pg
