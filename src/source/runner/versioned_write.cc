// New migrations stand behind all that are there: a number that is lower than one that has run is never run by some
// tools, and is an error to others. The same request again gives the same bytes: what an interrupted run has left under
// another number is taken up again.
#include "source/runner/versioned_write.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/sha256.h"
#include "base/text.h"
#include "source/overlay.h"
#include "source/path.h"
#include "source/runner/common.h"

namespace pglint::source::versioned {
namespace {

using common::compare_numbers;
using common::is_digit;

constexpr std::string_view up_ending = ".up.sql";
constexpr std::string_view down_ending = ".down.sql";
constexpr std::string_view sql_ending = ".sql";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\f\v";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

bool inside(const Text& text) { return text.place == Place::runner_transaction; }

}  // namespace

// --- spelling a migration --------------------------------------------------------------------------------------------

bool Asked::is_outside(const std::vector<Text>& texts) { return !texts.empty() && !inside(texts.front()); }

std::string Asked::beside(std::string_view ending) const {
  const std::string path = place + std::string(ending);
  if (!files.exists(path)) return {};
  auto text = files.read(path);
  return text ? std::move(*text) : std::string();
}

void add_comment(std::string& out, std::string_view comment, std::string_view mark) {
  comment = trimmed(comment);
  while (!comment.empty()) {
    // To PostgreSQL a carriage return alone ends a comment, too.
    const std::size_t end = std::min(comment.find_first_of("\r\n"), comment.size());
    const std::string_view line = trimmed(comment.substr(0, end));
    out += mark;
    if (!line.empty()) out += ' ';
    out += line;
    out += '\n';
    comment.remove_prefix(std::min(comment.size(), end + (comment.substr(end, 2) == "\r\n" ? 2 : 1)));
  }
}

void add_statements(std::string& out, const std::vector<Text>& texts, const Marks& marks, bool transaction) {
  const bool around = transaction && texts.size() > 1;
  if (around) out += out.empty() || out.ends_with("\n\n") ? "BEGIN;\n" : "\nBEGIN;\n";
  for (const Text& text : texts) {
    if (!out.empty() && !out.ends_with("\n\n")) out += '\n';
    add_comment(out, text.comment);
    if (!marks.begin.empty()) out += fmt::format("{}\n", marks.begin);
    const std::string_view sql = trimmed(text.sql);
    out += sql;
    // A comment at the end would swallow the semicolon.
    const std::size_t line = sql.rfind('\n');
    if (sql.substr(line == std::string_view::npos ? 0 : line).find("--") != std::string_view::npos) out += '\n';
    out += ";\n";
    if (!marks.end.empty()) out += fmt::format("{}\n", marks.end);
  }
  if (around) out += "\nCOMMIT;\n";
}

std::string body(const NewMigration& migration, const Marks& marks, bool transaction) {
  std::string out;
  add_comment(out, migration.comment);
  add_statements(out, migration.texts, marks, transaction);
  return out;
}

std::string down_body(const NewMigration& migration, const Marks& marks, bool transaction) {
  std::string out;
  add_comment(out, migration.down_comment);
  add_statements(out, migration.down, marks, transaction);
  return out;
}

bool mentions(const NewMigration& migration, std::string_view what) {
  const auto any = [what](const std::vector<Text>& texts) {
    return std::ranges::any_of(texts, [what](const Text& text) {
      return text.sql.find(what) != std::string::npos || text.comment.find(what) != std::string::npos;
    });
  };
  return any(migration.texts) || any(migration.down) || migration.comment.find(what) != std::string::npos ||
         migration.down_comment.find(what) != std::string::npos;
}

tl::unexpected<Error> taken_for_its_own(std::string_view path, std::string_view what, std::string_view title) {
  return failed(fmt::format("{}: \"{}\" stands in a statement, and {} would take it for its own", path, what, title),
                "write the statement without it");
}

Spelled up_and_down(const Asked& asked, std::string_view head, bool transaction) {
  const auto text_of = [&](std::string text, bool outside) {
    return (outside && !head.empty() ? std::string(head) + "\n" : std::string()) + std::move(text);
  };
  const bool named_up = asked.like.ends_with(up_ending);
  std::vector<SpelledFile> out = {{asked.place + std::string(named_up ? up_ending : sql_ending),
                                   text_of(body(asked.migration, {}, transaction), asked.outside())}};
  const bool has_downs =
      std::ranges::any_of(asked.project.rollbacks, [](const Rollback& one) { return one.path.ends_with(down_ending); });
  if (!named_up && !has_downs) return out;
  const std::string old = asked.old.empty() ? std::string() : asked.beside(down_ending);
  if (asked.migration.keeps_down && !trimmed(old).empty()) return out;
  if (has_downs || !old.empty())
    out.push_back({asked.place + std::string(down_ending),
                   text_of(down_body(asked.migration, {}, transaction), asked.down_outside())});
  return out;
}

std::vector<SpelledFile> up_and_down_in(const Asked& asked) {
  std::vector<SpelledFile> out = {{join(asked.place, "up.sql"), body(asked.migration)}};
  const std::string old = asked.old.empty() ? std::string() : asked.beside("/down.sql");
  if (!asked.migration.keeps_down || trimmed(old).empty())
    out.push_back({join(asked.place, "down.sql"), down_body(asked.migration)});
  return out;
}

// --- what is shared by all -------------------------------------------------------------------------------------------

bool has_text(const Files& files, const std::string& path, std::string_view text) {
  if (!files.exists(path)) return false;
  const auto now = files.read(path);
  return now && *now == text;
}

namespace {

bool good_name(std::string_view name) {
  constexpr std::size_t longest = 180;  // a file name may have 255 bytes
  return !name.empty() && name.size() <= longest &&
         std::ranges::all_of(name, [](char c) { return common::is_letter(c) || is_digit(c) || c == '_' || c == '-'; });
}

// What WayOut promises of the places.
Result<void> check_places(const std::vector<Text>& texts, std::string_view label, WayOut way) {
  const bool any_outside = std::ranges::any_of(texts, [](const Text& text) { return !inside(text); });
  if (!any_outside) return {};
  const bool mixed = std::ranges::any_of(texts, inside);
  const bool good = way == WayOut::file ? !mixed : way == WayOut::statement && texts.size() == 1;
  if (good) return {};
  return failed(fmt::format("{}: the runner cannot run these statements from one file", label),
                "this is a fault of pglint");
}

}  // namespace

Result<void> check(const Project& project, const WriteRequest& request) {
  const Writer* const writer = find_writer(project.runner);
  const WayOut way = writer == nullptr ? WayOut::none : way_out(*writer, project);
  std::optional<std::size_t> last;
  bool is_new = false;
  for (const NewMigration& migration : request.migrations) {
    std::string label = migration.name;
    if (migration.replaces) {
      if (*migration.replaces >= project.migrations.size() || (last && *migration.replaces <= *last) || is_new ||
          project.migrations[*migration.replaces].schema)
        return failed(project.root + ": the migrations to replace are not in the project's order",
                      "this is a fault of pglint");
      last = migration.replaces;
      label = project.migrations[*last].path;
    } else {
      is_new = true;
      if (!good_name(migration.name))
        return failed(fmt::format("\"{}\" cannot be the name of a migration", printable(migration.name)),
                      "letters, digits, _ and - are, up to 180");
    }
    if (migration.texts.empty() && trimmed(migration.comment).empty())
      return failed(label + " has neither statements nor a comment", "this is a fault of pglint");
    for (const std::vector<Text>* texts : {&migration.texts, &migration.down}) {
      if (auto good = check_places(*texts, label, way); !good) return good;
      if (std::ranges::any_of(*texts, [](const Text& text) { return trimmed(text.sql).empty(); }))
        return failed(label + ": a statement is empty", "this is a fault of pglint");
    }
  }
  return {};
}

// --- numbers ---------------------------------------------------------------------------------------------------------

namespace {

constexpr std::int64_t second = 1000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t day = 24 * 60 * minute;

// How the numbers of a folder are made. A time is in milliseconds since 1970, cut at `unit`.
enum class Style : std::uint8_t { count, unix, date };
struct Numbering {
  Style style = Style::count;
  std::size_t width = 1;
  std::int64_t unit = 1;
};

std::string date_digits(std::int64_t ms, std::size_t width) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(ms)};
  const auto date_of = floor<days>(time);
  const year_month_day date(date_of);
  const hh_mm_ss clock(time - date_of);
  const std::string all =
      fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}{:03}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                  clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
  return all.substr(0, width);
}

