#include <sqlite3.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <functional>
#include <map>
#include <set>

#include "receipt_samples.hpp"
#include "receipts/receipt_json.hpp"

namespace exitgate {
namespace {

using namespace test;

constexpr std::size_t kPage = 4096;
constexpr std::uint32_t kReceipts = 260;
constexpr std::uint32_t kDelivered = 100;
const Uuid kNewChain = id(0xC0, 2);

struct Original {
  TemporaryFolder folder;
  std::string path = folder.file("r.db");
  std::map<std::int64_t, StoredReceipt> sealed;  // by sequence
};

/// A database with all there can be, its log already in the file unless `keep_log`.
void fill(Original& original, bool keep_log) {
  auto outbox = open_outbox(options_for(original.path));
  std::vector<StoreWrite> writes;
  for (std::uint32_t n = 1; n <= kReceipts; ++n) {
    auto receipt = sealed_receipt(n);
    // One so long that it does not fit a page.
    if (n == 50) {
      receipt.kind = ReceiptKind::kStaff;
      receipt.note = std::string(9000, 'x');
    }
    writes.emplace_back(PutSealedReceipt{receipt});
    writes.emplace_back(PutLedger{ledger_entry(n)});
    if (n % 20 != 0) continue;
    require_good(outbox.apply(writes));
    writes.clear();
  }
  require_good(outbox.apply({PutOpenReceipt{open_receipt(900)}, PutClockFloor{kStart}, PutCursor{"e42"}}));
  LaneDurable lane;
  lane.lane_id = ShortId::of("1");
  lane.held_open = true;
  require_good(outbox.apply({PutLane{lane}, PutRevocation{{id(2, 5), std::nullopt}, kStart + std::chrono::hours{24}}}));
  DeliveryOutcome outcome;
  for (std::uint32_t n = 1; n <= kDelivered; ++n) outcome.delivered.push_back({receipt_id(n)});
  require_good(outbox.record_outcome(outcome));
  if (!keep_log) require_good(outbox.checkpoint());
  const auto page = outbox.list({.state = std::nullopt, .after = std::nullopt, .limit = 1000});
  for (const auto& stored : page->receipts) {
    if (stored.sequence > 0) original.sealed[stored.sequence] = stored;
  }
  if (keep_log) copy_database(original.path, original.path + ".copy");
}

std::vector<std::size_t> pages_of_type(const std::string& content, char type) {
  std::vector<std::size_t> pages;
  for (std::size_t page = 1; page * kPage < content.size(); ++page) {
    if (content[page * kPage] == type) pages.push_back(page);
  }
  return pages;
}

void overwrite(std::string& content, std::size_t page) {
  std::fill_n(content.begin() + static_cast<std::ptrdiff_t>(page * kPage), kPage, '\xA5');
}

/// Opens what was damaged and checks what must hold after every kind of damage. Gives back what was lost.
std::set<std::int64_t> open_damaged(const Original& original, const std::string& damaged_content) {
  auto options = options_for(original.path);
  options.fresh_chain_id = kNewChain;
  auto opened = Outbox::open(options);
  require_good(opened);
  const auto& damage = opened->damage;
  REQUIRE(damage.begun_anew);
  CHECK_FALSE(damage.what.empty());
  REQUIRE_FALSE(damage.kept_aside.empty());
  CHECK(content_of(damage.kept_aside.back()) == damaged_content);

  std::set<std::int64_t> lost;
  for (const auto& range : damage.missing) {
    CHECK(range.chain_id == kChain);
    for (auto n = range.first; n <= range.last; ++n) lost.insert(n);
  }
  auto& outbox = opened->outbox;
  std::set<std::int64_t> there;
  std::size_t queued = 0;
  const auto all = outbox.list({.state = std::nullopt, .after = std::nullopt, .limit = 1000});
  require_good(all);
  for (const auto& stored : all->receipts) {
    if (stored.sequence == 0) continue;
    const auto& before = original.sealed.at(stored.sequence);
    if (stored.state == ReceiptState::kQuarantined) {
      CHECK(stored.rejected_reason == "damaged");
      continue;
    }
    CHECK(stored.json == before.json);
    CHECK(stored.chain_id == kChain);
    CHECK((stored.state == before.state || stored.state == ReceiptState::kQueued));
    queued += stored.state == ReceiptState::kQueued ? 1U : 0U;
    there.insert(stored.sequence);
  }
  CHECK(damage.undelivered_salvaged == queued);
  CHECK(there.size() + lost.size() + damage.receipts_damaged >= kReceipts);
  for (const auto n : lost) CHECK_FALSE(there.contains(n));

  const auto loaded = outbox.load(kStart);
  require_good(loaded);
  CHECK(loaded->state.salvaged_at == options.now);
  CHECK(loaded->state.last_event_id.empty());
  seal(outbox, 1000, 1000);
  CHECK(outbox.get(receipt_id(1000))->sequence == 1);
  CHECK(outbox.get(receipt_id(1000))->chain_id == kNewChain);
  CHECK(outbox.get(receipt_id(1000))->previous_hash == first_previous_hash());
  const auto next = outbox.next_queued(1000);
  CHECK(next->back().receipt.receipt_id == receipt_id(1000));
  CHECK(outbox.verify()->good() == (lost.empty() && damage.receipts_damaged == 0));
  return lost;
}

struct Damage {
  const char* what;
  std::function<void(std::string&)> inflict;
  std::size_t lost_at_most;
  bool state_whole;
};

const std::vector<Damage>& damages() {
  static const std::vector<Damage> all{
      {"header", [](std::string& c) { std::fill_n(c.begin(), 100, '\x55'); }, 0, true},
      {"page size in the header", [](std::string& c) { c[16] = '\x03'; }, 0, true},
      {"schema page", [](std::string& c) { std::fill_n(c.begin() + 100, kPage - 100, '\x55'); }, 0, true},
      {"schema page, zeroed", [](std::string& c) { std::fill_n(c.begin(), kPage, '\0'); }, 0, true},
      {"a table leaf", [](std::string& c) { overwrite(c, pages_of_type(c, '\x0D').at(3)); }, 20, false},
      {"a late table leaf", [](std::string& c) { overwrite(c, pages_of_type(c, '\x0D').back()); }, 20, false},
      {"every interior page",
       [](std::string& c) {
         for (const auto p : pages_of_type(c, '\x05')) overwrite(c, p);
       },
       0, true},
      {"an index leaf", [](std::string& c) { overwrite(c, pages_of_type(c, '\x0A').front()); }, 0, true},
      {"an interior index page", [](std::string& c) { overwrite(c, pages_of_type(c, '\x02').front()); }, 0, true},
      {"truncated to half", [](std::string& c) { c.resize(c.size() / 2 / kPage * kPage); }, kReceipts, false},
      {"truncated within a page", [](std::string& c) { c.resize(c.size() - 1000); }, 20, false},
  };
  return all;
}

}  // namespace

TEST_CASE("damage of any page: the file is kept aside, the rest is salvaged unaltered, what is missing is told") {
  Original original;
  fill(original, false);
  auto content = content_of(original.path);
  const auto index = GENERATE(range(std::size_t{0}, std::size_t{11}));
  REQUIRE(damages().size() == 11);
  const auto& damage = damages()[index];
  INFO(damage.what);
  damage.inflict(content);
  write_content(original.path, content);
  const auto lost = open_damaged(original, content);
  CHECK(lost.size() <= damage.lost_at_most);
  auto outbox = open_salvaged(options_for(original.path));
  const auto loaded = outbox.load(kStart);
  require_good(loaded);
  if (damage.state_whole) {
    CHECK(loaded->state.ledger.size() == kReceipts);
    REQUIRE(loaded->state.open_receipts.size() == 1);
    CHECK(loaded->state.open_receipts.front() == open_receipt(900));
    CHECK(loaded->state.lanes.size() == 1);
    CHECK(loaded->state.revocations.size() == 1);
    CHECK(loaded->state.clock_floor == kStart);
  }
}

TEST_CASE("a damaged freelist page costs nothing but the chain") {
  Original original;
  fill(original, false);
  {
    // Many rows at once leave whole pages free.
    auto outbox = open_outbox(options_for(original.path));
    std::vector<StoreWrite> many;
    for (std::uint32_t n = 0; n < 500; ++n) {
      Closure closure;
      closure.session_id = id(7, n);
      closure.expires_at = kStart;
      many.emplace_back(PutClosure{closure});
    }
    require_good(outbox.apply(many));
    require_good(outbox.apply({DropAllClosures{}}));
  }
  auto content = content_of(original.path);
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(content[at]); };
  const std::size_t trunk = (std::size_t{byte(34)} << 8) | byte(35);
  REQUIRE(trunk > 1);
  overwrite(content, trunk - 1);
  write_content(original.path, content);
  CHECK(open_damaged(original, content).empty());
  CHECK(open_salvaged(options_for(original.path)).load(kStart)->state.closures.empty());
}

