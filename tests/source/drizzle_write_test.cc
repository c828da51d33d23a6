// What is written for Drizzle: the text of migrations, the journal, the chain of snapshots.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "source/overlay.h"
#include "source/read.h"
#include "source/write.h"

using namespace pglint;
using source::FileOrder;
using source::NewMigration;
using source::OrmState;
using source::Place;
using source::WriteRequest;
using source::Written;
using test::Lines;

namespace {

constexpr std::int64_t now = 1795400000000;  // 2026-11-23 02:13:20 UTC
const std::string zero = "00000000-0000-0000-0000-000000000000";

std::string id(int number) { return fmt::format("aaaaaaaa-0000-4000-8000-{:012}", number); }

std::string snapshot(int number, const std::string& table) {
  return fmt::format(
      "{{\n  \"id\": \"{}\",\n  \"prevId\": \"{}\",\n  \"version\": \"7\",\n  \"tables\": {{\"{}\": {{\"id\": "
      "1}}}}\n}}",
      id(number), number == 0 ? zero : id(number - 1), table);
}

std::string entry(std::size_t idx, const std::string& tag, std::int64_t when) {
  return fmt::format(
      "    {{\n      \"idx\": {},\n      \"version\": \"7\",\n      \"when\": {},\n      \"tag\": \"{}\",\n"
      "      \"breakpoints\": true\n    }}",
      idx, when, tag);
}

std::string journal(const Lines& tags) {
  std::string text = "{\n  \"version\": \"7\",\n  \"dialect\": \"postgresql\",\n  \"entries\": [";
  for (std::size_t i = 0; i < tags.size(); ++i) {
    text += (i == 0 ? "\n" : ",\n") + entry(i, tags[i], 1795374842666 + static_cast<std::int64_t>(i) * 5000);
  }
  return text + (tags.empty() ? "]\n}" : "\n  ]\n}");
}

// The snapshots of index mode are "t0", "t1", …
source::FakeFiles folder(const Lines& tags) {
  std::map<std::string, std::string> files = {{"drizzle/meta/_journal.json", journal(tags)}};
  for (std::size_t i = 0; i < tags.size(); ++i) {
    files["drizzle/" + tags[i] + ".sql"] = "SELECT 1;";
    files["drizzle/meta/" + tags[i].substr(0, tags[i].find('_')) + "_snapshot.json"] =
        snapshot(static_cast<int>(i), fmt::format("t{}", i));
  }
  return source::FakeFiles(std::move(files));
}

source::FakeFiles v1_folder(const Lines& names) {
  std::map<std::string, std::string> files;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const int number = static_cast<int>(i);
    files["drizzle/" + names[i] + "/migration.sql"] = "SELECT 1;";
    files["drizzle/" + names[i] + "/snapshot.json"] = fmt::format(
        "{{\n  \"version\": \"8\",\n  \"dialect\": \"postgres\",\n  \"id\": \"{}\",\n  \"prevIds\": [\n    \"{}\"\n  "
        "],\n"
        "  \"ddl\": [{{\"name\": \"t{}\"}}],\n  \"renames\": []\n}}",
        id(number), number == 0 ? zero : id(number - 1), number);
  }
  return source::FakeFiles(std::move(files));
}

source::Project project(const source::Files& files) {
  auto sources = test::read({"drizzle"}, files);
  REQUIRE(sources.projects.size() == 1);
  return std::move(sources.projects[0]);
}

Result<Written> try_write(const source::Files& files, const WriteRequest& request) {
  const source::Writer* const writer = source::find_writer("drizzle");
  REQUIRE(writer != nullptr);
  return writer->write(project(files), files, request);
}

Written write(const source::Files& files, const WriteRequest& request) {
  auto written = try_write(files, request);
  if (!written) FAIL(one_line(written.error()));
  return std::move(*written);
}

std::string refusal(const source::Files& files, const WriteRequest& request) {
  const auto written = try_write(files, request);
  REQUIRE(!written.has_value());
  CHECK(written.error().message.find('\n') == std::string::npos);
  CHECK(!written.error().hint.empty());
  return one_line(written.error());
}

const source::FileChange* find(const Written& written, const std::string& path) {
  const auto found = std::find_if(written.changes.begin(), written.changes.end(),
                                  [&](const source::FileChange& change) { return change.path == path; });
  return found == written.changes.end() ? nullptr : &*found;
}

