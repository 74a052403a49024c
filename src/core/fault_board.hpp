// All faults that stand, each raised and cleared exactly once (operation contract). A value; pure.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/wake.hpp"

namespace exitgate {

class FaultBoard {
 public:
  /// Raises a fault unless it stands; one that fades (60 s after the last time) is put off. `advice`: what to do about
  /// it; it takes the place of a standing fault's without a word, and an empty one leaves that as it is.
  void raise(FaultCode code, std::string_view part, std::string_view advice, const Now& now, std::vector<Command>& out,
             std::optional<Severity> severity = std::nullopt);
  void clear(FaultCode code, std::string_view part, const Now& now, std::vector<Command>& out);
  void set(bool active, FaultCode code, std::string_view part, std::string_view advice, const Now& now,
           std::vector<Command>& out);
  /// Clears what has faded.
  void update(Wake& wake, std::vector<Command>& out);

  /// Of that code, of whatever part.
  [[nodiscard]] bool any(FaultCode code) const { return !of_code(code).empty(); }
  [[nodiscard]] bool stands(FaultCode code, std::string_view part) const;
  [[nodiscard]] std::vector<Fault> all() const;
  [[nodiscard]] std::vector<Fault> of(std::string_view part) const;

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.standing_);
  }

 private:
  struct Standing {
    Fault fault;
    MonoTime last{};
  };
  void publish(const Fault& fault, bool active, const Now& now, std::vector<Command>& out) const;
  using OfCode = std::map<std::string, Standing, std::less<>>;  ///< by part
  [[nodiscard]] OfCode& of_code(FaultCode code) { return standing_[static_cast<std::size_t>(code)]; }
  [[nodiscard]] const OfCode& of_code(FaultCode code) const { return standing_[static_cast<std::size_t>(code)]; }

  /// Looked at many times in every step, mostly for what does not stand.
  std::array<OfCode, kFaultCodeCount> standing_;
};

}  // namespace exitgate
