#include "tools/rig/gate_report.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace exitgate::rig;

TEST_CASE("the daemon's status is read: phases, backend, queue, faults") {
  const auto status = parse_status(R"({"backend":{"state":"online"},"receipts":{"queued":3},
    "faults":[{"code":"receiver_down","part":"device:rx1"}],
    "lanes":[{"id":"1","mode":"cart","phase":"refused","reason":"finish_on_cart"},{"id":"2","mode":"mixed","phase":"idle","reason":null}]})");
  REQUIRE(status);
  CHECK(status->backend_online);
  CHECK(status->receipts_queued == 3);
  CHECK(status->faults.at(0) == "receiver_down device:rx1");
  CHECK(status->lanes.at("1").reason == "finish_on_cart");
  CHECK(status->lanes.at("2").phase == "idle");
  CHECK(status->lanes.at("2").reason.empty());
}

TEST_CASE("receipts are read as the backend stored them") {
  const auto receipts =
      parse_receipts(R"({"receipts":[{"receipt_id":"a","sequence":7,"lane_id":"1","kind":"cart","basis":"confirmed",
    "outcome":"passed","session_id":"s","passages":2,"flags":["tailgate"]}]})");
  REQUIRE(receipts);
  REQUIRE(receipts->size() == 1);
  CHECK(receipts->at(0).sequence == 7);
  CHECK(receipts->at(0).passages == 2);
  CHECK(receipts->at(0).flags == std::vector<std::string>{"tailgate"});
}

TEST_CASE("a chain that is not whole is a trouble, and so is an answer that is no JSON") {
  CHECK(parse_chain_troubles(R"({"chains":[{"whole":true}]})").value().empty());
  CHECK(parse_chain_troubles(R"({"chains":[{"whole":true},{"whole":false,"chain_id":"c"}]})").value().size() == 1);
  CHECK(parse_chain_troubles(R"({})").value().size() == 1);
  CHECK_FALSE(parse_chain_troubles("<html>"));
}