TEST_CASE("a log broken in the middle is damage: commits behind it are not lost in silence") {
  Original original;
  fill(original, true);
  copy_database(original.path + ".copy", original.path);
  auto log = content_of(original.path + "-wal");
  const bool header = GENERATE(false, true);
  INFO((header ? "header" : "frame"));
  const auto frames = (log.size() - 32) / (kPage + 24);
  const auto at = header ? std::size_t{4} : 32 + (kPage + 24) * (frames / 2) + 500;
  log[at] = static_cast<char>(log[at] ^ 0x20);
  write_content(original.path + "-wal", log);
  const auto lost = open_damaged(original, content_of(original.path));
  CHECK(lost.empty());
}

TEST_CASE("a last transaction torn by a power cut is no damage and takes only itself") {
  Original original;
  fill(original, true);
  copy_database(original.path + ".copy", original.path);
  auto log = content_of(original.path + "-wal");
  log.resize(log.size() - 100);
  write_content(original.path + "-wal", log);
  auto outbox = open_outbox(options_for(original.path));
  CHECK(outbox.verify()->good());
  CHECK(outbox.queue_status().queued == kReceipts);
}

TEST_CASE("no database at all: text, zeros, or nothing where one was") {
  Original original;
  const std::string content =
      GENERATE(as<std::string>{}, "this is a letter, not a database\n", std::string(20000, '\0'));
  write_content(original.path, content);
  auto opened = Outbox::open(options_for(original.path));
  require_good(opened);
  CHECK(opened->damage.begun_anew);
  CHECK(content_of(opened->damage.kept_aside.front()) == content);
  seal(opened->outbox, 1, 1);
  CHECK(opened->outbox.get(receipt_id(1))->sequence == 1);
}

