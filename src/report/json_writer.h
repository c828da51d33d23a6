// Writes JSON into one string. Commas are put where they belong; the caller keeps the brackets balanced.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pglint::report {

// A JSON string. What is not UTF-8 becomes U+FFFD. What a terminal would act on is escaped even where JSON does not
// ask for it: people print JSON to terminals.
void append_json_string(std::string& out, std::string_view text);

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  // `name` is our own: no escaping.
  JsonWriter& key(std::string_view name) {
    comma();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    comma_ = false;
    return *this;
  }
  // A name of somebody else's.
  JsonWriter& any_key(std::string_view name) {
    comma();
    append_json_string(out_, name);
    out_ += ':';
    comma_ = false;
    return *this;
  }
  JsonWriter& string(std::string_view text) {
    comma();
    append_json_string(out_, text);
    return *this;
  }
  JsonWriter& number(std::uint64_t value);
  JsonWriter& boolean(bool value) { return literal(value ? "true" : "false"); }
  JsonWriter& null() { return literal("null"); }
  // A line break before the next value: one element of a long array on a line.
  JsonWriter& line() {
    comma();
    out_ += '\n';
    comma_ = false;
    return *this;
  }

 private:
  JsonWriter& literal(std::string_view text) {
    comma();
    out_ += text;
    return *this;
  }
  JsonWriter& open(char bracket) {
    comma();
    out_ += bracket;
    comma_ = false;
    return *this;
  }
  JsonWriter& close(char bracket) {
    out_ += bracket;
    comma_ = true;
    return *this;
  }
  // Before a value: a comma if one stands before it in the same brackets.
  void comma() {
    if (comma_) out_ += ',';
    comma_ = true;
  }

  std::string& out_;
  bool comma_ = false;
};

}  // namespace pglint::report
