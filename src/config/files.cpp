#include "config/files.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "base/encoding.hpp"
#include "config/spelling.hpp"

namespace exitgate::config {
namespace {

constexpr std::string_view kCredential = "credential:";
constexpr std::uintmax_t kLargestFile = 1U << 20U;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// "scrypt$N$r$p$salt$key" with salt and a key of 32 bytes in base64, as the API reads it.
bool is_password_hash(std::string_view text) {
  const auto parts = split(text, '$');
  if (parts.size() != 6 || parts[0] != "scrypt") return false;
  const auto is_number = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  const auto salt = parse_base64(parts[4]);
  const auto key = parse_base64(parts[5]);
  return std::all_of(parts.begin() + 1, parts.begin() + 4, is_number) && salt && !salt->empty() && key &&
         key->size() == 32;
}

/// What is wrong with a line of a users file; empty: nothing. `seen` are the users of the lines before.
std::string users_line_trouble(std::string_view line, std::vector<std::string_view>& seen) {
  const auto parts = split(line, ':');
  if (parts.size() != 3) return "is not user:role:hash";
  if (!ShortId::parse(parts[0])) return "names no valid user";
  if (parts[1] != "viewer" && parts[1] != "operator" && parts[1] != "installer") return "has an unknown role";
  if (!is_password_hash(parts[2])) return "has a hash that cannot be read";
  if (std::find(seen.begin(), seen.end(), parts[0]) != seen.end()) return "names a user again";
  seen.push_back(parts[0]);
  return {};
}

}  // namespace

Result<std::string> read_small_file(const std::filesystem::path& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (error) return fail("unreadable", file.string() + ": " + error.message());
  if (std::filesystem::is_directory(status)) return fail("unreadable", file.string() + ": is a directory");
  if (!std::filesystem::is_regular_file(status)) return fail("unreadable", file.string() + ": is no regular file");
  if (std::filesystem::file_size(file, error) > kLargestFile || error) {
    return fail("unreadable", file.string() + ": is larger than 1 MiB");
  }
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::string content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.is_open() || in.bad()) {
    return fail("unreadable", file.string() + ": " + std::error_code(errno, std::generic_category()).message());
  }
  return content;
}

std::filesystem::path Files::resolve(std::string_view path) const { return (folder_ / path).lexically_normal(); }

Result<Files::Found> Files::read(std::string_view written) const {
  std::filesystem::path path;
  if (written.starts_with(kCredential)) {
    const std::string_view name = written.substr(kCredential.size());
    if (name.empty() || name.find('/') != std::string_view::npos || name == "..") {
      return fail("credential", "a credential's name has no slash and is not empty");
    }
    if (!environment_.credentials_directory) {
      return fail("credential", "$CREDENTIALS_DIRECTORY is not set: use LoadCredential= in the unit, or a path");
    }
    path = *environment_.credentials_directory / name;
  } else {
    path = resolve(written);
  }
  auto content = read_small_file(path);
  if (!content) return fail(content.error());
  return Found{std::move(path), std::move(*content)};
}

std::optional<Files::Found> Files::read_named(Section& section, std::string_view name, Need need,
                                              const char* expected) const {
  const auto written = section.text(name, need, expected);
  if (!written) return std::nullopt;
  auto found = read(*written);
  if (found) return std::move(*found);
  section.error(name, in_quotes(*written) + " (" + found.error().message + ")", expected);
  return std::nullopt;
}

std::optional<std::filesystem::path> Files::pem(Section& section, std::string_view name, Need need, PemKind kind,
                                                TlsTrial& trial) const {
  const char* expected = kind == PemKind::kPrivateKey ? "a readable PEM file with a private key"
                                                      : "a readable PEM file with a certificate";
  auto found = read_named(section, name, need, expected);
  if (!found) return std::nullopt;
  const auto taken = trial.take(kind, found->path);
  if (taken) return found->path;
  const auto& [code, message] = taken.error();
  if (code == "absent") {
    section.error(name, "a file without one (" + message + ")", expected);
  } else if (code == "another_certificate") {
    section.error(name, "a private key (" + message + ")",
                  "the key the certificate was issued for: renew or copy both files together");
  } else {
    section.error(name, "one that cannot be used (" + message + ")",
                  std::string(expected) + ", unencrypted and strong enough for OpenSSL");
  }
  return std::nullopt;
}

std::optional<std::filesystem::path> Files::users(Section& section, std::string_view name) const {
  constexpr const char* kExpected = "a readable file of user:role:hash lines, role viewer, operator or installer";
  const auto found = read_named(section, name, Need::kOptional, kExpected);
  if (!found) return std::nullopt;
  std::vector<std::string_view> seen;
  int number = 0;
  for (const std::string_view raw : split(found->content, '\n')) {
    ++number;
    const std::string_view line = trimmed(raw);
    if (line.empty() || line.front() == '#') continue;
    const std::string trouble = users_line_trouble(line, seen);
    if (trouble.empty()) continue;
    section.error(name, found->path.string() + ", whose line " + std::to_string(number) + " " + trouble, kExpected);
  }
  return found->path;
}

std::vector<BeaconKey> Files::beacon_keys(Section& section, std::string_view name) const {
  constexpr const char* kExpected = "an array of one or two files, each 64 hex digits";
  std::vector<BeaconKey> keys;
  const toml::node* node = section.find(name, Need::kRequired, kExpected);
  if (node == nullptr) return keys;
  const toml::array* array = node->as_array();
  if (array == nullptr || array->empty() || array->size() > 2) {
    section.error(name, array == nullptr ? shown(*node) : std::to_string(array->size()) + " files", kExpected);
    return keys;
  }
  for (const toml::node& element : *array) {
    const auto complain = [&](std::string found) {
      section.report().error(place_of(element.source()), section.key(name), std::move(found),
                             "a file of 64 hex digits");
    };
    const auto* written = element.as_string();
    if (written == nullptr) {
      complain(shown(element));
      continue;
    }
    const auto found = read(written->get());
    if (!found) {
      complain(in_quotes(written->get()) + " (" + found.error().message + ")");
      continue;
    }
    const auto bytes = parse_hex(trimmed(found->content));
    BeaconKey key{};
    if (!bytes || bytes->size() != key.size()) {
      complain("something else in " + found->path.string());
      continue;
    }
    std::copy(bytes->begin(), bytes->end(), key.begin());
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) complain("the same key twice");
    keys.push_back(key);
  }
  return keys;
}

}  // namespace exitgate::config