TEST_CASE("a log whose database is gone is salvaged from the log") {
  Original original;
  fill(original, true);
  copy_database(original.path + ".copy", original.path);
  std::filesystem::remove(original.path);
  auto options = options_for(original.path);
  options.fresh_chain_id = kNewChain;
  auto opened = Outbox::open(options);
  require_good(opened);
  CHECK(opened->damage.begun_anew);
  CHECK(opened->damage.receipts_salvaged == kReceipts + 1);
  CHECK(opened->damage.missing.empty());
}

TEST_CASE("a flipped bit inside a receipt: it goes to quarantine as damaged, is never sent, and the queue goes on") {
  Original original;
  fill(original, false);
  auto content = content_of(original.path);
  const auto needle = "\"receipt_id\":\"" + to_string(receipt_id(150)) + "\"";
  const auto at = content.find(needle);
  REQUIRE(at != std::string::npos);
  content[at + 20] = static_cast<char>(content[at + 20] ^ 1);

  SECTION("found by the queue") {
    write_content(original.path, content);
    auto outbox = open_outbox(options_for(original.path));
    const auto verified = outbox.verify();
    REQUIRE_FALSE(verified->good());
    CHECK(verified->findings.front().sequence == 150);
    const auto next = outbox.next_queued(1000);
    require_good(next);
    CHECK(next->size() == kReceipts - kDelivered - 1);
    const auto page = outbox.list({.state = ReceiptState::kQuarantined, .after = std::nullopt, .limit = 10});
    REQUIRE(page->receipts.size() == 1);
    CHECK(page->receipts.front().rejected_reason.starts_with("damaged"));
    CHECK(page->receipts.front().sequence == 150);
    CHECK(outbox.retry(receipt_id(150)).error().code == "wrong_state");
  }
  SECTION("found by salvage") {
    overwrite(content, pages_of_type(content, '\x0A').front());
    write_content(original.path, content);
    CHECK(open_damaged(original, content).empty());
    auto outbox = open_salvaged(options_for(original.path));
    CHECK(outbox.queue_status().quarantined == 1);
    CHECK(outbox.get(receipt_id(150))->state == ReceiptState::kQuarantined);
  }
}

TEST_CASE("a salvage cut off by a power cut is finished or begun again, and loses nothing") {
  Original original;
  fill(original, false);
  auto content = content_of(original.path);
  content[16] = '\x03';
  write_content(original.path, content);
  auto options = options_for(original.path);
  options.fresh_chain_id = kNewChain;
  SECTION("before the new database was whole") {
    write_content(original.path + ".building", "half of it");
    auto opened = Outbox::open(options);
    require_good(opened);
    CHECK(opened->damage.receipts_salvaged == kReceipts + 1);
  }
  SECTION("before it took the name") {
    { require_good(Outbox::open(options)); }
    std::filesystem::rename(original.path, original.path + ".salvaged");
    write_content(original.path, content);
    auto outbox = open_salvaged(options);
    CHECK(outbox.queue_status().queued == kReceipts - kDelivered);
    CHECK(outbox.load(kStart)->state.salvaged_at);
  }
  CHECK_FALSE(std::filesystem::exists(original.path + ".salvaged"));
  CHECK_FALSE(std::filesystem::exists(original.path + ".building"));
}

}  // namespace exitgate
