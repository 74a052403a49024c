#include "api/login.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>

#include "base/check.hpp"

namespace exitgate::api {

Login::Login(boost::asio::io_context& io, std::vector<User> users) : users_(std::move(users)), check_(io) {
  EXITGATE_CHECK(RAND_bytes(key_.data(), static_cast<int>(key_.size())) == 1);
}

void Login::set_users(std::vector<User> users) {
  users_ = std::move(users);
  remembered_.clear();
}

const User* Login::find(std::string_view name) const {
  const auto found = std::find_if(users_.begin(), users_.end(), [&](const User& user) { return user.name == name; });
  return found == users_.end() ? nullptr : &*found;
}

Bytes Login::memory_of(const Credentials& credentials, const User& user) const {
  // The stored hash is part of it: a changed password is forgotten.
  const std::string text = user.hash + '\0' + credentials.password;
  Bytes memory(32);
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), memory.data(), &size);
  return memory;
}

void Login::authenticate(std::optional<std::string_view> authorization, const std::string& address, MonoTime now,
                         Done done) {
  if (const auto wait = throttle_.wait(address, now)) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*wait).count();
    return done(fail("too_many_failures", "Too many wrong passwords; try again in " + std::to_string(seconds) + " s"));
  }
  const auto credentials = authorization ? parse_basic(*authorization) : std::nullopt;
  if (!credentials) return done(fail("unauthorized", "Give a user and password (HTTP Basic)"));
  const User* const user = find(credentials->user);
  if (user != nullptr) {
    const auto remembered = remembered_.find(user->name);
    const auto memory = memory_of(*credentials, *user);
    if (remembered != remembered_.end() &&
        CRYPTO_memcmp(memory.data(), remembered->second.data(), memory.size()) == 0) {
      return done(Caller{user->name, user->role});
    }
  }
  const std::string hash(user != nullptr ? std::string_view(user->hash) : nobodys_hash());
  const auto told = [weak = weak_from_this(), credentials = *credentials, hash, address, now, done](bool matches) {
    if (const auto self = weak.lock()) self->checked(credentials, matches ? hash : "", address, now, done);
  };
  if (!check_.check(credentials->password, hash, told)) done(fail("busy", "Too many logins at once; try again"));
}

void Login::checked(const Credentials& credentials, const std::string& matched_hash, const std::string& address,
                    MonoTime now, const Done& done) {
  // The users may have been read anew meanwhile.
  const User* const user = find(credentials.user);
  if (user == nullptr || user->hash != matched_hash) {
    throttle_.failed(address, now);
    return done(fail("unauthorized", "User or password is wrong"));
  }
  throttle_.succeeded(address);
  remembered_[user->name] = memory_of(credentials, *user);
  done(Caller{user->name, user->role});
}

}  // namespace exitgate::api
