// Bodies of a backend's answers. The first byte chooses the codec, the second the HTTP status.
#include <array>
#include <boost/json.hpp>
#include <set>
#include <string>
#include <variant>

#include "backend/confirm_codec.hpp"
#include "backend/pass_key_codec.hpp"
#include "backend/upload_codec.hpp"
#include "fuzz_input.hpp"

namespace exitgate {
namespace {

constexpr std::array<int, 16> kStatuses{200, 200, 200, 200, 200, 200, 200, 200, 204, 400, 401, 413, 422, 429, 500, 503};
constexpr WallTime kNow = wall_from_s(1793000000);

bool is_utf8(const std::string& text) {
  boost::json::error_code error;
  (void)boost::json::parse(boost::json::serialize(boost::json::string(text)), error);
  return !error;
}

std::string say_again(const Admit& admit) {
  boost::json::object object{{"decision", "admit"},
                             {"reason", std::string(to_string(admit.reason))},
                             {"session_id", to_string(admit.session_id)},
                             {"expires_at", to_rfc3339(admit.expires_at)},
                             {"party_size", admit.party_size}};
  if (admit.closed_at) object["closed_at"] = to_rfc3339(*admit.closed_at);
  if (admit.total) {
    object["total"] = boost::json::object{{"amount_minor", admit.total->amount_minor},
                                          {"currency", std::string(admit.total->currency_code())}};
  }
  return boost::json::serialize(object);
}

void check_confirm(int status, std::string_view body) {
  const auto answer = decode_confirm_answer(status, body);
  if (const auto* none = std::get_if<NoAnswer>(&answer)) {
    EXITGATE_CHECK(!none->detail.empty() && none->detail.size() < 2000);
    return;
  }
  EXITGATE_CHECK(status == 200);
  const auto* admit = std::get_if<Admit>(&answer);
  if (admit == nullptr) return;
  EXITGATE_CHECK(admit->party_size >= 1);
  const auto again_answer = decode_confirm_answer(200, say_again(*admit));
  const auto* again = std::get_if<Admit>(&again_answer);
  EXITGATE_CHECK(again != nullptr);
  EXITGATE_CHECK(again->session_id == admit->session_id && again->total == admit->total);
  EXITGATE_CHECK(to_rfc3339(again->expires_at) == to_rfc3339(admit->expires_at));
  EXITGATE_CHECK(again->party_size == admit->party_size && again->reason == admit->reason);
}

void check_upload(int status, std::string_view body, std::string_view retry_after) {
  const auto answer = decode_upload_answer(status, body, retry_after, kNow);
  EXITGATE_CHECK(!std::holds_alternative<UploadAccepted>(answer) || status == 200);
  if (const auto* accepted = std::get_if<UploadAccepted>(&answer)) {
    for (const auto& result : accepted->results) {
      EXITGATE_CHECK(result.reason.size() <= 500 && is_utf8(result.reason));  // it is shown and stored
    }
  }
  const auto wait = parse_retry_after(retry_after, kNow);
  if (wait) EXITGATE_CHECK(*wait >= Duration::zero() && *wait <= kRetryAfterMax);
}

void check_pass_keys(std::string_view body) {
  const auto decoded = decode_pass_keys(body);
  if (!decoded) {
    EXITGATE_CHECK(decoded.error().code == "backend_malformed");
    return;
  }
  std::set<std::uint8_t> ids;
  for (const auto& key : decoded->keys) EXITGATE_CHECK(ids.insert(key.key_id).second);
}

}  // namespace
}  // namespace exitgate

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace exitgate;
  fuzz::Input input({data, size});
  const std::uint8_t codec = input.byte();
  const int status = kStatuses[input.byte() % kStatuses.size()];
  const std::string_view rest = fuzz::text_of(input.rest());
  if (codec % 4 == 0) check_confirm(status, rest);
  if (codec % 4 == 1) check_upload(status, rest, "");
  if (codec % 4 == 2) check_pass_keys(rest);
  if (codec % 4 == 3) check_upload(status, "{}", rest);
  return 0;
}
