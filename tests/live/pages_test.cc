// The SQL on the rules' pages is SQL that a server takes: what is safe runs, what is unsafe runs too, unless the page
// is about statements that fail.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "lint/rule.h"
#include "rules/registry.h"
#include "skip.h"
#include "support/page.h"
#include "support/scratch_server.h"

using namespace pglint;
using test::Example;

namespace {

// What the example before made, in whatever schema.
constexpr const char* nothing_left = R"(DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT pubname FROM pg_publication LOOP EXECUTE format('DROP PUBLICATION %I', name); END LOOP;
  FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
  END LOOP;
END $$)";

class Runner {
 public:
  explicit Runner(const test::ScratchServer& server)
      : server_(server), folder_(std::filesystem::current_path() / "pages-sql") {
    std::filesystem::create_directories(folder_);
  }

  // As the example's runner would send it, behind the history that its page gives.
  [[nodiscard]] Finished run(const Example& example, const std::string& given) {
    const Finished fresh =
        server_.psql("postgres", {"-c", nothing_left, "-c", "CREATE SCHEMA public", "-f", file("given.sql", given)});
    REQUIRE_MESSAGE(fresh.status == 0, fresh.err);
    return example.runner == "drizzle" ? run_drizzle(example) : run_plain(example);
  }

 private:
  std::string file(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  Finished run_plain(const Example& example) {
    std::vector<std::string> arguments;
    if (example.transaction == "file" || example.transaction == "all") arguments.emplace_back("--single-transaction");
    const std::size_t options = arguments.size();
    for (const auto& [name, text] : example.files) {
      arguments.emplace_back("-f");
      arguments.push_back(file(name, text));
      if (example.transaction == "all") continue;
      Finished finished = server_.psql("postgres", arguments);
      if (finished.status != 0) return finished;
      arguments.resize(options);
    }
    return example.transaction == "all" ? server_.psql("postgres", arguments) : Finished{};
  }

  // One transaction over all files; each piece between two markers is one query.
  Finished run_drizzle(const Example& example) {
    constexpr std::string_view marker = "--> statement-breakpoint";
    std::vector<std::string> arguments = {"-c", "BEGIN"};
    for (const auto& [name, text] : example.files) {
      for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(marker, begin), text.size());
        arguments.emplace_back("-c");
        arguments.push_back(text.substr(begin, end - begin));
        begin = end == text.size() ? end + 1 : end + marker.size();
      }
    }
    arguments.insert(arguments.end(), {"-c", "COMMIT"});
    return server_.psql("postgres", arguments);
  }

  const test::ScratchServer& server_;
  std::filesystem::path folder_;
};

// What these are about the server accepts without a word, or with a warning; the mess comes later.
constexpr std::array mess =
    std::to_array<std::string_view>({"catalog-written", "identifier-too-long", "index-may-be-invalid",
                                     "nested-transaction", "uncommitted-transaction"});

bool is_suppressed(const Example& example) {
  for (const auto& [name, text] : example.files)
    if (text.find("pglint:ignore") != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("a server runs the examples of the pages, but for those that are about failing") {
  const test::ScratchServer server("pages");
  if (!server.missing().empty()) return test::skip(test::Missing::tool, server.missing());
  Runner runner(server);

  for (const lint::Rule* rule : rules::all()) {
    const std::string id(rule->id);
    CAPTURE(id);
    const test::Page page = test::parse_page(rules::page(rule->id));
    // What a runner makes of its files is no matter of the server's.
    if (rule->category == lint::Category::history || rule->category == lint::Category::delivery) continue;
    for (const Example& example : page.examples) {
      if (example.pg > server.version()) continue;
      CAPTURE(example.line);
      const bool fails = rule->category == lint::Category::fails && example.kind == Example::Kind::unsafe &&
                         std::ranges::find(mess, rule->id) == mess.end();
      // What fails on an older server may pass on this one; and what is let pass for a reason, nobody can tell.
      if (fails && example.pg != server.version()) continue;
      if (rule->category == lint::Category::fails && is_suppressed(example)) continue;
      const Finished finished = runner.run(example, page.given);
      CAPTURE(finished.err);
      CHECK((finished.status != 0) == fails);
    }
  }
}
