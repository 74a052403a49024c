#include "tools/backend/messages.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "tools/backend/json_fields.hpp"

namespace exitgate::reference {
namespace {

namespace json = boost::json;

constexpr std::int64_t kLargest32 = 0xffffffff;

Stage stage_field(Fields& fields) {
  const auto text = fields.text("stage");
  for (const auto stage : {Stage::kAhead, Stage::kPresent, Stage::kAdmitted, Stage::kLapsed}) {
    if (text == to_string(stage)) return stage;
  }
  fields.complain("stage", "ahead, present, admitted or lapsed");
  return Stage::kAhead;
}

void read_shopper(Fields& fields, ConfirmRequest& request) {
  const auto kind = fields.text("kind");
  if (kind != "cart" && kind != "walkout") fields.complain("kind", "cart or walkout");
  request.cart = kind == "cart";
  request.session_id = fields.optional_uuid("session_id");
  if (!request.cart) return;
  const auto cart_id = fields.optional_integer("cart_id", 0, kLargest32);
  if (!cart_id) fields.complain("cart_id", "the cart's number");
  request.cart_id = static_cast<CartId>(cart_id.value_or(0));
  request.session_tag = fields.optional_tag("session_tag");
  if (!request.session_tag) fields.complain("session_tag", "12 lower-case hex digits");
}

json::object admit_json(const Admit& admit) {
  json::object answer{{"decision", "admit"},
                      {"reason", to_string(admit.reason)},
                      {"session_id", to_string(admit.session_id)},
                      {"expires_at", to_rfc3339(admit.expires_at)}};
  if (admit.closed_at) answer["closed_at"] = to_rfc3339(*admit.closed_at);
  answer["party_size"] = admit.party_size;
  if (admit.total) answer["total"] = to_json(*admit.total);
  return answer;
}

json::object to_object(const Answer& answer) {
  if (const auto* admit = std::get_if<Admit>(&answer)) return admit_json(*admit);
  if (const auto* refuse = std::get_if<Refuse>(&answer)) {
    return {{"decision", "refuse"}, {"reason", to_string(refuse->reason)}};
  }
  return {};
}

std::vector<ShortId> gates_in(const json::object& object, std::string_view name) {
  std::vector<ShortId> gates;
  const auto* list = object.if_contains(name);
  if (list == nullptr || !list->is_array()) return gates;
  for (const auto& gate : list->get_array()) {
    const auto id = gate.is_string() ? ShortId::parse(gate.get_string()) : std::nullopt;
    if (id) gates.push_back(*id);
  }
  return gates;
}

std::string_view to_string(UploadStatus status) {
  static constexpr std::array<std::string_view, 3> kNames{"stored", "duplicate", "rejected"};
  return kNames.at(static_cast<std::size_t>(status));
}

}  // namespace

Result<Question> parse_question(std::string_view body) {
  const auto object = parse_object(body);
  if (!object) return fail(object.error());
  Fields fields(*object);
  Question question;
  auto& request = question.request;
  request.request_id = fields.uuid("request_id");
  question.store_id = fields.text("store_id");
  question.gate_id = fields.short_id("gate_id");
  request.lane_id = fields.short_id("lane_id");
  request.observed_at = fields.time("observed_at");
  request.stage = stage_field(fields);
  read_shopper(fields, request);
  if (!fields.problem().empty()) return fail("malformed", fields.problem());
  return question;
}

std::string answer_json(const Answer& answer) { return json::serialize(to_object(answer)); }

std::string question_json(const Question& question, const Answer& answer, WallTime at) {
  const auto& request = question.request;
  json::object line{{"at", to_rfc3339(at)},
                    {"request_id", to_string(request.request_id)},
                    {"gate_id", question.gate_id.view()},
                    {"lane_id", request.lane_id.view()},
                    {"kind", request.cart ? "cart" : "walkout"},
                    {"stage", to_string(request.stage)},
                    {"observed_at", to_rfc3339(request.observed_at)}};
  if (request.cart_id) line["cart_id"] = *request.cart_id;
  if (request.session_tag) line["session_tag"] = to_string(*request.session_tag);
  if (request.session_id) line["session_id"] = to_string(*request.session_id);
  line["answer"] = to_object(answer);
  return json::serialize(line);
}

std::string results_json(const std::vector<UploadResult>& results) {
  json::array list;
  for (const auto& result : results) {
    json::object entry{{"receipt_id", to_string(result.receipt_id)}, {"status", to_string(result.status)}};
    if (!result.reason.empty()) entry["reason"] = result.reason;
    list.push_back(std::move(entry));
  }
  return json::serialize(json::object{{"results", std::move(list)}});
}

std::string pass_keys_json(const std::vector<PassKey>& keys) {
  json::array list;
  for (const auto& key : keys) {
    json::object entry{{"key_id", key.key_id}, {"public_key", to_base64(key.public_key)}};
    if (key.not_before) entry["not_before"] = to_rfc3339(*key.not_before);
    if (key.not_after) entry["not_after"] = to_rfc3339(*key.not_after);
    list.push_back(std::move(entry));
  }
  return json::serialize(json::object{{"keys", std::move(list)}});
}

std::string closed_json(const Session& session, std::uint16_t party_size) {
  json::object data{{"session_tag", to_string(session.session_tag)},
                    {"cart_id", session.cart_id},
                    {"session_id", to_string(session.session_id)},
                    {"closed_at", to_rfc3339(session.closed_at.value_or(WallTime{}))},
                    {"expires_at", to_rfc3339(session.expires_at)},
                    {"party_size", party_size}};
  if (session.total) data["total"] = to_json(*session.total);
  return json::serialize(data);
}

std::string expected_json(const ExpectedWalkout& walkout) {
  return json::serialize(json::object{{"lane_id", walkout.lane_id.view()},
                                      {"session_id", to_string(walkout.session_id)},
                                      {"at", to_rfc3339(walkout.at)},
                                      {"expires_at", to_rfc3339(walkout.expires_at)},
                                      {"party_size", walkout.party_size}});
}

std::string revoked_json(const Revocation& revocation) {
  json::object data;
  if (revocation.session_id) data["session_id"] = to_string(*revocation.session_id);
  if (revocation.session_tag) data["session_tag"] = to_string(*revocation.session_tag);
  return json::serialize(data);
}

std::string claim_json(const Uuid& session_id, const ShortId& gate_id) {
  return json::serialize(json::object{{"session_id", to_string(session_id)}, {"gate_id", gate_id.view()}});
}

std::string session_json(const Session& session) {
  json::object object{{"session_id", to_string(session.session_id)},
                      {"kind", session.cart ? "cart" : "walkout"},
                      {"state", to_string(session.state)},
                      {"revoked", session.revoked},
                      {"expires_at", to_rfc3339(session.expires_at)},
                      {"party_size", session.party_size}};
  if (session.cart) {
    object["cart_id"] = session.cart_id;
    object["session_tag"] = to_string(session.session_tag);
  }
  if (session.closed_at) object["closed_at"] = to_rfc3339(*session.closed_at);
  if (session.total) object["total"] = to_json(*session.total);
  json::array claims;
  for (const auto& gate : session.claims) claims.emplace_back(gate.view());
  object["claims"] = std::move(claims);
  json::object passed;
  for (const auto& [gate, passages] : session.passed) passed[gate.view()] = passages;
  object["passed"] = std::move(passed);
  json::array unknown_at;
  for (const auto& gate : session.unknown_at) unknown_at.emplace_back(gate.view());
  object["unknown_at"] = std::move(unknown_at);
  return json::serialize(object);
}

Result<Session> parse_session(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return fail(object.error());
  Fields fields(*object);
  Session session;
  session.session_id = fields.uuid("session_id");
  session.cart = fields.text("kind") == "cart";
  const auto state = parse_session_state(fields.text("state"));
  if (!state) fields.complain("state", "a state of a session");
  session.state = state.value_or(SessionState::kOpen);
  session.revoked = fields.optional_flag("revoked").value_or(false);
  session.closed_at = fields.optional_time("closed_at");
  session.expires_at = fields.time("expires_at");
  session.party_size = static_cast<std::uint16_t>(fields.integer("party_size", 1, 65535));
  session.total = fields.optional_money("total");
  if (session.cart) {
    session.cart_id = static_cast<CartId>(fields.integer("cart_id", 0, kLargest32));
    session.session_tag = fields.optional_tag("session_tag").value_or(SessionTag{});
  }
  for (const auto& gate : gates_in(*object, "claims")) session.claims.push_back(gate);
  for (const auto& gate : gates_in(*object, "unknown_at")) session.unknown_at.insert(gate);
  const auto* passed = object->if_contains("passed");
  if (passed == nullptr || !passed->is_object()) return fail("malformed", "`passed` is no object");
  for (const auto& [gate, passages] : passed->get_object()) {
    const auto id = ShortId::parse(gate);
    if (id && passages.is_int64()) session.passed[*id] = static_cast<std::uint32_t>(passages.get_int64());
  }
  if (!fields.problem().empty()) return fail("malformed", fields.problem());
  return session;
}

}  // namespace exitgate::reference
