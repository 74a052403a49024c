#include "backend/upload_codec.hpp"

#include <algorithm>

#include "backend/confirm_codec.hpp"
#include "backend/json_reader.hpp"

namespace exitgate {
namespace {

constexpr std::size_t kReasonBytesMax = 500;

std::optional<UploadStatus> parse_upload_status(std::string_view text) {
  if (text == "stored") return UploadStatus::kStored;
  if (text == "duplicate") return UploadStatus::kDuplicate;
  if (text == "rejected") return UploadStatus::kRejected;
  return std::nullopt;
}

/// At most `bytes` of it, cut between two characters: it is stored and shown, and half a character is no JSON text.
std::string shortened(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  text.resize(bytes);
  return text;
}

std::optional<UploadResult> read_result(const boost::json::value& entry) {
  if (!entry.is_object()) return std::nullopt;
  JsonReader in(entry.get_object());
  UploadResult result;
  result.receipt_id = in.uuid("receipt_id");
  const auto status = parse_upload_status(in.text("status"));
  if (!in.good() || !status) return std::nullopt;
  result.status = *status;
  if (in.has("reason")) result.reason = shortened(in.text("reason"), kReasonBytesMax);
  return result;
}

UploadAnswer decode_results(std::string_view body) {
  const auto object = parse_json_object(body);
  if (!object) return UploadFailed{"the backend's answer to an upload " + object.error().message};
  const auto* list = object->if_contains("results");
  if (list == nullptr || !list->is_array()) return UploadFailed{"the backend's answer to an upload lacks results"};
  UploadAccepted accepted;
  for (const auto& entry : list->get_array()) {
    if (auto result = read_result(entry)) accepted.results.push_back(std::move(*result));
  }
  return accepted;
}

}  // namespace

std::string encode_upload(const std::vector<std::string>& receipt_jsons, const ShortId& store_id,
                          const ShortId& gate_id) {
  // Ids are [A-Za-z0-9._-] and need no escaping.
  std::string body = R"({"store_id":")" + store_id.str() + R"(","gate_id":")" + gate_id.str() + R"(","receipts":[)";
  for (std::size_t i = 0; i < receipt_jsons.size(); ++i) {
    if (i > 0) body.push_back(',');
    body += receipt_jsons[i];
  }
  return body + "]}";
}

UploadAnswer decode_upload_answer(int http_status, std::string_view body, std::string_view retry_after, WallTime now) {
  const std::string answered = describe_status("an upload", http_status, body);
  if (refuses_credentials(http_status, body)) return UploadForbidden{answered};
  switch (http_status) {
    case 200:
      return decode_results(body);
    case 400:
    case 413:
    case 422:
      return UploadUnacceptable{http_status};
    case 429:
    case 503:
      return UploadBusy{parse_retry_after(retry_after, now)};
    default:
      return UploadFailed{answered};
  }
}

std::optional<Duration> parse_retry_after(std::string_view text, WallTime now) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t seconds = 0;
    for (const char c : text) seconds = std::min<std::int64_t>(seconds * 10 + (c - '0'), 1000000);
    return std::min<Duration>(std::chrono::seconds{seconds}, kRetryAfterMax);
  }
  const auto date = parse_http_date(text);
  if (!date) return std::nullopt;
  return std::clamp<Duration>(*date - now, Duration::zero(), kRetryAfterMax);
}

}  // namespace exitgate
