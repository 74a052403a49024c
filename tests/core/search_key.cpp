// What the search tells states apart by. The members of the box, its lane and what they are made of are taken where
// they are listed: one that is added does not compile before it is decided here what the search makes of it. Names in
// comments are left out: what is only told, what never changes here, and times, of which put_ages makes classes.
// Numbers without bound are cut off. What only a fine search tells apart multiplies the states.
#include <algorithm>

#include "search_world.hpp"

namespace exitgate::test {

/// A row of small numbers.
class Key {
 public:
  void put(int value) { text_.push_back(static_cast<char>(value)); }
  void bits(std::initializer_list<bool> all) {
    int value = 0;
    int count = 0;
    for (const bool bit : all) {
      value |= int{bit} << count;
      if (++count < 7) continue;
      put(value);
      value = 0;
      count = 0;
    }
    put(value);
  }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

namespace {

int age_class(Duration age, std::initializer_list<Duration> bounds) {
  return static_cast<int>(std::count_if(bounds.begin(), bounds.end(), [&](Duration bound) { return age >= bound; }));
}

struct PhaseKey {
  Key& key;
  MonoTime now;
  void operator()(const Recovering& p) const {
    const auto& [from_start, blocked_since] = p;
    key.bits({from_start, blocked_since.has_value()});
  }
  void operator()(const Admitting& p) const {
    const auto& [commanded, tries, tried_at, from_open] = p;
    key.bits({commanded, from_open, tries > 1});
  }
  void operator()(const Clearing& p) const {
    const auto& [not_before] = p;
    key.bits({not_before > now});
  }
  void operator()(const Faulted& p) const {
    const auto& [keep_barrier, well_since] = p;
    key.bits({keep_barrier, well_since.has_value()});
  }
  void operator()(const OutOfService& p) const {
    const auto& [closing, not_before] = p;
    key.bits({closing, not_before > now});
  }
  template <class Other>
  void operator()(const Other&) const {
    static_assert(std::is_empty_v<Other>, "what a phase owns is in the key");
  }
};

/// Which of the answers it is, and no more: there is one session at a time. How often it was asked again is only the
/// pause until it is asked once more.
void put_shopper(Key& key, const std::optional<Shopper>& shopper) {
  if (!shopper) return;
  const auto& [presence, since, gone_since, identified, walkout, cart, session_tag, cart_here_at, state, flags,
               conflicting, ambiguous, idle_alone, ambiguous_since, question, asked_at, asked, answer,
               answered_asked_at, refused] = *shopper;
  bool until_clear = false;
  int reason_shown = 0;
  if (refused) {
    const auto& [reason, asked_again, ask_again_at, stays] = *refused;
    reason_shown = static_cast<int>(reason) + 1;
    until_clear = stays;
  }
  key.bits({gone_since.has_value(), identified, walkout, cart.has_value(), asked, until_clear, conflicting, ambiguous,
            idle_alone, ambiguous_since.has_value(), question.has_value()});
  key.put((answer ? static_cast<int>(answer->index()) + 1 : 0) * 8 + reason_shown);
  key.put(static_cast<int>(state));
}

/// What nothing asks for any more is left out: why an override or a fault opened; how many passed, beyond the party and
/// whether anybody did; whether the approach cleared, but of a cart, which may be judged as still here; whether the way
/// was begun, once somebody passed; the expected entry, once no answer can take it back.
void put_authorisation(Key& key, const Authorisation& auth, const PersistQueue& persists, bool answer_may_come) {
  const auto& [receipt, entry, counted, party, unlimited, ticket, since, shopper_since, level_at_admission,
               approach_cleared, safety_seen, last_passage, expected, used_when_passed, claimed, presence, pulses,
               overdue_told, to_tell] = auth;
  const auto kind = receipt.kind;
  const bool passed = receipt.passages > 0;
  const bool of_shopper = kind == ReceiptKind::kCart || kind == ReceiptKind::kWalkout || kind == ReceiptKind::kStaff;
  key.put(of_shopper || !unlimited ? static_cast<int>(kind) : 7);
  key.put(static_cast<int>(std::min<unsigned>(party - std::min<unsigned>(counted, party), 3U)));
  key.bits({unlimited, passed, kind == ReceiptKind::kCart && approach_cleared, !passed && safety_seen,
            (answer_may_come || to_tell) && expected.has_value(), !passed && persists.pending(ticket),
            used_when_passed.has_value(), entry.has_value(), level_at_admission.has_value(), last_passage.has_value(),
            overdue_told, to_tell, pulses > receipt.passages});
}

void put_eyes(Key& key, const LaneEyes& eyes) {
  const auto& [approach, safety, exit, passage, staff_key, release, limit_open, limit_closed, limits_contradict,
               closed_doubted, limits_bound] = eyes;
  key.bits({approach.active, approach.readable, safety.active, exit.active, passage.active, staff_key.active,
            release.active, limit_open == true, limit_closed == true, limits_contradict, closed_doubted});
}

/// The barrier's: the pulse is in the world, lamps are left out.
void put_outputs(Key& key, const LaneOutputs& outputs, bool fine) {
  LaneOutputs::visit_state(
      outputs, [&](const auto& /*config*/, const auto& states, const auto& pulse_ends, bool last_read_open) {
        const auto& [energised, writing, confirmed, awaiting_read, proven, asked_at, refreshed_at] =
            states[static_cast<std::size_t>(outputs.barrier_role())];
        key.bits({energised.has_value(), energised == true, writing, confirmed, awaiting_read, proven,
                  pulse_ends.has_value(), fine && last_read_open});
      });
}

/// What it remembers of ways already gone only a fine search tells apart.
void put_counter(Key& key, const PassageCounter& counter, bool fine) {
  PassageCounter::visit_state(
      counter, [&](const auto& run, bool split, bool safety_seen, bool exit_was, bool safety_was, bool approach_was,
                   const auto& /*pulses*/, const auto& wrong_way) {
        const auto& [exit_first, then_safety] = wrong_way;
        key.bits({run.has_value(), split, fine && safety_seen, exit_was, safety_was, approach_was, fine && exit_first,
                  fine && then_safety});
        if (!run) return;
        const auto& [join_gap, joins_two, blockages, blocked, cleared_at] = *run;
        key.bits({joins_two, fine && joins_two && blockages > 1, blocked});
      });
}

/// Every member of the lane, in order. What is told once (loitering, intrusion, obstructed) and the buzzer change
/// nothing but what is told; what a phase's times decide is in put_ages.
void put_lane(Key& key, const Lane& lane, MonoTime now, bool fine) {
  using Since = std::optional<MonoTime>;
  Lane::visit_state(
      lane,
      [&](const LaneConfig* /*config*/, LaneIndex /*index*/, const std::string& /*part*/, const LaneDurable& durable,
          const LaneOutputs& outputs, const LaneEyes& eyes, const PassageCounter& counter, const LanePhase& phase,
          MonoTime /*phase_since*/, WallTime /*phase_since_wall*/, Phase /*announced*/,
          const std::optional<std::string>& /*reason*/, bool /*announced_once*/, const std::optional<Shopper>& shopper,
          std::uint64_t /*presences*/, const std::vector<Authorisation>& /*in key()*/,
          std::uint64_t /*authorisations_ever*/, bool admitted_while_blocked, bool must_release, bool key_hold,
          bool device_lost, bool fire_lost, bool limits_bad, bool eye_stuck, bool violated, bool storage_hold,
          const Since& limits_contradict, const Since& /*clear*/, const Since& /*all_clear*/,
          const Since& /*safety_blocked*/, const Since& /*exit_blocked*/, const Since& /*approach*/,
          const Since& /*approach_clear*/, const Since& closed_at, bool found_closed, bool /*loitering_told*/,
          bool /*intrusion_told*/, bool forced, const Since& forced_suspected, bool forced_proven, bool was_closed,
          const std::vector<MonoTime>& /*obstructions*/, int closing_failures, const Since& /*buzz_until*/) {
        std::visit(PhaseKey{key, now}, phase);
        put_shopper(key, shopper);
        put_outputs(key, outputs, fine);
        put_eyes(key, eyes);
        put_counter(key, counter, fine);
        const auto& [lane_id, mode, mode_set_by_staff, released, held_open, out_of_service, stuck_travel, by, note] =
            durable;
        key.bits({released, held_open, out_of_service, stuck_travel, admitted_while_blocked, found_closed, was_closed});
        key.bits({must_release, key_hold, device_lost, fire_lost, limits_bad, eye_stuck, violated, storage_hold});
        key.bits({limits_contradict.has_value(), closed_at.has_value(), forced, forced_suspected.has_value(),
                  forced_proven});
        key.put(closing_failures);
      });
}

/// Of what the lanes share. Inputs and proximity are in the lane's eyes and in the world, as is the book by what it
/// says of the one cart; there is no limit of the policy that could be reached.
void put_gate(Key& key, const GateState& state, bool fine) {
  GateState::visit_state(
      state,
      [&](const auto& /*config*/, const auto& /*ids*/, const auto& /*boot_id*/, const InputTable& /*inputs*/,
          const Proximity& /*proximity*/, const SessionBook& /*book*/, const OfflinePolicy& /*policy*/,
          const BackendLiveness& liveness, const FaultBoard& faults, const Questions& /*questions*/,
          const PersistQueue& persists, const auto& /*views: of the lane*/, const auto& /*own_claims*/,
          bool /*fire_active*/, bool /*fire_lost*/, bool storage_overflow, const auto& /*out*/, const auto& reads) {
        BackendLiveness::visit_state(liveness, [&](bool online, int no_answers, const auto& unconnected, WallTime) {
          key.bits({online, unconnected.has_value()});
          key.put(fine && online ? no_answers : 0);
        });
        key.bits({persists.kept() > 0, persists.failing(), storage_overflow, !reads.empty(),
                  faults.stands(FaultCode::kBarrierStuckOpen, "lane:1"),
                  faults.stands(FaultCode::kBarrierStuckClosed, "lane:1"),
                  faults.stands(FaultCode::kEyeStuck, "lane:1")});
      });
}

/// Every member of the box, in order. A database that is begun anew is not in the search; all else here is when the
/// lanes run, the configuration, and what is told.
void put_box(Key& key, const Controller& controller, bool fine) {
  Controller::visit_state(
      controller,
      [&](const GateState& gate, const std::vector<Lane>& /*in key()*/, const StateRewrite& /*rewrite*/,
          Ticket /*rewrite_ticket*/, const std::string& /*cursor*/, const auto& /*stale*/, const auto& /*before*/,
          const auto& /*wake_at*/, const auto& /*pending*/, const auto& /*newest_config*/, const auto& /*kept_configs*/,
          MonoTime /*next_deadline*/, bool online_told, const auto& /*heard_stored*/, bool /*alive_level*/,
          MonoTime /*alive_next*/, MonoTime /*tidy_next*/, const auto& /*device_told_up*/, const auto& /*device_since*/,
          const auto& /*clock_suspects*/, const auto& /*clock_notices*/, const auto& /*device_why*/, bool storage_full,
          bool /*healthy_level*/, MonoTime /*healthy_next*/, bool started, bool /*late*/, bool /*turning*/) {
        put_gate(key, gate, fine);
        key.bits({online_told, storage_full, started});
      });
}

}  // namespace

/// Ages matter where something waits for them. Most deadlines of a lane are taken the moment they come, so that phase
/// and shopper tell on which side of them a state is; told apart all the same are levels that are new and levels that
/// have lasted, for what may come in between. Coarse ages leave that out.
void SearchWorld::put_ages(Key& key) const {
  const auto& eyes = lane().eyes();
  const auto& timing = config_->lanes[0].timing;
  const Duration inside = mono_ - std::max(eyes.safety.since, eyes.exit.since);
  const bool coarse = options_->coarse_ages;
  if (eyes.inside_clear()) {
    key.put(coarse ? 0 : age_class(inside, {timing.close_delay, timing.party_gap}));
  } else {
    const bool waited_for = !coarse || phase() == Phase::kRecovering;
    key.put(4 + age_class(inside, {waited_for ? milliseconds{300} : timing.stuck, timing.stuck}));
  }
  key.put(coarse ? 0 : age_class(mono_ - eyes.approach.since, {milliseconds{500}}));
}

std::string SearchWorld::key() const {
  Key key;
  const auto& gate = controller_.gate();
  key.put(static_cast<int>(phase()));
  put_lane(key, lane(), mono_, options_->fine);
  const auto& auths = lane().authorisations();
  key.put(static_cast<int>(std::min<std::size_t>(auths.size(), 3)));
  for (std::size_t i = auths.size() - std::min<std::size_t>(auths.size(), 2); i < auths.size(); ++i)
    put_authorisation(key, auths[i], gate.persists, !asked_.empty());
  put_ages(key);
  put_box(key, controller_, options_->fine);

  key.bits({levels_.at(kApproach), levels_.at(kSafety), levels_.at(kExit), levels_.at(kRelease), levels_.at(kStaffKey),
            device_, device_told_, jam_, contradict_, link_, disk_ == Disk::kSilent, disk_ == Disk::kFails});
  key.bits({coil_closed_, written_closed_, fully_closed_, position_ > 0, position_ > 1, pulse_, pulse_out_, held_,
            out_of_service_, until_reset_, killed_, cart_near_, !stored_.expected.empty()});
  key.put(static_cast<int>(std::min<std::size_t>(asked_.size(), 3)));
  if (!asked_.empty()) key.put(static_cast<int>(asked_.front().stage));
  const SessionName name{.session_id = {}, .cart_id = kSearchedCart, .session_tag = tag(tag_)};
  const auto& book = gate.book;
  // Of a session that is spent for good nothing else counts; a closure is better than an answer fetched ahead.
  const bool spent = book.used(name) && auths.empty();
  const bool closed = !spent && book.closure(kSearchedCart, tag(tag_), now());
  key.bits({book.used(name), spent, book.may_admit(name), closed,
            !spent && book.refusal(kSearchedCart, tag(tag_)) != nullptr,
            !spent && !closed && book.ahead(kSearchedCart, tag(tag_), now()),
            gate.proximity.level(kSearchedCart, 1, mono_).has_value()});
  return std::move(key).text();
}

}  // namespace exitgate::test
