// What the daemon's drainer needs of the world, on virtual time. Ownership: the box's; they outlive the drainer.
// Thread: one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ports/backend_link.hpp"
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

/// Uploads only: the rest of the link is the box's wire.
class UploadLink final : public BackendLink {
 public:
  using Done = std::function<void(UploadAnswer)>;
  using Carry = std::function<void(const std::vector<std::string>&, Done)>;
  explicit UploadLink(Carry carry) : carry_(std::move(carry)) {}
  void upload(const std::vector<std::string>& jsons, Done done) override { carry_(jsons, std::move(done)); }
  void start(BackendObserver&, std::string) override {}
  void ask(QuestionId, const ConfirmRequest&) override {}
  void refresh_pass_keys() override {}
  void stop() override {}

 private:
  Carry carry_;
};

}  // namespace exitgate::sim
