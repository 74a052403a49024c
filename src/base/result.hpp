// Errors as values. Purpose: every operation that can fail for a reason outside the program returns a Result.
// `code` is stable and machine-readable (lower-case, underscores, a string literal); `message` says what happened,
// where, and what to do about it. Exceptions of libraries end at the adapter that calls them.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace exitgate {

struct [[nodiscard]] Error {
  std::string_view code;  ///< refers to a string literal
  std::string message;

  /// The same error with `where` put before its message.
  [[nodiscard]] Error within(std::string_view where) const {
    return {code, std::string(where) + ": " + message};
  }
  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// return fail("disk_full", "…");
[[nodiscard]] inline tl::unexpected<Error> fail(std::string_view code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace exitgate