std::string text(const Written& written, const std::string& path) {
  const source::FileChange* const change = find(written, path);
  REQUIRE_MESSAGE(change != nullptr, path);
  return change->text;
}

Lines paths(const Written& written) {
  Lines list;
  for (const source::FileChange& change : written.changes) list.push_back((change.create ? "+" : "") + change.path);
  return list;
}

NewMigration replace(std::size_t which, std::vector<source::Text> texts, std::string comment = {}) {
  return {.replaces = which, .name = {}, .comment = std::move(comment), .texts = std::move(texts)};
}

NewMigration add(std::string name, std::vector<source::Text> texts, std::string comment = {}) {
  return {.replaces = std::nullopt, .name = std::move(name), .comment = std::move(comment), .texts = std::move(texts)};
}

source::Text one(std::string sql, Place place = Place::runner_transaction, std::uint32_t group = 0) {
  return {.place = place, .sql = std::move(sql), .comment = {}, .group = group};
}

WriteRequest request(std::vector<NewMigration> migrations, OrmState orm = OrmState::previous) {
  return {.migrations = std::move(migrations), .orm = orm, .end_state_snapshot = {}, .now_ms = now};
}

std::string text_of(NewMigration migration) {
  const auto files = folder({"0000_init", "0001_a"});
  return text(write(files, request({std::move(migration)})), "drizzle/0001_a.sql");
}

// Applies the changes, as the disk would have them.
void apply(source::FakeFiles& files, const Written& written) {
  for (const source::FileChange& change : written.changes) files.files[change.path] = change.text;
}

nlohmann::json json(const source::FakeFiles& files, const std::string& path) {
  return nlohmann::json::parse(files.files.at(path));
}

// id ← prevId of each, and the name of the one table.
Lines chain(const source::FakeFiles& files, const Lines& tags) {
  Lines list;
  std::string previous = zero;
  for (const std::string& tag : tags) {
    const auto one = json(files, "drizzle/meta/" + tag.substr(0, tag.find('_')) + "_snapshot.json");
    CHECK(one["prevId"] == previous);
    previous = one["id"];
    list.push_back(one["tables"].begin().key());
  }
  return list;
}

}  // namespace

TEST_CASE("statements in drizzle's transaction stand between markers, their comments above them") {
  CHECK(text_of(replace(1,
                        {{.place = Place::runner_transaction, .sql = " SELECT 1\n", .comment = "first\nand more"},
                         one("SELECT '--'"),
                         one("SELECT 2 -- two")},
                        "Phase 1\n\nof 3\r\nx\ry")) ==
        "-- Phase 1\n--\n-- of 3\n-- x\n-- y\n"
        "-- first\n-- and more\nSELECT 1;--> statement-breakpoint\n"
        "SELECT '--'\n;--> statement-breakpoint\n"
        "SELECT 2 -- two\n;\n");
}

TEST_CASE("statements outside of drizzle's transaction stand between COMMIT and BEGIN") {
  const std::string next = ";--> statement-breakpoint\n";
  CHECK(
      text_of(replace(1,
                      {one("CREATE INDEX CONCURRENTLY i ON t (a)", Place::outside), one("A", Place::own_transaction, 1),
                       one("B", Place::own_transaction, 1), one("C", Place::own_transaction, 2),
                       one("D", Place::outside), one("E", Place::own_transaction, 2)},
                      "Phase 2")) == "-- Phase 2\nCOMMIT" + next + "CREATE INDEX CONCURRENTLY i ON t (a)" + next +
                                         "BEGIN" + next + "A" + next + "B" + next + "COMMIT" + next + "BEGIN" + next +
                                         "C" + next + "COMMIT" + next + "D" + next + "BEGIN" + next + "E" + next +
                                         "COMMIT" + next + "BEGIN;\n");
}

TEST_CASE("a migration may be a comment alone") {
  CHECK(text_of(replace(1, {}, "Nothing is left.")) == "-- Nothing is left.\n");
}

