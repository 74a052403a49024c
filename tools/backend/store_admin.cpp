// What the admin interface does to a store's backend: sessions, arrivals, revocations, passes.
#include <algorithm>

#include "tools/backend/store_backend.hpp"

namespace exitgate::reference {
namespace {

constexpr std::chrono::minutes kSessionLife{30};
constexpr std::chrono::hours kRevocationKept{24};
constexpr std::chrono::hours kNewSessionLife{4};

}  // namespace

Session StoreBackend::changed(const SessionChange& change, std::optional<Session> known, WallTime now) const {
  Session session;
  if (known) {
    session = std::move(*known);
  } else {
    session.session_id = change.session_id.value_or(settings_.new_id(now));
    session.expires_at = now + kNewSessionLife;
    session.cart = change.cart.value_or(change.cart_id.has_value());
  }
  if (change.cart) session.cart = *change.cart;
  if (change.cart_id) session.cart_id = *change.cart_id;
  if (change.session_tag) session.session_tag = *change.session_tag;
  if (change.party_size) session.party_size = *change.party_size;
  if (change.total) session.total = change.total;
  if (change.state) {
    const bool newly = !known || !may_leave(session.state) || session.revoked;
    session.state = *change.state;
    session.revoked = false;  // said again: what was revoked before no longer counts
    if (may_leave(*change.state) && newly) {
      session.closed_at = now;
      session.expires_at = now + kSessionLife;
    }
  }
  if (change.closed_at) session.closed_at = change.closed_at;
  if (change.expires_at) session.expires_at = *change.expires_at;
  return session;
}

Result<Session> StoreBackend::put_session(const SessionChange& change, WallTime now) {
  Session session;
  std::optional<Error> refused;
  const auto status = transact([&] {
    std::optional<Session> by_tag;
    if (change.cart_id && change.session_tag) by_tag = database_->session(*change.cart_id, *change.session_tag);
    auto known = change.session_id ? database_->session(*change.session_id) : by_tag;
    if (by_tag && change.session_id && by_tag->session_id != *change.session_id) {
      refused = Error{"conflict", "cart_id and session_tag name session " + to_string(by_tag->session_id)};
      return;
    }
    const auto leader_before = known ? leading_claim(*known) : std::nullopt;
    session = changed(change, std::move(known), now);
    if (session.cart && session.session_tag.is_zero()) {
      refused = Error{"malformed", "a cart's session needs cart_id and session_tag"};
      return;
    }
    save(session, leader_before, now);
    if (!change.push) return;
    if (session.cart && may_leave(session.state)) {
      log({0, "closed", closed_json(session, party_for(session, ShortId())), {}, {}, session.expires_at});
    } else if (!may_leave(session.state)) {
      log({0, "revoked", revoked_json({session.session_id, std::nullopt}), {}, {}, now + kRevocationKept});
    }
  });
  if (refused) return fail(*refused);
  if (!status) return fail(status.error());
  return session;
}

Status StoreBackend::revoke(const Revocation& revocation, WallTime now) {
  return transact([&] {
    const auto mark = [&](std::optional<Session> session) {
      if (!session) return;
      session->revoked = true;
      save(*session, leading_claim(*session), now);
    };
    if (revocation.session_id) mark(database_->session(*revocation.session_id));
    if (revocation.session_tag) {
      for (const auto& id : database_->sessions_of(*revocation.session_tag)) mark(database_->session(id));
    }
    log({0, "revoked", revoked_json(revocation), {}, {}, now + kRevocationKept});
  });
}

Status StoreBackend::arrive(const ArrivalNotice& notice) {
  bool known = false;
  const auto status = transact([&] {
    const auto session = database_->session(notice.session_id);
    known = session.has_value();
    if (!session || !notice.push_expected) return;
    const ExpectedWalkout walkout{notice.lane.lane_id, session->session_id, notice.at, session->expires_at,
                                  party_for(*session, notice.lane.gate_id)};
    log({0, "expected", expected_json(walkout), notice.lane.gate_id, {}, session->expires_at});
  });
  if (!status) return status;
  if (!known)
    return fail("unknown_session", "no session " + to_string(notice.session_id) + "; put it with /admin/sessions");
  lanes_.arrive(notice.lane, notice.session_id);
  return {};
}

Status StoreBackend::renew_log(WallTime now) {
  return transact([&] {
    database_->renew_log(to_string(settings_.new_id(now)));
    something_logged_ = true;  // so that streams look and find another log
  });
}

std::vector<PassKey> StoreBackend::pass_keys() const {
  std::vector<PassKey> keys;
  for (const auto& key : settings_.signing_keys) {
    keys.push_back({key.key_id, beacon::derive_public_key(key.seed), key.not_before, key.not_after});
  }
  return keys;
}

void StoreBackend::add_signing_key(const SigningKey& key) {
  std::erase_if(settings_.signing_keys, [&](const SigningKey& known) { return known.key_id == key.key_id; });
  settings_.signing_keys.push_back(key);
}

Result<beacon::PassBytes> StoreBackend::pass_for(const Uuid& session_id) {
  std::optional<Session> session;
  const auto status = transact([&] { session = database_->session(session_id); });
  if (!status) return fail(status.error());
  if (!session) return fail("unknown_session", "no session " + to_string(session_id));
  if (!session->cart) return fail("not_a_cart", "only carts carry passes; this session is a walkout's");
  if (!may_leave(session->state) || !session->closed_at)
    return fail("not_closed", "the session is not closed; close it first");
  if (settings_.signing_keys.empty()) return fail("no_key", "there is no signing key; start with --pass-seed");
  const auto& key = settings_.signing_keys.back();
  beacon::Pass pass;
  pass.key_id = key.key_id;
  pass.cart_id = session->cart_id;
  pass.session_tag = session->session_tag;
  pass.closed_at_unix_s = unix_s(*session->closed_at);
  pass.expires_at_unix_s = unix_s(session->expires_at);
  pass.total = session->total;
  pass.party_size = static_cast<std::uint8_t>(std::min<std::uint16_t>(session->party_size, 255));
  pass.session_id = session_id;
  return beacon::sign_pass(pass, settings_.store_id, key.seed);
}

}  // namespace exitgate::reference
