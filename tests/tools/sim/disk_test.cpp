// The simulated disk: what it forgets, tears, refuses and keeps; and the daemon's outbox on it.
#include <sqlite3.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/receipts/receipt_samples.hpp"
#include "tools/sim/faulty_disk.hpp"

namespace exitgate::sim {
namespace {

using test::receipt_id;
using test::require_good;
using test::sealed_receipt;

constexpr std::size_t kBytes = 8 * kSectorBytes;

std::vector<std::uint8_t> filled(std::uint8_t with) { return std::vector<std::uint8_t>(kBytes, with); }

std::vector<std::uint8_t> content(FaultyDisk& disk, const std::string& path) {
  std::vector<std::uint8_t> bytes(kBytes);
  const auto read = disk.read(path, 0, bytes);
  bytes.resize(read ? *read : 0);
  return bytes;
}

/// A file of eight sectors that is durable.
FaultyDisk::FilePtr durable_file(FaultyDisk& disk, const std::string& path, std::uint8_t with) {
  FaultyDisk::FilePtr file;
  REQUIRE(disk.open_file(path, true, file) == SQLITE_OK);
  REQUIRE(disk.write_file(*file, 0, filled(with)) == SQLITE_OK);
  REQUIRE(disk.sync_file(*file, true) == SQLITE_OK);
  return file;
}

OutboxOptions on(FaultyDisk& disk, std::uint64_t reserve_bytes = 0) {
  auto options = test::options_for("receipts.db");
  options.vfs = disk.vfs();
  options.files = &disk;
  options.reserve_bytes = reserve_bytes;
  return options;
}

/// Opens and closes as after a restart; nothing may be damaged.
void check_holds(FaultyDisk& disk, std::uint32_t sealed, bool one_more_may_be) {
  auto outbox = test::open_outbox(on(disk));
  for (std::uint32_t n = 1; n <= sealed; ++n) CHECK(outbox.get(receipt_id(n)));
  const auto report = outbox.verify();
  require_good(report);
  CHECK(report->good());
  CHECK(report->checked >= sealed);
  CHECK(report->checked <= sealed + (one_more_may_be ? 1 : 0));
}

}  // namespace

TEST_CASE("what was not synced is forgotten sector by sector at a power cut, what was synced never") {
  bool some_lost = false;
  bool some_kept = false;
  bool mixed = false;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    FaultyDisk disk(seed);
    const auto file = durable_file(disk, "f", 0x55);
    REQUIRE(disk.write_file(*file, 0, filled(0xAA)) == SQLITE_OK);
    CHECK(content(disk, "f") == filled(0xAA));
    disk.cut_power();
    const auto after = content(disk, "f");
    REQUIRE(after.size() == kBytes);
    std::size_t kept = 0;
    for (std::size_t sector = 0; sector < 8; ++sector) {
      const auto begin = after.begin() + static_cast<std::ptrdiff_t>(sector * kSectorBytes);
      const auto value = *begin;
      CHECK((value == 0x55 || value == 0xAA));
      CHECK(std::all_of(begin, begin + kSectorBytes, [value](std::uint8_t byte) { return byte == value; }));
      kept += value == 0xAA ? 1U : 0U;
    }
    some_lost = some_lost || kept == 0;
    some_kept = some_kept || kept > 0;
    mixed = mixed || (kept > 0 && kept < 8);
  }
  CHECK(some_lost);
  CHECK(some_kept);
  CHECK(mixed);
}

TEST_CASE("a kill leaves the cache: nothing that was written is lost, and nothing is written any more") {
  FaultyDisk disk(1);
  const auto file = durable_file(disk, "f", 0x55);
  REQUIRE(disk.write_file(*file, 0, filled(0xAA)) == SQLITE_OK);
  disk.stop_after(-1);
  CHECK(disk.write_file(*file, 0, filled(0x11)) == SQLITE_IOERR_WRITE);
  CHECK(disk.sync_file(*file, true) == SQLITE_IOERR_FSYNC);
  disk.start_again();
  CHECK(content(disk, "f") == filled(0xAA));
}

TEST_CASE("a process that dies within a write leaves a part of it that ends at a sector") {
  bool torn = false;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    FaultyDisk disk(seed);
    const auto file = durable_file(disk, "f", 0x55);
    disk.stop_after(0);
    CHECK(disk.write_file(*file, 100, filled(0xAA)) == SQLITE_IOERR_WRITE);
    disk.start_again();
    const auto after = content(disk, "f");
    const auto written = std::count(after.begin(), after.end(), std::uint8_t{0xAA});
    CHECK((written == 0 || (100 + static_cast<std::uint64_t>(written)) % kSectorBytes == 0));
    torn = torn || written > 0;
  }
  CHECK(torn);
}

