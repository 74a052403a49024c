// The store's hardware, all of it: modules, receivers and lanes of a scenario, wired and served over their protocols.
// Ownership: owns servers, controllers and models. Thread: the io_context's. step() is called about every 10 ms.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tools/rig/cart_fleet.hpp"
#include "tools/rig/h4_server.hpp"
#include "tools/rig/hci_controller.hpp"
#include "tools/rig/lane_model.hpp"
#include "tools/rig/modbus_module.hpp"
#include "tools/rig/modbus_rtu_slave.hpp"
#include "tools/rig/modbus_tcp_server.hpp"
#include "tools/rig/scenario.hpp"

namespace exitgate::rig {

struct LaneOnPlant {
  LaneSpec spec;
  LaneModel model;
};

class Plant {
 public:
  /// Listens on every address. Errors: of the servers, and bad_key for the beacon key file.
  [[nodiscard]] static Result<std::unique_ptr<Plant>> open(boost::asio::io_context& io, const Scenario& scenario);

  /// Reads the coils, moves the world on, sets the inputs, sends the adverts.
  void step(MonoTime now, WallTime wall);

  [[nodiscard]] std::vector<LaneOnPlant>& lanes() { return lanes_; }
  [[nodiscard]] const std::vector<LaneOnPlant>& lanes() const { return lanes_; }
  [[nodiscard]] LaneOnPlant* lane(std::string_view id);
  [[nodiscard]] const LaneOnPlant* lane(std::string_view id) const;
  [[nodiscard]] CartFleet& carts() { return *carts_; }
  void fire_alarm(bool active) { fire_ = active; }
  [[nodiscard]] bool fire() const { return fire_; }
  /// Pulls the cable of a module's address or bus, or of a receiver; or puts it back.
  void plug(const std::string& part, bool connected);
  void hang(const std::string& receiver, bool hung);
  /// Every module was asked within the last second and every receiver scans.
  [[nodiscard]] bool attended(MonoTime now) const;
  /// What `attended` still misses, for people.
  [[nodiscard]] std::string missing(MonoTime now) const;
  /// "io1 127.0.0.1:1502", "rx1 /run/rx1.sock", …: where every part is reached.
  [[nodiscard]] const std::vector<std::string>& endpoints() const { return endpoints_; }
  [[nodiscard]] std::uint16_t port(const std::string& part) const;

 private:
  struct Receiver {
    std::string name;
    HciController controller;
    std::unique_ptr<H4Server> server;
  };

  explicit Plant(const Scenario& scenario);
  [[nodiscard]] Status open_modules(boost::asio::io_context& io, const Scenario& scenario);
  [[nodiscard]] Status open_receivers(boost::asio::io_context& io, const Scenario& scenario);
  [[nodiscard]] std::string reached_at(const std::string& part, const std::string& path) const;
  [[nodiscard]] Status read_key(const Scenario& scenario);
  void step_lane(LaneOnPlant& lane, MonoTime now);
  [[nodiscard]] bool output(const LaneSpec& lane, const char* name, bool fallback) const;
  void set_input(const PointRef& point, bool active);

  std::map<std::string, ModbusModule> modules_;
  std::map<std::string, std::string> address_of_;  ///< module → its server
  std::map<std::string, std::unique_ptr<ModbusTcpServer>> tcp_;
  std::map<std::string, std::unique_ptr<ModbusRtuSlave>> rtu_;
  std::vector<std::unique_ptr<Receiver>> receivers_;
  std::vector<Place> receiver_places_;
  std::vector<LaneOnPlant> lanes_;
  std::unique_ptr<CartFleet> carts_;
  std::optional<PointRef> fire_point_;
  std::vector<std::string> endpoints_;
  bool fire_ = false;
};

}  // namespace exitgate::rig
