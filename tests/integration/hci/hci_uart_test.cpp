// What the contract suite of adverts sources does not ask: the wire of this driver.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "listening.hpp"
#include "tests/integration/peers/h4_peer.hpp"
#include "tests/integration/peers/temp_folder.hpp"

namespace exitgate::hal {
namespace {

struct Rig {
  explicit Rig(H4Medium medium) : peer(io, medium), source(make_hci_uart(io, peer.settings())) {}
  ~Rig() { source->stop(); }
  bool until(const std::function<bool()>& condition) { return run_until(io, condition); }

  boost::asio::io_context io;
  H4Peer peer;
  RecordedAdverts seen;
  std::unique_ptr<AdvertSource> source;
};

using Told = std::vector<std::string>;

}  // namespace

TEST_CASE("over every medium a burst of adverts is heard without loss") {
  Rig rig(GENERATE(H4Medium::kUnix, H4Medium::kTcp, H4Medium::kPty));
  rig.source->start(rig.seen);
  REQUIRE(rig.until([&] { return rig.seen.up(); }));
  const auto advert = extended_report({extended_report_body(Bytes(229, 1), Piece::kMoreToCome)});
  const auto rest = extended_report({extended_report_body(Bytes(20, 2)), extended_report_body({3})});
  for (int i = 0; i < 100; ++i) {
    rig.peer.say(advert);
    rig.peer.say(rest);
    REQUIRE(rig.until([&] { return rig.seen.adverts.size() == 2U * static_cast<unsigned>(i + 1); }));
  }
  CHECK(rig.seen.adverts.front().data.size() == 249);
  CHECK(rig.source->counters().reports == 200);
  CHECK(rig.seen.told == Told{"up"});
}

TEST_CASE("bytes that are no HCI event are a loss at once, and a Reset on the same connection mends it") {
  Rig rig(GENERATE(H4Medium::kUnix, H4Medium::kTcp, H4Medium::kPty));
  rig.source->start(rig.seen);
  REQUIRE(rig.until([&] { return rig.seen.up(); }));
  const int connections = rig.peer.connections();
  rig.peer.say(Bytes(300, 0x55));
  REQUIRE(rig.until([&] { return rig.seen.told.size() == 3; }));
  CHECK(rig.seen.told == Told{"up", "receiver_not_hci", "up"});
  CHECK(rig.peer.connections() == connections);
}

TEST_CASE("a controller that falls silent is lost, and heard again when it speaks") {
  Rig rig(H4Medium::kTcp);
  rig.source->start(rig.seen);
  REQUIRE(rig.until([&] { return rig.seen.up(); }));
  rig.peer.controller().silent_to = {kReadLocalVersion, kReset};
  const auto from = std::chrono::steady_clock::now();
  REQUIRE(rig.until([&] { return rig.seen.told.size() == 2; }));
  CHECK(std::chrono::steady_clock::now() - from <= std::chrono::milliseconds{7000});
  CHECK(rig.seen.told.back() == "receiver_silent");
  rig.peer.controller().silent_to.clear();
  REQUIRE(rig.until([&] { return rig.seen.up(); }));
}

TEST_CASE("a path that is no receiver's is told with its name and what to do") {
  const TempFolder folder;
  std::ofstream(folder / "file") << "no terminal";
  for (const std::string& path :
       {folder / "nothing", folder / "file", "unix:" + (folder / "nothing"), "unix:" + std::string(200, 'x'),
        std::string("tcp:127.0.0.1"), std::string("tcp:127.0.0.1:1")}) {
    INFO(path);
    boost::asio::io_context io;
    RecordedAdverts seen;
    const auto source = make_hci_uart(io, {.path = path});
    source->start(seen);
    CHECK(seen.told.empty());
    REQUIRE(run_until(io, [&] { return !seen.told.empty(); }));
    CHECK(seen.told == Told{"receiver_open_failed"});
    CHECK(seen.last_error.message.find(path) != std::string::npos);
    CHECK(seen.last_error.message.find("check") != std::string::npos);
    source->stop();
  }
}

TEST_CASE("a source destroyed while it works touches nothing afterwards") {
  boost::asio::io_context io;
  H4Peer peer(io, GENERATE(H4Medium::kUnix, H4Medium::kTcp, H4Medium::kPty));
  RecordedAdverts seen;
  auto source = make_hci_uart(io, peer.settings());
  source->start(seen);
  if (GENERATE(true, false)) REQUIRE(run_until(io, [&] { return seen.up(); }));
  source.reset();
  const auto told = seen.told;
  peer.say(Bytes(300, 0x55));
  (void)run_until(
      io, [] { return false; }, std::chrono::milliseconds{50});
  CHECK(seen.told == told);
}

}  // namespace exitgate::hal
