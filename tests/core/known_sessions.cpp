#include "known_sessions.hpp"

namespace exitgate::test {

SessionTag tag(std::uint8_t n) { return SessionTag{{n, n, n, n, n, n}}; }
Uuid session(std::uint8_t n) {
  Uuid id;
  id.bytes.fill(n);
  return id;
}
Admit admit_answer(std::uint8_t n, std::uint16_t party) {
  return {.reason = AdmitReason::kClosed,
          .session_id = session(n),
          .expires_at = wall_from_ms(kWallStart_ms + 86400000),
          .closed_at = {},
          .party_size = party,
          .total = {}};
}
Closure closure(CartId cart, std::uint8_t tag_number, std::uint8_t n, std::uint16_t party) {
  return {.session_tag = tag(tag_number),
          .cart_id = cart,
          .session_id = session(n),
          .closed_at = wall_from_ms(kWallStart_ms),
          .expires_at = wall_from_ms(kWallStart_ms + 86400000),
          .party_size = party,
          .total = Money{4599, {'U', 'S', 'D'}}};
}
ExpectedWalkout expected(std::uint8_t n, std::uint16_t party, const char* lane) {
  return {.lane_id = ShortId::of(lane),
          .session_id = session(n),
          .at = wall_from_ms(kWallStart_ms),
          .expires_at = wall_from_ms(kWallStart_ms + 86400000),
          .party_size = party};
}
PassHeard pass_of(CartId cart, std::uint8_t n, WallTime closed, Duration good_for) {
  return {.cart_id = cart,
          .session_tag = tag(n),
          .session_id = session(n),
          .closed_at = closed,
          .expires_at = closed + std::chrono::duration_cast<milliseconds>(good_for),
          .party_size = 1,
          .total = {},
          .raw = {1, 2, 3}};
}
Receipt interrupted_receipt(ReceiptKind kind, Basis basis) {
  Receipt receipt;
  receipt.receipt_id = session(200);
  receipt.store_id = ShortId::of("SEA-042");
  receipt.gate_id = ShortId::of("front");
  receipt.lane_id = ShortId::of("1");
  receipt.kind = kind;
  receipt.basis = basis;
  receipt.cart_id = 117;
  receipt.session_tag = tag(1);
  return receipt;
}
LoadedState interrupted_exit() {
  auto receipt = interrupted_receipt(ReceiptKind::kCart, Basis::kPrefetched);
  receipt.session_id = session(1);
  receipt.party_size = 1;
  LoadedState loaded;
  loaded.open_receipts.push_back(receipt);
  return loaded;
}

}  // namespace exitgate::test
