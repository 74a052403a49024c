// The contract of hal/ports/advert_source.hpp as one suite, run against the fake and against every real driver.
//
// Use, in one .cpp file of a test program:
//   class MyBench final : public exitgate::hal::AdvertSourceBench { … };   // default constructible
//   using ContractBenches = std::tuple<MyBench>;
//   #include "contract/advert_source_contract.hpp"
#pragma once

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "contract/advert_source_bench.hpp"

namespace exitgate::hal::contract {

inline constexpr Duration kPatience = milliseconds{10000};  // an event that must come; far above what is expected

struct RecordedSource final : AdvertObserver {
  void on_up(MonoTime at) override {
    told.emplace_back("up");
    told_at = at;
  }
  void on_down(MonoTime at, const Error& why) override {
    told.emplace_back("down");
    told_at = at;
    last_error = why;
  }
  void on_advert(const AdvertReport& report) override {
    adverts.push_back(report);
    data.emplace_back(report.data.begin(), report.data.end());
    told_while_down = told_while_down || told.empty() || told.back() != "up";
  }

  std::vector<std::string> told;
  std::vector<AdvertReport> adverts;  ///< their data is gone
  std::vector<Bytes> data;
  MonoTime told_at{};
  Error last_error{};
  bool told_while_down = false;
};

template <class Bench>
struct StartedSource {
  StartedSource() {
    bench.source().start(seen);
    REQUIRE(until([&] { return seen.told.size() == 1; }));
    REQUIRE(seen.told.back() == "up");
  }
  ~StartedSource() { bench.source().stop(); }
  StartedSource(const StartedSource&) = delete;
  StartedSource& operator=(const StartedSource&) = delete;

  [[nodiscard]] bool until(const std::function<bool()>& condition) { return bench.run_until(condition, kPatience); }
  void run_for(Duration time) {
    (void)bench.run_until([] { return false; }, time);
  }

  Bench bench;
  RecordedSource seen;
};

using Told = std::vector<std::string>;

inline SentAdvert some_advert() {
  return {.address = {0xC0, 1, 2, 3, 4, 5}, .rssi_dbm = -71, .extended = false, .data = {2, 1, 6, 3, 0xFF, 0xFF, 0xFF}};
}

TEMPLATE_LIST_TEST_CASE("start tells nothing by itself, then up, once", "[contract]", ContractBenches) {
  TestType bench;
  RecordedSource seen;
  const auto before = bench.now();
  bench.source().start(seen);
  CHECK(seen.told.empty());
  REQUIRE(bench.run_until([&] { return !seen.told.empty(); }, kPatience));
  CHECK(seen.told == Told{"up"});
  CHECK(seen.told_at >= before);
  CHECK(seen.told_at <= bench.now());
  CHECK(bench.source().counters().resets >= 1);
  bench.source().stop();
}

TEMPLATE_LIST_TEST_CASE("an advert is told with everything that was sent", "[contract]", ContractBenches) {
  StartedSource<TestType> s;
  const auto before = s.bench.now();
  auto sent = some_advert();
  s.bench.send(sent);
  REQUIRE(s.until([&] { return s.seen.adverts.size() == 1; }));
  sent.extended = true;
  sent.rssi_dbm = kRssiUnavailable;
  sent.data = Bytes(200, 0x5A);
  s.bench.send(sent);
  REQUIRE(s.until([&] { return s.seen.adverts.size() == 2; }));

  CHECK(s.seen.adverts[0].address == sent.address);
  CHECK(s.seen.adverts[0].rssi_dbm == -71);
  CHECK_FALSE(s.seen.adverts[0].extended);
  CHECK(s.seen.data[0] == some_advert().data);
  CHECK(s.seen.adverts[0].at >= before);
  CHECK(s.seen.adverts[0].at <= s.bench.now());
  CHECK(s.seen.adverts[1].extended);
  CHECK(s.seen.adverts[1].rssi_dbm == kRssiUnavailable);
  CHECK(s.seen.data[1] == sent.data);
  CHECK(s.bench.source().counters().reports == 2);
}

TEMPLATE_LIST_TEST_CASE("adverts are told in order, and repeated ones each time", "[contract]", ContractBenches) {
  StartedSource<TestType> s;
  for (std::uint8_t i = 0; i < 50; ++i) {
    auto sent = some_advert();
    sent.data = {static_cast<std::uint8_t>(i / 2)};
    s.bench.send(sent);
  }
  REQUIRE(s.until([&] { return s.seen.adverts.size() == 50; }));
  for (std::uint8_t i = 0; i < 50; ++i) CHECK(s.seen.data[i] == Bytes{static_cast<std::uint8_t>(i / 2)});
}

TEMPLATE_LIST_TEST_CASE("a receiver that vanishes goes down once within 1 s, with a reason, and is silent",
                        "[contract]", ContractBenches) {
  StartedSource<TestType> s;
  const auto before = s.bench.now();
  s.bench.vanish();
  REQUIRE(s.until([&] { return s.seen.told.size() == 2; }));
  CHECK(s.seen.told_at - before <= milliseconds{1000});
  CHECK_FALSE(s.seen.last_error.code.empty());
  CHECK_FALSE(s.seen.last_error.message.empty());
  s.bench.send(some_advert());
  s.run_for(milliseconds{1500});
  CHECK(s.seen.told == Told{"up", "down"});
  CHECK(s.seen.adverts.empty());
}

TEMPLATE_LIST_TEST_CASE("a receiver that returns is up once and hears again", "[contract]", ContractBenches) {
  StartedSource<TestType> s;
  for (int times = 1; times <= 2; ++times) {
    s.bench.vanish();
    REQUIRE(s.until([&] { return s.seen.told.back() == "down"; }));
    s.bench.restore();
    REQUIRE(s.until([&] { return s.seen.told.back() == "up"; }));
    s.bench.send(some_advert());
    REQUIRE(s.until([&] { return s.seen.adverts.size() == static_cast<std::size_t>(times); }));
  }
  CHECK(s.seen.told == Told{"up", "down", "up", "down", "up"});
  CHECK_FALSE(s.seen.told_while_down);
  CHECK(s.bench.source().counters().resets >= 3);
}

TEMPLATE_LIST_TEST_CASE("a receiver that is away at the start is told as down, and as up when it comes", "[contract]",
                        ContractBenches) {
  TestType bench;
  RecordedSource seen;
  bench.vanish();
  bench.source().start(seen);
  REQUIRE(bench.run_until([&] { return !seen.told.empty(); }, kPatience));
  CHECK(seen.told == Told{"down"});
  bench.restore();
  REQUIRE(bench.run_until([&] { return seen.told.size() == 2; }, kPatience));
  CHECK(seen.told == Told{"down", "up"});
  bench.source().stop();
}

TEMPLATE_LIST_TEST_CASE("no callback comes after stop, and a new start begins anew", "[contract]", ContractBenches) {
  StartedSource<TestType> s;
  s.bench.source().stop();
  s.bench.send(some_advert());
  s.run_for(milliseconds{200});
  CHECK(s.seen.adverts.empty());
  CHECK(s.seen.told == Told{"up"});
  s.bench.source().start(s.seen);
  REQUIRE(s.until([&] { return s.seen.told.size() == 2; }));
  CHECK(s.seen.told == Told{"up", "up"});
  s.bench.send(some_advert());
  REQUIRE(s.until([&] { return s.seen.adverts.size() == 1; }));
}

}  // namespace exitgate::hal::contract
