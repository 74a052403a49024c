#include "http/message_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace exitgate::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

void add_header(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ");
  // A line break in a value would let it forge headers.
  std::copy_if(value.begin(), value.end(), std::back_inserter(text),
               [](char c) { return c != '\r' && c != '\n' && c != '\0'; });
  text.append("\r\n");
}

void add_json_string(std::string& text, std::string_view value) {
  text += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      text += ' ';
    } else {
      text += c;
    }
  }
  text += '"';
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Response error_response(unsigned status, std::string_view code, std::string_view message) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = "{\"error\":{\"code\":";
  add_json_string(response.body, code);
  response.body += ",\"message\":";
  add_json_string(response.body, message);
  response.body += "}}";
  return response;
}

std::string_view reason_phrase(unsigned status) {
  struct Phrase {
    unsigned status;
    std::string_view text;
  };
  static constexpr std::array<Phrase, 31> kPhrases{{
      {100, "Continue"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  }};
  const auto* found =
      std::find_if(kPhrases.begin(), kPhrases.end(), [&](const Phrase& p) { return p.status == status; });
  return found == kPhrases.end() ? std::string_view{"Status"} : found->text;
}

std::string http_date(std::chrono::system_clock::time_point now) {
  static constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                kDays.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                kMonths.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                utc.tm_sec);
  return text.data();
}

std::string answer_text(const Response& response, const AnswerForm& form, std::string_view date) {
  const bool bodiless = response.status == 204 || response.status == 304 || response.status < 200;
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  text.append(reason_phrase(response.status)).append("\r\n");
  const bool own_date = std::any_of(response.headers.begin(), response.headers.end(),
                                    [](const auto& header) { return equal_ignoring_case(header.first, "Date"); });
  if (!own_date) add_header(text, "Date", date);
  if (!response.content_type.empty()) add_header(text, "Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers) add_header(text, name, value);
  if (form.chunked) {
    add_header(text, "Transfer-Encoding", "chunked");
  } else if (!bodiless) {
    add_header(text, "Content-Length", std::to_string(response.body.size()));
  }
  if (!form.keep_alive) {
    add_header(text, "Connection", "close");
  } else if (form.http_1_0) {
    add_header(text, "Connection", "keep-alive");
  }
  text += "\r\n";
  if (!form.head && !bodiless && !form.chunked) text += response.body;
  return text;
}

std::string chunk_text(std::string_view data) {
  std::array<char, 24> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", data.size());
  return std::string(size.data()).append(data).append("\r\n");
}

}  // namespace exitgate::http
