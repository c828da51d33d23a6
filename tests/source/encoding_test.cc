#include "source/encoding.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace pglint;

namespace {

std::string said(std::string_view text) {
  const auto failure = source::encoding_failure(text);
  return failure ? std::to_string(failure->offset) + ": " + failure->message : "";
}

}  // namespace

TEST_CASE("UTF-8 is text, with a byte order mark or without") {
  CHECK(said("").empty());
  CHECK(said("SELECT 1;\r\n").empty());
  CHECK(said("\xEF\xBB\xBFSELECT '\xC3\xA9\xF0\x9F\x90\x98';").empty());
}

TEST_CASE("invalid UTF-8 is said with the byte where it starts") {
  CHECK(said("SELECT 'caf\xE9';") == "11: is not valid UTF-8 at byte 11: save it as UTF-8");
  CHECK(said("\xC3") == "0: is not valid UTF-8 at byte 0: save it as UTF-8");
  CHECK(said("\xC0\xAF").starts_with("0:"));
  CHECK(said("12345678\xED\xA0\x80").starts_with("8:"));
}

TEST_CASE("UTF-16 and binary files are named as what they are") {
  CHECK(said(std::string_view("\xFF\xFES\0E\0", 6)) == "0: is UTF-16 text: save it as UTF-8");
  CHECK(said(std::string_view("\xFE\xFF\0S\0E", 6)) == "0: is UTF-16 text: save it as UTF-8");
  CHECK(said(std::string_view("S\0E\0", 4)) == "1: has a NUL at byte 1, so it is not SQL text: save it as UTF-8");
}
