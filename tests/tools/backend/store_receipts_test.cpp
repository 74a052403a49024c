#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/tools/backend/store_under_test.hpp"

namespace exitgate::reference {

TEST_CASE("a receipt is stored once for ever, however often and in whatever order it comes") {
  auto backend = make_backend();
  const auto session = put(backend, 5);
  const auto one = receipt(kFront, 1, session, "passed", 1);
  const auto two = receipt(kFront, 2, session, "passed", 1);
  CHECK(upload(backend, kFront, {two, one, two}) == std::vector{kStored, kStored, kDuplicate});
  CHECK(upload(backend, kFront, {one, two}) == std::vector{kDuplicate, kDuplicate});
  CHECK(stored(backend) == 2);
  // Counted once each as well: three of five are left for another gate.
  const auto answer = backend.confirm(cart_question(kBack, Stage::kAhead), kNow);
  CHECK(std::get<Admit>(*answer).party_size == 3);
}

TEST_CASE("another receipt of a stored id is rejected and the first one stays") {
  auto backend = make_backend();
  const auto session = put(backend);
  CHECK(upload(backend, kFront, {receipt(kFront, 1, session, "not_used", 0)}) == std::vector{kStored});
  CHECK(upload(backend, kFront, {receipt(kFront, 1, session, "passed", 1)}) == std::vector{kRejected});
  CHECK(stored(backend) == 1);
  CHECK(ask(backend, kBack, Stage::kPresent) == "closed");
}

TEST_CASE("a bad receipt is rejected by itself, its neighbours are stored") {
  auto backend = make_backend();
  const auto session = put(backend);
  auto bad = receipt(kFront, 2, session, "passed", 1);
  bad["passages"] = 7;
  CHECK(upload(backend, kFront,
               {receipt(kFront, 1, session, "not_used", 0), bad, receipt(kFront, 3, session, "not_used", 0)}) ==
        std::vector{kStored, kRejected, kStored});
}

TEST_CASE("a batch with a receipt that has no id is refused whole") {
  auto backend = make_backend();
  const auto session = put(backend);
  const auto results =
      backend.take_receipts(kFront, {receipt(kFront, 1, session, "not_used", 0), json::object()}, kNow);
  REQUIRE_FALSE(results.has_value());
  CHECK(results.error().code == "receipt_without_id");
  CHECK(stored(backend) == 0);
}

TEST_CASE("part of a party passed: the other gates hear what is left before the claim ends") {
  auto backend = make_backend();
  const auto session = put(backend, 3, true);
  CHECK(ask(backend, kFront, Stage::kPresent) == "closed");
  CHECK(upload(backend, kFront, {receipt(kFront, 1, session, "passed", 2)}) == std::vector{kStored});
  CHECK(events_for(backend, kBack) == Names{"closed", "claimed", "closed", "unclaimed"});
  const auto left = backend.events_after(0, kBack, 100).at(2);
  CHECK(json::parse(left.data).at("party_size") == 1);
  CHECK(events_for(backend, kFront) == Names{"closed"});
}

TEST_CASE("an exit nobody asked about is told to the other gates by its receipt") {
  auto backend = make_backend();
  const auto session = put(backend);
  CHECK(upload(backend, kFront, {receipt(kFront, 1, session, "passed", 1)}) == std::vector{kStored});
  CHECK(events_for(backend, kBack) == Names{"claimed"});
  CHECK(ask(backend, kBack, Stage::kPresent) == "already_used");
}

TEST_CASE("an unauthorised passage is in nobody's party") {
  auto backend = make_backend();
  const auto session = put(backend);
  auto passage = receipt(kFront, 1, session, "passed", 1);
  passage["kind"] = "unauthorised";
  passage.erase("basis");
  passage.erase("hash");
  passage["hash"] = *receipt_hash(passage);
  CHECK(upload(backend, kFront, {passage}) == std::vector{kStored});
  CHECK(ask(backend, kBack, Stage::kPresent) == "closed");
}

TEST_CASE("receipts, claims and the closures log outlive a restart") {
  const TemporaryFile file;
  std::string log_id;
  Uuid session;
  {
    auto backend = make_backend(file.path());
    session = put(backend, 2, true);
    CHECK(ask(backend, kFront, Stage::kPresent) == "closed");
    CHECK(upload(backend, kFront, {receipt(kFront, 1, session, "unknown", 0)}) == std::vector{kStored});
    log_id = backend.log_range().log_id;
  }
  auto backend = make_backend(file.path());
  CHECK(backend.log_range().log_id == log_id);
  CHECK(events_for(backend, kBack) == Names{"closed", "claimed"});
  CHECK(upload(backend, kFront, {receipt(kFront, 1, session, "unknown", 0)}) == std::vector{kDuplicate});
  CHECK(ask(backend, kBack, Stage::kPresent) == "already_used");
  CHECK(stored(backend) == 1);
}

}  // namespace exitgate::reference
