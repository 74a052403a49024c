#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/tools/backend/store_under_test.hpp"

namespace exitgate::reference {

TEST_CASE("asking ahead claims nothing: the other gate may be asked at too") {
  auto backend = make_backend();
  put(backend);
  CHECK(ask(backend, kFront, Stage::kAhead) == "closed");
  CHECK(ask(backend, kBack, Stage::kPresent) == "closed");
  CHECK(ask(backend, kFront, Stage::kPresent) == "already_used");
}

TEST_CASE("a claim by presence is told to the other gates alone, and so is its end") {
  auto backend = make_backend();
  put(backend);
  CHECK(ask(backend, kFront, Stage::kPresent) == "closed");
  CHECK(events_for(backend, kBack) == Names{"claimed"});
  CHECK(ask(backend, kFront, Stage::kLapsed) == "noted");
  CHECK(events_for(backend, kBack) == Names{"claimed", "unclaimed"});
  CHECK(events_for(backend, kFront).empty());
  CHECK(ask(backend, kBack, Stage::kPresent) == "closed");
}

TEST_CASE("an admission on local evidence claims even a session that is refused") {
  auto backend = make_backend();
  const auto session = put(backend);
  REQUIRE(backend.revoke({session, std::nullopt}, kNow).has_value());
  CHECK(ask(backend, kFront, Stage::kAdmitted) == "inspection");
  CHECK(ask(backend, kBack, Stage::kAhead) == "already_used");
}

TEST_CASE("a cart's question repeated is judged anew, and its gate's own claim makes the answer the same") {
  auto backend = make_backend();
  put(backend);
  const auto question = cart_question(kFront, Stage::kPresent);
  CHECK(say(*backend.confirm(question, kNow)) == "closed");
  CHECK(say(*backend.confirm(question, kNow)) == "closed");
  CHECK(events_for(backend, kBack) == Names{"claimed"});
}

TEST_CASE("a walkout's question repeated names the same shopper, another one the next") {
  auto backend = make_backend();
  SessionChange change;
  change.cart = false;
  change.state = SessionState::kClosed;
  std::vector<Uuid> shoppers;
  for (int i = 0; i < 2; ++i) {
    shoppers.push_back(backend.put_session(change, kNow)->session_id);
    REQUIRE(backend.arrive({{kFront, LaneId::of("1")}, shoppers.back(), kNow, false}).has_value());
  }
  const auto named = [&](const Question& question) {
    return std::get<Admit>(*backend.confirm(question, kNow)).session_id;
  };
  const auto question = walkout_question(Stage::kPresent);
  CHECK(named(question) == shoppers[0]);
  CHECK(named(question) == shoppers[0]);
  CHECK(named(walkout_question(Stage::kPresent)) == shoppers[1]);
}

TEST_CASE("walkouts are named in order of arrival, though the gate believes in another") {
  auto backend = make_backend();
  SessionChange change;
  change.cart = false;
  change.state = SessionState::kClosed;
  const auto first = backend.put_session(change, kNow)->session_id;
  const auto second = backend.put_session(change, kNow)->session_id;
  const LaneKey lane{kFront, LaneId::of("1")};
  REQUIRE(backend.arrive({lane, first, kNow, true}).has_value());
  REQUIRE(backend.arrive({lane, second, kNow, false}).has_value());
  CHECK(events_for(backend, kFront) == Names{"expected"});
  CHECK(events_for(backend, kBack).empty());
  const auto named = [&](Stage stage, std::optional<Uuid> believed, bool reaches) {
    return std::get<Admit>(*backend.confirm(walkout_question(stage, believed), kNow, reaches)).session_id;
  };
  // An answer that got lost lets nobody out: the same shopper is named again.
  CHECK(named(Stage::kPresent, std::nullopt, false) == first);
  CHECK(named(Stage::kAdmitted, second, true) == first);
  CHECK(named(Stage::kPresent, std::nullopt, true) == second);
}

TEST_CASE("a walkout nobody knows is an unknown session") {
  auto backend = make_backend();
  CHECK(say(*backend.confirm(walkout_question(Stage::kPresent), kNow)) == "unknown_session");
  CHECK_FALSE(backend.arrive({{kFront, LaneId::of("1")}, numbered(9), kNow, true}).has_value());
}

TEST_CASE("a session said to be closed again is good again, and keeps what passed") {
  auto backend = make_backend();
  const auto session = put(backend, 2);
  CHECK(upload(backend, kFront, {receipt(kFront, 1, session, "passed", 1)}) == std::vector{kStored});
  REQUIRE(backend.revoke({std::nullopt, kTag}, kNow).has_value());
  CHECK(ask(backend, kBack, Stage::kPresent) == "inspection");
  CHECK(put(backend, 2, true) == session);
  const auto answer = backend.confirm(cart_question(kBack, Stage::kPresent), kNow);
  CHECK(std::get<Admit>(*answer).party_size == 1);
}

TEST_CASE("cart and tag name one session: another id for them is a conflict") {
  auto backend = make_backend();
  put(backend);
  SessionChange change;
  change.session_id = numbered(77);
  change.cart_id = 117;
  change.session_tag = kTag;
  const auto session = backend.put_session(change, kNow);
  REQUIRE_FALSE(session.has_value());
  CHECK(session.error().code == "conflict");
}

TEST_CASE("a pass carries its session, signed with the newest key") {
  auto backend = make_backend();
  const auto session = put(backend, 2);
  CHECK(backend.pass_for(session).error().code == "no_key");
  SigningKey key;
  key.key_id = 7;
  key.seed.fill(0x42);
  backend.add_signing_key(key);
  const auto payload = backend.pass_for(session);
  REQUIRE(payload.has_value());
  const auto pass = beacon::read_pass(*payload);
  CHECK(pass.key_id == 7);
  CHECK(pass.cart_id == 117);
  CHECK(pass.session_tag == kTag);
  CHECK(pass.session_id == session);
  CHECK(pass.party_size == 2);
  beacon::SignatureEngine signatures("SEA-042");
  CHECK(signatures.fits(backend.pass_keys().at(0).public_key, *payload));
}

}  // namespace exitgate::reference
