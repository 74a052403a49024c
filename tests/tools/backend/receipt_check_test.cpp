#include "tools/backend/receipt_check.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>

#include "tools/backend/canonical_json.hpp"
#include "tools/backend/chain_report.hpp"

namespace exitgate::reference {
namespace {

namespace json = boost::json;

const json::array& vectors() {
  static const json::value file = [] {
    std::ifstream stream(EXITGATE_SOURCE_DIR "/tests/vectors/receipts.json");
    return json::parse(std::string(std::istreambuf_iterator<char>(stream), {}));
  }();
  return file.at("chain").as_array();
}

const ShortId kFront = ShortId::of("front");

/// With its hash made to fit.
json::value resealed(json::value receipt) {
  receipt.as_object()["hash"] = *receipt_hash(receipt);
  return receipt;
}

json::value with(std::string_view name, json::value value) {
  auto receipt = vectors()[0].at("receipt");
  receipt.as_object()[name] = std::move(value);
  return resealed(std::move(receipt));
}

json::value without(std::string_view name) {
  auto receipt = vectors()[0].at("receipt");
  receipt.as_object().erase(name);
  return resealed(std::move(receipt));
}

std::string problem(const json::value& receipt) {
  const auto checked = check_receipt(receipt, "SEA-042", kFront);
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().code == "malformed");
  return checked.error().message;
}

}  // namespace

TEST_CASE("every receipt of the contract's chain is in order, and its canonical form is the contract's") {
  REQUIRE_FALSE(vectors().empty());
  for (const auto& entry : vectors()) {
    auto bare = entry.at("receipt").as_object();
    const auto checked = check_receipt(bare, "SEA-042", kFront);
    INFO(json::serialize(bare));
    CHECK(checked.has_value());
    bare.erase("hash");
    CHECK(canonical(bare) == std::string(entry.at("canonical_without_hash").as_string()));
  }
}

TEST_CASE("a receipt that was edited has the wrong hash") {
  auto receipt = vectors()[0].at("receipt");
  receipt.as_object()["passages"] = 2;
  const auto checked = check_receipt(receipt, "SEA-042", kFront);
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().code == "wrong_hash");
}

TEST_CASE("a receipt that lacks what the contract asks for is malformed, and the answer names it") {
  for (const char* name :
       {"receipt_id", "schema", "chain_id", "store_id", "gate_id", "lane_id", "sequence", "kind", "basis", "outcome",
        "passages", "authorised_at", "ended_at", "clock", "boot_id", "authorised_mono_ms", "flags", "previous_hash"}) {
    INFO(name);
    CHECK(problem(without(name)).find(std::string("`") + name + "`") != std::string::npos);
  }
  auto unsealed = vectors()[0].at("receipt");
  unsealed.as_object().erase("hash");
  CHECK(problem(unsealed).find("`hash`") != std::string::npos);
}

TEST_CASE("a receipt whose members contradict each other is malformed") {
  CHECK(problem(with("passages", 0)).find("`passages`") != std::string::npos);
  CHECK(problem(with("outcome", "not_used")).find("`passages`") != std::string::npos);
  CHECK(problem(with("kind", "unauthorised")).find("`basis`") != std::string::npos);
  CHECK(problem(with("gate_id", "back")).find("`gate_id`") != std::string::npos);
  CHECK(problem(with("sequence", 0)).find("`sequence`") != std::string::npos);
  CHECK(problem(with("flags", json::array{"tailgate", "forced"})).find("`flags`") != std::string::npos);
  CHECK(problem(with("flags", json::array{"forced", "forced"})).find("`flags`") != std::string::npos);
  CHECK(problem(with("flags", json::array{"made_up"})).find("`flags`") != std::string::npos);
}

TEST_CASE("a receipt with a number that is no integer has no canonical form") {
  auto receipt = vectors()[0].at("receipt");
  receipt.as_object()["extra"] = 1.5;
  CHECK_FALSE(receipt_hash(receipt).has_value());
  CHECK_FALSE(check_receipt(receipt, "SEA-042", kFront).has_value());
}

TEST_CASE("a member the contract does not know is kept and hashed with the rest") {
  const auto checked = check_receipt(with("zone", "west"), "SEA-042", kFront);
  REQUIRE(checked.has_value());
  CHECK(checked->canonical.find("\"zone\":\"west\"") != std::string::npos);
}

TEST_CASE("canonical form: names by UTF-16 code units, control characters escaped, the rest as it is") {
  const auto value =
      json::parse("{\"\\ud83d\\ude00\":1,\"\\ufb33\":2,\"a\":\"\\u0001\\n\\u00e9\\\"\\\\/\",\"A\":[true,null,-5]}");
  CHECK(canonical(value) ==
        "{\"A\":[true,null,-5],\"a\":\"\\u0001\\n\xc3\xa9\\\"\\\\/\",\"\xf0\x9f\x98\x80\":1,\"\xef\xac\xb3\":2}");
}

TEST_CASE("the chain report finds a whole chain whole, in whatever order it came") {
  ChainReport report;
  for (auto entry = vectors().rbegin(); entry != vectors().rend(); ++entry)
    report.add(json::serialize(entry->at("receipt")));
  const auto chain = json::parse(report.json()).at("chains").at(0);
  CHECK(chain.at("whole") == true);
  CHECK(chain.at("last_sequence") == vectors().size());
}

TEST_CASE("the chain report names a gap, an edit, a broken link and a fork") {
  const auto report_of = [](const std::vector<json::value>& receipts) {
    ChainReport report;
    for (const auto& receipt : receipts) report.add(json::serialize(receipt));
    return json::parse(report.json()).at("chains").at(0);
  };
  REQUIRE(vectors().size() >= 3);
  const auto first = vectors()[0].at("receipt");
  const auto second = vectors()[1].at("receipt");
  const auto third = vectors()[2].at("receipt");
  CHECK(report_of({first, third}).at("missing") == json::parse(R"([{"from":2,"to":2}])"));
  auto edited = second;
  edited.as_object()["passages"] = 9;
  CHECK(report_of({first, edited, third}).at("hash_errors") == json::parse("[2]"));
  CHECK(report_of({first, resealed(edited), third}).at("link_errors") == json::parse("[3]"));
  auto other = second;
  other.as_object()["receipt_id"] = "0193a1b2-c3d4-7000-8000-0000000000ff";
  CHECK(report_of({first, second, resealed(other), third}).at("forks").as_array().size() == 1);
  CHECK(report_of({first, third}).at("whole") == false);
}

}  // namespace exitgate::reference
