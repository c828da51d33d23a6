// Runs another program without a shell: arguments arrive as they are.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace pglint {

// What the program finds changed in the environment it inherits.
using Environment = std::vector<std::pair<std::string, std::string>>;

struct Finished {
  int status = 0;  // the exit code; 128 + the signal that ended it
  std::string out = {};
  std::string err = {};
};

// Runs `arguments` (the first is looked for in PATH) with nothing on its standard input, and waits. An Error says that
// it could not be started, or wrote more than `most_bytes`.
[[nodiscard]] Result<Finished> run(const std::vector<std::string>& arguments, const Environment& environment = {},
                                   std::size_t most_bytes = std::size_t{256} * 1024 * 1024);

// A program that answers line by line, for as long as this object lives. Its standard error is dropped.
class Conversation {
 public:
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  Conversation(Conversation&& other) noexcept
      : child_(std::exchange(other.child_, -1)), channel_(std::move(other.channel_)), read_(std::move(other.read_)) {}
  Conversation& operator=(Conversation&&) = delete;
  ~Conversation();

  [[nodiscard]] static Result<Conversation> start(const std::vector<std::string>& arguments,
                                                  const Environment& environment = {});

  [[nodiscard]] bool send(std::string_view text);
  // One line, without its newline; false at the end, or if the line is longer than a few KB.
  [[nodiscard]] bool read_line(std::string& line);
  // Exactly so many bytes.
  [[nodiscard]] bool read_bytes(std::size_t count, std::string& bytes);

 private:
  Conversation(::pid_t child, FileDescriptor channel) : child_(child), channel_(std::move(channel)) {}
  bool fill();

  ::pid_t child_;
  FileDescriptor channel_;  // a socket, so that a program that is gone is an error and not a signal
  std::string read_;        // what came and was not asked for yet
};

}  // namespace pglint
