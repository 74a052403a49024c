// All faults that stand, each raised and cleared exactly once (operation contract). A value; pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/wake.hpp"

namespace exitgate {

class FaultBoard {
 public:
  /// Raises a fault unless it stands; one that fades (60 s after the last time) is put off. `advice`: what to do about
  /// it.
  void raise(FaultCode code, const std::string& part, std::string advice, const Now& now, std::vector<Command>& out,
             std::optional<Severity> severity = std::nullopt);
  void clear(FaultCode code, const std::string& part, const Now& now, std::vector<Command>& out);
  void set(bool active, FaultCode code, const std::string& part, std::string advice, const Now& now,
           std::vector<Command>& out);
  /// Clears what has faded.
  void update(Wake& wake, std::vector<Command>& out);

  [[nodiscard]] bool stands(FaultCode code, const std::string& part) const;
  [[nodiscard]] std::vector<Fault> all() const;
  [[nodiscard]] std::vector<Fault> of(const std::string& part) const;

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
  std::map<std::pair<FaultCode, std::string>, Standing> standing_;
};

}  // namespace exitgate
