// Decides what of the queue is uploaded when (backend contract, "POST /v1/receipts"). Pure: events and the time go in,
// one action at a time comes out; whoever carries it out reports back with the matching event.
//
// Promises: one upload at a time, 1–100 receipts in order of sequence; nothing leaves the queue but by stored,
// duplicate or quarantine; transport trouble is retried for ever; a receipt the backend can't take is found by halving
// and goes to quarantine alone. Thread: one. Errors: none of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "base/mono_time.hpp"
#include "base/result.hpp"
#include "ports/backend_link.hpp"
#include "ports/receipt_store.hpp"

namespace exitgate {

inline constexpr std::size_t kLargestBatch = 100;

class Drain {
 public:
  struct Nothing {};
  /// Ask the store for its oldest queued; answer with fetched().
  struct Fetch {
    std::size_t limit = kLargestBatch;
  };
  /// Upload these; answer with answered().
  struct Upload {
    std::vector<std::string> receipt_jsons;
  };
  /// Write this down; answer with recorded().
  struct Record {
    DeliveryOutcome outcome;
  };
  using Action = std::variant<Nothing, Fetch, Upload, Record>;

  /// `random` gives numbers in [0, 1).
  explicit Drain(std::function<double()> random) : random_(std::move(random)) {}

  /// What to do now. Each action is given once; Nothing until its answer, or until next_deadline().
  [[nodiscard]] Action next(MonoTime now);
  /// When next() has something to say without an event; kNever when only an event can change that.
  [[nodiscard]] MonoTime next_deadline() const;

  void queue_is(std::int64_t queued) { queued_ = queued; }
  /// The stream stands again: a back-off ends at once. What the backend asked to wait, and credentials, are waited for.
  void stream_came_back();
  void fetched(MonoTime now, Result<std::vector<StoredReceipt>> receipts);
  void answered(MonoTime now, const UploadAnswer& answer);
  void recorded(MonoTime now, const Status& status);

 private:
  enum class Phase : std::uint8_t { kResting, kFetching, kFetched, kUploading, kAnswered, kRecording };
  enum class Wait : std::uint8_t { kNone, kBackOff, kAsked, kCredentials };

  void rest(MonoTime until, Wait why);
  void back_off(MonoTime now);
  void accept(MonoTime now, const UploadAccepted& accepted);
  void halve(MonoTime now, int http_status);
  void batch_went_through(std::size_t taken);
  [[nodiscard]] std::size_t batch_limit() const;

  std::function<double()> random_;
  Phase phase_ = Phase::kResting;
  Wait wait_ = Wait::kNone;
  MonoTime not_before_ = MonoTime::min();
  std::int64_t queued_ = 0;
  std::vector<StoredReceipt> batch_;
  DeliveryOutcome outcome_;
  int failures_ = 0;
  /// Greatest batch the backend is known to take.
  std::size_t ceiling_ = kLargestBatch;
  /// The culprit is among this many at the head of the queue; 0: none is looked for.
  std::size_t suspects_ = 0;
};

}  // namespace exitgate
