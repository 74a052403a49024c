#include "receipts/receipt_json.hpp"

#include <boost/json.hpp>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>

#include "receipt_samples.hpp"

namespace exitgate {
namespace {

boost::json::value vectors() {
  std::ifstream file(std::string(EXITGATE_SOURCE_DIR) + "/tests/vectors/receipts.json");
  REQUIRE(file.good());
  return boost::json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

std::string text(const boost::json::value& value) { return boost::json::value_to<std::string>(value); }

}  // namespace

TEST_CASE("every receipt of the vectors is written in its canonical form and hashed as told") {
  const auto all = vectors();
  REQUIRE(all.at("chain").as_array().size() == 3);
  auto previous = first_previous_hash();
  std::int64_t sequence = 0;
  for (const auto& entry : all.at("chain").as_array()) {
    const auto parsed = parse_receipt_json(boost::json::serialize(entry.at("receipt")));
    test::require_good(parsed);
    REQUIRE(parsed->link);
    auto link = *parsed->link;
    const auto told_hash = link.hash;
    CHECK(link.previous_hash == previous);
    CHECK(link.sequence == ++sequence);
    link.hash.clear();
    CHECK(canonical_json(parsed->receipt, &link) == text(entry.at("canonical_without_hash")));
    const auto sealed = seal_json(parsed->receipt, link);
    CHECK(link.hash == told_hash);
    CHECK(link.hash == text(entry.at("receipt").at("hash")));
    CHECK(hash_verifies(sealed));
    previous = link.hash;
  }
}

TEST_CASE("a receipt with every field comes back from its JSON as it was") {
  auto receipt = test::sealed_receipt(7);
  receipt.session_tag = SessionTag{{1, 2, 3, 4, 5, 6}};
  receipt.opened_at = receipt.authorised_at;
  receipt.total = Money{-12, {'E', 'U', 'R'}};
  receipt.flags = Flags::from_bits((1U << kFlagCount) - 1U);
  receipt.by = "Zoë \"Z\" \\ O’Neil \x01\x1f\x7f";
  receipt.note = "line\r\n\ttab\b\f/";
  receipt.pass = Bytes{0, 1, 2, 255};
  receipt.clock_synchronised = false;
  const auto json = canonical_json(receipt);
  const auto parsed = parse_receipt_json(json);
  test::require_good(parsed);
  CHECK(parsed->receipt == receipt);
  CHECK_FALSE(parsed->link);
  CHECK(json.find(R"("by":"Zoë \"Z\" \\ O’Neil \u0001\u001f)") != std::string::npos);
  CHECK(json.find(R"("note":"line\r\n\ttab\b\f/")") != std::string::npos);
}

TEST_CASE("what is no UTF-8 becomes U+FFFD, one for each maximal part") {
  CHECK(valid_utf8("plain") == "plain");
  CHECK(valid_utf8("\xF0\x9F\x9B\x92 \xE2\x82\xAC") == "\xF0\x9F\x9B\x92 \xE2\x82\xAC");
  CHECK(valid_utf8("a\xFFz") == "a\xEF\xBF\xBDz");
  CHECK(valid_utf8("\xE2\x82") == "\xEF\xBF\xBD");
  CHECK(valid_utf8("\xC0\xAF") == "\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(valid_utf8("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(valid_utf8("\xF0\x9F\x9BX") == "\xEF\xBF\xBDX");
  CHECK(valid_utf8("\xF4\x90\x80\x80").size() == 12);
}

TEST_CASE("a hash does not verify once anything of the receipt was changed") {
  ChainLink link{.chain_id = test::kChain, .sequence = 1, .previous_hash = first_previous_hash(), .hash = {}};
  auto receipt = test::sealed_receipt(1);
  receipt.note = "\",\"hash\":\"0000";  // looks like the member, inside a string
  const auto json = seal_json(receipt, link);
  REQUIRE(hash_verifies(json));
  for (std::size_t at = 0; at < json.size(); ++at) {
    auto changed = json;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    INFO("byte " << at);
    CHECK_FALSE(hash_verifies(changed));
  }
  CHECK_FALSE(hash_verifies(""));
  CHECK_FALSE(hash_verifies(json.substr(0, 200)));
  CHECK_FALSE(hash_verifies(canonical_json(receipt)));
}

TEST_CASE("a receipt that can't be written exactly is refused with the reason") {
  auto receipt = test::sealed_receipt(1);
  REQUIRE(check_receipt(receipt, true));
  receipt.total = Money{(std::int64_t{1} << 53), {'U', 'S', 'D'}};
  CHECK(check_receipt(receipt, true).error().code == "invalid_receipt");
  receipt.total = Money{1, {'u', 'S', 'D'}};
  CHECK_FALSE(check_receipt(receipt, true));
  receipt = test::open_receipt(1);
  CHECK(check_receipt(receipt, false));
  CHECK(check_receipt(receipt, true).error().message.find("outcome") != std::string::npos);
  receipt.authorised_at = WallTime::max();
  CHECK_FALSE(check_receipt(receipt, false));
}

TEST_CASE("JSON that is no receipt is refused and names the field") {
  const auto good = canonical_json(test::sealed_receipt(1));
  const auto without = [&](const std::string& what, const std::string& instead) {
    auto text = good;
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), instead);
  };
  const auto message = [](const std::string& json) {
    const auto parsed = parse_receipt_json(json);
    return parsed ? std::string("accepted") : parsed.error().message;
  };
  CHECK(message(good) == "accepted");
  CHECK(message(without("\"kind\":\"cart\"", "\"kind\":\"tank\"")).find("kind") != std::string::npos);
  CHECK(message(without("\"passages\":1", "\"passages\":-1")).find("passages") != std::string::npos);
  CHECK(message(without("\"party_size\":1", "\"party_size\":70000")).find("party_size") != std::string::npos);
  CHECK(message(without("\"flags\":[]", "\"flags\":[\"lazy\"]")).find("flags") != std::string::npos);
  CHECK(message(without("\"schema\":1", "\"schema\":2")).find("schema") != std::string::npos);
  CHECK(message("[]") != "accepted");
  CHECK(message("{\"a\":") != "accepted");
}

}  // namespace exitgate
