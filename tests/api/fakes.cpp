#include "fakes.hpp"

#include <algorithm>

namespace exitgate::test {

FakeGate::FakeGate() {
  view.version = "0.1.0";
  view.store_id = ShortId::of("SEA-042");
  view.gate_id = ShortId::of("front");
  view.clock_synchronised = true;
  view.now = wall_from_s(1'700'000'100);
  view.backend_online = true;
  view.backend_since = wall_from_s(1'700'000'000);
  view.devices = {{ShortId::of("io1"), "modbus-tcp", true, wall_from_s(1'700'000'000)},
                  {ShortId::of("rx1"), "hci-uart", false, wall_from_s(1'700'000'001)}};
  for (const auto* id : {"1", "2"}) {
    LaneStatus lane;
    lane.id = LaneId::of(id);
    lane.phase = Phase::kIdle;
    lane.barrier = BarrierPosition::kClosed;
    lane.since = wall_from_s(1'700'000'000);
    view.lanes.push_back(lane);
  }
}

std::optional<LaneStatus> FakeGate::lane(const LaneId& id) const {
  const auto found =
      std::find_if(view.lanes.begin(), view.lanes.end(), [&](const auto& lane) { return lane.id == id; });
  return found == view.lanes.end() ? std::nullopt : std::optional(*found);
}

CommandOutcome FakeGate::done_with(const StaffCommand& command, Status status) const {
  CommandOutcome outcome;
  outcome.status = std::move(status);
  outcome.lanes = command.lane ? std::vector{*lane(*command.lane)} : view.lanes;
  return outcome;
}

std::vector<StaffCommand> FakeGate::commands() const {
  const std::scoped_lock lock(commands_mutex_);
  return commands_;
}

void FakeGate::command(StaffCommand command, std::function<void(CommandOutcome)> done) {
  {
    const std::scoped_lock lock(commands_mutex_);
    commands_.push_back(command);
  }
  if (const auto outcome = on_command ? on_command(command) : done_with(command, {})) return done(*outcome);
  waiting.push_back(std::move(done));
}

void FakeStore::retry(const Uuid& receipt_id, std::function<void(Status)> done) {
  const auto found =
      std::find_if(receipts.begin(), receipts.end(), [&](const auto& r) { return r.receipt.receipt_id == receipt_id; });
  if (found == receipts.end()) return done(fail("not_found", "There is no such receipt"));
  if (found->state != ReceiptState::kQuarantined) return done(fail("wrong_state", "It is not in quarantine"));
  found->state = ReceiptState::kQueued;
  done({});
}

void FakeStore::list(ReceiptQuery query, std::function<void(Result<ReceiptPage>)> done) {
  ReceiptPage page;
  page.pruned_through = pruned_through;
  if (query.after && query.after->find_first_not_of("0123456789") != std::string::npos) {
    return done(fail("invalid_query", "\"after\" must be the \"next\" of the page before"));
  }
  std::size_t at = query.after ? std::stoul(*query.after) : 0;
  for (; at < receipts.size(); ++at) {
    if (query.state && receipts[at].state != *query.state) continue;
    if (page.receipts.size() == query.limit) {
      page.next = std::to_string(at);
      break;
    }
    page.receipts.push_back(receipts[at]);
  }
  done(page);
}

void FakeStore::get(const Uuid& receipt_id, std::function<void(Result<StoredReceipt>)> done) {
  for (const auto& stored : receipts) {
    if (stored.receipt.receipt_id == receipt_id) return done(stored);
  }
  done(fail("not_found", "There is no such receipt"));
}

StoredReceipt stored_receipt(int n, ReceiptState state) {
  StoredReceipt stored;
  stored.receipt.receipt_id.bytes = {0x01, 0x93, 0xa1, 0xb2, 0xc3, 0xd4, 0x7e, 0x5f,
                                     0x8a, 0x9b, 0,    0,    0,    0,    0,    static_cast<std::uint8_t>(n)};
  stored.state = state;
  stored.sequence = n;
  stored.json =
      "{\"ended_at\":\"2026-10-26T05:33:20.000Z\",\"flags\":[],\"kind\":\"cart\",\"lane_id\":\"1\",\"outcome\":"
      "\"passed\","
      "\"passages\":1,\"receipt_id\":\"" +
      to_string(stored.receipt.receipt_id) + "\",\"sequence\":" + std::to_string(n) + "}";
  if (state == ReceiptState::kQuarantined) stored.rejected_reason = "unknown lane";
  return stored;
}

PublicEvent phase_event(std::string_view lane, std::string phase) {
  return {PublicEventType::kPhase,
          wall_from_s(1'700'000'000),
          LaneId::of(lane),
          {{"phase", std::move(phase)}, {"from", std::string("idle")}}};
}

}  // namespace exitgate::test
