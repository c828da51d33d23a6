#include "pooler.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "scene.h"

namespace pglint::test {
namespace {

namespace fs = std::filesystem;

// Debian has it where only root looks for programs.
std::string program() {
  for (const char* path : {"/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"})
    if (::access(path, X_OK) == 0) return path;
  return {};
}

}  // namespace

Pooler::Pooler(const std::string& mode, int sessions) {
  const std::string path = program();
  if (path.empty()) {
    missing_ = "no pgbouncer";
    return;
  }
  // It refuses root as the server does: it runs as the server's user, whom the socket's folder belongs to.
  struct stat owner = {};
  if (::stat(server().socket_folder().c_str(), &owner) != 0) {
    missing_ = "no server";
    return;
  }
  std::string name = "/tmp/pglint-pooler-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) {
    missing_ = "no temporary folder";
    return;
  }
  folder_ = name;
  std::ofstream(folder_ + "/ini") << fmt::format(R"([databases]
* = host={} user=postgres
[pgbouncer]
listen_port = 6432
unix_socket_dir = {}
pool_mode = {}
default_pool_size = {}
auth_type = any
)",
                                                 server().socket_folder(), folder_, mode, sessions);
  for (const std::string& file : {folder_, folder_ + "/ini"})
    if (::chown(file.c_str(), owner.st_uid, owner.st_gid) != 0) missing_ = "the folder cannot be given away";
  const std::string ini = folder_ + "/ini";
  const bool root = ::geteuid() == 0;
  pid_ = ::fork();
  if (pid_ == 0) {
    const int log = ::open((folder_ + "/log").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0666);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    if (root && (::setgroups(0, nullptr) != 0 || ::setgid(owner.st_gid) != 0 || ::setuid(owner.st_uid) != 0))
      ::_exit(126);
    // Not left behind by a test program that is killed.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execl(path.c_str(), path.c_str(), ini.c_str(), nullptr);
    ::_exit(127);
  }
  for (int i = 0; i < 500 && !fs::exists(folder_ + "/.s.PGSQL.6432"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  if (!fs::exists(folder_ + "/.s.PGSQL.6432")) missing_ = "pgbouncer did not start";
}

Pooler::~Pooler() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

std::string Pooler::dsn(const std::string& database) const {
  return fmt::format("postgresql://postgres@/{}?host={}&port=6432", database, folder_);
}

}  // namespace pglint::test
