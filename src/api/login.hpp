// Who asks, on the network: HTTP Basic against the users file.
// Ownership: the API's. Thread: the loop's. Errors: unauthorized, too_many_failures (the message says how long), busy.
// A password that was right is remembered (as a keyed hash, in memory) so that not every request costs a scrypt.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/login_throttle.hpp"
#include "api/password_check.hpp"
#include "api/users.hpp"
#include "base/encoding.hpp"

namespace exitgate::api {

struct Caller {
  std::string user;  ///< "uid:1000", a user's name, or empty
  Role role = Role::kViewer;
};

class Login : public std::enable_shared_from_this<Login> {
 public:
  using Done = std::function<void(Result<Caller>)>;

  Login(boost::asio::io_context& io, std::vector<User> users);
  void set_users(std::vector<User> users);
  /// `done` may be called at once.
  void authenticate(std::optional<std::string_view> authorization, const std::string& address, MonoTime now, Done done);

 private:
  [[nodiscard]] const User* find(std::string_view name) const;
  [[nodiscard]] Bytes memory_of(const Credentials& credentials, const User& user) const;
  /// `matched_hash`: empty when the password was wrong.
  void checked(const Credentials& credentials, const std::string& matched_hash, const std::string& address,
               MonoTime now, const Done& done);

  std::vector<User> users_;
  LoginThrottle throttle_;
  std::array<std::uint8_t, 32> key_{};
  std::map<std::string, Bytes> remembered_;
  PasswordCheck check_;
};

}  // namespace exitgate::api
