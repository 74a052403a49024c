#include "tools/backend/store_backend.hpp"

#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "tools/backend/closure_streams.hpp"
#include "tools/backend/receipt_check.hpp"

namespace exitgate::reference {
namespace {

namespace json = boost::json;

const ShortId kFront = ShortId::of("front");
const ShortId kBack = ShortId::of("back");
const WallTime kNow = wall_from_s(1793000000);
const SessionTag kTag = *parse_session_tag("a1b2c3d4e5f6");

Uuid numbered(std::uint32_t number) {
  static std::uint32_t call = 0;
  ++call;
  std::array<std::uint8_t, 10> random{};
  for (unsigned i = 0; i < 4; ++i) {
    random[9 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    random[5 - i] = static_cast<std::uint8_t>(number == 0 ? call >> (8 * i) : 0);
  }
  return make_uuid_v7(kNow, random);
}

StoreBackend make_backend(const std::string& file = ":memory:", std::int64_t events_kept = 1000) {
  auto database = Database::open(file);
  REQUIRE(database.has_value());
  StoreBackend backend(std::move(*database), {"SEA-042", events_kept, {}, [](WallTime) { return numbered(0); }});
  REQUIRE(backend.start(kNow).has_value());
  return backend;
}

Uuid put(StoreBackend& backend, std::uint16_t party_size = 1, bool push = false) {
  SessionChange change;
  change.cart_id = 117;
  change.session_tag = kTag;
  change.state = SessionState::kClosed;
  change.party_size = party_size;
  change.push = push;
  const auto session = backend.put_session(change, kNow);
  REQUIRE(session.has_value());
  return session->session_id;
}

Question cart_question(const ShortId& gate, Stage stage) {
  Question question{"SEA-042", gate, {}};
  question.request.request_id = numbered(0);
  question.request.lane_id = LaneId::of("1");
  question.request.cart = true;
  question.request.stage = stage;
  question.request.cart_id = 117;
  question.request.session_tag = kTag;
  return question;
}

Question walkout_question(Stage stage, std::optional<Uuid> named = std::nullopt) {
  auto question = cart_question(kFront, stage);
  question.request.cart = false;
  question.request.cart_id.reset();
  question.request.session_tag.reset();
  question.request.session_id = named;
  return question;
}

std::string say(const Answer& answer) {
  const auto value = json::parse(answer_json(answer)).as_object();
  const auto* reason = value.if_contains("reason");
  return reason == nullptr ? "noted" : std::string(reason->as_string());
}

std::string ask(StoreBackend& backend, const ShortId& gate, Stage stage) {
  const auto answer = backend.confirm(cart_question(gate, stage), kNow);
  REQUIRE(answer.has_value());
  return say(*answer);
}

/// A sealed receipt of gate `gate`; `number` makes its id and sequence.
json::object receipt(const ShortId& gate, std::uint32_t number, const Uuid& session, std::string_view outcome,
                     int passages) {
  json::object value{{"receipt_id", to_string(numbered(number))},
                     {"schema", 1},
                     {"chain_id", "0193a1b2-c3d4-7abc-8def-000000000001"},
                     {"store_id", "SEA-042"},
                     {"gate_id", gate.view()},
                     {"lane_id", "1"},
                     {"sequence", std::int64_t{number}},
                     {"kind", "cart"},
                     {"basis", "confirmed"},
                     {"outcome", outcome},
                     {"passages", passages},
                     {"session_id", to_string(session)},
                     {"authorised_at", to_rfc3339(kNow)},
                     {"ended_at", to_rfc3339(kNow)},
                     {"clock", "synchronised"},
                     {"boot_id", "9c0e5b0e-3a55-4d7c-9d64-1f8a2b6f7e11"},
                     {"authorised_mono_ms", 1},
                     {"flags", json::array{}},
                     {"previous_hash", std::string(64, '0')}};
  value["hash"] = *receipt_hash(value);
  return value;
}

std::vector<UploadStatus> upload(StoreBackend& backend, const ShortId& gate, const json::array& receipts) {
  const auto results = backend.take_receipts(gate, receipts, kNow);
  REQUIRE(results.has_value());
  std::vector<UploadStatus> statuses;
  for (const auto& result : *results) statuses.push_back(result.status);
  return statuses;
}

std::vector<std::string> events_for(StoreBackend& backend, const ShortId& gate) {
  std::vector<std::string> names;
  for (const auto& event : backend.events_after(0, gate, 1000)) names.push_back(event.event);
  return names;
}

std::size_t stored(StoreBackend& backend) {
  std::size_t count = 0;
  backend.each_receipt([&](std::string_view) { ++count; });
  return count;
}

/// A database file of its own, gone afterwards.
struct TemporaryFile {
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("exitgate-backend-" + std::to_string(getpid()));
  TemporaryFile() { std::filesystem::create_directories(folder); }
  ~TemporaryFile() { std::filesystem::remove_all(folder); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] std::string path() const { return (folder / "backend.db").string(); }
};

using Names = std::vector<std::string>;
constexpr auto kStored = UploadStatus::kStored;
constexpr auto kDuplicate = UploadStatus::kDuplicate;
constexpr auto kRejected = UploadStatus::kRejected;

}  // namespace

TEST_CASE("asking ahead claims nothing: the other gate may be asked at too") {
  auto backend = make_backend();
  put(backend);
  CHECK(ask(backend, kFront, Stage::kAhead) == "closed");
  CHECK(ask(backend, kBack, Stage::kPresent) == "closed");
  CHECK(ask(backend, kFront, Stage::kPresent) == "already_used");
}

TEST_CASE("a claim by presence is told to the other gates alone, and so is its end") {
  auto backend = make_backend();
  put(backend);
  CHECK(ask(backend, kFront, Stage::kPresent) == "closed");
  CHECK(events_for(backend, kBack) == Names{"claimed"});
  CHECK(ask(backend, kFront, Stage::kLapsed) == "noted");
  CHECK(events_for(backend, kBack) == Names{"claimed", "unclaimed"});
  CHECK(events_for(backend, kFront).empty());
  CHECK(ask(backend, kBack, Stage::kPresent) == "closed");
}

TEST_CASE("an admission on local evidence claims even a session that is refused") {
  auto backend = make_backend();
  const auto session = put(backend);
  REQUIRE(backend.revoke({session, std::nullopt}, kNow).has_value());
  CHECK(ask(backend, kFront, Stage::kAdmitted) == "inspection");
  CHECK(ask(backend, kBack, Stage::kAhead) == "already_used");
}

TEST_CASE("a repeated request has the same answer, though the world has moved on") {
  auto backend = make_backend();
  put(backend);
  const auto question = cart_question(kBack, Stage::kPresent);
  CHECK(ask(backend, kFront, Stage::kPresent) == "closed");
  CHECK(say(*backend.confirm(question, kNow)) == "already_used");
  CHECK(ask(backend, kFront, Stage::kLapsed) == "noted");
  CHECK(say(*backend.confirm(question, kNow)) == "already_used");
  CHECK(ask(backend, kBack, Stage::kPresent) == "closed");
}

TEST_CASE("a receipt is stored once for ever, however often and in whatever order it comes") {
  auto backend = make_backend();
  const auto session = put(backend, 5);
  const auto one = receipt(kFront, 1, session, "passed", 1);
  const auto two = receipt(kFront, 2, session, "passed", 1);
  CHECK(upload(backend, kFront, {two, one, two}) == std::vector{kStored, kStored, kDuplicate});
  CHECK(upload(backend, kFront, {one, two}) == std::vector{kDuplicate, kDuplicate});
  CHECK(stored(backend) == 2);
  // Counted once each as well: three of five are left for another gate.
  const auto answer = backend.confirm(cart_question(kBack, Stage::kAhead), kNow);
  CHECK(std::get<Admit>(*answer).party_size == 3);
}

TEST_CASE("another receipt of a stored id is rejected and the first one stays") {
  auto backend = make_backend();
  const auto session = put(backend);
  CHECK(upload(backend, kFront, {receipt(kFront, 1, session, "not_used", 0)}) == std::vector{kStored});
  CHECK(upload(backend, kFront, {receipt(kFront, 1, session, "passed", 1)}) == std::vector{kRejected});
  CHECK(stored(backend) == 1);
  CHECK(ask(backend, kBack, Stage::kPresent) == "closed");
}

TEST_CASE("a bad receipt is rejected by itself, its neighbours are stored") {
  auto backend = make_backend();
  const auto session = put(backend);
  auto bad = receipt(kFront, 2, session, "passed", 1);
  bad["passages"] = 7;
  CHECK(upload(backend, kFront,
               {receipt(kFront, 1, session, "not_used", 0), bad, receipt(kFront, 3, session, "not_used", 0)}) ==
        std::vector{kStored, kRejected, kStored});
}

TEST_CASE("a batch with a receipt that has no id is refused whole") {
  auto backend = make_backend();
  const auto session = put(backend);
  const auto results =
      backend.take_receipts(kFront, {receipt(kFront, 1, session, "not_used", 0), json::object()}, kNow);
  REQUIRE_FALSE(results.has_value());
  CHECK(results.error().code == "receipt_without_id");
  CHECK(stored(backend) == 0);
}

TEST_CASE("part of a party passed: the other gates hear what is left before the claim ends") {
  auto backend = make_backend();
  const auto session = put(backend, 3, true);
  CHECK(ask(backend, kFront, Stage::kPresent) == "closed");
  CHECK(upload(backend, kFront, {receipt(kFront, 1, session, "passed", 2)}) == std::vector{kStored});
  CHECK(events_for(backend, kBack) == Names{"closed", "claimed", "closed", "unclaimed"});
  const auto left = backend.events_after(0, kBack, 100).at(2);
  CHECK(json::parse(left.data).at("party_size") == 1);
  CHECK(events_for(backend, kFront) == Names{"closed"});
}

TEST_CASE("an exit nobody asked about is told to the other gates by its receipt") {
  auto backend = make_backend();
  const auto session = put(backend);
  CHECK(upload(backend, kFront, {receipt(kFront, 1, session, "passed", 1)}) == std::vector{kStored});
  CHECK(events_for(backend, kBack) == Names{"claimed"});
  CHECK(ask(backend, kBack, Stage::kPresent) == "already_used");
}

TEST_CASE("an unauthorised passage is in nobody's party") {
  auto backend = make_backend();
  const auto session = put(backend);
  auto passage = receipt(kFront, 1, session, "passed", 1);
  passage["kind"] = "unauthorised";
  passage.erase("basis");
  passage.erase("hash");
  passage["hash"] = *receipt_hash(passage);
  CHECK(upload(backend, kFront, {passage}) == std::vector{kStored});
  CHECK(ask(backend, kBack, Stage::kPresent) == "closed");
}

TEST_CASE("receipts, claims and the closures log outlive a restart") {
  const TemporaryFile file;
  std::string log_id;
  Uuid session;
  {
    auto backend = make_backend(file.path());
    session = put(backend, 2, true);
    CHECK(ask(backend, kFront, Stage::kPresent) == "closed");
    CHECK(upload(backend, kFront, {receipt(kFront, 1, session, "unknown", 0)}) == std::vector{kStored});
    log_id = backend.log_range().log_id;
  }
  auto backend = make_backend(file.path());
  CHECK(backend.log_range().log_id == log_id);
  CHECK(events_for(backend, kBack) == Names{"closed", "claimed"});
  CHECK(upload(backend, kFront, {receipt(kFront, 1, session, "unknown", 0)}) == std::vector{kDuplicate});
  CHECK(ask(backend, kBack, Stage::kPresent) == "already_used");
  CHECK(stored(backend) == 1);
}

TEST_CASE("a file that is no database is refused with its name") {
  const TemporaryFile file;
  {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> handle(std::fopen(file.path().c_str(), "w"), std::fclose);
    REQUIRE(handle != nullptr);
    for (int i = 0; i < 200; ++i) std::fputs("this is no database\n", handle.get());
  }
  const auto database = Database::open(file.path());
  REQUIRE_FALSE(database.has_value());
  CHECK(database.error().code == "database_failed");
  CHECK(database.error().message.find(file.path()) != std::string::npos);
}

TEST_CASE("a stream resumes within the log and nowhere else") {
  auto backend = make_backend(":memory:", 2);
  for (int i = 0; i < 4; ++i) put(backend, 1, true);
  const auto log = backend.log_range();
  CHECK(log.newest == 4);
  CHECK(log.forgotten == 2);
  CHECK(can_resume({log.log_id, 4}, log));
  CHECK(can_resume({log.log_id, 2}, log));
  CHECK_FALSE(can_resume({log.log_id, 1}, log));
  CHECK_FALSE(can_resume({log.log_id, 5}, log));
  CHECK_FALSE(can_resume({"another", 3}, log));
  REQUIRE(backend.renew_log(kNow).has_value());
  CHECK_FALSE(can_resume({log.log_id, 4}, backend.log_range()));
  CHECK(events_for(backend, kBack).empty());
}

TEST_CASE("a position in the log reads back as it was written, and nothing else does") {
  const auto position = parse_position(to_string(StreamPosition{"0193a1b2-c3d4-7abc-8def-000000000001", 42}));
  REQUIRE(position.has_value());
  CHECK(position->log_id == "0193a1b2-c3d4-7abc-8def-000000000001");
  CHECK(position->number == 42);
  for (const char* text : {"", "42", "x.", "x.-1", "x.4y", "x. 4"}) {
    INFO(text);
    CHECK_FALSE(parse_position(text).has_value());
  }
}

TEST_CASE("walkouts are named in order of arrival, though the gate believes in another") {
  auto backend = make_backend();
  SessionChange change;
  change.cart = false;
  change.state = SessionState::kClosed;
  const auto first = backend.put_session(change, kNow)->session_id;
  const auto second = backend.put_session(change, kNow)->session_id;
  const LaneKey lane{kFront, LaneId::of("1")};
  REQUIRE(backend.arrive({lane, first, kNow, true}).has_value());
  REQUIRE(backend.arrive({lane, second, kNow, false}).has_value());
  CHECK(events_for(backend, kFront) == Names{"expected"});
  CHECK(events_for(backend, kBack).empty());
  const auto named = [&](Stage stage, std::optional<Uuid> believed, bool reaches) {
    return std::get<Admit>(*backend.confirm(walkout_question(stage, believed), kNow, reaches)).session_id;
  };
  // An answer that got lost lets nobody out: the same shopper is named again.
  CHECK(named(Stage::kPresent, std::nullopt, false) == first);
  CHECK(named(Stage::kAdmitted, second, true) == first);
  CHECK(named(Stage::kPresent, std::nullopt, true) == second);
}

TEST_CASE("a walkout nobody knows is an unknown session") {
  auto backend = make_backend();
  CHECK(say(*backend.confirm(walkout_question(Stage::kPresent), kNow)) == "unknown_session");
  CHECK_FALSE(backend.arrive({{kFront, LaneId::of("1")}, numbered(9), kNow, true}).has_value());
}

TEST_CASE("a session said to be closed again is good again, and keeps what passed") {
  auto backend = make_backend();
  const auto session = put(backend, 2);
  CHECK(upload(backend, kFront, {receipt(kFront, 1, session, "passed", 1)}) == std::vector{kStored});
  REQUIRE(backend.revoke({std::nullopt, kTag}, kNow).has_value());
  CHECK(ask(backend, kBack, Stage::kPresent) == "inspection");
  CHECK(put(backend, 2, true) == session);
  const auto answer = backend.confirm(cart_question(kBack, Stage::kPresent), kNow);
  CHECK(std::get<Admit>(*answer).party_size == 1);
}

TEST_CASE("cart and tag name one session: another id for them is a conflict") {
  auto backend = make_backend();
  put(backend);
  SessionChange change;
  change.session_id = numbered(77);
  change.cart_id = 117;
  change.session_tag = kTag;
  const auto session = backend.put_session(change, kNow);
  REQUIRE_FALSE(session.has_value());
  CHECK(session.error().code == "conflict");
}

TEST_CASE("a pass carries its session, signed with the newest key") {
  auto backend = make_backend();
  const auto session = put(backend, 2);
  CHECK(backend.pass_for(session).error().code == "no_key");
  SigningKey key;
  key.key_id = 7;
  key.seed.fill(0x42);
  backend.add_signing_key(key);
  const auto payload = backend.pass_for(session);
  REQUIRE(payload.has_value());
  const auto pass = beacon::read_pass(*payload);
  CHECK(pass.key_id == 7);
  CHECK(pass.cart_id == 117);
  CHECK(pass.session_tag == kTag);
  CHECK(pass.session_id == session);
  CHECK(pass.party_size == 2);
  beacon::SignatureEngine signatures("SEA-042");
  CHECK(signatures.fits(backend.pass_keys().at(0).public_key, *payload));
}

}  // namespace exitgate::reference
