// The words of the lexical rules here are those of scan.l in PostgreSQL's sources: what it makes of a byte must follow
// from the shape alone. tests/pg/mould_test.cc compares trees that are poured into moulds with trees that are parsed.
#include "pg/shape.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "pg/bytes.h"
#include "pg/keywords.h"
#include "pg/scan.h"

namespace pglint::pg {
namespace {

using scan::Class;
using scan::npos;

constexpr std::size_t max_name = 63;   // NAMEDATALEN - 1: longer ones are cut off
constexpr std::size_t max_digits = 9;  // surely an int
// The one name that means something to the grammar, quoted or not.
constexpr std::string_view known_name = "public";
// Behind each text: bytes are copied and compared several at a time.
constexpr std::size_t slack = 2 * bytes::step;

class ShapeReader {
 public:
  ShapeReader(std::string_view text, Shape& out) : text_(text), out_(out) {}

  bool read();

 private:
  bool push(std::uint16_t code, std::size_t begin, std::uint32_t value = 0) {
    if (out_.size == Shape::max_tokens) return false;
    out_.codes[out_.size] = code;
    out_.begins[out_.size] = static_cast<std::uint32_t>(begin);
    out_.values[out_.size] = value;
    ++out_.size;
    return true;
  }
  // A byte that may make a token with those beside it.
  bool push_byte(std::size_t at) {
    const auto first = static_cast<std::uint16_t>(joined_ ? Shape::tight : Shape::loose);
    joined_ = true;
    return push(static_cast<std::uint16_t>(first + static_cast<unsigned char>(text_[at])), at);
  }
  [[nodiscard]] char at(std::size_t place) const { return place < text_.size() ? text_[place] : '\0'; }

  bool word();
  bool number();
  bool quoted(char quote, std::uint16_t code);
  bool dollar();

  std::string_view text_;
  Shape& out_;
  std::size_t at_ = 0;
  std::uint32_t texts_ = 0;  // how much of the texts is used
  bool joined_ = false;      // the byte before `at_` was one for push_byte()
};

bool ShapeReader::word() {
  char* const to = out_.texts.get() + texts_;
  const std::size_t size = bytes::lower_word(text_, at_, to);
  const std::size_t begin = at_;
  at_ += size;
  joined_ = false;
  if (size == 1) {
    // E'…', B'…', X'…', N'…', U&'…' and U&"…"
    const char next = at(at_);
    if (next == '\'' && std::strchr("ebxn", *to) != nullptr) return false;
    if (next == '&' && *to == 'u') return false;
  }
  const std::uint16_t number = keyword_number(to, size);
  if (number != no_keyword) return push(number, begin);
  if (std::string_view(to, size) == known_name) return push(Shape::public_name, begin);
  if (size > max_name) return false;
  to[size] = '\0';
  const std::uint32_t value = texts_;
  texts_ += static_cast<std::uint32_t>(size) + 1;
  return push(Shape::a_name, begin, value);
}

bool ShapeReader::number() {
  const std::size_t begin = at_;
  std::size_t end = begin;
  std::uint32_t value = 0;
  for (; end < text_.size() && scan::is_digit(text_[end]) && end - begin <= max_digits; ++end)
    value = 10 * value + static_cast<std::uint32_t>(text_[end] - '0');
  const bool after_point = begin > 0 && text_[begin - 1] == '.';
  if (!after_point && end - begin <= max_digits && at(end) != '.' &&
      !(end < text_.size() && scan::in_word(text_[end]))) {
    at_ = end;
    joined_ = false;
    return push(Shape::whole_number, begin, value);
  }
  // 1.5, 1e-5, 0x1F, 1_000, and what is none: every byte counts.
  while (at_ < text_.size() && (scan::in_word(text_[at_]) || text_[at_] == '.')) {
    const bool exponent =
        scan::lower(text_[at_]) == 'e' && (at(at_ + 1) == '+' || at(at_ + 1) == '-') && scan::is_digit(at(at_ + 2));
    if (!push_byte(at_++)) return false;
    if (exponent && !push_byte(at_++)) return false;
  }
  return true;
}

bool ShapeReader::quoted(char quote, std::uint16_t code) {
  // Two strings on two lines are one.
  if (code == Shape::a_string && out_.size > 0 && out_.codes[out_.size - 1] == Shape::a_string) return false;
  const std::size_t begin = at_;
  const std::uint32_t value = texts_;
  char* to = out_.texts.get() + texts_;
  for (std::size_t from = begin + 1;;) {
    const std::size_t end = scan::find(text_, quote, from);
    if (end == npos) return false;
    std::memcpy(to, text_.data() + from, end - from);
    to += end - from;
    from = end + 1;
    if (at(from) != quote) {
      at_ = from;
      break;
    }
    *to++ = quote;
    ++from;
  }
  *to++ = '\0';
  texts_ = static_cast<std::uint32_t>(to - out_.texts.get());
  const std::size_t size = texts_ - value - 1;
  if (code == Shape::a_name && (size == 0 || size > max_name)) return false;
  if (code == Shape::a_name && std::string_view(out_.texts.get() + value, size) == known_name)
    code = Shape::public_name;
  joined_ = false;
  return push(code, begin, value);
}

bool ShapeReader::dollar() {
  if (out_.size > 0 && out_.codes[out_.size - 1] == Shape::a_string) return false;
  const std::size_t delimiter = scan::dollar_delimiter(text_, at_);
  if (delimiter == 0) return false;  // a parameter, or nothing
  const std::size_t from = at_ + delimiter;
  const std::size_t end = scan::dollar_end(text_, from, text_.substr(at_, delimiter));
  if (end == npos) return false;
  const std::size_t size = end - delimiter - from;
  const std::size_t begin = at_;
  const std::uint32_t value = texts_;
  std::memcpy(out_.texts.get() + texts_, text_.data() + from, size);
  out_.texts[texts_ + size] = '\0';
  texts_ += static_cast<std::uint32_t>(size) + 1;
  at_ = end;
  joined_ = false;
  return push(Shape::a_string, begin, value);
}

bool ShapeReader::read() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    switch (scan::type_of(c)) {
      case Class::space:
      case Class::newline:
        ++at_;
        joined_ = false;
        break;
      case Class::word:
        if (!word()) return false;
        break;
      case Class::digit:
        if (!number()) return false;
        break;
      case Class::quote:
        if (!quoted(c, Shape::a_string)) return false;
        break;
      case Class::double_quote:
        if (!quoted(c, Shape::a_name)) return false;
        break;
      case Class::dollar:
        if (!dollar()) return false;
        break;
      case Class::dash:
        if (at(at_ + 1) == '-') {
          at_ = scan::line_end(text_, at_);
          joined_ = false;
        } else if (!push_byte(at_++)) {
          return false;
        }
        break;
      case Class::slash:
        if (at(at_ + 1) == '*') {
          const std::size_t end = scan::block_comment_end(text_, at_);
          if (end == npos) return false;
          at_ = end;
          joined_ = false;
        } else if (!push_byte(at_++)) {
          return false;
        }
        break;
      case Class::open:
      case Class::close:
      case Class::open_bracket:
      case Class::close_bracket:
      case Class::semicolon:
        joined_ = false;
        if (!push_byte(at_++)) return false;
        joined_ = false;
        break;
      case Class::colon:
      case Class::other:
        if (c == ',') joined_ = false;
        if (!push_byte(at_++)) return false;
        if (c == ',') joined_ = false;
        break;
      case Class::backslash:
        return false;
    }
  }
  return out_.size > 0;
}

