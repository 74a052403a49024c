#include "hal/sim/sim_advert_source.hpp"

#include "base/check.hpp"

namespace exitgate::hal {

void SimAdvertSource::start(AdvertObserver& observer) {
  EXITGATE_CHECK(observer_ == nullptr);
  observer_ = &observer;
  up_ = false;
  down_told_ = false;
}

void SimAdvertSource::stop() {
  observer_ = nullptr;
  up_ = false;
}

bool SimAdvertSource::hear(const AdvertReport& report) {
  if (observer_ == nullptr || !up_) return false;
  ++counters_.reports;
  observer_->on_advert(report);
  return true;
}

void SimAdvertSource::lose(MonoTime at, const Error& why) {
  if (observer_ == nullptr || (!up_ && down_told_)) return;
  up_ = false;
  down_told_ = true;
  observer_->on_down(at, why);
}

void SimAdvertSource::restore(MonoTime at) {
  if (observer_ == nullptr || up_) return;
  up_ = true;
  ++counters_.resets;
  observer_->on_up(at);
}

}  // namespace exitgate::hal
