#include <array>
#include <catch2/catch_test_macros.hpp>
#include <map>

#include "beacon/radio.hpp"
#include "radio_fixture.hpp"

namespace exitgate::beacon {
namespace {

PresenceBytes forged_frame() {
  auto frame = Gate::frame_of(Gate::closed_cart(7));
  frame[20] ^= 1;
  return frame;
}

using Kind = CartClockNotice::Kind;

/// Hears a cart's frame of a fixed time ten times a second.
void hear_for(Gate& gate, Duration time, const PresenceBytes& frame) {
  for (const MonoTime end = gate.now + time; gate.now < end; gate.pass_time(milliseconds{100})) (void)gate.hear(frame);
}

}  // namespace

TEST_CASE("20 bad MACs from one address in 10 s raise a forgery, 60 s of quiet clear it") {
  Gate gate;
  for (int i = 0; i < 19; ++i) (void)gate.hear(forged_frame());
  CHECK(gate.notices<ForgeryNotice>().empty());
  (void)gate.hear(forged_frame());
  auto notices = gate.notices<ForgeryNotice>();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].raised);
  CHECK(notices[0].address == gate.address);
  CHECK(notices[0].rssi_dbm == -60);

  gate.pass_time(std::chrono::seconds{30});
  (void)gate.hear(forged_frame());
  gate.pass_time(std::chrono::seconds{59});
  CHECK(gate.notices<ForgeryNotice>().empty());
  gate.pass_time(std::chrono::seconds{1});
  CHECK(gate.verifier.next_deadline() <= gate.now);
  notices = gate.notices<ForgeryNotice>();
  REQUIRE(notices.size() == 1);
  CHECK_FALSE(notices[0].raised);
  CHECK(gate.verifier.next_deadline() == kNever);
}

TEST_CASE("the fault stands while any sender forges, and names those that do") {
  std::vector<ShellFault> faults;
  const auto told = [&](const exitgate::Event& event) {
    if (const auto* fault = std::get_if<ShellFault>(&event)) faults.push_back(*fault);
  };
  const Gate gate;
  Radio radio({.store_id = "SEA-042", .store_keys = {counting_key(0)}}, {},
              {.event = told, .store = [](const std::vector<StoreWrite>&) {}, .wants_pass_keys = [] {}});
  const auto data = wrap_manufacturer_data(kTestCompanyId, forged_frame());
  const auto forge = [&](std::uint8_t sender, std::int8_t rssi_dbm, std::chrono::seconds at) {
    const Address address{0, 0, 0, 0, 0, sender};
    for (int i = 0; i < 20; ++i) {
      radio.on_advert({.at = MonoTime{at}, .receiver = 0, .address = address, .rssi_dbm = rssi_dbm, .data = data},
                      gate.clock);
    }
  };
  const std::string rest = ": look for a foreign transmitter, check the beacon keys";
  forge(1, -60, std::chrono::seconds{1});
  forge(2, kRssiUnavailable, std::chrono::seconds{2});
  forge(2, kRssiUnavailable, std::chrono::seconds{40});
  radio.on_time(MonoTime{std::chrono::seconds{61}});
  REQUIRE(faults.size() == 3);
  CHECK(faults[0].advice == "forged cart frames from 000000000001 at -60 dBm" + rest);
  CHECK(faults[1].advice == "forged cart frames from 000000000001 at -60 dBm, 000000000002" + rest);
  CHECK(faults[2].active);
  CHECK(faults[2].advice == "forged cart frames from 000000000002" + rest);
  radio.on_time(MonoTime{std::chrono::seconds{100}});
  REQUIRE(faults.size() == 4);
  CHECK_FALSE(faults[3].active);
  SECTION("of very many some are named") {
    for (std::uint8_t sender = 10; sender < 20; ++sender) forge(sender, -50, std::chrono::seconds{110});
    CHECK(faults.back().advice.ends_with("000000000011 at -50 dBm and 2 more" + rest));
  }
}

TEST_CASE("a receiver's counts begin at nothing, and are told again where something came") {
  const Gate gate;
  Radio radio({.store_id = "SEA-042", .store_keys = {counting_key(0)}}, {},
              {.event = [](const exitgate::Event&) {},
               .store = [](const std::vector<StoreWrite>&) {},
               .wants_pass_keys = [] {}});
  std::map<std::string, std::uint64_t, std::less<>> told;
  const auto count = [&](DeviceId, std::string_view result, std::uint64_t more) { told[std::string(result)] = more; };
  const std::array<DeviceId, 1> receivers{3};
  radio.report_counts(receivers, count);
  CHECK(told.size() == kBeaconResultCount);
  CHECK(told.at("mac") == 0);
  told.clear();
  const auto data = wrap_manufacturer_data(kTestCompanyId, forged_frame());
  radio.on_advert({.at = gate.now, .receiver = 3, .address = {}, .rssi_dbm = -60, .data = data}, gate.clock);
  radio.report_counts(receivers, count);
  CHECK(told == std::map<std::string, std::uint64_t, std::less<>>{{"mac", 1}});
}

