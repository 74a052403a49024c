// The text of answers on the wire (RFC 9112). Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace exitgate::http {

struct AnswerForm {
  bool head = false;  ///< leave the body out
  bool keep_alive = true;
  bool chunked = false;   ///< the body follows in chunks: no Content-Length, body ignored
  bool http_1_0 = false;  ///< keep-alive has to be said
};

[[nodiscard]] std::string_view reason_phrase(unsigned status);
/// IMF-fixdate (RFC 9110, section 5.6.7).
[[nodiscard]] std::string http_date(std::chrono::system_clock::time_point now);
/// Status line, headers and, where it applies, the body. Characters in header values that would break a line are left
/// out.
[[nodiscard]] std::string answer_text(const Response& response, const AnswerForm& form, std::string_view date);
/// One chunk (RFC 9112, section 7.1); `data` must not be empty.
[[nodiscard]] std::string chunk_text(std::string_view data);

}  // namespace exitgate::http
