// A folder of the real disk for one test, and git repositories in it.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/process.h"

namespace pglint::test {

class TempFolder {
 public:
  TempFolder() {
    // The real path, as git and getcwd() give it.
    std::string name = (std::filesystem::canonical(std::filesystem::temp_directory_path()) / "pglint-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path(std::string_view inside) const { return path_ + '/' + std::string(inside); }

  void write(std::string_view inside, std::string_view text) const {
    const std::filesystem::path file(path(inside));
    std::filesystem::create_directories(file.parent_path());
    std::ofstream stream(file, std::ios::binary);
    stream.write(text.data(), static_cast<std::streamsize>(text.size()));
    REQUIRE(stream.good());
  }
  void remove(std::string_view inside) const { REQUIRE(std::filesystem::remove_all(path(inside)) > 0); }

 private:
  std::string path_;
};

// Started somewhere else, until the end of the test.
class CurrentFolder {
 public:
  explicit CurrentFolder(const std::string& path) : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(path);
  }
  CurrentFolder(const CurrentFolder&) = delete;
  CurrentFolder& operator=(const CurrentFolder&) = delete;
  ~CurrentFolder() {
    std::error_code ignored;
    std::filesystem::current_path(before_, ignored);
  }

 private:
  std::filesystem::path before_;
};

// Root may read everything: until the end of the scope, somebody else.
class Unprivileged {
 public:
  Unprivileged() : was_root_(::geteuid() == 0) {
    constexpr ::uid_t nobody = 65534;
    if (was_root_) REQUIRE(::seteuid(nobody) == 0);
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;
  ~Unprivileged() {
    if (was_root_ && ::seteuid(0) != 0) std::abort();
  }

 private:
  bool was_root_;
};

// An environment variable, until the end of the test.
class Variable {
 public:
  Variable(std::string name, const std::string& value) : name_(std::move(name)) {
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_.c_str()); }

 private:
  std::string name_;
};

// Runs git in a folder, untouched by the configuration of whoever runs the tests.
inline std::string git(const std::string& folder, std::vector<std::string> arguments) {
  std::vector<std::string> command = {"git",
                                      "-C",
                                      folder,
                                      "-c",
                                      "user.name=Test",
                                      "-c",
                                      "user.email=test@example.org",
                                      "-c",
                                      "init.defaultBranch=main",
                                      "-c",
                                      "commit.gpgSign=false",
                                      "-c",
                                      "protocol.file.allow=always"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const auto finished = run(command, {{"GIT_CONFIG_GLOBAL", "/dev/null"}, {"GIT_CONFIG_NOSYSTEM", "1"}});
  REQUIRE(finished.has_value());
  INFO(finished->err);
  REQUIRE(finished->status == 0);
  return finished->out;
}

}  // namespace pglint::test
