// POST /v1/exits/confirm as bytes and back (backend contract, "may this shopper leave?"). Pure.
// Hostile bytes give a NoAnswer, never a crash; the caller bounds the body (kAnswerBytesMax).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/backend_messages.hpp"

namespace exitgate {

inline constexpr std::size_t kAnswerBytesMax = 1024 * 1024;

/// The request's body.
[[nodiscard]] std::string encode_confirm_request(const ConfirmRequest& request, const ShortId& store_id,
                                                 const ShortId& gate_id);

/// What an HTTP answer says. 200 with all needed fields is an answer; an unknown refuse reason is kInspection, unknown
/// fields are ignored, a lacking or wrong field is kMalformed. Other statuses by class: 401/403 kCredentials (and a TLS
/// terminator's page, see below), other 4xx kClientError, 5xx kServerError, all else kMalformed.
[[nodiscard]] ConfirmAnswer decode_confirm_answer(int http_status, std::string_view body);

/// Whether a 400 is a TLS terminator's way of refusing our client certificate: nginx completes the handshake and then
/// answers "400 The SSL certificate error" or "400 No required SSL certificate was sent" (ngx_http_special_response.c,
/// codes 495 and 496), which must not be mistaken for a backend that cannot take what was sent.
[[nodiscard]] bool refuses_client_certificate(int http_status, std::string_view body);

/// 401, 403 and refuses_client_certificate().
[[nodiscard]] bool refuses_credentials(int http_status, std::string_view body);

/// "the backend answered REQUEST with HTTP status N", and for a 4xx what to do about it: the advice of
/// backend_credentials and backend_protocol.
[[nodiscard]] std::string describe_status(std::string_view request, int http_status, std::string_view body);

}  // namespace exitgate