TEST_CASE("what cannot be a file of drizzle is refused") {
  const auto files = folder({"0000_init", "0001_a"});
  const auto refused = [&](NewMigration migration) { return refusal(files, request({std::move(migration)})); };
  const std::string marker = "--> statement-breakpoint";
  CHECK(refused(replace(1, {one("SELECT '" + marker + "'")}))
            .starts_with("drizzle/0001_a.sql: \"" + marker + "\" stands inside a statement"));
  CHECK(refused(replace(1, {{.place = Place::outside, .sql = "SELECT 1", .comment = "see " + marker}}))
            .find("inside a statement or its comment") != std::string::npos);
  CHECK(refused(replace(1, {}, marker)).find("stands in its comment") != std::string::npos);
  CHECK(refused(replace(1, {one("A"), one("B", Place::outside)})).find("inside drizzle's transaction and outside") !=
        std::string::npos);
  CHECK(refused(replace(1, {one("A", Place::own_transaction), one("B")}))
            .find("inside drizzle's transaction and outside") != std::string::npos);
  CHECK(refused(replace(1, {one(" \n")})).find("is empty") != std::string::npos);
  CHECK(refused(replace(1, {})).find("neither statements nor a comment") != std::string::npos);
  CHECK(refused(replace(7, {}, "x")).find("not in the project's order") != std::string::npos);
  for (const std::string name : {"", "../x", "a b", "a\nb"}) {
    CHECK(refused(add(name, {}, "x")).find("cannot be the name of a migration") != std::string::npos);
  }
  CHECK(refusal(files, request({replace(1, {}, "x"), replace(0, {}, "x")})).find("order") != std::string::npos);
  CHECK(refusal(files, request({add("n", {}, "x"), replace(1, {}, "x")})).find("order") != std::string::npos);
}

TEST_CASE("new entries of the journal are like their neighbours, and all else stays byte for byte") {
  const auto files = folder({"0000_init", "0001_a"});
  const Written written =
      write(files, request({replace(1, {one("A")}), add("a_validate", {one("B")}), add("gate", {}, "x")}));
  CHECK(paths(written) == Lines{"+drizzle/0002_a_validate.sql", "+drizzle/0003_gate.sql",
                                "drizzle/meta/0001_snapshot.json", "+drizzle/meta/0002_snapshot.json",
                                "+drizzle/meta/0003_snapshot.json", "drizzle/0001_a.sql",
                                "drizzle/meta/_journal.json"});
  CHECK(std::is_sorted(written.changes.begin(), written.changes.end(),
                       [](const auto& a, const auto& b) { return a.order < b.order; }));
  CHECK(written.paths == Lines{"drizzle/0001_a.sql", "drizzle/0002_a_validate.sql", "drizzle/0003_gate.sql"});
  const std::string before = files.files.at("drizzle/meta/_journal.json");
  const std::string after = text(written, "drizzle/meta/_journal.json");
  CHECK(after == before.substr(0, before.rfind("\n  ]")) + ",\n" + entry(2, "0002_a_validate", now) + ",\n" +
                     entry(3, "0003_gate", now + 1000) + "\n  ]\n}");
  CHECK(nlohmann::ordered_json::parse(after).dump(2) == after);
}

TEST_CASE("a journal written in another way keeps its way") {
  auto files = folder({"0000_init"});
  const auto after = [&](const std::string& before) {
    files.files["drizzle/meta/_journal.json"] = before;
    return text(write(files, request({add("b", {}, "x")})), "drizzle/meta/_journal.json");
  };
  CHECK(
      after(R"({"entries":[{"tag":"0000_init","idx":0,"when":7,"x":[{"tag":"}"}]}],"version":"7"})") ==
      R"({"entries":[{"tag":"0000_init","idx":0,"when":7,"x":[{"tag":"}"}]},{"tag":"0001_b","idx":1,"when":1795400000000,"x":[{"tag":"}"}]}],"version":"7"})");
  CHECK(after("{\r\n\t\"entries\": [\r\n\t\t{\"idx\": 0, \"when\": 1795500000000, \"tag\": "
              "\"0000_\\u0069nit\"}\r\n\t]\r\n}\r\n") ==
        "{\r\n\t\"entries\": [\r\n\t\t{\"idx\": 0, \"when\": 1795500000000, \"tag\": \"0000_\\u0069nit\"},\r\n"
        "\t\t{\"idx\": 1, \"when\": 1795500001000, \"tag\": \"0001_b\"}\r\n\t]\r\n}\r\n");
}

