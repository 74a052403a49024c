// The control API on a thread of its own, over a fake gate and store.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "api/control_api.hpp"
#include "fakes.hpp"
#include "http/client.hpp"

namespace exitgate::test {

class ApiRig {
 public:
  /// `adapt` changes the settings before the start; the socket's folder is given.
  explicit ApiRig(const std::function<void(api::ApiSettings&, const std::string& folder)>& adapt = {});
  ~ApiRig();
  ApiRig(const ApiRig&) = delete;
  ApiRig& operator=(const ApiRig&) = delete;

  /// Runs on the API's thread and waits for it.
  void run(const std::function<void()>& work);
  void publish(const PublicEvent& event);

  FakeGate gate;
  FakeStore store;
  api::Metrics metrics{"0.1.0"};

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string socket() const { return folder_ + "/c.sock"; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const Status& started() const { return started_; }
  [[nodiscard]] http::Client client() const { return http::Client::over_unix(socket()); }
  [[nodiscard]] api::ControlApi& api();

 private:
  struct Loop;
  std::string folder_;
  std::uint16_t port_ = 0;
  Status started_;
  std::unique_ptr<Loop> loop_;
};

}  // namespace exitgate::test
