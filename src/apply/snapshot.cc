#include "apply/snapshot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "apply/query.h"
#include "apply/session.h"
#include "base/file_descriptor.h"
#include "base/process.h"
#include "base/text.h"
#include "plan/form/quote.h"
#include "report/json_writer.h"

namespace pglint::apply {
namespace {

// Where a migration tool writes down what it has run. Several may have called a table the same: the columns tell which.
struct History {
  std::string_view runner;
  std::string_view table;    // in whichever schema
  std::string_view columns;  // that it must have, and that tell it from others of the name
  std::string_view query;    // of one text; {} is the table
};

constexpr std::array<History, 13> histories = {{
    {"drizzle", "__drizzle_migrations", "{hash,created_at,name}",
     "SELECT coalesce(name::text, hash) FROM {} ORDER BY created_at, id"},
    {"drizzle", "__drizzle_migrations", "{hash,created_at}", "SELECT hash FROM {} ORDER BY created_at, id"},
    {"prisma", "_prisma_migrations", "{migration_name,finished_at,rolled_back_at}",
     "SELECT migration_name FROM {} WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name"},
    {"flyway", "flyway_schema_history", "{version,success,installed_rank}",
     "SELECT coalesce(version, script) FROM {} WHERE success ORDER BY installed_rank"},
    {"knex", "knex_migrations", "{name,batch,migration_time}", "SELECT name FROM {} ORDER BY id"},
    {"node-pg-migrate", "pgmigrations", "{name,run_on}", "SELECT name FROM {} ORDER BY id"},
    {"golang-migrate", "schema_migrations", "{version,dirty}", "SELECT version::text FROM {} WHERE NOT dirty"},
    {"supabase", "schema_migrations", "{version,statements}", "SELECT version FROM {} ORDER BY version"},
    {"sqlx", "_sqlx_migrations", "{version,success,checksum}",
     "SELECT version::text FROM {} WHERE success ORDER BY version"},
    {"goose", "goose_db_version", "{version_id,is_applied}",
     "SELECT version_id::text FROM (SELECT DISTINCT ON (version_id) version_id, is_applied FROM {} ORDER BY "
     "version_id, id "
     "DESC) v WHERE is_applied AND version_id > 0 ORDER BY version_id"},
    {"alembic", "alembic_version", "{version_num}", "SELECT version_num FROM {} ORDER BY version_num"},
    {"django", "django_migrations", "{app,name,applied}", "SELECT app || '.' || name FROM {} ORDER BY id"},
    // Rails, and dbmate after it: nothing but the version.
    {"rails", "schema_migrations", "{version}", "SELECT version::text FROM {} ORDER BY version"},
}};

struct Applied {
  std::string_view runner = {};
  std::vector<std::string> versions = {};
};

Outcome<std::optional<Applied>> applied(Connection& connection) {
  for (const History& history : histories) {
    const auto table = ask(
        connection,
        fmt::format("SELECT c.oid::regclass FROM pg_class c WHERE c.relname = {} AND c.relkind IN ('r', 'p') AND "
                    "c.relpersistence <> 't' AND ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid "
                    "AND attnum > 0 AND NOT attisdropped) @> {}::text[] ORDER BY 1 LIMIT 1",
                    plan::quote_literal(history.table), plan::quote_literal(history.columns)),
        "cannot look for the tables of migration tools");
    if (!table) return tl::unexpected(table.error());
    if (table->rows.empty()) continue;
    const auto rows = ask(connection, fmt::format(fmt::runtime(history.query), table->value()),
                          fmt::format("cannot read {}", printable(table->value())));
    if (!rows) return tl::unexpected(rows.error());
    Applied found{.runner = history.runner};
    for (const Row& row : rows->rows) found.versions.push_back(row.at(0).value_or(""));
    return found;
  }
  return std::nullopt;
}

// pg_dump gets the connection by its environment: arguments are seen by every user of the machine.
Outcome<std::string> dump(const Connection& connection) {
  const auto dumped =
      run({"pg_dump", "--schema-only", "--no-password", "--lock-wait-timeout=10s", "--exclude-schema=pglint"},
          connection.environment());
  if (!dumped)
    return stop(refused, fmt::format("pg_dump: {}", printable(dumped.error().message)),
                "Install PostgreSQL's client programs.");
  if (dumped->status == 127) return stop(refused, "there is no pg_dump", "Install PostgreSQL's client programs.");
  if (dumped->status != 0) {
    std::string said = dumped->err.substr(0, dumped->err.find_last_not_of('\n') + 1);
    const bool older = said.find("server version mismatch") != std::string::npos;
    for (char& c : said)
      if (c == '\n') c = ' ';
    return stop(failed, printable(connection.without_secrets(said)),
                older
                    ? fmt::format("Install the client programs of PostgreSQL {}.", connection.server_version() / 10000)
                    : "The role needs the right to read every table of the database.");
  }
  return dumped->out;
}

Outcome<std::string> read() {
  auto connection = open_reader();
  if (!connection) return tl::unexpected(connection.error());
  const auto head = ask(*connection,
                        "SELECT current_setting('server_version_num'), to_char(now() AT TIME ZONE 'UTC', "
                        "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
                        "cannot ask for the server's version");
  if (!head) return tl::unexpected(head.error());
  // A partitioned table is as large as its partitions. Where nobody has counted yet, -1 (or 0, before 14).
  const auto tables = ask(*connection, R"(
SELECT c.oid::regclass,
 CASE WHEN c.relkind = 'p' THEN (SELECT CASE WHEN bool_and(l.relpages > 0 AND l.reltuples = 0 OR l.reltuples < 0) THEN -1
   ELSE sum(greatest(l.reltuples, 0)) END FROM pg_partition_tree(c.oid) p JOIN pg_class l ON l.oid = p.relid WHERE p.isleaf)
  WHEN c.relpages > 0 AND c.reltuples = 0 THEN -1 ELSE c.reltuples END::bigint,
 CASE WHEN c.relkind = 'p' THEN (SELECT coalesce(sum(pg_total_relation_size(p.relid)), 0) FROM pg_partition_tree(c.oid) p)
  ELSE pg_total_relation_size(c.oid) END::bigint
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pglint')
 AND n.nspname NOT LIKE 'pg\_toast%'
ORDER BY 1::text)",
                          "cannot ask how large the tables are");
  if (!tables) return tl::unexpected(tables.error());
  const auto history = applied(*connection);
  if (!history) return tl::unexpected(history.error());
  const auto schema = dump(*connection);
  if (!schema) return tl::unexpected(schema.error());

