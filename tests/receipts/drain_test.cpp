#include "receipts/drain.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <deque>
#include <set>

#include "receipt_samples.hpp"

namespace exitgate {
namespace {

using namespace test;
using std::chrono::seconds;

/// A queue and a backend around one Drain, on virtual time.
struct Rig {
  double random = 1.0 - 1e-9;
  Drain drain{[this] { return random; }};
  MonoTime now = mono_from_us(1'000'000);
  std::deque<StoredReceipt> queue;
  std::vector<std::size_t> batches;
  std::set<Uuid> delivered;
  std::vector<Rejected> rejected;

  explicit Rig(std::uint32_t receipts) {
    for (std::uint32_t n = 1; n <= receipts; ++n) {
      StoredReceipt stored;
      stored.receipt = sealed_receipt(n);
      stored.sequence = n;
      stored.json = std::to_string(n);
      queue.push_back(std::move(stored));
    }
    drain.queue_is(static_cast<std::int64_t>(queue.size()));
  }

  /// Carries out all but uploads; the numbers to upload, or nothing when the drain waits.
  std::optional<std::vector<std::uint32_t>> next_upload() {
    for (;;) {
      auto action = drain.next(now);
      if (std::holds_alternative<Drain::Nothing>(action)) return std::nullopt;
      if (const auto* upload = std::get_if<Drain::Upload>(&action)) {
        std::vector<std::uint32_t> numbers;
        for (const auto& json : upload->receipt_jsons) numbers.push_back(static_cast<std::uint32_t>(std::stoul(json)));
        batches.push_back(numbers.size());
        return numbers;
      }
      if (const auto* fetch = std::get_if<Drain::Fetch>(&action)) {
        const auto count = std::min(fetch->limit, queue.size());
        drain.fetched(now,
                      std::vector<StoredReceipt>(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(count)));
      }
      if (const auto* record = std::get_if<Drain::Record>(&action)) {
        take(record->outcome);
        drain.recorded(now, {});
        drain.queue_is(static_cast<std::int64_t>(queue.size()));
      }
    }
  }
  void take(const DeliveryOutcome& outcome) {
    for (const auto& d : outcome.delivered) delivered.insert(d.receipt_id);
    rejected.insert(rejected.end(), outcome.rejected.begin(), outcome.rejected.end());
    std::erase_if(queue, [&](const StoredReceipt& stored) {
      const auto& one = stored.receipt.receipt_id;
      const auto is_one = [&](const auto& d) { return d.receipt_id == one; };
      return std::any_of(outcome.delivered.begin(), outcome.delivered.end(), is_one) ||
             std::any_of(outcome.rejected.begin(), outcome.rejected.end(), is_one);
    });
  }
  static UploadAccepted stored(const std::vector<std::uint32_t>& numbers) {
    UploadAccepted accepted;
    for (const auto n : numbers) accepted.results.push_back({receipt_id(n), UploadStatus::kStored, ""});
    return accepted;
  }
  void answer(UploadAnswer answer) { drain.answered(now, answer); }
  /// How long until it tries again.
  Duration wait() {
    REQUIRE_FALSE(next_upload());
    return drain.next_deadline() - now;
  }
};

}  // namespace

TEST_CASE("the queue is uploaded in order of sequence, at most 100 at a time, one upload after the other") {
  Rig rig(250);
  std::uint32_t expected = 1;
  while (const auto numbers = rig.next_upload()) {
    CHECK(std::holds_alternative<Drain::Nothing>(rig.drain.next(rig.now)));
    for (const auto n : *numbers) CHECK(n == expected++);
    rig.answer(Rig::stored(*numbers));
  }
  CHECK(rig.batches == std::vector<std::size_t>{100, 100, 50});
  CHECK(rig.delivered.size() == 250);
  CHECK(rig.drain.next_deadline() == kNever);
}

TEST_CASE("an empty queue asks for nothing until something is queued") {
  Rig rig(0);
  CHECK_FALSE(rig.next_upload());
  CHECK(rig.drain.next_deadline() == kNever);
  rig.drain.queue_is(1);
  CHECK(std::holds_alternative<Drain::Fetch>(rig.drain.next(rig.now)));
}

TEST_CASE("duplicate counts as delivered, rejected goes to quarantine with its reason, the rest goes on") {
  Rig rig(4);
  REQUIRE(rig.next_upload());
  rig.answer(UploadAccepted{{{receipt_id(1), UploadStatus::kDuplicate, ""},
                             {receipt_id(2), UploadStatus::kRejected, "unknown gate"},
                             {receipt_id(3), UploadStatus::kStored, ""}}});
  const auto next = rig.next_upload();
  CHECK(rig.delivered == std::set{receipt_id(1), receipt_id(3)});
  REQUIRE(rig.rejected.size() == 1);
  CHECK(rig.rejected.front().receipt_id == receipt_id(2));
  CHECK(rig.rejected.front().reason == "unknown gate");
  // The one without a result stayed queued.
  CHECK(next == std::vector<std::uint32_t>{4});
}

TEST_CASE("an answer without a single result we can use is trouble: back-off, nothing leaves the queue") {
  Rig rig(2);
  REQUIRE(rig.next_upload());
  const bool foreign = GENERATE(false, true);
  rig.answer(foreign ? UploadAccepted{{{receipt_id(77), UploadStatus::kStored, ""}}} : UploadAccepted{});
  CHECK(rig.wait() > Duration{0});
  CHECK(rig.queue.size() == 2);
}

TEST_CASE("400, 413 and 422: the batch is halved until the culprit stands alone and goes to quarantine") {
  const int status = GENERATE(400, 413, 422);
  const std::uint32_t culprit = GENERATE(1U, 37U, 100U, 101U, 150U);
  Rig rig(150);
  int uploads = 0;
  while (const auto numbers = rig.next_upload()) {
    REQUIRE(++uploads < 40);
    const bool bad = std::find(numbers->begin(), numbers->end(), culprit) != numbers->end();
    if (bad) {
      rig.answer(UploadUnacceptable{status});
    } else {
      rig.answer(Rig::stored(*numbers));
    }
  }
  CHECK(rig.queue.empty());
  REQUIRE(rig.rejected.size() == 1);
  CHECK(rig.rejected.front().receipt_id == receipt_id(culprit));
  CHECK(rig.rejected.front().reason == "http_" + std::to_string(status));
  CHECK(rig.delivered.size() == 149);
}

TEST_CASE("a backend that takes only small batches gets small batches, and nothing goes to quarantine") {
  Rig rig(500);
  int uploads = 0;
  while (const auto numbers = rig.next_upload()) {
    REQUIRE(++uploads < 200);
    if (numbers->size() > 20) {
      rig.answer(UploadUnacceptable{413});
    } else {
      rig.answer(Rig::stored(*numbers));
    }
  }
  CHECK(rig.rejected.empty());
  CHECK(rig.delivered.size() == 500);
}

TEST_CASE("401, 403 and TLS refusal: all is kept and tried every 60 s, also when the stream comes back") {
  Rig rig(3);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(rig.next_upload());
    rig.answer(UploadForbidden{"403"});
    CHECK(rig.wait() == seconds{60});
    rig.drain.stream_came_back();
    CHECK(rig.wait() == seconds{60});
    rig.now += seconds{60};
  }
  CHECK(rig.queue.size() == 3);
}

