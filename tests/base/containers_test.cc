// The memory that the catalogue lives in: arena, symbols, journal, lists and maps.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/flat_map.h"
#include "base/journal.h"
#include "base/symbol.h"
#include "base/vec.h"

using namespace pglint;

namespace {

// Lists of it give back what they have outgrown.
struct Item {
  std::uint32_t value = 0;
};

}  // namespace

template <>
inline constexpr bool pglint::gives_back<Item> = true;

TEST_CASE("an arena gives aligned memory that stays where it is") {
  Arena arena;
  std::vector<std::uint64_t*> numbers;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    (void)arena.allocate(i % 7, 1);
    auto* number = arena.make<std::uint64_t>(i);
    REQUIRE(reinterpret_cast<std::uintptr_t>(number) % alignof(std::uint64_t) == 0);
    numbers.push_back(number);
  }
  for (std::uint64_t i = 0; i < numbers.size(); ++i) REQUIRE(*numbers[i] == i);
}

TEST_CASE("an arena has room for what is larger than its blocks") {
  Arena arena;
  const std::string large(3'000'000, 'x');
  const std::string_view copy = arena.copy(large);
  const std::string_view other = arena.copy("behind it");
  CHECK(copy == large);
  CHECK(other == "behind it");
  CHECK(arena.copy("").empty());
}

