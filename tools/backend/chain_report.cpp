#include "tools/backend/chain_report.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "tools/backend/receipt_check.hpp"

namespace exitgate::reference {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostShown = 100;

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t number_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

void show(json::array& list, json::value value) {
  if (list.size() < kMostShown) list.push_back(std::move(value));
}

json::object counts_json(const std::map<std::string, std::int64_t>& counts) {
  json::object object;
  for (const auto& [name, count] : counts) object[name] = count;
  return object;
}

}  // namespace

void ChainReport::add(std::string_view receipt_json) {
  boost::system::error_code error;
  const auto value = json::parse(receipt_json, error);
  if (error || !value.is_object()) return;
  const auto& receipt = value.get_object();
  ++receipts_;
  passages_ += number_of(receipt, "passages");
  ++kinds_[text_of(receipt, "kind")];
  ++outcomes_[text_of(receipt, "outcome")];
  if (const auto basis = text_of(receipt, "basis"); !basis.empty()) ++bases_[basis];
  if (const auto* flags = receipt.if_contains("flags"); flags != nullptr && flags->is_array()) {
    for (const auto& flag : flags->get_array()) {
      if (flag.is_string()) ++flags_[std::string(flag.get_string())];
    }
  }
  auto& chain = chains_[text_of(receipt, "chain_id")];
  chain.gate_id = text_of(receipt, "gate_id");
  const auto sequence = number_of(receipt, "sequence");
  const auto hash = text_of(receipt, "hash");
  if (receipt_hash(value) != hash) chain.hash_errors.push_back(sequence);
  chain.links.emplace(sequence, Link{text_of(receipt, "receipt_id"), text_of(receipt, "previous_hash"), hash});
}

std::string ChainReport::json() const {
  json::array chains;
  for (const auto& [chain_id, chain] : chains_) {
    json::array missing;
    json::array link_errors;
    json::array forks;
    std::int64_t expected = 1;
    std::string previous_hash(64, '0');
    for (const auto& [sequence, link] : chain.links) {
      if (sequence > expected) show(missing, {{"from", expected}, {"to", sequence - 1}});
      if (sequence < expected) {
        show(forks, {{"sequence", sequence}, {"receipt_id", link.receipt_id}});
        continue;
      }
      // Behind a gap there is nothing to compare with.
      if (sequence == expected && link.previous_hash != previous_hash) show(link_errors, sequence);
      expected = sequence + 1;
      previous_hash = link.hash;
    }
    json::array hash_errors;
    for (const auto sequence : chain.hash_errors) show(hash_errors, sequence);
    const bool whole = missing.empty() && link_errors.empty() && forks.empty() && hash_errors.empty();
    chains.push_back(json::object{{"gate_id", chain.gate_id},
                                  {"chain_id", chain_id},
                                  {"receipts", chain.links.size()},
                                  {"last_sequence", expected - 1},
                                  {"whole", whole},
                                  {"missing", std::move(missing)},
                                  {"hash_errors", std::move(hash_errors)},
                                  {"link_errors", std::move(link_errors)},
                                  {"forks", std::move(forks)}});
  }
  return json::serialize(json::object{{"receipts", receipts_},
                                      {"passages", passages_},
                                      {"by_kind", counts_json(kinds_)},
                                      {"by_outcome", counts_json(outcomes_)},
                                      {"by_basis", counts_json(bases_)},
                                      {"by_flag", counts_json(flags_)},
                                      {"chains", std::move(chains)}});
}

}  // namespace exitgate::reference