TEST_CASE("429 and 503: Retry-After is honoured, at most 600 s, and not cut short by the stream") {
  Rig rig(1);
  REQUIRE(rig.next_upload());
  rig.answer(UploadBusy{seconds{17}});
  rig.drain.stream_came_back();
  CHECK(rig.wait() == seconds{17});
  rig.now += seconds{17};
  REQUIRE(rig.next_upload());
  rig.answer(UploadBusy{seconds{86400}});
  CHECK(rig.wait() == seconds{600});
  rig.now += seconds{600};
  REQUIRE(rig.next_upload());
  rig.answer(UploadBusy{std::nullopt});
  CHECK(rig.wait() <= milliseconds{500});
  CHECK(rig.wait() > milliseconds{499});
}

TEST_CASE("other trouble: full-jitter back-off from 0.5 s doubling to 60 s, for ever, with no budget") {
  Rig rig(1);
  std::int64_t bound_ms = 500;
  for (int i = 0; i < 40; ++i) {
    REQUIRE(rig.next_upload());
    rig.answer(UploadFailed{"connection refused"});
    const auto wait = rig.wait();
    CHECK(wait <= milliseconds{bound_ms});
    CHECK(wait > milliseconds{bound_ms - 1});
    rig.now += wait;
    bound_ms = std::min<std::int64_t>(bound_ms * 2, 60'000);
  }
  CHECK(rig.queue.size() == 1);
  SECTION("the jitter is full: it may be anything down to nothing") {
    rig.random = 0;
    REQUIRE(rig.next_upload());
    rig.answer(UploadFailed{"x"});
    CHECK(rig.next_upload());
  }
  SECTION("the stream coming back ends it at once") {
    REQUIRE(rig.next_upload());
    rig.answer(UploadFailed{"x"});
    CHECK_FALSE(rig.next_upload());
    rig.drain.stream_came_back();
    CHECK(rig.next_upload());
  }
  SECTION("a good answer starts it from 0.5 s again") {
    auto numbers = rig.next_upload();
    REQUIRE(numbers);
    rig.answer(Rig::stored(*numbers));
    CHECK_FALSE(rig.next_upload());
    rig.queue = Rig(1).queue;
    rig.drain.queue_is(1);
    REQUIRE(rig.next_upload());
    rig.answer(UploadFailed{"x"});
    CHECK(rig.wait() <= milliseconds{500});
  }
}

TEST_CASE("an outcome the disk did not take is written down again, without uploading again") {
  Rig rig(1);
  const auto numbers = rig.next_upload();
  REQUIRE(numbers);
  rig.answer(Rig::stored(*numbers));
  REQUIRE(std::holds_alternative<Drain::Record>(rig.drain.next(rig.now)));
  rig.drain.recorded(rig.now, fail("storage_full", "no room"));
  CHECK(std::holds_alternative<Drain::Nothing>(rig.drain.next(rig.now)));
  rig.now = rig.drain.next_deadline();
  const auto again = rig.drain.next(rig.now);
  REQUIRE(std::holds_alternative<Drain::Record>(again));
  CHECK(std::get<Drain::Record>(again).outcome.delivered.front().receipt_id == receipt_id(1));
  rig.drain.recorded(rig.now, {});
  CHECK(rig.batches.size() == 1);
}

TEST_CASE("a store that can't be read is asked again with back-off") {
  Rig rig(1);
  REQUIRE(std::holds_alternative<Drain::Fetch>(rig.drain.next(rig.now)));
  rig.drain.fetched(rig.now, fail("storage_io", "x"));
  CHECK(std::holds_alternative<Drain::Nothing>(rig.drain.next(rig.now)));
  rig.now = rig.drain.next_deadline();
  CHECK(std::holds_alternative<Drain::Fetch>(rig.drain.next(rig.now)));
}

}  // namespace exitgate
