// When a presence frame was sent, and whether that is fresh: the window, the newest time accepted per cart (kept in
// full, so that the 24-bit time cannot wrap around it), and which of these marks are not yet durable (beacon contract).
// Pure. Bounds: kMaxMarks; beyond, the eighth with the oldest times goes, which the window makes stale anyway.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/gate_clock.hpp"
#include "base/ids.hpp"
#include "base/mono_time.hpp"
#include "core/persist.hpp"

namespace exitgate::beacon {

inline constexpr std::size_t kMaxMarks = 20000;
/// Durable "at least every 10 s": taken with time left for the write.
inline constexpr Duration kMarksDue = milliseconds{8000};

/// The full time nearest `near` that is `time24` modulo 2^24. Unix seconds.
[[nodiscard]] std::int64_t expand_time(std::uint32_t time24, std::int64_t near_unix_s);
/// What a frame's 24 bits are read against: the gate's clock, or the floor while unsynchronised.
[[nodiscard]] std::int64_t frame_time(std::uint32_t time24, const ClockView& clock);

enum class Freshness : std::uint8_t { kFresh, kStale, kReplayed };

/// Written to the store: `put` replaces what is there (a mark may go back after a clock was wrong).
struct MarkChanges {
  std::vector<ReplayMark> put;
  std::vector<CartId> drop;
  [[nodiscard]] bool empty() const { return put.empty() && drop.empty(); }
};

class ReplayMarks {
 public:
  explicit ReplayMarks(int max_age_s) : max_age_s_(max_age_s) {}

  void set_max_age_s(int max_age_s) { max_age_s_ = max_age_s; }
  /// Durable marks, at start.
  void load(std::span<const ReplayMark> marks);
  /// Drops the cart's mark when it is more than max_age_s ahead of a synchronised clock.
  [[nodiscard]] Freshness judge(CartId cart_id, std::int64_t sent_unix_s, const ClockView& clock);
  void accept(MonoTime now, CartId cart_id, std::int64_t sent_unix_s);
  [[nodiscard]] MarkChanges take_changes();
  /// When take_changes() is due; kNever with nothing to write.
  [[nodiscard]] MonoTime due() const { return due_; }
  [[nodiscard]] std::size_t size() const { return marks_.size(); }

 private:
  struct Mark {
    std::int64_t newest_unix_s = 0;
    bool dirty = false;
  };
  void drop_oldest();

  int max_age_s_;
  std::unordered_map<CartId, Mark> marks_;
  std::vector<CartId> dirty_;
  std::vector<CartId> dropped_;
  MonoTime due_ = kNever;
};

}  // namespace exitgate::beacon
