#include "base/process.h"

#include <doctest/doctest.h>

#include <string>

using namespace pglint;

TEST_CASE("a program's output, errors and exit code are handed back") {
  const auto finished = run({"sh", "-c", "printf out; printf err >&2; exit 3"});
  REQUIRE(finished.has_value());
  CHECK(finished->out == "out");
  CHECK(finished->err == "err");
  CHECK(finished->status == 3);
}

TEST_CASE("arguments reach a program as they are") {
  const auto finished = run({"printf", "%s|", "a b", "$(echo no)", "it's", "*", ""});
  REQUIRE(finished.has_value());
  CHECK(finished->out == "a b|$(echo no)|it's|*||");
}

TEST_CASE("a program has nothing on its standard input") {
  const auto finished = run({"cat"});
  REQUIRE(finished.has_value());
  CHECK(finished->out.empty());
  CHECK(finished->status == 0);
}

TEST_CASE("a program inherits the environment, with changes") {
  const auto finished = run({"sh", "-c", "printf %s \"$PGLINT_TEST_WORD:$PATH\""}, {{"PGLINT_TEST_WORD", "here"}});
  REQUIRE(finished.has_value());
  CHECK(finished->out.starts_with("here:/"));
}

TEST_CASE("a program that is not installed is an error that names it") {
  const auto finished = run({"no-such-program-of-pglint"});
  REQUIRE(!finished.has_value());
  CHECK(finished.error().message == "the program no-such-program-of-pglint is not installed");
}

TEST_CASE("much output on both streams is read without a standstill") {
  const auto finished = run({"sh", "-c", "head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2"});
  REQUIRE(finished.has_value());
  CHECK(finished->out.size() == 1000000);
  CHECK(finished->err.size() == 1000000);
}

TEST_CASE("output without end is stopped") {
  const auto finished = run({"cat", "/dev/zero"}, {}, 1000000);
  CHECK(!finished.has_value());
}

TEST_CASE("a conversation goes back and forth until one end is gone") {
  auto talk = Conversation::start({"cat"});
  REQUIRE(talk.has_value());
  std::string answer;
  REQUIRE(talk->send("one\ntwo"));
  REQUIRE(talk->read_line(answer));
  CHECK(answer == "one");
  REQUIRE(talk->read_bytes(3, answer));
  CHECK(answer == "two");

  auto gone = Conversation::start({"true"});
  REQUIRE(gone.has_value());
  CHECK(!gone->read_line(answer));
  // Whether the first word still finds a buffer or not: it must not end us with a signal.
  for (int i = 0; i < 3; ++i) {
    const bool sent = gone->send("anybody there?\n");
    if (!sent) break;
  }
  CHECK(!gone->read_bytes(1, answer));
}
