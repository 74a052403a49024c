// The driver against BlueZ's emulated controllers: an HCI that was written by others.
#include <catch2/catch_test_macros.hpp>
#include <chrono>

#include "listening.hpp"
#include "tests/integration/peers/btvirt_peer.hpp"

namespace exitgate::hal {
namespace {

const Bytes kAdvert{0x02, 0x01, 0x06, 0x05, 0xFF, 0xFF, 0xFF, 0xAB, 0xCD};

void hears(BtvirtPeer& btvirt, const std::string& socket, bool extended) {
  boost::asio::io_context io;
  RecordedAdverts seen;
  const auto source = make_hci_uart(io, {.path = "unix:" + socket});
  source->start(seen);
  REQUIRE(run_until(io, [&] { return seen.up(); }));

  AdvertisingController sender(socket);
  for (int tries = 0; tries < 50 && !seen.heard(kAdvert); ++tries) {
    REQUIRE((extended ? sender.advertise_extended(kAdvert) : sender.advertise_legacy(kAdvert)));
    (void)run_until(
        io, [&] { return seen.heard(kAdvert); }, std::chrono::milliseconds{100});
  }
  REQUIRE(seen.heard(kAdvert));
  const auto& report = seen.adverts.back().report;
  CHECK(report.rssi_dbm == kRssiUnavailable);
  CHECK(report.extended == extended);
  CHECK(report.address != std::array<std::uint8_t, 6>{});
  CHECK(source->counters().malformed == 0);

  btvirt.kill();
  REQUIRE(run_until(io, [&] { return !seen.up(); }));
  CHECK(seen.told == std::vector<std::string>{"up", "receiver_closed"});
  source->stop();
}

}  // namespace

TEST_CASE("an emulated LE controller is brought up, and hears another one advertise") {
  BtvirtPeer btvirt;
  if (btvirt.problem()) SKIP(*btvirt.problem());
  hears(btvirt, btvirt.le_socket(), false);
}

TEST_CASE("an emulated controller with extended advertising is brought up, and hears another one advertise") {
  BtvirtPeer btvirt;
  if (btvirt.problem()) SKIP(*btvirt.problem());
  hears(btvirt, btvirt.dual_socket(), true);
}

}  // namespace exitgate::hal
