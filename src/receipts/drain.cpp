#include "receipts/drain.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "base/check.hpp"

namespace exitgate {
namespace {

constexpr Duration kFirstBackOff = milliseconds{500};
constexpr Duration kLongestBackOff = std::chrono::seconds{60};
constexpr Duration kCredentialsWait = std::chrono::seconds{60};
constexpr Duration kLongestAsked = std::chrono::seconds{600};
constexpr std::size_t kCeilingStep = 10;

}  // namespace

Drain::Action Drain::next(MonoTime now) {
  if (phase_ == Phase::kFetched) {
    phase_ = Phase::kUploading;
    Upload upload;
    for (const auto& receipt : batch_) upload.receipt_jsons.push_back(receipt.json);
    return upload;
  }
  // A result that could not be written down is tried again at its own pace; the queue waits meanwhile.
  if (phase_ == Phase::kAnswered && now >= not_before_) {
    phase_ = Phase::kRecording;
    return Record{outcome_};
  }
  if (phase_ == Phase::kResting && queued_ > 0 && now >= not_before_) {
    phase_ = Phase::kFetching;
    return Fetch{batch_limit()};
  }
  return Nothing{};
}

MonoTime Drain::next_deadline() const {
  if (phase_ == Phase::kFetched) return MonoTime::min();
  if (phase_ == Phase::kAnswered || (phase_ == Phase::kResting && queued_ > 0)) return not_before_;
  return kNever;
}

void Drain::stream_came_back() {
  if (wait_ != Wait::kBackOff) return;
  not_before_ = MonoTime::min();
  wait_ = Wait::kNone;
}

void Drain::fetched(MonoTime now, Result<std::vector<StoredReceipt>> receipts) {
  EXITGATE_CHECK(phase_ == Phase::kFetching);
  phase_ = Phase::kResting;
  if (!receipts) return back_off(now);
  if (receipts->empty()) {
    // Told again with the next change of the queue.
    queued_ = 0;
    return;
  }
  batch_ = *std::move(receipts);
  if (batch_.size() > kLargestBatch) batch_.resize(kLargestBatch);
  phase_ = Phase::kFetched;
}

void Drain::answered(MonoTime now, const UploadAnswer& answer) {
  EXITGATE_CHECK(phase_ == Phase::kUploading);
  phase_ = Phase::kResting;
  if (const auto* accepted = std::get_if<UploadAccepted>(&answer)) return accept(now, *accepted);
  if (const auto* unacceptable = std::get_if<UploadUnacceptable>(&answer)) return halve(now, unacceptable->http_status);
  if (std::holds_alternative<UploadForbidden>(answer)) return rest(now + kCredentialsWait, Wait::kCredentials);
  if (const auto* busy = std::get_if<UploadBusy>(&answer)) {
    // Zero would be asking again at once, for ever.
    if (busy->retry_after && *busy->retry_after > Duration{0}) {
      return rest(now + std::min(*busy->retry_after, kLongestAsked), Wait::kAsked);
    }
  }
  back_off(now);
}

void Drain::accept(MonoTime now, const UploadAccepted& accepted) {
  outcome_ = {};
  std::set<Uuid> waiting;
  for (const auto& receipt : batch_) waiting.insert(receipt.receipt.receipt_id);
  for (const auto& result : accepted.results) {
    // Results for what was not sent, and second ones for the same, mean nothing.
    if (waiting.erase(result.receipt_id) == 0) continue;
    if (result.status == UploadStatus::kRejected) {
      outcome_.rejected.push_back({result.receipt_id, result.reason.empty() ? "rejected" : result.reason});
    } else {
      outcome_.delivered.push_back({result.receipt_id});
    }
  }
  const auto taken = outcome_.delivered.size() + outcome_.rejected.size();
  if (taken == 0) {
    suspects_ = 0;
    ceiling_ = kLargestBatch;
    return back_off(now);
  }
  failures_ = 0;
  batch_went_through(taken);
  rest(MonoTime::min(), Wait::kNone);
  phase_ = Phase::kAnswered;
}

void Drain::halve(MonoTime now, int http_status) {
  failures_ = 0;
  rest(MonoTime::min(), Wait::kNone);
  if (batch_.size() > 1) {
    suspects_ = batch_.size();
    return;
  }
  outcome_ = {};
  outcome_.rejected.push_back({batch_.front().receipt.receipt_id, "http_" + std::to_string(http_status)});
  suspects_ = 0;
  ceiling_ = kLargestBatch;
  not_before_ = now;
  phase_ = Phase::kAnswered;
}

void Drain::batch_went_through(std::size_t taken) {
  if (suspects_ == 0) {
    ceiling_ = std::min(kLargestBatch, ceiling_ + kCeilingStep);
    return;
  }
  suspects_ -= std::min(taken, suspects_);
  // All of it went through in parts: it was not one receipt but the size. Come back to the whole by steps.
  if (suspects_ == 0) ceiling_ = std::max<std::size_t>(1, batch_.size());
}

std::size_t Drain::batch_limit() const { return suspects_ == 0 ? ceiling_ : std::max<std::size_t>(1, suspects_ / 2); }

void Drain::recorded(MonoTime now, const Status& status) {
  EXITGATE_CHECK(phase_ == Phase::kRecording);
  // What the store says can't be (not_found, wrong_state) will not become true by repeating it; the queue itself knows.
  const bool again = !status && status.error().code.starts_with("storage_");
  if (again) {
    back_off(now);
    phase_ = Phase::kAnswered;
    return;
  }
  phase_ = Phase::kResting;
  batch_.clear();
  outcome_ = {};
  if (!status) return back_off(now);
  failures_ = 0;
  rest(MonoTime::min(), Wait::kNone);
}

void Drain::rest(MonoTime until, Wait why) {
  not_before_ = until;
  wait_ = why;
}

void Drain::back_off(MonoTime now) {
  const auto longest = std::min(kLongestBackOff, kFirstBackOff * (std::int64_t{1} << std::min(failures_, 20)));
  ++failures_;
  const auto share = std::clamp(random_(), 0.0, 1.0);
  rest(now + Duration{static_cast<std::int64_t>(share * static_cast<double>(longest.count()))}, Wait::kBackOff);
}

}  // namespace exitgate
