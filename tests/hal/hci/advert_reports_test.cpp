#include "hal/hci/advert_reports.hpp"

#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "scripted_controller.hpp"

namespace exitgate::hal {
namespace {

struct Heard {
  AdvertReport report;
  Bytes data;
};

struct Listening {
  AdvertReports reports;
  std::vector<Heard> heard;
  MonoTime now{};

  void read(const Bytes& packet) {
    reports.read(now, std::span(packet).subspan(3), [&](const AdvertReport& report) {
      heard.push_back({report, Bytes(report.data.begin(), report.data.end())});
      return true;
    });
  }
};

}  // namespace

TEST_CASE("a legacy report gives address, level and data") {
  Listening gate;
  gate.now = mono_from_us(5);
  gate.read(legacy_report({2, 1, 6}, -71));
  REQUIRE(gate.heard.size() == 1);
  const auto& [report, data] = gate.heard[0];
  CHECK(report.at == mono_from_us(5));
  CHECK(report.address == std::array<std::uint8_t, 6>{6, 5, 4, 3, 2, 1});
  CHECK(report.address_type == 1);
  CHECK(report.rssi_dbm == -71);
  CHECK_FALSE(report.extended);
  CHECK(data == Bytes{2, 1, 6});
  CHECK(gate.reports.counters().reports == 1);
}

TEST_CASE("several extended reports of one event all come out, and legacy adverts among them are told apart") {
  Listening gate;
  auto legacy = extended_report_body({1, 2}, Piece::kWhole, 0xFF);
  legacy[0] = 0x10;
  gate.read(
      extended_report({extended_report_body({7, 7, 7}), legacy, extended_report_body({}, Piece::kWhole, 2, 127)}));
  REQUIRE(gate.heard.size() == 3);
  CHECK(gate.heard[0].data == Bytes{7, 7, 7});
  CHECK(gate.heard[0].report.extended);
  CHECK(gate.heard[0].report.rssi_dbm == -60);
  CHECK(gate.heard[0].report.address == std::array<std::uint8_t, 6>{6, 5, 4, 3, 2, 1});
  CHECK_FALSE(gate.heard[1].report.extended);
  CHECK(gate.heard[2].report.rssi_dbm == kRssiUnavailable);
}

TEST_CASE("a fragmented report comes out once, whole, with the last level that was given") {
  Listening gate;
  gate.read(extended_report({extended_report_body(Bytes(200, 1), Piece::kMoreToCome, 1, -50)}));
  gate.read(extended_report({extended_report_body(Bytes(9, 9), Piece::kWhole, 2)}));  // another set of the same sender
  gate.read(extended_report({extended_report_body(Bytes(200, 2), Piece::kMoreToCome, 1, -55),
                             extended_report_body(Bytes(20, 3), Piece::kWhole, 1, 127)}));
  REQUIRE(gate.heard.size() == 2);
  CHECK(gate.heard[0].data == Bytes(9, 9));
  Bytes whole(200, 1);
  whole.insert(whole.end(), 200, 2);
  whole.insert(whole.end(), 20, 3);
  CHECK(gate.heard[1].data == whole);
  CHECK(gate.heard[1].report.rssi_dbm == -55);
  CHECK(gate.reports.counters().reports == 2);
}

TEST_CASE("a truncated report is dropped with its pieces and counted") {
  Listening gate;
  gate.read(extended_report({extended_report_body({1}, Piece::kMoreToCome),
                             extended_report_body({2}, Piece::kTruncated), extended_report_body({3})}));
  REQUIRE(gate.heard.size() == 1);
  CHECK(gate.heard[0].data == Bytes{3});
  CHECK(gate.reports.counters().truncated == 1);
}

TEST_CASE("pieces too old, too long or too many are dropped and counted") {
  Listening gate;
  SECTION("too old") {
    gate.read(extended_report({extended_report_body({1}, Piece::kMoreToCome)}));
    gate.now += AdvertReports::kChainAge + Duration{1};
    gate.read(extended_report({extended_report_body({2})}));
    REQUIRE(gate.heard.size() == 1);
    CHECK(gate.heard[0].data == Bytes{2});
    CHECK(gate.reports.counters().truncated == 1);
  }
  SECTION("too long") {
    for (int i = 0; i < 8; ++i) gate.read(extended_report({extended_report_body(Bytes(229, 1), Piece::kMoreToCome)}));
    CHECK(gate.reports.counters().truncated == 1);
  }
  SECTION("too many") {
    for (int sender = 0; sender <= static_cast<int>(AdvertReports::kMaxChains); ++sender) {
      gate.now += Duration{1};
      gate.read(
          extended_report({extended_report_body({1}, Piece::kMoreToCome, 1, -60, static_cast<std::uint8_t>(sender))}));
    }
    CHECK(gate.reports.counters().truncated == 1);
    gate.read(extended_report({extended_report_body({2}, Piece::kWhole, 1, -60, AdvertReports::kMaxChains)}));
    REQUIRE(gate.heard.size() == 1);
    CHECK(gate.heard[0].data == Bytes{1, 2});
  }
}

TEST_CASE("an event whose lengths contradict is dropped whole and counted") {
  const auto legacy = legacy_report({2, 1, 6});
  const auto extended = extended_report({extended_report_body({1, 2, 3}), extended_report_body({4})});
  for (const auto& good : {legacy, extended}) {
    for (std::size_t size = 4; size < good.size(); ++size) {
      Listening gate;
      gate.read(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
      CHECK(gate.heard.empty());
      CHECK(gate.reports.counters().malformed == 1);
    }
    Listening gate;
    Bytes longer = good;
    longer.push_back(0);
    gate.read(longer);
    CHECK(gate.heard.empty());
    CHECK(gate.reports.counters().malformed == 1);
  }
}

TEST_CASE("other LE events are skipped") {
  Listening gate;
  gate.read(event_packet(kLeMetaEvent, {0x01, 0x00, 0x01}));
  CHECK(gate.heard.empty());
  CHECK(gate.reports.counters().malformed == 0);
}

}  // namespace exitgate::hal
