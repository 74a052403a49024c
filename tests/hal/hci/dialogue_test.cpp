#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <utility>

#include "virtual_link.hpp"

namespace exitgate::hal {

using Told = std::vector<std::string>;

TEST_CASE("a controller with extended scanning is asked for it and for nothing legacy") {
  VirtualLink link;
  link.start();
  CHECK(link.told == Told{"up"});
  CHECK(link.controller.heard == std::vector<Opcode>{kReset, kSetEventMask, kLeSetEventMask, kReadSupportedCommands,
                                                     kReadLocalVersion, kLeSetExtendedScanParameters,
                                                     kLeSetExtendedScanEnable});
  CHECK(link.dialogue.extended_scanning());
}

TEST_CASE("a controller without extended scanning scans the legacy way only") {
  VirtualLink link;
  link.controller.extended = false;
  link.start();
  CHECK(link.told == Told{"up"});
  CHECK(link.controller.heard == std::vector<Opcode>{kReset, kSetEventMask, kLeSetEventMask, kReadSupportedCommands,
                                                     kReadLocalVersion, kLeSetScanParameters, kLeSetScanEnable});
}

TEST_CASE("a controller that can not tell what it supports scans the legacy way") {
  VirtualLink link;
  link.controller.status_of[kReadSupportedCommands] = 0x01;
  link.start();
  CHECK(link.told == Told{"up"});
  CHECK(link.controller.heard.back() == kLeSetScanEnable);
}

TEST_CASE("the commands are those of the standard, byte for byte") {
  CHECK(command_packet(kReset) == Bytes{0x01, 0x03, 0x0C, 0x00});
  CHECK(command_packet(kSetEventMask) == Bytes{0x01, 0x01, 0x0C, 0x08, 0, 0x80, 0, 0, 0, 0, 0, 0x20});
  CHECK(command_packet(kLeSetEventMask) == Bytes{0x01, 0x01, 0x20, 0x08, 0x02, 0x10, 0, 0, 0, 0, 0, 0});
  CHECK(command_packet(kLeSetScanParameters) ==
        Bytes{0x01, 0x0B, 0x20, 0x07, 0x00, 0x60, 0x00, 0x60, 0x00, 0x00, 0x00});
  CHECK(command_packet(kLeSetScanEnable) == Bytes{0x01, 0x0C, 0x20, 0x02, 0x01, 0x00});
  CHECK(command_packet(kLeSetExtendedScanParameters) ==
        Bytes{0x01, 0x41, 0x20, 0x08, 0x00, 0x00, 0x01, 0x00, 0x60, 0x00, 0x60, 0x00});
  CHECK(command_packet(kLeSetExtendedScanEnable) == Bytes{0x01, 0x42, 0x20, 0x06, 0x01, 0x00, 0, 0, 0, 0});
}

TEST_CASE("adverts are told once scanning is up") {
  VirtualLink link;
  link.start();
  link.hear(legacy_report({2, 1, 6}));
  link.hear(extended_report({extended_report_body({1}), extended_report_body({2})}));
  CHECK(link.adverts == 3);
  CHECK(link.dialogue.counters().reports == 3);
}

TEST_CASE("without credit a command waits, and goes when an event that answers nothing gives it") {
  VirtualLink link;
  link.controller.credit = 0;
  link.start();
  CHECK(link.controller.heard == std::vector<Opcode>{kReset});
  link.controller.credit = 1;
  link.hear(command_complete(kNoOperation, {}, 1));
  CHECK(link.told == Told{"up"});
}

TEST_CASE("a command that is said to have begun is answered by its completion only") {
  VirtualLink link;
  link.controller.silent_to.insert(kLeSetEventMask);
  link.start();
  link.hear(command_status(kLeSetEventMask, 0));
  CHECK(link.controller.heard.back() == kLeSetEventMask);
  link.hear(command_complete(kLeSetEventMask, {0}));
  CHECK(link.told == Told{"up"});
}

TEST_CASE("a command refused by status loses the receiver with the command's name") {
  for (const Opcode refused :
       {kSetEventMask, kLeSetEventMask, kLeSetExtendedScanParameters, kLeSetExtendedScanEnable}) {
    VirtualLink link;
    link.controller.status_of[refused] = 0x12;
    link.start();
    CHECK(link.told == Told{"receiver_refused"});
    CHECK_FALSE(link.is_open);
  }
  VirtualLink link;
  link.controller.silent_to.insert(kLeSetEventMask);
  link.start();
  link.hear(command_status(kLeSetEventMask, 0x01));
  CHECK(link.told == Told{"receiver_refused"});
}

TEST_CASE("whichever command is not answered, the receiver is lost 1 s later and tried again") {
  for (const Opcode silent : {kReset, kSetEventMask, kLeSetEventMask, kReadSupportedCommands, kReadLocalVersion,
                              kLeSetExtendedScanParameters, kLeSetExtendedScanEnable}) {
    VirtualLink link;
    link.controller.silent_to.insert(silent);
    link.start();
    link.run_for(milliseconds{999});
    CHECK(link.told.empty());
    link.run_for(milliseconds{1});
    CHECK(link.told == Told{"receiver_silent"});
    CHECK_FALSE(link.is_open);
    link.controller.silent_to.clear();
    link.run_for(milliseconds{500});
    CHECK(link.told == Told{"receiver_silent", "up"});
  }
}

TEST_CASE("a transport that does not open is tried again after 0.5 s doubling to 30 s, and told once") {
  VirtualLink link;
  link.transport_works = false;
  link.start();
  link.run_for(std::chrono::seconds{200});
  CHECK(link.told == Told{"receiver_open_failed"});
  std::vector<std::int64_t> waits_ms;
  for (std::size_t i = 1; i < link.opened_at.size(); ++i)
    waits_ms.push_back(to_ms(link.opened_at[i] - link.opened_at[i - 1]));
  waits_ms.resize(9);
  CHECK(waits_ms == std::vector<std::int64_t>{500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000});
  link.transport_works = true;
  link.run_for(std::chrono::seconds{30});
  CHECK(link.told == Told{"receiver_open_failed", "up"});
}

TEST_CASE("a transport that never answers is given up after 5 s") {
  VirtualLink link;
  link.dialogue.start(link.now, link);
  link.answer_open = false;
  link.run_for(std::chrono::seconds{5});
  CHECK(link.told == Told{"receiver_open_failed"});
}

TEST_CASE("after 5 s of silence the version is asked, and an answer keeps the receiver up") {
  VirtualLink link;
  link.start();
  link.controller.heard.clear();
  link.run_for(milliseconds{4999});
  CHECK(link.controller.heard.empty());
  link.run_for(milliseconds{30000});
  CHECK(link.controller.heard.size() >= 5);
  CHECK(std::all_of(link.controller.heard.begin(), link.controller.heard.end(),
                    [](Opcode o) { return o == kReadLocalVersion; }));
  CHECK(link.told == Told{"up"});
}

TEST_CASE("5 s of silence and 1 s without an answer lose the receiver") {
  VirtualLink link;
  link.start();
  link.controller.silent_to.insert(kReadLocalVersion);
  link.run_for(milliseconds{5999});
  CHECK(link.told == Told{"up"});
  link.run_for(milliseconds{1});
  CHECK(link.told == Told{"up", "receiver_silent"});
}

TEST_CASE("a controller that talks is not asked whether it lives") {
  VirtualLink link;
  link.start();
  link.controller.heard.clear();
  for (int i = 0; i < 30; ++i) {
    link.run_for(milliseconds{1000});
    link.hear(legacy_report({}));
  }
  CHECK(link.controller.heard.empty());
}

TEST_CASE("adverts that come while the version is not answered keep the receiver up") {
  VirtualLink link;
  link.start();
  link.controller.silent_to.insert(kReadLocalVersion);
  link.run_for(milliseconds{5500});
  link.hear(legacy_report({}));
  link.run_for(milliseconds{1000});
  CHECK(link.told == Told{"up"});
}

TEST_CASE("bytes that are no HCI event lose the receiver at once, and a Reset brings it back without closing") {
  VirtualLink link;
  link.start();
  link.hear({0x04, 0xFF, 0x00, 0x55, 0x55});
  CHECK(link.told == Told{"up", "receiver_not_hci", "up"});
  CHECK(link.opens == 1);
  CHECK(link.dialogue.counters().resets == 2);
  CHECK(std::count(link.controller.heard.begin(), link.controller.heard.end(), kReset) == 2);
}

TEST_CASE("a second loss soon after the first closes the transport and opens it again after 0.5 s") {
  VirtualLink link;
  link.start();
  link.hear({0x55});
  link.hear({0x55});
  CHECK_FALSE(link.is_open);
  link.run_for(milliseconds{499});
  CHECK(link.opens == 1);
  link.run_for(milliseconds{1});
  CHECK(link.opens == 2);
  CHECK(link.told == Told{"up", "receiver_not_hci", "up", "receiver_not_hci", "up"});
}

TEST_CASE("a receiver that was up for long is tried again from the shortest wait") {
  VirtualLink link;
  link.transport_works = false;
  link.start();
  link.run_for(std::chrono::seconds{100});
  link.transport_works = true;
  link.run_for(std::chrono::seconds{30 + 10});
  REQUIRE(link.dialogue.up());
  link.dialogue.on_closed(link.now, {"receiver_closed", "test"});
  const int opens = link.opens;
  link.run_for(milliseconds{500});
  CHECK(link.opens == opens + 1);
  CHECK(link.told == Told{"receiver_open_failed", "up", "receiver_closed", "up"});
}

TEST_CASE("a hardware error loses the receiver and resets it") {
  VirtualLink link;
  link.start();
  link.hear(event_packet(kHardwareErrorEvent, {0x42}));
  CHECK(link.told == Told{"up", "receiver_hardware_error", "up"});
}

TEST_CASE("a controller that restarted by itself and hears nothing is started anew, unnoticed") {
  VirtualLink link;
  link.start();
  link.controller.heard.clear();
  link.run_for(std::chrono::seconds{61});
  CHECK(link.controller_heard(kReset));
  CHECK(link.controller.heard.back() != kReset);
  CHECK(link.dialogue.up());
  CHECK(link.told == Told{"up"});
}

TEST_CASE("wherever the stream is cut, the dialogue comes up and hears the advert") {
  // The whole conversation as the controller speaks it, cut at every place.
  ScriptedController speaker;
  Bytes stream;
  for (const Opcode opcode : {kReset, kSetEventMask, kLeSetEventMask, kReadSupportedCommands, kReadLocalVersion,
                              kLeSetExtendedScanParameters, kLeSetExtendedScanEnable}) {
    const auto answer = speaker.answer(command_packet(opcode));
    stream.insert(stream.end(), answer.begin(), answer.end());
  }
  const auto advert =
      extended_report({extended_report_body(Bytes(100, 1), Piece::kMoreToCome), extended_report_body({2})});
  stream.insert(stream.end(), advert.begin(), advert.end());
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    VirtualLink link;
    for (const Opcode opcode : speaker.heard) link.controller.silent_to.insert(opcode);
    link.start();
    const std::span<const std::uint8_t> all(stream);
    link.dialogue.on_received(link.now, all.first(cut));
    link.dialogue.on_received(link.now, all.subspan(cut));
    REQUIRE(link.told == Told{"up"});
    REQUIRE(link.adverts == 1);
  }
}

TEST_CASE("stopped from within a callback, nothing more is told") {
  SECTION("of an advert") {
    VirtualLink link;
    link.start();
    link.stop_when_told = true;
    link.hear(extended_report({extended_report_body({1}), extended_report_body({2})}));
    CHECK(link.adverts == 1);
    CHECK_FALSE(link.is_open);
    CHECK(link.dialogue.next_deadline() == kNever);
  }
  SECTION("of a loss") {
    VirtualLink link;
    link.start();
    link.stop_when_told = true;
    link.hear({0x55, 0x55});
    CHECK(link.told == Told{"up", "receiver_not_hci"});
    CHECK_FALSE(link.is_open);
    CHECK(link.dialogue.next_deadline() == kNever);
  }
}

TEST_CASE("stopped, it can be started again") {
  VirtualLink link;
  link.start();
  link.dialogue.stop();
  CHECK_FALSE(link.is_open);
  link.run_for(std::chrono::seconds{60});
  link.start();
  CHECK(link.told == Told{"up", "up"});
}

}  // namespace exitgate::hal
