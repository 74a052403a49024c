#include "tools/rig/judgement.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace exitgate::rig;
using Catch::Matchers::ContainsSubstring;

namespace {

ExpectedReceipt expected(const std::string& lane) {
  ExpectedReceipt receipt;
  receipt.lane = lane;
  receipt.kind = "cart";
  receipt.basis = {"prefetched", "confirmed"};
  return receipt;
}

SeenReceipt seen(const std::string& id, const std::string& lane, const std::string& session) {
  SeenReceipt receipt;
  receipt.receipt_id = id;
  receipt.lane = lane;
  receipt.kind = "cart";
  receipt.basis = "confirmed";
  receipt.outcome = "passed";
  receipt.session_id = session;
  receipt.passages = 1;
  return receipt;
}

Ending passed(const std::string& who, const std::string& session) {
  return {who, "passes", "passed", true, session, {expected("1")}};
}

}  // namespace

TEST_CASE("every shopper with exactly their receipt is good, in whatever order the receipts came") {
  const auto judgement =
      judge({passed("Anna", "s1"), passed("Ben", "s2")}, {seen("b", "1", "s2"), seen("a", "1", "s1")}, {});
  CHECK(judgement.good());
  CHECK_THAT(table_text(judgement), ContainsSubstring("ok  Anna"));
}

TEST_CASE("a missing receipt, one too many and one stored twice are each told") {
  const auto missing = judge({passed("Anna", "s1")}, {}, {});
  CHECK_FALSE(missing.good());
  CHECK_THAT(missing.rows.at(0).receipt, ContainsSubstring("MISSING"));
  const auto surplus = judge({passed("Anna", "s1")}, {seen("a", "1", "s1"), seen("b", "1", "s1")}, {});
  CHECK_FALSE(surplus.good());
  REQUIRE(surplus.troubles.size() == 1);
  CHECK_THAT(surplus.troubles[0], ContainsSubstring("expected by nobody"));
  const auto twice = judge({passed("Anna", "s1")}, {seen("a", "1", "s1"), seen("a", "1", "s1")}, {});
  CHECK(twice.troubles.size() == 2);
}

TEST_CASE("a receipt of the right session that says something else is shown with what is wrong") {
  SeenReceipt wrong = seen("a", "1", "s1");
  wrong.passages = 2;
  const auto judgement = judge({passed("Anna", "s1")}, {wrong}, {});
  CHECK_FALSE(judgement.good());
  CHECK_THAT(judgement.rows.at(0).receipt, ContainsSubstring("passages 2"));
  CHECK(judgement.troubles.empty());
}

TEST_CASE("flags must be there, may be there, or must not") {
  ExpectedReceipt wanted = expected("1");
  SeenReceipt receipt = seen("a", "1", "");
  CHECK(difference(wanted, receipt).empty());
  wanted.flags = {"tailgate"};
  CHECK(difference(wanted, receipt) == "no flag tailgate");
  receipt.flags = {"tailgate"};
  CHECK(difference(wanted, receipt).empty());
  receipt.flags = {"obstructed", "tailgate"};
  CHECK(difference(wanted, receipt) == "flag obstructed");
  wanted.may_flags = {"obstructed"};
  CHECK(difference(wanted, receipt).empty());
}

TEST_CASE("receipts without a session find their place by lane, kind, basis and outcome") {
  ExpectedReceipt released = expected("2");
  released.kind = "released";
  released.basis = {"released"};
  released.outcome = "not_used";
  released.passages = 0;
  SeenReceipt receipt = seen("a", "2", "");
  receipt.kind = receipt.basis = "released";
  receipt.outcome = "not_used";
  receipt.passages = 0;
  CHECK(judge({{"fire alarm", "1 receipt", "done", true, {}, {released}}}, {receipt}, {}).good());
  receipt.lane = "3";
  CHECK_FALSE(judge({{"fire alarm", "1 receipt", "done", true, {}, {released}}}, {receipt}, {}).good());
}

TEST_CASE("a shopper who ended otherwise makes the run bad though all receipts are there") {
  Ending anna = passed("Anna", "s1");
  anna.as_expected = false;
  const auto judgement = judge({anna}, {seen("a", "1", "s1")}, {});
  CHECK_FALSE(judgement.good());
  CHECK_THAT(table_text(judgement), ContainsSubstring("BAD Anna"));
}
