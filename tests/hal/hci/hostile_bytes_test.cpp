// Whatever a cable, a wrong baud rate or a mad controller sends: no crash, bounded, and back up when it speaks again.
#include <rapidcheck.h>
#include <catch2/catch_test_macros.hpp>

#include "virtual_link.hpp"

namespace exitgate::hal {
namespace {

/// Bytes that get further than noise: event packets with random contents, and noise.
rc::Gen<Bytes> hostile_bytes() {
  const auto packet = rc::gen::apply(
      [](std::uint8_t code, Bytes parameters) {
        parameters.resize(std::min<std::size_t>(parameters.size(), 255));
        return event_packet(code, parameters);
      },
      rc::gen::element<std::uint8_t>(0x0E, 0x0F, 0x10, 0x3E, 0xFF), rc::gen::arbitrary<Bytes>());
  const auto report = rc::gen::map(rc::gen::arbitrary<Bytes>(), [](Bytes parameters) {
    parameters.resize(std::min<std::size_t>(parameters.size(), 250));
    if (parameters.size() >= 2) {
      parameters[0] = parameters[0] % 2 == 0 ? 0x02 : 0x0D;
      parameters[1] = static_cast<std::uint8_t>(1 + parameters[1] % 3);
    }
    return event_packet(kLeMetaEvent, parameters);
  });
  return rc::gen::oneOf(packet, report, rc::gen::arbitrary<Bytes>());
}

}  // namespace

TEST_CASE("whatever bytes come and whenever, the receiver comes back up when the controller speaks again") {
  const bool held = rc::check([] {
    VirtualLink link;
    link.start();
    const auto storm = *rc::gen::container<std::vector<Bytes>>(hostile_bytes());
    for (const auto& bytes : storm) {
      if (link.is_open && !link.answer_open) link.dialogue.on_received(link.now, bytes);
      link.settle();
      link.run_for(milliseconds{*rc::gen::inRange(0, 700)});
    }
    // At most the rest of one packet is taken for part of the noise, then 30 s and a start.
    link.run_for(std::chrono::seconds{120});
    RC_ASSERT(link.dialogue.up());
    const auto adverts = link.adverts;
    link.hear(legacy_report({2, 1, 6}));
    RC_ASSERT(link.adverts == adverts + 1);
    // Up and down are told in turn.
    std::string before;
    for (const auto& told : link.told) {
      RC_ASSERT((told == "up") != (before == "up"));
      before = told;
    }
  });
  CHECK(held);
}

TEST_CASE("whatever a report event holds, what is told lies inside its bounds") {
  const bool held = rc::check([](std::vector<Bytes> events) {
    AdvertReports reports;
    MonoTime now{};
    for (auto& parameters : events) {
      if (!parameters.empty()) parameters[0] = parameters[0] % 2 == 0 ? 0x02 : 0x0D;
      now += milliseconds{10};
      reports.read(now, parameters, [](const AdvertReport& report) {
        RC_ASSERT(report.data.size() <= AdvertReports::kMaxAdvertSize);
        return true;
      });
    }
  });
  CHECK(held);
}

}  // namespace exitgate::hal
