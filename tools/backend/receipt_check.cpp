#include "tools/backend/receipt_check.hpp"

#include <algorithm>
#include <boost/json/value.hpp>
#include <limits>

#include "tools/backend/canonical_json.hpp"
#include "tools/backend/json_fields.hpp"

namespace exitgate::reference {
namespace {

namespace json = boost::json;

constexpr auto kLargest = (std::int64_t{1} << 53) - 1;
constexpr auto kLargest32 = std::int64_t{std::numeric_limits<std::uint32_t>::max()};

bool is_hash(std::string_view text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string hash_field(Fields& fields, std::string_view name) {
  auto text = fields.text(name);
  if (!is_hash(text)) fields.complain(name, "64 lower-case hex digits");
  return text;
}

/// There, known to the contract, sorted, none twice.
void check_flags(Fields& fields, const json::object& object) {
  constexpr std::string_view kExpected = "a sorted array of the contract's flags";
  const auto* value = object.if_contains("flags");
  if (value == nullptr || !value->is_array()) return fields.complain("flags", kExpected);
  std::string_view before;
  for (const auto& flag : value->get_array()) {
    const auto* text = flag.if_string();
    if (text == nullptr || !parse_flag(*text) || std::string_view(*text) <= before) {
      return fields.complain("flags", kExpected);
    }
    before = *text;
  }
}

template <class T, class Parse>
std::optional<T> optional_word(Fields& fields, std::string_view name, std::string_view expected, Parse parse) {
  const auto text = fields.optional_text(name);
  if (!text) return std::nullopt;
  const std::optional<T> word = parse(*text);
  if (!word) fields.complain(name, expected);
  return word;
}

void read_identity(Fields& fields, CheckedReceipt& receipt, std::string_view store_id, const ShortId& gate_id) {
  receipt.receipt_id = fields.uuid("receipt_id");
  fields.integer("schema", 1, 1);
  receipt.chain_id = fields.uuid("chain_id");
  if (fields.text("store_id") != store_id) fields.complain("store_id", "the store_id of the batch");
  receipt.gate_id = fields.short_id("gate_id");
  if (receipt.gate_id != gate_id) fields.complain("gate_id", "the gate_id of the batch");
  receipt.lane_id = fields.short_id("lane_id");
  receipt.sequence = fields.integer("sequence", 1, kLargest);
  receipt.previous_hash = hash_field(fields, "previous_hash");
  receipt.hash = hash_field(fields, "hash");
}

void read_exit(Fields& fields, CheckedReceipt& receipt) {
  constexpr std::string_view kKinds = "cart, walkout, staff, released, fault or unauthorised";
  const auto kind = optional_word<ReceiptKind>(fields, "kind", kKinds, parse_receipt_kind);
  if (!kind) fields.complain("kind", kKinds);
  receipt.kind = kind.value_or(ReceiptKind::kUnauthorised);
  receipt.basis = optional_word<Basis>(fields, "basis", "a basis of the contract", parse_basis);
  if (receipt.basis.has_value() == (receipt.kind == ReceiptKind::kUnauthorised)) {
    fields.complain("basis", "a basis, and none for kind unauthorised");
  }
  constexpr std::string_view kOutcomes = "passed, not_used or unknown";
  receipt.outcome = optional_word<Outcome>(fields, "outcome", kOutcomes, parse_outcome);
  if (!receipt.outcome) fields.complain("outcome", kOutcomes);
  receipt.passages = static_cast<std::uint32_t>(fields.integer("passages", 0, kLargest32));
  if (receipt.outcome == Outcome::kPassed && receipt.passages == 0)
    fields.complain("passages", "1 or more for `passed`");
  if (receipt.outcome == Outcome::kNotUsed && receipt.passages != 0) fields.complain("passages", "0 for `not_used`");
  fields.optional_integer("party_size", 1, 65535);
  receipt.session_id = fields.optional_uuid("session_id");
  receipt.session_tag = fields.optional_tag("session_tag");
  const auto cart_id = fields.optional_integer("cart_id", 0, kLargest32);
  if (cart_id) receipt.cart_id = static_cast<CartId>(*cart_id);
  fields.optional_money("total");
  fields.optional_text("by");
  fields.optional_text("note");
  fields.optional_text("pass");
}

void read_times(Fields& fields) {
  fields.time("authorised_at");
  fields.optional_time("opened_at");
  fields.optional_time("passed_at");
  fields.time("ended_at");
  const auto clock = fields.text("clock");
  if (clock != "synchronised" && clock != "unsynchronised") fields.complain("clock", "synchronised or unsynchronised");
  fields.uuid("boot_id");
  fields.integer("authorised_mono_ms", 0, kLargest);
}

}  // namespace

std::optional<std::string> receipt_hash(const json::value& receipt) {
  if (!receipt.is_object()) return std::nullopt;
  auto without = receipt.get_object();
  without.erase("hash");
  const auto text = canonical(without);
  if (!text) return std::nullopt;
  return sha256_hex(*text);
}

Result<CheckedReceipt> check_receipt(const json::value& value, std::string_view store_id, const ShortId& gate_id) {
  if (!value.is_object()) return fail("malformed", "a receipt is a JSON object");
  const auto& object = value.get_object();
  Fields fields(object);
  CheckedReceipt receipt;
  read_identity(fields, receipt, store_id, gate_id);
  read_exit(fields, receipt);
  read_times(fields);
  check_flags(fields, object);
  if (!fields.problem().empty()) return fail("malformed", fields.problem());
  const auto hash = receipt_hash(value);
  auto text = canonical(value);
  if (!hash || !text) return fail("malformed", "a number is no integer within 2^53; a receipt has none");
  if (*hash != receipt.hash) {
    return fail("wrong_hash", "`hash` is " + receipt.hash + ", the receipt's own is " + *hash);
  }
  receipt.canonical = std::move(*text);
  return receipt;
}

}  // namespace exitgate::reference
