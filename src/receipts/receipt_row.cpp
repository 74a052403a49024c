#include "receipts/receipt_row.hpp"

#include <array>

namespace exitgate {
namespace {

constexpr std::array<std::string_view, 4> kStates{"open", "queued", "delivered", "quarantined"};

std::string or_dash(const std::optional<std::int64_t>& value) { return value ? std::to_string(*value) : "-"; }

bool columns_agree(const ReceiptRow& row, const ParsedReceipt& parsed) {
  const auto& receipt = parsed.receipt;
  if (row.receipt_id != to_string(receipt.receipt_id) || row.authorised_ms != unix_ms(receipt.authorised_at))
    return false;
  const bool open = row.state == static_cast<std::int64_t>(ReceiptState::kOpen);
  if (open) return !parsed.link;
  return parsed.link && row.position && row.sequence == parsed.link->sequence &&
         row.chain_id == to_string(parsed.link->chain_id) && receipt.ended_at &&
         row.ended_ms == unix_ms(*receipt.ended_at);
}

StoredReceipt stored(const ReceiptRow& row, ParsedReceipt parsed) {
  StoredReceipt out;
  out.receipt = std::move(parsed.receipt);
  out.state = static_cast<ReceiptState>(row.state);
  if (parsed.link) {
    out.chain_id = parsed.link->chain_id;
    out.sequence = parsed.link->sequence;
    out.previous_hash = std::move(parsed.link->previous_hash);
    out.hash = std::move(parsed.link->hash);
  }
  out.json = row.json;
  out.rejected_reason = row.reason;
  return out;
}

}  // namespace

std::string_view to_string(ReceiptState state) { return kStates.at(static_cast<std::size_t>(state)); }

std::optional<ReceiptState> parse_receipt_state(std::string_view text) {
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == text) return static_cast<ReceiptState>(i);
  }
  return std::nullopt;
}

std::int64_t check_of(const ReceiptRow& row) {
  std::string text = row.receipt_id + '\n' + std::to_string(row.state) + '\n' + or_dash(row.position) + '\n';
  text += row.chain_id.value_or("-") + '\n' + or_dash(row.sequence) + '\n' + std::to_string(row.authorised_ms) + '\n';
  text += or_dash(row.ended_ms) + '\n' + row.reason + '\n' + row.json;
  return sha256_check(text);
}

ReceiptRow open_row(const Receipt& receipt) {
  ReceiptRow row;
  row.receipt_id = to_string(receipt.receipt_id);
  row.state = static_cast<std::int64_t>(ReceiptState::kOpen);
  row.authorised_ms = unix_ms(receipt.authorised_at);
  row.json = canonical_json(receipt);
  row.check = check_of(row);
  return row;
}

ReceiptRow sealed_row(const Receipt& receipt, ChainLink& link, std::int64_t position) {
  ReceiptRow row;
  row.receipt_id = to_string(receipt.receipt_id);
  row.state = static_cast<std::int64_t>(ReceiptState::kQueued);
  row.position = position;
  row.chain_id = to_string(link.chain_id);
  row.sequence = link.sequence;
  row.authorised_ms = unix_ms(receipt.authorised_at);
  if (receipt.ended_at) row.ended_ms = unix_ms(*receipt.ended_at);
  row.json = seal_json(receipt, link);
  row.check = check_of(row);
  return row;
}

Result<StoredReceipt> decode(const ReceiptRow& row) {
  const auto damaged = [&](const std::string& what) {
    return fail("storage_damaged",
                "row " + std::to_string(row.rowid) + " of receipts (" + row.receipt_id + "): " + what);
  };
  if (row.check != check_of(row)) return damaged("its check does not fit its columns");
  if (row.state < 0 || row.state > 3) return damaged("it has an unknown state");
  auto parsed = parse_receipt_json(row.json);
  if (!parsed) return damaged(parsed.error().message);
  if (!columns_agree(row, *parsed)) return damaged("its columns and its JSON disagree");
  if (parsed->link && !hash_verifies(row.json)) return damaged("its hash does not verify");
  return stored(row, *std::move(parsed));
}

StoredReceipt decode_damaged(const ReceiptRow& row, const Error& why) {
  auto parsed = parse_receipt_json(row.json);
  auto out = stored(row, parsed ? *std::move(parsed) : ParsedReceipt{});
  if (const auto id = parse_uuid(row.receipt_id)) out.receipt.receipt_id = *id;
  if (out.chain_id.is_nil() && row.chain_id) out.chain_id = parse_uuid(*row.chain_id).value_or(Uuid{});
  if (out.sequence == 0) out.sequence = row.sequence.value_or(0);
  if (row.state < 0 || row.state > 3) out.state = ReceiptState::kQuarantined;
  if (!out.rejected_reason.starts_with(kDamagedReason))
    out.rejected_reason = std::string(kDamagedReason) + ": " + why.message;
  return out;
}

}  // namespace exitgate
