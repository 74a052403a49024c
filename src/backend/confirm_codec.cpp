#include "backend/confirm_codec.hpp"

#include <array>
#include <boost/json/serialize.hpp>

#include "backend/json_reader.hpp"

namespace exitgate {
namespace {

namespace json = boost::json;

constexpr std::array kAdmitReasons{AdmitReason::kClosed, AdmitReason::kSettledAtTill, AdmitReason::kNothingBought};
constexpr std::array kRefuseReasons{RefuseReason::kSessionOpen, RefuseReason::kPaymentFailed,
                                    RefuseReason::kUnknownSession, RefuseReason::kInspection,
                                    RefuseReason::kAlreadyUsed};

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

NoAnswer malformed(std::string_view what) {
  return {NoAnswerCause::kMalformed, "the backend's answer to a confirm " + std::string(what)};
}

ConfirmAnswer decode_admit(JsonReader& in) {
  Admit admit;
  const std::string reason = in.text("reason");
  bool known = false;
  for (const auto candidate : kAdmitReasons) {
    if (to_string(candidate) != reason) continue;
    admit.reason = candidate;
    known = true;
  }
  if (!known) in.wrong("reason", "none of closed, settled_at_till, nothing_bought");
  admit.session_id = in.uuid("session_id");
  admit.expires_at = in.time("expires_at");
  admit.closed_at = in.optional_time("closed_at");
  admit.party_size = in.party_size();
  admit.total = in.total();
  if (!in.good()) return malformed(in.problem());
  return admit;
}

ConfirmAnswer decode_refuse(JsonReader& in) {
  const std::string reason = in.text("reason");
  if (!in.good()) return malformed(in.problem());
  for (const auto candidate : kRefuseReasons) {
    if (to_string(candidate) == reason) return Refuse{candidate};
  }
  return Refuse{RefuseReason::kInspection};
}

}  // namespace

std::string encode_confirm_request(const ConfirmRequest& request, const ShortId& store_id, const ShortId& gate_id) {
  json::object out;
  out["request_id"] = to_string(request.request_id);
  out["store_id"] = view(store_id.view());
  out["gate_id"] = view(gate_id.view());
  out["lane_id"] = view(request.lane_id.view());
  out["kind"] = request.cart ? "cart" : "walkout";
  out["observed_at"] = to_rfc3339(request.observed_at);
  out["stage"] = view(to_string(request.stage));
  if (request.cart_id) out["cart_id"] = *request.cart_id;
  if (request.session_tag) out["session_tag"] = to_string(*request.session_tag);
  if (request.session_id) out["session_id"] = to_string(*request.session_id);
  return json::serialize(out);
}

ConfirmAnswer decode_confirm_answer(int http_status, std::string_view body) {
  const std::string answered = describe_status("a confirm", http_status, body);
  if (refuses_credentials(http_status, body)) return NoAnswer{NoAnswerCause::kCredentials, answered};
  if (http_status >= 400 && http_status < 500) return NoAnswer{NoAnswerCause::kClientError, answered};
  if (http_status >= 500 && http_status < 600) return NoAnswer{NoAnswerCause::kServerError, answered};
  if (http_status != 200) return NoAnswer{NoAnswerCause::kMalformed, answered};
  const auto object = parse_json_object(body);
  if (!object) return malformed(object.error().message);
  JsonReader in(*object);
  const std::string decision = in.text("decision");
  if (!in.good()) return malformed(in.problem());
  if (decision == "admit") return decode_admit(in);
  if (decision == "refuse") return decode_refuse(in);
  return malformed("has a decision that is neither admit nor refuse");
}

bool refuses_client_certificate(int http_status, std::string_view body) {
  if (http_status != 400 || body.starts_with('{')) return false;
  return body.find("The SSL certificate error") != std::string_view::npos ||
         body.find("No required SSL certificate was sent") != std::string_view::npos;
}

bool refuses_credentials(int http_status, std::string_view body) {
  return http_status == 401 || http_status == 403 || refuses_client_certificate(http_status, body);
}

std::string describe_status(std::string_view request, int http_status, std::string_view body) {
  std::string text =
      "the backend answered " + std::string(request) + " with HTTP status " + std::to_string(http_status);
  if (refuses_client_certificate(http_status, body)) {
    text += " for this gate's certificate: renew [backend] certificate_file, or have the backend trust its issuer";
  } else if (refuses_credentials(http_status, body)) {
    text += ": have the backend admit this gate's certificate for [store] id and gate, or correct those";
  } else if (http_status >= 400 && http_status < 500) {
    text += ": check [backend] url, and that the backend speaks this gate's version of the protocol";
  }
  return text;
}

}  // namespace exitgate
