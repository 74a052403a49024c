// A pseudo-terminal that stands for a serial port: the rig holds the master, others open a symbolic link to the slave.
// Ownership: closes the pair and removes the link in its destructor. Thread: none of its own.
// Errors: make() says which step failed and for which path. An existing link is replaced; anything else is not.
#pragma once

#include <string>

#include "base/result.hpp"

namespace exitgate::rig {

class Pty {
 public:
  [[nodiscard]] static Result<Pty> make(const std::string& link);
  Pty(Pty&& other) noexcept;
  Pty& operator=(Pty&&) = delete;
  Pty(const Pty&) = delete;
  Pty& operator=(const Pty&) = delete;
  ~Pty();

  /// Non-blocking, in raw mode. Stays the Pty's.
  [[nodiscard]] int master() const { return master_; }
  /// A program that held the port exclusively (TIOCEXCL) may have gone: lets the next one open it, as a real port
  /// would.
  void allow_reopen() const;

 private:
  Pty(int master, int slave, std::string link) : master_(master), slave_(slave), link_(std::move(link)) {}
  int master_;
  int slave_;  ///< held open, so that the master never reads end-of-file between two programs
  std::string link_;
};

}  // namespace exitgate::rig
