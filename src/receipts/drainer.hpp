// Carries out what Drain decides: fetches from the store, uploads over the backend link, writes down what came of it.
//
// Ownership: store, link and timer are the caller's and must outlive the drainer; it may be destroyed at any time,
// answers that are on their way are then dropped. Thread: the loop's. Errors: none; trouble is retried for ever.
#pragma once

#include <functional>
#include <memory>

#include "base/mono_time.hpp"
#include "ports/backend_link.hpp"
#include "ports/drain_timer.hpp"
#include "ports/receipt_store.hpp"
#include "receipts/drain.hpp"

namespace exitgate {

class Drainer {
 public:
  Drainer(ReceiptStore& store, BackendLink& link, DrainTimer& timer, std::function<double()> random);
  ~Drainer();
  Drainer(const Drainer&) = delete;
  Drainer& operator=(const Drainer&) = delete;

  /// Call once the link is started, and with every change of the store's queue.
  void queue_changed(const QueueStatus& status);
  /// Call when the closures stream stands again after a break.
  void stream_came_back();
  /// Told after an outcome was written down.
  void on_outcome(std::function<void(const DeliveryOutcome&)> told) { told_ = std::move(told); }

 private:
  void pump();
  /// Wraps an answer so that it is dropped when the drainer is gone.
  template <class Callback>
  auto while_alive(Callback callback);

  ReceiptStore& store_;
  BackendLink& link_;
  DrainTimer& timer_;
  Drain drain_;
  std::function<void(const DeliveryOutcome&)> told_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool pumping_ = false;
};

}  // namespace exitgate
