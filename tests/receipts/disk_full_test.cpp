#include <sqlite3.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "faulty_vfs.hpp"
#include "receipt_samples.hpp"

namespace exitgate {
namespace {

using namespace test;

/// The disk is full until the reserve file is removed, and has room again when told.
class FullDisk final : public StorageFiles {
 public:
  std::optional<std::uint64_t> size(const std::string& path) override { return posix_files().size(path); }
  Result<std::size_t> read(const std::string& path, std::uint64_t offset, std::span<std::uint8_t> into) override {
    return posix_files().read(path, offset, into);
  }
  Status rename(const std::string& from, const std::string& to) override { return posix_files().rename(from, to); }
  Status remove(const std::string& path) override {
    if (path.ends_with(".reserve") && posix_files().size(path)) disk_faults().write_code = 0;
    return posix_files().remove(path);
  }
  Status reserve(const std::string& path, std::uint64_t bytes) override { return posix_files().reserve(path, bytes); }
  std::uint64_t free_bytes(const std::string&) override { return free; }
  std::uint64_t free = std::uint64_t{1} << 40;
};

struct Rig {
  TemporaryFolder folder;
  FullDisk disk;
  OutboxOptions options = options_for(folder.file("r.db"));
  Rig() {
    options.vfs = faulty_vfs();
    options.files = &disk;
    options.reserve_bytes = 1 << 20;
  }
};

}  // namespace

TEST_CASE("a lone commit costs one sync") {
  Rig rig;
  auto outbox = open_outbox(rig.options);
  seal(outbox, 1, 1);
  disk_faults().syncs = 0;
  seal(outbox, 2, 2);
  CHECK(disk_faults().syncs == 1);
}

TEST_CASE("a full disk: the reserve is released, the write succeeds, and storage is low until there is room again") {
  Rig rig;
  auto outbox = open_outbox(rig.options);
  REQUIRE(std::filesystem::file_size(rig.options.path + ".reserve") == 1 << 20);
  CHECK_FALSE(outbox.queue_status().storage_low);
  seal(outbox, 1, 1);

  disk_faults().write_code = SQLITE_FULL;
  rig.disk.free = 0;
  seal(outbox, 2, 2);
  CHECK_FALSE(std::filesystem::exists(rig.options.path + ".reserve"));
  CHECK(outbox.queue_status().storage_low);

  disk_faults().write_code = SQLITE_FULL;
  const auto full = outbox.apply({PutSealedReceipt{sealed_receipt(3)}});
  CHECK(full.error().code == "storage_full");
  CHECK_FALSE(outbox.restore_reserve());
  CHECK(outbox.queue_status().queued == 2);

  disk_faults().write_code = 0;
  rig.disk.free = 8 << 20;
  seal(outbox, 3, 3);
  CHECK(outbox.queue_status().storage_low);
  CHECK(outbox.restore_reserve());
  CHECK_FALSE(outbox.queue_status().storage_low);
  CHECK(std::filesystem::file_size(rig.options.path + ".reserve") == 1 << 20);
  CHECK(outbox.get(receipt_id(3))->sequence == 3);
  CHECK(outbox.verify()->good());
}

TEST_CASE(
    "a disk that fails to write or to sync: the error says so, nothing is half there, and the next write goes on") {
  Rig rig;
  auto outbox = open_outbox(rig.options);
  seal(outbox, 1, 1);
  const bool syncing = GENERATE(false, true);
  (syncing ? disk_faults().sync_code : disk_faults().write_code) = syncing ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_WRITE;
  const std::vector<OutboxWrite> group{std::vector<StoreWrite>{PutSealedReceipt{sealed_receipt(2)}},
                                       std::vector<StoreWrite>{PutSealedReceipt{sealed_receipt(3)}}};
  const auto results = outbox.apply_group(group);
  CHECK(results[0].error().code == "storage_io");
  CHECK(results[1].error().code == "storage_io");
  disk_faults().clear();
  CHECK(outbox.queue_status().queued == 1);
  seal(outbox, 4, 4);
  CHECK(outbox.get(receipt_id(4))->sequence == 2);
  CHECK(outbox.verify()->good());
}

}  // namespace exitgate
