// Checks of what the program itself must guarantee. They stay on in release builds: a daemon that goes on
// with a broken invariant is worse than one that is restarted by its supervisor with the barriers open.
// Never used for input from outside: that gets an Error.
#pragma once

namespace exitgate {

/// Prints expression and place on stderr and aborts.
[[noreturn]] void check_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace exitgate

#define EXITGATE_CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::exitgate::check_failed(#expression, __FILE__, __LINE__))
