// Files that nobody means well with: no crash, no hang, and at most a line about each.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "delivery/read.h"
#include "lint/project.h"
#include "rules/registry.h"

using namespace pglint;

namespace {

std::vector<std::string> look(const std::map<std::string, std::string>& texts) {
  const source::FakeFiles files(texts);
  const delivery::Pipeline pipeline = delivery::read(".", files);
  Report report;
  (void)lint::check_delivery(pipeline, rules::all(), {}, {}, report);
  for (const Diagnostic& one : report.diagnostics) {
    REQUIRE(one.file < report.files.size());
    CHECK(one.at.begin <= one.at.end);
    CHECK(one.at.end <= report.files[one.file].text.size());
  }
  for (const std::string& notice : report.notices) CHECK(notice.find('\n') == std::string::npos);
  return report.notices;
}

constexpr const char* workflow = ".github/workflows/a.yml";

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("YAML that nests without end is one line of a notice") {
  CHECK(look({{workflow, "# migrate\n" + repeated("[", 50'000)}}).size() == 1);
  CHECK(look({{workflow, "# migrate\n" + repeated("{a: ", 50'000)}}).size() == 1);
  CHECK(look({{workflow, "# migrate\n" + repeated("- ", 50'000)}}).size() == 1);
  CHECK(look({{workflow, "# migrate\n" + repeated("? ", 50'000)}}).size() == 1);
  std::string stairs = "# migrate\n";
  for (std::size_t i = 0; i < 700; ++i) stairs += std::string(i, ' ') + "a:\n";
  CHECK(look({{workflow, stairs}}).size() == 1);
}

TEST_CASE("anchors that stand for each other again and again are not followed without end") {
  std::string text = "on: push\n# migrate\nx0: &x0 {steps: [{run: dbmate up}]}\n";
  for (int i = 1; i < 30; ++i)
    text += fmt::format("x{0}: &x{0} {{<<: [*x{1}, *x{1}, *x{1}, *x{1}], a{0}: 1}}\n", i, i - 1);
  text += "jobs:\n  migrate: *x29\n  deploy: {<<: [*x29, *x28], needs: *x3}\n";
  look({{workflow, text}});
  look({{".gitlab-ci.yml", text}});
  std::string lists = "on: push\n# migrate\na0: &a0 [dbmate up]\n";
  for (int i = 1; i < 40; ++i) lists += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  look({{".gitlab-ci.yml", lists + "job: {script: *a39, needs: *a39, extends: *a39, services: *a39, rules: *a39}\n"}});
}

TEST_CASE("jobs, scripts and files that call each other in a circle come to an end") {
  look({{workflow,
         "on: push\njobs:\n  a: {needs: b, uses: ./.github/workflows/a.yml}\n  b: {needs: a, steps: [{run: dbmate "
         "up}]}\n"
         "  deploy: {needs: deploy, steps: [{run: flyctl deploy}]}\n"}});
  look({{"package.json", R"({"scripts": {"a": "npm run b && dbmate up", "b": "npm run a", "prea": "npm run a"}})"},
        {"Makefile", "a: b\n\tdbmate up\nb: a\n\tmake a\n"},
        {"x.sh", "sh y.sh\n"},
        {"y.sh", "bash x.sh; dbmate up\n"},
        {"Dockerfile", "FROM x\nCMD sh x.sh\n"}});
  look({{".gitlab-ci.yml",
         ".a: {extends: [.b, .a]}\n.b: {extends: .a}\nj: {extends: [.a, .b], script: [dbmate up]}\n"}});
}

TEST_CASE("many scripts that call many scripts are followed once each") {
  std::string scripts = R"({"scripts": {"x": "dbmate up")";
  for (int i = 0; i < 3'000; ++i)
    scripts += fmt::format(R"(, "s{}": "npm run s{} && npm run s{} && npm run s{}")", i, (i + 1) % 3'000,
                           (i * 7) % 3'000, (i * 13) % 3'000);
  look({{"package.json", scripts + "}}"}});
  std::string targets = "x:\n\tdbmate up\n";
  for (int i = 0; i < 3'000; ++i) targets += fmt::format("t{}: t{} t{} x\n\tmake t{}\n", i, i + 1, i + 2, i + 3);
  look({{"Makefile", targets}});
}

TEST_CASE("lines without end are cut in time that grows with them") {
  for (const std::string& unit : {std::string("$("), std::string("`"), std::string("'"), std::string("sh -c 'x "),
                                  std::string("pglint status "), std::string("a<<E "), std::string("if a; then "),
                                  std::string("x && "), std::string("./"), std::string("\\\n"), std::string("${{ ")}) {
    const std::string line = repeated(unit, 200'000 / unit.size());
    look({{"Dockerfile", "FROM x\nCMD dbmate up && " + line + "\n"},
          {"Procfile", "web: " + line},
          {"Makefile", "migrate: \n\t" + line + "\n"},
          {"drizzle.config.ts", "drizzle out: '" + line + "'"},
          {workflow, "on: push\njobs:\n  deploy:\n    steps:\n      - run: |\n          dbmate up; " + line + "\n"}});
  }
}

TEST_CASE("files that are too large, or no text, are one line") {
  CHECK(look({{"Dockerfile", std::string(300'000, 'x')}}).size() == 1);
  CHECK(look({{"package.json", "\xff\xfe{"}}).size() == 1);
  CHECK(look({{"package.json", "{"}}).size() == 1);
  CHECK(look({{workflow, "migrate: [\n"}}).size() == 1);
  std::map<std::string, std::string> many;
  for (int i = 0; i < 500; ++i) many[fmt::format(".github/workflows/{}.yml", i)] = "on: push\n# migrate\njobs: {}\n";
  for (int i = 0; i < 500; ++i) many[fmt::format("packages/p{}/package.json", i)] = "{}";
  for (int i = 0; i < 500; ++i) many[fmt::format("Dockerfile.{}", i)] = "FROM x\nCMD y\n";
  CHECK(look(many).size() <= 5);
}

TEST_CASE("whatever stands in the files, places stay inside of them") {
  std::mt19937 random(11);
  const std::vector<std::string> pieces = {"on: push\n",
                                           "jobs:\n",
                                           "  deploy:\n",
                                           "    needs: a\n",
                                           "    steps:\n",
                                           "      - run: |\n",
                                           "          dbmate up\n",
                                           "npx prisma db push",
                                           " && ",
                                           "\"",
                                           "'",
                                           "flyctl deploy\n",
                                           "\n",
                                           "  ",
                                           "services:\n",
                                           "CMD ",
                                           "FROM x\n",
                                           "web: ",
                                           "out: './x'",
                                           "{",
                                           "}",
                                           "[",
                                           "]",
                                           "&a ",
                                           "*a ",
                                           "<<: ",
                                           ": ",
                                           "- ",
                                           "\xc3\xa9",
                                           "\r\n",
                                           "\xef\xbb\xbf",
                                           "#",
                                           "pglint:ignore schema-push: x",
                                           "\t",
                                           "drizzle",
                                           "!x ",
                                           "|\n",
                                           ">-\n",
                                           "\\",
                                           "stages: [a, b]\n",
                                           "script: [dbmate up]\n"};
  for (int round = 0; round < 400; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += pieces[random() % pieces.size()];
    look({{workflow, text},
          {".gitlab-ci.yml", text},
          {"Dockerfile", text},
          {"Procfile", text},
          {"Makefile", text},
          {"docker-compose.prod.yml", text},
          {"package.json", text},
          {"drizzle.config.ts", text}});
  }
}
