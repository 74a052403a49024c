// One call of `exitgate`: where it speaks to and where it writes. Every command takes one and returns the exit code:
// 0 done, 1 refused or failed, 2 bad usage or bad configuration.
#pragma once

#include <iosfwd>
#include <string>

namespace exitgate::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kBadUsage = 2;

struct Session {
  std::ostream& out;
  std::ostream& err;
  std::string socket = "/run/exitgate/control.sock";
  bool json = false;  ///< write what the daemon answered, as JSON
  bool tty = false;   ///< out is a terminal: colours, live views
  int width = 80;     ///< of the terminal, columns
  int height = 24;    ///< of the terminal, rows
};

}  // namespace exitgate::cli
