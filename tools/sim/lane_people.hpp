// Who went through one lane and what its receipts counted, each at its time: whether every passage that was counted was
// somebody's, and everybody who could be seen was counted. Written from §5 of the lane contract. Thread: one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/mono_time.hpp"

namespace exitgate::sim {

class LanePeople {
 public:
  struct Stretch {
    MonoTime from{}, to{};
  };

  /// The join gap for a cart; the longest there was counts.
  void joins(Duration gap) { join_gap_ = std::max(join_gap_, gap); }
  /// Went out between these times; a cart and its pusher may be seen as up to `at_most`.
  void left(MonoTime from, MonoTime to, std::int64_t at_most) { people_.push_back({{from, to}, at_most}); }
  /// Walked in: nobody's passage, where the eyes were good.
  void strayed(MonoTime from, MonoTime to) { strays_.push_back({from, to}); }
  /// Nobody in this time need have been seen, and `phantoms` may have been that nobody was.
  void blind(MonoTime from, MonoTime to, std::int64_t phantoms) { blind_.push_back({{from, to}, phantoms}); }
  /// A receipt now counts more passages, or fewer.
  void counted(std::int64_t more) { step_ += more; }
  void step_is_over(MonoTime now);
  /// What moved from one receipt to the other when the process ended is lost.
  void box_died() { step_ = moving_ = 0; }

  /// What is wrong; empty: nothing. In the stretches `late` receipts were written later than they were counted.
  [[nodiscard]] std::string judge(const std::vector<Stretch>& late) const;

 private:
  struct Some {
    Stretch when;
    std::int64_t count = 1;
  };
  [[nodiscard]] bool seen(const Stretch& when) const;
  /// Two gaps (a second blockage may join the first), 150 ms until it is durable, debounce.
  [[nodiscard]] Duration counted_by() const { return 2 * join_gap_ + milliseconds{400}; }

  Duration join_gap_{};
  std::vector<Some> people_, blind_;
  std::vector<Stretch> strays_;
  std::vector<MonoTime> counts_;
  std::int64_t step_ = 0;    ///< in this step
  std::int64_t moving_ = 0;  ///< taken from a receipt and not yet in another
};

}  // namespace exitgate::sim
