// Did everybody end as the scenario expects, and does the backend hold exactly the receipts expected? Pure.
#pragma once

#include <string>
#include <vector>

#include "tools/rig/gate_report.hpp"
#include "tools/rig/scenario.hpp"

namespace exitgate::rig {

/// How it ended for one shopper, or what one event led to.
struct Ending {
  std::string who;
  std::string expected;
  std::string happened;
  bool as_expected = true;
  std::string session_id;  ///< empty: none
  std::vector<ExpectedReceipt> receipts;
};

struct Row {
  std::string who;
  std::string expected;
  std::string happened;
  std::string receipt;  ///< what was found, or what is wrong with it
  bool good = true;
};

struct Judgement {
  std::vector<Row> rows;
  std::vector<std::string> troubles;  ///< that belong to nobody: receipts nobody expects, twice, broken chains
  [[nodiscard]] bool good() const;
};

[[nodiscard]] std::size_t expected_receipts(const std::vector<Ending>& endings);
/// Nothing when the receipt is as expected; else what is not.
[[nodiscard]] std::string difference(const ExpectedReceipt& expected, const SeenReceipt& seen);
[[nodiscard]] Judgement judge(const std::vector<Ending>& endings, std::vector<SeenReceipt> receipts,
                              std::vector<std::string> troubles);
/// shopper × expected × happened × receipt, for people.
[[nodiscard]] std::string table_text(const Judgement& judgement);

}  // namespace exitgate::rig
