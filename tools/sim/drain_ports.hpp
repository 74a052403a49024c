// The drainer's timer on virtual time. Ownership: the box's; it outlives the drainer.
// Thread: one.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "ports/drain_timer.hpp"
#include "tools/sim/agenda.hpp"

namespace exitgate::sim {

class AgendaTimer final : public DrainTimer {
 public:
  explicit AgendaTimer(Agenda& agenda) : agenda_(agenda) {}
  [[nodiscard]] MonoTime now() const override { return agenda_.now(); }
  void arm(MonoTime at, std::function<void()> fire) override {
    armed_ = std::make_shared<std::function<void()>>(std::move(fire));
    agenda_.at(at, [which = std::weak_ptr(armed_)] {
      if (const auto armed = which.lock()) (*armed)();
    });
  }
  void cancel() override { armed_.reset(); }

 private:
  Agenda& agenda_;
  std::shared_ptr<std::function<void()>> armed_;
};

}  // namespace exitgate::sim
