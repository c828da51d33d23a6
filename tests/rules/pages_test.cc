// The page of a rule is its test: every example on it is run, and says what it says.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/rule.h"
#include "rules/registry.h"
#include "rules/run_example.h"
#include "support/page.h"

using namespace pglint;
using test::Example;

namespace {

using Lines = std::vector<std::string>;

void each_page(const std::function<void(const lint::Rule&, const test::Page&)>& use) {
  for (const lint::Rule* rule : rules::all()) {
    const std::string id(rule->id);
    CAPTURE(id);
    use(*rule, test::parse_page(rules::page(rule->id)));
  }
}

void each_example(const std::function<void(const lint::Rule&, const test::Page&, const Example&)>& use) {
  each_page([&](const lint::Rule& rule, const test::Page& page) {
    for (const Example& example : page.examples) {
      CAPTURE(example.line);
      const std::string sql = test::text_of(example);
      CAPTURE(sql);
      use(rule, page, example);
    }
  });
}

// About the comments themselves: they cannot be hidden by another comment.
bool is_about_suppressions(const lint::Rule& rule) { return rule.id.ends_with("-suppression"); }

// About files that have no comments of SQL.
bool is_about_documents(const lint::Rule& rule) {
  constexpr std::array<std::string_view, 3> ids = {"atlas-sum-mismatch", "file-without-journal-entry",
                                                   "journal-entry-without-file"};
  return std::ranges::find(ids, rule.id) != ids.end();
}

bool is_sentence(std::string_view text) {
  return !text.empty() && text.ends_with('.') && text.front() != ' ' && text.find("  ") == std::string_view::npos &&
         text.find("..") == std::string_view::npos && text.find('\n') == std::string_view::npos;
}

// The comment lines that suppress the rule, taken out.
std::string without_suppressions(const std::string& text, std::string_view rule) {
  std::string kept;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end;
    const std::size_t marker = line.find("pglint:ignore");
    const std::size_t comment =
        marker == std::string_view::npos
            ? marker
            : std::min({line.rfind("--", marker), line.rfind('#', marker), line.rfind("//", marker)});
    if (comment == std::string_view::npos || line.find(rule, comment) == std::string_view::npos) {
      kept += line;
    } else {
      kept += line.substr(0, comment);
      kept += '\n';
    }
  }
  return kept;
}

}  // namespace

TEST_CASE("the registry is in the order of the ids, and each is there once") {
  const auto all = rules::all();
  REQUIRE(!all.empty());
  for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i - 1]->id < all[i]->id);
}

TEST_CASE("every rule has a page with its name and its summary") {
  each_page([](const lint::Rule& rule, const test::Page& page) {
    CHECK(page.title == rule.id);
    CHECK(page.summary == std::string(rule.summary) + ".");
  });
  CHECK(rules::page("no-such-rule").empty());
}

TEST_CASE("every page says why, what happens, what to do and when to allow it, in this order") {
  each_page([](const lint::Rule&, const test::Page& page) {
    std::size_t at = 0;
    for (const std::string_view heading : {"Why", "What the server does", "What to do", "When to allow it"}) {
      CAPTURE(heading);
      const auto found =
          std::find(page.headings.begin() + static_cast<std::ptrdiff_t>(at), page.headings.end(), heading);
      CHECK(found != page.headings.end());
      at = static_cast<std::size_t>(found - page.headings.begin());
    }
  });
}

TEST_CASE("a page reads well in a terminal: short lines, no tabs, one newline at its end") {
  each_page([](const lint::Rule& rule, const test::Page&) {
    const std::string_view text = rules::page(rule.id);
    CHECK(text.find_first_of("\t\r") == std::string_view::npos);
    CHECK(text.ends_with('\n'));
    CHECK(!text.ends_with("\n\n"));
    std::size_t width = 0;
    std::size_t line = 1;
    for (const char c : text) {
      if (c == '\n') {
        CAPTURE(line);
        CHECK(width <= 100);
        width = 0;
        ++line;
      } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
        ++width;
      }
    }
  });
}

TEST_CASE("the harness knows all that stands in the fences of the pages") {
  each_page([](const lint::Rule&, const test::Page& page) {
    CHECK(page.problems == Lines{});
    const auto has = [&](Example::Kind kind) {
      return std::ranges::any_of(page.examples, [&](const Example& example) { return example.kind == kind; });
    };
    CHECK(has(Example::Kind::unsafe));
    CHECK(has(Example::Kind::safe));
  });
}