std::int64_t number_of(std::string_view digits) {
  std::int64_t value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

// The digits as a date of 8, 12, 14 or 17 of them; nothing if they are none.
std::optional<std::int64_t> time_of(std::string_view digits) {
  using namespace std::chrono;
  const std::size_t size = digits.size();
  if (size != 8 && size != 12 && size != 14 && size != 17) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t length) {
    return at >= size ? 0 : number_of(digits.substr(at, length));
  };
  const year_month_day date(year(static_cast<int>(part(0, 4))), month(static_cast<unsigned>(part(4, 2))),
                            std::chrono::day(static_cast<unsigned>(part(6, 2))));
  constexpr std::int64_t first_year = 1990;  // what is older is a count that looks like a date
  constexpr std::int64_t last_year = 2900;
  if (!date.ok() || part(0, 4) < first_year || part(0, 4) > last_year || part(8, 2) > 23 || part(10, 2) > 59 ||
      part(12, 2) > 59)
    return std::nullopt;
  return duration_cast<milliseconds>(sys_days(date).time_since_epoch()).count() + part(8, 2) * 60 * minute +
         part(10, 2) * minute + part(12, 2) * second + part(14, 3);
}

Numbering numbering_of(std::string_view newest) {
  const std::size_t width = newest.size();
  if (time_of(newest)) {
    const std::int64_t unit = width == 8 ? day : width == 12 ? minute : width == 14 ? second : 1;
    return {Style::date, width, unit};
  }
  constexpr std::int64_t past = 1'000'000'000;    // seconds: 2001
  constexpr std::int64_t future = 5'000'000'000;  // 2128
  if (width == 10 && number_of(newest) > past) return {Style::unix, width, second};
  if (width == 13 && number_of(newest) > past * second && number_of(newest) < future * second)
    return {Style::unix, width, 1};
  return {Style::count, width, 1};
}

