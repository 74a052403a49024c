// Reading a receipt's JSON back into a value.
#include <boost/json.hpp>
#include <limits>

#include "receipts/stored_json_reader.hpp"
#include "receipts/receipt_json.hpp"

namespace exitgate {
namespace {

void read_identity(StoredJsonReader& in, Receipt& r) {
  r.receipt_id = in.required_uuid("receipt_id");
  r.store_id = in.required_short_id("store_id");
  r.gate_id = in.required_short_id("gate_id");
  r.lane_id = in.required_short_id("lane_id");
  r.boot_id = in.required_uuid("boot_id");
  r.kind = in.required_name<ReceiptKind>("kind", parse_receipt_kind);
  r.session_id = in.uuid("session_id");
  r.session_tag = in.session_tag("session_tag");
  r.cart_id = in.number<CartId>("cart_id");
  r.basis = in.name<Basis>("basis", parse_basis);
  r.outcome = in.name<Outcome>("outcome", parse_outcome);
}

void read_course(StoredJsonReader& in, Receipt& r) {
  r.party_size = in.number<std::uint16_t>("party_size");
  r.passages = in.required_number<std::uint32_t>("passages");
  r.authorised_at = in.required_time("authorised_at");
  r.opened_at = in.time("opened_at");
  r.passed_at = in.time("passed_at");
  r.ended_at = in.time("ended_at");
  r.authorised_mono_ms = in.required_number<std::int64_t>("authorised_mono_ms");
  r.total = in.money("total");
  r.by = in.text("by").value_or("");
  r.note = in.text("note").value_or("");
  const auto clock = in.required_text("clock");
  if (clock != "synchronised" && clock != "unsynchronised") in.wrong("clock");
  r.clock_synchronised = clock == "synchronised";
  if (const auto pass = in.text("pass")) {
    r.pass = parse_base64(*pass);
    if (!r.pass) in.wrong("pass");
  }
  for (const auto& name : in.texts("flags")) {
    const auto flag = parse_flag(name);
    if (flag) {
      r.flags.add(*flag);
    } else {
      in.wrong("flags");
    }
  }
}

}  // namespace

Result<ParsedReceipt> parse_receipt_json(std::string_view json) {
  StoredJsonReader in(json, "receipt");
  ParsedReceipt parsed;
  read_identity(in, parsed.receipt);
  read_course(in, parsed.receipt);
  if (in.required_number<int>("schema") != 1) in.wrong("schema");
  if (in.has("sequence")) {
    ChainLink link;
    link.chain_id = in.required_uuid("chain_id");
    link.sequence = in.required_number<std::int64_t>("sequence");
    link.previous_hash = in.required_text("previous_hash");
    link.hash = in.text("hash").value_or("");
    parsed.link = std::move(link);
  }
  if (in.error()) return fail("invalid_receipt", *in.error());
  return parsed;
}

}  // namespace exitgate
