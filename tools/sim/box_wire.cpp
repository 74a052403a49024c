// The disk, the upload and the wire to the backend of a simulated box.
#include <algorithm>

#include "tools/sim/box.hpp"

namespace exitgate::sim {

void Box::persist(const Persist& persist) {
  for (const auto& one : persist.writes) {
    if (const auto* open = std::get_if<PutOpenReceipt>(&one)) {
      if (around_.options.mutation != Mutation::kForgetOpen)
        around_.oracle.wrote_open(index_, open->receipt, around_.agenda.now(), true_wall());
    }
    if (const auto* sealed = std::get_if<PutSealedReceipt>(&one)) around_.oracle.wrote_sealed(index_, sealed->receipt);
  }
  unsynced_.emplace_back(persist.ticket, persist.writes);
  const auto span = weather.disk_slow ? around_.dice.ms(100, 600) : around_.dice.ms(1, 8);
  disk_free_at_ = std::max(disk_free_at_, around_.agenda.now() + span);
  later(disk_free_at_ - around_.agenda.now(), [this] {
    const auto [ticket, writes] = unsynced_.front();
    unsynced_.erase(unsynced_.begin());
    if (weather.disk_fails || weather.disk_full) {
      around_.oracle.disk_refused(index_, around_.agenda.now() + std::chrono::seconds{15});
      feed(Persisted{ticket, fail(Error{weather.disk_full ? "storage_full" : "storage_io", "simulated"})});
      return;
    }
    commit(ticket, writes);
    feed(Persisted{ticket, Status{}});
    if (drain_) drain_->queue_is(disk_.queue_status().queued);
    pump_drain();
  });
}

void Box::commit(Ticket, const std::vector<StoreWrite>& writes) {
  auto taken = writes;
  if (around_.options.mutation == Mutation::kLoseReceipt) {
    std::erase_if(taken, [&](const StoreWrite& one) {
      return std::holds_alternative<PutSealedReceipt>(one) && around_.dice.chance(0.05);
    });
  }
  if (!disk_.apply(taken)) return;
  for (const auto& one : writes) {
    const auto* sealed = std::get_if<PutSealedReceipt>(&one);
    if (sealed == nullptr) continue;
    ++around_.report.receipts;
    around_.oracle.committed(index_, sealed->receipt.receipt_id);
  }
}

void Box::pump_drain() {
  if (!drain_) return;
  const auto now = around_.agenda.now();
  for (;;) {
    const auto action = drain_->next(now);
    if (const auto* fetch = std::get_if<Drain::Fetch>(&action)) {
      drain_->fetched(now, disk_.next_queued(fetch->limit));
    } else if (const auto* sends = std::get_if<Drain::Upload>(&action)) {
      upload(sends->receipt_jsons);
      return;
    } else if (const auto* record = std::get_if<Drain::Record>(&action)) {
      const bool failing = weather.disk_fails || weather.disk_full;
      drain_->recorded(now, failing ? Status(fail("storage_io", "simulated")) : disk_.record_outcome(record->outcome));
      drain_->queue_is(disk_.queue_status().queued);
    } else {
      break;
    }
  }
  const auto wake = drain_->next_deadline();
  if (wake == kNever || wake == drain_wake_) return;
  drain_wake_ = wake;
  later(std::max(Duration{0}, wake - now), [this, wake] {
    if (drain_wake_ == wake) drain_wake_ = kNever;
    pump_drain();
  });
}

void Box::upload(const std::vector<std::string>& jsons) {
  later(around_.dice.ms(10, 120), [this, jsons] {
    UploadAnswer answer = UploadFailed{"simulated"};
    if (!weather.backend_down && around_.dice.chance(weather.upload_busy)) {
      answer = UploadBusy{std::chrono::seconds{5}};
    } else if (!weather.backend_down) {
      UploadAccepted accepted;
      for (const auto& json : jsons) {
        const bool fresh = around_.store.store(name(), json);
        const bool twice = around_.options.mutation == Mutation::kDoubleReceipt && around_.dice.chance(0.05);
        if (twice) around_.store.store_twice(name(), json);
        const auto id = parse_uuid(json_field(json, "receipt_id"));
        if (id) accepted.results.push_back({*id, fresh ? UploadStatus::kStored : UploadStatus::kDuplicate, ""});
      }
      if (!around_.dice.chance(weather.upload_reply_lost)) answer = accepted;
    }
    later(around_.dice.ms(5, 60), [this, answer] {
      drain_->answered(around_.agenda.now(), answer);
      pump_drain();
      pump_stream();
    });
  });
}

void Box::ask(const Ask& ask) {
  const auto lost = weather.backend_down || around_.dice.chance(weather.answer_lost);
  const bool before_it_arrives = lost && around_.dice.chance(0.5);
  const bool notice = ask.question == 0;
  if (lost && (before_it_arrives || weather.backend_down)) {
    if (notice) return;
    const auto span = connected_ ? Duration{milliseconds{10800}} : Duration{milliseconds{20}};
    later(span, [this, ask] { feed(AnswerArrived{ask.question, NoAnswer{}}); });
    return;
  }
  later(around_.dice.ms(10, 80), [this, ask, lost, notice] {
    auto answer = around_.store.confirm(name(), ask.request, true_wall());
    pump_stream();
    if (notice) return;
    if (lost) {
      later(milliseconds{10700}, [this, ask] { feed(AnswerArrived{ask.question, NoAnswer{}}); });
      return;
    }
    auto span = around_.dice.chance(weather.answer_late) ? around_.dice.ms(700, 10000) : around_.dice.ms(5, 60);
    if (around_.options.mutation == Mutation::kAnswerForNext && std::holds_alternative<Admit>(answer)) {
      std::swap(answer, held_answer_ ? *held_answer_ : held_answer_.emplace(answer));
    }
    const bool doubled = around_.dice.chance(weather.answer_doubled);
    later(span, [this, ask, answer, doubled] {
      feed(AnswerArrived{ask.question, answer});
      if (doubled) later(milliseconds{30}, [this, ask, answer] { feed(AnswerArrived{ask.question, answer}); });
    });
  });
}

void Box::connect(bool up) {
  weather.backend_down = !up;
  if (!alive() || connected_ == up) return;
  connected_ = up;
  feed(BackendConnected{up, up ? "" : "simulated"});
  if (!up) return;
  if (drain_) drain_->stream_came_back();
  pump_drain();
  pump_stream();
}

void Box::pump_stream() {
  if (stream_busy_ || !alive() || !connected_) return;
  if (stream_at_ >= around_.store.stream().size()) return;
  stream_busy_ = true;
  later(around_.dice.ms(5, 60), [this] {
    stream_busy_ = false;
    if (!connected_ || stream_at_ >= around_.store.stream().size()) return;
    const auto event = around_.store.stream()[stream_at_++];
    feed(StreamArrived{event, std::to_string(stream_at_)});
    pump_stream();
  });
}

}  // namespace exitgate::sim
