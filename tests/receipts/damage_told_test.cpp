// A salvage is told of until somebody can have heard: at every start of a day, also when the first ended early.
#include <sqlite3.h>

#include <catch2/catch_test_macros.hpp>

#include "faulty_vfs.hpp"
#include "receipt_samples.hpp"
#include "receipts/damage_row.hpp"

namespace exitgate {
namespace {

using namespace test;

const Uuid kNewChain = id(0xC0, 2);

/// Twenty receipts in a database whose header is wrong.
void damage(const std::string& path) {
  {
    auto outbox = open_outbox(options_for(path));
    seal(outbox, 1, 20);
  }
  auto content = content_of(path);
  content[16] = '\x03';
  write_content(path, content);
}

OutboxOptions options_anew(const std::string& path) {
  auto options = options_for(path);
  options.fresh_chain_id = kNewChain;
  return options;
}

}  // namespace

TEST_CASE("what was salvaged is told again at the starts of a day, and no longer") {
  const TemporaryFolder folder;
  const auto path = folder.file("r.db");
  damage(path);
  auto options = options_anew(path);
  const auto first = Outbox::open(options)->damage;
  REQUIRE(first.begun_anew);
  CHECK(first.receipts_salvaged == 20);

  options.now = kStart + std::chrono::hours{23};
  const auto again = Outbox::open(options)->damage;
  CHECK(again.begun_anew);
  CHECK(again.found_at == kStart);
  CHECK(again.what == first.what);
  CHECK(again.receipts_salvaged == 20);
  CHECK(again.undelivered_salvaged == first.undelivered_salvaged);

  options.now = kStart + std::chrono::hours{25};
  CHECK_FALSE(Outbox::open(options)->damage.anything());
  auto outbox = std::move(Outbox::open(options)->outbox);
  require_good(outbox.housekeep(options.now));
  options.now = kStart;
  CHECK_FALSE(Outbox::open(options)->damage.anything());
}

TEST_CASE("a salvage that was cut off before the database took its name is told by the start that finishes it") {
  const TemporaryFolder folder;
  const auto path = folder.file("r.db");
  damage(path);
  const auto damaged = content_of(path);
  { require_good(Outbox::open(options_anew(path))); }
  std::filesystem::rename(path, path + ".salvaged");
  write_content(path, damaged);
  const auto opened = Outbox::open(options_anew(path));
  require_good(opened);
  CHECK(opened->damage.receipts_salvaged == 20);
  CHECK(opened->outbox.queue_status().queued == 20);
}

TEST_CASE("a start that salvaged and then failed for the disk's errors leaves the telling to the next (seed 1435)") {
  const TemporaryFolder folder;
  const auto path = folder.file("r.db");
  damage(path);
  auto options = options_anew(path);
  options.vfs = faulty_vfs();
  // Each sync of this start in turn is the last that succeeds: somewhere the salvage is done and the rest is not.
  int failed_after_salvage = 0;
  for (int good_syncs = 0; good_syncs < 30; ++good_syncs) {
    const TemporaryFolder attempt;
    options.path = attempt.file("r.db");
    write_content(options.path, content_of(path));
    disk_faults().clear();
    disk_faults().good_syncs = good_syncs;
    const bool opened = Outbox::open(options).has_value();
    disk_faults().clear();
    const bool salvaged = content_of(options.path) != content_of(path);
    failed_after_salvage += !opened && salvaged ? 1 : 0;
    const auto next = Outbox::open(options);
    require_good(next);
    CHECK(next->damage.begun_anew);
    CHECK(next->damage.receipts_salvaged == 20);
    if (opened) break;
  }
  CHECK(failed_after_salvage > 0);
}

TEST_CASE("a row of damage comes back as it was written, with the first thousand ranges") {
  DamageReport report{.begun_anew = true, .found_at = kStart, .what = "a \"quoted\" page"};
  report.receipts_salvaged = 7;
  report.receipts_damaged = 2;
  for (std::int64_t n = 1; n <= 1500; ++n) report.missing.push_back({kNewChain, 10 * n, 10 * n + 3});
  const auto back = parse_damage_row(damage_row(report));
  require_good(back);
  CHECK(back->what == report.what);
  CHECK(back->receipts_damaged == 2);
  REQUIRE(back->missing.size() == 1000);
  CHECK(back->missing.back() == report.missing[999]);
  CHECK(parse_damage_row({"damage", "", std::nullopt, "{}"}).error().code == "storage_damaged");
  auto row = damage_row(report);
  row.body.replace(row.body.find("10-13"), 5, "10+13");
  CHECK(parse_damage_row(row).error().code == "storage_damaged");
}

}  // namespace exitgate
