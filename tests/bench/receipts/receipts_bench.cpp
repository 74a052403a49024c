// What a shopper waits for before the barrier opens: one ledger entry and one open receipt made durable.
// The folder is $EXITGATE_BENCH_DIR, else the system's temporary one: choose one on the disk that is meant.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "receipts/sqlite_receipt_store.hpp"

namespace exitgate {
namespace {

Uuid numbered(std::uint8_t kind, std::uint64_t n) {
  Uuid id;
  id.bytes[0] = kind;
  for (std::size_t i = 0; i < 8; ++i) id.bytes[8 + i] = static_cast<std::uint8_t>(n >> (8 * (7 - i)));
  return id;
}

std::vector<StoreWrite> admission(std::uint64_t n) {
  Receipt receipt;
  receipt.receipt_id = numbered(1, n);
  receipt.store_id = ShortId::of("SEA-042");
  receipt.gate_id = ShortId::of("front");
  receipt.lane_id = ShortId::of("1");
  receipt.kind = ReceiptKind::kCart;
  receipt.session_id = numbered(2, n);
  receipt.basis = Basis::kConfirmed;
  receipt.authorised_at = wall_from_ms(1'793'000'000'000 + static_cast<std::int64_t>(n));
  LedgerEntry entry;
  entry.entry_id = numbered(3, n);
  entry.session_id = receipt.session_id;
  return {PutOpenReceipt{receipt}, PutLedger{entry}};
}

class Folder {
 public:
  Folder() {
    const char* wanted = std::getenv("EXITGATE_BENCH_DIR");
    auto name =
        (wanted ? std::filesystem::path(wanted) : std::filesystem::temp_directory_path()) / "exitgate-bench-XXXXXX";
    path_ = name.string();
    if (!::mkdtemp(path_.data())) std::abort();
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string database() const { return path_ + "/receipts.db"; }

 private:
  std::string path_;
};

/// From submit to its callback on the loop, one at a time.
void lone_durable_commit(benchmark::State& state) {
  const Folder folder;
  boost::asio::io_context io;
  auto opened = open_receipt_store(io, {.path = folder.database(), .reserve_bytes = 0, .vfs = "", .committed = {}});
  if (!opened) return state.SkipWithError(opened.error().message.c_str());
  std::uint64_t n = 0;
  for (auto _ : state) {
    bool durable = false;
    opened->store->submit(admission(++n), [&](const Status& status) { durable = status.has_value(); });
    io.restart();
    io.run();
    if (!durable) return state.SkipWithError("a commit failed");
  }
}

/// All 32 lanes at once.
void group_commit_of_32(benchmark::State& state) {
  const Folder folder;
  boost::asio::io_context io;
  auto opened = open_receipt_store(io, {.path = folder.database(), .reserve_bytes = 0, .vfs = "", .committed = {}});
  if (!opened) return state.SkipWithError(opened.error().message.c_str());
  std::uint64_t n = 0;
  for (auto _ : state) {
    int durable = 0;
    for (int lane = 0; lane < 32; ++lane) {
      opened->store->submit(admission(++n), [&](const Status& status) { durable += status ? 1 : 0; });
    }
    io.restart();
    io.run();
    if (durable != 32) return state.SkipWithError("a commit failed");
  }
  state.SetItemsProcessed(state.iterations() * 32);
}

BENCHMARK(lone_durable_commit)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(group_commit_of_32)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
}  // namespace exitgate
