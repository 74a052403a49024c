// What a box keeps durable beside receipts, ledger, lanes and closures, each row as text: what the stream told
// (expected walkouts, revocations, claims), marks of replays, pass keys, the clock's floor, the last valid answer.
// Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/persist.hpp"

namespace exitgate::sim {

class DurableRows {
 public:
  void take(const StoreWrite& write);
  [[nodiscard]] static DurableRows found(const LoadedState& state);
  /// The first row that is on one side only or differs; one that expired before `housekept` may be gone. Empty: none.
  [[nodiscard]] std::string differs(const DurableRows& found, WallTime housekept) const;

 private:
  struct Row {
    std::string value;
    std::optional<WallTime> expires_at;
    friend bool operator==(const Row&, const Row&) = default;
  };
  void drop_all(const std::string& kind);
  std::map<std::string, Row> rows_;  ///< by what they are called
};

}  // namespace exitgate::sim
