#include "pg/mould.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>

#include "pg/fields.h"
#include "pg/node.h"
#include "pg/raw_parse.h"
#include "pg/tree.h"

namespace pglint::pg {
namespace {

constexpr char made_up = '\x01';

}  // namespace

// Finds what to write where.
class MouldMaker {
 public:
  MouldMaker(const Shape& shape, Mould& mould) : shape_(shape), mould_(mould) {}

  bool make();

 private:
  bool text(const char** at);
  bool place(int* at);
  std::optional<std::uint32_t> token_at(int place) const;
  bool field(void* at, Holds holds);
  bool constant(::A_Const& value);
  bool node(::Node* node);

  const Shape& shape_;
  Mould& mould_;
  std::array<std::uint32_t, Shape::max_tokens> begins_ = {};
  std::array<bool, Shape::max_tokens> found_ = {};
};

bool MouldMaker::text(const char** at) {
  if (*at == nullptr) return true;
  const char* const mark = std::strchr(*at, made_up);
  if (mark == nullptr) return true;  // a word of the grammar's own
  const char* const last = mark + std::strlen(mark);
  std::uint32_t token = 0;
  const auto [end, error] = std::from_chars(mark + 1, last, token);
  // Part of a longer text: that is beyond a mould.
  if (mark != *at || error != std::errc() || end != last || token >= shape_.size) return false;
  mould_.texts_.push_back({at, token});
  found_[token] = true;
  return true;
}

std::optional<std::uint32_t> MouldMaker::token_at(int place) const {
  const auto end = begins_.begin() + static_cast<std::ptrdiff_t>(shape_.size);
  const auto found = std::lower_bound(begins_.begin(), end, static_cast<std::uint32_t>(place));
  if (found == end || *found != static_cast<std::uint32_t>(place)) return std::nullopt;
  return static_cast<std::uint32_t>(found - begins_.begin());
}

bool MouldMaker::place(int* at) {
  // The made-up text begins with a space, so that 0 is no place but a field that the grammar has not filled in.
  if (*at <= 0) return true;
  const auto token = token_at(*at);
  if (!token) return false;
  mould_.places_.push_back({at, *token});
  return true;
}

bool MouldMaker::constant(::A_Const& value) {
  const int location = value.location;
  if (!place(&value.location)) return false;
  if (value.isnull) return true;
  ::ValUnion& union_ = value.val;
  if (union_.node.type == T_String) return text(const_cast<const char**>(&union_.sval.sval));
  if (union_.node.type != T_Integer || location < 0) return true;
  // A number that is what its token says; one with a sign is not.
  const auto token = token_at(location);
  if (token && shape_.codes[*token] == Shape::whole_number &&
      shape_.values[*token] == static_cast<std::uint32_t>(union_.ival.ival)) {
    mould_.numbers_.push_back({&union_.ival.ival, *token});
    found_[*token] = true;
  }
  return true;
}

bool MouldMaker::field(void* at, Holds holds) {
  switch (holds) {
    case Holds::text:
      return text(static_cast<const char**>(at));
    case Holds::place:
      return place(static_cast<int*>(at));
    case Holds::node:
      return node(*static_cast<::Node**>(at));
    case Holds::nested:
      for (const Field& inner : fields_of(T_CreateStmt))
        if (!field(static_cast<char*>(at) + inner.offset, inner.holds)) return false;
      return true;
    case Holds::flag:
    case Holds::number:
      return true;
  }
  return true;
}

bool MouldMaker::node(::Node* node) {
  if (node == nullptr) return true;
  switch (node->type) {
    case T_List: {
      const auto& list = *reinterpret_cast<const ::List*>(node);
      for (int i = 0; i < list.length; ++i)
        if (!this->node(static_cast<::Node*>(list.elements[i].ptr_value))) return false;
      return true;
    }
    case T_String:
      return text(const_cast<const char**>(&reinterpret_cast<::String*>(node)->sval));
    case T_A_Const:
      return constant(*reinterpret_cast<::A_Const*>(node));
    case T_IntList:
    case T_OidList:
    case T_Integer:
    case T_Float:
    case T_Boolean:
    case T_BitString:
    case T_A_Star:
      return true;
    default: {
      const auto all = fields_of(static_cast<int>(node->type));
      for (const Field& held : all)
        if (!field(reinterpret_cast<char*>(node) + held.offset, held.holds)) return false;
      return !all.empty();
    }
  }
}

bool MouldMaker::make() {
  mould_.texts_.reserve(shape_.size);
  mould_.places_.reserve(shape_.size);
  const std::string sql = text_of_shape(shape_, made_up, begins_);
  const ::List* trees = nullptr;
  if (!raw_parse(mould_.context_, sql, trees, nullptr)) return false;
  const NodesView all = nodes(trees);
  if (all.size() != 1) return false;
  mould_.root_ = cast<::RawStmt>(all[0]).stmt;
  if (!node(const_cast<::Node*>(mould_.root_))) return false;
  for (std::uint32_t i = 0; i < shape_.size; ++i) {
    const std::uint16_t code = shape_.codes[i];
    if (found_[i]) continue;
    // A name that is nowhere in the tree has been understood.
    if (code == Shape::a_name || code == Shape::a_string) return false;
    if (code == Shape::whole_number) mould_.fixed_.push_back({i, shape_.values[i]});
  }
  mould_.codes_.assign(shape_.codes.begin(), shape_.codes.begin() + static_cast<std::ptrdiff_t>(shape_.size));
  return true;
}

std::unique_ptr<Mould> Mould::make(const Shape& shape) {
  constexpr std::size_t first_block_bytes = std::size_t{4} * 1024;
  std::unique_ptr<Mould> mould(new Mould(make_context(first_block_bytes)));
  if (!MouldMaker(shape, *mould).make()) return nullptr;
  return mould;
}

Mould::~Mould() { delete_context(context_); }

bool Mould::fits(const Shape& shape) const {
  return shape.size == codes_.size() &&
         std::memcmp(shape.codes.data(), codes_.data(), codes_.size() * sizeof(codes_[0])) == 0 &&
         std::ranges::all_of(fixed_, [&](const Fixed& fixed) { return shape.values[fixed.token] == fixed.value; });
}

const ::Node* Mould::pour(const Shape& shape) {
  for (const Text& text : texts_) *text.at = shape.text(text.token);
  for (const Number& place : places_) *place.at = static_cast<int>(shape.begins[place.token]);
  for (const Number& number : numbers_) *number.at = static_cast<int>(shape.values[number.token]);
  return root_;
}

Mould* Moulds::find(const Shape& shape) {
  Bucket& bucket = buckets_[shape.hash % buckets_.size()];
  const auto known = std::ranges::find(bucket.entries, shape.hash, &Entry::hash);
  if (known == bucket.entries.end()) {
    Entry& oldest = bucket.entries[bucket.next++ % bucket.entries.size()];
    if (oldest.mould == nullptr || !oldest.mould->in_use()) oldest = {shape.hash, false, nullptr};
    return nullptr;
  }
  if (!known->tried) {
    known->tried = true;
    known->mould = Mould::make(shape);
  }
  Mould* mould = known->mould.get();
  return mould != nullptr && !mould->in_use() && mould->fits(shape) ? mould : nullptr;
}

}  // namespace pglint::pg
