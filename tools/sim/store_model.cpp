#include "tools/sim/store_model.hpp"

#include <algorithm>

namespace exitgate::sim {

std::string json_field(const std::string& json, const std::string& name) {
  const auto key = "\"" + name + "\":";
  auto at = json.find(key);
  if (at == std::string::npos) return {};
  at += key.size();
  if (json[at] == '"') return json.substr(at + 1, json.find('"', at + 1) - at - 1);
  return json.substr(at, json.find_first_of(",}", at) - at);
}

Session& StoreModel::new_session(bool cart, std::uint16_t party, WallTime expires_at) {
  Session session;
  for (auto& byte : session.id.bytes) byte = static_cast<std::uint8_t>(dice_.bits());
  if (cart) {
    session.cart = next_cart_++;
    for (auto& byte : session.tag.bytes) byte = static_cast<std::uint8_t>(dice_.bits() | 1U);
    by_tag_[session.tag] = session.id;
  }
  session.party = party;
  session.expires_at = expires_at;
  return sessions_[session.id] = session;
}

void StoreModel::pay(Session& session, MonoTime now, WallTime at, bool told) {
  session.paid = true;
  session.payment_fails = false;
  session.paid_at = now;
  session.closed_at = at;
  if (session.cart != 0 && told) tell_closed(session);
}

std::uint32_t Session::passed_but_at(const std::string& gate) const {
  std::uint32_t sum = 0;
  for (const auto& [other, passages] : passed) sum += other == gate ? 0 : passages;
  return sum;
}

void StoreModel::tell_closed(const Session& session, const std::string& except) {
  for (std::size_t i = 0; i < kGates; ++i) {
    const auto gate = gate_name(i);
    if (gate == except) continue;
    tell(Closure{.session_tag = session.tag,
                 .cart_id = session.cart,
                 .session_id = session.id,
                 .closed_at = session.closed_at,
                 .expires_at = session.expires_at,
                 .party_size = session.party_for(gate),
                 .total = Money{4599, {'U', 'S', 'D'}}},
         gate);
  }
}

void StoreModel::revoke(Session& session, bool by_tag) {
  session.revoked = true;
  Revocation revocation;
  if (by_tag && session.cart != 0) {
    revocation.session_tag = session.tag;
  } else {
    revocation.session_id = session.id;
  }
  tell(revocation);
}

void StoreModel::tell_again() {
  for (auto& [id, session] : sessions_) {
    if (!session.claims.empty()) tell_claim(session, "");
    if (session.cart != 0 && session.paid && !session.revoked && !session.silent && !session.complete())
      tell_closed(session);
  }
}

void StoreModel::expect(const Session& session, const std::string& gate, const std::string& lane, WallTime at) {
  tell(ExpectedWalkout{.lane_id = ShortId::of(lane),
                       .session_id = session.id,
                       .at = at,
                       .expires_at = session.expires_at,
                       .party_size = session.party},
       gate);
}

Session* StoreModel::find(const Uuid& id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : &found->second;
}

Session* StoreModel::find(const SessionTag& tag) {
  const auto found = by_tag_.find(tag);
  return found == by_tag_.end() ? nullptr : find(found->second);
}

Session* StoreModel::find(CartId cart, const SessionTag& tag) {
  auto* session = find(tag);
  return session != nullptr && session->cart == cart ? session : nullptr;
}

ConfirmAnswer StoreModel::confirm(const std::string& gate, const ConfirmRequest& request, WallTime now) {
  Session* session = nullptr;
  if (request.cart_id && request.session_tag) {
    session = find(*request.cart_id, *request.session_tag);
  } else if (request.stage == Stage::kLapsed && request.session_id) {
    session = find(*request.session_id);
  } else if (const auto stands = standing_.find(gate + "/" + request.lane_id.str()); stands != standing_.end()) {
    session = stands->second ? find(*stands->second) : nullptr;
  } else if (request.session_id) {
    session = find(*request.session_id);
  }
  if (session != nullptr && session->foreign) session = nullptr;
  if (request.stage == Stage::kLapsed) {
    if (session != nullptr) release(*session, gate);
    return NoAnswer{};
  }
  auto answer = judge(session, gate, now);
  const bool admits = std::holds_alternative<Admit>(answer);
  // Whoever has opened claims, whatever the answer.
  const bool claims = request.stage == Stage::kAdmitted || (request.stage == Stage::kPresent && admits);
  if (session != nullptr && claims) claim(*session, gate);
  return answer;
}

ConfirmAnswer StoreModel::judge(const Session* session, const std::string& gate, WallTime now) {
  if (session == nullptr) return Refuse{RefuseReason::kUnknownSession};
  if (session->payment_fails) return Refuse{RefuseReason::kPaymentFailed};
  if (!session->paid) return Refuse{RefuseReason::kSessionOpen};
  if (session->expires_at < now || session->revoked) return Refuse{RefuseReason::kInspection};
  if (!session->claims.empty() && session->claimed_by() != gate) return Refuse{RefuseReason::kAlreadyUsed};
  if (session->complete()) return Refuse{RefuseReason::kAlreadyUsed};
  return Admit{.reason = AdmitReason::kClosed,
               .session_id = session->id,
               .expires_at = session->expires_at,
               .closed_at = {},
               .party_size = session->party_for(gate),
               .total = Money{4599, {'U', 'S', 'D'}}};
}

void StoreModel::claim(Session& session, const std::string& gate) {
  if (std::find(session.claims.begin(), session.claims.end(), gate) != session.claims.end()) return;
  const auto before = session.claimed_by();
  session.freed_by.erase(gate);
  session.claims.push_back(gate);
  tell_claim(session, before);
}

void StoreModel::release(Session& session, const std::string& gate) {
  if (session.unknown_at.contains(gate)) return;
  const auto before = session.claimed_by();
  std::erase(session.claims, gate);
  tell_claim(session, before);
}

void StoreModel::tell_claim(Session& session, const std::string& leader_before) {
  const auto leader = session.claimed_by();
  if (leader == leader_before) return;
  if (!leader_before.empty()) tell(Unclaimed{session.id, ShortId::of(leader_before)});
  if (leader.empty()) return;
  session.claim_told[leader] = stream_.size();
  tell(Claimed{session.id, ShortId::of(leader)});
}

bool StoreModel::store(const std::string& gate, const std::string& json) {
  const auto id = json_field(json, "receipt_id");
  if (!ids_.emplace(id, receipts_.size()).second) return false;
  receipts_.push_back({json, gate});
  const auto named = parse_uuid(json_field(json, "session_id"));
  Session* session = named ? find(*named) : nullptr;
  if (session != nullptr && !session->foreign) settle(*session, gate, json);
  return true;
}

void StoreModel::settle(Session& session, const std::string& gate, const std::string& json) {
  const auto outcome = json_field(json, "outcome");
  if (outcome == "unknown") {
    session.unknown_at.insert(gate);
    return claim(session, gate);
  }
  const auto receipt = parse_uuid(json_field(json, "receipt_id"));
  if (receipt) session.freed_by[gate] = *receipt;
  if (outcome == "not_used") return release(session, gate);
  session.passed[gate] += static_cast<std::uint32_t>(std::stoul(json_field(json, "passages")));
  if (session.complete()) {
    session.freed_by.erase(gate);
    return claim(session, gate);
  }
  // The other gates hold a closure of the whole party: they are told what is left before the claim ends.
  if (session.cart != 0 && session.paid && !session.revoked && !session.silent) tell_closed(session, gate);
  release(session, gate);
}

}  // namespace exitgate::sim
