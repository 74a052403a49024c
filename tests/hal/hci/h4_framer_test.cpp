#include "hal/hci/h4_framer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <utility>
#include <vector>

#include "scripted_controller.hpp"

namespace exitgate::hal {
namespace {

using Event = std::pair<std::uint8_t, Bytes>;

std::vector<Event> drain(H4Framer& framer, std::span<const std::uint8_t> input) {
  std::vector<Event> events;
  while (const auto event = framer.next(input)) {
    events.emplace_back(event->code, Bytes(event->parameters.begin(), event->parameters.end()));
  }
  return events;
}

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

const Bytes kResetAnswer{0x04, 0x0E, 0x04, 0x01, 0x03, 0x0C, 0x00};

H4Framer in_step() {
  H4Framer framer;
  REQUIRE(drain(framer, kResetAnswer).size() == 1);
  return framer;
}

}  // namespace

TEST_CASE("events come out whole wherever the stream is cut in two") {
  const Bytes stream =
      joined({event_packet(0x3E, Bytes(255, 7)), event_packet(0xFF, {}), event_packet(0x0E, {1, 2, 3})});
  const std::vector<Event> expected{{0x3E, Bytes(255, 7)}, {0xFF, {}}, {0x0E, {1, 2, 3}}};
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    auto framer = in_step();
    const std::span<const std::uint8_t> all(stream);
    auto events = drain(framer, all.first(cut));
    for (auto& event : drain(framer, all.subspan(cut))) events.push_back(std::move(event));
    REQUIRE(events == expected);
  }
}

TEST_CASE("events come out whole when the stream comes byte by byte") {
  auto framer = in_step();
  std::vector<Event> events;
  for (const auto byte : joined({event_packet(0x3E, {1, 2}), event_packet(0x0F, {}), event_packet(0x10, {9})})) {
    for (auto& event : drain(framer, {&byte, 1})) events.push_back(std::move(event));
  }
  CHECK(events == std::vector<Event>{{0x3E, {1, 2}}, {0x0F, {}}, {0x10, {9}}});
}

TEST_CASE("a packet that is no event breaks the stream until Reset is hunted") {
  auto framer = in_step();
  const Bytes acl{0x02, 0x01, 0x00};
  CHECK(drain(framer, acl).empty());
  CHECK(framer.broken());
  CHECK(drain(framer, event_packet(0x0E, {1, 2, 3})).empty());
  framer.hunt_reset();
  CHECK_FALSE(framer.broken());
  CHECK(drain(framer, kResetAnswer).size() == 1);
}

TEST_CASE("the answer to Reset is found among any bytes before it, whatever its credit") {
  for (const std::uint8_t credit : Bytes{0, 1, 4, 255}) {
    H4Framer framer;
    Bytes answer = kResetAnswer;
    answer[3] = credit;
    const Bytes noise{0x04, 0x0E, 0x04, 0x04, 0x0E, 0x04, 0x01, 0x03, 0x0C, 0x0C, 0x04, 0x0E};
    const auto events = drain(framer, joined({noise, answer, event_packet(0x3E, {5})}));
    REQUIRE(events.size() == 2);
    CHECK(events[0] == Event{0x0E, {credit, 0x03, 0x0C, 0x00}});
    CHECK(events[1] == Event{0x3E, {5}});
  }
}

TEST_CASE("a Reset that failed is not the answer that is hunted") {
  H4Framer framer;
  Bytes refused = kResetAnswer;
  refused.back() = 0x0C;
  CHECK(drain(framer, refused).empty());
}

}  // namespace exitgate::hal