TEST_CASE("new prefixes follow the journal's own") {
  const auto added = [](const Lines& tags) {
    auto files = folder(tags);
    const Written written = write(files, request({add("b", {}, "x"), add("c", {}, "x")}));
    return written.paths[0].substr(8) + ' ' + written.paths[1].substr(8);
  };
  CHECK(added({"0000_init", "0009_x"}) == "0010_b.sql 0011_c.sql");
  CHECK(added({"20261122211545_init"}) == "20261123021320_b.sql 20261123021321_c.sql");
  CHECK(added({"20300101235959_init"}) == "20300102000000_b.sql 20300102000001_c.sql");
  CHECK(added({"1795381907_init"}) == "1795400000_b.sql 1795400001_c.sql");
  CHECK(added({"1895381907_init"}) == "1895381908_b.sql 1895381909_c.sql");
  CHECK(added({"_init"}) == "_b.sql _c.sql");
  auto by_hand = folder({"0000_init", "byhand"});
  by_hand.files.erase("drizzle/meta/byhand_snapshot.json");
  CHECK(write(by_hand, request({add("b", {}, "x")})).paths == Lines{"drizzle/0002_b.sql"});
}

TEST_CASE("a broken journal is an error that says what to do") {
  const auto with = [](const std::string& broken) {
    auto files = folder({"0000_init"});
    source::Project read = project(files);
    files.files["drizzle/meta/_journal.json"] = broken;
    const auto written = source::find_writer("drizzle")->write(read, files, request({add("b", {}, "x")}));
    REQUIRE(!written.has_value());
    return one_line(written.error());
  };
  const std::string path = "drizzle/meta/_journal.json";
  CHECK(with("") == path + " is not valid JSON: restore it from version control");
  CHECK(with("{\"entries\": [}") == path + " is not valid JSON: restore it from version control");
  CHECK(with("\xEF\xBB\xBF{\"entries\": []}") == path + " is not valid JSON: restore it from version control");
  CHECK(with(std::string(1000000, '[')) == path + " is not valid JSON: restore it from version control");
  CHECK(with("[]") == path + " has no list of \"entries\": restore it from version control");
  CHECK(with("{\"entries\": {}}") == path + " has no list of \"entries\": restore it from version control");
  CHECK(with("{\n<<<<<<< HEAD\n}") == path + " has merge conflict markers: resolve them");
  for (const std::string entry :
       {R"({})", R"(7)", R"({"tag": "0000_a", "idx": 0})", R"({"tag": "0000_a", "when": 1})",
        R"({"tag": "../a", "idx": 0, "when": 1})", R"({"tag": "a", "idx": 0, "when": 1e300})",
        R"({"tag": "a", "idx": 0, "when": 9223372036854775807})", R"({"tag": "a", "idx": -1, "when": 1})"}) {
    CHECK(with("{\"entries\": [" + entry + "]}") ==
          path +
              ": entry 0 has no \"idx\", \"when\" and \"tag\" that drizzle-kit could have written: restore it from "
              "version control");
  }
  CHECK(with(R"({"entries": [{"tag": "a", "idx": 0, "when": 1}, {"tag": "a", "idx": 1, "when": 2}]})") ==
        path + " names a twice: remove the second entry");
}

TEST_CASE("while the schema is the previous one, all snapshots from the first replaced migration on say so") {
  auto files = folder({"0000_init", "0001_a", "0002_b", "0003_c"});
  const auto asked = request({replace(1, {one("A")}), replace(3, {one("C")}), add("d", {one("D")})});
  const Written written = write(files, asked);
  apply(files, written);
  CHECK(chain(files, {"0000", "0001", "0002", "0003", "0004"}) == Lines{"t0", "t0", "t0", "t0", "t0"});
  const std::string copy = text(written, "drizzle/meta/0004_snapshot.json");
  // Nothing but the two values differs.
  std::string expected = snapshot(0, "t0");
  expected.replace(expected.find(id(0)), 36, json(files, "drizzle/meta/0004_snapshot.json")["id"].get<std::string>());
  expected.replace(expected.find(zero), 36,
                   json(files, "drizzle/meta/0004_snapshot.json")["prevId"].get<std::string>());
  CHECK(copy == expected);
  const std::string uuid = json(files, "drizzle/meta/0004_snapshot.json")["id"];
  REQUIRE(uuid.size() == 36);
  CHECK(uuid[14] == '4');
  CHECK(std::string("89ab").find(uuid[19]) != std::string::npos);
}

