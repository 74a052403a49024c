// S4 over all boxes of the store: at each opening, and by the backend's receipts in the end.
#include <algorithm>

#include "tools/sim/oracle.hpp"

namespace exitgate::sim {
namespace {

/// A claim that was sent with an opening is at the backend by then.
constexpr Duration kClaimSent = std::chrono::seconds{1};
/// And whoever asks there hears of it.
constexpr Duration kClaimKnown = std::chrono::seconds{2};
/// Nobody stands at a lane for longer on the answer to its question.
constexpr Duration kStandsAtMost = std::chrono::seconds{90};

bool overlaps(const std::vector<LanePeople::Stretch>& stretches, MonoTime from, MonoTime to) {
  return std::any_of(stretches.begin(), stretches.end(),
                     [&](const auto& stretch) { return stretch.from <= to && from <= stretch.to; });
}

}  // namespace

Oracle::Used Oracle::used_at(std::size_t box, const Uuid& session, const Uuid& except) const {
  Used used;
  for (const auto& [id, sealed] : sealed_[box]) {
    if (id != except && sealed.session == session && !sealed.repeated) used.now += sealed.used;
  }
  used.at_most = used.now;
  for (const auto& [id, open] : open_[box]) {
    if (id == except || open.session != session || open.repeated) continue;
    used.now += std::max(1U, open.passages);
    used.at_most += std::max(open.party, open.passages);
  }
  return used;
}

/// What S4 excepts: two boxes that open on local evidence before either claim is heard, a backend that can't be reached
/// to claim, and what a restart lets in again (judged by box).
bool Oracle::store_excuses(std::size_t box, std::size_t other, const Session& session, const Receipt& receipt,
                           MonoTime now) const {
  const auto openings = openings_of_.find(session.id);
  if (openings == openings_of_.end()) return true;
  const auto& list = openings->second;
  const auto last = std::find_if(list.rbegin(), list.rend(), [&](const auto& opening) { return opening.box == other; });
  // One that waited in memory for the disk was not seen when it opened.
  if (last == list.rend()) return true;
  // By the offline policy it opens with the backend away, when each box may admit once (§4).
  if (receipt.basis == Basis::kOfflinePolicy) return true;
  const auto at = last->at;
  // Between boxes the claim decides (§4), and it ends with a receipt short of the party: a box that let in a part of it
  // holds to the party it was told then.
  const bool has_let_in =
      std::any_of(list.begin(), list.end(), [&](const auto& opening) { return opening.box == box; });
  if (has_let_in && session.freed_by.contains(gate_name(other))) return true;
  // A receipt `passed` short of its party, or `not_used`, ends its gate's claim, though the gate may have let in
  // another of the party since (backend contract, "confirm"): until theirs is stored nothing keeps the other gates.
  const auto freed = session.freed_by.find(gate_name(other));
  if (freed != session.freed_by.end()) {
    const bool one_more = std::any_of(list.begin(), list.end(), [&](const Opening& opening) {
      const bool kept = &opening == &*last || open_[other].contains(opening.receipt);
      return opening.box == other && opening.receipt != freed->second && kept;
    });
    if (one_more) return true;
  }
  // What it sealed `not_used` waits for its disk, and it has given the claim back.
  const bool claims = std::find(session.claims.begin(), session.claims.end(), gate_name(other)) != session.claims.end();
  if (disk_refuses_[other] && !claims) return true;
  if (now - at < kClaimKnown || overlaps(wire_bad_[other], at, at + kClaimSent)) return true;
  const auto& known = heard_[box].at(session.id);
  const bool by_answer =
      receipt.basis == Basis::kConfirmed && known.admitted_at && now - *known.admitted_at <= kStandsAtMost;
  // A claim behind another that is obeyed is told to nobody.
  const auto told = session.claim_told.find(gate_name(other));
  const bool untold = told == session.claim_told.end() ? claims : told->second >= told_up_to_[box];
  return untold && !by_answer;
}

void Oracle::judge_store_use(std::size_t box, const Session& session, const Receipt& receipt, MonoTime now) {
  const auto used = used_at(box, session.id, receipt.receipt_id).now + 1;
  for (std::size_t other = 0; other < lanes_.size(); ++other) {
    if (other == box || receipt.flags.has(Flag::kAfterRestart)) continue;
    const auto elsewhere = used_at(other, session.id, receipt.receipt_id);
    // What was open when that box died is on its disk, and counts again once it is back.
    const bool comes_back = open_at_death_[other].contains(session.id);
    if (comes_back && store_excuses(box, other, session, receipt, now)) excused_.insert(session.id);
    // As many may pass as a box takes for the party.
    const auto at_most = std::max<std::uint32_t>(used, receipt.party_size.value_or(1));
    if (elsewhere.now == 0 || at_most + elsewhere.at_most <= session.party) continue;
    if (store_excuses(box, other, session, receipt, now)) {
      excused_.insert(session.id);
    } else if (used + elsewhere.now > session.party) {
      violate("S4: box " + std::to_string(box + 1) + " lane " + receipt.lane_id.str() + " admits number " +
              std::to_string(used + elsewhere.now) + " of a party of " + std::to_string(session.party) +
              " of which the other box had let out " + std::to_string(elsewhere.now));
    }
  }
  openings_of_[session.id].push_back({box, now, receipt.receipt_id});
}

/// An answer named another session than the one that was expected: it is used from now on.
void Oracle::judge_reassigned(std::size_t box, const Receipt& receipt, OpenReceipt& open, MonoTime now) {
  if (!receipt.flags.has(Flag::kReassigned)) return;
  const auto id = session_of(receipt);
  if (!id || id == open.session) return;
  open.session = id;
  judge_store_use(box, *store_->find(*id), receipt, now);
}

void Oracle::judge_store_parties() {
  struct Use {
    std::map<std::string, std::uint32_t> passed;  // by gate
    std::string receipts;
  };
  std::map<Uuid, Use> uses;
  // A repetition after a restart comes on top (S4); whoever follows unpaid is not of the party.
  for (const auto& [json, gate] : store_->receipts()) {
    const auto kind = json_field(json, "kind");
    if ((kind != "cart" && kind != "walkout") || flagged(json, Flag::kAfterRestart)) continue;
    // A walkout by the offline policy was nobody's when it was let out; an answer named it later.
    if (kind == "walkout" && json_field(json, "basis") == "offline_policy") continue;
    const auto id = parse_uuid(json_field(json, "session_id"));
    auto* session = id ? store_->find(*id) : nullptr;
    const auto tag = parse_session_tag(json_field(json, "session_tag"));
    if (session == nullptr && tag) session = store_->find(*tag);
    if (session == nullptr) continue;
    const auto passages = static_cast<std::uint32_t>(std::stoul(json_field(json, "passages")));
    auto& use = uses[session->id];
    use.passed[gate] += flagged(json, Flag::kTailgate) ? std::min(passages, 1U) : passages;
    use.receipts += " " + json_field(json, "receipt_id");
  }
  for (const auto& [id, use] : uses) {
    if (forgotten_.contains(id)) continue;
    const auto party = store_->find(id)->party;
    std::uint32_t sum = 0;
    std::uint32_t most = 0;
    for (const auto& [gate, passages] : use.passed) {
      sum += passages;
      most = std::max(most, passages);
    }
    // What two boxes may do, one may not.
    if (most <= party && (sum <= party || excused_.contains(id))) continue;
    violate("S4: " + std::to_string(sum) + " went out on session " + to_string(id) + ", of a party of " +
            std::to_string(party) + ", by the receipts" + use.receipts);
  }
}

}  // namespace exitgate::sim
