#include "tools/backend/admin_api.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "tools/backend/chain_report.hpp"
#include "tools/backend/json_fields.hpp"

namespace exitgate::reference {
namespace {

namespace json = boost::json;

constexpr std::int64_t kLargest32 = 0xffffffff;
constexpr std::int64_t kYear_s = 366 * 86400;

/// {"name":[…]} of texts that are JSON already.
template <class Each>
std::string list_json(std::string_view name, Each each) {
  std::string text = "{\"" + std::string(name) + "\":[";
  bool first = true;
  each([&](std::string_view element) {
    if (!std::exchange(first, false)) text += ',';
    text += element;
  });
  return text + "]}";
}

std::optional<WallTime> expiry(Fields& fields, WallTime now) {
  const auto in_s = fields.optional_integer("expires_in_s", -kYear_s, kYear_s);
  if (in_s) return now + std::chrono::seconds(*in_s);
  return fields.optional_time("expires_at");
}

Result<SessionChange> parse_change(const json::object& object, WallTime now) {
  Fields fields(object);
  SessionChange change;
  change.session_id = fields.optional_uuid("session_id");
  if (const auto kind = fields.optional_text("kind")) {
    if (*kind != "cart" && *kind != "walkout") fields.complain("kind", "cart or walkout");
    change.cart = *kind == "cart";
  }
  const auto cart_id = fields.optional_integer("cart_id", 0, kLargest32);
  if (cart_id) change.cart_id = static_cast<CartId>(*cart_id);
  change.session_tag = fields.optional_tag("session_tag");
  if (const auto state = fields.optional_text("state")) {
    change.state = parse_session_state(*state);
    if (!change.state)
      fields.complain("state", "open, closed, settled_at_till, nothing_bought, payment_failed or inspection");
  }
  const auto party = fields.optional_integer("party_size", 1, 65535);
  if (party) change.party_size = static_cast<std::uint16_t>(*party);
  change.total = fields.optional_money("total");
  change.closed_at = fields.optional_time("closed_at");
  change.expires_at = expiry(fields, now);
  change.push = fields.optional_flag("push").value_or(false);
  if (!fields.problem().empty()) return fail("malformed", fields.problem());
  return change;
}

unsigned status_for(const Error& error) {
  if (error.code == "not_json" || error.code == "malformed") return 400;
  if (error.code == "unknown_session") return 404;
  if (error.code == "conflict" || error.code == "not_a_cart" || error.code == "not_closed" || error.code == "no_key")
    return 409;
  return 500;
}

}  // namespace

http::Response AdminApi::handle(const http::Request& request) {
  const bool post = request.method == "POST";
  const bool get = request.method == "GET";
  const auto& path = request.path;
  Body body = fail("not_found", "no such path and method; see tools/backend/README.md");
  if (post && path == "/admin/sessions") body = put_session(request.body);
  if (post && path == "/admin/arrivals") body = arrive(request.body);
  if (post && path == "/admin/revoke") body = revoke(request.body);
  if (post && path == "/admin/pass") body = pass(request.body);
  if (post && path == "/admin/pass-keys") body = add_pass_key(request.body);
  if (post && path == "/admin/faults") body = change_switches(request.body);
  if (post && path == "/admin/closures/renew") body = renew_log();
  if (get && path == "/admin/faults") body = faults_json(faults_);
  if (get && path == "/admin/receipts") body = receipts();
  if (get && path == "/admin/sessions") body = sessions();
  if (get && path == "/admin/questions") body = questions();
  if (get && path == "/admin/summary") body = summary();
  if (body) return {200, "application/json", {}, std::move(*body), false};
  const auto status = body.error().code == "not_found" ? 404 : status_for(body.error());
  return http::error_response(status, body.error().code, body.error().message);
}

AdminApi::Body AdminApi::put_session(const std::string& body) {
  const auto object = parse_object(body);
  if (!object) return fail(object.error());
  const auto change = parse_change(*object, wall_());
  if (!change) return fail(change.error());
  const auto session = backend_.put_session(*change, wall_());
  if (!session) return fail(session.error());
  return session_json(*session);
}

AdminApi::Body AdminApi::arrive(const std::string& body) {
  const auto object = parse_object(body);
  if (!object) return fail(object.error());
  Fields fields(*object);
  ArrivalNotice notice;
  notice.session_id = fields.uuid("session_id");
  if (fields.optional_flag("gone").value_or(false)) {
    if (!fields.problem().empty()) return fail("malformed", fields.problem());
    backend_.leave(notice.session_id);
    return "{}";
  }
  notice.lane = {fields.optional_short_id("gate_id").value_or(ShortId()), fields.short_id("lane_id")};
  const auto in_s = fields.optional_integer("in_s", -kYear_s, kYear_s).value_or(0);
  notice.at = wall_() + std::chrono::seconds(in_s);
  notice.push_expected = fields.optional_flag("push_expected").value_or(false);
  if (!fields.problem().empty()) return fail("malformed", fields.problem());
  const auto status = backend_.arrive(notice);
  if (!status) return fail(status.error());
  return "{}";
}

AdminApi::Body AdminApi::revoke(const std::string& body) {
  const auto object = parse_object(body);
  if (!object) return fail(object.error());
  Fields fields(*object);
  const Revocation revocation{fields.optional_uuid("session_id"), fields.optional_tag("session_tag")};
  if (!revocation.session_id && !revocation.session_tag) fields.complain("session_id", "session_id or session_tag");
  if (!fields.problem().empty()) return fail("malformed", fields.problem());
  const auto status = backend_.revoke(revocation, wall_());
  if (!status) return fail(status.error());
  return "{}";
}

AdminApi::Body AdminApi::pass(const std::string& body) {
  const auto object = parse_object(body);
  if (!object) return fail(object.error());
  Fields fields(*object);
  const auto session_id = fields.uuid("session_id");
  if (!fields.problem().empty()) return fail("malformed", fields.problem());
  const auto payload = backend_.pass_for(session_id);
  if (!payload) return fail(payload.error());
  return json::serialize(json::object{{"payload_base64", to_base64(*payload)}, {"payload_hex", to_hex(*payload)}});
}

AdminApi::Body AdminApi::add_pass_key(const std::string& body) {
  const auto object = parse_object(body);
  if (!object) return fail(object.error());
  Fields fields(*object);
  SigningKey key;
  key.key_id = static_cast<std::uint8_t>(fields.integer("key_id", 0, 255));
  const auto seed = parse_hex(fields.text("seed_hex"));
  if (!seed || seed->size() != key.seed.size()) fields.complain("seed_hex", "64 hex digits, an Ed25519 seed");
  key.not_before = fields.optional_time("not_before");
  key.not_after = fields.optional_time("not_after");
  if (!fields.problem().empty()) return fail("malformed", fields.problem());
  std::copy(seed->begin(), seed->end(), key.seed.begin());
  backend_.add_signing_key(key);
  return pass_keys_json(backend_.pass_keys());
}

AdminApi::Body AdminApi::change_switches(const std::string& body) {
  const auto faults = change_faults(faults_, body);
  if (!faults) return fail(faults.error());
  faults_ = *faults;
  const auto obeyed = on_faults_();
  if (!obeyed) return fail(obeyed.error());
  return faults_json(faults_);
}

AdminApi::Body AdminApi::renew_log() {
  const auto status = backend_.renew_log(wall_());
  if (!status) return fail(status.error());
  return "{}";
}

std::string AdminApi::receipts() {
  return list_json("receipts", [this](const auto& told) { backend_.each_receipt(told); });
}

std::string AdminApi::sessions() {
  return list_json("sessions", [this](const auto& told) { backend_.each_session(told); });
}

std::string AdminApi::questions() const {
  return list_json("questions", [this](const auto& told) {
    for (const auto& line : backend_.questions()) told(line);
  });
}

std::string AdminApi::summary() {
  ChainReport report;
  backend_.each_receipt([&](std::string_view receipt) { report.add(receipt); });
  return report.json();
}

}  // namespace exitgate::reference