TEST_CASE("equal names are equal symbols, and keep their text") {
  SymbolTable symbols;
  CHECK(symbols.intern("") == Symbol{});
  CHECK(symbols.text({}).empty());
  std::vector<Symbol> ids;
  for (int i = 0; i < 50'000; ++i) ids.push_back(symbols.intern("name_" + std::to_string(i)));
  for (int i = 0; i < 50'000; ++i) {
    const std::string name = "name_" + std::to_string(i);
    REQUIRE(symbols.intern(name) == ids[static_cast<std::size_t>(i)]);
    REQUIRE(symbols.find(name) == ids[static_cast<std::size_t>(i)]);
    REQUIRE(symbols.text(ids[static_cast<std::size_t>(i)]) == name);
  }
  CHECK(symbols.size() == 50'001);
  CHECK_FALSE(static_cast<bool>(symbols.find("never interned")));
  CHECK(symbols.size() == 50'001);
}

TEST_CASE("names that differ in their length, their end or a zero byte are different") {
  SymbolTable symbols;
  using namespace std::string_view_literals;
  const std::vector<std::string_view> names = {"a"sv,         "a\0"sv,       "\0a"sv,       "abcdefg"sv, "abcdefgh"sv,
                                               "abcdefghi"sv, "abcdefghj"sv, "bbcdefghi"sv, "\0"sv,      "\0\0"sv};
  std::vector<Symbol> ids;
  for (const std::string_view name : names) ids.push_back(symbols.intern(name));
  for (std::size_t i = 0; i < names.size(); ++i)
    for (std::size_t j = 0; j < names.size(); ++j) CHECK((ids[i] == ids[j]) == (i == j));
}

TEST_CASE("a journal undoes to a mark, latest first") {
  Journal journal;
  int a = 1;
  std::uint64_t b = 2;
  journal.set(a, 5);
  CHECK(journal.mark() == 0);  // not recording
  journal.record(true);
  journal.set(a, 6);
  const Journal::Mark mark = journal.mark();
  journal.set(b, 7);
  journal.set(a, 8);
  journal.set(b, 9);
  journal.roll_back_to(mark);
  CHECK(a == 6);
  CHECK(b == 2);
  journal.roll_back_to(0);
  CHECK(a == 5);
  journal.set(a, 10);
  journal.record(false);
  journal.roll_back_to(0);
  CHECK(a == 10);
}

TEST_CASE("lists and maps come back as they were after a rollback") {
  std::mt19937_64 random(42);
  Arena arena;
  Journal journal;
  // Several, so that what one gives back another takes up.
  constexpr std::size_t count = 4;
  std::array<Vec<Item>, count> lists;
  FlatMap<std::uint32_t> map;
  std::array<std::vector<std::uint32_t>, count> list_models;
  std::map<std::uint64_t, std::uint32_t> map_model;

  const auto step = [&] {
    const auto value = static_cast<std::uint32_t>(random());
    const std::size_t one = random() % count;
    Vec<Item>& list = lists[one];
    std::vector<std::uint32_t>& list_model = list_models[one];
    switch (random() % 4) {
      case 0:
        push(list, Item{value}, arena, journal);
        list_model.push_back(value);
        break;
      case 1:
        if (list_model.empty()) break;
        {
          const auto at = static_cast<std::uint32_t>(random() % list_model.size());
          take_out(list, at, journal);
          list_model[at] = list_model.back();
          list_model.pop_back();
        }
        break;
      case 2:
        if (list_model.empty()) break;
        {
          const auto at = static_cast<std::uint32_t>(random() % list_model.size());
          journal.set(list[at].value, value);
          list_model[at] = value;
        }
        break;
      default: {
        const std::uint64_t key = 1 + random() % 500;
        map.set(key, value, arena, journal);
        map_model[key] = value;
      }
    }
  };
  const auto same = [&] {
    if (map.size() != map_model.size()) return false;
    for (std::size_t one = 0; one < count; ++one) {
      if (lists[one].size() != list_models[one].size()) return false;
      for (std::uint32_t i = 0; i < lists[one].size(); ++i)
        if (lists[one][i].value != list_models[one][i]) return false;
    }
    for (const auto& [key, value] : map_model)
      if (map.find(key) == nullptr || *map.find(key) != value) return false;
    std::size_t seen = 0;
    map.each([&](std::uint64_t key, std::uint32_t value) {
      if (map_model.count(key) != 0 && map_model[key] == value) ++seen;
    });
    return seen == map_model.size();
  };

  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 30; ++i) step();
    REQUIRE(same());
    const auto lists_before = list_models;
    const auto map_before = map_model;
    journal.record(true);
    for (int i = 0; i < 40; ++i) step();
    REQUIRE(same());
    const Journal::Mark mark = journal.mark();
    const auto lists_at_mark = list_models;
    const auto map_at_mark = map_model;
    for (int i = 0; i < 100; ++i) step();
    journal.roll_back_to(mark);
    list_models = lists_at_mark;
    map_model = map_at_mark;
    REQUIRE(same());
    if (round % 2 == 0) {
      journal.roll_back_to(0);
      list_models = lists_before;
      map_model = map_before;
      REQUIRE(same());
    } else {
      journal.settle();
      REQUIRE(same());
    }
    journal.record(false);
  }
}

TEST_CASE("what a list has outgrown is taken up by another, but not before it is settled") {
  Arena arena;
  Journal journal;
  Vec<Item> old;
  reserve(old, 2, arena);
  for (std::uint32_t i = 0; i < 2; ++i) push(old, Item{i}, arena, journal);
  const Item* const outgrown = old.begin();
  push(old, Item{2}, arena, journal);
  REQUIRE(old.begin() != outgrown);
  Vec<Item> early;
  reserve(early, 2, arena);
  CHECK(early.begin() != outgrown);
  journal.settle();
  Vec<Item> late;
  reserve(late, 2, arena);
  CHECK(late.begin() == outgrown);
  push(late, Item{7}, arena, journal);
  CHECK(old[0].value == 0);
  CHECK(old.size() == 3);
}

TEST_CASE("a large piece that was given back is carved up") {
  Arena arena;
  auto* large = static_cast<std::byte*>(arena.allocate(100'000, 8));
  arena.give_back(large, 100'000);
  bool inside = false;
  for (int i = 0; i < 100'000 && !inside; ++i) {
    const auto* piece = static_cast<std::byte*>(arena.allocate(64, 8));
    inside = piece >= large && piece < large + 100'000;
  }
  CHECK(inside);
}

TEST_CASE("a map finds nothing in the beginning") {
  FlatMap<int> map;
  CHECK(map.empty());
  CHECK(map.find(7) == nullptr);
}

TEST_CASE("room that is reserved once is used") {
  Arena arena;
  Vec<int> list;
  reserve(list, 3, arena);
  const int* items = list.begin();
  for (int i = 0; i < 3; ++i) push(list, i, arena);
  CHECK(list.begin() == items);
  push(list, 3, arena);
  CHECK(list.begin() != items);
  CHECK(list.back() == 3);
  CHECK(list.size() == 4);
}
