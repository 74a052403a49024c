// A program that a test talks to line by line. Killed when the object goes.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace exitgate {

class ChildProgram {
 public:
  explicit ChildProgram(std::vector<std::string> arguments) {
    int to_child[2];
    int from_child[2];
    if (pipe2(to_child, O_CLOEXEC) != 0 || pipe2(from_child, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    std::vector<char*> raw;
    for (auto& argument : arguments) raw.push_back(argument.data());
    raw.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(to_child[0], STDIN_FILENO);
      dup2(from_child[1], STDOUT_FILENO);
      execv(raw[0], raw.data());
      _exit(127);
    }
    close(to_child[0]);
    close(from_child[1]);
    to_ = to_child[1];
    from_ = from_child[0];
    if (pid_ < 0) throw std::runtime_error("no process");
  }
  ~ChildProgram() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    close(to_);
    close(from_);
  }
  ChildProgram(const ChildProgram&) = delete;
  ChildProgram& operator=(const ChildProgram&) = delete;

  /// One line without its end. Throws when none comes in 20 s.
  [[nodiscard]] std::string read_line() {
    constexpr int kPatience_ms = 20000;
    while (received_.find('\n') == std::string::npos) {
      pollfd watched{from_, POLLIN, 0};
      char buffer[512];
      const auto got = poll(&watched, 1, kPatience_ms) > 0 ? read(from_, buffer, sizeof buffer) : 0;
      if (got <= 0) throw std::runtime_error("the program does not answer");
      received_.append(buffer, static_cast<std::size_t>(got));
    }
    const auto end = received_.find('\n');
    const std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    return line;
  }
  [[nodiscard]] std::string ask(std::string line) {
    line += '\n';
    if (write(to_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      throw std::runtime_error("the program is gone");
    return read_line();
  }

 private:
  pid_t pid_ = -1;
  int to_ = -1;
  int from_ = -1;
  std::string received_;
};

}  // namespace exitgate