std::string without_zeros(std::string_view digits) {
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return std::string(digits);
}

// One more, of numbers of any length.
std::string plus_one(std::string digits) {
  std::size_t at = digits.size();
  while (at > 0 && digits[at - 1] == '9') digits[--at] = '0';
  if (at == 0)
    digits.insert(digits.begin(), '1');
  else
    ++digits[at - 1];
  return digits;
}

std::string next_number(const Numbering& numbering, std::string_view last, std::int64_t now_ms) {
  if (numbering.style == Style::count) {
    std::string next = plus_one(without_zeros(last));
    if (next.size() < numbering.width) next.insert(0, numbering.width - next.size(), '0');
    return next;
  }
  const std::int64_t now = now_ms / numbering.unit * numbering.unit;
  if (numbering.style == Style::date)
    return date_digits(std::max(time_of(last).value_or(0) + numbering.unit, now), numbering.width);
  return std::to_string(std::max(number_of(last) + 1, now / numbering.unit));
}

}  // namespace

std::string utc(std::int64_t ms) {
  const std::string digits = date_digits(ms, 14);
  const auto part = [&](std::size_t at, std::size_t size) { return digits.substr(at, size); };
  return fmt::format("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 2), part(6, 2), part(8, 2), part(10, 2), part(12, 2));
}

// --- where it stands -------------------------------------------------------------------------------------------------

namespace {

// "V1_2__add_orders.sql" as what stands before its last number, the number, and the rest. diesel has dashes in its
// dates, which stay where they are.
struct Name {
  std::string before;
  std::string digits;
  std::string dashes;  // of "2026-11-22-101500" the places: "dddd-dd-dd-dddddd"
  std::string name;    // without the ending
};

std::string_view without_ending(std::string_view name) {
  if (name.ends_with(".sql.conf")) name.remove_suffix(5);
  for (const std::string_view ending : {up_ending, down_ending, sql_ending})
    if (name.ends_with(ending) && name.size() > ending.size()) return name.substr(0, name.size() - ending.size());
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name : name.substr(0, dot);
}

std::optional<Name> read_name(const Form& form, std::string_view full) {
  if (!full.starts_with(form.before)) return std::nullopt;
  std::string_view rest = full.substr(form.before.size());
  std::size_t between = rest.find(form.between);
  const bool number_alone = between == std::string_view::npos && std::ranges::all_of(rest, is_digit);
  if (number_alone) between = rest.size();
  if (between == std::string_view::npos || between == 0) return std::nullopt;
  const std::string_view version = rest.substr(0, between);
  Name out;
  if (!number_alone) out.name = std::string(rest.substr(between + form.between.size()));
  if (std::ranges::all_of(version, [](char c) { return is_digit(c) || c == '-'; }) && is_digit(version.front()) &&
      is_digit(version.back())) {
    out.before = std::string(form.before);
    for (const char c : version) {
      out.dashes += c == '-' ? '-' : 'd';
      if (c != '-') out.digits += c;
    }
    return out;
  }
  // Of several parts the last one counts on.
  const std::size_t point = version.find_last_of("._");
  if (point == std::string_view::npos || point + 1 == version.size()) return std::nullopt;
  for (const char c : version)
    if (!is_digit(c) && c != '.' && c != '_') return std::nullopt;
  out.digits = std::string(version.substr(point + 1));
  out.dashes = std::string(out.digits.size(), 'd');
  out.before = std::string(form.before) + std::string(version.substr(0, point + 1));
  return out;
}

std::string with_dashes(std::string_view digits, std::string_view dashes) {
  const auto places = static_cast<std::size_t>(std::ranges::count(dashes, 'd'));
  if (places != digits.size()) return std::string(digits);
  std::string out;
  std::size_t at = 0;
  for (const char c : dashes) out += c == '-' ? '-' : digits[at++];
  return out;
}

// What the newest migration has behind its number: "_", "-", "__".
std::string_view between_like(const Project& project, std::string_view before) {
  if (project.migrations.empty()) return "_";
  std::string_view name = without_ending(file_name(project.migrations.back().path));
  name.remove_prefix(std::min(before.size(), name.size()));
  while (!name.empty() && is_digit(name.front())) name.remove_prefix(1);
  const std::size_t end = name.find_first_not_of("_-");
  const std::string_view found = name.substr(0, end);
  return found.empty() ? "_" : found;
}

struct Folder {
  std::string path;
  std::vector<Name> names;
  Name newest;
};

// The names beside the newest migration, and which of them has the highest number.
Result<Folder> folder_of(const Form& form, const Project& project, const Files& files) {
  Folder out;
  if (project.migrations.empty()) return failed(project.root + " has no migration yet", "write the first one by hand");
  const std::string& last = project.migrations.back().path;
  const std::string own = form.in_folder.empty() ? last : parent(last);
  out.path = parent(own);
  const auto listed = files.list(out.path);
  if (!listed) return failed(out.path + " " + listed.error().message, listed.error().hint);
  const auto newest = read_name(form, form.in_folder.empty() ? without_ending(file_name(own)) : file_name(own));
  if (!newest)
    return failed(
        fmt::format("{} has no number in its name, so nothing says what {} would run behind it", last, form.title),
        fmt::format("number the migrations, as in {}002{}add_orders", form.before, form.between));
  out.newest = *newest;
  for (const Entry& entry : *listed) {
    if (is_temporary(entry.name) || entry.folder == form.in_folder.empty()) continue;
    auto name = read_name(form, entry.folder ? std::string_view(entry.name) : without_ending(entry.name));
    if (!name) continue;
    // Of 1.2 and 2.1 the newest migration says which is the branch that goes on.
    if (name->before == out.newest.before && compare_numbers(name->digits, out.newest.digits) > 0) {
      const std::string old_name = std::move(out.newest.name);
      out.newest.digits = name->digits;
      out.newest.dashes = name->dashes;
      out.newest.name = old_name;
    }
    out.names.push_back(std::move(*name));
  }
  return out;
}

// The sums of a folder that Atlas runs, whichever tool's form its files have.
Result<void> add_atlas_sum(const Project& project, const Files& files, Written& written) {
  const std::string path = join(project.root, "atlas.sum");
  if (!files.exists(path)) return {};
  const auto old = files.read(path);
  if (!old) return failed(path + " " + old.error().message, old.error().hint);
  const Overlay overlay(files, written.changes);
  const auto entries = overlay.list(project.root);
  if (!entries) return failed(project.root + " " + entries.error().message, entries.error().hint);
  Sha256 running;
  Sha256 all;
  std::string lines;
  for (const Entry& entry : *entries) {
    if (!common::is_sql(entry)) continue;
    if (entry.name.ends_with(down_ending) && old->find("\n" + entry.name + " h1:") == std::string::npos) continue;
    const auto text = overlay.read(join(project.root, entry.name));
    if (!text) return failed(join(project.root, entry.name) + " " + text.error().message, text.error().hint);
    running.add(entry.name);
    if (text->find("atlas:sum ignore") != std::string::npos) continue;
    running.add(*text);
    const std::string hash = running.base64();
    all.add(entry.name);
    all.add(hash);
    lines += fmt::format("{} h1:{}\n", entry.name, hash);
  }
  // Before what is edited, for the same reason.
  return add_change(written, files, path, fmt::format("h1:{}\n{}", all.base64(), lines), FileOrder::snapshot);
}

// Whether what is there of a migration is what it shall be: all of it, or the part that a run came to.
bool is_left(const Spelled& spelled, const Files& files) {
  if (!spelled) return false;
  bool any = false;
  for (const SpelledFile& file : *spelled) {
    if (!files.exists(file.path)) continue;
    if (!has_text(files, file.path, file.text)) return false;
    any = true;
  }
  if (any) return true;
  const auto listed = files.list(parent(spelled->front().path));
  return listed && std::ranges::all_of(*listed, [](const Entry& one) { return is_temporary(one.name); });
}

std::string place_of(const Form& form, const std::string& path) {
  if (!form.in_folder.empty()) return parent(path);
  return join(parent(path), without_ending(file_name(path)));
}

}  // namespace

Result<Written> write(const Form& wanted, const Project& project, const Files& files, const WriteRequest& request) {
  Form form = wanted;
  if (form.between.empty()) form.between = between_like(project, form.before);
  if (auto good = check(project, request); !good) return tl::unexpected(good.error());
  Written written;
  const auto add = [&](const std::vector<SpelledFile>& spelled, FileOrder order) -> Result<void> {
    // Once a migration that was there has its new text, nothing is wrong with it any more: the rest comes before it.
    const bool last = order == FileOrder::edited_sql;
    for (std::size_t i = 0; i < spelled.size(); ++i) {
      const SpelledFile& file = spelled[last ? spelled.size() - 1 - i : i];
      if (auto good = add_change(written, files, file.path, file.text, order); !good) return good;
    }
    written.paths.push_back(spelled.front().path);
    return {};
  };
  std::vector<const NewMigration*> added;
  for (const NewMigration& migration : request.migrations) {
    if (!migration.replaces) {
      added.push_back(&migration);
      continue;
    }
    const Migration& old = project.migrations[*migration.replaces];
    auto spelled = form.spell({migration, project, files, place_of(form, old.path), old.path, old.text});
    if (!spelled) return tl::unexpected(spelled.error());
    if (spelled->front().path != old.path)
      return failed(fmt::format("{} would have to be called {} for what it does", old.path, spelled->front().path),
                    "rename it, if no database has it yet, and run the command again");
    if (auto good = add(*spelled, FileOrder::edited_sql); !good) return tl::unexpected(good.error());
  }
  if (!added.empty()) {
    auto folder = folder_of(form, project, files);
    if (!folder) return tl::unexpected(folder.error());
    const std::string like = project.migrations.back().path;
    const auto full_name = [&](const std::string& digits, const NewMigration& migration) {
      return folder->newest.before + with_dashes(digits, folder->newest.dashes) + std::string(form.between) +
             migration.name;
    };
    const auto spelled_as = [&](const std::string& digits, const NewMigration& migration) {
      return form.spell({migration, project, files, join(folder->path, full_name(digits, migration)), like, {}});
    };
    // What a run that was cut short has left: it has the text that it shall have.
    std::vector<std::optional<std::string>> left(added.size());
    std::vector<const Name*> others;
    for (const Name& name : folder->names) {
      bool ours = false;
      for (std::size_t i = 0; i < added.size() && !ours; ++i) {
        if (name.name != added[i]->name || name.before != folder->newest.before) continue;
        if (!is_left(spelled_as(name.digits, *added[i]), files)) continue;
        ours = !left[i] || *left[i] == name.digits;
        if (ours) left[i] = name.digits;
      }
      if (!ours) others.push_back(&name);
    }
    std::string last;
    std::string behind;  // by name
    for (const Name* name : others) {
      if (name->before == folder->newest.before && (last.empty() || compare_numbers(name->digits, last) > 0))
        last = name->digits;
      behind = std::max(
          behind, name->before + with_dashes(name->digits, name->dashes) + std::string(form.between) + name->name);
    }
    if (last.empty()) last = folder->newest.digits;
    const Numbering numbering = numbering_of(last);
    for (std::size_t i = 0; i < added.size(); ++i) {
      last = left[i] && compare_numbers(*left[i], last) > 0 ? *left[i] : next_number(numbering, last, request.now_ms);
      const std::string name = full_name(last, *added[i]);
      if (form.as_text && name <= behind)
        return failed(fmt::format("{} would stand before {}: {} compares the names as texts", name, behind, form.title),
                      "give the numbers the same count of digits, by zeros in front, where no database has them yet");
      behind = name;
      auto spelled = spelled_as(last, *added[i]);
      if (!spelled) return tl::unexpected(spelled.error());
      if (auto good = add(*spelled, FileOrder::new_sql); !good) return tl::unexpected(good.error());
    }
  }
  if (auto good = add_atlas_sum(project, files, written); !good) return tl::unexpected(good.error());
  return written;
}

Moved move_outside(const Project& project, const WriteRequest& request,
                   bool (*is_outside)(const Migration& migration)) {
  Moved out;
  out.request = request;
  out.request.migrations.clear();
  std::vector<NewMigration> moved;
  bool any = false;
  for (const NewMigration& migration : request.migrations) {
    const bool wants_outside = !migration.texts.empty() && !inside(migration.texts.front());
    // An empty one is neither.
    any = any || (migration.replaces && *migration.replaces < project.migrations.size() && !migration.texts.empty() &&
                  is_outside(project.migrations[*migration.replaces]) != wants_outside);
    if (!migration.replaces || !any || migration.texts.empty()) {
      (migration.replaces ? out.request.migrations : moved).push_back(migration);
      continue;
    }
    NewMigration& left = out.request.migrations.emplace_back();
    left.replaces = migration.replaces;
    left.comment = fmt::format(
        "What stood here stands in {}, behind all others: here it could not leave the transaction.", migration.name);
    left.down_comment = "Nothing has to be taken back.";
    moved.push_back(migration);
    moved.back().replaces.reset();
    moved.back().keeps_down = false;
  }
  out.request.migrations.insert(out.request.migrations.end(), moved.begin(), moved.end());
  // What replaces stands in its order before, what was moved or is new behind.
  std::size_t next_new = out.request.migrations.size() - moved.size();
  for (std::size_t i = 0; i < request.migrations.size(); ++i) {
    const NewMigration& migration = request.migrations[i];
    const auto same = std::ranges::find_if(out.request.migrations, [&](const NewMigration& one) {
      return migration.replaces && one.replaces == migration.replaces && one.texts.size() == migration.texts.size();
    });
    out.at.push_back(same != out.request.migrations.end()
                         ? static_cast<std::size_t>(same - out.request.migrations.begin())
                         : next_new++);
  }
  return out;
}

void put_back(const Moved& moved, Written& written) {
  std::vector<std::string> paths;
  for (const std::size_t at : moved.at) paths.push_back(written.paths[at]);
  written.paths = std::move(paths);
}

}  // namespace pglint::source::versioned
