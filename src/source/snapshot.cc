#include "source/snapshot.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace pglint::source {

Result<Snapshot> read_snapshot(const std::string& path, const Files& files) {
  const auto text = files.read(path);
  if (!text) return failed(path + ": " + text.error().message, text.error().hint);
  const auto wrong = [&](std::string_view what) {
    return failed(fmt::format("{}: is no snapshot: {}", path, what), "`pglint snapshot -o FILE` writes one.");
  };
  const nlohmann::json root = nlohmann::json::parse(*text, nullptr, false);
  if (root.is_discarded()) return wrong("it is not JSON");
  if (!root.is_object() || !root.contains("version") || root["version"] != 1) return wrong("it has no \"version\": 1");

  Snapshot snapshot;
  const auto integer = [](const nlohmann::json& object, const char* key, std::int64_t missing) {
    const auto value = object.find(key);
    // Estimates of rows are floating point on the server.
    return value == object.end() || !value->is_number() ? missing
           : value->is_number_integer()                 ? value->get<std::int64_t>()
                                                        : static_cast<std::int64_t>(value->get<double>());
  };
  snapshot.server_version = static_cast<int>(integer(root, "server_version_num", 0));
  const auto tables = root.find("tables");
  if (tables == root.end() || !tables->is_array()) return wrong("it has no list of \"tables\"");
  for (const nlohmann::json& item : *tables) {
    if (!item.is_object() || !item.contains("name") || !item["name"].is_string())
      return wrong("a table has no \"name\"");
    snapshot.tables.push_back({item["name"].get<std::string>(), integer(item, "rows", -1), integer(item, "bytes", 0)});
  }
  if (const auto schema = root.find("schema"); schema != root.end() && schema->is_string())
    snapshot.schema = schema->get<std::string>();
  return snapshot;
}

}  // namespace pglint::source
