#include "beacon/radio.hpp"

#include "base/encoding.hpp"

namespace exitgate::beacon {
namespace {

constexpr std::size_t kForgersNamed = 8;

/// Of an accepted or a mistimed frame.
template <class Frame>
exitgate::BeaconHeard frame_of(const Frame& frame) {
  exitgate::BeaconHeard event{.receiver = frame.receiver,
                              .cart_id = frame.cart_id,
                              .state = static_cast<BeaconState>(frame.state),
                              .session_tag = frame.session_tag,
                              .rssi_dbm = {},
                              .tx_dbm = frame.tx_dbm};
  if (frame.rssi_dbm != kRssiUnavailable) event.rssi_dbm = frame.rssi_dbm;
  return event;
}

}  // namespace

Radio::Radio(VerifierSettings settings, const LoadedState& loaded, Sinks sinks)
    : verifier_(std::move(settings)), sinks_(std::move(sinks)) {
  verifier_.load_marks(loaded.replay_marks);
  verifier_.set_pass_keys(loaded.pass_keys);
}

void Radio::report_counts(std::span<const DeviceId> receivers, const CountSink& sink) {
  for (const auto receiver : receivers) {
    for (std::size_t i = 0; i < kBeaconResultCount; ++i) {
      const auto result = static_cast<BeaconResult>(i);
      const auto count = verifier_.count(receiver, result);
      const auto [before, first] = reported_.try_emplace({receiver, i}, 0);
      if (first || count > before->second) sink(receiver, to_string(result), count - before->second);
      before->second = count;
    }
  }
}

void Radio::on_advert(const Advert& advert, const ClockView& clock) {
  const auto heard = verifier_.hear(advert, clock);
  if (const auto* frame = std::get_if<BeaconHeard>(&heard)) {
    sinks_.event(frame_of(*frame));
  } else if (const auto* mistimed = std::get_if<MistimedHeard>(&heard)) {
    sinks_.event(exitgate::MistimedHeard{frame_of(*mistimed)});
  } else if (const auto* pass = std::get_if<PassHeard>(&heard)) {
    sinks_.event(exitgate::PassHeard{.cart_id = pass->pass.cart_id,
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
    if (const auto* forgery = std::get_if<ForgeryNotice>(&notice)) {
      tell_forgery(*forgery);
    } else if (const auto* clock = std::get_if<CartClockNotice>(&notice)) {
      using Kind = CartClockNotice::Kind;
      sinks_.event(exitgate::CartClockNotice{.cart_id = clock->cart_id,
                                             .receivers = clock->receivers,
                                             .suspect = clock->kind == Kind::kRaised,
                                             .fault = clock->kind != Kind::kCleared});
    } else {
      sinks_.wants_pass_keys();
    }
  }
}

void Radio::tell_forgery(const ForgeryNotice& notice) {
  forgers_.erase(notice.address);
  if (notice.raised) forgers_.emplace(notice.address, notice.rssi_dbm);
  // One fault for all of them: it stands while any does.
  std::string senders;
  std::size_t named = 0;
  for (const auto& [address, rssi_dbm] : forgers_) {
    if (named++ == kForgersNamed) break;
    senders += (senders.empty() ? "" : ", ") + to_hex(address);
    if (rssi_dbm != kRssiUnavailable) senders += " at " + std::to_string(rssi_dbm) + " dBm";
  }
  if (forgers_.size() > kForgersNamed) senders += " and " + std::to_string(forgers_.size() - kForgersNamed) + " more";
  sinks_.event(ShellFault{
      .code = FaultCode::kBeaconForgery,
      .part = "box",
      .active = !forgers_.empty(),
      .advice = "forged cart frames from " + senders + ": look for a foreign transmitter, check the beacon keys"});
}

}  // namespace exitgate::beacon
