// What becomes of the controller's commands in the world of the search, and whether they may be.
#include <algorithm>

#include "search_world.hpp"

namespace exitgate::test {
namespace {

constexpr int kStepsAtMost = 300;
constexpr std::size_t kQuestionsAtMost = 2;
constexpr Duration kStale = milliseconds{100};

std::string text_of(const PublicEvent& event, std::string_view name) {
  for (const auto& [field, value] : event.fields) {
    if (field == name && std::holds_alternative<std::string>(value)) return std::get<std::string>(value);
  }
  return "";
}

}  // namespace

void SearchWorld::step(const Event& event) {
  std::vector<Event> todo{event};
  int steps = 0;
  for (std::size_t i = 0; i < todo.size(); ++i) {
    if (++steps > kStepsAtMost) return found("the box goes round in circles");
    const Event current = todo[i];
    std::vector<Event> results;
    if (options_->mutant == Mutant::kNone) {
      for (const auto& command : controller_.step(current, now())) take(command, results);
    } else {
      auto commands = controller_.step(current, now());
      mutate(commands);
      for (const auto& command : commands) take(command, results);
    }
    judge();
    todo.insert(todo.end(), results.begin(), results.end());
  }
}

void SearchWorld::take(const Command& command, std::vector<Event>& results) {
  if (const auto* write = std::get_if<WriteOutput>(&command)) return take_write(*write, results);
  if (const auto* persist = std::get_if<Persist>(&command)) return take_persist(*persist, results);
  if (const auto* publish = std::get_if<Publish>(&command)) return note(publish->event);
  if (const auto* done = std::get_if<CommandDone>(&command)) {
    command_status_ = done->status;
    return;
  }
  if (const auto* ask = std::get_if<Ask>(&command)) return take_ask(*ask, results);
  if (!device_) return;
  if (!coil_closed_) written_closed_ = false;  // found open, and taken over as open
  const PointId barrier = options_->lane.pulse ? kHold : kBarrier;
  OutputsRead found{kIo, {{barrier, coil_closed_, mono_}}};
  if (options_->lane.pulse) found.levels.push_back({kPulse, pulse_, mono_});
  results.emplace_back(std::move(found));
}

void SearchWorld::take_ask(const Ask& ask, std::vector<Event>& results) {
  if (ask.question == 0) return;
  const auto& request = ask.request;
  if (options_->answers_at_once && link_) {
    ConfirmAnswer reply = Refuse{RefuseReason::kSessionOpen};
    if (request.stage == Stage::kAdmitted && request.session_id) {
      Admit yes = admit_answer(1);
      yes.session_id = *request.session_id;
      reply = yes;
    }
    results.emplace_back(AnswerArrived{ask.question, reply});
    return;
  }
  asked_.push_back({ask.question, request.stage, request.cart_id, request.session_tag.value_or(SessionTag{}), mono_});
  if (asked_.size() <= kQuestionsAtMost) return;
  results.emplace_back(AnswerArrived{asked_.front().id, NoAnswer{}});
  asked_.erase(asked_.begin());
}

void SearchWorld::take_write(const WriteOutput& write, std::vector<Event>& results) {
  if (write.point == kPulse) {
    if (write.energised && !pulse_) {
      if (pulse_out_) found("a second pulse before anybody was counted for the first");
      opened_now_ = true;
      pulse_out_ = true;
    }
    pulse_ = write.energised;
  } else {
    judge_write(write.energised);
    if (device_) coil_closed_ = write.energised;
  }
  if (device_) results.emplace_back(OutputWritten{write.point, write.energised, true});
}

void SearchWorld::take_persist(const Persist& persist, std::vector<Event>& results) {
  const bool first = persist.ticket > newest_ticket_;
  newest_ticket_ = std::max(newest_ticket_, persist.ticket);
  for (const auto& write : persist.writes) {
    if (!first) break;
    const auto* opened = std::get_if<PutOpenReceipt>(&write);
    if (opened != nullptr && sealed_ids_.contains(opened->receipt.receipt_id))
      found("S5: a sealed receipt was opened again");
  }
  if (disk_ == Disk::kFails) {
    results.emplace_back(Persisted{persist.ticket, fail(Error{"storage_full", "scripted"})});
  } else if (disk_ == Disk::kSilent) {
    unwritten_.push_back(persist);
  } else {
    for (const auto& write : persist.writes) store(write);
    results.emplace_back(Persisted{persist.ticket, Status{}});
  }
}

void SearchWorld::store(const StoreWrite& write) {
  auto& open = stored_.open_receipts;
  if (const auto* opened = std::get_if<PutOpenReceipt>(&write)) {
    std::erase_if(open, [&](const Receipt& r) { return r.receipt_id == opened->receipt.receipt_id; });
    open.push_back(opened->receipt);
  }
  if (const auto* seal = std::get_if<PutSealedReceipt>(&write)) {
    const auto& receipt = seal->receipt;
    std::erase_if(open, [&](const Receipt& r) { return r.receipt_id == receipt.receipt_id; });
    if (!sealed_ids_.insert(receipt.receipt_id).second) found("S5: a receipt was sealed twice");
    passages_sealed_ += receipt.passages;
    const bool excepted = receipt.flags.has(Flag::kAfterRestart) || receipt.flags.has(Flag::kNotDurable);
    const bool counts = receipt.session_id && receipt.outcome == Outcome::kPassed && !excepted;
    if (counts && ++admitted_on_[*receipt.session_id] > receipt.party_size.value_or(1))
      found("S4: a session admitted more than its party");
  }
  if (const auto* lane = std::get_if<PutLane>(&write)) stored_.lanes = {lane->lane};
  if (const auto* entry = std::get_if<PutLedger>(&write)) {
    std::erase_if(stored_.ledger, [&](const auto& row) { return row.entry_id == entry->entry.entry_id; });
    stored_.ledger.push_back(entry->entry);
  }
  if (const auto* closed = std::get_if<PutClosure>(&write)) stored_.closures = {closed->closure};
  if (const auto* expected = std::get_if<PutExpected>(&write)) stored_.expected = {expected->expected};
  if (std::holds_alternative<DropExpected>(write)) stored_.expected.clear();
}

void SearchWorld::note(const PublicEvent& event) {
  if (event.type == PublicEventType::kPassage) {
    ++passages_seen_;
    pulse_out_ = false;
  }
  if (event.type == PublicEventType::kFault && text_of(event, "code") == "invariant_violated")
    found("the lane's own judge: " + text_of(event, "advice"));
  if (event.type != PublicEventType::kReceipt) return;
  const auto id = text_of(event, "receipt_id");
  if (text_of(event, "state") == "sealed") {
    pulse_out_ = false;
    if (open_ids_.erase(id) == 0) found("S5: a receipt was sealed that was not open");
    return;
  }
  if (options_->mutant != Mutant::kForgetsReceipts) open_ids_.insert(id);
  const auto kind = text_of(event, "kind");
  if ((kind == "cart" || kind == "walkout") && (blind() || !reported_[kApproach]))
    found("S3: a verdict opens without anybody at the approach");
}

bool SearchWorld::blind() const { return !device_told_ || reported_.empty() || mono_ - polled_at_ >= kStale; }

void SearchWorld::judge_write(bool closed) {
  const bool pulse = options_->lane.pulse;
  const bool somebody = blind() || reported_[kSafety];
  const bool was_closed = written_closed_ && coil_closed_;
  if (closed && !was_closed && !pulse && somebody) found("S1: closed on somebody, or blindly");
  if (closed && !was_closed && until_reset_) found("S2: closed before the release was reset");
  if (!closed && was_closed && !pulse) opened_now_ = true;
  if (closed != written_closed_ || !closed) {
    fully_closed_ = false;
    written_at_ = mono_;
  }
  written_closed_ = closed;
}

bool SearchWorld::travelling() const {
  if (!coil_closed_ || position_ == 0 || options_->lane.pulse) return false;
  return options_->lane.limits ? !fully_closed_ : mono_ - written_at_ < config_->lanes[0].timing.close_travel;
}

void SearchWorld::judge() {
  if (std::exchange(opened_now_, false) && open_ids_.empty()) found("S5: opened without a receipt");
  const bool seen = !blind() && device_;
  if (seen && reported_[kRelease]) {
    until_reset_ = true;
    if (written_closed_) found("S2: released and not commanded open");
  }
  if (seen && written_closed_ && travelling() && reported_[kSafety] &&
      lane().outputs().barrier_closed_commanded().has_value())
    found("S8: closing on somebody");
}

void SearchWorld::mutate(std::vector<Command>& commands) const {
  auto& self = const_cast<SearchWorld&>(*this);
  auto lose_opening = [&] {
    std::erase_if(commands, [](const Command& command) {
      const auto* write = std::get_if<WriteOutput>(&command);
      return write != nullptr && write->point == kBarrier && !write->energised;
    });
  };
  const Phase phase = lane().phase();
  switch (options_->mutant) {
    case Mutant::kClosesOnSomebody:
      if (phase == Phase::kPassing && self.reported_[kSafety]) commands.emplace_back(WriteOutput{kBarrier, true});
      break;
    case Mutant::kLosesRelease:
      if (phase == Phase::kReleased) lose_opening();
      break;
    case Mutant::kLosesReopening:
      if (phase == Phase::kClearing) lose_opening();
      break;
    case Mutant::kOpensWithoutAnyone:
      if (phase == Phase::kDeciding) commands.emplace_back(WriteOutput{kBarrier, false});
      break;
    case Mutant::kSealsTwice: {
      const auto all = commands;
      for (const auto& command : all) {
        const auto* persist = std::get_if<Persist>(&command);
        const bool seals =
            persist != nullptr && std::any_of(persist->writes.begin(), persist->writes.end(),
                                              [](auto& w) { return std::holds_alternative<PutSealedReceipt>(w); });
        if (seals) commands.push_back(command);
      }
      break;
    }
    default:
      break;
  }
}

std::string SearchWorld::unrest() const {
  if (phase() != Phase::kIdle) return "the phase is " + std::string(exitgate::to_string(phase()));
  if (!coil_closed_) return "the barrier is not commanded closed";
  if (!lane().authorisations().empty() || !open_ids_.empty()) return "a receipt is open";
  if (!stored_.open_receipts.empty()) return "a receipt is open in the store";
  if (controller_.gate().persists.kept() != 0) return "something is not written";
  if (passages_seen_ != passages_sealed_) return "S5: a passage is in no receipt";
  return "";
}

}  // namespace exitgate::test
