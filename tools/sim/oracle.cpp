#include "tools/sim/oracle.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace exitgate::sim {
namespace {

std::string digest(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr);
  return to_hex({bytes.data(), size});
}

/// The receipt's text without its own hash, which stands between commas in the canonical form.
std::string without_hash(std::string json) {
  const auto at = json.find("\"hash\":\"");
  if (at == std::string::npos) return json;
  json.erase(at, 8 + 64 + 2);
  return json;
}

}  // namespace

void Oracle::barrier_told(std::size_t box, std::size_t lane, bool closed) {
  auto& truth = lanes_[box][lane];
  const std::string where = "box " + std::to_string(box + 1) + " lane " + std::to_string(lane + 1);
  const bool changes = !truth.known || truth.told_closed != closed;
  if (closed && truth.known && !truth.told_closed && truth.safety && !truth.pulse) {
    violate("S1: the barrier of " + where + " was told to close with the swept area occupied");
  }
  if (!closed && changes && truth.known) opened_.emplace_back(box, lane);
  truth.told_closed = closed;
  truth.known = true;
}

void Oracle::wrote_open(std::size_t box, const Receipt& receipt, MonoTime now, WallTime wall) {
  if (sealed_[box].contains(receipt.receipt_id)) return violate("S5: a sealed receipt was written as open again");
  const auto lane = receipt.lane_id.str();
  const auto [at, fresh] = open_[box].try_emplace(receipt.receipt_id, OpenReceipt{lane, 0});
  at->second.passages = receipt.passages;
  if (!fresh) return;
  if (receipt.authorised_mono_ms == to_ms(now.time_since_epoch())) {
    return judge_new(box, std::stoul(lane) - 1, receipt, wall);
  }
  // One that waited for the disk in memory says nothing about who stands there now.
  if (!disk_refuses_[box]) violate("S5: lane " + lane + " opened before its receipt was given to the disk");
  settle(box, receipt);
}

void Oracle::settle(std::size_t box, const Receipt& receipt) {
  std::erase_if(owed_, [&](const Owed& owed) {
    return owed.box == box && owed.lane == receipt.lane_id.str() && owed.opened_ms >= receipt.authorised_mono_ms;
  });
}

void Oracle::judge_new(std::size_t box, std::size_t lane, const Receipt& receipt, WallTime now) {
  if (receipt.kind != ReceiptKind::kCart && receipt.kind != ReceiptKind::kWalkout) return;
  const auto& truth = lanes_[box][lane];
  const std::string where = "box " + std::to_string(box + 1) + " lane " + receipt.lane_id.str();
  if (!truth.approach) violate("S3: " + where + " admits somebody with nobody at the approach");
  if (receipt.basis == Basis::kOfflinePolicy) return;
  Session* session = receipt.session_id ? store_->find(*receipt.session_id) : nullptr;
  if (session == nullptr && receipt.cart_id) session = store_->find(*receipt.cart_id, *receipt.session_tag);
  if (session == nullptr) return violate("S3: " + where + " admits a session the store never had");
  if (!session->paid) violate("S3: " + where + " admits an unpaid session");
  if (receipt.clock_synchronised && session->expires_at < now) violate("S3: " + where + " admits an expired session");
  if (receipt.basis == Basis::kConfirmed && truth.standing && *truth.standing != session->id && !truth.cart) {
    violate("S3: " + where + " admits by the answer about another shopper");
  }
}

void Oracle::wrote_sealed(std::size_t box, const Receipt& receipt) {
  if (sealed_[box].insert(receipt.receipt_id).second && open_[box].erase(receipt.receipt_id) == 0) settle(box, receipt);
  sealed_now_.push_back(receipt.lane_id.str());
  if (receipt.outcome == Outcome::kPassed && receipt.passages == 0) violate("S5: passed without a passage");
  if (receipt.outcome == Outcome::kNotUsed && receipt.passages > 0) violate("S5: not used with a passage");
}

