// The contract suite against the fake and against SQLite.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>

#include "receipt_samples.hpp"
#include "receipts/fake_receipt_store.hpp"
#include "receipts/sqlite_receipt_store.hpp"
#include "tests/contract/receipt_store_contract.hpp"

namespace exitgate {
namespace {

using namespace test;

class FakeRig {
 public:
  ReceiptStore& store() { return store_; }
  void run_until(const std::function<bool()>& done) {
    for (int i = 0; i < 1000 && !done(); ++i) store_.run_until(now_ += milliseconds{1});
    REQUIRE(done());
  }
  void restart() { store_.crash(); }
  LoadedState load() { return store_.outbox().load(kStart); }

 private:
  FakeReceiptStore store_;
  MonoTime now_{};
};

class SqliteRig {
 public:
  SqliteRig() { restart(); }
  ReceiptStore& store() { return *store_; }
  void run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!done() && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_one_for(std::chrono::seconds{1});
    }
    REQUIRE(done());
  }
  void restart() {
    store_.reset();
    auto opened =
        open_receipt_store(io_, {.path = folder_.file("r.db"), .reserve_bytes = 0, .vfs = "", .committed = {}});
    require_good(opened);
    store_ = std::move(opened->store);
    state_ = std::move(opened->state);
  }
  LoadedState load() {
    restart();
    return state_;
  }

 private:
  TemporaryFolder folder_;
  boost::asio::io_context io_;
  std::unique_ptr<SqliteReceiptStore> store_;
  LoadedState state_;
};

}  // namespace

TEMPLATE_TEST_CASE("receipt store: an open receipt is sealed, queued and delivered", "", FakeRig, SqliteRig) {
  TestType rig;
  ReceiptStoreContract<TestType>(rig).open_receipt_is_sealed_and_delivered(open_receipt(1), sealed_receipt(1));
}
TEMPLATE_TEST_CASE("receipt store: submits are applied and answered in order", "", FakeRig, SqliteRig) {
  TestType rig;
  std::vector<Receipt> receipts;
  for (std::uint32_t n = 1; n <= 60; ++n) receipts.push_back(sealed_receipt(n));
  ReceiptStoreContract<TestType>(rig).submits_are_applied_in_order(receipts);
}
TEMPLATE_TEST_CASE("receipt store: a bad submit fails alone and as a whole", "", FakeRig, SqliteRig) {
  TestType rig;
  ReceiptStoreContract<TestType>(rig).bad_submit_fails_alone(sealed_receipt(1), sealed_receipt(2));
}
TEMPLATE_TEST_CASE("receipt store: a rejected receipt waits in quarantine until it is sent again", "", FakeRig,
                   SqliteRig) {
  TestType rig;
  ReceiptStoreContract<TestType>(rig).quarantine_and_retry(sealed_receipt(1));
}
TEMPLATE_TEST_CASE("receipt store: changes of the queue are told, once each", "", FakeRig, SqliteRig) {
  TestType rig;
  ReceiptStoreContract<TestType>(rig).queue_changes_are_told(sealed_receipt(1));
}
TEMPLATE_TEST_CASE("receipt store: what was acknowledged survives a restart", "", FakeRig, SqliteRig) {
  TestType rig;
  ReceiptStoreContract<TestType>(rig).acknowledged_survives_a_restart(open_receipt(1), sealed_receipt(2));
}

}  // namespace exitgate
