// The writing half of Drizzle, 0.x and v1: the text of a migration, the journal, and the snapshots that `drizzle-kit
// generate` compares the schema with.
//
// The same request again gives the same bytes, also where a first run was interrupted: ids come from what they stand
// for, and what that run has left is taken up again, although the time has gone on.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/edit.h"
#include "base/text.h"
#include "source/encoding.h"
#include "source/json_text.h"
#include "source/path.h"
#include "source/runner/drizzle.h"
#include "source/write.h"

namespace pglint::source {

extern const Writer drizzle_writer;

namespace {

using namespace drizzle;

constexpr std::string_view no_snapshot = "00000000-0000-0000-0000-000000000000";  // before the first one
constexpr std::int64_t second = 1000;                                             // ms: v1 keeps no more of a time
constexpr std::int64_t last_date = 8'640'000'000'000'000;                         // JavaScript's

// The text of a migration.

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\f\v";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

void append_comment(std::string& out, std::string_view comment) {
  comment = trimmed(comment);
  while (!comment.empty()) {
    // To PostgreSQL a carriage return alone ends a comment, too.
    const std::size_t end = std::min(comment.find_first_of("\r\n"), comment.size());
    out += trimmed(comment.substr(0, end)).empty() ? "--" : "-- ";
    out += comment.substr(0, end);
    out += '\n';
    comment.remove_prefix(std::min(comment.size(), end + (comment.substr(end, 2) == "\r\n" ? 2 : 1)));
  }
}

class Queries {
 public:
  Queries(std::string label, std::string& out) : label_(std::move(label)), out_(out) {}

  Result<void> add(std::string_view sql, std::string_view comment = {}) {
    sql = trimmed(sql);
    if (sql.empty()) return failed(label_ + ": a statement is empty", "this is a fault of pglint");
    if (sql.find(breakpoint) != std::string_view::npos || comment.find(breakpoint) != std::string_view::npos) {
      return failed(fmt::format("{}: \"{}\" stands inside a statement or its comment, and drizzle would cut there: {}",
                                label_, breakpoint, sql.substr(0, std::min(sql.find('\n'), sql.size()))),
                    "write it without that text");
    }
    if (!first_) {
      out_ += breakpoint;
      out_ += '\n';
    }
    first_ = false;
    append_comment(out_, comment);
    out_ += sql;
    // A comment at the end would swallow the semicolon.
    const std::size_t line = sql.rfind('\n');
    if (sql.substr(line == std::string_view::npos ? 0 : line).find("--") != std::string_view::npos) out_ += '\n';
    out_ += ';';
    return {};
  }

