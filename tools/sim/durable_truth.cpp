#include "tools/sim/durable_truth.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace exitgate::sim {
namespace {

/// Looked at one by one after a restart; the older ones are judged by the chain having no gap.
constexpr std::size_t kNewest = 200;
constexpr std::size_t kRefusedAtMost = 64;
constexpr std::size_t kPastsAtMost = 8;

/// The first entry that is on one side only or differs, of those that did not expire; empty: none.
template <class Key, class Value>
std::string first_difference(const std::map<Key, Value>& expected, const std::map<Key, Value>& found,
                             const std::function<bool(const Value&)>& counts,
                             const std::function<std::string(const Key&)>& name) {
  for (const auto& [key, value] : expected) {
    if (!counts(value)) continue;
    const auto there = found.find(key);
    if (there == found.end()) return name(key) + " is missing";
    if (!(there->second == value)) return name(key) + " is not what was written last";
  }
  for (const auto& [key, value] : found) {
    if (counts(value) && !expected.contains(key)) return name(key) + " is there and was never answered";
  }
  return {};
}

template <class Key, class Value, class KeyOf>
std::map<Key, Value> keyed(const std::vector<Value>& values, KeyOf key_of) {
  std::map<Key, Value> all;
  for (const auto& value : values) all.emplace(key_of(value), value);
  return all;
}

}  // namespace

void DurableTruth::Content::take(const Writes& writes) {
  for (const auto& write : writes) take(write);
}

void DurableTruth::Content::take(const StoreWrite& write) {
  if (const auto* opened = std::get_if<PutOpenReceipt>(&write)) {
    open[opened->receipt.receipt_id] = opened->receipt;
  } else if (const auto* sealed = std::get_if<PutSealedReceipt>(&write)) {
    const auto& receipt = sealed->receipt;
    open.erase(receipt.receipt_id);
    ++sealed_count;
    newest_sealed.push_back({receipt.receipt_id, receipt.outcome.value_or(Outcome{}), receipt.passages});
    if (newest_sealed.size() > kNewest) newest_sealed.pop_front();
  } else if (const auto* put = std::get_if<PutLedger>(&write)) {
    ledger[put->entry.entry_id] = put->entry;
  } else if (const auto* drop = std::get_if<DropLedger>(&write)) {
    ledger.erase(drop->entry_id);
  } else if (const auto* lane = std::get_if<PutLane>(&write)) {
    lanes[lane->lane.lane_id.str()] = lane->lane;
  } else if (const auto* closure = std::get_if<PutClosure>(&write)) {
    closures[closure->closure.session_id] = closure->closure;
  } else if (const auto* gone = std::get_if<DropClosure>(&write)) {
    closures.erase(gone->session_id);
  } else if (std::holds_alternative<DropAllClosures>(write)) {
    closures.clear();
  } else if (std::holds_alternative<DropAllSessions>(write)) {
    closures.clear();
    rows.take(write);
  } else if (const auto* at = std::get_if<PutCursor>(&write)) {
    cursor = at->last_event_id;
  } else {
    rows.take(write);
  }
}

void DurableTruth::refused(const Writes& writes, MonoTime at) {
  if (!refused_.empty() && refused_.back().first == at) {
    refused_.back().second.push_back(writes);
    return;
  }
  refused_.push_back({at, {writes}});
  // The first ones and the last ones: those between repeat the first.
  if (refused_.size() > kRefusedAtMost) refused_.erase(refused_.begin() + kRefusedAtMost / 2);
}

std::string DurableTruth::judge(Outbox& outbox, const LoadedState& found, const std::vector<Writes>& in_flight) {
  Past last{.content = now_, .unanswered = {}};
  if (!in_flight.empty()) last.unanswered.push_back(in_flight);
  for (auto& [at, group] : std::exchange(refused_, {})) last.unanswered.push_back(std::move(group));
  const auto wrong = differs(now_, outbox, found);
  if (last.unanswered.empty() && wrong.empty()) return {};
  pasts_.push_front(std::move(last));
  if (pasts_.size() > kPastsAtMost) pasts_.pop_back();
  if (wrong.empty()) return {};
  for (const auto& past : pasts_) {
    if (auto possible = found_of(past, outbox, found)) {
      now_ = std::move(*possible);
      return {};
    }
  }
  return wrong;
}

std::optional<DurableTruth::Content> DurableTruth::found_of(const Past& past, Outbox& outbox,
                                                            const LoadedState& found) const {
  if (differs(past.content, outbox, found).empty()) return past.content;
  for (const auto& group : past.unanswered) {
    auto with_it = past.content;
    for (const auto& writes : group) with_it.take(writes);
    if (differs(with_it, outbox, found).empty()) return with_it;
  }
  return std::nullopt;
}

std::string DurableTruth::differs(const Content& content, Outbox& outbox, const LoadedState& found) const {
  auto wrong = receipts_differ(content, outbox, found);
  return wrong.empty() ? state_differs(content, found) : wrong;
}

std::string DurableTruth::receipts_differ(const Content& content, Outbox& outbox, const LoadedState& found) const {
  const auto open =
      keyed<Uuid, Receipt>(found.open_receipts, [](const Receipt& receipt) { return receipt.receipt_id; });
  auto wrong = first_difference<Uuid, Receipt>(
      content.open, open, [](const Receipt&) { return true; },
      [](const Uuid& id) { return "the open receipt " + to_string(id); });
  if (!wrong.empty()) return wrong;
  for (const auto& sealed : content.newest_sealed) {
    const auto name = "the sealed receipt " + to_string(sealed.id);
    const auto stored = outbox.get(sealed.id);
    if (!stored) return name + ": " + stored.error().message;
    if (stored->state == ReceiptState::kOpen || stored->sequence == 0) return name + " is not sealed";
    const auto& receipt = stored->receipt;
    if (receipt.outcome != sealed.outcome || receipt.passages != sealed.passages) return name + " is another";
  }
  return {};
}

std::string DurableTruth::state_differs(const Content& content, const LoadedState& found) const {
  const auto ledger = keyed<Uuid, LedgerEntry>(found.ledger, [](const LedgerEntry& entry) { return entry.entry_id; });
  auto wrong = first_difference<Uuid, LedgerEntry>(
      content.ledger, ledger, [this](const LedgerEntry& entry) { return entry.expires_at >= housekept_; },
      [](const Uuid& id) { return "the ledger's entry " + to_string(id); });
  if (!wrong.empty()) return wrong;
  const auto lanes =
      keyed<std::string, LaneDurable>(found.lanes, [](const LaneDurable& lane) { return lane.lane_id.str(); });
  wrong = first_difference<std::string, LaneDurable>(
      content.lanes, lanes, [](const LaneDurable&) { return true; },
      [](const std::string& id) { return "the state of lane " + id; });
  if (!wrong.empty()) return wrong;
  const auto closures = keyed<Uuid, Closure>(found.closures, [](const Closure& closure) { return closure.session_id; });
  wrong = first_difference<Uuid, Closure>(
      content.closures, closures, [this](const Closure& closure) { return closure.expires_at >= housekept_; },
      [](const Uuid& id) { return "the closure of session " + to_string(id); });
  if (!wrong.empty()) return wrong;
  if (content.cursor != found.last_event_id) {
    return "the stream's cursor is \"" + found.last_event_id + "\", not \"" + content.cursor + "\"";
  }
  return content.rows.differs(DurableRows::found(found), housekept_);
}

}  // namespace exitgate::sim
