#include "receipts/drainer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <set>

#include "receipt_samples.hpp"
#include "receipts/fake_receipt_store.hpp"

namespace exitgate {
namespace {

using namespace test;

/// A backend that stores receipts, or is down; answers at once or when told.
class FakeBackend final : public BackendLink {
 public:
  void start(BackendObserver&, std::string) override {}
  void ask(QuestionId, const ConfirmRequest&) override {}
  void refresh_pass_keys() override {}
  void stop() override {}
  void upload(const std::vector<std::string>& receipt_jsons, std::function<void(UploadAnswer)> done) override {
    CHECK_FALSE(pending);
    CHECK((!receipt_jsons.empty() && receipt_jsons.size() <= 100));
    ++uploads;
    if (hold) {
      pending = std::move(done);
      return;
    }
    if (down) return done(UploadFailed{"down"});
    UploadAccepted accepted;
    for (const auto& json : receipt_jsons) {
      const auto uuid = parse_uuid(json.substr(json.find("\"receipt_id\":\"") + 14, 36));
      REQUIRE(uuid);
      const bool fresh = stored.emplace(*uuid, json).second;
      accepted.results.push_back({*uuid, fresh ? UploadStatus::kStored : UploadStatus::kDuplicate, ""});
    }
    if (forgets_reply) return done(UploadFailed{"reply lost"});
    done(accepted);
  }
  bool down = false;
  bool hold = false;
  bool forgets_reply = false;
  int uploads = 0;
  std::map<Uuid, std::string> stored;
  std::function<void(UploadAnswer)> pending;
};

class FakeTimer final : public DrainTimer {
 public:
  [[nodiscard]] MonoTime now() const override { return time; }
  void arm(MonoTime at, std::function<void()> fire) override {
    due = at;
    fire_ = std::move(fire);
  }
  void cancel() override { fire_ = nullptr; }
  void fire_due() {
    if (!fire_ || due > time) return;
    const auto fire = std::exchange(fire_, nullptr);
    fire();
  }
  MonoTime time = mono_from_us(0);
  MonoTime due = kNever;

 private:
  std::function<void()> fire_;
};

struct Rig {
  FakeReceiptStore store;
  FakeBackend backend;
  FakeTimer timer;
  std::optional<Drainer> drainer;
  Rig() {
    drainer.emplace(store, backend, timer, [] { return 0.5; });
    store.on_queue_change([this](const QueueStatus& status) {
      if (drainer) drainer->queue_changed(status);
    });
  }
  void seal(std::uint32_t first, std::uint32_t last) {
    for (auto n = first; n <= last; ++n) store.submit({PutSealedReceipt{sealed_receipt(n)}}, nullptr);
  }
  void run(Duration duration) {
    for (const auto end = timer.time + duration; timer.time < end; timer.time += milliseconds{1}) {
      store.run_until(timer.time);
      timer.fire_due();
    }
  }
};

}  // namespace

TEST_CASE("what is sealed reaches the backend as it is in the store, and the queue drains to empty") {
  Rig rig;
  rig.seal(1, 230);
  rig.run(milliseconds{200});
  CHECK(rig.backend.stored.size() == 230);
  CHECK(rig.store.queue_status().queued == 0);
  const auto stored = rig.store.outbox().get(receipt_id(99));
  CHECK(stored->state == ReceiptState::kDelivered);
  CHECK(rig.backend.stored.at(receipt_id(99)) == stored->json);
}

TEST_CASE("through an outage and lost replies everything is delivered, stored once") {
  Rig rig;
  rig.backend.down = true;
  rig.seal(1, 150);
  rig.run(std::chrono::seconds{20});
  CHECK(rig.store.queue_status().queued == 150);
  CHECK(rig.backend.uploads < 12);
  rig.backend.down = false;
  rig.backend.forgets_reply = true;
  rig.drainer->stream_came_back();
  rig.run(milliseconds{50});
  CHECK(rig.store.queue_status().queued == 150);
  rig.backend.forgets_reply = false;
  rig.run(std::chrono::seconds{61});
  CHECK(rig.store.queue_status().queued == 0);
  CHECK(rig.backend.stored.size() == 150);
}

TEST_CASE("a drainer that is gone takes no answers any more") {
  Rig rig;
  rig.backend.hold = true;
  rig.seal(1, 1);
  rig.run(milliseconds{20});
  REQUIRE(rig.backend.pending);
  rig.drainer.reset();
  rig.backend.pending(UploadAccepted{{{receipt_id(1), UploadStatus::kStored, ""}}});
  rig.run(milliseconds{20});
  CHECK(rig.store.queue_status().queued == 1);
}

}  // namespace exitgate