 private:
  std::string label_;
  std::string& out_;
  bool first_ = true;
};

Result<std::string> text_of(const NewMigration& migration, const std::string& label) {
  std::string text;
  if (migration.comment.find(breakpoint) != std::string::npos) {
    return failed(fmt::format("{}: \"{}\" stands in its comment, and drizzle would cut there", label, breakpoint),
                  "write it without that text");
  }
  append_comment(text, migration.comment);
  if (migration.texts.empty()) {
    if (text.empty()) return failed(label + " has neither statements nor a comment", "this is a fault of pglint");
  } else {
    const auto inside = [](const Text& one) { return one.place == Place::runner_transaction; };
    const bool leaves = !inside(migration.texts.front());
    const auto other = std::find_if(migration.texts.begin(), migration.texts.end(),
                                    [&](const Text& one) { return inside(one) == leaves; });
    if (other != migration.texts.end()) {
      return failed(fmt::format("{} has statements inside drizzle's transaction and outside of it: what stands before "
                                "its COMMIT would be done and not be recorded",
                                label),
                    "put them into files of their own");
    }
    Queries queries(label, text);
    Result<void> good = leaves ? queries.add("COMMIT") : Result<void>();
    bool open = false;  // a transaction of its own
    for (std::size_t i = 0; good && i < migration.texts.size(); ++i) {
      const Text& one = migration.texts[i];
      if (one.place == Place::own_transaction && !open) {
        good = queries.add("BEGIN");
        open = true;
      }
      if (good) good = queries.add(one.sql, one.comment);
      const bool ends = i + 1 == migration.texts.size() || migration.texts[i + 1].place != Place::own_transaction ||
                        migration.texts[i + 1].group != one.group;
      if (good && open && ends) {
        good = queries.add("COMMIT");
        open = false;
      }
    }
    // Whatever drizzle runs behind this file has a transaction again.
    if (good && leaves) good = queries.add("BEGIN");
    if (!good) return tl::unexpected(good.error());
    text += '\n';
  }
  if (const auto failure = encoding_failure(text)) return failed(label + " " + failure->message);
  return text;
}

bool good_name(std::string_view name) {
  constexpr std::size_t longest = 200;  // a file name may have 255 bytes
  return !name.empty() && name.size() <= longest && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

struct Wanted {
  std::vector<std::string> texts;  // of all requested migrations
  std::size_t replacing = 0;       // so many replace, the others are new
};

// What can be said of a request before the disk is looked at.
Result<Wanted> wanted(const Project& project, const WriteRequest& request) {
  Wanted out;
  std::optional<std::size_t> last;
  for (const NewMigration& migration : request.migrations) {
    std::string label = migration.name;
    if (migration.replaces) {
      if (*migration.replaces >= project.migrations.size() || (last && *migration.replaces <= *last) ||
          project.migrations[*migration.replaces].schema || out.replacing != out.texts.size()) {
        return failed(project.root + ": the migrations to replace are not in the project's order",
                      "this is a fault of pglint");
      }
      last = migration.replaces;
      label = project.migrations[*last].path;
      ++out.replacing;
    } else if (!good_name(migration.name)) {
      return failed(fmt::format("\"{}\" cannot be the name of a migration", printable(migration.name)),
                    "letters, digits, _ and - are, up to 200");
    }
    auto text = text_of(migration, label);
    if (!text) return tl::unexpected(text.error());
    out.texts.push_back(std::move(*text));
  }
  return out;
}

// Whether a file may be made under a name: it is free, or has what we would write.
Result<void> is_ours(const Files& files, const std::string& path, std::string_view text, std::string_view why_not) {
  if (!files.exists(path)) return {};
  const auto now = files.read(path);
  if (now && *now == text) return {};
  return failed(fmt::format("{} is there already, but {}", path, why_not), "remove it, or give it back its migration");
}

// Snapshots.

struct Snapshot {
  std::string text;
  std::string id;
  JsonValue id_at;
  JsonValue previous_at;
};

Result<Snapshot> snapshot_of(const std::string& label, std::string text, bool v1) {
  constexpr std::string_view restore = "restore it from version control";
  if (has_conflict_markers(text)) return failed(label + " has merge conflict markers", "resolve them");
  const auto root = json_root(text);
  if (!root) return failed(label + " is not valid JSON", std::string(restore));
  const std::vector<JsonMember> members = json_members(text, *root);
  const JsonMember* const id = json_find(members, "id");
  const JsonMember* const previous = json_find(members, v1 ? "prevIds" : "prevId");
  const auto name = id == nullptr ? std::nullopt : json_string(text, id->value);
  if (!name || previous == nullptr || text[previous->value.begin] != (v1 ? '[' : '"')) {
    return failed(fmt::format("{} has no \"id\" and \"{}\"", label, v1 ? "prevIds" : "prevId"), std::string(restore));
  }
  return Snapshot{std::move(text), *name, id->value, previous->value};
}

Result<Snapshot> read_snapshot(const std::string& path, const Files& files, bool v1) {
  auto text = files.read(path);
  if (!text) return failed(path + " " + text.error().message, text.error().hint);
  return snapshot_of(path, std::move(*text), v1);
}

// Of a schema without anything, as drizzle-kit writes it.
std::string empty_snapshot(bool v1) {
  return v1 ? R"({
  "version": "8",
  "dialect": "postgres",
  "id": "",
  "prevIds": [
    ""
  ],
  "ddl": [],
  "renames": []
})"
            : R"({
  "id": "",
  "prevId": "",
  "version": "7",
  "dialect": "postgresql",
  "tables": {},
  "enums": {},
  "schemas": {},
  "sequences": {},
  "roles": {},
  "policies": {},
  "views": {},
  "_meta": {
    "columns": {},
    "schemas": {},
    "tables": {}
  }
})";
}

// 122 bits of what it is made of. It resists nobody, and nobody gains by a collision.
std::string uuid(std::initializer_list<std::string_view> parts) {
  std::uint64_t high = 0xcbf29ce484222325ULL;
  std::uint64_t low = 0x9ae16a3b2f90404fULL;
  const auto add = [&](std::uint64_t value) {
    high = (high ^ value) * 0x100000001b3ULL;
    low = ((low ^ value) + (low << 29U | low >> 35U)) * 0x9e3779b97f4a7c15ULL;
  };
  for (const std::string_view part : parts) {
    for (const char c : part) add(static_cast<unsigned char>(c));
    add(0x100);
  }
  high ^= high >> 32U;
  low ^= low >> 29U;
  high = (high * 0xff51afd7ed558ccdULL & ~0xF000ULL) | 0x4000ULL;
  low = (low & ~(3ULL << 62U)) | (2ULL << 62U);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32U, high >> 16U & 0xFFFFU, high & 0xFFFFU,
                     low >> 48U, low & 0xFFFFFFFFFFFFULL);
}

