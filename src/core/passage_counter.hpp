// Counts passages at a lane's exit eye or count contact (lane contract §5). A value; pure.
#pragma once

#include <optional>

#include "core/inputs.hpp"
#include "core/wake.hpp"

namespace exitgate {

/// Debounced eyes of a lane as the counter needs them; unreadable ones are given as they were last read.
struct EyesForCounting {
  InputLevel approach;
  InputLevel safety;
  InputLevel exit;
  InputLevel passage;
};

struct CountedPassages {
  int passages = 0;
  bool wrong_way = false;
};

class PassageCounter {
 public:
  /// `join_gap`: blockages of `exit` closer than this are one passage; `joins_two`: a cart and its pusher, so at most
  /// two join; else any number does.
  CountedPassages update(const EyesForCounting& eyes, Duration join_gap, bool joins_two, Wake& wake);
  /// A second cart was bound: what comes next at the exit is a passage of its own.
  void start_new_passage() { split_ = true; }
  /// A run has begun that is not counted yet.
  [[nodiscard]] bool pending() const { return run_.has_value(); }

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.run_, self.split_, self.safety_seen_, self.exit_was_, self.safety_was_, self.approach_was_, self.pulses_,
          self.wrong_way_);
  }

 private:
  struct Run {
    Duration join_gap{};  ///< of whoever was admitted when it began
    bool joins_two = false;
    int blockages = 1;
    bool blocked = true;
    MonoTime cleared_at{};
  };
  /// exit → safety → approach, each begun while the one before it stands or just stood. Nobody at `approach` when
  /// `safety` rises is what tells somebody who walks in from somebody who follows out.
  struct WrongWay {
    bool exit_first = false;
    bool then_safety = false;
  };
  struct Rises {
    bool exit = false;
    bool safety = false;
    bool approach = false;
  };
  bool watch_direction(const EyesForCounting& eyes, const Rises& rises, Wake& wake);
  bool gap_over(const EyesForCounting& eyes, Wake& wake) const;

  std::optional<Run> run_;
  bool split_ = false;
  bool safety_seen_ = false;  ///< blocked now, or since the last passage's exit blockage began
  bool exit_was_ = false;
  bool safety_was_ = false;
  bool approach_was_ = false;
  std::optional<std::uint32_t> pulses_;
  WrongWay wrong_way_;
};

}  // namespace exitgate
