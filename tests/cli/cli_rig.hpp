// One call of a command, with what it wrote.
#pragma once

#include <functional>
#include <sstream>
#include <string>

#include "cli/commands.hpp"

namespace exitgate::test {

struct Called {
  int code = -1;
  std::string out;
  std::string err;
};

inline Called call(const std::string& socket, const std::function<int(const cli::Session&)>& command,
                   bool json = false) {
  std::ostringstream out;
  std::ostringstream err;
  cli::Session session{out, err};
  session.socket = socket;
  session.json = json;
  Called called;
  called.code = command(session);
  called.out = out.str();
  called.err = err.str();
  return called;
}

}  // namespace exitgate::test
