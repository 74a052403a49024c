#include "tools/rig/hci_controller.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace exitgate;
using namespace exitgate::rig;

namespace {

const Bytes kReset{0x01, 0x03, 0x0C, 0x00};
const Bytes kResetDone{0x04, 0x0E, 0x04, 0x01, 0x03, 0x0C, 0x00};
const Bytes kEventMask{0x01, 0x01, 0x0C, 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x3F};
const Bytes kLeEventMask{0x01, 0x01, 0x20, 0x08, 0x02, 0x10, 0, 0, 0, 0, 0, 0};
const Bytes kLegacyParameters{0x01, 0x0B, 0x20, 0x07, 0x00, 0x10, 0x00, 0x10, 0x00, 0x00, 0x00};
const Bytes kLegacyEnable{0x01, 0x0C, 0x20, 0x02, 0x01, 0x00};
const Bytes kExtendedParameters{0x01, 0x41, 0x20, 0x08, 0x00, 0x00, 0x01, 0x00, 0x10, 0x00, 0x10, 0x00};
const Bytes kExtendedEnable{0x01, 0x42, 0x20, 0x06, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00};

std::uint8_t status_of(HciController& controller, const Bytes& command) {
  const Bytes answer = controller.receive(command);
  REQUIRE(answer.size() >= 7);
  CHECK(answer[1] == 0x0E);
  CHECK(answer[4] == command[1]);
  CHECK(answer[5] == command[2]);
  return answer[6];
}

void start(HciController& controller, const Bytes& parameters, const Bytes& enable) {
  for (const auto& command : {kReset, kEventMask, kLeEventMask, parameters, enable})
    CHECK(status_of(controller, command) == 0);
}

const Advert kAdvert{{0xC3, 1, 2, 3, 4, 5}, -70, false, {0x02, 0x01, 0x06}};

}  // namespace

TEST_CASE("Reset is answered byte for byte, also when it comes in pieces") {
  HciController controller;
  CHECK(controller.receive(kReset) == kResetDone);
  Bytes answer;
  for (const auto byte : kReset) {
    const Bytes more = controller.receive(Bytes{byte});
    answer.insert(answer.end(), more.begin(), more.end());
  }
  CHECK(answer == kResetDone);
}

TEST_CASE("a legacy scan reports an advert in the layout of the specification") {
  HciController controller;
  CHECK(controller.hear(kAdvert).empty());
  start(controller, kLegacyParameters, kLegacyEnable);
  CHECK(controller.hear(kAdvert) ==
        Bytes{0x04, 0x3E, 0x0F, 0x02, 0x01, 0x03, 0x01, 5, 4, 3, 2, 1, 0xC3, 0x03, 0x02, 0x01, 0x06, 0xBA});
}

TEST_CASE("an extended scan reports level and data where the specification has them") {
  HciController controller;
  start(controller, kExtendedParameters, kExtendedEnable);
  const Bytes report = controller.hear(kAdvert);
  REQUIRE(report.size() == 29 + 3);
  CHECK(report[2] == report.size() - 3);
  CHECK(report[3] == 0x0D);
  CHECK(report[5] == 0x10);
  CHECK(report[18] == 0xBA);
  CHECK(report[28] == 3);
  CHECK(Bytes(report.begin() + 29, report.end()) == kAdvert.data);
}

TEST_CASE("an extended advert comes in pieces where the controller's reports are short, the last marked complete") {
  HciController controller({.fragment_bytes = 50});
  start(controller, kExtendedParameters, kExtendedEnable);
  Advert pass = kAdvert;
  pass.extended = true;
  pass.data.assign(122, 0x5A);
  const Bytes reports = controller.hear(pass);
  Bytes data;
  std::vector<int> statuses;
  for (std::size_t at = 0; at < reports.size(); at += 29U + reports[at + 28]) {
    statuses.push_back(reports[at + 5] >> 5 & 3);
    data.insert(data.end(), reports.begin() + static_cast<std::ptrdiff_t>(at) + 29,
                reports.begin() + static_cast<std::ptrdiff_t>(at) + 29 + reports[at + 28]);
  }
  CHECK(statuses == std::vector<int>{1, 1, 0});
  CHECK(data == pass.data);
}

TEST_CASE("a legacy scan does not hear extended adverts") {
  HciController controller;
  start(controller, kLegacyParameters, kLegacyEnable);
  Advert pass = kAdvert;
  pass.extended = true;
  CHECK(controller.hear(pass).empty());
}

TEST_CASE("legacy and extended commands are not mixed after one Reset") {
  HciController controller;
  start(controller, kExtendedParameters, kExtendedEnable);
  CHECK(status_of(controller, kLegacyParameters) == 0x0C);
  CHECK(status_of(controller, kReset) == 0);
  CHECK_FALSE(controller.scanning());
  CHECK(status_of(controller, kLegacyParameters) == 0);
}

TEST_CASE("a controller of before Bluetooth 5 does not know the extended commands and does not claim to") {
  HciController controller({.extended = false});
  CHECK(status_of(controller, kExtendedParameters) == 0x01);
  const Bytes commands = controller.receive(Bytes{0x01, 0x02, 0x10, 0x00});
  REQUIRE(commands.size() == 7 + 64);
  CHECK((commands[7 + 37] & 0x60) == 0);
  CHECK((commands[7 + 26] & 0x0C) == 0x0C);
}

TEST_CASE("without the LE Meta event in the event mask nothing is reported") {
  HciController controller;
  for (const auto& command : {kReset, kLeEventMask, kLegacyParameters, kLegacyEnable})
    CHECK(status_of(controller, command) == 0);
  CHECK(controller.hear(kAdvert).empty());
  CHECK(status_of(controller, kEventMask) == 0);
  CHECK_FALSE(controller.hear(kAdvert).empty());
}

TEST_CASE("unknown commands and wrong lengths are refused, lost packet boundaries are a hardware error") {
  HciController controller;
  CHECK(status_of(controller, Bytes{0x01, 0xFF, 0xFC, 0x00}) == 0x01);
  CHECK(status_of(controller, Bytes{0x01, 0x0C, 0x20, 0x01, 0x01}) == 0x12);
  CHECK(controller.receive(Bytes{0x77}) == Bytes{0x04, 0x10, 0x01, 0x00});
  CHECK(controller.receive(kReset) == kResetDone);
}

TEST_CASE("a hung controller says nothing until it is revived") {
  HciController controller;
  start(controller, kLegacyParameters, kLegacyEnable);
  controller.hang(true);
  CHECK(controller.receive(kReset).empty());
  CHECK(controller.hear(kAdvert).empty());
  controller.hang(false);
  CHECK(controller.receive(kReset) == kResetDone);
}
