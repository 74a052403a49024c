#include "daemon/radio.hpp"

#include "base/encoding.hpp"

namespace exitgate::daemon {
namespace {

beacon::VerifierSettings settings_of(const config::StoreConfig& config) {
  beacon::VerifierSettings settings;
  settings.store_id = config.gate.store_id.str();
  settings.max_age_s = config.gate.beacons.max_age_s;
  if (config.beacons) {
    settings.company_id = config.beacons->company_id;
    for (const auto& key : config.beacons->keys) settings.store_keys.push_back(key);
  }
  return settings;
}

/// Of an accepted or a mistimed frame.
template <class Frame>
BeaconHeard frame_of(const Frame& frame) {
  BeaconHeard event{.receiver = frame.receiver,
                    .cart_id = frame.cart_id,
                    .state = static_cast<BeaconState>(frame.state),
                    .session_tag = frame.session_tag,
                    .rssi_dbm = {},
                    .tx_dbm = frame.tx_dbm};
  if (frame.rssi_dbm != hal::kRssiUnavailable) event.rssi_dbm = frame.rssi_dbm;
  return event;
}

}  // namespace

Radio::Radio(const config::StoreConfig& config, const LoadedState& loaded, Sinks sinks)
    : verifier_(settings_of(config)), sinks_(std::move(sinks)) {
  verifier_.load_marks(loaded.replay_marks);
  verifier_.set_pass_keys(loaded.pass_keys);
  for (std::size_t i = 0; i < config.gate.devices.size(); ++i) {
    if (config.gate.devices[i].kind == DeviceKind::kReceiver) receivers_.push_back(static_cast<DeviceId>(i));
  }
}

void Radio::report_counts(const CountSink& sink) {
  for (const auto receiver : receivers_) {
    for (std::size_t i = 0; i < beacon::kBeaconResultCount; ++i) {
      const auto result = static_cast<beacon::BeaconResult>(i);
      const auto count = verifier_.count(receiver, result);
      auto& before = reported_[{receiver, i}];
      if (count > before) sink(receiver, beacon::to_string(result), count - before);
      before = count;
    }
  }
}

void Radio::reconfigure(const config::StoreConfig& config) { verifier_.reconfigure(settings_of(config)); }

void Radio::on_advert(DeviceId receiver, const hal::AdvertReport& report, const ClockView& clock) {
  const auto heard = verifier_.hear({.at = report.at,
                                     .receiver = receiver,
                                     .address = report.address,
                                     .rssi_dbm = report.rssi_dbm,
                                     .data = report.data},
                                    clock);
  if (const auto* frame = std::get_if<beacon::BeaconHeard>(&heard)) {
    sinks_.event(frame_of(*frame));
  } else if (const auto* mistimed = std::get_if<beacon::MistimedHeard>(&heard)) {
    sinks_.event(MistimedHeard{frame_of(*mistimed)});
  } else if (const auto* pass = std::get_if<beacon::PassHeard>(&heard)) {
    sinks_.event(PassHeard{.cart_id = pass->pass.cart_id,
                           .session_tag = pass->pass.session_tag,
                           .session_id = pass->pass.session_id,
                           .closed_at = wall_from_s(pass->pass.closed_at_unix_s),
                           .expires_at = wall_from_s(pass->pass.expires_at_unix_s),
                           .party_size = pass->pass.party_size,
                           .total = pass->pass.total,
                           .raw = Bytes(pass->raw.begin(), pass->raw.end())});
  }
  if (verifier_.has_notices()) tell_notices();
}

void Radio::on_time(MonoTime now) {
  verifier_.on_time(now);
  if (verifier_.has_notices()) tell_notices();
  if (verifier_.marks_due() > now) return;
  auto changes = verifier_.take_mark_changes();
  std::vector<StoreWrite> writes;
  if (!changes.put.empty()) writes.emplace_back(PutReplayMarks{std::move(changes.put)});
  for (const auto cart : changes.drop) writes.emplace_back(DropReplayMark{cart});
  if (!writes.empty()) sinks_.store(std::move(writes));
}

void Radio::tell_notices() {
  for (const auto& notice : verifier_.take_notices()) {
    if (const auto* forgery = std::get_if<beacon::ForgeryNotice>(&notice)) {
      sinks_.event(ShellFault{.code = FaultCode::kBeaconForgery,
                              .part = "box",
                              .active = forgery->raised,
                              .advice = "forged cart frames from " + to_hex(forgery->address) + " at " +
                                        std::to_string(forgery->rssi_dbm) +
                                        " dBm: look for a foreign transmitter, check the beacon keys"});
    } else if (const auto* clock = std::get_if<beacon::CartClockNotice>(&notice)) {
      using Kind = beacon::CartClockNotice::Kind;
      sinks_.event(CartClockNotice{.cart_id = clock->cart_id,
                                   .receivers = clock->receivers,
                                   .suspect = clock->kind == Kind::kRaised,
                                   .fault = clock->kind != Kind::kCleared});
    } else {
      sinks_.wants_pass_keys();
    }
  }
}

}  // namespace exitgate::daemon
