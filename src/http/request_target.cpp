#include "http/request_target.hpp"

#include <array>

namespace exitgate::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool parse_query(std::string_view text, Headers& query) {
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto field = text.substr(0, end);
    text.remove_prefix(end == text.size() ? end : end + 1);
    if (field.empty()) continue;
    const auto equals = std::min(field.find('='), field.size());
    auto name = percent_decode(field.substr(0, equals), true);
    auto value = percent_decode(equals == field.size() ? std::string_view{} : field.substr(equals + 1), true);
    if (!name || !value) return false;
    query.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

/// Takes "http://authority" off the front of an absolute target.
std::optional<std::string> take_authority(std::string_view& target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const auto end = std::min(target.find_first_of("/?"), target.size());
    std::string authority(target.substr(0, end));
    target.remove_prefix(end);
    if (target.empty()) target = "/";
    return authority;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) {
      c = ' ';
    } else if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
    decoded += c;
  }
  return decoded;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kHex[static_cast<unsigned char>(c) >> 4];
      encoded += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return encoded;
}

std::optional<RequestTarget> parse_target(std::string_view target) {
  RequestTarget parsed;
  parsed.authority = take_authority(target);
  if (target == "*") {
    parsed.path = "*";
    return parsed;
  }
  if (!parsed.authority && !target.starts_with('/')) return std::nullopt;
  target = target.substr(0, target.find('#'));
  const auto question = std::min(target.find('?'), target.size());
  auto path = percent_decode(target.substr(0, question), false);
  if (!path) return std::nullopt;
  parsed.path = path->empty() ? "/" : std::move(*path);
  if (question < target.size() && !parse_query(target.substr(question + 1), parsed.query)) return std::nullopt;
  return parsed;
}

}  // namespace exitgate::http