std::uint64_t hash_of(const Shape& shape) {
  std::uint64_t hash = shape.size;
  for (std::size_t i = 0; i < shape.size; i += 4) {
    std::uint64_t four = 0;
    std::memcpy(&four, shape.codes.data() + i, sizeof(four));
    hash = (hash ^ four) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

bool read_shape(std::string_view statement, Shape& out) {
  out.size = 0;
  if (statement.size() > Shape::max_bytes) return false;
  // A text is no longer than what it stands for but for its NUL, and names may stand side by side.
  if (out.texts == nullptr) out.texts = std::make_unique<char[]>(2 * Shape::max_bytes + slack);
  if (!ShapeReader(statement, out).read()) return false;
  std::fill_n(out.codes.begin() + static_cast<std::ptrdiff_t>(out.size), 4, std::uint16_t{0});
  out.hash = hash_of(out);
  return true;
}

std::string text_of_shape(const Shape& shape, char mark, std::array<std::uint32_t, Shape::max_tokens>& begins) {
  std::string out;
  out.reserve(8 * shape.size);
  std::array<char, 12> digits;
  const auto append_number = [&](std::uint32_t number) {
    out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
  };
  for (std::size_t i = 0; i < shape.size; ++i) {
    const std::uint16_t code = shape.codes[i];
    if (code < Shape::tight) out += ' ';
    begins[i] = static_cast<std::uint32_t>(out.size());
    if (code == Shape::a_name || code == Shape::a_string) {
      const char quote = code == Shape::a_name ? '"' : '\'';
      out += quote;
      out += mark;
      append_number(static_cast<std::uint32_t>(i));
      out += quote;
    } else if (code == Shape::whole_number) {
      append_number(shape.values[i]);
    } else if (code == Shape::public_name) {
      out += known_name;
    } else if (code >= Shape::loose) {
      out += static_cast<char>(code - (code < Shape::tight ? Shape::loose : Shape::tight));
    } else {
      out += keyword(code);
    }
  }
  return out;
}

}  // namespace pglint::pg
