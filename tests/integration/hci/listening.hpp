// A driver on a loop, and an observer that keeps what it told.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/encoding.hpp"
#include "hal/hci/hci_uart.hpp"

namespace exitgate::hal {

struct RecordedAdverts final : AdvertObserver {
  struct Advert {
    AdvertReport report;
    Bytes data;
  };
  void on_up(MonoTime) override { told.emplace_back("up"); }
  void on_down(MonoTime, const Error& why) override {
    told.emplace_back(why.code);
    last_error = why;
  }
  void on_advert(const AdvertReport& report) override {
    adverts.push_back({report, Bytes(report.data.begin(), report.data.end())});
  }
  [[nodiscard]] bool up() const { return !told.empty() && told.back() == "up"; }
  [[nodiscard]] bool heard(const Bytes& data) const {
    for (const auto& advert : adverts) {
      if (advert.data == data) return true;
    }
    return false;
  }

  std::vector<std::string> told;
  std::vector<Advert> adverts;
  Error last_error{};
};

/// Turns the loop until the condition holds; false when `bound` is over before.
inline bool run_until(boost::asio::io_context& io, const std::function<bool()>& condition,
                      std::chrono::milliseconds bound = std::chrono::seconds{10}) {
  const auto end = std::chrono::steady_clock::now() + bound;
  while (!condition()) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= end) return false;
    io.restart();
    io.run_one_for(std::min<std::chrono::nanoseconds>(end - now, std::chrono::milliseconds{50}));
  }
  return true;
}

}  // namespace exitgate::hal
