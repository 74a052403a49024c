// Whether a box reports its receipts as the backend contract says (POST /v1/receipts): in order, not before it may, a
// refused batch by halves, nothing twice that was taken; and that only what was rejected is in quarantine. Thread: one.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/mono_time.hpp"
#include "ports/backend_link.hpp"

namespace exitgate::sim {

class UploadJudge {
 public:
  explicit UploadJudge(std::function<void(const std::string&)> violated) : violated_(std::move(violated)) {}

  void sent(const std::vector<std::string>& receipt_jsons, MonoTime now);
  void answered(const UploadAnswer& answer, MonoTime now);
  /// The process forgets what it was told; what its disk had taken by then stays out of the queue.
  void box_died();
  void quarantined(const Uuid& receipt);
  /// Staff send it again.
  void sent_again(const Uuid& receipt) { done_.erase(receipt); }

 private:
  void accept(const UploadAccepted& accepted);
  void refuse_batch();

  std::function<void(const std::string&)> violated_;
  std::vector<Uuid> batch_;
  MonoTime not_before_{};
  std::size_t at_most_ = 100;  ///< what the next batch may hold
  std::set<Uuid> done_;        ///< stored, duplicate, or in quarantine
  std::set<Uuid> rejected_;    ///< ever
};

}  // namespace exitgate::sim