// `snapshot` under a new id behind `previous`; nothing else of its text changes.
Snapshot chained(const Snapshot& snapshot, std::string_view tag, std::string_view previous, bool v1) {
  const bool id_first = snapshot.id_at.begin < snapshot.previous_at.begin;
  const std::string_view text = snapshot.text;
  const JsonValue first = id_first ? snapshot.id_at : snapshot.previous_at;
  const JsonValue then = id_first ? snapshot.previous_at : snapshot.id_at;
  Snapshot out;
  out.id = uuid({tag, previous, text.substr(0, first.begin), text.substr(first.end, then.begin - first.end),
                 text.substr(then.end)});
  const std::string id = '"' + out.id + '"';
  std::string parent = fmt::format("\"{}\"", previous);
  if (v1) {
    const std::vector<JsonValue> parents = json_elements(text, snapshot.previous_at);
    std::string before;
    std::string behind;
    if (!parents.empty()) {
      before = text.substr(snapshot.previous_at.begin + 1, parents.front().begin - snapshot.previous_at.begin - 1);
      behind = text.substr(parents.back().end, snapshot.previous_at.end - 1 - parents.back().end);
    }
    parent = '[' + before + parent + behind + ']';
  }
  const std::string& in_first = id_first ? id : parent;
  const std::string& in_then = id_first ? parent : id;
  out.text = edited(text, {{first.begin, first.end, in_first}, {then.begin, then.end, in_then}});
  const std::size_t moved = first.begin + in_first.size() + (then.begin - first.end);
  const JsonValue new_first = {first.begin, first.begin + in_first.size()};
  const JsonValue new_then = {moved, moved + in_then.size()};
  out.id_at = id_first ? new_first : new_then;
  out.previous_at = id_first ? new_then : new_first;
  return out;
}

// The migrations in their order, those that are there and those that are added.
struct Chain {
  struct Link {
    std::string tag;
    std::string snapshot;  // its path
  };
  std::vector<Link> links;
  std::size_t there = 0;           // so many of them are on the disk
  std::size_t made = 0;            // and so many of the next ones were made by an earlier run
  std::size_t first_replaced = 0;  // `there` if none is
  bool v1 = false;
};

// The newest snapshot of the first `end` migrations.
const Chain::Link* newest(const Chain& chain, std::size_t end, const Files& files) {
  for (std::size_t i = end; i > 0; --i) {
    if (files.exists(chain.links[i - 1].snapshot)) return &chain.links[i - 1];
  }
  return nullptr;
}

// v1's snapshots are a graph, which a merge of two branches leaves with two ends: neither of them is the schema.
Result<void> has_one_end(const Chain& chain, std::size_t end, const Files& files) {
  std::vector<std::pair<std::string, std::string>> ids;  // and where
  std::unordered_set<std::string> parents;
  for (std::size_t i = 0; i < end; ++i) {
    const std::string& path = chain.links[i].snapshot;
    if (!files.exists(path)) continue;
    auto snapshot = read_snapshot(path, files, true);
    if (!snapshot) return tl::unexpected(snapshot.error());
    for (const JsonValue one : json_elements(snapshot->text, snapshot->previous_at)) {
      parents.insert(json_string(snapshot->text, one).value_or(""));
    }
    ids.emplace_back(std::move(snapshot->id), path);
  }
  std::erase_if(ids, [&](const auto& one) { return parents.contains(one.first); });
  if (ids.size() < 2) return {};
  return failed(fmt::format("{} and {} come from branches that were not joined: neither has the whole schema",
                            ids[0].second, ids[1].second),
                "join them with `drizzle-kit generate` first");
}

