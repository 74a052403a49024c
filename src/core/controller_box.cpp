// What is looked at in every step: fire panel, devices, backend, storage, claims.
#include <algorithm>

#include "core/controller.hpp"

namespace exitgate {
namespace {

constexpr Duration kFireStale = milliseconds{100};
constexpr Duration kFireLost = std::chrono::seconds{1};
constexpr Duration kReceiverHeardIn = std::chrono::seconds{1};
constexpr std::chrono::minutes kHeardStoredEvery{1};
/// Who has left a lane may be on the way to the next. Its question would rest on the claim, and could reach the backend
/// before the news that it is given back.
constexpr Duration kClaimKept = std::chrono::seconds{1};

}  // namespace

void Controller::look_at_box(Wake& wake) {
  const Now& now = wake.now();
  bool fire_active = false;
  bool fire_lost = false;
  if (const auto& fire = gate_.config->fire_alarm) {
    const auto level = gate_.inputs.level(fire, kFireStale, wake);
    fire_active = level.readable && level.active;
    fire_lost = gate_.inputs.device_lost(fire->device, kFireLost, wake);
    gate_.faults.set(fire_lost, FaultCode::kFireInputLost, "box",
                     "the fire alarm input can't be read: check its device, cable and power", now, gate_.out);
  }
  if (fire_active != gate_.fire_active || fire_lost != gate_.fire_lost) mark_all();
  gate_.fire_active = fire_active;
  gate_.fire_lost = fire_lost;
  look_at_devices(wake);
  look_at_backend(wake);

  const bool overflow = gate_.persists.overflowing();
  if (overflow != gate_.storage_overflow) mark_all();
  gate_.storage_overflow = overflow;
  const bool full_before = gate_.faults.stands(FaultCode::kStorageFull, "box");
  const bool full = overflow || gate_.persists.disk_full() || shell_storage_full_;
  if (full != full_before) mark_all();
  gate_.policy.set_storage_full(full);
  gate_.faults.set(full, FaultCode::kStorageFull, "box",
                   "the disk or the receipt queue is full: free space, or restore the backend's connection", now,
                   gate_.out);
  if (gate_.persists.kept() == 0) gate_.faults.clear(FaultCode::kReceiptNotDurable, "box", now, gate_.out);
}

void Controller::look_at_devices(Wake& wake) {
  const Now& now = wake.now();
  device_told_up_.resize(gate_.config->devices.size(), false);
  device_since_.resize(gate_.config->devices.size(), now.wall);
  for (std::size_t i = 0; i < gate_.config->devices.size(); ++i) {
    const auto id = static_cast<DeviceId>(i);
    const auto& health = gate_.inputs.device(id);
    const auto& device = gate_.config->devices[i];
    if (device_told_up_[i] != health.up) {
      device_told_up_[i] = health.up;
      device_since_[i] = now.wall;
      gate_.out.emplace_back(
          Publish{{.type = PublicEventType::kDevice,
                   .at = now.wall,
                   .lane_id = {},
                   .fields = {{"name", device.name.str()}, {"state", std::string(health.up ? "up" : "down")}}}});
    }
    const bool receiver = device.kind == DeviceKind::kReceiver;
    const bool down = receiver ? !health.up && (health.ever_up || wake.due(health.unheard_since + kReceiverHeardIn))
                               : gate_.inputs.device_lost(id, kFireLost, wake);
    if (down || gate_.faults.any(receiver ? FaultCode::kReceiverDown : FaultCode::kDeviceDown))
      tell_device(id, down, now);
  }
}

void Controller::tell_device(DeviceId id, bool down, const Now& now) {
  const auto& device = gate_.config->devices[id];
  const auto code = device.kind == DeviceKind::kReceiver ? FaultCode::kReceiverDown : FaultCode::kDeviceDown;
  const std::string part = "device:" + device.name.str();
  if (!down || gate_.faults.stands(code, part)) {
    gate_.faults.set(down, code, part, "", now, gate_.out);
    return;
  }
  const auto found = device_why_.find(id);
  const auto why = found == device_why_.end() || found->second.empty() ? std::string() : " (" + found->second + ")";
  gate_.faults.raise(code, part,
                     code == FaultCode::kReceiverDown
                         ? "the receiver does not answer" + why + ": check its cable and power"
                         : "the device does not answer" + why + ": check its cable, power and address",
                     now, gate_.out);
}

void Controller::look_at_backend(Wake& wake) {
  const Now& now = wake.now();
  const int overdue = gate_.questions.count_overdue(gate_.config->confirm_timeout, wake);
  for (int i = 0; i < overdue; ++i) gate_.liveness.no_answer(now);
  gate_.liveness.update(wake);
  const bool online = gate_.liveness.online();
  if (online != online_told_) {
    online_told_ = online;
    gate_.out.emplace_back(Publish{{.type = PublicEventType::kBackend,
                                    .at = now.wall,
                                    .lane_id = {},
                                    .fields = {{"state", std::string(online ? "online" : "offline")}}}});
    mark_all();
  }
  gate_.faults.set(!online, FaultCode::kBackendOffline, "box",
                   "the backend does not answer: check the network; exits go on by local evidence", now, gate_.out);
  // How old an outage is must survive a restart, whatever the wall clock says then.
  const auto heard = gate_.policy.last_heard(wake.mono());
  if (!heard_stored_) heard_stored_ = heard;
  const auto& stored = *heard_stored_;
  const bool heard_since = heard.at - stored.at >= kHeardStoredEvery || heard.at < stored.at;
  if (heard_since || abs(heard.outage - stored.outage) >= kHeardStoredEvery) {
    heard_stored_ = heard;
    gate_.persist({PutLastValidAnswer{heard}});
  }
}

bool Controller::stands_somewhere(const OwnClaim& claim) const {
  const auto& cart = claim.session.cart_id;
  const auto& shopper = lanes_[claim.lane].shopper();
  if (!cart) return shopper && shopper->presence == claim.presence;
  return std::any_of(gate_.views.begin(), gate_.views.end(), [&](const LaneView& view) { return view.bound == cart; });
}

bool Controller::claim_is_over(OwnClaim& claim, Wake& wake) {
  // It is theirs who leave on it, or have left.
  if (gate_.book.in_use(claim.session)) return true;
  if (stands_somewhere(claim)) {
    claim.gone_since.reset();
    return false;
  }
  if (!claim.gone_since) claim.gone_since = wake.mono();
  if (!wake.due(*claim.gone_since + kClaimKept)) return false;
  lanes_[claim.lane].give_back(gate_, claim.session, wake);
  return true;
}

void Controller::give_back_claims(Wake& wake) {
  auto& claims = gate_.own_claims;
  for (auto claim = claims.begin(); claim != claims.end();)
    claim = claim_is_over(claim->second, wake) ? claims.erase(claim) : std::next(claim);
}

}  // namespace exitgate
