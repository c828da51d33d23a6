// Parse trees that are used again: one parse per shape of statements, not per statement.
//
// A mould is the tree of a statement whose names and strings were made up. Where they, the whole numbers and the places
// of tokens ended up in the tree is looked up once; to pour another statement of the shape is to write its own there.
// That the grammar goes by the kinds of tokens alone is nearly true: it compares names with words that are no keywords
// (PERMISSIVE, PARTITION BY LIST, role options, MODULUS, encodings of JSON) and refuses others, so that no mould is
// made with made-up ones; PUBLIC for a role is the one exception, and part of the shape. Read off the comparisons that
// libpg_query's grammar is linked with (18.1), and kept by a test with each of those words.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "pg/shape.h"

struct Node;               // PostgreSQL's; see pg/node.h
struct MemoryContextData;  // PostgreSQL's

namespace pglint::pg {

class Mould {
 public:
  // Null if the tree of another statement of the shape cannot be told from this one's, or if it does not parse.
  [[nodiscard]] static std::unique_ptr<Mould> make(const Shape& shape);
  Mould(const Mould&) = delete;
  Mould& operator=(const Mould&) = delete;
  ~Mould();

  // Whether `shape` is this one, and the numbers that the grammar turned into something else are the same.
  [[nodiscard]] bool fits(const Shape& shape) const;
  // The tree of that statement, which lives until the next one is poured, and no longer than `shape`. Its places are
  // relative to the statement.
  const ::Node* pour(const Shape& shape);

  // While its tree is looked at, another statement of the shape is parsed as ever: bodies of functions hold statements,
  // too.
  class Use {
   public:
    explicit Use(Mould& mould) : mould_(mould) { mould_.in_use_ = true; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() { mould_.in_use_ = false; }

   private:
    Mould& mould_;
  };
  [[nodiscard]] bool in_use() const { return in_use_; }

 private:
  friend class MouldMaker;

  struct Text {
    const char** at;
    std::uint32_t token;
  };
  struct Number {
    int* at;
    std::uint32_t token;
  };
  struct Fixed {
    std::uint32_t token;
    std::uint32_t value;
  };

  explicit Mould(::MemoryContextData* context) : context_(context) {}

  ::MemoryContextData* context_;
  const ::Node* root_ = nullptr;
  bool in_use_ = false;
  std::vector<std::uint16_t> codes_;
  std::vector<Text> texts_;
  std::vector<Number> places_;
  std::vector<Number> numbers_;
  std::vector<Fixed> fixed_;
};

// The moulds of a thread. There is room for a number of shapes; a later one takes the place of an earlier one.
class Moulds {
 public:
  // The mould for a statement of that shape, made when the shape is met for the second time. Null if there is none.
  [[nodiscard]] Mould* find(const Shape& shape);

 private:
  struct Entry {
    std::uint64_t hash = 0;
    bool tried = false;
    std::unique_ptr<Mould> mould;
  };
  struct Bucket {
    std::array<Entry, 4> entries;
    std::uint8_t next = 0;
  };
  std::vector<Bucket> buckets_ = std::vector<Bucket>(256);
};

}  // namespace pglint::pg