Result<void> write_snapshots(const Chain& chain, const WriteRequest& request, const Files& files, Written& written) {
  const std::size_t count = chain.links.size();
  const bool previous = request.orm == OrmState::previous;
  const bool given = !previous && !request.end_state_snapshot.empty();
  if (newest(chain, chain.there, files) == nullptr && !given) {
    if (chain.there > 0) {
      written.notices.emplace_back(
          "no snapshot is kept beside the migrations, so none was written: the next `drizzle-kit generate` starts from "
          "an empty schema");
    }
    return {};
  }

  // From `first` on each snapshot is `base` again, but for the last one where the end state is given.
  const std::size_t first = previous ? chain.first_replaced : given && count == chain.there ? count - 1 : chain.there;
  if (first >= count) return {};
  const Chain::Link* const from = newest(chain, first, files);
  if (from == nullptr && first > 0) {
    return failed(chain.links[first - 1].snapshot + " is not there, and no snapshot before it",
                  "restore it from version control: drizzle-kit compares the schema with it");
  }
  if (from != nullptr && from != &chain.links[first - 1]) {
    written.notices.push_back(fmt::format("{} is not there: took {} as the schema before {}",
                                          chain.links[first - 1].snapshot, from->snapshot, chain.links[first].tag));
  }
  if (chain.v1) {
    if (auto good = has_one_end(chain, first, files); !good) return good;
  }
  auto base = from != nullptr ? read_snapshot(from->snapshot, files, chain.v1)
                              : snapshot_of("the snapshot of an empty schema", empty_snapshot(chain.v1), chain.v1);
  if (!base) return tl::unexpected(base.error());
  std::string before = from != nullptr ? base->id : std::string(no_snapshot);
  for (std::size_t i = first; i < count; ++i) {
    if (given && i + 1 == count) {
      base = snapshot_of("the plan's snapshot of the end state", request.end_state_snapshot, chain.v1);
      if (!base) return tl::unexpected(base.error());
    }
    const Chain::Link& link = chain.links[i];
    Snapshot next = chained(*base, link.tag, before, chain.v1);
    before = next.id;
    if (i >= chain.there + chain.made) {
      if (auto good = is_ours(files, link.snapshot, next.text, "belongs to no migration"); !good) return good;
    }
    if (auto good = add_change(written, files, link.snapshot, std::move(next.text), FileOrder::snapshot); !good)
      return good;
  }
  return {};
}

// Times as names.

std::string time_name(std::int64_t seconds) {
  using namespace std::chrono;
  const sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Nothing if the digits are no time.
std::optional<std::int64_t> time_of(std::string_view digits) {
  using namespace std::chrono;
  constexpr std::size_t length = 14;
  if (digits.size() != length || !all_digits(digits)) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (const char c : digits.substr(at, size)) value = value * 10 + (c - '0');
    return value;
  };
  const year_month_day date(year(part(0, 4)), month(static_cast<unsigned>(part(4, 2))),
                            day(static_cast<unsigned>(part(6, 2))));
  if (!date.ok() || part(8, 2) > 23 || part(10, 2) > 59 || part(12, 2) > 59) return std::nullopt;
  const sys_seconds time =
      sys_days(date) + hours(part(8, 2)) + minutes(part(10, 2)) + std::chrono::seconds(part(12, 2));
  return time.time_since_epoch().count();
}

std::string_view prefix_of(std::string_view tag) { return tag.substr(0, tag.find('_')); }

// Whether a tag or folder is `<prefix>_<name>`.
bool has_name(std::string_view tag, std::string_view name) {
  const std::size_t end = tag.find('_');
  return end != std::string_view::npos && tag.substr(end + 1) == name;
}

bool has_text(const Files& files, const std::string& path, std::string_view text) {
  if (!files.exists(path)) return false;
  const auto now = files.read(path);
  return now && *now == text;
}

// 0.x: the journal.

struct JournalEntry {
  std::string tag;
  std::int64_t idx = 0;
  std::int64_t when = 0;
  JsonValue at;
};

struct Journal {
  std::string path;
  std::string text;
  JsonValue list;  // the array of the entries
  std::vector<JournalEntry> entries;
};

