// Sessions that tests know by a number n: its tag, its id, and what the backend, the cart or a disk may say of it.
#pragma once

#include "core/event.hpp"

namespace exitgate::test {

/// When a world begins.
inline constexpr std::int64_t kWallStart_ms = 1793000000000;

SessionTag tag(std::uint8_t n);
Uuid session(std::uint8_t n);
Admit admit_answer(std::uint8_t session_number, std::uint16_t party = 1);
Closure closure(CartId cart, std::uint8_t tag_number, std::uint8_t session_number, std::uint16_t party = 1);
ExpectedWalkout expected(std::uint8_t session_number, std::uint16_t party = 1, const char* lane = "1");
PassHeard pass_of(CartId cart, std::uint8_t n, WallTime closed, Duration good_for = std::chrono::hours{1});
/// What an exit of cart 117 with tag 1 left open at lane 1 when the daemon died.
Receipt interrupted_receipt(ReceiptKind kind, Basis basis);
/// The disk as a paid cart's exit on session 1 left it that was under way then.
LoadedState interrupted_exit();

}  // namespace exitgate::test
