// Plans as files: what is written is read back, what is wrong is named with its line.
#include "plan/form/file.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <random>

#include "base/sha256.h"
#include "plan/form/tree.h"
#include "support/golden.h"

using namespace pglint;
using namespace pglint::plan;

namespace {

std::string example() { return test::read_file(std::string(PGLINT_TESTDATA) + "/plans/rename.yml"); }

Plan rename_plan() {
  const Result<Plan> read_back = from_yaml(example());
  REQUIRE_MESSAGE(read_back, (read_back ? "" : read_back.error().message));
  return *read_back;
}

// The smallest plan, with something in the place of its phases.
std::string with_phases(const std::string& phases) {
  return "pglint_plan: 1\nid: a\nrunner: plain\npostgres: 15\nphases:\n" + phases;
}

std::string error(const std::string& yaml) {
  const Result<Plan> result = from_yaml(yaml);
  REQUIRE_FALSE(result);
  return result.error().message;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Tree text(const std::string& value) { return {.kind = Tree::Kind::text, .text = value}; }

}  // namespace

TEST_CASE("the example is written as it stands in its file") {
  test::check_golden("plans/rename.yml", to_yaml(rename_plan()));
}

TEST_CASE("a plan says all that it has, and nothing is lost on the way") {
  const Plan before = rename_plan();
  REQUIRE(before.stages.size() > 3);
  CHECK(before.id == "0007_rename_email");
  CHECK(before.assumes.at(0).columns.at(0).second == "character varying(26), not null, no default");
  CHECK(before.stages.at(0).phase == Phase::expand);
  CHECK(before.stages.at(0).steps.at(0).own_transaction);
  CHECK(before.stages.at(0).steps.at(0).locks.at(0).mode == LockMode::access_exclusive);
  const Result<Plan> after = from_yaml(to_yaml(before));
  REQUIRE(after);
  CHECK(to_yaml(*after) == to_yaml(before));
  CHECK(hash(*after) == hash(before));
}

TEST_CASE("the hash is over everything but what may change while a plan is running") {
  const Plan before = rename_plan();
  const std::string same = hash(before);
  CHECK(is_sha256(same));

  SUBCASE("why, batch, pause_ms and files may change") {
    Plan after = before;
    for (Stage& stage : after.stages) {
      if (stage.gate) stage.gate->why = "another reason";
      stage.files = {{.path = "0007.sql", .sha256 = sha256("x")}};
      for (Step& step : stage.steps) {
        if (!step.backfill) continue;
        step.backfill->batch = 7;
        step.backfill->pause_ms = 7;
      }
    }
    REQUIRE(to_yaml(after) != to_yaml(before));
    CHECK(hash(after) == same);
  }
  SUBCASE("anything else may not") {
    std::vector<Plan> others(9, before);
    others[0].id = "other";
    others[1].stages.at(0).steps.at(0).sql.at(0) += " ";
    others[2].stages.at(0).steps.at(0).done_when += " ";
    others[3].sources.at(0).text += "\n";
    others[4].postgres = 16;
    others[5].assumes.at(0).columns.at(0).second = "text";
    others[6].checks.clear();
    others[7].stages.pop_back();
    std::swap(others[8].stages.at(0), others[8].stages.at(1));
    for (const Plan& other : others) CHECK(hash(other) != same);
  }
  SUBCASE("a column that is called batch is no batch size") {
    Plan one = before;
    Plan other = before;
    for (Plan* changed : {&one, &other})
      for (Stage& stage : changed->stages)
        for (Step& step : stage.steps)
          if (step.backfill) step.backfill->set = {{"batch", changed == &one ? "1" : "2"}};
    CHECK(hash(one) != hash(other));
  }
}

TEST_CASE("the names of a backfill's tables come back, and count") {
  const auto read = [](const char* alias, const char* from) {
    auto plan = from_yaml(with_phases(fmt::format(
        "  - phase: backfill\n    steps:\n      - {{id: s, kind: backfill, table: t, alias: {}, from: {}, key: "
        "{{index: i, columns: [{{name: id, type: int}}]}}, set: {{a: o.a}}}}\n",
        alias, from)));
    REQUIRE(plan);
    return *plan;
  };
  const Plan one = read("\"The T\"", "public.o AS o");
  CHECK(one.stages.at(0).steps.at(0).backfill->alias == "The T");
  CHECK(one.stages.at(0).steps.at(0).backfill->from == "public.o AS o");
  const Result<Plan> again = from_yaml(to_yaml(one));
  REQUIRE(again);
  CHECK(to_yaml(*again) == to_yaml(one));
  CHECK(hash(one) != hash(read("u", "public.o AS o")));
  CHECK(hash(one) != hash(read("\"The T\"", "public.p AS o")));
}

TEST_CASE("the hash is that of every pglint of this form of plans") {
  // If this changes, every running plan is refused: then the form needs a new number.
  const Result<Plan> small = from_yaml(with_phases(
      "  - phase: expand\n    steps:\n      - {id: s, kind: sql, transaction: own, class: A, sql: [SELECT 1]}\n"
      "  - {gate: deploy, id: g, release: r, why: w}\n"));
  REQUIRE(small);
  CHECK(hash(*small) == "d8127532e5edc2c644cc993b58013bc5e72fe467979b51a076ad2f100c148eb5");
}

TEST_CASE("errors name the line") {
  CHECK(error("") == "is empty");
  CHECK(contains(error("pglint_plan: 2\n"), "line 1: the form of this plan is 2"));
  CHECK(contains(error("pglint_plan: 1\nid: a\nrunner: x\npostgres: 15\nphase: []\n"),
                 "line 5: a plan has no key phase: did you mean \"phases\"?"));
  CHECK(contains(error("pglint_plan: 1\nid: a\nid: b\n"), "line 3: the key id stands here twice"));
  CHECK(contains(error("pglint_plan: 1\nid: ../a\n"), "line 2: the id of a plan is a file's name"));
  CHECK(contains(error("pglint_plan: 1\nid: a\nrunner: x\npostgres: eleven\n"), "line 4: postgres has to be a number"));
  CHECK(contains(error("pglint_plan: 1\nid: [a\n"), "line 3"));
  CHECK(contains(error(with_phases("  - {phase: expnd}\n")), "line 6: phase is expnd: it has to be one of expand"));
  CHECK(contains(error(with_phases("  - {gate: deploy, id: g}\n")), "line 6: a gate has no release"));
  CHECK(contains(error(with_phases("  - {gate: hope, id: g, release: r}\n")), "line 6: gate is deploy"));
  CHECK(contains(
      error(with_phases("  - phase: expand\n    steps:\n      - {id: s, kind: sql, transaction: own, class: A, "
                        "sql: []}\n")),
      "line 8: the step s has no sql"));
  CHECK(contains(
      error(with_phases("  - phase: expand\n    steps:\n      - {id: s, kind: sql, transaction: none, class: B,"
                        " sql: [a, b]}\n")),
      "line 8: the step s has more than one statement"));
  CHECK(contains(
      error(with_phases("  - phase: expand\n    steps:\n      - {id: s, kind: backfill, table: t, key: {index: "
                        "i, columns: [{name: id, type: int}]}}\n")),
      "where is missing"));
  CHECK(contains(
      error(with_phases("  - phase: expand\n    steps:\n      - {id: s, kind: backfill, table: t, key: {index: "
                        "i, columns: [{name: id, type: int}]}, set: {a: o.a}, from: o}\n")),
      "a backfill with from has an alias"));
  CHECK(contains(error(with_phases("  - {gate: deploy, id: g, release: r}\n  - {gate: deploy, id: g, release: r}\n")),
                 "line 7: the id g stands here twice"));
  CHECK(contains(error("pglint_plan: 1\nid: a\nrunner: x\npostgres: 15\nchecks:\n  - {id: c, before: s, sql: SELECT 1, "
                       "says: x}\n"),
                 "line 6: there is no step s"));
  CHECK(contains(error("pglint_plan: 1\nid: a\nsources:\n  - {path: p, sha256: ABC, text: t}\n"),
                 "line 4: sha256 has to be 64"));
}

TEST_CASE("a text that would grow without end is refused at once") {
  const auto started = std::chrono::steady_clock::now();
  const auto repeat = [](std::string_view part, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += part;
    return all;
  };
  std::string laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'z'; ++c)
    laughs += fmt::format("{0}: &{0} [*{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}]\n", c, static_cast<char>(c - 1));
  CHECK(contains(error(laughs), "an alias"));
  CHECK(contains(error("a: &a {b: c}\nd: {<<: *a}\n"), "a merge key"));
  for (const std::string_view part : {"[", "{", "{a: ", "- ", "? ", "[,", "a: ", "!a ", "&a ", "- - "})
    CHECK_FALSE(from_yaml(repeat(part, 200'000)));
  std::string stairs;
  for (std::size_t i = 0; i < 1000; ++i) stairs += std::string(i, ' ') + "a:\n";
  CHECK(contains(error(stairs), "more than 16 deep"));
  CHECK(contains(error(std::string((std::size_t{16} << 20U) + 1, 'x')), "larger than 16 MB"));
  CHECK(contains(error("id: \xff\n"), "line 1: is not UTF-8"));
  // Not a measurement: the bound is that of a hang.
  CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds(60));
}

TEST_CASE("any text comes back as it was") {
  std::mt19937 random(20240229);  // NOLINT(bugprone-random-generator-seed): the same texts every time
  const std::vector<std::string> parts = {"a",      " ",    "\n",  "\t", "\r", ":",    "#",    "- ",    "'",
                                          "\"",     "\\",   "é",   "%",  "~",  "0",    "\x01", "…",     "|",
                                          ">",      "&",    "*",   "!",  "[",  "{",    "\0",   "\xff",  "💡",
                                          "\u2028", "\x7f", "---", "..", "@",  "null", "true", "\ufeff"};
  for (int round = 0; round < 20'000; ++round) {
    std::string value;
    for (auto n = random() % 12; n > 0; --n) {
      const std::string& part = parts[random() % parts.size()];
      value += part.empty() ? std::string(1, '\0') : part;
    }
    Tree list{.kind = Tree::Kind::list, .flow = round % 2 == 0};
    list.list.push_back(text(value));
    Tree map{.kind = Tree::Kind::map};
    map.map.emplace_back("one", text(value));
    map.map.emplace_back(value == "<<" ? "two" : "k" + value, std::move(list));
    map.map.emplace_back("three", text(value));
    const std::string yaml = write_yaml(map);
    const Result<Tree> back = read_yaml(yaml);
    REQUIRE_MESSAGE(back, yaml << (back ? "" : back.error().message));
    // A key cannot be binary: no key of a plan is.
    CHECK_MESSAGE(back->map.at(0).second.text == value, yaml);
    CHECK_MESSAGE(back->map.at(1).second.list.at(0).text == value, yaml);
    CHECK_MESSAGE(back->map.at(2).second.text == value, yaml);
  }
}
