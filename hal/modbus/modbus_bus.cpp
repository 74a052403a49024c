#include "hal/modbus/modbus_bus.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <set>

#include "base/check.hpp"
#include "hal/modbus/bus_worker.hpp"
#include "hal/modbus/libmodbus_line.hpp"

namespace exitgate::hal {
namespace {

using LineFactory = std::function<std::unique_ptr<ModbusLine>(int stop_descriptor)>;

Status check_unit(const ModbusUnit& unit, bool serial) {
  const auto refuse = [&](const std::string& found) { return fail("modbus_settings", unit.name + ": " + found); };
  const bool in_range = unit.unit >= 1 && unit.unit <= 247;
  if (!in_range && (serial || (unit.unit != 0 && unit.unit != 255))) {
    return refuse("found unit " + std::to_string(unit.unit) + "; expected 1–247");
  }
  if (unit.poll < milliseconds{1}) return refuse("poll_ms must be at least 1");
  if (unit.response < milliseconds{1}) return refuse("response_ms must be at least 1");
  if (unit.inputs.empty() && unit.output_coils.empty()) return refuse("has no points");
  if (unit.inputs.size() > kMaxChangesPerPoll || unit.output_coils.size() > kMaxChangesPerPoll)
    return refuse("has too many points");
  constexpr int kLastAddress = 65535;
  for (const auto& input : unit.inputs) {
    if (input.address < 0 || input.address > kLastAddress) return refuse("input addresses are 0–65535");
  }
  std::set<int> coils;
  for (const int coil : unit.output_coils) {
    if (coil < 0 || coil > kLastAddress) return refuse("coil addresses are 0–65535");
    if (!coils.insert(coil).second) return refuse("coil " + std::to_string(coil) + " is used twice");
  }
  return {};
}

Status check_units(const std::vector<ModbusUnit>& units, bool serial) {
  if (units.empty()) return fail("modbus_settings", "a bus needs at least one unit");
  std::set<int> numbers;
  for (const auto& unit : units) {
    if (auto status = check_unit(unit, serial); !status) return status;
    if (!numbers.insert(unit.unit).second) {
      return fail("modbus_settings", unit.name + ": unit " + std::to_string(unit.unit) + " is on this bus twice");
    }
  }
  return {};
}

}  // namespace

/// The loop's side of a bus.
class ModbusBus::Loop : public std::enable_shared_from_this<ModbusBus::Loop> {
 public:
  Loop(boost::asio::io_context& context, BusTraits traits, LineFactory make_line, std::vector<ModbusUnit> units,
       RequestTimeObserver request_took)
      : context_(context),
        traits_(traits),
        make_line_(std::move(make_line)),
        units_(std::move(units)),
        request_took_(std::move(request_took)) {
    for (std::size_t i = 0; i < units_.size(); ++i) devices_.push_back(std::make_unique<Device>(*this, i));
  }

  void stop_all() {
    for (auto& device : devices_) device->stop();
  }
  [[nodiscard]] std::size_t size() const { return devices_.size(); }
  [[nodiscard]] DigitalDevice& device(std::size_t index) { return *devices_.at(index); }

 private:
  class Device final : public DigitalDevice {
   public:
    Device(Loop& loop, std::size_t index) : loop_(loop), index_(index) {}
    void start(DigitalDeviceObserver& observer) override;
    void write(PortIndex output, bool high) override;
    void read_outputs() override;
    void stop() override;
    [[nodiscard]] bool started() const { return observer_ != nullptr; }
    void tell(const DeviceReport& told);

   private:
    void tell_observer(const UnitReport& report);

    Loop& loop_;
    std::size_t index_;
    DigitalDeviceObserver* observer_ = nullptr;
    std::uint64_t session_ = 0;
    std::uint32_t epoch_ = 0;
    bool up_ = false;
  };

  void ensure_worker();
  void end_worker_if_idle();
  void deliver();

