#include "config/files.hpp"

#include <algorithm>
#include <array>
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

bool holds_pem(std::string_view text, Files::Pem kind) {
  if (kind == Files::Pem::kCertificate) {
    return text.find("-----BEGIN CERTIFICATE-----") != std::string_view::npos &&
           text.find("-----END CERTIFICATE-----") != std::string_view::npos;
  }
  constexpr std::array<std::string_view, 3> kKinds{"", "RSA ", "EC "};
  return std::any_of(kKinds.begin(), kKinds.end(), [&](std::string_view which) {
    const std::string label = std::string(which) + "PRIVATE KEY-----";
    return text.find("-----BEGIN " + label) != std::string_view::npos &&
           text.find("-----END " + label) != std::string_view::npos;
  });
}

/// What is wrong with a line of a users file; empty: nothing.
std::string users_line_trouble(std::string_view line) {
  const auto first = line.find(':');
  const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
  if (second == std::string_view::npos || second + 1 == line.size()) return "is not user:role:hash";
  if (!ShortId::parse(line.substr(0, first))) return "names no valid user";
  const std::string_view role = line.substr(first + 1, second - first - 1);
  if (role != "viewer" && role != "operator" && role != "installer") return "has an unknown role";
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

std::optional<std::filesystem::path> Files::pem(Section& section, std::string_view name, Need need, Pem kind) const {
  const char* expected =
      kind == Pem::kCertificate ? "a readable PEM file with a certificate" : "a readable PEM file with a private key";
  auto found = read_named(section, name, need, expected);
  if (!found) return std::nullopt;
  if (holds_pem(found->content, kind)) return found->path;
  section.error(name, "a file without one (" + found->path.string() + ")", expected);
  return std::nullopt;
}

std::optional<std::filesystem::path> Files::users(Section& section, std::string_view name) const {
  constexpr const char* kExpected = "a readable file of user:role:hash lines, role viewer, operator or installer";
  const auto found = read_named(section, name, Need::kOptional, kExpected);
  if (!found) return std::nullopt;
  std::string_view rest = found->content;
  for (int number = 1; !rest.empty(); ++number) {
    const std::string_view raw = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(raw.size() + 1, rest.size()));
    const std::string_view line = trimmed(raw);
    if (line.empty() || line.front() == '#') continue;
    const std::string trouble = users_line_trouble(line);
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