void Oracle::step_is_over(std::size_t box, MonoTime now, bool device_up) {
  for (const auto& [where, lane] : opened_) {
    ++openings_;
    const auto name = std::to_string(lane + 1);
    const bool has = std::any_of(open_[where].begin(), open_[where].end(),
                                 [&](const auto& entry) { return entry.second.lane == name; });
    const bool just_sealed = std::find(sealed_now_.begin(), sealed_now_.end(), name) != sealed_now_.end();
    if (has || just_sealed) continue;
    if (disk_refuses_[where]) {
      owed_.push_back({where, name, to_ms(now.time_since_epoch())});
    } else {
      violate("S5: lane " + name + " of box " + std::to_string(where + 1) + " opened without a receipt");
    }
  }
  opened_.clear();
  sealed_now_.clear();
  if (!device_up) return;
  for (std::size_t i = 0; i < lanes_[box].size(); ++i) {
    const auto& truth = lanes_[box][i];
    const std::string where = "box " + std::to_string(box + 1) + " lane " + std::to_string(i + 1);
    if (!truth.known || !truth.told_closed) continue;
    if (fire_[box]) violate("S2: the fire alarm stands and " + where + " is commanded closed");
    if (!truth.pulse && truth.safety && truth.position > 0) {
      violate("S8: " + where + " goes on closing on somebody");
    }
  }
}

void Oracle::box_died(std::size_t box) {
  open_[box].clear();
  disk_refuses_[box] = false;
  // What the disk never took is lost with the process.
  std::erase_if(owed_, [box](const Owed& owed) { return owed.box == box; });
  opened_.clear();
  sealed_now_.clear();
  for (auto& lane : lanes_[box]) lane.known = false;
}

void Oracle::judge_chain() {
  std::map<std::string, std::pair<std::int64_t, std::string>> last;  // chain → sequence and hash
  std::map<std::pair<std::string, std::int64_t>, const std::string*> all;
  for (const auto& [json, gate] : store_->receipts()) {
    const std::pair key{json_field(json, "chain_id"), std::int64_t{std::stoll(json_field(json, "sequence"))}};
    if (!all.emplace(key, &json).second)
      return violate("S6: sequence " + std::to_string(key.second) + " twice at the backend");
  }
  for (const auto& [key, json] : all) {
    auto& [sequence, hash] = last.try_emplace(key.first, 0, std::string(64, '0')).first->second;
    if (key.second != sequence + 1) return violate("S6: a gap in the sequence before " + std::to_string(key.second));
    if (json_field(*json, "previous_hash") != hash)
      return violate("S6: the chain is broken at " + std::to_string(key.second));
    hash = json_field(*json, "hash");
    sequence = key.second;
    if (digest(without_hash(*json)) != hash)
      return violate("S6: the hash of " + std::to_string(key.second) + " is wrong");
  }
}

void Oracle::judge_sessions(bool boxes_apart) {
  std::map<std::string, std::uint32_t> passed;
  for (const auto& [json, gate] : store_->receipts()) {
    const auto session = json_field(json, "session_id");
    const auto flags = json.substr(json.find("\"flags\":["), 200);
    const bool excepted =
        flags.find("after_restart") != std::string::npos || flags.find("not_durable") != std::string::npos;
    if (session.empty() || excepted || json_field(json, "outcome") != "passed") continue;
    auto count = static_cast<std::uint32_t>(std::stoul(json_field(json, "passages")));
    const bool tailgate = flags.find("tailgate") != std::string::npos;
    const auto id = parse_uuid(session);
    const auto* known = id ? store_->find(*id) : nullptr;
    if (known == nullptr) continue;
    if (tailgate) count = 1;
    auto& sum = passed[boxes_apart ? session + gate : session];
    sum += count;
    if (sum > known->party) violate("S4: session " + session + " admitted more than its party");
  }
}

void Oracle::judge_end(bool nothing_was_blind, bool boxes_apart) {
  for (const auto& [box, id] : durable_) {
    if (!store_->has(to_string(id))) violate("S6: the durable receipt " + to_string(id) + " never reached the backend");
  }
  judge_chain();
  judge_sessions(boxes_apart);
  for (const auto& open : open_) {
    if (!open.empty()) violate("S5: a receipt stayed open in the calm");
  }
  for (const auto& owed : owed_) violate("S5: an opening of lane " + owed.lane + " never got its receipt");
  if (!nothing_was_blind) return;
  std::int64_t people = 0;
  std::int64_t counted = 0;
  for (const auto& [where, count] : people_) people += count;
  for (const auto& [json, gate] : store_->receipts()) counted += std::stoll(json_field(json, "passages"));
  if (people != counted) {
    violate("S5: " + std::to_string(people) + " people left and the receipts hold " + std::to_string(counted));
  }
}

}  // namespace exitgate::sim
