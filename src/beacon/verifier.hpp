// Listens to adverts for one box and lets through what is proven: presence frames and exit passes of this store, fresh
// and not replayed (beacon contract). Purpose: whatever comes out may be believed; whatever is wrong is counted by
// reason and dropped.
//
// Ownership: owns keys and memory of what was heard. Thread: one. Pure: time and clock are arguments.
// Errors: none; results are counted per receiver. Bounds: see the parts (carts in view, marks, addresses,
// verifications). Timing: a foreign advert costs a walk over its structures, a repeated frame a comparison, a new one a
// MAC. Call on_time() at next_deadline(), take_notices() whenever has_notices(), and take_mark_changes() when
// marks_due() passes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/gate_clock.hpp"
#include "beacon/cart_view.hpp"
#include "beacon/clock_watch.hpp"
#include "beacon/crypto.hpp"
#include "beacon/forgery_watch.hpp"
#include "beacon/heard.hpp"
#include "beacon/pass_check.hpp"
#include "beacon/replay_marks.hpp"
#include "core/persist.hpp"

namespace exitgate::beacon {

struct Advert {
  MonoTime at{};
  DeviceId receiver = 0;
  Address address{};
  std::int8_t rssi_dbm = 127;
  std::span<const std::uint8_t> data;  ///< AD structures, of legacy or extended advertising; read during the call only
};

struct VerifierSettings {
  std::string store_id;
  std::uint16_t company_id = kTestCompanyId;
  std::vector<Key> store_keys;  ///< one or two
  int max_age_s = 30;
};

class BeaconVerifier {
 public:
  static constexpr std::size_t kMaxReceivers = 256;

  explicit BeaconVerifier(VerifierSettings settings);

  /// At start, before the first advert.
  void load_marks(std::span<const ReplayMark> marks) { marks_.load(marks); }
  void set_pass_keys(std::vector<PassKey> keys);
  /// A reload: other keys, company id or max_age. Marks and what is raised stay.
  void reconfigure(VerifierSettings settings);

  [[nodiscard]] Heard hear(const Advert& advert, const ClockView& clock);

  void on_time(MonoTime now);
  /// Of on_time() and take_mark_changes() together.
  [[nodiscard]] MonoTime next_deadline() const;
  [[nodiscard]] bool has_notices() const { return !notices_.empty(); }
  [[nodiscard]] std::vector<Notice> take_notices();
  /// When marks have to be taken for them to be durable in time; kNever with none.
  [[nodiscard]] MonoTime marks_due() const { return marks_.due(); }
  [[nodiscard]] MarkChanges take_mark_changes() { return marks_.take_changes(); }
  /// take_mark_changes() without the drops, which are only tidiness: a mark out of range is dropped again after a
  /// restart.
  [[nodiscard]] std::vector<ReplayMark> take_dirty_marks() { return marks_.take_changes().put; }

  /// beacons_total{receiver,result}.
  [[nodiscard]] std::uint64_t count(DeviceId receiver, BeaconResult result) const;
  [[nodiscard]] std::size_t carts_in_view() const { return carts_.size(); }

 private:
  struct Judged {
    BeaconResult result = BeaconResult::kAccepted;
    Heard heard;
  };
  [[nodiscard]] Judged judge_presence(const Advert& advert, const ClockView& clock,
                                      std::span<const std::uint8_t> payload);
  [[nodiscard]] Judged judge_pass(const Advert& advert, const ClockView& clock, std::span<const std::uint8_t> payload);
  [[nodiscard]] bool authentic(CartInView* cart, CartId cart_id, std::span<const std::uint8_t, kPresenceSize> frame);
  void want_keys(MonoTime now, std::uint8_t key_id);

  VerifierSettings settings_;
  MacEngine macs_;
  PassCheck passes_;
  CartsInView carts_;
  ReplayMarks marks_;
  ForgeryWatch forgery_;
  ClockWatch clocks_;
  std::vector<Notice> notices_;
  std::optional<MonoTime> wanted_keys_at_;
  std::vector<std::array<std::uint64_t, kBeaconResultCount>> counts_;  ///< by receiver
};

}  // namespace exitgate::beacon
