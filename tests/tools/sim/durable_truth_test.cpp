// The judge of a box's disk: what may come up after a kill or a power cut, and what may not.
#include "tools/sim/durable_truth.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/receipts/receipt_samples.hpp"

namespace exitgate::sim {
namespace {

DurableTruth::Writes cursor(const std::string& at) { return {PutCursor{at}}; }

struct Disk {
  test::TemporaryFolder folder;
  Outbox outbox = test::open_outbox(test::options_for(folder.file("r.db")));
  DurableTruth truth;

  /// Whether a start may find the stream's cursor there.
  bool may_find(const std::string& at, const std::vector<DurableTruth::Writes>& in_flight = {}) {
    LoadedState found;
    found.last_event_id = at;
    return truth.judge(outbox, found, in_flight).empty();
  }
};

MonoTime at_s(int s) { return MonoTime{std::chrono::seconds{s}}; }

}  // namespace

TEST_CASE("durable truth: what was answered as written is there after a restart, and nothing else") {
  Disk disk;
  disk.truth.written(cursor("1"));
  CHECK(disk.may_find("1"));
  CHECK_FALSE(disk.may_find(""));
  CHECK_FALSE(disk.may_find("2"));
}

TEST_CASE("durable truth: what was on its way at the death is there or not, and then stays as it was found") {
  Disk disk;
  disk.truth.written(cursor("1"));
  CHECK(disk.may_find("2", {cursor("2")}));
  CHECK_FALSE(disk.may_find("3"));
  CHECK(disk.may_find("1"));  // the next power cut took it again: nothing has been answered since
  disk.truth.written(cursor("4"));
  CHECK_FALSE(disk.may_find("2"));
  CHECK(disk.may_find("4"));
}

TEST_CASE("durable truth: an earlier refused transaction may come up a restart later, until one is written (seed 19)") {
  Disk disk;
  disk.truth.written(cursor("1"));
  disk.truth.refused(cursor("2"), at_s(10));
  disk.truth.refused(cursor("3"), at_s(11));
  REQUIRE(disk.may_find("3"));  // after a kill, in memory
  CHECK(disk.may_find("2"));    // after a power cut, which left what the failed sync had brought to the disk
  disk.truth.written(cursor("5"));
  CHECK_FALSE(disk.may_find("2"));
  CHECK_FALSE(disk.may_find("3"));
  CHECK(disk.may_find("5"));
}

}  // namespace exitgate::sim
