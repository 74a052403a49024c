#include "tools/rig/radio_model.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

using namespace exitgate::rig;

TEST_CASE("the mean level is as measured at 1, 5, 10 and 16 m and falls between") {
  CHECK(mean_rssi_dbm(1) == Catch::Approx(-65));
  CHECK(mean_rssi_dbm(5) == Catch::Approx(-78));
  CHECK(mean_rssi_dbm(10) == Catch::Approx(-84));
  CHECK(mean_rssi_dbm(16) == Catch::Approx(-91));
  CHECK(mean_rssi_dbm(2) < -65);
  CHECK(mean_rssi_dbm(2) > -78);
}

TEST_CASE("packets scatter by 4 dB and are lost as often as the scenario says") {
  RadioModel radio(7, {.deviation_db = 4, .loss = 0.2});
  double sum = 0;
  double squares = 0;
  int heard = 0;
  constexpr int kPackets = 20000;
  for (int i = 0; i < kPackets; ++i) {
    if (const auto level = radio.hear({0, 0, 0}, {5, 0, 0})) {
      ++heard;
      sum += *level;
      squares += static_cast<double>(*level) * *level;
    }
  }
  const double mean = sum / heard;
  CHECK(heard == Catch::Approx(kPackets * 0.8).epsilon(0.02));
  CHECK(mean == Catch::Approx(-78).margin(0.2));
  CHECK(std::sqrt(squares / heard - mean * mean) == Catch::Approx(4).margin(0.2));
}

TEST_CASE("one seed hears the same twice") {
  RadioModel a(3);
  RadioModel b(3);
  for (int i = 0; i < 100; ++i) CHECK(a.hear({0, 0, 0}, {3, 1, 0}) == b.hear({0, 0, 0}, {3, 1, 0}));
}
