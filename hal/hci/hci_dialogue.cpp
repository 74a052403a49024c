#include "hal/hci/hci_dialogue.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace exitgate::hal {

void HciDialogue::start(MonoTime now, AdvertObserver& observer) {
  EXITGATE_CHECK(phase_ == Phase::kStopped);
  observer_ = &observer;
  up_ = false;
  down_told_ = false;
  reset_tried_ = false;
  failures_ = 0;
  open(now);
}

void HciDialogue::stop() {
  if (phase_ == Phase::kStopped) return;
  const bool has_transport = phase_ != Phase::kWaiting;
  phase_ = Phase::kStopped;
  observer_ = nullptr;
  up_ = false;
  deadline_ = kNever;
  if (has_transport) link_.close();
}

void HciDialogue::open(MonoTime now) {
  phase_ = Phase::kOpening;
  deadline_ = now + kOpenTimeout;
  link_.open();
}

void HciDialogue::on_opened(MonoTime now) {
  if (phase_ == Phase::kOpening) begin(now);
}

void HciDialogue::begin(MonoTime now) {
  phase_ = Phase::kStarting;
  ++resets_;
  framer_.hunt_reset();
  reports_.forget_pieces();
  extended_ = false;
  credit_ = 1;  // a controller takes one command after Reset (Vol 4, Part E, 4.4), and Reset at any time
  ask(now, kReset);
}

void HciDialogue::ask(MonoTime now, Opcode opcode) {
  asked_ = opcode;
  sent_ = false;
  deadline_ = now + kCommandTimeout;
  send_if_credited();
}

void HciDialogue::send_if_credited() {
  if (!asked_ || sent_ || credit_ == 0) return;
  sent_ = true;
  --credit_;
  link_.send(command_packet(*asked_));
}

void HciDialogue::on_received(MonoTime now, std::span<const std::uint8_t> bytes) {
  while (phase_ == Phase::kStarting || phase_ == Phase::kScanning) {
    if (const auto event = framer_.next(bytes)) {
      heard_at_ = now;
      on_event(now, *event);
    } else if (framer_.broken()) {
      lost(now, error("receiver_not_hci", "it sends bytes that are no HCI event; check baud rate and flow control"),
           true);
    } else {
      return;
    }
  }
}

void HciDialogue::on_event(MonoTime now, const HciEvent& event) {
  if (const auto answer = parse_command_answer(event)) {
    on_answer(now, *answer);
  } else if (event.code == kHardwareErrorEvent) {
    lost(now, error("receiver_hardware_error", "the controller reports a hardware error; it is reset"), true);
  } else if (event.code == kLeMetaEvent && up_ && phase_ == Phase::kScanning) {
    reports_.read(now, event.parameters, [&](const AdvertReport& report) {
      reported_at_ = now;
      observer_->on_advert(report);
      return phase_ == Phase::kScanning;
    });
  }
}

void HciDialogue::on_answer(MonoTime now, const CommandAnswer& answer) {
  credit_ = answer.credit;
  const bool begun_only = !answer.complete && answer.status == 0;
  if (!asked_ || !sent_ || answer.opcode != *asked_ || begun_only) return send_if_credited();
  asked_.reset();
  deadline_ = kNever;
  if (phase_ == Phase::kScanning) return;  // the answer to a probe: alive, whatever it says
  // A controller that cannot tell what it supports is an old one.
  if (answer.opcode == kReadSupportedCommands) {
    extended_ = answer.status == 0 && supports_extended_scanning(answer.returned);
  } else if (answer.status != 0 && answer.opcode != kReadLocalVersion) {
    const std::string name(command_name(answer.opcode));
    return lost(now,
                error("receiver_refused", "the controller refuses " + name + " with status " +
                                              std::to_string(answer.status) + "; is it a Bluetooth LE controller?"),
                true);
  }
  if (const auto next = command_after(answer.opcode)) return ask(now, *next);
  on_scanning(now);
}

std::optional<Opcode> HciDialogue::command_after(Opcode opcode) const {
  switch (opcode) {
    case kReset:
      return kSetEventMask;
    case kSetEventMask:
      return kLeSetEventMask;
    case kLeSetEventMask:
      return kReadSupportedCommands;
    case kReadSupportedCommands:
      return kReadLocalVersion;
    // One way of scanning or the other, never both after one Reset (Vol 4, Part E, 3.1.1).
    case kReadLocalVersion:
      return extended_ ? kLeSetExtendedScanParameters : kLeSetScanParameters;
    case kLeSetExtendedScanParameters:
      return kLeSetExtendedScanEnable;
    case kLeSetScanParameters:
      return kLeSetScanEnable;
    default:
      return std::nullopt;
  }
}

void HciDialogue::on_scanning(MonoTime now) {
  phase_ = Phase::kScanning;
  reported_at_ = now;
  if (up_) return;  // begun anew without a loss
  up_ = true;
  down_told_ = false;
  up_since_ = now;
  observer_->on_up(now);
}

void HciDialogue::on_closed(MonoTime now, const Error& why) {
  if (phase_ == Phase::kStopped || phase_ == Phase::kWaiting) return;
  lost(now, why, false);
}

void HciDialogue::lost(MonoTime now, Error why, bool transport_stands) {
  if (up_ && now - up_since_ >= kStable) {
    reset_tried_ = false;
    failures_ = 0;
  }
  const bool tell = up_ || !down_told_;
  const bool was_up = std::exchange(up_, false);
  down_told_ = true;
  asked_.reset();
  if (transport_stands && was_up && !reset_tried_) {
    reset_tried_ = true;
    begin(now);
  } else {
    close_and_wait(now);
  }
  if (tell) observer_->on_down(now, why);
}

void HciDialogue::close_and_wait(MonoTime now) {
  phase_ = Phase::kWaiting;
  Duration back_off = kFirstBackOff;
  for (unsigned i = 0; i < failures_ && back_off < kLongestBackOff; ++i) back_off *= 2;
  deadline_ = now + std::min(back_off, kLongestBackOff);
  ++failures_;
  link_.close();
}

void HciDialogue::on_time(MonoTime now) {
  if (phase_ == Phase::kStopped || now < next_deadline()) return;
  switch (phase_) {
    case Phase::kStopped:
      return;
    case Phase::kWaiting:
      return open(now);
    case Phase::kOpening:
      return lost(now, error("receiver_open_failed", "it does not open; check that it is there and free"), false);
    case Phase::kStarting:
      return lost(now,
                  error("receiver_silent", std::string(command_name(asked_.value_or(kReset))) +
                                               " was not answered within 1 s; check power, cable and baud rate"),
                  true);
    case Phase::kScanning:
      break;
  }
  if (asked_ && now - heard_at_ < kSilence) {
    deadline_ = kNever;  // it talks, if not of this; silence is judged anew
    asked_.reset();
  } else if (asked_) {
    lost(now, error("receiver_silent", "nothing was heard for 5 s and no answer came within 1 s"), true);
  } else if (now - reported_at_ >= kDeaf) {
    begin(now);
  } else {
    ask(now, kReadLocalVersion);
  }
}

MonoTime HciDialogue::next_deadline() const {
  if (phase_ == Phase::kStopped) return kNever;
  if (phase_ != Phase::kScanning || asked_) return deadline_;
  return std::min(heard_at_ + kSilence, reported_at_ + kDeaf);
}

AdvertCounters HciDialogue::counters() const {
  AdvertCounters counters = reports_.counters();
  counters.resets = resets_;
  return counters;
}

Error HciDialogue::error(std::string_view code, std::string what) const {
  return {code, where_ + ": " + std::move(what)};
}

}  // namespace exitgate::hal
