#include "hal/hci/hci_uart.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "hal/hci/hci_dialogue.hpp"
#include "hal/hci/hci_transport.hpp"

namespace exitgate::hal {
namespace {

namespace asio = boost::asio;

MonoTime mono_now() {
  // libstdc++'s steady_clock is CLOCK_MONOTONIC, whose time since boot is what a MonoTime holds.
  return MonoTime{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

/// Moves bytes between transport and dialogue and arms one timer at the dialogue's next deadline.
class HciUartSource final : public AdvertSource, private HciLink, private HciTransportEvents {
 public:
  HciUartSource(asio::io_context& io, HciUartSettings settings)
      : io_(io), settings_(std::move(settings)), dialogue_(*this, settings_.path), timer_(io) {}
  ~HciUartSource() override { stop_all(); }

  void start(AdvertObserver& observer) override {
    dialogue_.start(mono_now(), observer);
    arm();
  }
  [[nodiscard]] AdvertCounters counters() const override { return dialogue_.counters(); }
  void stop() override { stop_all(); }

 private:
  void stop_all() {
    dialogue_.stop();
    close();
    timer_.cancel();
    armed_for_ = kNever;
  }

  void open() override {
    close();
    transport_ = std::make_shared<HciTransport>(io_, settings_, static_cast<HciTransportEvents&>(*this));
    transport_->open();
  }
  void send(std::span<const std::uint8_t> packet) override {
    if (transport_) transport_->send(packet);
  }
  void close() override {
    if (const auto transport = std::exchange(transport_, nullptr)) transport->close();
  }

  void opened() override {
    dialogue_.on_opened(mono_now());
    arm();
  }
  void received(std::span<const std::uint8_t> bytes) override {
    dialogue_.on_received(mono_now(), bytes);
    arm();
  }
  void failed(const Error& why) override {
    dialogue_.on_closed(mono_now(), why);
    arm();
  }

  /// Deadlines move on with every byte; the timer is only touched when one comes nearer, and looks again when it fires.
  void arm() {
    const MonoTime deadline = dialogue_.next_deadline();
    if (deadline >= armed_for_) return;
    armed_for_ = deadline;
    timer_.expires_at(std::chrono::steady_clock::time_point{deadline.time_since_epoch()});
    timer_.async_wait([this, alive = std::weak_ptr<char>(alive_)](const boost::system::error_code& error) {
      if (error || alive.expired()) return;  // armed anew, or the source is gone
      armed_for_ = kNever;
      dialogue_.on_time(mono_now());
      arm();
    });
  }

  asio::io_context& io_;
  HciUartSettings settings_;
  HciDialogue dialogue_;
  asio::steady_timer timer_;
  MonoTime armed_for_ = kNever;
  std::shared_ptr<HciTransport> transport_;
  /// A timer that fired before it was cancelled still calls: it must see that the source is gone.
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace

std::unique_ptr<AdvertSource> make_hci_uart(asio::io_context& io, HciUartSettings settings) {
  return std::make_unique<HciUartSource>(io, std::move(settings));
}

}  // namespace exitgate::hal