TEST_CASE("before the first migration the schema is empty") {
  auto files = folder({"0000_init", "0001_a"});
  apply(files, write(files, request({replace(0, {one("A")}), add("b", {one("B")})})));
  for (const std::string number : {"0000", "0001", "0002"}) {
    const auto one = json(files, "drizzle/meta/" + number + "_snapshot.json");
    CHECK(one["tables"].empty());
    CHECK(one["dialect"] == "postgresql");
  }
  CHECK(json(files, "drizzle/meta/0000_snapshot.json")["prevId"] == zero);
  CHECK(json(files, "drizzle/meta/0002_snapshot.json")["prevId"] ==
        json(files, "drizzle/meta/0001_snapshot.json")["id"]);
}

TEST_CASE("at the end state only the last of the new ones says so, where its snapshot is given") {
  auto files = folder({"0000_init", "0001_a"});
  auto asked = request({add("b", {}, "x"), add("c", {}, "x")}, OrmState::end_state);
  asked.end_state_snapshot = snapshot(77, "end");
  apply(files, write(files, asked));
  CHECK(chain(files, {"0000", "0001", "0002", "0003"}) == Lines{"t0", "t1", "t1", "end"});
  CHECK(json(files, "drizzle/meta/0003_snapshot.json")["id"] != id(77));

  auto right = folder({"0000_init", "0001_a"});
  apply(right, write(right, request({replace(1, {one("A")}), add("b", {}, "x")}, OrmState::end_state)));
  CHECK(chain(right, {"0000", "0001", "0002"}) == Lines{"t0", "t1", "t1"});
  CHECK(json(right, "drizzle/meta/0001_snapshot.json")["id"] == id(1));

  auto none_new = folder({"0000_init", "0001_a"});
  auto replaced = request({replace(1, {one("A")})}, OrmState::end_state);
  replaced.end_state_snapshot = snapshot(77, "end");
  apply(none_new, write(none_new, replaced));
  CHECK(chain(none_new, {"0000", "0001"}) == Lines{"t0", "end"});
}

TEST_CASE("snapshots that are not there") {
  const auto asked = request({replace(2, {one("A")}), add("d", {}, "x")});
  auto files = folder({"0000_init", "0001_a", "0002_b"});
  files.files.erase("drizzle/meta/0001_snapshot.json");
  const Written older = write(files, asked);
  CHECK(older.notices ==
        Lines{"drizzle/meta/0001_snapshot.json is not there: took drizzle/meta/0000_snapshot.json as the "
              "schema before 0002_b"});
  files.files.erase("drizzle/meta/0000_snapshot.json");
  CHECK(refusal(files, asked) ==
        "drizzle/meta/0001_snapshot.json is not there, and no snapshot before it: restore it from version control: "
        "drizzle-kit compares the schema with it");
  files.files.erase("drizzle/meta/0002_snapshot.json");
  const Written none = write(files, asked);
  CHECK(test::any_has(none.notices, "no snapshot is kept"));
  CHECK(paths(none) == Lines{"+drizzle/0003_d.sql", "drizzle/0002_b.sql", "drizzle/meta/_journal.json"});
}

TEST_CASE("snapshots that are broken are errors") {
  auto files = folder({"0000_init", "0001_a"});
  const auto asked = request({replace(1, {one("A")})});
  const std::string path = "drizzle/meta/0000_snapshot.json";
  const auto with = [&](const std::string& text) {
    files.files[path] = text;
    return refusal(files, asked);
  };
  CHECK(with("{") == path + " is not valid JSON: restore it from version control");
  CHECK(with("{}") == path + " has no \"id\" and \"prevId\": restore it from version control");
  CHECK(with("{\"id\": 7, \"prevId\": \"\"}") ==
        path + " has no \"id\" and \"prevId\": restore it from version control");
  CHECK(with("{\n<<<<<<< a\n") == path + " has merge conflict markers: resolve them");
}

