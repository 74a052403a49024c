// What the driver does without a chip: on any machine.
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>

#include "contract/recorded_device.hpp"
#include "hal/gpiod/gpiod_device.hpp"

namespace exitgate::hal {
namespace {

struct Chipless {
  explicit Chipless(std::string path) {
    settings.name = "chip0";
    settings.chip_path = std::move(path);
    settings.inputs = {{0U}};
    settings.outputs = {{1U}};
    settings.notice = [this](const Error& error) { notices.push_back(error); };
    device = make_gpiod_device(loop, settings);
  }
  void run_for(std::chrono::milliseconds time) {
    loop.restart();
    loop.run_for(time);
  }

  boost::asio::io_context loop;
  GpiodSettings settings;
  std::vector<Error> notices;
  RecordedDevice seen;
  std::unique_ptr<DigitalDevice> device;
};

TEST_CASE("a chip that is not there is told once as down, with the path and what to do") {
  Chipless c("/dev/gpiochip-that-is-not-there");
  c.device->start(c.seen);
  CHECK(c.seen.calls.empty());
  c.run_for(std::chrono::milliseconds{450});  // three tries
  REQUIRE(c.seen.calls == std::vector{RecordedDevice::Call::kDown});
  CHECK(c.seen.last_error.code == "gpiod_open");
  CHECK(c.seen.last_error.message.starts_with("/dev/gpiochip-that-is-not-there: "));
  CHECK(c.notices.empty());
  c.device->write(0, true);
  c.device->read_outputs();
  c.device->stop();
  c.run_for(std::chrono::milliseconds{50});
  CHECK(c.seen.calls.size() == 1);
}

TEST_CASE("a file that is no chip is told as such") {
  Chipless c("/dev/null");
  c.device->start(c.seen);
  c.run_for(std::chrono::milliseconds{20});
  CHECK(c.seen.downs == 1);
  CHECK(c.seen.last_error.message.find("no GPIO chip") != std::string::npos);
  c.device->stop();
}

TEST_CASE("a device destroyed between start and its first try calls nobody") {
  Chipless c("/dev/gpiochip-that-is-not-there");
  c.device->start(c.seen);
  c.device.reset();
  c.run_for(std::chrono::milliseconds{20});
  CHECK(c.seen.calls.empty());
}

}  // namespace
}  // namespace exitgate::hal
