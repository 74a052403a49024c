// A gate and a store that live in memory, for the tests of the API and of the command line.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "ports/gate_control.hpp"
#include "ports/receipt_store.hpp"

namespace exitgate::test {

/// Two lanes and two devices. Commands are answered by `on_command`, or wait in `waiting`.
class FakeGate final : public GateControl {
 public:
  FakeGate();
  [[nodiscard]] GateView status() const override { return view; }
  [[nodiscard]] std::optional<LaneStatus> lane(const LaneId& id) const override;
  void command(StaffCommand command, std::function<void(CommandOutcome)> done) override;
  [[nodiscard]] std::vector<PointView> points() const override { return io; }
  [[nodiscard]] std::string config_json() const override { return "{\"schema\":1}"; }
  void reload(std::function<void(Result<ReloadOutcome>)> done) override { done(reload_outcome); }
  void trace(std::function<void(Result<std::string>)> done) override { done(trace_text); }

  /// All so far, in order. Any thread: the API runs on its own.
  [[nodiscard]] std::vector<StaffCommand> commands() const;
  [[nodiscard]] CommandOutcome done_with(const StaffCommand& command, Status status) const;

  GateView view;
  std::vector<PointView> io;
  Result<ReloadOutcome> reload_outcome = ReloadOutcome{};
  Result<std::string> trace_text = std::string("{\"trace\":\"exitgate\"}\n{\"end\":2}\n");
  std::vector<std::function<void(CommandOutcome)>> waiting;
  /// Nothing returned: the command waits.
  std::function<std::optional<CommandOutcome>(const StaffCommand&)> on_command;

 private:
  mutable std::mutex commands_mutex_;
  std::vector<StaffCommand> commands_;
};

/// Pages through `receipts` by position.
class FakeStore final : public ReceiptStore {
 public:
  void submit(std::vector<StoreWrite>, std::function<void(Status)> done) override { done({}); }
  void next_queued(std::size_t, std::function<void(Result<std::vector<StoredReceipt>>)> done) override {
    done(receipts);
  }
  void record_outcome(DeliveryOutcome, std::function<void(Status)> done) override { done({}); }
  void retry(const Uuid& receipt_id, std::function<void(Status)> done) override;
  void list(ReceiptQuery query, std::function<void(Result<ReceiptPage>)> done) override;
  void get(const Uuid& receipt_id, std::function<void(Result<StoredReceipt>)> done) override;
  [[nodiscard]] QueueStatus queue_status() const override { return {}; }
  void on_queue_change(std::function<void(const QueueStatus&)>) override {}

  std::vector<StoredReceipt> receipts;
  std::map<Uuid, std::int64_t> pruned_through;
};

/// A receipt with the id …-N and a JSON text of its own.
[[nodiscard]] StoredReceipt stored_receipt(int n, ReceiptState state);
[[nodiscard]] PublicEvent phase_event(std::string_view lane, std::string phase);

}  // namespace exitgate::test
