#include "support/scratch_server.h"

#include <filesystem>

namespace pglint::test {
namespace {

const std::string& script() {
  static const std::string path = std::string(PGLINT_SOURCE_DIR) + "/scripts/pg-scratch";
  return path;
}

std::string without_newline(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

ScratchServer::ScratchServer(const std::string& name, const std::vector<std::string>& settings)
    : folder_((std::filesystem::current_path() / ("server-" + name)).string()) {
  start({script(), "start", "--replace", folder_}, settings);
}

ScratchServer::ScratchServer(const std::string& name, const ScratchServer& primary,
                             const std::vector<std::string>& settings)
    : folder_((std::filesystem::current_path() / ("server-" + name)).string()) {
  start({script(), "standby", "--replace", folder_, primary.folder_}, settings);
}

ScratchServer::~ScratchServer() {
  if (!before_database_.empty()) static_cast<void>(run({script(), "stop", folder_}));
}

void ScratchServer::start(const std::vector<std::string>& command, const std::vector<std::string>& settings) {
  if (const auto client = run({"psql", "--version"}); !client || client->status != 0) {
    missing_ = "no psql";
    return;
  }
  std::vector<std::string> all = command;
  all.insert(all.end(), settings.begin(), settings.end());
  const auto started = run(all);
  if (!started || started->status != 0) {
    missing_ = started ? without_newline(started->err) : started.error().message;
    return;
  }
  const std::string dsn = without_newline(started->out);
  const std::size_t options = dsn.find('?');
  const std::size_t database = dsn.rfind('/', options);
  before_database_ = dsn.substr(0, database + 1);
  behind_database_ = dsn.substr(options);
  const Finished said = psql("postgres", {"-A", "-t", "-c", "SHOW server_version_num"});
  if (said.status != 0)
    missing_ = without_newline(said.err);
  else
    version_ = std::stoi(said.out) / 10000;
}

Finished ScratchServer::psql(const std::string& database, const std::vector<std::string>& arguments) const {
  std::vector<std::string> all = {
      "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", before_database_ + database + behind_database_};
  all.insert(all.end(), arguments.begin(), arguments.end());
  auto finished = run(all, {{"PGOPTIONS", "-c client_min_messages=warning"}});
  if (!finished) return {.status = -1, .out = "", .err = finished.error().message};
  return std::move(*finished);
}

}  // namespace pglint::test
