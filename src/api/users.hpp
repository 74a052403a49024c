// The users of the API on the network: "user:role:hash" lines, and the hashes in them. Pure, but for randomness.
// A hash is "scrypt$N$r$p$SALT$KEY" (RFC 7914; salt and key in base64). Making or checking one takes tens of
// milliseconds and 16 MiB: never on the loop's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace exitgate::api {

/// Each may do what those before it may.
enum class Role : std::uint8_t { kViewer, kOperator, kInstaller };
[[nodiscard]] std::string_view to_string(Role role);
[[nodiscard]] std::optional<Role> parse_role(std::string_view text);

struct User {
  std::string name;
  Role role = Role::kViewer;
  std::string hash;
};

/// Empty lines and those beginning with '#' are skipped. Code users_file, with the number of the first bad line.
[[nodiscard]] Result<std::vector<User>> parse_users(std::string_view text);
/// Reads the file, at most 1 MiB. Code users_file.
[[nodiscard]] Result<std::vector<User>> read_users(const std::string& path);

/// Code password when it is shorter than 8 or longer than 1024 bytes.
[[nodiscard]] Result<std::string> make_password_hash(std::string_view password);
/// False also for a hash that can't be read. Compares in constant time.
[[nodiscard]] bool password_matches(std::string_view password, std::string_view hash);
/// Of no password: checking it takes as long as checking a real one.
[[nodiscard]] std::string_view nobodys_hash();

/// "Basic …" of an Authorization header (RFC 7617).
struct Credentials {
  std::string user;
  std::string password;
};
[[nodiscard]] std::optional<Credentials> parse_basic(std::string_view header);

}  // namespace exitgate::api
