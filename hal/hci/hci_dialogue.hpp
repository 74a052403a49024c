// What is said to a Bluetooth LE controller, and what its answers and its silence mean: start of scanning, command
// credits, time-outs, liveness, loss, and coming back (beacon contract, "Receivers"; Bluetooth Core 5.3, Vol 4, Part
// E).
//
// Pure: time, bytes and the fate of the transport come in; the transport is opened, written and closed through HciLink.
// Ownership: refers to link and observer, which outlive it. Thread: one. Errors: through AdvertObserver::on_down(),
// once for each loss, with codes receiver_open_failed, receiver_closed, receiver_not_hci, receiver_silent,
// receiver_refused, receiver_hardware_error. Timing: commands 1 s, opening 5 s, silence 5 s then 1 s. A link that was
// up is first reset where it stands; a second loss within kStable closes it, to be opened again after 0.5 s doubling to
// 30 s. Scanning without one report for kDeaf begins anew.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "hal/hci/advert_reports.hpp"
#include "hal/hci/h4_framer.hpp"
#include "hal/hci/hci_commands.hpp"
#include "hal/ports/advert_source.hpp"

namespace exitgate::hal {

/// The transport, as the dialogue sees it. open() is answered later by on_opened() or on_closed(); after close()
/// nothing comes.
class HciLink {
 public:
  virtual ~HciLink() = default;
  virtual void open() = 0;
  virtual void send(std::span<const std::uint8_t> packet) = 0;
  virtual void close() = 0;
};

class HciDialogue {
 public:
  static constexpr Duration kCommandTimeout = milliseconds{1000};
  static constexpr Duration kOpenTimeout = milliseconds{5000};
  static constexpr Duration kSilence = milliseconds{5000};
  static constexpr Duration kFirstBackOff = milliseconds{500};
  static constexpr Duration kLongestBackOff = milliseconds{30000};
  static constexpr Duration kStable = milliseconds{3000};
  /// A controller that restarted by itself answers, and hears nothing: its masks and its scanning are gone.
  static constexpr Duration kDeaf = milliseconds{60000};

  /// `where` names the transport in messages.
  HciDialogue(HciLink& link, std::string where) : link_(link), where_(std::move(where)) {}

  void start(MonoTime now, AdvertObserver& observer);
  void stop();
  void on_opened(MonoTime now);
  /// The transport could not be opened, or is gone.
  void on_closed(MonoTime now, const Error& why);
  void on_received(MonoTime now, std::span<const std::uint8_t> bytes);
  void on_time(MonoTime now);
  [[nodiscard]] MonoTime next_deadline() const;

  [[nodiscard]] AdvertCounters counters() const;
  [[nodiscard]] bool up() const { return up_; }
  /// Which of the two ways of scanning is in use since the last Reset.
  [[nodiscard]] bool extended_scanning() const { return extended_; }

 private:
  enum class Phase : std::uint8_t { kStopped, kWaiting, kOpening, kStarting, kScanning };

  void open(MonoTime now);
  void begin(MonoTime now);
  void ask(MonoTime now, Opcode opcode);
  void send_if_credited();
  void on_event(MonoTime now, const HciEvent& event);
  void on_answer(MonoTime now, const CommandAnswer& answer);
  void on_scanning(MonoTime now);
  void lost(MonoTime now, Error why, bool transport_stands);
  void close_and_wait(MonoTime now);
  [[nodiscard]] std::optional<Opcode> command_after(Opcode opcode) const;
  [[nodiscard]] Error error(std::string_view code, std::string what) const;

  HciLink& link_;
  std::string where_;
  AdvertObserver* observer_ = nullptr;
  Phase phase_ = Phase::kStopped;
  H4Framer framer_;
  AdvertReports reports_;

  std::optional<Opcode> asked_;  ///< the one command that is not answered yet
  bool sent_ = false;            ///< it went out; else it waits for credit
  std::uint8_t credit_ = 1;
  bool extended_ = false;
  MonoTime deadline_ = kNever;  ///< waiting: of the next try; opening: of the transport; else: of the answer
  MonoTime heard_at_{};         ///< last event
  MonoTime reported_at_{};      ///< last report, or begin of scanning
  MonoTime up_since_{};

  bool up_ = false;  ///< as told to the observer
  bool down_told_ = false;
  bool reset_tried_ = false;  ///< this loss, or one within kStable, was met with a Reset in place
  unsigned failures_ = 0;     ///< of opening, in a row
  std::uint64_t resets_ = 0;
};

}  // namespace exitgate::hal
