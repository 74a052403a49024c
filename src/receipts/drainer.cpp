#include "receipts/drainer.hpp"

#include <utility>

namespace exitgate {

Drainer::Drainer(ReceiptStore& store, BackendLink& link, DrainTimer& timer, std::function<double()> random)
    : store_(store), link_(link), timer_(timer), drain_(std::move(random)) {}

Drainer::~Drainer() { timer_.cancel(); }

template <class Callback>
auto Drainer::while_alive(Callback callback) {
  return [alive = std::weak_ptr<bool>(alive_), callback = std::move(callback)](auto&& answer) {
    if (!alive.expired()) callback(std::forward<decltype(answer)>(answer));
  };
}

void Drainer::queue_changed(const QueueStatus& status) {
  drain_.queue_is(status.queued);
  pump();
}

void Drainer::stream_came_back() {
  drain_.stream_came_back();
  pump();
}

void Drainer::pump() {
  // An answer that comes from within the call that asked is taken by the loop below, not by another one inside it.
  if (pumping_) return;
  pumping_ = true;
  for (bool more = true; more;) {
    auto action = drain_.next(timer_.now());
    if (const auto* fetch = std::get_if<Drain::Fetch>(&action)) {
      store_.next_queued(fetch->limit, while_alive([this](Result<std::vector<StoredReceipt>> receipts) {
                           drain_.fetched(timer_.now(), std::move(receipts));
                           pump();
                         }));
    } else if (const auto* upload = std::get_if<Drain::Upload>(&action)) {
      link_.upload(upload->receipt_jsons, while_alive([this](const UploadAnswer& answer) {
                     drain_.answered(timer_.now(), answer);
                     pump();
                   }));
    } else if (auto* record = std::get_if<Drain::Record>(&action)) {
      store_.record_outcome(record->outcome, while_alive([this, outcome = record->outcome](const Status& status) {
                              drain_.recorded(timer_.now(), status);
                              drain_.queue_is(store_.queue_status().queued);
                              if (status && told_) told_(outcome);
                              pump();
                            }));
    } else {
      more = false;
    }
  }
  pumping_ = false;
  const auto deadline = drain_.next_deadline();
  if (deadline == kNever) {
    timer_.cancel();
  } else {
    timer_.arm(deadline, [this] { pump(); });
  }
}

}  // namespace exitgate
