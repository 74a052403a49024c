// Driver `sim` of the advert port: a receiver that hears what the caller says.
//
// Ownership: the caller owns source and observer. Thread: one. Callbacks are made from within hear(), lose() and
// restore(), and never from within start(): a source that is to be up from the beginning gets restore() after start().
// Errors: those given to lose().
#pragma once

#include "hal/ports/advert_source.hpp"

namespace exitgate::hal {

class SimAdvertSource final : public AdvertSource {
 public:
  void start(AdvertObserver& observer) override;
  [[nodiscard]] AdvertCounters counters() const override { return counters_; }
  void stop() override;

  /// Heard only while started and up; returns whether the observer was told.
  bool hear(const AdvertReport& report);
  void lose(MonoTime at, const Error& why);
  void restore(MonoTime at);
  [[nodiscard]] bool up() const { return up_; }

 private:
  AdvertObserver* observer_ = nullptr;
  AdvertCounters counters_;
  bool up_ = false;
  bool down_told_ = false;
};

}  // namespace exitgate::hal