TEST_CASE("20 bad MACs from one address over more than 10 s raise nothing") {
  Gate gate;
  for (int i = 0; i < 40; ++i) {
    (void)gate.hear(forged_frame());
    gate.pass_time(milliseconds{600});
  }
  CHECK(gate.notices<ForgeryNotice>().empty());
}

TEST_CASE("forgeries from ever new addresses are tracked within bounds and raise nothing") {
  ForgeryWatch watch;
  std::vector<Notice> notices;
  for (int i = 0; i < 100000; ++i) {
    watch.bad_mac(
        mono_from_us(i),
        {0, 0, 0, static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)},
        -50, notices);
  }
  CHECK(watch.size() == ForgeryWatch::kMaxAddresses);
  CHECK(notices.empty());
}

TEST_CASE("an address that is dropped while raised is cleared, once") {
  ForgeryWatch watch;
  std::vector<Notice> notices;
  for (int address = 0; address < 300; ++address) {
    for (int i = 0; i < 20; ++i) {
      watch.bad_mac(mono_from_us(address),
                    {0, 0, 0, 0, static_cast<std::uint8_t>(address >> 8), static_cast<std::uint8_t>(address)}, -50,
                    notices);
    }
  }
  watch.on_time(mono_from_us(0) + std::chrono::minutes{2}, notices);
  std::size_t raised = 0;
  for (const auto& notice : notices) raised += std::get<ForgeryNotice>(notice).raised ? 1U : 0U;
  CHECK(raised == 300);
  CHECK(notices.size() == 600);
}

TEST_CASE("2 s of authentic frames with a wrong time name the cart and its receivers, and its lane is told") {
  Gate gate;
  const auto frame = Gate::frame_of(Gate::closed_cart(7, kNowUnixS - 100));
  hear_for(gate, milliseconds{1000}, frame);
  gate.receiver = 4;
  hear_for(gate, milliseconds{1000}, frame);
  CHECK(gate.notices<CartClockNotice>().empty());
  const Heard heard = gate.hear(frame);
  const auto* mistimed = std::get_if<MistimedHeard>(&heard);
  REQUIRE(mistimed != nullptr);
  CHECK(mistimed->cart_id == 7);
  CHECK(mistimed->receiver == 4);
  CHECK(mistimed->state == CartState::kClosed);
  CHECK(mistimed->reason == BeaconResult::kStale);
  const auto notices = gate.notices<CartClockNotice>();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].kind == Kind::kRaised);
  CHECK(notices[0].cart_id == 7);
  CHECK(notices[0].receivers == std::vector<DeviceId>{0, 4});
}

TEST_CASE("an accepted frame ends the lane's trouble at once, the fault ends 60 s after the last bad one") {
  Gate gate;
  hear_for(gate, milliseconds{2500}, Gate::frame_of(Gate::closed_cart(7, kNowUnixS - 100)));
  REQUIRE(gate.notices<CartClockNotice>().size() == 1);
  CHECK(gate.accepts(Gate::closed_cart(7)));
  auto notices = gate.notices<CartClockNotice>();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].kind == Kind::kEased);
  gate.pass_time(std::chrono::seconds{60});
  notices = gate.notices<CartClockNotice>();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].kind == Kind::kCleared);
}

TEST_CASE("a cart in trouble that is unheard for 2 s is eased by its deadline") {
  Gate gate;
  hear_for(gate, milliseconds{2500}, Gate::frame_of(Gate::closed_cart(7, kNowUnixS - 100)));
  REQUIRE(gate.notices<CartClockNotice>().size() == 1);
  gate.now = gate.verifier.next_deadline();
  const auto notices = gate.notices<CartClockNotice>();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].kind == Kind::kEased);
}

TEST_CASE("old frames replayed beside the real cart bring it no trouble") {
  Gate gate;
  const auto old = Gate::frame_of(Gate::closed_cart(7, kNowUnixS - 10));
  for (int i = 0; i < 100; ++i) {
    CHECK(gate.accepts(Gate::closed_cart(7, kNowUnixS + i / 10)));
    CHECK(std::holds_alternative<MistimedHeard>(gate.hear(old)));
    gate.pass_time(milliseconds{100});
  }
  CHECK(gate.notices<CartClockNotice>().empty());
  CHECK(gate.verifier.count(0, BeaconResult::kReplayed) == 100);
}

}  // namespace exitgate::beacon
