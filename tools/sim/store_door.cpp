#include "tools/sim/store_door.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "tools/backend/messages.hpp"

namespace exitgate::sim {
namespace {

/// The objects of the array `receipts`, byte for byte: their hashes were taken over these bytes.
std::vector<std::string> receipts_of(std::string_view body) {
  std::vector<std::string> receipts;
  const auto array = body.find("\"receipts\":[");
  if (array == std::string_view::npos) return receipts;
  int depth = 0;
  bool quoted = false;
  std::size_t begin = 0;
  for (auto i = array + 12; i < body.size(); ++i) {
    const char c = body[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' && depth++ == 0) {
      begin = i;
    } else if (c == '}' && --depth == 0) {
      receipts.emplace_back(body.substr(begin, i + 1 - begin));
    } else if (c == ']' && depth == 0) {
      break;
    }
  }
  return receipts;
}

std::size_t pick(Dice& dice, std::size_t of) {
  return static_cast<std::size_t>(dice.between(0, static_cast<int>(of) - 1));
}

std::string named(std::string_view event, const std::string& data) {
  return "event: " + std::string(event) + "\ndata: " + data + "\n";
}

std::string closed_text(const Closure& closure) {
  reference::Session session;
  session.session_id = closure.session_id;
  session.cart_id = closure.cart_id;
  session.session_tag = closure.session_tag;
  session.closed_at = closure.closed_at;
  session.expires_at = closure.expires_at;
  session.total = closure.total;
  return named("closed", reference::closed_json(session, closure.party_size));
}

std::string text_of(const StreamEvent& event) {
  if (const auto* closed = std::get_if<Closure>(&event)) return closed_text(*closed);
  if (const auto* expected = std::get_if<ExpectedWalkout>(&event))
    return named("expected", reference::expected_json(*expected));
  if (const auto* revoked = std::get_if<Revocation>(&event)) return named("revoked", reference::revoked_json(*revoked));
  if (const auto* claimed = std::get_if<Claimed>(&event))
    return named("claimed", reference::claim_json(claimed->session_id, claimed->gate_id));
  const auto& unclaimed = std::get<Unclaimed>(event);
  return named("unclaimed", reference::claim_json(unclaimed.session_id, unclaimed.gate_id));
}

}  // namespace

HttpReply StoreDoor::confirm(std::string_view body, WallTime now) {
  const auto question = reference::parse_question(body);
  if (!question) return {.status = 400, .body = question.error().message, .retry_after = {}};
  const auto answer = store_->confirm(question->gate_id.str(), question->request, now);
  if (const auto* admit = std::get_if<Admit>(&answer)) return {200, reference::answer_json(*admit), {}};
  if (const auto* refuse = std::get_if<Refuse>(&answer)) return {200, reference::answer_json(*refuse), {}};
  return {200, reference::answer_json(reference::LapseNoted{}), {}};
}

HttpReply StoreDoor::receipts(std::string_view body, const Weather& weather, Dice& dice, bool twice) {
  if (dice.chance(weather.upload_busy)) {
    constexpr std::array kAsked{"5", "0", "70", "", "soon"};
    return {.status = dice.chance(0.5) ? 503 : 429, .body = {}, .retry_after = kAsked.at(pick(dice, kAsked.size()))};
  }
  if (dice.chance(weather.upload_forbidden))
    return {.status = dice.chance(0.5) ? 401 : 403, .body = {}, .retry_after = {}};
  const auto all = receipts_of(body);
  if (weather.upload_at_most > 0 && all.size() > weather.upload_at_most)
    return {.status = 413, .body = {}, .retry_after = {}};
  std::vector<UploadResult> results;
  for (const auto& json : all) {
    const auto id = parse_uuid(json_field(json, "receipt_id"));
    if (!id) continue;
    // Each has its share of all numbers, whenever it comes.
    const auto share = static_cast<double>(id->bytes[15] * 41 % 256) / 256;
    if (share >= weather.upload_culprits) continue;
    if (id->bytes[15] % 2 == 0) return {.status = dice.chance(0.5) ? 400 : 422, .body = {}, .retry_after = {}};
    results.push_back({*id, UploadStatus::kRejected, "simulated"});
  }
  for (const auto& json : all) {
    const auto id = parse_uuid(json_field(json, "receipt_id"));
    const auto known =
        std::find_if(results.begin(), results.end(), [&](const auto& one) { return one.receipt_id == id; });
    if (!id || known != results.end()) continue;
    const bool fresh = store_->store(gate_, json);
    if (std::exchange(twice, false)) store_->store_twice(gate_, json);
    results.push_back({*id, fresh ? UploadStatus::kStored : UploadStatus::kDuplicate, ""});
  }
  return {200, reference::results_json(results), {}};
}

HttpReply StoreDoor::pass_keys() const { return {200, reference::pass_keys_json(transmitters_->pass_keys()), {}}; }

std::size_t StoreDoor::position(std::string_view last_event_id) const {
  std::size_t position = log_begins_;
  std::from_chars(last_event_id.data(), last_event_id.data() + last_event_id.size(), position);
  return position;
}

bool StoreDoor::next_event(std::size_t& position) const {
  const auto& stream = store_->stream();
  while (position < stream.size() && !stream[position].gate.empty() && stream[position].gate != gate_) ++position;
  return position < stream.size();
}

std::size_t StoreDoor::events_from(std::size_t position) const {
  return store_->stream().size() - std::min(position, store_->stream().size());
}

std::string StoreDoor::event_text(std::size_t position) const {
  const auto id = "id: " + std::to_string(position + 1) + "\n";
  const auto event = text_of(store_->stream()[position].event);
  // Fields come in any order.
  return (position % 2 == 0 ? id + event : event + id) + "\n";
}

std::string StoreDoor::reset_text() {
  log_begins_ = store_->stream().size();
  store_->tell_again();
  return "event: reset\ndata: {}\n\n";
}

}  // namespace exitgate::sim
