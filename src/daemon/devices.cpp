#include "daemon/devices.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "daemon/drivers.hpp"

namespace exitgate::daemon {
namespace {

/// One digital device's callbacks as events.
class DigitalAdapter final : public hal::DigitalDeviceObserver {
 public:
  DigitalAdapter(DeviceId id, const config::StoreConfig& config, const DeviceSinks& sinks) : id_(id), sinks_(&sinks) {
    inputs_.resize(config.devices[id].inputs.size());
    outputs_.resize(config.devices[id].outputs.size());
    for (std::size_t point = 0; point < config.points.size(); ++point) {
      const auto& p = config.points[point];
      if (p.device != id) continue;
      auto& place = (p.output ? outputs_ : inputs_).at(p.index);
      place = {static_cast<PointId>(point), p.active_high};
    }
  }

  void on_up(MonoTime) override { sinks_->event(DeviceUp{id_}); }
  void on_down(MonoTime, const Error& why) override {
    pending.clear();
    sinks_->event(DeviceDown{id_, why.message});
  }
  void on_polled(MonoTime, std::span<const hal::LevelChange> changes) override {
    InputsPolled polled{id_, {}};
    polled.changes.reserve(changes.size());
    for (const auto& change : changes) {
      const auto& place = inputs_.at(change.input);
      polled.changes.push_back({place.point, change.high == place.active_high, change.at});
    }
    sinks_->event(std::move(polled));
  }
  void on_outputs(MonoTime read_at, std::span<const hal::OutputLevel> levels) override {
    OutputsRead read{id_, {}};
    for (const auto& level : levels) read.levels.push_back({outputs_.at(level.output).point, level.high, read_at});
    sinks_->event(std::move(read));
  }
  void on_written(MonoTime, hal::PortIndex output, bool high, const Status& status) override {
    pending.erase(output);
    sinks_->event(OutputWritten{outputs_.at(output).point, high, status.has_value()});
  }

  std::set<hal::PortIndex> pending;

 private:
  struct Place {
    PointId point = 0;
    bool active_high = true;
  };
  DeviceId id_;
  const DeviceSinks* sinks_;
  std::vector<Place> inputs_;
  std::vector<Place> outputs_;
};

class RadioAdapter final : public hal::AdvertObserver {
 public:
  RadioAdapter(DeviceId id, const DeviceSinks& sinks) : id_(id), sinks_(&sinks) {}
  void on_up(MonoTime) override { sinks_->event(DeviceUp{id_}); }
  void on_down(MonoTime, const Error& why) override { sinks_->event(DeviceDown{id_, why.message}); }
  void on_advert(const hal::AdvertReport& report) override { sinks_->advert(id_, report); }

 private:
  DeviceId id_;
  const DeviceSinks* sinks_;
};

}  // namespace

struct Devices::Impl {
  DeviceSinks sinks;
  std::vector<config::Point> points;
  Drivers drivers;
  std::map<DeviceId, std::unique_ptr<DigitalAdapter>> digital;
  std::map<DeviceId, std::unique_ptr<RadioAdapter>> radios;
};

Devices::Devices(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Devices::~Devices() { stop(); }

Result<std::unique_ptr<Devices>> Devices::build(boost::asio::io_context& loop, const config::StoreConfig& config,
                                                DeviceSinks sinks) {
  auto impl = std::make_unique<Impl>();
  impl->sinks = std::move(sinks);
  impl->points = config.points;
  auto built = build_drivers(loop, config, impl->sinks.request_took);
  if (!built) return fail(built.error());
  impl->drivers = std::move(*built);
  for (const auto& [id, device] : impl->drivers.digital) {
    impl->digital[id] = std::make_unique<DigitalAdapter>(id, config, impl->sinks);
  }
  for (const auto& [id, source] : impl->drivers.adverts)
    impl->radios[id] = std::make_unique<RadioAdapter>(id, impl->sinks);
  return std::unique_ptr<Devices>(new Devices(std::move(impl)));
}

void Devices::start() {
  for (const auto& [id, device] : impl_->drivers.digital) device->start(*impl_->digital.at(id));
  for (const auto& [id, source] : impl_->drivers.adverts) source->start(*impl_->radios.at(id));
}

void Devices::write(PointId output, bool energised) {
  if (output >= impl_->points.size() || !impl_->points[output].output) return;
  const auto& point = impl_->points[output];
  const auto device = impl_->drivers.digital.find(point.device);
  if (device == impl_->drivers.digital.end()) return;
  impl_->digital.at(point.device)->pending.insert(point.index);
  device->second->write(point.index, energised);
}

void Devices::read_outputs(DeviceId device) {
  const auto found = impl_->drivers.digital.find(device);
  if (found != impl_->drivers.digital.end()) found->second->read_outputs();
}

std::size_t Devices::writes_pending() const {
  std::size_t pending = 0;
  for (const auto& [id, adapter] : impl_->digital) pending += adapter->pending.size();
  return pending;
}

void Devices::stop() {
  if (!impl_) return;
  for (const auto& [id, device] : impl_->drivers.digital) device->stop();
  for (const auto& [id, source] : impl_->drivers.adverts) source->stop();
}

}  // namespace exitgate::daemon