  const auto number = [](const std::optional<std::string>& text) {
    return std::strtoll(text.value_or("0").c_str(), nullptr, 10);
  };
  std::string out;
  report::JsonWriter json(out);
  json.begin_object().key("version").number(1);
  json.key("server_version_num").number(static_cast<std::uint64_t>(number(head->rows.at(0).at(0))));
  json.key("taken_at").string(head->rows.at(0).at(1).value_or(""));
  json.key("tables").begin_array();
  for (const Row& row : tables->rows) {
    json.line().begin_object().key("name").string(row.at(0).value_or("")).key("rows");
    const auto rows = number(row.at(1));
    rows < 0 || !row.at(1) ? json.null() : json.number(static_cast<std::uint64_t>(rows));
    json.key("bytes").number(static_cast<std::uint64_t>(number(row.at(2)))).end_object();
  }
  json.end_array().key("applied");
  if (*history) {
    json.begin_object().key("runner").string((*history)->runner).key("versions").begin_array();
    for (const std::string& version : (*history)->versions) json.line().string(version);
    json.end_array().end_object();
  } else {
    json.null();
  }
  json.key("schema").string(*schema).end_object();
  return out + "\n";
}

tl::unexpected<Stop> not_written(const std::string& file, int error) {
  return stop(refused, fmt::format("{} cannot be written: {}", printable(file), std::strerror(error)),
              error == ENOSPC || error == EDQUOT ? "Make room, and repeat the command." : "");
}

Outcome<void> write_all(int descriptor, std::string_view text, const std::string& file) {
  while (!text.empty()) {
    const ::ssize_t wrote = ::write(descriptor, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return not_written(file, errno);
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

// Under another name first: what was there before stays until all of it is written.
Outcome<void> write_file(const std::string& file, const std::string& text) {
  struct stat status = {};
  const bool there = ::stat(file.c_str(), &status) == 0;
  if (there && !S_ISREG(status.st_mode)) {  // /dev/stdout, a pipe: not to be replaced
    const FileDescriptor out(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    return out ? write_all(out.get(), text, file) : not_written(file, errno);
  }
  // What a link leads to is written, not the link.
  const std::unique_ptr<char, decltype(&std::free)> real(there ? ::realpath(file.c_str(), nullptr) : nullptr,
                                                         &std::free);
  const std::string place = real ? real.get() : file;
  const std::string aside = fmt::format("{}.{}.tmp", place, ::getpid());
  FileDescriptor out(::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!out) return not_written(file, errno);
  Outcome<void> written = write_all(out.get(), text, file);
  if (written && ::fsync(out.get()) != 0) written = not_written(file, errno);
  if (::close(out.release()) != 0 && written) written = not_written(file, errno);
  if (written && ::rename(aside.c_str(), place.c_str()) != 0) written = not_written(file, errno);
  if (!written) ::unlink(aside.c_str());
  return written;
}

Outcome<void> snapshot(const std::string& file) {
  const auto text = read();
  if (!text) return tl::unexpected(text.error());
  if (file.empty() || file == "-") return write_all(STDOUT_FILENO, *text, "standard output");
  return write_file(file, *text);
}

}  // namespace

int take_snapshot(const std::string& file) {
  const auto taken = snapshot(file);
  if (taken) return Exit::done;
  std::fprintf(stderr, "%s\n", words(taken.error()).c_str());
  return taken.error().exit;
}

}  // namespace pglint::apply