TEST_CASE("a name is durable once its directory was synced, and a renamed file is there under one name") {
  bool gone = false;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    FaultyDisk disk(seed);
    FaultyDisk::FilePtr file;
    REQUIRE(disk.open_file("new", true, file) == SQLITE_OK);
    (void)durable_file(disk, "old", 1);
    REQUIRE(disk.open_file("late", true, file) == SQLITE_OK);
    require_good(disk.rename("old", "renamed"));
    REQUIRE(disk.open_file("unsynced", true, file) == SQLITE_OK);
    disk.cut_power();
    CHECK(disk.exists("new"));
    CHECK(disk.exists("renamed"));
    CHECK_FALSE(disk.exists("old"));
    gone = gone || !disk.exists("unsynced");
  }
  CHECK(gone);
}

TEST_CASE("a full disk refuses what would grow, and takes what does not") {
  FaultyDisk disk(1);
  const auto file = durable_file(disk, "f", 0x55);
  disk.faults.capacity_bytes = disk.used_bytes();
  CHECK(disk.write_file(*file, kBytes, filled(1)) == SQLITE_FULL);
  CHECK(disk.write_file(*file, 0, filled(2)) == SQLITE_OK);
  CHECK(disk.reserve("r", 1000).error().code == "storage_full");
  disk.faults.capacity_bytes.reset();
  require_good(disk.reserve("r", 1000));
  CHECK(disk.size("r") == 1000U);
}

TEST_CASE("reads, writes and syncs fail when they are to; a lost sync is made good only by writing anew") {
  FaultyDisk disk(3);
  const auto file = durable_file(disk, "f", 0x55);
  std::vector<std::uint8_t> bytes(kBytes);
  disk.faults = {.read_error = 1, .write_error = 1, .sync_error = 1, .capacity_bytes = {}};
  CHECK(disk.read_file(*file, 0, bytes) == SQLITE_IOERR_READ);
  CHECK(disk.write_file(*file, 0, filled(0xAA)) == SQLITE_IOERR_WRITE);
  CHECK(disk.sync_file(*file, false) == SQLITE_IOERR_FSYNC);
  CHECK(disk.counts().read_errors == 1);
  disk.faults = {};
  DiskFile lone;
  Dice dice(1);
  lone.write(0, filled(1));
  lone.sync();
  lone.write(0, filled(2));
  lone.lose_sync();
  lone.sync();
  (void)lone.cut_power(dice, 0);
  std::vector<std::uint8_t> after(kBytes);
  lone.read(0, after);
  CHECK(after == filled(1));
  lone.write(0, filled(3));
  lone.lose_sync();
  lone.write(0, filled(3));
  lone.sync();
  (void)lone.cut_power(dice, 0);
  lone.read(0, after);
  CHECK(after == filled(3));
}

TEST_CASE("the outbox on it: the power fails at every operation of a commit, what was answered is there") {
  for (std::int64_t operations = 0; operations < 14; ++operations) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      CAPTURE(operations, seed);
      FaultyDisk disk(seed);
      bool answered = false;
      {
        auto outbox = test::open_outbox(on(disk));
        test::seal(outbox, 1, 3);
        disk.stop_after(operations);
        answered = outbox.apply({PutSealedReceipt{sealed_receipt(4)}}).has_value();
        disk.stop_after(-1);
      }
      disk.start_again();
      disk.cut_power();
      check_holds(disk, answered ? 4 : 3, !answered);
    }
  }
}

TEST_CASE("the outbox on it: a log whose maker died before its first sync is as durable as any (simulator, seed 182)") {
  for (std::int64_t operations = 0; operations < 14; ++operations) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      CAPTURE(operations, seed);
      FaultyDisk disk(seed);
      {
        auto outbox = test::open_outbox(on(disk));
        test::seal(outbox, 1, 3);
      }
      {
        auto opened = Outbox::open(on(disk));
        require_good(opened);
        disk.stop_after(operations);
        (void)opened->outbox.apply({PutSealedReceipt{sealed_receipt(4)}});
        disk.stop_after(-1);
      }
      disk.start_again();  // killed: the cache stays
      std::uint32_t sealed = 0;
      {
        auto outbox = test::open_outbox(on(disk));
        sealed = outbox.get(receipt_id(4)) ? 5 : 4;
        test::seal(outbox, sealed, sealed);
        disk.stop_after(-1);
      }
      disk.start_again();
      disk.cut_power();
      check_holds(disk, sealed, false);
    }
  }
}

