// A folder in which the program is run.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/process.h"

namespace pglint::test {

// A folder of its own for each test, gone with it.
class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "pglint-cli-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream in(path_ / name, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ / name; }

  // Runs pglint here, without what the outer environment may say.
  [[nodiscard]] Finished pglint(std::vector<std::string> arguments) const {
    std::string command = "cd \"$1\" && shift && exec \"$@\"";
    std::vector<std::string> all = {"env", "-u",    "NO_COLOR", "-u",  "GIT_DIR",     "sh",
                                    "-c",  command, "sh",       path_, PGLINT_PROGRAM};
    all.insert(all.end(), arguments.begin(), arguments.end());
    Result<Finished> finished = run(all);
    REQUIRE(finished);
    return *finished;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace pglint::test
