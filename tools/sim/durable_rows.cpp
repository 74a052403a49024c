#include "tools/sim/durable_rows.hpp"

namespace exitgate::sim {
namespace {

const std::string kExpectedKind = "the walkout expected of session ";
const std::string kRevocationKind = "the revocation of session ";
const std::string kClaimKind = "the claim on session ";
const std::string kMarkKind = "the mark of cart ";
const std::string kKeyKind = "the pass key ";

std::string ms(WallTime at) { return std::to_string(unix_ms(at)); }
std::string ms(const std::optional<WallTime>& at) { return at ? ms(*at) : "-"; }

std::string name(const Revocation& of) {
  return kRevocationKind + (of.session_id ? to_string(*of.session_id) : "") + "/" +
         (of.session_tag ? to_string(*of.session_tag) : "");
}
std::string name(const Uuid& session, const LaneId& lane) {
  return kExpectedKind + to_string(session) + " at lane " + lane.str();
}
std::string value(const ExpectedWalkout& of) {
  return ms(of.at) + " " + ms(of.expires_at) + " " + std::to_string(of.party_size);
}
std::string value(const PassKey& key) {
  return std::string(key.public_key.begin(), key.public_key.end()) + ms(key.not_before) + " " + ms(key.not_after);
}

}  // namespace

void DurableRows::drop_all(const std::string& kind) {
  std::erase_if(rows_, [&kind](const auto& row) { return row.first.starts_with(kind); });
}

void DurableRows::take(const StoreWrite& write) {
  if (const auto* expected = std::get_if<PutExpected>(&write)) {
    const auto& told = expected->expected;
    rows_[name(told.session_id, told.lane_id)] = {value(told), told.expires_at};
  } else if (const auto* used = std::get_if<DropExpected>(&write)) {
    rows_.erase(name(used->session_id, used->lane_id));
  } else if (const auto* revoked = std::get_if<PutRevocation>(&write)) {
    rows_[name(revoked->revocation)] = {ms(revoked->kept_until), revoked->kept_until};
  } else if (const auto* claimed = std::get_if<PutClaim>(&write)) {
    rows_[kClaimKind + to_string(claimed->session_id)] = {claimed->gate_id.str() + ms(claimed->kept_until),
                                                          claimed->kept_until};
  } else if (const auto* unclaimed = std::get_if<DropClaim>(&write)) {
    rows_.erase(kClaimKind + to_string(unclaimed->session_id));
  } else if (std::holds_alternative<DropAllSessions>(write)) {
    for (const auto& kind : {kExpectedKind, kRevocationKind, kClaimKind}) drop_all(kind);
  } else if (const auto* marks = std::get_if<PutReplayMarks>(&write)) {
    for (const auto& mark : marks->marks)
      rows_[kMarkKind + std::to_string(mark.cart_id)] = {std::to_string(mark.newest_unix_s), std::nullopt};
  } else if (const auto* mark = std::get_if<DropReplayMark>(&write)) {
    rows_.erase(kMarkKind + std::to_string(mark->cart_id));
  } else if (const auto* floor = std::get_if<PutClockFloor>(&write)) {
    rows_["the clock's floor"] = {ms(floor->floor), std::nullopt};
  } else if (const auto* answer = std::get_if<PutLastValidAnswer>(&write)) {
    rows_["the last valid answer"] = {ms(answer->last.at) + " after " + std::to_string(answer->last.outage.count()),
                                      std::nullopt};
  } else if (const auto* keys = std::get_if<PutPassKeys>(&write)) {
    drop_all(kKeyKind);
    for (const auto& key : keys->keys) rows_[kKeyKind + std::to_string(key.key_id)] = {value(key), std::nullopt};
  }
}

DurableRows DurableRows::found(const LoadedState& state) {
  DurableRows found;
  for (const auto& expected : state.expected) found.take(PutExpected{expected});
  for (const auto& kept : state.revocations) found.take(PutRevocation{kept.revocation, kept.kept_until});
  for (const auto& kept : state.claims) found.take(PutClaim{kept.session_id, kept.gate_id, kept.kept_until});
  found.take(PutReplayMarks{state.replay_marks});
  found.take(PutPassKeys{state.pass_keys});
  if (state.clock_floor) found.take(PutClockFloor{*state.clock_floor});
  if (state.last_valid_answer) found.take(PutLastValidAnswer{*state.last_valid_answer});
  return found;
}

std::string DurableRows::differs(const DurableRows& found, WallTime housekept) const {
  for (const auto& [called, row] : rows_) {
    if (row.expires_at && *row.expires_at < housekept) continue;
    const auto there = found.rows_.find(called);
    if (there == found.rows_.end()) return called + " is missing";
    if (!(there->second == row)) return called + " is not what was written last";
  }
  for (const auto& [called, row] : found.rows_) {
    const bool old = row.expires_at && *row.expires_at < housekept;
    if (!old && !rows_.contains(called)) return called + " is there and was never answered";
  }
  return {};
}

}  // namespace exitgate::sim
