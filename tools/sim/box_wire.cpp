// The radio of a simulated box and its link to the backend, with what the daemon's shell does between them.
#include <algorithm>

#include "tools/sim/box.hpp"
#include "tools/sim/points.hpp"

namespace exitgate::sim {
namespace {

constexpr Duration kWatchEvery = std::chrono::seconds{5};
constexpr std::chrono::seconds kFloorStoredEvery{60};

beacon::CartState on_air(BeaconState state) { return static_cast<beacon::CartState>(state); }

}  // namespace

void Box::open_wire(const LoadedState& loaded) {
  credentials_told_ = false;
  told_up_to_ = door_.position(loaded.last_event_id);
  around_.oracle.stream_told(index_, told_up_to_);
  link_ = std::make_unique<VirtualLink>(
      VirtualLink::Parts{.agenda = around_.agenda,
                         .dice = around_.dice,
                         .door = door_,
                         .weather = weather,
                         .uploads = uploads_,
                         .true_wall = [this] { return true_wall(); },
                         .gate = name(),
                         .stores_twice = around_.options.mutation == Mutation::kDoubleReceipt});
  beacon::VerifierSettings settings;
  settings.store_id = kStoreName;
  settings.store_keys = {around_.air.store_key()};
  radio_ = std::make_unique<beacon::Radio>(
      std::move(settings), loaded,
      beacon::Radio::Sinks{.event = [this](const Event& event) { feed(event); },
                           .store = [this](std::vector<StoreWrite> writes) { store_own(std::move(writes)); },
                           .wants_pass_keys = [this] { link_->refresh_pass_keys(); }});
  link_->start(*this, loaded.last_event_id);
  watch();
}

// --- the air ---------------------------------------------------------------------------------------------------

void Box::on_advert(std::size_t receiver, int rssi_dbm, const Bytes& data) {
  radio_->on_advert({.at = around_.agenda.now(),
                     .receiver = file_.receiver_id(receiver),
                     .address = {},
                     .rssi_dbm = static_cast<std::int8_t>(rssi_dbm),
                     .data = data},
                    read_clock());
}

bool Box::hear(std::size_t lane, const Session& session, BeaconState state, int rssi_dbm, WallTime sent, Sham sham) {
  if (!alive() || around_.dice.chance(weather.beacon_lost)) return false;
  if (around_.options.trace)
    note("beacon of cart " + std::to_string(session.cart) + " at lane " + std::to_string(lane + 1) + " " +
         std::to_string(rssi_dbm) + (sham == Sham::kNone ? "" : ", a sham"));
  const auto receiver = receiver_of(lane);
  if (sham == Sham::kNone) around_.oracle.cart_heard(index_, receiver, session.cart, around_.agenda.now());
  on_advert(receiver, rssi_dbm, around_.air.presence(session, on_air(state), sent, sham));
  return true;
}

void Box::hear_pass(std::size_t lane, const Session& session, bool forged) {
  if (!alive() || around_.dice.chance(weather.beacon_lost)) return;
  if (!forged) around_.oracle.pass_given(index_, session.id, session.expires_at);
  on_advert(receiver_of(lane), beacon::kRssiUnavailable, around_.air.pass(session, forged));
}

// --- what the shell looks after --------------------------------------------------------------------------------

void Box::watch() {
  if (read_clock().wrong) link_->refresh_pass_keys();  // the Date of any answer says whose clock it is
  if (floor_ahead_) around_.oracle.radio_trouble(index_, around_.agenda.now() + 2 * kWatchEvery);
  const auto floor = clock_.floor();
  const bool moved_on =
      floor && (!floor_stored_ || *floor - *floor_stored_ >= kFloorStoredEvery || *floor < *floor_stored_);
  if (moved_on) {
    floor_stored_ = floor;
    store_own({PutClockFloor{*floor}});
  }
  for (auto& [writes, first] : std::exchange(own_unwritten_, {})) store_own(std::move(writes), first);
  later(kWatchEvery, [this] { watch(); });
}

void Box::store_own(std::vector<StoreWrite> writes) { store_own(std::move(writes), around_.agenda.now()); }

void Box::store_own(std::vector<StoreWrite> writes, MonoTime first) {
  const auto number = ++own_newest_;
  own_unanswered_.emplace(number, first);
  store_->submit(writes, [this, writes, first, number](const Status& status) {
    own_unanswered_.erase(number);
    if (status) truth_.written(writes);
    if (!status) truth_.refused(writes, around_.agenda.now());
    if (!status && status.error().code != "wrong_state") own_unwritten_.emplace_back(writes, first);
  });
}

// --- the backend -----------------------------------------------------------------------------------------------

void Box::ask(const Ask& ask) {
  if (ask.request.stage != Stage::kLapsed) asked_[ask.question] = {ask.request, around_.agenda.now()};
  link_->ask(ask.question, ask.request);
}

void Box::on_answer(QuestionId question, const ConfirmAnswer& told) {
  auto answer = told;
  if (around_.options.mutation == Mutation::kAnswerForNext && std::holds_alternative<Admit>(answer)) {
    std::swap(answer, held_answer_ ? *held_answer_ : held_answer_.emplace(answer));
  }
  // One that is told twice was judged the first time.
  const auto asked = asked_.extract(question);
  if (!asked.empty())
    around_.oracle.answered(index_, asked.mapped().request, asked.mapped().at, answer, around_.agenda.now());
  feed(AnswerArrived{question, answer});
}

void Box::on_connected(bool connected, const std::optional<Error>& why) {
  feed(BackendConnected{connected, why ? why->message : ""});
}

void Box::on_stream(bool stands) {
  if (stands && drainer_) drainer_->stream_came_back();
}

void Box::on_stream_event(const StreamEvent& event, const std::string& id) {
  judge_order(event, id);
  around_.oracle.heard(index_, event, around_.agenda.now());
  feed(StreamArrived{event, id});
}

void Box::judge_order(const StreamEvent& event, const std::string& id) {
  if (std::holds_alternative<Reset>(event)) told_up_to_ = door_.position("");
  if (id.empty()) return;
  const std::size_t position = std::stoul(id) - 1;
  auto next = told_up_to_;
  if (door_.next_event(next) && position > next) around_.oracle.stream_gap(index_, next);
  told_up_to_ = std::max(told_up_to_, position + 1);
  around_.oracle.stream_told(index_, told_up_to_);
}

void Box::on_pass_keys(const std::vector<PassKey>& keys) {
  radio_->set_pass_keys(keys);
  store_own({PutPassKeys{keys}});
}

void Box::on_protocol_error(const std::string& detail) {
  feed(ShellFault{.code = FaultCode::kBackendProtocol, .part = "box", .active = true, .advice = detail});
}

void Box::on_credentials_refused(const std::string& detail) {
  if (std::exchange(credentials_told_, true)) return;
  feed(ShellFault{.code = FaultCode::kBackendCredentials, .part = "box", .active = true, .advice = detail});
}

void Box::on_credentials_accepted() {
  if (!std::exchange(credentials_told_, false)) return;
  feed(ShellFault{.code = FaultCode::kBackendCredentials, .part = "box", .active = false, .advice = ""});
}

void Box::backend_away(Outage outage) {
  weather.outage = outage;
  if (!alive()) return;
  if (outage == Outage::kRefuses) link_->cut();
  if (outage == Outage::kVanishes) link_->vanish();
  link_->pump();
}

void Box::reset_stream() {
  if (alive()) link_->reset_stream();
}

void Box::cut_stream() {
  if (alive()) link_->cut_stream();
}

void Box::mute_stream() {
  if (alive()) link_->mute_stream();
}

void Box::pump_stream() {
  if (alive()) link_->pump();
}

}  // namespace exitgate::sim
