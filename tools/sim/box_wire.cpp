// The upload and the wire to the backend of a simulated box.
#include <algorithm>

#include "tools/sim/box.hpp"

namespace exitgate::sim {

void Box::upload(const std::vector<std::string>& jsons, UploadLink::Done done) {
  later(around_.dice.ms(10, 120), [this, jsons, done = std::move(done)] {
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
    later(around_.dice.ms(5, 60), [this, answer, done] {
      done(answer);
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
  const auto asked = around_.agenda.now();
  later(around_.dice.ms(10, 80), [this, ask, lost, notice, asked] {
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
    later(span, [this, ask, answer, asked, doubled] {
      clock_.backend_date(true_wall());
      around_.oracle.answered(index_, ask.request, asked, answer, around_.agenda.now());
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
  if (drainer_) drainer_->stream_came_back();
  pump_stream();
  keepalive(++connection_);
}

void Box::keepalive(std::uint64_t connection) {
  later(std::chrono::seconds{15}, [this, connection] {
    if (!connected_ || connection != connection_) return;
    deliver(Keepalive{}, "");
    keepalive(connection);
  });
}

void Box::deliver(const StreamEvent& event, const std::string& id) {
  around_.oracle.heard(index_, event, around_.agenda.now());
  feed(StreamArrived{event, id});
}

void Box::reset_stream() {
  if (!alive() || !connected_) return;
  deliver(Reset{}, "");
  stream_at_ = around_.store.stream().size();
  around_.store.tell_again();
  pump_stream();
}

void Box::pump_stream() {
  if (stream_busy_ || !alive() || !connected_) return;
  if (stream_at_ >= around_.store.stream().size()) return;
  stream_busy_ = true;
  later(weather.stream_slow ? around_.dice.ms(500, 4000) : around_.dice.ms(5, 60), [this] {
    stream_busy_ = false;
    if (!connected_ || stream_at_ >= around_.store.stream().size()) return;
    const auto [event, gate] = around_.store.stream()[stream_at_++];
    const auto id = std::to_string(stream_at_);
    if (!gate.empty() && gate != name()) return pump_stream();
    deliver(event, id);
    if (around_.dice.chance(weather.stream_doubled)) deliver(event, id);
    pump_stream();
  });
}

}  // namespace exitgate::sim
