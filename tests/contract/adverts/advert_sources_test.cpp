// The contract of advert sources against the simulated one and against hci-uart over each of its media.
#include <algorithm>
#include <chrono>
#include <memory>
#include <tuple>

#include "contract/advert_source_bench.hpp"
#include "hal/sim/sim_advert_source.hpp"
#include "tests/integration/peers/h4_peer.hpp"

namespace exitgate::hal {
namespace {

class SimBench final : public AdvertSourceBench {
 public:
  AdvertSource& source() override { return source_; }
  void send(const SentAdvert& advert) override {
    (void)source_.hear({.at = now_,
                        .address = advert.address,
                        .rssi_dbm = advert.rssi_dbm,
                        .extended = advert.extended,
                        .data = advert.data});
  }
  void vanish() override {
    here_ = false;
    follow();
  }
  void restore() override {
    here_ = true;
    follow();
  }
  MonoTime now() const override { return now_; }
  bool run_until(const std::function<bool()>& condition, Duration bound) override {
    const MonoTime end = now_ + bound;
    follow();
    for (; !condition() && now_ < end; now_ += milliseconds{10}) follow();
    return condition();
  }

 private:
  void follow() {
    if (here_) {
      source_.restore(now_);
    } else {
      source_.lose(now_, {"receiver_closed", "the bench took it away"});
    }
  }
  SimAdvertSource source_;
  MonoTime now_ = mono_from_us(1'000'000);
  bool here_ = true;
};

template <H4Medium kMedium>
class HciBench final : public AdvertSourceBench {
 public:
  AdvertSource& source() override { return *source_; }
  void send(const SentAdvert& advert) override {
    Bytes body{static_cast<std::uint8_t>(advert.extended ? 0x00 : 0x10), 0, 0x01};
    body.insert(body.end(), advert.address.rbegin(), advert.address.rend());
    for (const int field : {1, 1, 3, 127, static_cast<int>(advert.rssi_dbm), 0, 0, 0, 0, 0, 0, 0, 0, 0}) {
      body.push_back(static_cast<std::uint8_t>(field));
    }
    body.push_back(static_cast<std::uint8_t>(advert.data.size()));
    body.insert(body.end(), advert.data.begin(), advert.data.end());
    peer_.say(extended_report({body}));
  }
  void vanish() override { peer_.vanish(); }
  void restore() override { peer_.restore(); }
  MonoTime now() const override {
    return MonoTime{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
  }
  bool run_until(const std::function<bool()>& condition, Duration bound) override {
    const MonoTime end = now() + bound;
    while (!condition()) {
      if (now() >= end) return false;
      io_.restart();
      io_.run_one_for(std::min<Duration>(end - now(), milliseconds{50}));
    }
    return true;
  }

 private:
  boost::asio::io_context io_;
  H4Peer peer_{io_, kMedium};
  std::unique_ptr<AdvertSource> source_ = make_hci_uart(io_, peer_.settings());
};

using ContractBenches =
    std::tuple<SimBench, HciBench<H4Medium::kUnix>, HciBench<H4Medium::kTcp>, HciBench<H4Medium::kPty>>;

}  // namespace
}  // namespace exitgate::hal

using exitgate::hal::ContractBenches;
#include "contract/advert_source_contract.hpp"