TEST_CASE("snapshots of nobody, or of two, are not written over") {
  auto files = folder({"0000_init", "0001_a"});
  const auto asked = request({replace(1, {one("A")}), add("b", {}, "x")});
  files.files["drizzle/meta/0002_snapshot.json"] = "{}";
  CHECK(refusal(files, asked) ==
        "drizzle/meta/0002_snapshot.json is there already, but belongs to no migration: remove it, or give it back its "
        "migration");
  files.files.erase("drizzle/meta/0002_snapshot.json");
  files.files["drizzle/meta/0007_snapshot.json"] = "{}";
  CHECK(refusal(files, asked)
            .starts_with(
                "drizzle/meta/0007_snapshot.json sorts behind 0002_snapshot.json, so that drizzle-kit would take it"));
  auto twice = folder({"0000_init", "0001_a", "0001_b"});
  CHECK(refusal(twice, asked).find("0001_snapshot.json belongs to both 0001_a and 0001_b") != std::string::npos);
  auto stranger = folder({"0000_init", "0001_a"});
  stranger.files["drizzle/0002_b.sql"] = "mine";
  CHECK(refusal(stranger, asked).starts_with("drizzle/0002_b.sql is there already, but is not in the journal"));
}

TEST_CASE("with prefix none no snapshot is written") {
  auto files = folder({"_init", "_a"});
  const Written written = write(files, request({replace(1, {one("A")}), add("b", {}, "x")}));
  CHECK(paths(written) == Lines{"+drizzle/_b.sql", "drizzle/_a.sql", "drizzle/meta/_journal.json"});
  CHECK(test::any_has(written.notices, "prefix: none"));
}

TEST_CASE("the same request again has nothing to do, and finishes what was interrupted") {
  for (const Lines& tags : {Lines{"0000_init", "0001_a"}, Lines{"20261122211545_init", "20261122211546_a"},
                            Lines{"1795381907_init", "1795381908_a"}}) {
    for (const OrmState orm : {OrmState::previous, OrmState::end_state}) {
      auto asked = request({replace(1, {one("A")}), add("b", {one("B")}), add("c", {}, "x")}, orm);
      if (orm == OrmState::end_state) asked.end_state_snapshot = snapshot(77, "end");
      const auto fresh = folder(tags);
      const Written written = write(fresh, asked);
      auto whole = folder(tags);
      apply(whole, written);
      CHECK(paths(write(whole, asked)).empty());
      asked.now_ms += 3600'000;  // the time goes on
      CHECK(paths(write(whole, asked)).empty());
      for (std::size_t done = 0; done < written.changes.size(); ++done) {
        auto part = folder(tags);
        for (std::size_t i = 0; i < done; ++i) part.files[written.changes[i].path] = written.changes[i].text;
        apply(part, write(part, asked));
        // Where nothing was done the names may be of the later time; the journal always has it.
        auto a = part.files;
        auto b = whole.files;
        a.erase("drizzle/meta/_journal.json");
        b.erase("drizzle/meta/_journal.json");
        if (tags[0][0] == '0' || done >= 2) CHECK(a == b);
        CHECK(a.size() == b.size());
        CHECK(paths(write(part, asked)).empty());
      }
    }
  }
}

TEST_CASE("v1: folders, a second apart and behind all that are there") {
  auto files = v1_folder({"20261122211545_init", "20261122211548_a"});
  const Written written = write(files, request({replace(1, {one("A")}), add("b", {one("B")}), add("c", {}, "x")}));
  CHECK(paths(written) == Lines{"+drizzle/20261123021320_b/migration.sql", "+drizzle/20261123021321_c/migration.sql",
                                "drizzle/20261122211548_a/snapshot.json", "+drizzle/20261123021320_b/snapshot.json",
                                "+drizzle/20261123021321_c/snapshot.json", "drizzle/20261122211548_a/migration.sql"});
  CHECK(written.paths == Lines{"drizzle/20261122211548_a/migration.sql", "drizzle/20261123021320_b/migration.sql",
                               "drizzle/20261123021321_c/migration.sql"});
  apply(files, written);
  std::string previous = id(0);
  for (const std::string name : {"20261122211548_a", "20261123021320_b", "20261123021321_c"}) {
    const std::string path = "drizzle/" + name + "/snapshot.json";
    const auto one = json(files, path);
    CHECK(one["prevIds"] == nlohmann::json::array({previous}));
    CHECK(one["ddl"][0]["name"] == "t0");
    CHECK(files.files.at(path).find("  \"prevIds\": [\n    \"" + previous + "\"\n  ],\n") != std::string::npos);
    previous = one["id"];
  }
  auto later = v1_folder({"20291231235959_init"});
  CHECK(write(later, request({add("b", {}, "x")})).paths == Lines{"drizzle/20300101000000_b/migration.sql"});
  auto odd = v1_folder({"20261122211545_init", "zzz"});
  CHECK(
      refusal(odd, request({add("b", {}, "x")})).starts_with("drizzle/zzz sorts behind all that is named by its time"));
  auto no_time = v1_folder({"20261122211545_init", "20269922211545_x"});
  CHECK(refusal(no_time, request({add("b", {}, "x")})).find("sorts behind all") != std::string::npos);
}

