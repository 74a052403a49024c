// What every ReceiptStore must do; one suite, run against each of them. A rig has:
//   ReceiptStore& store();
//   void run_until(const std::function<bool()>& done);   turns the store's world until done() or fails the test
//   void restart();                                      power off and on: what was acknowledged must be there
//   LoadedState load();                                  what the controller is given at start
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ports/receipt_store.hpp"

namespace exitgate::test {

template <class Rig>
class ReceiptStoreContract {
 public:
  explicit ReceiptStoreContract(Rig& rig) : rig_(rig) {}

  /// Calls `ask` with a callback and turns the world until it was called.
  template <class Answer, class Ask>
  Answer answer(Ask ask) {
    std::optional<Answer> got;
    ask([&got](Answer a) { got.emplace(std::move(a)); });
    rig_.run_until([&got] { return got.has_value(); });
    return *std::move(got);
  }
  Status submit(std::vector<StoreWrite> writes) {
    return answer<Status>([&](auto done) { rig_.store().submit(std::move(writes), done); });
  }
  Status record(DeliveryOutcome outcome) {
    return answer<Status>([&](auto done) { rig_.store().record_outcome(std::move(outcome), done); });
  }
  Result<StoredReceipt> get(const Uuid& id) {
    return answer<Result<StoredReceipt>>([&](auto done) { rig_.store().get(id, done); });
  }
  Result<std::vector<StoredReceipt>> queued() {
    return answer<Result<std::vector<StoredReceipt>>>([&](auto done) { rig_.store().next_queued(100, done); });
  }

  void open_receipt_is_sealed_and_delivered(const Receipt& open, const Receipt& sealed) {
    REQUIRE(submit({PutOpenReceipt{open}}));
    CHECK(get(open.receipt_id)->state == ReceiptState::kOpen);
    CHECK(get(open.receipt_id)->sequence == 0);
    REQUIRE(submit({PutSealedReceipt{sealed}}));
    const auto stored = get(open.receipt_id);
    CHECK(stored->state == ReceiptState::kQueued);
    CHECK(stored->sequence == 1);
    CHECK(stored->hash.size() == 64);
    CHECK(rig_.store().queue_status().queued == 1);
    CHECK(rig_.store().queue_status().oldest_queued == sealed.ended_at);
    REQUIRE(record({{{open.receipt_id}}, {}}));
    CHECK(get(open.receipt_id)->state == ReceiptState::kDelivered);
    CHECK(rig_.store().queue_status().queued == 0);
  }

  void submits_are_applied_in_order(const std::vector<Receipt>& sealed) {
    std::vector<std::size_t> answered;
    for (std::size_t i = 0; i < sealed.size(); ++i) {
      rig_.store().submit({PutSealedReceipt{sealed[i]}}, [&answered, i](const Status& status) {
        CHECK(status);
        answered.push_back(i);
      });
    }
    rig_.run_until([&] { return answered.size() == sealed.size(); });
    CHECK(std::is_sorted(answered.begin(), answered.end()));
    const auto all = queued();
    REQUIRE(all->size() == sealed.size());
    for (std::size_t i = 0; i < sealed.size(); ++i) CHECK((*all)[i].receipt == sealed[i]);
  }

  void bad_submit_fails_alone(const Receipt& sealed, const Receipt& other) {
    std::vector<Status> answers;
    const auto take = [&answers](const Status& status) { answers.push_back(status); };
    auto changed = sealed;
    changed.passages += 1;
    rig_.store().submit({PutSealedReceipt{sealed}}, take);
    rig_.store().submit({PutCursor{"lost"}, PutOpenReceipt{changed}}, take);
    rig_.store().submit({PutSealedReceipt{other}}, take);
    rig_.run_until([&] { return answers.size() == 3; });
    CHECK(answers[0]);
    CHECK(answers[1].error().code == "wrong_state");
    CHECK(answers[2]);
    CHECK(rig_.load().last_event_id.empty());
    CHECK(get(sealed.receipt_id)->receipt == sealed);
  }

  void quarantine_and_retry(const Receipt& sealed) {
    REQUIRE(submit({PutSealedReceipt{sealed}}));
    REQUIRE(record({{}, {{sealed.receipt_id, "no"}}}));
    CHECK(rig_.store().queue_status().quarantined == 1);
    CHECK(queued()->empty());
    const auto page = answer<Result<ReceiptPage>>([&](auto done) {
      rig_.store().list({.state = ReceiptState::kQuarantined, .after = std::nullopt, .limit = 10}, done);
    });
    REQUIRE(page->receipts.size() == 1);
    CHECK(page->receipts.front().rejected_reason == "no");
    const auto retry = [&](const Uuid& id) { return answer<Status>([&](auto done) { rig_.store().retry(id, done); }); };
    CHECK(retry(sealed.receipt_id));
    CHECK(retry(sealed.receipt_id).error().code == "wrong_state");
    CHECK(retry(Uuid{{9}}).error().code == "not_found");
    CHECK(get(Uuid{{9}}).error().code == "not_found");
    CHECK(queued()->size() == 1);
  }

  void queue_changes_are_told(const Receipt& sealed) {
    std::vector<std::int64_t> told;
    rig_.store().on_queue_change([&](const QueueStatus& status) {
      CHECK(status == rig_.store().queue_status());
      told.push_back(status.queued);
    });
    REQUIRE(submit({PutSealedReceipt{sealed}}));
    REQUIRE(submit({PutCursor{"nothing to do with the queue"}}));
    REQUIRE(record({{{sealed.receipt_id}}, {}}));
    rig_.run_until([&] { return told.size() >= 2; });
    CHECK(told == std::vector<std::int64_t>{1, 0});
  }

  void acknowledged_survives_a_restart(const Receipt& open, const Receipt& sealed) {
    REQUIRE(submit({PutOpenReceipt{open}, PutCursor{"e1"}}));
    REQUIRE(submit({PutSealedReceipt{sealed}}));
    rig_.restart();
    const auto state = rig_.load();
    REQUIRE(state.open_receipts.size() == 1);
    CHECK(state.open_receipts.front() == open);
    CHECK(state.last_event_id == "e1");
    CHECK(queued()->size() == 1);
  }

 private:
  Rig& rig_;
};

}  // namespace exitgate::test
