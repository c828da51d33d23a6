#include "source/files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "source/temp_folder.h"

using namespace pglint;
using source::disk;
using test::TempFolder;

namespace {

std::vector<std::string> names(const Result<std::vector<source::Entry>>& entries) {
  REQUIRE(entries.has_value());
  std::vector<std::string> list;
  for (const source::Entry& entry : *entries) list.push_back(entry.name + (entry.folder ? "/" : ""));
  return list;
}

}  // namespace

TEST_CASE("a file is read byte for byte") {
  const TempFolder folder;
  const std::string text = std::string("a\r\n\0\xFF", 5) + std::string(100000, 'x');
  folder.write("a.sql", text);
  folder.write("empty.sql", "");
  CHECK(disk().read(folder.path("a.sql")) == text);
  CHECK(disk().read(folder.path("empty.sql")) == "");
}

TEST_CASE("a file that does not know its size is read to its end") {
  const auto text = disk().read("/proc/self/status");
  REQUIRE(text.has_value());
  CHECK(text->starts_with("Name:"));
  CHECK(text->ends_with("\n"));
}

TEST_CASE("a named pipe without a writer does not hang") {
  const TempFolder folder;
  REQUIRE(::mkfifo(folder.path("pipe.sql").c_str(), 0600) == 0);
  const auto text = disk().read(folder.path("pipe.sql"));
  REQUIRE(!text.has_value());
  CHECK(text.error().message == "is not a regular file");
  CHECK(text.error().hint == "to read from a pipe, send it to `pglint check -`");
}

TEST_CASE("devices, folders and missing files are refused") {
  const TempFolder folder;
  CHECK(disk().read("/dev/zero").error().message == "is not a regular file");
  CHECK(disk().read(folder.path()).error().message == "is a folder, not a file");
  CHECK(disk().read(folder.path("none")).error().message == "there is no such file or folder");
  CHECK(disk().read(std::string("a\0b", 3)).error().message == "there is no such file or folder");
  CHECK(disk().list(folder.path("none")).error().message == "there is no such file or folder");
}

TEST_CASE("a dump by accident is refused before it is read") {
  const TempFolder folder;
  folder.write("dump.sql", "");
  REQUIRE(::truncate(folder.path("dump.sql").c_str(), 500L * 1024 * 1024) == 0);
  const auto text = disk().read(folder.path("dump.sql"));
  REQUIRE(!text.has_value());
  CHECK(text.error().message == "is larger than 256 MiB");
}

TEST_CASE("what may not be read says so") {
  const TempFolder folder;
  folder.write("secret.sql", "SELECT 1;");
  folder.write("closed/a.sql", "SELECT 1;");
  REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
  REQUIRE(::chmod(folder.path("secret.sql").c_str(), 0) == 0);
  REQUIRE(::chmod(folder.path("closed").c_str(), 0) == 0);
  {
    const test::Unprivileged user;
    CHECK(disk().read(folder.path("secret.sql")).error().message == "cannot be read: permission denied");
    CHECK(disk().list(folder.path("closed")).error().message == "cannot be read: permission denied");
  }
  REQUIRE(::chmod(folder.path("closed").c_str(), 0700) == 0);
}

TEST_CASE("a folder is listed in the order of the bytes of its names") {
  const TempFolder folder;
  for (const char* name : {"b.sql", "B.sql", "a.sql", "10.sql", "9.sql", "\xC3\xA9.sql"}) folder.write(name, "");
  folder.write("sub/x", "");
  std::filesystem::create_symlink("sub", folder.path("link"));
  std::filesystem::create_symlink("nowhere", folder.path("broken"));
  CHECK(names(disk().list(folder.path())) == std::vector<std::string>{"10.sql", "9.sql", "B.sql", "a.sql", "b.sql",
                                                                      "broken", "link/", "sub/", "\xC3\xA9.sql"});
}

TEST_CASE("names with newlines and escape sequences are names like others") {
  const TempFolder folder;
  const std::string name = "a\nb\x1b[31m'\".sql";
  folder.write(name, "SELECT 1;");
  CHECK(names(disk().list(folder.path())) == std::vector<std::string>{name});
  CHECK(disk().read(folder.path(name)) == "SELECT 1;");
}

TEST_CASE("two ways to one folder have one identity") {
  const TempFolder folder;
  folder.write("sub/x", "");
  std::filesystem::create_symlink("sub", folder.path("link"));
  CHECK(disk().identity(folder.path("sub")) == disk().identity(folder.path("link")));
  CHECK(disk().identity(folder.path("sub")) == disk().identity(folder.path("sub/../sub/.")));
  CHECK(disk().identity(folder.path("sub")) != disk().identity(folder.path()));
}

TEST_CASE("links in a circle are an error") {
  const TempFolder folder;
  std::filesystem::create_symlink("b", folder.path("a"));
  std::filesystem::create_symlink("a", folder.path("b"));
  CHECK(disk().read(folder.path("a")).error().message == "cannot be read: its links lead in a circle");
}

TEST_CASE("the map of a test answers like the disk") {
  source::FakeFiles files;
  files.files = {{"a/1.sql", "one"}, {"a/b/2.sql", "two"}, {"a-b/3.sql", ""}, {"top.sql", ""}, {"/abs/x", ""}};
  CHECK(files.read("a/1.sql") == "one");
  CHECK(files.read("a").error().message == "is a folder, not a file");
  CHECK(files.read("a/2.sql").error().message == "there is no such file or folder");
  CHECK(names(files.list(".")) == std::vector<std::string>{"a/", "a-b/", "top.sql"});
  CHECK(names(files.list("a")) == std::vector<std::string>{"1.sql", "b/"});
  CHECK(names(files.list("/abs")) == std::vector<std::string>{"x"});
  CHECK(!files.list("none").has_value());
  CHECK(files.is_folder("a/b"));
  CHECK(!files.is_folder("a/1.sql"));
  CHECK(files.exists("a/b"));
  CHECK(files.exists("a/1.sql"));
}
