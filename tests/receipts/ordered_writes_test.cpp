// Transactions keep the order of their submission, whoever's it was that the disk refused.
#include "receipts/ordered_writes.hpp"

#include <catch2/catch_test_macros.hpp>

#include "faulty_vfs.hpp"
#include "receipt_samples.hpp"

namespace exitgate {
namespace {

using namespace test;

struct World {
  TemporaryFolder folder;
  Outbox outbox = [this] {
    auto options = options_for(folder.file("r.db"));
    options.vfs = faulty_vfs();
    disk_faults().clear();
    return open_outbox(options);
  }();
  OrderedWrites ordered;

  [[nodiscard]] static SubmittedWrite cursor(const std::string& id, std::uint64_t heard) {
    return {std::vector<StoreWrite>{PutCursor{id}}, heard};
  }
  bool write(SubmittedWrite one) { return ordered.apply(outbox, {std::move(one)}).front().has_value(); }
  void refuse_another() {
    disk_faults().syncs_to_fail = 1;
    CHECK_FALSE(write({std::vector<StoreWrite>{PutClockFloor{kStart}}, ordered.refusals()}));
  }
};

}  // namespace

TEST_CASE("a transaction held for another's refusal is not overtaken by one that knew of that one only (seed 1462)") {
  World world;
  const auto before = world.ordered.refusals();
  world.refuse_another();
  const auto after = world.ordered.refusals();
  // Submitted before it was heard, and in the next turn one that was submitted when it had been.
  CHECK_FALSE(world.write(World::cursor("1", before)));
  CHECK_FALSE(world.write(World::cursor("2", after)));
  CHECK(world.write(World::cursor("1", world.ordered.refusals())));
  CHECK(world.write(World::cursor("2", world.ordered.refusals())));
  CHECK(world.outbox.load(kStart)->state.last_event_id == "2");
}

TEST_CASE("within one turn, too, nothing is written before a transaction that is held") {
  World world;
  const auto before = world.ordered.refusals();
  world.refuse_another();
  const auto after = world.ordered.refusals();
  const auto results = world.ordered.apply(
      world.outbox, {World::cursor("1", before), World::cursor("2", after), World::cursor("3", after)});
  for (const auto& status : results) CHECK(status.error().code == "storage_io");
  CHECK(world.outbox.load(kStart)->state.last_event_id.empty());
}

TEST_CASE("a refusal that everybody has heard of holds nothing, and deliveries are never held") {
  World world;
  const auto before = world.ordered.refusals();
  world.refuse_another();
  CHECK(world.write({DeliveryOutcome{}, before}));
  CHECK(world.write(World::cursor("1", world.ordered.refusals())));
}

}  // namespace exitgate
