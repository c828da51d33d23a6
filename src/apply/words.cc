#include "apply/words.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "apply/query.h"
#include "base/text.h"
#include "plan/form/quote.h"

namespace pglint::apply {
namespace {

constexpr unsigned bit(LockMode mode) { return 1U << static_cast<unsigned>(mode); }

// PostgreSQL docs, table 13.2.
unsigned conflicts(LockMode mode) {
  using enum LockMode;
  switch (mode) {
    case none:
      return 0;
    case access_share:
      return bit(access_exclusive);
    case row_share:
      return bit(exclusive) | bit(access_exclusive);
    case row_exclusive:
      return bit(share) | bit(share_row_exclusive) | bit(exclusive) | bit(access_exclusive);
    case share_update_exclusive:
      return bit(share_update_exclusive) | bit(share) | bit(share_row_exclusive) | bit(exclusive) |
             bit(access_exclusive);
    case share:
      return bit(row_exclusive) | bit(share_update_exclusive) | bit(share_row_exclusive) | bit(exclusive) |
             bit(access_exclusive);
    case share_row_exclusive:
      return bit(row_exclusive) | bit(share_update_exclusive) | bit(share) | bit(share_row_exclusive) | bit(exclusive) |
             bit(access_exclusive);
    case exclusive:
      return ~(bit(none) | bit(access_share));
    case access_exclusive:
      break;
  }
  return ~bit(none);
}

constexpr std::array<std::string_view, 9> catalog_names = {
    "",          "AccessShareLock",       "RowShareLock",  "RowExclusiveLock",   "ShareUpdateExclusiveLock",
    "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"};

std::string spelt(std::string_view catalog_name) {
  for (std::size_t i = 1; i < catalog_names.size(); ++i)
    if (catalog_names[i] == catalog_name) return std::string(name(static_cast<LockMode>(i)));
  return std::string(catalog_name);
}

constexpr std::string_view who = R"(a.pid, a.usename, a.application_name, a.backend_type, a.state,
 left(regexp_replace(a.query, '\s+', ' ', 'g'), 200), extract(epoch FROM clock_timestamp() - a.xact_start),
 a.query LIKE '%(to prevent wraparound)%')";

std::vector<Holder> read(const Answer& answer) {
  std::vector<Holder> all;
  for (const Row& row : answer.rows) {
    const auto text = [&row](std::size_t at) { return at < row.size() ? row[at].value_or("") : std::string(); };
    Holder& holder = all.emplace_back();
    holder.pid = text(0);
    holder.user = text(1);
    holder.application = text(2);
    holder.kind = text(3);
    holder.state = text(4);
    holder.query = text(5);
    holder.seconds = std::strtod(text(6).c_str(), nullptr);
    holder.wraparound = text(7) == "t";
    if (!text(8).empty()) holder.what = fmt::format("{} on {}", spelt(text(8)), text(9));
    holder.prepared = text(10);
  }
  return all;
}

}  // namespace

std::string words(std::chrono::milliseconds time) {
  const auto ms = time.count();
  if (ms < 1000) return fmt::format("{} ms", ms);
  if (ms < 120'000)
    return ms < 10'000 ? fmt::format("{:.1f} s", static_cast<double>(ms) / 1000) : fmt::format("{} s", ms / 1000);
  if (ms < 7'200'000) return fmt::format("{} min", ms / 60'000);
  return fmt::format("{} h {} min", ms / 3'600'000, ms / 60'000 % 60);
}

std::string words(std::uint64_t count) {
  std::string out = std::to_string(count);
  for (std::size_t at = out.size(); at > 3; at -= 3) out.insert(at - 3, 1, ',');
  return out;
}

std::string words(const Holder& holder) {
  if (holder.pid.empty())
    return fmt::format("the prepared transaction {}{}", printable(holder.prepared.empty() ? "?" : holder.prepared),
                       holder.what.empty() ? "" : " holds " + printable(holder.what));
  std::string out = fmt::format("pid {}", holder.pid);
  if (holder.is_autovacuum()) {
    out += holder.wraparound ? ", an autovacuum that prevents wraparound" : ", an autovacuum";
  } else {
    if (!holder.user.empty()) out += fmt::format(", user {}", printable(holder.user));
    if (!holder.application.empty()) out += fmt::format(", {}", printable(holder.application));
    if (!holder.state.empty()) out += fmt::format(", {}", printable(holder.state));
  }
  if (holder.seconds > 0)
    out += fmt::format(", in its transaction for {}",
                       words(std::chrono::milliseconds(static_cast<std::int64_t>(holder.seconds * 1000))));
  if (!holder.what.empty()) out += fmt::format(", holds {}", printable(holder.what));
  if (!holder.query.empty())
    out += fmt::format(": {}{}", printable(utf8_prefix(holder.query, 120)), holder.query.size() > 120 ? "…" : "");
  return out;
}

std::string words(const std::vector<Holder>& all) {
  std::string out;
  for (const Holder& holder : all) out += "\n  " + words(holder);
  return out;
}

std::vector<std::string_view> conflicting(LockMode mode) {
  std::vector<std::string_view> names;
  for (std::size_t i = 1; i < catalog_names.size(); ++i)
    if ((conflicts(mode) & (1U << i)) != 0) names.push_back(catalog_names[i]);
  return names;
}

Outcome<std::vector<Holder>> holders(Connection& connection, const std::vector<Wanted>& wanted, int own_pid) {
  std::string conditions;
  for (const Wanted& one : wanted) {
    std::string modes;
    for (const std::string_view mode : conflicting(one.mode))
      modes += fmt::format("{}'{}'", modes.empty() ? "" : ", ", mode);
    if (modes.empty()) continue;
    conditions += fmt::format("{}(l.relation = to_regclass({}) AND l.mode IN ({}))", conditions.empty() ? "" : " OR ",
                              plan::quote_literal(one.relation), modes);
  }
  if (conditions.empty()) return std::vector<Holder>{};
  const Answer answer = connection.run(fmt::format(
      R"(SELECT {}, l.mode, l.relation::regclass, p.gid
FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
LEFT JOIN pg_prepared_xacts p ON l.pid IS NULL AND l.virtualtransaction = '-1/' || p.transaction::text
WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM {} AND l.pid IS DISTINCT FROM pg_backend_pid()
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND ({}) ORDER BY 7 DESC NULLS LAST)",
      who, own_pid, conditions));
  if (!answer.ok()) return stop(answer, "cannot read pg_locks");
  return read(answer);
}

Outcome<std::vector<Holder>> sessions(Connection& connection, const std::string& condition, const std::string& what) {
  const Answer answer = connection.run(fmt::format(
      "SELECT {}, NULL, NULL, NULL FROM pg_stat_activity a WHERE {} ORDER BY 7 DESC NULLS LAST", who, condition));
  if (!answer.ok()) return stop(answer, "cannot read pg_stat_activity");
  std::vector<Holder> all = read(answer);
  for (Holder& holder : all) holder.what = what;
  return all;
}

Outcome<std::vector<Holder>> blockers(Connection& connection, int pid) {
  const Answer answer = connection.run(fmt::format(
      R"(SELECT {}, NULL, NULL, NULL FROM unnest(pg_blocking_pids({})) b(pid) LEFT JOIN pg_stat_activity a USING (pid)
ORDER BY 7 DESC NULLS LAST)",
      who, pid));
  if (!answer.ok()) return stop(answer, "cannot ask who blocks");
  return read(answer);
}

}  // namespace pglint::apply