Result<Journal> read_journal(const Project& project, const Files& files) {
  constexpr std::string_view restore = "restore it from version control";
  Journal journal;
  journal.path = join(project.root, journal_name);
  auto text = files.read(journal.path);
  if (!text) return failed(journal.path + " " + text.error().message, text.error().hint);
  journal.text = std::move(*text);
  if (has_conflict_markers(journal.text)) return failed(journal.path + " has merge conflict markers", "resolve them");
  const auto root = json_root(journal.text);
  if (!root) return failed(journal.path + " is not valid JSON", std::string(restore));
  const std::vector<JsonMember> members = json_members(journal.text, *root);
  const JsonMember* const list = json_find(members, "entries");
  if (list == nullptr || journal.text[list->value.begin] != '[') {
    return failed(journal.path + " has no list of \"entries\"", std::string(restore));
  }
  journal.list = list->value;
  std::unordered_set<std::string> tags;
  for (const JsonValue at : json_elements(journal.text, journal.list)) {
    const std::vector<JsonMember> entry = json_members(journal.text, at);
    const JsonMember* const tag = json_find(entry, "tag");
    const JsonMember* const idx = json_find(entry, "idx");
    const JsonMember* const when = json_find(entry, "when");
    const auto name = tag == nullptr ? std::nullopt : json_string(journal.text, tag->value);
    const std::int64_t number = idx == nullptr ? -1 : json_integer(journal.text, idx->value).value_or(-1);
    const std::int64_t time = when == nullptr ? -1 : json_integer(journal.text, when->value).value_or(-1);
    const bool good = name && !leads_out(*name) && number >= 0 && number < std::numeric_limits<std::int32_t>::max() &&
                      time >= 0 && time < last_date;
    if (!good) {
      return failed(fmt::format("{}: entry {} has no \"idx\", \"when\" and \"tag\" that drizzle-kit could have written",
                                journal.path, journal.entries.size()),
                    std::string(restore));
    }
    if (!tags.insert(*name).second) {
      return failed(fmt::format("{} names {} twice", journal.path, *name), "remove the second entry");
    }
    journal.entries.push_back({*name, number, time, at});
  }
  return journal;
}

// The text of an entry like its neighbour, down to the blanks.
std::string entry_like(const Journal& journal, const JournalEntry& neighbour, const JournalEntry& entry) {
  const std::string_view text = neighbour.at.of(journal.text);
  std::vector<Edit> edits;
  for (const JsonMember& member : json_members(text, {0, text.size()})) {
    if (member.key == "idx") edits.push_back({member.value.begin, member.value.end, std::to_string(entry.idx)});
    if (member.key == "when") edits.push_back({member.value.begin, member.value.end, std::to_string(entry.when)});
    if (member.key == "tag") edits.push_back({member.value.begin, member.value.end, '"' + entry.tag + '"'});
  }
  return edited(text, edits);
}

std::string with_entries(const Journal& journal, const std::vector<JournalEntry>& added) {
  std::string text;
  JsonValue at = {journal.list.begin + 1, journal.list.end - 1};  // of an empty list
  if (journal.entries.empty()) {
    for (const JournalEntry& entry : added) {
      text += fmt::format(
          "{}\n    {{\n      \"idx\": {},\n      \"version\": \"7\",\n      \"when\": {},\n      \"tag\": \"{}\",\n"
          "      \"breakpoints\": true\n    }}",
          text.empty() ? "" : ",", entry.idx, entry.when, entry.tag);
    }
    text += "\n  ";
  } else {
    const JournalEntry& last = journal.entries.back();
    // What stands between two entries, or before the only one.
    const bool only = journal.entries.size() == 1;
    const std::size_t behind = only ? journal.list.begin + 1 : journal.entries[journal.entries.size() - 2].at.end;
    std::string between = journal.text.substr(behind, last.at.begin - behind);
    if (only) between = ',' + between;
    for (const JournalEntry& entry : added) text += between + entry_like(journal, last, entry);
    at = {last.at.end, last.at.end};
  }
  return edited(journal.text, {{at.begin, at.end, text}});
}

enum class Prefix : std::uint8_t { index, timestamp, unix_seconds, none };

Prefix prefix_mode(const std::vector<JournalEntry>& entries) {
  for (auto it = entries.rbegin(); it != entries.rend(); ++it) {
    const std::string_view prefix = prefix_of(it->tag);
    if (it->tag.starts_with('_')) return Prefix::none;
    if (!all_digits(prefix) || prefix.size() == it->tag.size()) continue;
    if (prefix.size() == 14) return Prefix::timestamp;
    if (prefix.size() == 10) return Prefix::unix_seconds;
    return Prefix::index;
  }
  return Prefix::index;
}

