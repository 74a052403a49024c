// Advertising data as any radio can send it. The target can also have a true cart's frame or a true pass made of fields
// it chooses, and spoil a byte of it; what comes through must be what the holder of the keys would have sent.
#include <cstdlib>
#include <numeric>
#include <variant>

#include "beacon/verifier.hpp"
#include "fuzz_input.hpp"

namespace exitgate::beacon {
namespace {

using fuzz::ByteSpan;
using fuzz::Input;

constexpr std::int64_t kStartUnixS = 1793000000;
constexpr std::string_view kStore = "SEA-042";

Key counting_key(std::uint8_t first) {
  Key key{};
  std::iota(key.begin(), key.end(), first);
  return key;
}

const Key& backend_key() {
  static const Key kKey = counting_key(100);
  return kKey;
}

PassKey pass_key() {
  static const Key kPublic = derive_public_key(backend_key());
  return {.key_id = 1, .public_key = kPublic, .not_before = {}, .not_after = {}};
}

class Listening {
 public:
  explicit Listening(ByteSpan script) : input_(script) { verifier_.set_pass_keys({pass_key()}); }

  void run() {
    for (int steps = 0; !input_.empty() && steps < 300; ++steps) step();
  }

 private:
  void step() {
    const std::uint8_t what = input_.byte();
    switch (what % 8) {
      case 0:
      case 1:
        return hear(input_.bytes(input_.byte()));
      case 2:
      case 3:
        return hear(spoiled(wrap_manufacturer_data(kTestCompanyId, frame())));
      case 4:
        return hear(spoiled(wrap_manufacturer_data(kTestCompanyId, pass())));
      case 5:
        return hear(wrap_manufacturer_data(kTestCompanyId, input_.bytes(input_.byte() % 130U)));
      case 6:
        now_ += milliseconds{input_.number(2)};
        return verifier_.on_time(now_);
      default:
        wall_s_ += static_cast<std::int8_t>(input_.byte());
    }
  }
  PresenceBytes frame() {
    const CartId cart = input_.byte() % 4U;
    const Presence presence{
        .state = static_cast<CartState>(input_.byte() % 5U),
        .cart_id = cart,
        .session_tag = {{0, 0, 0, 0, 0, input_.byte()}},
        .time24 = static_cast<std::uint32_t>((wall_s_ + static_cast<std::int8_t>(input_.byte())) & 0xFFFFFF),
        .tx_dbm = -59};
    return encode_presence(presence, kStore, derive_cart_key(counting_key(0), cart));
  }
  PassBytes pass() {
    const std::uint8_t cart = input_.byte();
    const std::uint8_t tag = input_.byte();
    const Pass pass{.key_id = static_cast<std::uint8_t>(input_.byte() % 2U),
                    .cart_id = cart % 4U,
                    .session_tag = {{0, 0, 0, 0, 0, tag}},
                    .closed_at_unix_s = wall_s_ + static_cast<std::int8_t>(input_.byte()),
                    .expires_at_unix_s = wall_s_ + static_cast<std::int8_t>(input_.byte()),
                    .total = Money{input_.number(4), {'U', 'S', 'D'}},
                    .party_size = input_.byte(),
                    .session_id = {{input_.byte(), 9}},
                    .basket_digest = {}};
    return sign_pass(pass, kStore, backend_key());
  }
  Bytes spoiled(Bytes data) {
    const std::uint8_t mask = input_.byte();
    if (mask >= 0x80) data[input_.byte() % data.size()] ^= static_cast<std::uint8_t>(mask & 0x7FU);
    return data;
  }

  void hear(ByteSpan data) {
    const auto receiver = static_cast<DeviceId>(data.size() % 3);
    const ClockView clock = view();
    const auto payload = find_manufacturer_data(data, kTestCompanyId);
    const auto before = counted();
    const Heard heard = verifier_.hear(
        {.at = now_, .receiver = receiver, .address = {1, 2, 3, 4, 5, 6}, .rssi_dbm = -60, .data = data}, clock);
    EXITGATE_CHECK(counted() - before == (payload ? 1U : 0U));
    EXITGATE_CHECK(verifier_.carts_in_view() <= kMaxCartsInView);
    if (const auto* beacon = std::get_if<BeaconHeard>(&heard)) check_beacon(payload.value(), *beacon);
    if (const auto* pass = std::get_if<PassHeard>(&heard)) check_pass(payload.value(), *pass);
    if (const auto* late = std::get_if<MistimedHeard>(&heard)) check_authentic(payload.value(), late->cart_id);
    if (verifier_.has_notices()) EXITGATE_CHECK(!verifier_.take_notices().empty());
  }
  [[nodiscard]] std::uint64_t counted() const {
    std::uint64_t sum = 0;
    for (DeviceId receiver = 0; receiver < 3; ++receiver) {
      for (std::size_t result = 0; result < kBeaconResultCount; ++result) {
        sum += verifier_.count(receiver, static_cast<BeaconResult>(result));
      }
    }
    return sum;
  }
  static Presence check_authentic(ByteSpan payload, CartId cart) {
    EXITGATE_CHECK(payload.size() == kPresenceSize);
    const Presence said = read_presence(payload.first<kPresenceSize>());
    EXITGATE_CHECK(said.cart_id == cart);
    const auto again = encode_presence(said, kStore, derive_cart_key(counting_key(0), cart));
    EXITGATE_CHECK(std::equal(again.begin(), again.end(), payload.begin()));
    return said;
  }
  void check_beacon(ByteSpan payload, const BeaconHeard& heard) const {
    const Presence said = check_authentic(payload, heard.cart_id);
    EXITGATE_CHECK(said.session_tag == heard.session_tag && said.state == heard.state);
    EXITGATE_CHECK(std::abs(expand_time(said.time24, wall_s_) - wall_s_) <= 30);
  }
  void check_pass(ByteSpan payload, const PassHeard& heard) const {
    EXITGATE_CHECK(std::equal(payload.begin(), payload.end(), heard.raw.begin(), heard.raw.end()));
    const PassBytes again = sign_pass(heard.pass, kStore, backend_key());
    EXITGATE_CHECK(again == heard.raw && heard.pass.key_id == 1);
    EXITGATE_CHECK(heard.pass.closed_at_unix_s <= wall_s_ + 30 && wall_s_ <= heard.pass.expires_at_unix_s);
  }
  [[nodiscard]] ClockView view() const {
    const WallTime now = wall_from_s(wall_s_);
    return {.now = now, .judging = now, .synchronised = true, .wrong = false, .floor = now};
  }

  Input input_;
  BeaconVerifier verifier_{{.store_id = std::string(kStore), .store_keys = {counting_key(0)}}};
  MonoTime now_ = mono_from_us(1'000'000);
  std::int64_t wall_s_ = kStartUnixS;
};

}  // namespace
}  // namespace exitgate::beacon

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  exitgate::beacon::Listening({data, size}).run();
  return 0;
}
