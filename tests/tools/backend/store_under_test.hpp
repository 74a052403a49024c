// A store's backend with one cart session, and short words for what a gate does to it.
#pragma once

#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "tools/backend/receipt_check.hpp"
#include "tools/backend/store_backend.hpp"

namespace exitgate::reference {

namespace json = boost::json;

inline const ShortId kFront = ShortId::of("front");
inline const ShortId kBack = ShortId::of("back");
inline const WallTime kNow = wall_from_s(1793000000);
inline const SessionTag kTag = *parse_session_tag("a1b2c3d4e5f6");

inline Uuid numbered(std::uint32_t number) {
  static std::uint32_t call = 0;
  ++call;
  std::array<std::uint8_t, 10> random{};
  for (unsigned i = 0; i < 4; ++i) {
    random[9 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    random[5 - i] = static_cast<std::uint8_t>(number == 0 ? call >> (8 * i) : 0);
  }
  return make_uuid_v7(kNow, random);
}

inline StoreBackend make_backend(const std::string& file = ":memory:", std::int64_t events_kept = 1000) {
  auto database = Database::open(file);
  REQUIRE(database.has_value());
  StoreBackend backend(std::move(*database), {"SEA-042", events_kept, {}, [](WallTime) { return numbered(0); }});
  REQUIRE(backend.start(kNow).has_value());
  return backend;
}

inline Uuid put(StoreBackend& backend, std::uint16_t party_size = 1, bool push = false) {
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

inline Question cart_question(const ShortId& gate, Stage stage) {
  Question question{"SEA-042", gate, {}};
  question.request.request_id = numbered(0);
  question.request.lane_id = LaneId::of("1");
  question.request.cart = true;
  question.request.stage = stage;
  question.request.cart_id = 117;
  question.request.session_tag = kTag;
  return question;
}

inline Question walkout_question(Stage stage, std::optional<Uuid> named = std::nullopt) {
  auto question = cart_question(kFront, stage);
  question.request.cart = false;
  question.request.cart_id.reset();
  question.request.session_tag.reset();
  question.request.session_id = named;
  return question;
}

inline std::string say(const Answer& answer) {
  const auto value = json::parse(answer_json(answer)).as_object();
  const auto* reason = value.if_contains("reason");
  return reason == nullptr ? "noted" : std::string(reason->as_string());
}

inline std::string ask(StoreBackend& backend, const ShortId& gate, Stage stage) {
  const auto answer = backend.confirm(cart_question(gate, stage), kNow);
  REQUIRE(answer.has_value());
  return say(*answer);
}

/// A sealed receipt of gate `gate`; `number` makes its id and sequence.
inline json::object receipt(const ShortId& gate, std::uint32_t number, const Uuid& session, std::string_view outcome,
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

inline std::vector<UploadStatus> upload(StoreBackend& backend, const ShortId& gate, const json::array& receipts) {
  const auto results = backend.take_receipts(gate, receipts, kNow);
  REQUIRE(results.has_value());
  std::vector<UploadStatus> statuses;
  for (const auto& result : *results) statuses.push_back(result.status);
  return statuses;
}

inline std::vector<std::string> events_for(StoreBackend& backend, const ShortId& gate) {
  std::vector<std::string> names;
  for (const auto& event : backend.events_after(0, gate, 1000)) names.push_back(event.event);
  return names;
}

inline std::size_t stored(StoreBackend& backend) {
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
inline constexpr auto kStored = UploadStatus::kStored;
inline constexpr auto kDuplicate = UploadStatus::kDuplicate;
inline constexpr auto kRejected = UploadStatus::kRejected;

}  // namespace exitgate::reference