std::int64_t number_of(std::string_view digits) {
  std::int64_t value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

// Gives out the prefixes of new tags, each behind all before it.
class Prefixes {
 public:
  Prefixes(const std::vector<JournalEntry>& entries, std::int64_t now_ms)
      : mode_(prefix_mode(entries)), now_(now_ms / second) {
    constexpr std::size_t most_digits = 17;
    for (const JournalEntry& entry : entries) {
      const std::string_view prefix = prefix_of(entry.tag);
      if (mode_ == Prefix::index) last_ = std::max(last_, entry.idx);
      if (!all_digits(prefix) || prefix.size() > most_digits) continue;
      if (mode_ == Prefix::timestamp) last_ = std::max(last_, time_of(prefix).value_or(0));
      if (mode_ == Prefix::unix_seconds && prefix.size() == 10) last_ = std::max(last_, number_of(prefix));
      if (mode_ == Prefix::index && prefix.size() < 10) last_ = std::max(last_, number_of(prefix));
    }
  }

  [[nodiscard]] Prefix mode() const { return mode_; }

  // `left` are prefixes of files that a first run may have left for this very migration.
  std::string next(const std::vector<std::string>& left) {
    if (mode_ == Prefix::none) return {};
    if (mode_ == Prefix::index) return fmt::format("{:04}", ++last_);
    for (const std::string& prefix : left) {
      const std::int64_t time = mode_ == Prefix::timestamp ? time_of(prefix).value_or(0)
                                : prefix.size() == 10      ? number_of(prefix)
                                                           : 0;
      if (time <= last_) continue;
      last_ = time;
      return prefix;
    }
    last_ = std::max(last_ + 1, now_);
    return mode_ == Prefix::timestamp ? time_name(last_) : std::to_string(last_);
  }

 private:
  Prefix mode_;
  std::int64_t last_ = -1;
  std::int64_t now_;
};

Result<Written> write_journal(const Project& project, const Files& files, const WriteRequest& request,
                              const Wanted& asked) {
  auto read = read_journal(project, files);
  if (!read) return tl::unexpected(read.error());
  const Journal& journal = *read;
  const std::size_t added = request.migrations.size() - asked.replacing;
  const auto new_text = [&](std::size_t i) -> const std::string& { return asked.texts[asked.replacing + i]; };
  const auto new_name = [&](std::size_t i) -> const std::string& {
    return request.migrations[asked.replacing + i].name;
  };
  const auto sql_path = [&](const std::string& tag) { return join(project.root, tag + ".sql"); };

  std::unordered_map<std::string_view, std::size_t> by_tag;
  for (std::size_t i = 0; i < journal.entries.size(); ++i) by_tag.emplace(journal.entries[i].tag, i);
  std::size_t first_replaced = journal.entries.size();
  std::size_t behind_replaced = 0;
  for (std::size_t i = 0; i < asked.replacing; ++i) {
    const Migration& migration = project.migrations[*request.migrations[i].replaces];
    const auto entry = by_tag.find(migration.id);
    if (entry == by_tag.end()) {
      return failed(fmt::format("{} is not in {}, so drizzle never runs it", migration.path, journal.path),
                    "generate it with drizzle-kit, or add it there");
    }
    first_replaced = std::min(first_replaced, entry->second);
    behind_replaced = std::max(behind_replaced, entry->second + 1);
  }

  // All of the new ones are the last of the journal: this request was done before.
  std::size_t there = journal.entries.size();
  if (added > 0 && behind_replaced + added <= there) {
    bool done = true;
    for (std::size_t i = 0; done && i < added; ++i) {
      const std::string& tag = journal.entries[there - added + i].tag;
      done = has_name(tag, new_name(i)) && has_text(files, sql_path(tag), new_text(i));
    }
    if (done) there -= added;
  }

  Written written;
  Chain chain;
  chain.there = there;
  chain.made = journal.entries.size() - there;
  chain.first_replaced = std::min(first_replaced, there);
  for (const JournalEntry& entry : journal.entries) chain.links.push_back({entry.tag, {}});

  std::vector<JournalEntry> entries;
  Prefixes prefixes(journal.entries, request.now_ms);
  if (there == journal.entries.size() && added > 0) {
    const auto listed = files.list(project.root);
    if (!listed) return failed(project.root + " " + listed.error().message, listed.error().hint);
    std::int64_t idx = -1;
    std::int64_t when = 0;
    for (const JournalEntry& entry : journal.entries) {
      idx = std::max(idx, entry.idx);
      when = std::max(when, entry.when);
    }
    for (std::size_t i = 0; i < added; ++i) {
      std::vector<std::string> left;
      for (const Entry& entry : *listed) {
        if (!entry.name.ends_with(".sql")) continue;
        const std::string tag = entry.name.substr(0, entry.name.size() - 4);
        if (!by_tag.contains(tag) && has_name(tag, new_name(i)) && has_text(files, sql_path(tag), new_text(i))) {
          left.emplace_back(prefix_of(tag));
        }
      }
      JournalEntry& entry = entries.emplace_back();
      entry.tag = prefixes.next(left) + '_' + new_name(i);
      entry.idx = ++idx;
      entry.when = when = std::max(when + second, request.now_ms);
      if (by_tag.contains(entry.tag)) {
        return failed(fmt::format("{} names {} already", journal.path, entry.tag), "this is a fault of pglint");
      }
      const std::string path = sql_path(entry.tag);
      if (auto good = is_ours(files, path, new_text(i), "is not in the journal"); !good) {
        return tl::unexpected(good.error());
      }
      if (auto good = add_change(written, files, path, new_text(i), FileOrder::new_sql); !good) {
        return tl::unexpected(good.error());
      }
      chain.links.push_back({entry.tag, {}});
    }
  }

  if (prefixes.mode() == Prefix::none) {
    written.notices.emplace_back(
        "with `prefix: none` drizzle-kit keeps one snapshot for all migrations and never reads it: none was written");
  } else {
    std::unordered_map<std::string, std::size_t> by_path;
    for (std::size_t i = 0; i < chain.links.size(); ++i) {
      Chain::Link& link = chain.links[i];
      link.snapshot = join(project.root, fmt::format("meta/{}_snapshot.json", prefix_of(link.tag)));
      const auto [other, is_new] = by_path.emplace(link.snapshot, i);
      if (!is_new && i >= chain.first_replaced) {
        return failed(
            fmt::format("{} belongs to both {} and {}", link.snapshot, chain.links[other->second].tag, link.tag),
            "number them apart: generate one of them again");
      }
    }
    if (auto good = write_snapshots(chain, request, files, written); !good) return tl::unexpected(good.error());
    // drizzle-kit takes the one whose name is the last for the newest.
    const auto listed = files.list(join(project.root, "meta"));
    const auto last = std::find_if(written.changes.rbegin(), written.changes.rend(),
                                   [](const FileChange& change) { return change.order == FileOrder::snapshot; });
    if (listed && last != written.changes.rend()) {
      const std::string_view ours = file_name(last->path);
      for (const Entry& entry : *listed) {
        if (entry.name.starts_with('_') || entry.name <= ours) continue;
        const std::string path = join(project.root, "meta/" + entry.name);
        return failed(
            fmt::format("{} sorts behind {}, so that drizzle-kit would take it for the newest snapshot", path, ours),
            "remove it if no migration has it, else number the migrations in one way");
      }
    }
  }

  for (std::size_t i = 0; i < asked.replacing; ++i) {
    const Migration& migration = project.migrations[*request.migrations[i].replaces];
    if (auto good = add_change(written, files, migration.path, asked.texts[i], FileOrder::edited_sql); !good) {
      return tl::unexpected(good.error());
    }
    written.paths.push_back(migration.path);
  }
  for (std::size_t i = chain.links.size() - added; i < chain.links.size(); ++i) {
    written.paths.push_back(sql_path(chain.links[i].tag));
  }
  if (!entries.empty()) {
    written.changes.push_back({journal.path, false, with_entries(journal, entries), FileOrder::journal});
  }
  return written;
}

// v1: folders.

std::string sql_in(const std::string& root, const std::string& folder) {
  return join(join(root, folder), "migration.sql");
}

// A folder without a migration, which a first run made for one of this name: the times of all of them.
std::vector<std::int64_t> left_folders(const Folder& folder, const Files& files, std::string_view name) {
  std::vector<std::int64_t> times;
  for (const Entry& entry : folder.entries) {
    if (!entry.folder || !is_v1_name(entry.name) || !has_name(entry.name, name)) continue;
    const auto inside = files.list(join(folder.path, entry.name));
    const auto time = time_of(prefix_of(entry.name));
    if (!inside || !time) continue;
    const bool ours =
        std::all_of(inside->begin(), inside->end(), [](const Entry& one) { return is_temporary(one.name); });
    if (ours) times.push_back(*time);
  }
  return times;
}

Result<Written> write_folders(const Project& project, const Files& files, const WriteRequest& request,
                              const Wanted& asked) {
  auto listed = files.list(project.root);
  if (!listed) return failed(project.root + " " + listed.error().message, listed.error().hint);
  const Folder folder{project.root, std::move(*listed)};
  std::vector<std::string> names = v1_folders(folder, files);
  const std::size_t added = request.migrations.size() - asked.replacing;
  const auto new_text = [&](std::size_t i) -> const std::string& { return asked.texts[asked.replacing + i]; };
  const auto new_name = [&](std::size_t i) -> const std::string& {
    return request.migrations[asked.replacing + i].name;
  };

  std::size_t first_replaced = names.size();
  std::size_t behind_replaced = 0;
  for (std::size_t i = 0; i < asked.replacing; ++i) {
    const Migration& migration = project.migrations[*request.migrations[i].replaces];
    const auto at = static_cast<std::size_t>(std::find(names.begin(), names.end(), migration.id) - names.begin());
    if (at == names.size()) return failed(migration.path + " is not there any more", "run the command again");
    first_replaced = std::min(first_replaced, at);
    behind_replaced = std::max(behind_replaced, at + 1);
  }

  // The first so many of the new ones are the last folders: a run of this request made them.
  std::size_t done = std::min(added, names.size() - std::min(names.size(), behind_replaced));
  for (; done > 0; --done) {
    bool same = true;
    for (std::size_t i = 0; same && i < done; ++i) {
      const std::string& name = names[names.size() - done + i];
      same = has_name(name, new_name(i)) && has_text(files, sql_in(project.root, name), new_text(i));
    }
    if (same) break;
  }

  Written written;
  const std::size_t there = names.size() - done;
  if (done < added && !names.empty()) {
    const std::string& last = names.back();
    if (!is_v1_name(last) || !time_of(prefix_of(last))) {
      return failed(fmt::format("{} sorts behind all that is named by its time", join(project.root, last)),
                    "rename it to <year><month><day><hour><minute><second>_name, if no database has it yet");
    }
  }
  std::int64_t time = names.empty() ? 0 : time_of(prefix_of(names.back())).value_or(0);
  for (std::size_t i = done; i < added; ++i) {
    const std::vector<std::int64_t> left = left_folders(folder, files, new_name(i));
    const auto again = std::find_if(left.begin(), left.end(), [time](std::int64_t one) { return one > time; });
    time = again != left.end() ? *again : std::max(time + 1, request.now_ms / second);
    names.push_back(time_name(time) + '_' + new_name(i));
  }
  for (std::size_t i = done; i < added; ++i) {
    if (auto good = add_change(written, files, sql_in(project.root, names[there + i]), new_text(i), FileOrder::new_sql);
        !good) {
      return tl::unexpected(good.error());
    }
  }

  Chain chain;
  chain.v1 = true;
  chain.there = there;
  chain.made = done;
  chain.first_replaced = std::min(first_replaced, there);
  for (const std::string& name : names) {
    chain.links.push_back({name, join(join(project.root, name), "snapshot.json")});
  }
  if (auto good = write_snapshots(chain, request, files, written); !good) return tl::unexpected(good.error());

  for (std::size_t i = 0; i < asked.replacing; ++i) {
    const Migration& migration = project.migrations[*request.migrations[i].replaces];
    if (auto good = add_change(written, files, migration.path, asked.texts[i], FileOrder::edited_sql); !good) {
      return tl::unexpected(good.error());
    }
    written.paths.push_back(migration.path);
  }
  for (std::size_t i = 0; i < added; ++i) written.paths.push_back(sql_in(project.root, names[there + i]));
  return written;
}

bool has_journal(const Project& project, const Files& files) { return files.exists(join(project.root, journal_name)); }

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  const auto asked = wanted(project, request);
  if (!asked) return tl::unexpected(asked.error());
  return has_journal(project, files) ? write_journal(project, files, request, *asked)
                                     : write_folders(project, files, request, *asked);
}

std::optional<std::pair<std::string, std::string>> newest_snapshot(const Project& project, const Files& files) {
  std::vector<std::string> paths;
  if (has_journal(project, files)) {
    const auto journal = read_journal(project, files);
    if (!journal || prefix_mode(journal->entries) == Prefix::none) return std::nullopt;
    for (const JournalEntry& entry : journal->entries) {
      paths.push_back(join(project.root, fmt::format("meta/{}_snapshot.json", prefix_of(entry.tag))));
    }
  } else if (auto entries = files.list(project.root)) {
    for (const std::string& name : v1_folders({project.root, std::move(*entries)}, files)) {
      paths.push_back(join(join(project.root, name), "snapshot.json"));
    }
  }
  for (auto it = paths.rbegin(); it != paths.rend(); ++it) {
    if (!files.exists(*it)) continue;
    auto text = files.read(*it);
    if (!text) return std::nullopt;
    return std::pair{*it, std::move(*text)};
  }
  return std::nullopt;
}

}  // namespace

const Writer drizzle_writer = {.write = write, .snapshot = newest_snapshot};

}  // namespace pglint::source
