#include "receipts/state_rows.hpp"

#include <boost/json.hpp>

#include "receipts/receipt_json.hpp"
#include "receipts/stored_json_reader.hpp"

namespace exitgate {
namespace {

namespace json = boost::json;
constexpr std::int64_t kDayMs = 86'400'000;

/// Collects the members that are there.
class Body {
 public:
  Body& put(const char* name, json::value value) {
    object_[name] = std::move(value);
    return *this;
  }
  Body& text(const char* name, std::string_view value) { return put(name, json::string(valid_utf8(value))); }
  Body& uuid(const char* name, const std::optional<Uuid>& id) { return id ? text(name, to_string(*id)) : *this; }
  Body& tag(const char* name, const std::optional<SessionTag>& tag) {
    return tag ? text(name, to_string(*tag)) : *this;
  }
  Body& time(const char* name, const std::optional<WallTime>& at) { return at ? text(name, to_rfc3339(*at)) : *this; }
  Body& total(const std::optional<Money>& total) {
    if (total)
      object_["total"] = {{"amount_minor", total->amount_minor}, {"currency", json::string(total->currency_code())}};
    return *this;
  }
  [[nodiscard]] std::string str() const { return json::serialize(object_); }

 private:
  json::object object_;
};

std::string revocation_key(const Revocation& r) {
  return (r.session_id ? to_string(*r.session_id) : "") + "/" + (r.session_tag ? to_string(*r.session_tag) : "");
}

StateRow row(std::string kind, std::string key, const Body& body,
             std::optional<std::int64_t> expires_ms = std::nullopt) {
  return {std::move(kind), std::move(key), expires_ms, body.str()};
}

using Changes = std::vector<StateChange>;

struct ToChanges {
  Changes operator()(const PutOpenReceipt&) const { return {}; }
  Changes operator()(const PutSealedReceipt&) const { return {}; }
  Changes operator()(const PutLedger& w) const {
    const auto& e = w.entry;
    Body body;
    body.uuid("entry_id", e.entry_id).uuid("session_id", e.session_id).tag("session_tag", e.session_tag);
    if (e.cart_id) body.put("cart_id", *e.cart_id);
    body.put("party_size", e.party_size).put("used", e.used).time("expires_at", e.expires_at);
    return {row("ledger", to_string(e.entry_id), body, unix_ms(e.expires_at) + kDayMs)};
  }
  Changes operator()(const DropLedger& w) const { return {DropRow{"ledger", to_string(w.entry_id)}}; }
  Changes operator()(const PutLane& w) const {
    const auto& lane = w.lane;
    Body body;
    body.text("lane_id", lane.lane_id.view()).text("mode", to_string(lane.mode));
    body.put("mode_set_by_staff", lane.mode_set_by_staff)
        .put("released", lane.released)
        .put("held_open", lane.held_open);
    body.put("out_of_service", lane.out_of_service).put("stuck_travel", lane.stuck_travel);
    body.text("by", lane.by).text("note", lane.note);
    return {row("lane", lane.lane_id.str(), body)};
  }
  Changes operator()(const PutClosure& w) const {
    const auto& c = w.closure;
    Body body;
    body.tag("session_tag", c.session_tag).put("cart_id", c.cart_id).uuid("session_id", c.session_id);
    body.time("closed_at", c.closed_at).time("expires_at", c.expires_at).put("party_size", c.party_size).total(c.total);
    return {row("closure", to_string(c.session_id), body, unix_ms(c.expires_at) + kDayMs)};
  }
  Changes operator()(const DropClosure& w) const { return {DropRow{"closure", to_string(w.session_id)}}; }
  Changes operator()(const DropAllClosures&) const { return {DropKind{"closure"}}; }
  Changes operator()(const DropAllSessions&) const {
    return {DropKind{"closure"}, DropKind{"expected"}, DropKind{"revocation"}, DropKind{"claim"}};
  }
  Changes operator()(const PutExpected& w) const {
    const auto& e = w.expected;
    Body body;
    body.text("lane_id", e.lane_id.view()).uuid("session_id", e.session_id).time("at", e.at);
    body.time("expires_at", e.expires_at).put("party_size", e.party_size);
    return {row("expected", to_string(e.session_id) + "/" + e.lane_id.str(), body, unix_ms(e.expires_at) + kDayMs)};
  }
  Changes operator()(const DropExpected& w) const {
    return {DropRow{"expected", to_string(w.session_id) + "/" + w.lane_id.str()}};
  }
  Changes operator()(const PutRevocation& w) const {
    Body body;
    body.uuid("session_id", w.revocation.session_id).tag("session_tag", w.revocation.session_tag);
    body.time("kept_until", w.kept_until);
    return {row("revocation", revocation_key(w.revocation), body, unix_ms(w.kept_until))};
  }
  Changes operator()(const PutClaim& w) const {
    Body body;
    body.uuid("session_id", w.session_id).text("gate_id", w.gate_id.view()).time("kept_until", w.kept_until);
    return {row("claim", to_string(w.session_id), body, unix_ms(w.kept_until))};
  }
  Changes operator()(const DropClaim& w) const { return {DropRow{"claim", to_string(w.session_id)}}; }
  Changes operator()(const PutCursor& w) const {
    return {row("cursor", "", Body().text("last_event_id", w.last_event_id))};
  }
  Changes operator()(const PutReplayMarks& w) const {
    Changes changes;
    for (const auto& mark : w.marks) {
      changes.emplace_back(row("mark", std::to_string(mark.cart_id),
                               Body().put("cart_id", mark.cart_id).put("newest_unix_s", mark.newest_unix_s)));
    }
    return changes;
  }
  Changes operator()(const DropReplayMark& w) const { return {DropRow{"mark", std::to_string(w.cart_id)}}; }
  Changes operator()(const PutClockFloor& w) const { return {row("clock_floor", "", Body().time("at", w.floor))}; }
  Changes operator()(const PutPassKeys& w) const {
    // The set is replaced as a whole: a key that is no longer told is no longer good.
    Changes changes{DropKind{"pass_key"}};
    for (const auto& key : w.keys) {
      Body body;
      body.put("key_id", key.key_id).text("public_key", to_base64(key.public_key));
      body.time("not_before", key.not_before).time("not_after", key.not_after);
      changes.emplace_back(row("pass_key", std::to_string(key.key_id), body));
    }
    return changes;
  }
  Changes operator()(const PutLastValidAnswer& w) const {
    return {row("last_valid_answer", "", Body().time("at", w.last.at).put("outage_ms", w.last.outage.count()))};
  }
};

LedgerEntry read_ledger(StoredJsonReader& in) {
  return {.entry_id = in.required_uuid("entry_id"),
          .session_id = in.uuid("session_id"),
          .cart_id = in.number<CartId>("cart_id"),
          .session_tag = in.session_tag("session_tag"),
          .party_size = in.required_number<std::uint16_t>("party_size"),
          .used = in.required_number<std::uint32_t>("used"),
          .expires_at = in.required_time("expires_at")};
}

LaneDurable read_lane(StoredJsonReader& in) {
  return {.lane_id = in.required_short_id("lane_id"),
          .mode = in.required_name<LaneMode>("mode", parse_lane_mode),
          .mode_set_by_staff = in.required_bool("mode_set_by_staff"),
          .released = in.required_bool("released"),
          .held_open = in.required_bool("held_open"),
          .out_of_service = in.required_bool("out_of_service"),
          .stuck_travel = in.required_bool("stuck_travel"),
          .by = in.required_text("by"),
          .note = in.required_text("note")};
}

Closure read_closure(StoredJsonReader& in) {
  const auto tag = in.session_tag("session_tag");
  if (!tag) in.wrong("session_tag");
  return {.session_tag = tag.value_or(SessionTag{}),
          .cart_id = in.required_number<CartId>("cart_id"),
          .session_id = in.required_uuid("session_id"),
          .closed_at = in.required_time("closed_at"),
          .expires_at = in.required_time("expires_at"),
          .party_size = in.required_number<std::uint16_t>("party_size"),
          .total = in.money("total")};
}

ExpectedWalkout read_expected(StoredJsonReader& in) {
  return {.lane_id = in.required_short_id("lane_id"),
          .session_id = in.required_uuid("session_id"),
          .at = in.required_time("at"),
          .expires_at = in.required_time("expires_at"),
          .party_size = in.required_number<std::uint16_t>("party_size")};
}

PassKey read_pass_key(StoredJsonReader& in) {
  PassKey key;
  key.key_id = in.required_number<std::uint8_t>("key_id");
  const auto bytes = parse_base64(in.required_text("public_key"));
  if (bytes && bytes->size() == key.public_key.size()) {
    std::copy(bytes->begin(), bytes->end(), key.public_key.begin());
  } else {
    in.wrong("public_key");
  }
  key.not_before = in.time("not_before");
  key.not_after = in.time("not_after");
  return key;
}

/// Reads into a copy first: a row that is wrong adds nothing.
void read_into(const std::string& kind, StoredJsonReader& in, LoadedState& state) {
  const auto add = [&](auto& list, auto value) {
    if (!in.error()) list.push_back(std::move(value));
  };
  if (kind == "ledger") add(state.ledger, read_ledger(in));
  if (kind == "lane") add(state.lanes, read_lane(in));
  if (kind == "closure") add(state.closures, read_closure(in));
  if (kind == "expected") add(state.expected, read_expected(in));
  if (kind == "revocation") {
    const Revocation revocation{.session_id = in.uuid("session_id"), .session_tag = in.session_tag("session_tag")};
    add(state.revocations, KeptRevocation{revocation, in.required_time("kept_until")});
  }
  if (kind == "claim") {
    const KeptClaim claim{in.required_uuid("session_id"), in.required_short_id("gate_id"),
                          in.required_time("kept_until")};
    add(state.claims, claim);
  }
  if (kind == "cursor") state.last_event_id = in.required_text("last_event_id");
  if (kind == "mark") {
    const ReplayMark mark{in.required_number<CartId>("cart_id"), in.required_number<std::int64_t>("newest_unix_s")};
    add(state.replay_marks, mark);
  }
  if (kind == "clock_floor") state.clock_floor = in.time("at");
  if (kind == "pass_key") add(state.pass_keys, read_pass_key(in));
  // A row of before `outage_ms` was kept has none.
  if (kind == "last_valid_answer")
    state.last_valid_answer = {in.required_time("at"), milliseconds{in.number<std::int64_t>("outage_ms").value_or(0)}};
  if (kind == kSalvagedKind) state.salvaged_at = in.time("at");
}

}  // namespace

std::vector<StateChange> state_changes(const StoreWrite& write) { return std::visit(ToChanges{}, write); }

Status absorb(const StateRow& row, LoadedState& state) {
  StoredJsonReader in(row.body, row.kind + " row");
  read_into(row.kind, in, state);
  if (in.error()) return fail("storage_damaged", *in.error());
  return {};
}

StateRow chain_row(const ChainState& chain) {
  Body body;
  body.uuid("chain_id", chain.chain_id).put("next_sequence", chain.next_sequence).text("last_hash", chain.last_hash);
  body.put("pruned_through", chain.pruned_through).put("current", chain.current);
  return row(std::string(kChainKind), to_string(chain.chain_id), body);
}

Result<ChainState> parse_chain_row(const StateRow& row) {
  StoredJsonReader in(row.body, "chain row");
  ChainState chain;
  chain.chain_id = in.required_uuid("chain_id");
  chain.next_sequence = in.required_number<std::int64_t>("next_sequence");
  chain.last_hash = in.required_text("last_hash");
  chain.pruned_through = in.required_number<std::int64_t>("pruned_through");
  chain.current = in.required_bool("current");
  if (in.error()) return fail("storage_damaged", *in.error());
  return chain;
}

StateRow salvaged_row(WallTime at) { return row(std::string(kSalvagedKind), "", Body().time("at", at)); }

std::int64_t check_of(const StateRow& row) {
  return sha256_check(row.kind + '\n' + row.key + '\n' + (row.expires_ms ? std::to_string(*row.expires_ms) : "-") +
                      '\n' + row.body);
}

}  // namespace exitgate
