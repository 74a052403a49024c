#include "api/users.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>

#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "http/message.hpp"

namespace exitgate::api {
namespace {

constexpr std::array<std::string_view, 3> kRoles{"viewer", "operator", "installer"};
constexpr std::size_t kLargestFile = 1048576;
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSaltBytes = 16;
constexpr std::uint64_t kMaxMemory = 64ULL << 20;

struct Scrypt {
  std::uint64_t n = 16384;
  std::uint64_t r = 8;
  std::uint64_t p = 1;
  Bytes salt;
  Bytes key;
};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Scrypt> parse_hash(std::string_view text) {
  const auto parts = split(text, '$');
  if (parts.size() != 6 || parts[0] != "scrypt") return std::nullopt;
  const auto n = number(parts[1]);
  const auto r = number(parts[2]);
  const auto p = number(parts[3]);
  auto salt = parse_base64(parts[4]);
  auto key = parse_base64(parts[5]);
  if (!n || !r || !p || !salt || !key || salt->empty() || key->size() != kKeyBytes) return std::nullopt;
  if (*r > 64 || *p > 16) return std::nullopt;
  return Scrypt{*n, *r, *p, std::move(*salt), std::move(*key)};
}

std::optional<Bytes> derive(std::string_view password, const Scrypt& scrypt) {
  Bytes key(kKeyBytes);
  if (EVP_PBE_scrypt(password.data(), password.size(), scrypt.salt.data(), scrypt.salt.size(), scrypt.n, scrypt.r,
                     scrypt.p, kMaxMemory, key.data(), key.size()) != 1) {
    return std::nullopt;
  }
  return key;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string hash_text(const Scrypt& scrypt) {
  return "scrypt$" + std::to_string(scrypt.n) + '$' + std::to_string(scrypt.r) + '$' + std::to_string(scrypt.p) + '$' +
         to_base64(scrypt.salt) + '$' + to_base64(scrypt.key);
}

}  // namespace

std::string_view to_string(Role role) { return kRoles.at(static_cast<std::size_t>(role)); }

std::optional<Role> parse_role(std::string_view text) {
  const auto* found = std::find(kRoles.begin(), kRoles.end(), text);
  if (found == kRoles.end()) return std::nullopt;
  return static_cast<Role>(found - kRoles.begin());
}

Result<std::vector<User>> parse_users(std::string_view text) {
  std::vector<User> users;
  int line_number = 0;
  for (const auto raw : split(text, '\n')) {
    ++line_number;
    const auto line = trimmed(raw);
    if (line.empty() || line.front() == '#') continue;
    const auto bad = [&](const std::string& what) {
      return fail("users_file",
                  "line " + std::to_string(line_number) + ": " + what + "; make it with `exitgate users add`");
    };
    const auto parts = split(line, ':');
    if (parts.size() != 3) return bad("is not user:role:hash");
    if (!ShortId::parse(parts[0])) return bad("names no valid user");
    const auto role = parse_role(parts[1]);
    if (!role) return bad("has an unknown role; viewer, operator or installer");
    if (!parse_hash(parts[2])) return bad("has a hash that can't be read");
    const auto same = [&](const User& user) { return user.name == parts[0]; };
    if (std::any_of(users.begin(), users.end(), same)) return bad("names a user again");
    users.push_back({std::string(parts[0]), *role, std::string(parts[2])});
  }
  return users;
}

Result<std::vector<User>> read_users(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail("users_file", path + " can't be read; check that it exists and that this user may read it");
  std::string content;
  for (auto at = std::istreambuf_iterator<char>(file); at != std::istreambuf_iterator<char>(); ++at) {
    if (content.size() == kLargestFile) return fail("users_file", path + " is larger than 1 MiB");
    content += *at;
  }
  auto users = parse_users(content);
  if (!users) return fail(users.error().within(path));
  return users;
}

Result<std::string> make_password_hash(std::string_view password) {
  if (password.size() < 8 || password.size() > 1024) return fail("password", "A password has 8 to 1024 bytes");
  Scrypt scrypt;
  scrypt.salt.resize(kSaltBytes);
  if (RAND_bytes(scrypt.salt.data(), static_cast<int>(scrypt.salt.size())) != 1) {
    return fail("random", "The system gives no random bytes");
  }
  auto key = derive(password, scrypt);
  if (!key) return fail("password", "scrypt failed: not enough memory?");
  scrypt.key = std::move(*key);
  return hash_text(scrypt);
}

bool password_matches(std::string_view password, std::string_view hash) {
  const auto scrypt = parse_hash(hash);
  if (!scrypt || password.size() > 1024) return false;
  const auto key = derive(password, *scrypt);
  return key && CRYPTO_memcmp(key->data(), scrypt->key.data(), kKeyBytes) == 0;
}

std::string_view nobodys_hash() {
  static const std::string kHash = hash_text({.salt = Bytes(kSaltBytes, 1), .key = Bytes(kKeyBytes, 0)});
  return kHash;
}

std::optional<Credentials> parse_basic(std::string_view header) {
  constexpr std::string_view kScheme = "Basic ";
  if (!http::equal_ignoring_case(header.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const auto decoded = parse_base64(trimmed(header.substr(kScheme.size())));
  if (!decoded) return std::nullopt;
  const std::string text(decoded->begin(), decoded->end());
  const auto colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Credentials{text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace exitgate::api