  boost::asio::io_context& context_;
  BusTraits traits_;
  LineFactory make_line_;
  std::vector<ModbusUnit> units_;
  RequestTimeObserver request_took_;
  std::vector<std::unique_ptr<Device>> devices_;
  BusMailbox mailbox_;
  std::unique_ptr<BusWorker> worker_;
};

void ModbusBus::Loop::ensure_worker() {
  if (worker_) return;
  mailbox_.clear();
  const std::weak_ptr<Loop> self = weak_from_this();
  worker_ =
      std::make_unique<BusWorker>(mailbox_, make_line_(mailbox_.stop_descriptor()), traits_, units_, [this, self] {
        boost::asio::post(context_, [self] {
          if (const auto loop = self.lock()) loop->deliver();
        });
      });
}

void ModbusBus::Loop::end_worker_if_idle() {
  for (const auto& device : devices_) {
    if (device->started()) return;
  }
  worker_.reset();
}

void ModbusBus::Loop::deliver() {
  for (const auto& told : mailbox_.take_reports()) devices_[told.unit]->tell(told);
}

void ModbusBus::Loop::Device::start(DigitalDeviceObserver& observer) {
  EXITGATE_CHECK(observer_ == nullptr);
  observer_ = &observer;
  up_ = false;
  loop_.ensure_worker();
  loop_.mailbox_.send(StartUnit{index_, ++session_});
}

void ModbusBus::Loop::Device::write(PortIndex output, bool high) {
  EXITGATE_CHECK(output < loop_.units_[index_].output_coils.size());
  if (up_) loop_.mailbox_.send(WriteOutput{index_, epoch_, output, high});
}

void ModbusBus::Loop::Device::read_outputs() {
  if (up_) loop_.mailbox_.send(hal::ReadOutputs{index_, epoch_});
}

void ModbusBus::Loop::Device::stop() {
  if (observer_ == nullptr) return;
  observer_ = nullptr;
  up_ = false;
  loop_.mailbox_.send(StopUnit{index_});
  loop_.end_worker_if_idle();
}

void ModbusBus::Loop::Device::tell(const DeviceReport& told) {
  if (observer_ == nullptr || told.session != session_) return;
  tell_observer(told.report);
}

void ModbusBus::Loop::Device::tell_observer(const UnitReport& report) {
  if (const auto* polled = std::get_if<InputsPolled>(&report)) {
    observer_->on_polled(polled->read_at, polled->changes);
  } else if (const auto* took = std::get_if<RequestTook>(&report)) {
    if (loop_.request_took_) loop_.request_took_(index_, took->time);
  } else if (const auto* ended = std::get_if<WriteEnded>(&report)) {
    observer_->on_written(ended->at, ended->level.output, ended->level.high, ended->status);
  } else if (const auto* outputs = std::get_if<OutputsRead>(&report)) {
    observer_->on_outputs(outputs->read_at, outputs->levels);
  } else if (const auto* up = std::get_if<WentUp>(&report)) {
    up_ = true;
    epoch_ = up->epoch;
    observer_->on_up(up->at);
  } else if (const auto* down = std::get_if<WentDown>(&report)) {
    up_ = false;
    observer_->on_down(down->at, down->why);
  }
}

ModbusBus::ModbusBus(std::shared_ptr<Loop> loop) : loop_(std::move(loop)) {}

ModbusBus::~ModbusBus() { loop_->stop_all(); }

std::size_t ModbusBus::device_count() const { return loop_->size(); }

DigitalDevice& ModbusBus::device(std::size_t index) { return loop_->device(index); }

Result<std::unique_ptr<ModbusBus>> ModbusBus::open_tcp(boost::asio::io_context& loop, ModbusTcpSettings settings,
                                                       std::vector<ModbusUnit> units,
                                                       RequestTimeObserver request_took) {
  if (auto status = check_units(units, false); !status) return fail(status.error());
  if (settings.connect < milliseconds{1})
    return fail("modbus_settings", settings.host + ": the time to connect must be at least 1 ms");
  if (!is_tcp_host(settings.host)) {
    return fail("modbus_settings",
                "found address \"" + settings.host +
                    "\"; expected a numeric IPv4 or IPv6 address: a gate does not wait for a name service");
  }
  auto make_line = [settings](int stop_descriptor) { return make_tcp_line(settings, stop_descriptor); };
  return std::unique_ptr<ModbusBus>(new ModbusBus(
      std::make_shared<Loop>(loop, BusTraits{}, std::move(make_line), std::move(units), std::move(request_took))));
}

Result<std::unique_ptr<ModbusBus>> ModbusBus::open_rtu(boost::asio::io_context& loop, ModbusRtuSettings settings,
                                                       std::vector<ModbusUnit> units,
                                                       RequestTimeObserver request_took) {
  if (auto status = check_units(units, true); !status) return fail(status.error());
  const bool parity_known = settings.parity == 'N' || settings.parity == 'E' || settings.parity == 'O';
  if (settings.baud <= 0 || !parity_known || settings.stop_bits < 1 || settings.stop_bits > 2) {
    return fail("modbus_settings", settings.path + ": baud must be positive, parity N, E or O, stop bits 1 or 2");
  }
  const BusTraits traits{rtu_line(settings)};
  auto make_line = [settings](int) { return make_rtu_line(settings); };
  return std::unique_ptr<ModbusBus>(new ModbusBus(
      std::make_shared<Loop>(loop, traits, std::move(make_line), std::move(units), std::move(request_took))));
}

}  // namespace exitgate::hal