TEST_CASE(
    "the outbox on it: what a killed process could not sync is on the disk before more is put behind it (seed 1435)") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    for (const bool fails_at_start : {false, true}) {
      CAPTURE(seed, fails_at_start);
      FaultyDisk disk(seed);
      {
        auto outbox = test::open_outbox(on(disk));
        test::seal(outbox, 1, 3);
        disk.faults.sync_error = 1;
        CHECK(outbox.apply({PutSealedReceipt{sealed_receipt(4)}}).error().code == "storage_io");
        disk.stop_after(-1);
      }
      disk.start_again();  // killed: what was not synced is still read, and counts as written
      if (!fails_at_start) disk.faults = {};
      std::uint32_t sealed = 0;
      {
        auto outbox = test::open_outbox(on(disk));
        sealed = outbox.get(receipt_id(4)) ? 5 : 4;
        if (fails_at_start) {
          CHECK(outbox.get(receipt_id(3)));
          CHECK(outbox.next_queued(10).error().code == "storage_io");
          CHECK(outbox.checkpoint().error().code == "storage_io");
          CHECK(outbox.apply({PutSealedReceipt{sealed_receipt(sealed)}}).error().code == "storage_io");
        }
        disk.faults = {};
        test::seal(outbox, sealed, sealed);
        disk.stop_after(-1);
      }
      disk.start_again();
      disk.cut_power();
      check_holds(disk, sealed, false);
    }
  }
}

TEST_CASE("the outbox on it: the power fails at every operation of an opening after a sync that failed") {
  for (std::int64_t operations = 0; operations < 40; ++operations) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      CAPTURE(operations, seed);
      FaultyDisk disk(seed);
      {
        auto outbox = test::open_outbox(on(disk));
        test::seal(outbox, 1, 3);
        disk.faults.sync_error = 1;
        (void)outbox.apply({PutSealedReceipt{sealed_receipt(4)}});
        disk.stop_after(-1);
      }
      disk.start_again();
      disk.faults = {};
      disk.stop_after(operations);
      if (auto opened = Outbox::open(on(disk))) {
        (void)opened->outbox.checkpoint();
        disk.stop_after(-1);
      }
      disk.start_again();
      disk.cut_power();
      check_holds(disk, 3, true);
    }
  }
}

TEST_CASE("the outbox on it: the power fails at every operation of a checkpoint and of an opening") {
  for (std::int64_t operations = 0; operations < 60; operations += 3) {
    CAPTURE(operations);
    FaultyDisk disk(static_cast<std::uint64_t>(operations) + 1);
    {
      auto outbox = test::open_outbox(on(disk));
      test::seal(outbox, 1, 30);
      disk.stop_after(operations);
      (void)outbox.checkpoint();
      disk.stop_after(-1);
    }
    disk.start_again();
    disk.cut_power();
    disk.stop_after(operations / 3);
    (void)Outbox::open(on(disk));
    disk.start_again();
    disk.cut_power();
    check_holds(disk, 30, false);
  }
}

TEST_CASE(
    "the outbox on it: a full disk takes the reserve, then refuses; with room all goes on and the reserve is back") {
  FaultyDisk disk(5);
  auto outbox = test::open_outbox(on(disk, 64U << 10U));
  test::seal(outbox, 1, 2);
  disk.faults.capacity_bytes = disk.used_bytes();
  std::uint32_t sealed = 2;
  while (sealed < 200 && outbox.apply({PutSealedReceipt{sealed_receipt(sealed + 1)}})) ++sealed;
  CHECK(sealed > 2);
  CHECK(outbox.queue_status().storage_low);
  CHECK(outbox.apply({PutSealedReceipt{sealed_receipt(sealed + 1)}}).error().code == "storage_full");
  disk.faults.capacity_bytes.reset();
  require_good(outbox.apply({PutSealedReceipt{sealed_receipt(sealed + 1)}}));
  CHECK(outbox.restore_reserve());
  CHECK_FALSE(outbox.queue_status().storage_low);
  CHECK(outbox.verify()->good());
}

TEST_CASE("the outbox on it: a byte that rots is found by the check at start and what is readable is salvaged") {
  FaultyDisk disk(7);
  {
    auto outbox = test::open_outbox(on(disk));
    test::seal(outbox, 1, 40);
    require_good(outbox.checkpoint());
  }
  REQUIRE(disk.rot("receipts.db", 3 * 4096 + 5, 0xFF));
  const auto opened = Outbox::open(on(disk));
  require_good(opened);
  CHECK(opened->damage.begun_anew);
  CHECK(opened->damage.receipts_salvaged + opened->damage.receipts_damaged > 0);
}

}  // namespace exitgate::sim
