// The mechanics of one gate: a swing barrier on a maintained output, or a gate with its own control unit that lets one
// person through per pulse. Pure, stepped with the time.
// A spring opens the swing barrier: no current on its coil means open. Both take time to travel and have limit
// contacts.
#pragma once

#include <cstdint>

#include "base/mono_time.hpp"

namespace exitgate::rig {

enum class Drive : std::uint8_t { kMaintained, kPulse };

struct BarrierSpec {
  Drive drive = Drive::kMaintained;
  Duration open_travel{milliseconds{600}};
  Duration close_travel{milliseconds{900}};
  Duration unit_waits{milliseconds{5000}};  ///< pulse gate: an authorised passage not begun lapses after this
};

/// What the gate's wires carry to it, as meant (polarity is the wiring's).
struct BarrierDrive {
  bool coil_closes = false;      ///< maintained: energised
  bool open_pulse = false;       ///< pulse gate: contact closed
  bool hold_open_closes = true;  ///< pulse gate: energised = normal operation, de-energised = open and stay so
};

class Barrier {
 public:
  explicit Barrier(BarrierSpec spec) : spec_(spec) {}

  void step(const BarrierDrive& drive, MonoTime now);
  /// Pulse gate: its own sensor saw a person leave. Uses up one authorised passage.
  void person_left(MonoTime now);

  [[nodiscard]] double opening() const { return opening_; }  ///< 0 closed, 1 open
  [[nodiscard]] bool open_contact() const { return opening_ >= 1.0; }
  [[nodiscard]] bool closed_contact() const { return opening_ <= 0.0; }
  [[nodiscard]] bool passable() const { return opening_ >= 0.85; }
  [[nodiscard]] bool closing() const { return closing_; }
  /// Pulse gate: the count contact, closed for 100 ms per person.
  [[nodiscard]] bool passage_contact() const { return passage_contact_; }
  [[nodiscard]] int stored_passages() const { return stored_; }
  /// Motion was turned from closing to opening at this many places so far.
  [[nodiscard]] int reopenings() const { return reopenings_; }

 private:
  [[nodiscard]] bool wants_closed(const BarrierDrive& drive, MonoTime now);

  BarrierSpec spec_;
  double opening_ = 1.0;
  bool closing_ = false;
  bool stepped_ = false;
  MonoTime at_{};
  bool pulse_was_ = false;
  int stored_ = 0;
  MonoTime lapses_at_ = kNever;
  bool passage_contact_ = false;
  MonoTime contact_until_{};
  int reopenings_ = 0;
};

}  // namespace exitgate::rig
