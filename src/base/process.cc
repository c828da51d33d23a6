#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves its declaration to us

namespace pglint {
namespace {

// Above the standard streams, even where the caller of pglint closed one of them: the child's are put there.
FileDescriptor above_streams(int descriptor) {
  FileDescriptor low(descriptor);
  if (descriptor < 0 || descriptor > STDERR_FILENO) return low;
  return FileDescriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed(std::string("no pipe: ") + std::strerror(errno));
  return Pipe{above_streams(ends[0]), above_streams(ends[1])};
}

// environ, with `changes` in it.
std::vector<std::string> changed_environment(const Environment& changes) {
  std::vector<std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto replaced = [text](const auto& change) {
      return text.starts_with(change.first) && text.substr(change.first.size()).starts_with('=');
    };
    if (std::none_of(changes.begin(), changes.end(), replaced)) all.emplace_back(text);
  }
  for (const auto& [name, value] : changes) {
    std::string& entry = all.emplace_back(name);
    entry += '=';
    entry += value;
  }
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// `in` and `err` of -1 are /dev/null.
Result<::pid_t> spawn(std::vector<std::string> arguments, const Environment& environment, int in, int out, int err) {
  posix_spawn_file_actions_t actions = {};
  ::posix_spawn_file_actions_init(&actions);
  if (in >= 0) {
    ::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  if (err >= 0) {
    ::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }

  std::vector<std::string> variables = changed_environment(environment);
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(variables);
  ::pid_t child = -1;
  const int code = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), envp.data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (code == ENOENT) return failed("the program " + arguments[0] + " is not installed");
  if (code != 0) return failed("the program " + arguments[0] + " cannot be started: " + std::strerror(code));
  return child;
}

int wait_for(::pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  return 128 + WTERMSIG(status);
}

// Appends what is there to read. False when the other end is closed.
bool take(int descriptor, std::string& to) {
  std::array<char, 65536> buffer;
  const ::ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
  if (got > 0) to.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

}  // namespace

Result<Finished> run(const std::vector<std::string>& arguments, const Environment& environment,
                     std::size_t most_bytes) {
  auto out = make_pipe();
  if (!out) return tl::unexpected(out.error());
  auto err = make_pipe();
  if (!err) return tl::unexpected(err.error());
  const auto child = spawn(arguments, environment, -1, out->write.get(), err->write.get());
  if (!child) return tl::unexpected(child.error());
  out->write.reset();
  err->write.reset();

  Finished finished;
  bool too_much = false;
  while ((out->read || err->read) && !too_much) {
    // poll() passes over a descriptor of -1.
    std::array<pollfd, 2> ready = {pollfd{out->read.get(), POLLIN, 0}, pollfd{err->read.get(), POLLIN, 0}};
    if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) break;
    if (ready[0].revents != 0 && !take(out->read.get(), finished.out)) out->read.reset();
    if (ready[1].revents != 0 && !take(err->read.get(), finished.err)) err->read.reset();
    too_much = finished.out.size() + finished.err.size() > most_bytes;
  }
  if (too_much) ::kill(*child, SIGTERM);
  out->read.reset();
  err->read.reset();
  finished.status = wait_for(*child);
  if (too_much) return failed("the program " + arguments[0] + " wrote more than is sensible");
  return finished;
}

Result<Conversation> Conversation::start(const std::vector<std::string>& arguments, const Environment& environment) {
  std::array<int, 2> ends = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return failed(std::string("no socket: ") + std::strerror(errno));
  }
  FileDescriptor ours = above_streams(ends[0]);
  const FileDescriptor theirs = above_streams(ends[1]);
  const auto child = spawn(arguments, environment, theirs.get(), theirs.get(), -1);
  if (!child) return tl::unexpected(child.error());
  return Conversation(*child, std::move(ours));
}

Conversation::~Conversation() {
  if (child_ < 0) return;
  channel_.reset();  // the program reads the end of its input and goes
  wait_for(child_);
}

bool Conversation::send(std::string_view text) {
  while (!text.empty()) {
    const ::ssize_t sent = ::send(channel_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Conversation::fill() {
  const std::size_t before = read_.size();
  while (read_.size() == before) {
    if (!take(channel_.get(), read_)) return false;
  }
  return true;
}

bool Conversation::read_line(std::string& line) {
  constexpr std::size_t longest = 16384;
  std::size_t end = read_.find('\n');
  while (end == std::string::npos) {
    if (read_.size() > longest || !fill()) return false;
    end = read_.find('\n');
  }
  line.assign(read_, 0, end);
  read_.erase(0, end + 1);
  return true;
}

bool Conversation::read_bytes(std::size_t count, std::string& bytes) {
  while (read_.size() < count) {
    if (!fill()) return false;
  }
  bytes.assign(read_, 0, count);
  read_.erase(0, count);
  return true;
}

}  // namespace pglint
