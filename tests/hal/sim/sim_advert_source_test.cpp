#include "hal/sim/sim_advert_source.hpp"

#include <catch2/catch_test_macros.hpp>

namespace exitgate::hal {
namespace {

struct Heard final : AdvertObserver {
  void on_up(MonoTime) override { ++ups; }
  void on_down(MonoTime, const Error& why) override { downs.push_back(std::string(why.code)); }
  void on_advert(const AdvertReport& report) override { levels.push_back(report.rssi_dbm); }
  int ups = 0;
  std::vector<std::string> downs;
  std::vector<int> levels;
};

TEST_CASE("adverts are heard only between up and down") {
  SimAdvertSource source;
  Heard heard;
  AdvertReport report;
  report.rssi_dbm = -60;
  CHECK_FALSE(source.hear(report));
  source.start(heard);
  CHECK_FALSE(source.hear(report));
  source.restore(mono_from_us(1));
  CHECK(source.hear(report));
  source.lose(mono_from_us(2), {"sim_lost", "taken away by the test"});
  source.lose(mono_from_us(3), {"sim_lost", "twice"});
  CHECK_FALSE(source.hear(report));
  source.restore(mono_from_us(4));
  CHECK(source.hear(report));
  source.stop();
  CHECK_FALSE(source.hear(report));
  CHECK(heard.ups == 2);
  CHECK(heard.downs == std::vector<std::string>{"sim_lost"});
  CHECK(heard.levels == std::vector<int>{-60, -60});
  CHECK(source.counters().reports == 2);
}

}  // namespace
}  // namespace exitgate::hal
