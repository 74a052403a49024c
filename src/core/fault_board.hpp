// All faults that stand, each raised and cleared exactly once (operation contract). A value; pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/wake.hpp"

namespace exitgate {

class FaultBoard {
 public:
  /// Raises a fault unless it stands; one that fades (60 s after the last time) is put off. `advice`: what to do about
  /// it.
  void raise(FaultCode code, std::string_view part, std::string_view advice, const Now& now, std::vector<Command>& out,
             std::optional<Severity> severity = std::nullopt);
  void clear(FaultCode code, std::string_view part, const Now& now, std::vector<Command>& out);
  void set(bool active, FaultCode code, std::string_view part, std::string_view advice, const Now& now,
           std::vector<Command>& out);
  /// Clears what has faded.
  void update(Wake& wake, std::vector<Command>& out);

  /// None stands at all.
  [[nodiscard]] bool empty() const { return standing_.empty(); }
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
  /// Looked at many times in every step, mostly for what does not stand: without making a string.
  struct Order {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return a.first != b.first ? a.first < b.first : std::string_view(a.second) < std::string_view(b.second);
    }
  };
  std::map<std::pair<FaultCode, std::string>, Standing, Order> standing_;
};

}  // namespace exitgate