TEST_CASE("the history of a page parses") {
  each_page([](const lint::Rule&, const test::Page& page) {
    if (page.given.empty()) return;
    Example given;
    given.files = {{"0001_given.sql", page.given}};
    CHECK(!test::run(given, "").raises("syntax-error"));
  });
}

TEST_CASE("what a page calls unsafe raises its rule, and no other but those it names") {
  each_example([](const lint::Rule& rule, const test::Page& page, const Example& example) {
    if (example.kind != Example::Kind::unsafe) return;
    Lines expected = example.also;
    expected.emplace_back(rule.id);
    std::ranges::sort(expected);
    Lines raised = test::run(example, page.given, rule.id).raised(rule.id);
    std::ranges::sort(raised);
    CHECK(fmt::format("{}", fmt::join(raised, ", ")) == fmt::format("{}", fmt::join(expected, ", ")));
  });
}

TEST_CASE("what a page calls safe raises nothing") {
  each_example([](const lint::Rule& rule, const test::Page& page, const Example& example) {
    if (example.kind != Example::Kind::safe) return;
    const Lines raised = test::run(example, page.given, rule.id).raised(rule.id);
    CHECK(fmt::format("{}", fmt::join(raised, ", ")) == "");
  });
}

TEST_CASE("every finding says what, why and what to do, at a place within its statement") {
  each_example([](const lint::Rule& own, const test::Page& page, const Example& example) {
    const test::Outcome outcome = test::run(example, page.given, own.id);
    for (const Diagnostic& found : outcome.report.diagnostics) {
      const std::string rule(found.rule);
      CAPTURE(rule);
      CAPTURE(found.message);
      CHECK(!found.message.empty());
      CHECK(!found.message.ends_with('.'));
      CHECK(found.message.find('\n') == std::string::npos);
      CHECK(found.message.find("  ") == std::string::npos);
      CAPTURE(found.why);
      CHECK(is_sentence(found.why));
      CAPTURE(found.help);
      CHECK(is_sentence(found.help));

      REQUIRE(found.file < outcome.report.files.size());
      const std::string_view text = outcome.report.files[found.file].text;
      CHECK(found.at.begin <= found.at.end);
      CHECK(found.at.end <= text.size());
      CHECK(found.statement.end <= text.size());
      if (!found.statement.empty()) {
        CHECK(found.statement.begin <= found.at.begin);
        CHECK(found.at.end <= found.statement.end);
      }
      // Only at the end of what does not parse there is nothing to point at.
      if (rule != "syntax-error") CHECK(!found.at.empty());
      for (const Related& related : found.related) {
        REQUIRE(related.file < outcome.report.files.size());
        CHECK(related.at.end <= outcome.report.files[related.file].text.size());
        CHECK(!related.at.empty());
        CHECK(!related.message.empty());
        CHECK(!related.message.ends_with('.'));
      }
    }
  });
}

TEST_CASE("the comment that a page shows hides the rule's finding, and only that one") {
  each_page([](const lint::Rule& rule, const test::Page& page) {
    if (is_about_suppressions(rule) || is_about_documents(rule)) return;
    int shown = 0;
    for (Example example : page.examples) {
      if (example.kind != Example::Kind::safe) continue;
      bool hides = false;
      for (auto& [name, text] : example.files) {
        std::string bare = without_suppressions(text, rule.id);
        hides = hides || bare != text;
        text = std::move(bare);
      }
      if (!hides) continue;
      ++shown;
      CAPTURE(example.line);
      const Lines raised = test::run(example, page.given, rule.id).raised(rule.id);
      CHECK(fmt::format("{}", fmt::join(raised, ", ")) == rule.id);
    }
    CHECK(shown > 0);
  });
}

TEST_CASE("rules that an example names beside its own are there") {
  each_example([](const lint::Rule& rule, const test::Page&, const Example& example) {
    for (const std::string& other : example.also) {
      CAPTURE(other);
      CHECK(other != rule.id);
      CHECK(std::ranges::any_of(rules::all(), [&](const lint::Rule* known) { return known->id == other; }));
    }
  });
}

