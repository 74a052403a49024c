#include "tools/backend/session.hpp"

#include <catch2/catch_test_macros.hpp>

namespace exitgate::reference {
namespace {

const ShortId kFront = ShortId::of("front");
const ShortId kBack = ShortId::of("back");
const ShortId kSide = ShortId::of("side");
const WallTime kNow = wall_from_s(1793000000);

Session closed_session(std::uint16_t party_size = 1) {
  Session session;
  session.session_id = *parse_uuid("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
  session.cart_id = 117;
  session.session_tag = *parse_session_tag("a1b2c3d4e5f6");
  session.state = SessionState::kClosed;
  session.closed_at = kNow - std::chrono::minutes(1);
  session.expires_at = kNow + std::chrono::minutes(30);
  session.party_size = party_size;
  return session;
}

bool admits(const Session& session, const ShortId& gate) {
  return std::holds_alternative<Admit>(judge(&session, gate, kNow));
}

RefuseReason refusal(const Session& session, const ShortId& gate, WallTime now = kNow) {
  const auto decision = judge(&session, gate, now);
  REQUIRE(std::holds_alternative<Refuse>(decision));
  return std::get<Refuse>(decision).reason;
}

}  // namespace

TEST_CASE("a closed session is admitted with all that is known of it") {
  auto session = closed_session(3);
  session.total = Money{4599, {'U', 'S', 'D'}};
  const auto decision = judge(&session, kFront, kNow);
  REQUIRE(std::holds_alternative<Admit>(decision));
  const auto& admit = std::get<Admit>(decision);
  CHECK(admit.reason == AdmitReason::kClosed);
  CHECK(admit.session_id == session.session_id);
  CHECK(admit.expires_at == session.expires_at);
  CHECK(admit.closed_at == session.closed_at);
  CHECK(admit.party_size == 3);
  CHECK(admit.total == session.total);
}

TEST_CASE("each state of a session has the contract's answer") {
  auto session = closed_session();
  session.state = SessionState::kSettledAtTill;
  CHECK(std::get<Admit>(judge(&session, kFront, kNow)).reason == AdmitReason::kSettledAtTill);
  session.state = SessionState::kNothingBought;
  CHECK(std::get<Admit>(judge(&session, kFront, kNow)).reason == AdmitReason::kNothingBought);
  session.state = SessionState::kOpen;
  CHECK(refusal(session, kFront) == RefuseReason::kSessionOpen);
  session.state = SessionState::kPaymentFailed;
  CHECK(refusal(session, kFront) == RefuseReason::kPaymentFailed);
  session.state = SessionState::kInspection;
  CHECK(refusal(session, kFront) == RefuseReason::kInspection);
  CHECK(std::get<Refuse>(judge(nullptr, kFront, kNow)).reason == RefuseReason::kUnknownSession);
}

TEST_CASE("a session is good in its last millisecond and sent to staff after it") {
  const auto session = closed_session();
  CHECK(std::holds_alternative<Admit>(judge(&session, kFront, session.expires_at)));
  CHECK(refusal(session, kFront, session.expires_at + std::chrono::milliseconds(1)) == RefuseReason::kInspection);
}

TEST_CASE("a revoked session is refused although it is closed") {
  auto session = closed_session();
  session.revoked = true;
  CHECK(refusal(session, kFront) == RefuseReason::kInspection);
}

TEST_CASE("a claim refuses every other gate and never its own") {
  auto session = closed_session();
  claim(session, kFront);
  CHECK(admits(session, kFront));
  CHECK(refusal(session, kBack) == RefuseReason::kAlreadyUsed);
  release_claim(session, kFront);
  CHECK(admits(session, kBack));
}

TEST_CASE("claiming twice is one claim: one release ends it") {
  auto session = closed_session();
  claim(session, kFront);
  claim(session, kFront);
  release_claim(session, kFront);
  CHECK_FALSE(leading_claim(session).has_value());
}

TEST_CASE("a gate that opened without knowing of the claim takes the lead when the first lets go") {
  auto session = closed_session();
  claim(session, kFront);
  claim(session, kBack);
  CHECK(admits(session, kFront));
  CHECK(refusal(session, kBack) == RefuseReason::kAlreadyUsed);
  release_claim(session, kFront);
  CHECK(admits(session, kBack));
  CHECK(refusal(session, kSide) == RefuseReason::kAlreadyUsed);
}

TEST_CASE("not_used ends the claim and uses nobody") {
  auto session = closed_session();
  claim(session, kFront);
  apply_receipt(session, kFront, Outcome::kNotUsed, 0);
  CHECK(admits(session, kBack));
  CHECK(party_for(session, kBack) == 1);
}

TEST_CASE("another gate's not_used leaves the claim alone") {
  auto session = closed_session();
  claim(session, kFront);
  apply_receipt(session, kBack, Outcome::kNotUsed, 0);
  CHECK(leading_claim(session) == kFront);
}

TEST_CASE("a party that passed in part leaves the rest to any gate, each told what is left for it") {
  auto session = closed_session(3);
  claim(session, kFront);
  apply_receipt(session, kFront, Outcome::kPassed, 2);
  CHECK_FALSE(leading_claim(session).has_value());
  CHECK(party_for(session, kBack) == 1);
  // The first gate subtracts its own two by itself.
  CHECK(party_for(session, kFront) == 3);
  CHECK(std::get<Admit>(judge(&session, kBack, kNow)).party_size == 1);
}

TEST_CASE("a complete party is used at every gate, though nobody asked before it passed") {
  auto session = closed_session(2);
  apply_receipt(session, kFront, Outcome::kPassed, 1);
  apply_receipt(session, kBack, Outcome::kPassed, 1);
  for (const auto& gate : {kFront, kBack, kSide}) CHECK(refusal(session, gate) == RefuseReason::kAlreadyUsed);
  CHECK(leading_claim(session) == kBack);
}

TEST_CASE("more passages than the party has do not open it again") {
  auto session = closed_session(1);
  apply_receipt(session, kFront, Outcome::kPassed, 3);
  CHECK(refusal(session, kBack) == RefuseReason::kAlreadyUsed);
  CHECK(party_for(session, kBack) == 0);
}

TEST_CASE("an unknown outcome is used for other gates, and the gate itself may admit once more") {
  auto session = closed_session();
  apply_receipt(session, kFront, Outcome::kUnknown, 0);
  CHECK(refusal(session, kBack) == RefuseReason::kAlreadyUsed);
  CHECK(admits(session, kFront));
}

TEST_CASE("after an unknown outcome nothing frees the session for another gate") {
  auto session = closed_session(2);
  apply_receipt(session, kFront, Outcome::kUnknown, 0);
  release_claim(session, kFront);
  apply_receipt(session, kFront, Outcome::kNotUsed, 0);
  apply_receipt(session, kFront, Outcome::kPassed, 1);
  CHECK(refusal(session, kBack) == RefuseReason::kAlreadyUsed);
}

TEST_CASE("a claim is told before the state: the shopper of another gate's claim hears already_used") {
  auto session = closed_session();
  session.state = SessionState::kOpen;
  claim(session, kFront);
  CHECK(refusal(session, kBack) == RefuseReason::kAlreadyUsed);
  CHECK(refusal(session, kFront) == RefuseReason::kSessionOpen);
}

}  // namespace exitgate::reference
