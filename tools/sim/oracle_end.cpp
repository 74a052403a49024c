// What must hold in the end: the chain at the backend, parties, people.
#include <openssl/evp.h>

#include <algorithm>

#include "tools/sim/oracle.hpp"

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

bool flagged(const std::string& json, Flag flag) {
  const auto from = json.find("\"flags\":[");
  const auto to = json.find(']', from);
  const auto name = "\"" + std::string(to_string(flag)) + "\"";
  return from != std::string::npos && json.substr(from, to - from).find(name) != std::string::npos;
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

void Oracle::judge_parties() {
  for (const auto& [json, gate] : store_->receipts()) {
    const auto party = json_field(json, "party_size");
    const auto kind = json_field(json, "kind");
    if (party.empty() || (kind != "cart" && kind != "walkout")) continue;
    const auto id = parse_uuid(json_field(json, "session_id"));
    const auto* session = id ? store_->find(*id) : nullptr;
    const std::string which =
        "receipt " + json_field(json, "sequence") + " (" + json_field(json, "receipt_id") + ") of " + gate;
    if (session != nullptr && std::stoul(party) > session->party)
      violate("S4: " + which + " names a party that never was");
    const auto passages = std::stoul(json_field(json, "passages"));
    if (passages > std::stoul(party) && !flagged(json, Flag::kTailgate))
      violate("S4: " + which + " let more pass than its party and tells of no tailgater");
  }
}

void Oracle::judge_people() {
  for (const auto& [json, gate] : store_->receipts()) {
    const auto id = parse_uuid(json_field(json, "receipt_id"));
    const auto& written = passages_[gate == gate_name(0) ? 0 : 1];
    const auto known = id ? written.find(*id) : written.end();
    if (known == written.end() || std::to_string(known->second) != json_field(json, "passages"))
      violate("S5: receipt " + json_field(json, "sequence") + " of " + gate +
              " holds other passages than were counted");
  }
  for (std::size_t box = 0; box < people_.size(); ++box) {
    for (std::size_t lane = 0; lane < people_[box].size(); ++lane) {
      const auto wrong = people_[box][lane].judge(late_[box]);
      if (!wrong.empty()) violate("S5: " + place(box, lane) + ": " + wrong);
    }
  }
}

void Oracle::judge_end() {
  for (const auto& [box, id] : durable_) {
    if (!store_->has(to_string(id))) violate("S6: the durable receipt " + to_string(id) + " never reached the backend");
  }
  judge_chain();
  judge_parties();
  judge_store_parties();
  for (const auto& open : open_) {
    if (!open.empty()) violate("S5: a receipt stayed open in the calm");
  }
  for (const auto& owed : owed_) violate("S5: an opening of lane " + owed.lane + " never got its receipt");
  judge_people();
}

}  // namespace exitgate::sim