// --- the harness itself --------------------------------------------------------------------------------------------

TEST_CASE("a page is taken apart into title, summary, headings and examples") {
  const test::Page page = test::parse_page(
      "# some-rule\n\nWhat is found\nthere.\n\nMore.\n\n## Why\n\n```sql given\nCREATE TABLE orders (id int);\n```\n\n"
      "```sql unsafe pg=17 tx=file also=rename-table,set-not-null\nSELECT 1;\n```\n\n"
      "```sql unsafe\nSELECT 2;\n```\n\n```ts\nshown\n```\n");
  CHECK(page.problems == Lines{});
  CHECK(page.title == "some-rule");
  CHECK(page.summary == "What is found there.");
  CHECK(page.headings == Lines{"Why"});
  CHECK(page.given == "CREATE TABLE orders (id int);\n");
  REQUIRE(page.examples.size() == 2);
  CHECK(page.examples[0].kind == Example::Kind::unsafe);
  CHECK(page.examples[0].pg == 17);
  CHECK(page.examples[0].transaction == "file");
  CHECK(page.examples[0].also == Lines{"rename-table", "set-not-null"});
  CHECK(page.examples[1].pg == 15);
  CHECK(page.examples[1].line == 18);
}

TEST_CASE("adjacent blocks with file= are one project, and prose between them makes two") {
  const std::string one = "```sql safe file=0001_a.sql\nSELECT 1;\n```\n";
  const std::string two = "```sql safe file=0002_b.sql\nSELECT 2;\n```\n";
  const test::Page together = test::parse_page(one + "\n" + two);
  REQUIRE(together.examples.size() == 1);
  CHECK(together.examples[0].files.size() == 2);
  CHECK(test::parse_page(one + "\nThen:\n\n" + two).examples.size() == 2);
  CHECK(test::parse_page("```sql safe\nSELECT 1;\n```\n" + two).examples.size() == 2);
  CHECK(test::parse_page(two + one).problems == Lines{"line 4: files stand in the order of their names"});
}

TEST_CASE("the harness refuses what it does not know, instead of skipping it") {
  const auto problems = [](std::string_view fence) {
    return test::parse_page("# x\n\n```" + std::string(fence) + "\nSELECT 1;\n```\n").problems;
  };
  CHECK(problems("sql safe") == Lines{});
  CHECK(problems("sql") == Lines{"line 3: a block of SQL is given, unsafe or safe"});
  CHECK(problems("") == Lines{"line 3: a block names its language"});
  CHECK(problems("sql fine") == Lines{"line 3: there is no kind fine"});
  CHECK(problems("perl safe file=a.pl") == Lines{"line 3: an example is in SQL, JSON, YAML or text, not in perl"});
  CHECK(problems("json safe") == Lines{"line 3: what is not SQL has a file="});
  CHECK(problems("sql safe colour=red") == Lines{"line 3: there is no attribute colour"});
  CHECK(problems("sql safe drizzle") == Lines{"line 3: drizzle is no name=value"});
  CHECK(problems("sql safe pg=9") == Lines{"line 3: pg=9 is not known"});
  CHECK(problems("sql safe runner=make") == Lines{"line 3: runner=make is not known"});
  CHECK(problems("sql safe tx=never") == Lines{"line 3: tx=never is not known"});
  CHECK(problems("sql safe tx=file runner=drizzle") == Lines{"line 3: tx= is for the runner plain"});
  CHECK(problems("sql safe also=rename-table") == Lines{"line 3: also= is for what is unsafe"});
  CHECK(problems("sql unsafe also=") == Lines{"line 3: also= names rules"});
  CHECK(problems("sql safe file=a/b.sql") == Lines{"line 3: file= names a file, without a folder"});
  CHECK(test::parse_page("```sql safe\nSELECT 1;\n").problems == Lines{"line 1: nothing closes the block"});
  CHECK(test::parse_page("```sql safe\n\n```\n").problems == Lines{"line 1: is empty"});
  CHECK(test::parse_page("```sql safe\nSELECT 1;\n```\n```sql given\nSELECT 1;\n```\n").problems ==
        Lines{"line 4: given is one block, and the first"});
  CHECK(test::parse_page("see ```sql safe\n").problems == Lines{"line 1: a fence begins its line"});
}
