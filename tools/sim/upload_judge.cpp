#include "tools/sim/upload_judge.hpp"

#include <algorithm>

#include "tools/sim/store_model.hpp"

namespace exitgate::sim {
namespace {

constexpr std::size_t kLargest = 100;
constexpr Duration kCredentialsWait = std::chrono::seconds{60};
constexpr Duration kAskedAtMost = std::chrono::seconds{600};

}  // namespace

void UploadJudge::sent(const std::vector<std::string>& receipt_jsons, MonoTime now) {
  batch_.clear();
  std::int64_t last = 0;
  for (const auto& json : receipt_jsons) {
    const auto id = parse_uuid(json_field(json, "receipt_id")).value_or(Uuid{});
    const std::int64_t sequence = std::stoll(json_field(json, "sequence"));
    if (sequence <= last) violated_("receipts were not reported in order of sequence");
    if (done_.contains(id)) violated_("the receipt " + to_string(id) + " was reported again after it was taken");
    last = sequence;
    batch_.push_back(id);
  }
  if (batch_.empty() || batch_.size() > kLargest)
    violated_("a report held " + std::to_string(batch_.size()) + " receipts");
  if (batch_.size() > at_most_) violated_("a batch that was refused was not halved");
  if (now < not_before_) violated_("receipts were reported before the backend had asked for them again");
}

void UploadJudge::answered(const UploadAnswer& answer, MonoTime now) {
  if (const auto* accepted = std::get_if<UploadAccepted>(&answer)) accept(*accepted);
  if (std::holds_alternative<UploadUnacceptable>(answer)) refuse_batch();
  if (std::holds_alternative<UploadForbidden>(answer)) not_before_ = now + kCredentialsWait;
  const auto* busy = std::get_if<UploadBusy>(&answer);
  if (busy != nullptr && busy->retry_after) not_before_ = now + std::min(*busy->retry_after, kAskedAtMost);
}

void UploadJudge::accept(const UploadAccepted& accepted) {
  for (const auto& result : accepted.results) {
    // Results for what was not reported mean nothing.
    if (std::find(batch_.begin(), batch_.end(), result.receipt_id) == batch_.end()) continue;
    done_.insert(result.receipt_id);
    if (result.status == UploadStatus::kRejected) rejected_.insert(result.receipt_id);
  }
  at_most_ = kLargest;
}

/// "Halves the batch until the culprit stands alone, then quarantine."
void UploadJudge::refuse_batch() {
  if (batch_.size() == 1) {
    done_.insert(batch_.front());
    rejected_.insert(batch_.front());
  }
  at_most_ = batch_.size() == 1 ? kLargest : batch_.size() / 2;
}

void UploadJudge::box_died() {
  done_.clear();
  not_before_ = {};
  at_most_ = kLargest;
}

void UploadJudge::quarantined(const Uuid& receipt) {
  if (!rejected_.contains(receipt))
    violated_("the receipt " + to_string(receipt) + " is in quarantine, and nobody rejected it");
}

}  // namespace exitgate::sim
