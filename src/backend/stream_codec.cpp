#include "backend/stream_codec.hpp"

#include <limits>

#include "backend/json_reader.hpp"

namespace exitgate {
namespace {

StreamEvent read_closure(JsonReader& in) {
  Closure closure;
  closure.session_tag = in.session_tag("session_tag");
  closure.cart_id = static_cast<CartId>(in.integer("cart_id", 0, std::numeric_limits<CartId>::max()));
  closure.session_id = in.uuid("session_id");
  closure.closed_at = in.time("closed_at");
  closure.expires_at = in.time("expires_at");
  closure.party_size = in.party_size();
  closure.total = in.total();
  return closure;
}

StreamEvent read_expected(JsonReader& in) {
  ExpectedWalkout expected;
  expected.lane_id = in.short_id("lane_id");
  expected.session_id = in.uuid("session_id");
  expected.at = in.time("at");
  expected.expires_at = in.time("expires_at");
  expected.party_size = in.party_size();
  return expected;
}

StreamEvent read_revocation(JsonReader& in) {
  Revocation revocation;
  if (in.has("session_id") || !in.has("session_tag")) revocation.session_id = in.uuid("session_id");
  if (in.has("session_tag")) revocation.session_tag = in.session_tag("session_tag");
  return revocation;
}

template <class Claim>
StreamEvent read_claim(JsonReader& in) {
  Claim claim;
  claim.session_id = in.uuid("session_id");
  claim.gate_id = in.short_id("gate_id");
  return claim;
}

using ReadEvent = StreamEvent (*)(JsonReader&);

ReadEvent reader_of(std::string_view type) {
  if (type == "closed") return read_closure;
  if (type == "expected") return read_expected;
  if (type == "revoked") return read_revocation;
  if (type == "claimed") return read_claim<Claimed>;
  if (type == "unclaimed") return read_claim<Unclaimed>;
  return nullptr;
}

}  // namespace

Result<std::optional<StreamEvent>> decode_stream_event(std::string_view type, std::string_view data) {
  // These two say all by their name.
  if (type == "keepalive") return StreamEvent{Keepalive{}};
  if (type == "reset") return StreamEvent{Reset{}};
  const ReadEvent read = reader_of(type);
  if (read == nullptr) return std::nullopt;
  const std::string where = "the backend's event '" + std::string(type) + "' ";
  const auto object = parse_json_object(data);
  if (!object) return fail("backend_malformed", where + object.error().message);
  JsonReader in(*object);
  StreamEvent event = read(in);
  if (!in.good()) return fail("backend_malformed", where + in.problem());
  return event;
}

}  // namespace exitgate