TEST_CASE("v1: the same request again has nothing to do, and finishes what was interrupted") {
  const Lines names = {"20261122211545_init", "20261122211548_a"};
  auto asked = request({replace(1, {one("A")}), add("b", {one("B")}), add("c", {}, "x")});
  const Written written = write(v1_folder(names), asked);
  auto whole = v1_folder(names);
  apply(whole, written);
  asked.now_ms += 3600'000;
  CHECK(paths(write(whole, asked)).empty());
  for (std::size_t done = 1; done < written.changes.size(); ++done) {
    auto part = v1_folder(names);
    for (std::size_t i = 0; i < done; ++i) part.files[written.changes[i].path] = written.changes[i].text;
    // What the first run had not named yet.
    part.files["drizzle/20261123021321_c/.migration.sql.pglint-tmp"] = "";
    apply(part, write(part, asked));
    part.files.erase("drizzle/20261123021321_c/.migration.sql.pglint-tmp");
    CHECK(part.files == whole.files);
  }
}

TEST_CASE("v1: snapshots of branches that were not joined are refused") {
  auto files = v1_folder({"20261122211545_init", "20261122211548_a", "20261122211549_b", "20261122211550_c"});
  std::string& text = files.files["drizzle/20261122211549_b/snapshot.json"];
  text.replace(text.find(id(1)), 36, id(0));
  CHECK(refusal(files, request({replace(3, {one("A")})})) ==
        "drizzle/20261122211548_a/snapshot.json and drizzle/20261122211549_b/snapshot.json come from branches that "
        "were not "
        "joined: neither has the whole schema: join them with `drizzle-kit generate` first");
}

TEST_CASE("the newest snapshot is the one that the plan keeps") {
  const auto newest = [](const source::Files& files) {
    const auto found = source::find_writer("drizzle")->snapshot(project(files), files);
    return found ? found->first : "none";
  };
  auto files = folder({"0000_init", "0001_a"});
  CHECK(newest(files) == "drizzle/meta/0001_snapshot.json");
  files.files.erase("drizzle/meta/0001_snapshot.json");
  CHECK(newest(files) == "drizzle/meta/0000_snapshot.json");
  files.files.erase("drizzle/meta/0000_snapshot.json");
  CHECK(newest(files) == "none");
  CHECK(newest(v1_folder({"20261122211545_init", "20261122211548_a"})) == "drizzle/20261122211548_a/snapshot.json");
}

TEST_CASE("an overlay shows the files as they will be") {
  const auto files = folder({"0000_init", "0001_a"});
  const Written written = write(files, request({replace(1, {one("A")}), add("b", {one("B")})}));
  const source::Overlay overlay(files, written.changes);
  const source::Project after = project(overlay);
  CHECK(test::order(after) == Lines{"drizzle/0000_init.sql", "drizzle/0001_a.sql", "drizzle/0002_b.sql"});
  CHECK(after.migrations[1].text == "A;\n");
  CHECK(test::order(project(files)).size() == 2);

  const auto folders = v1_folder({"20261122211545_init"});
  const Written more = write(folders, request({add("b", {one("B")})}));
  const source::Overlay above(folders, more.changes);
  CHECK(project(above).migrations.at(1).id == "20261123021320_b");
  CHECK(above.is_folder("drizzle/20261123021320_b"));
  CHECK(above.exists("./drizzle/20261123021320_b/migration.sql"));
  CHECK(!above.exists("drizzle/20261123021320_c"));
  CHECK(!above.list("nowhere").has_value());
}

TEST_CASE("runners whose files are only read have no writer, and say what to do instead") {
  for (const char* runner : {"django", "alembic", "rails", "pop"}) {
    CHECK(source::find_writer(runner) == nullptr);
    const Error why = source::not_written(runner);
    CHECK(why.message.find('\n') == std::string::npos);
    CHECK(why.hint.find("pglint fix --runner plain --apply") != std::string::npos);
  }
  CHECK(source::find_writer("") == nullptr);
}
