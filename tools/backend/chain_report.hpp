// What the stored receipts add up to: counts, and whether each gate's chain is whole (no gap, no edit, no fork). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace exitgate::reference {

class ChainReport {
 public:
  /// One stored receipt, in any order.
  void add(std::string_view receipt_json);
  /// The body of GET /admin/summary. At most 100 entries in each list of troubles.
  [[nodiscard]] std::string json() const;

 private:
  struct Link {
    std::string receipt_id;
    std::string previous_hash;
    std::string hash;
  };
  struct Chain {
    std::string gate_id;
    std::multimap<std::int64_t, Link> links;
    std::vector<std::int64_t> hash_errors;
  };
  using Counts = std::map<std::string, std::int64_t>;

  std::int64_t receipts_ = 0;
  std::int64_t passages_ = 0;
  Counts kinds_;
  Counts outcomes_;
  Counts bases_;
  Counts flags_;
  std::map<std::string, Chain> chains_;  ///< by chain_id
};

}  // namespace exitgate::reference
