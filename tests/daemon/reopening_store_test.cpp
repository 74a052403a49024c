// The store behind a running box is damaged: it is opened again by itself, and nothing that was submitted is lost.
#include "daemon/reopening_store.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <fstream>

#include "receipts/receipt_samples.hpp"

namespace exitgate::daemon {
namespace {

using namespace test;

struct World {
  TemporaryFolder folder;
  boost::asio::io_context io;
  StoreSettings settings{.path = folder.file("r.db"), .reserve_bytes = 0, .vfs = "", .committed = {}};
  int damaged = 0;
  std::vector<DamageReport> reopened;
  std::unique_ptr<ReopeningStore> store;

  World() {
    auto opened = open_receipt_store(io, settings);
    REQUIRE(opened.has_value());
    store = std::make_unique<ReopeningStore>(
        io, std::move(opened->store), [this] { return open_receipt_store(io, settings); },
        ReopeningStore::Sinks{.damaged = [this](const std::string&) { ++damaged; },
                              .reopened = [this](const DamageReport& report) { reopened.push_back(report); }});
  }
  void run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!done() && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(std::chrono::seconds{1});
    }
    REQUIRE(done());
  }
  Status submit(std::vector<StoreWrite> writes) {
    std::optional<Status> status;
    store->submit(std::move(writes), [&](Status s) { status = std::move(s); });
    run_until([&] { return status.has_value(); });
    return *status;
  }
  /// All but the headers of the database and its log is overwritten.
  void damage() const {
    for (const auto& [path, header] : {std::pair{settings.path, 4096U}, std::pair{settings.path + "-wal", 32U}}) {
      const auto size = std::filesystem::exists(path) ? std::filesystem::file_size(path) : 0;
      if (size <= header) continue;
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(header);
      const std::string noise(size - header, '\x5A');
      file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
    }
  }
};

}  // namespace

TEST_CASE("a receipt of every kind and outcome the box can seal is taken by the store") {
  World world;
  std::uint32_t number = 0;
  for (const auto kind : {ReceiptKind::kCart, ReceiptKind::kWalkout, ReceiptKind::kStaff, ReceiptKind::kReleased,
                          ReceiptKind::kFault, ReceiptKind::kUnauthorised}) {
    for (const auto outcome : {Outcome::kPassed, Outcome::kNotUsed, Outcome::kUnknown}) {
      auto receipt = sealed_receipt(++number);
      receipt.kind = kind;
      receipt.outcome = outcome;
      receipt.passages = outcome == Outcome::kPassed ? 1 : 0;
      if (outcome != Outcome::kPassed) receipt.passed_at.reset();
      receipt.flags = Flags::from_bits(0x7FFF);
      if (kind != ReceiptKind::kCart) receipt.cart_id.reset();
      const bool of_session = kind == ReceiptKind::kCart || kind == ReceiptKind::kWalkout;
      if (!of_session) {
        receipt.session_id.reset();
        receipt.party_size.reset();
        receipt.basis.reset();
      }
      if (kind == ReceiptKind::kStaff) {
        receipt.basis = Basis::kStaff;
        receipt.by = "kim \"quoted\"";
        receipt.note = "stroller, Türe 2";
        receipt.cart_id = 117;
      }
      if (kind == ReceiptKind::kReleased) receipt.basis = Basis::kReleased;
      if (kind == ReceiptKind::kFault) receipt.basis = Basis::kFault;
      CHECK(world.submit({PutSealedReceipt{receipt}}));
    }
  }
  std::optional<std::size_t> queued;
  world.store->next_queued(100, [&](Result<std::vector<StoredReceipt>> page) { queued = page ? page->size() : 0; });
  world.run_until([&] { return queued.has_value(); });
  CHECK(*queued == 18);
}

TEST_CASE("a database damaged while running is opened anew, and what is sent again is written there") {
  World world;
  // More than its cache holds.
  for (std::uint32_t n = 1; n <= 4000; n += 200) {
    std::vector<StoreWrite> writes;
    for (std::uint32_t i = n; i < n + 200; ++i) writes.emplace_back(PutSealedReceipt{sealed_receipt(i)});
    REQUIRE(world.submit(std::move(writes)));
  }
  world.damage();
  // Old pages are wanted, as the drainer wants them: this is where damage shows.
  std::optional<std::string> code;
  world.store->list({.state = {}, .after = {}, .limit = 1000},
                    [&](const Result<ReceiptPage>& page) { code = page ? "good" : std::string(page.error().code); });
  world.run_until([&] { return code.has_value(); });
  REQUIRE(*code == "storage_io");
  REQUIRE(world.damaged == 1);
  // What is submitted meanwhile is not taken, and whoever submitted it sends it again.
  CHECK_FALSE(world.submit({PutSealedReceipt{sealed_receipt(5000)}}));
  world.run_until([&] { return !world.reopened.empty(); });
  REQUIRE(world.reopened.size() == 1);
  CHECK(world.reopened[0].begun_anew);
  CHECK(world.submit({PutSealedReceipt{sealed_receipt(5001)}}));
  std::optional<bool> there;
  world.store->get(receipt_id(5001), [&](const Result<StoredReceipt>& found) { there = found.has_value(); });
  world.run_until([&] { return there.has_value(); });
  CHECK(*there);
}

}  // namespace exitgate::daemon
