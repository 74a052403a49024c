// The link's reports of receipts and its pass keys: one request each at a time, given up after its own time.
#include "backend/pass_key_codec.hpp"
#include "backend/upload_codec.hpp"
#include "tools/sim/points.hpp"
#include "tools/sim/virtual_link.hpp"

namespace exitgate::sim {
namespace {

constexpr BackendTiming kTiming;
/// What a peer that is silent did not take is sent again.
constexpr Duration kSentAgain = milliseconds{700};

}  // namespace

void VirtualLink::when_heard(std::function<bool()> wanted, std::function<void()> action) {
  if (!wanted()) return;
  if (!parts_.weather.silent()) return action();
  later(kSentAgain, [this, wanted = std::move(wanted), action = std::move(action)] { when_heard(wanted, action); });
}

// --- receipts --------------------------------------------------------------------------------------------------

void VirtualLink::upload(const std::vector<std::string>& receipt_jsons, std::function<void(UploadAnswer)> done) {
  if (upload_.done) {
    later(Duration{0}, [done = std::move(done)] { done(UploadFailed{"another upload is under way; one at a time"}); });
    return;
  }
  parts_.uploads.sent(receipt_jsons, parts_.agenda.now());
  upload_.done = std::move(done);
  const auto number = ++upload_.number;
  later(kTiming.upload, [this, number] { end_upload(number, UploadFailed{"no answer"}, false); });
  auto body = encode_upload(receipt_jsons, ShortId::of(kStoreName), ShortId::of(parts_.gate));
  const bool kept = parts_.agenda.now() < upload_.kept_until;
  if (!kept && parts_.weather.silent()) {
    later(kHandshakeAtMost, [this, number] { end_upload(number, UploadFailed{"no connection"}, false); });
    return;
  }
  later(parts_.dice.ms(10, 120), [this, number, body = std::move(body)] {
    when_heard([this, number] { return uploading(number); }, [this, number, body] { take_upload(number, body); });
  });
}

void VirtualLink::take_upload(std::uint64_t number, const std::string& body) {
  const auto& weather = parts_.weather;
  if (weather.refuses()) return end_upload(number, UploadFailed{"refused"}, false);
  auto reply = parts_.door.receipts(body, weather, parts_.dice, parts_.stores_twice && parts_.dice.chance(0.05));
  if (parts_.dice.chance(weather.answer_wrong)) reply = spoilt(parts_.dice, std::move(reply));
  auto answer = decode_upload_answer(reply.status, reply.body, reply.retry_after, parts_.true_wall());
  const auto* forbidden = std::get_if<UploadForbidden>(&answer);
  heed(BackendChannel::kReceipts, forbidden != nullptr ? forbidden->detail : "");
  const bool lost = parts_.dice.chance(weather.upload_reply_lost);
  if (lost) answer = UploadFailed{"the connection ended"};
  later(parts_.dice.ms(5, 60), [this, number, lost, answer = std::move(answer)] {
    when_heard([this, number] { return uploading(number); },
               [this, number, lost, answer] { end_upload(number, answer, !lost); });
  });
}

void VirtualLink::end_upload(std::uint64_t number, const UploadAnswer& answer, bool kept) {
  if (!uploading(number)) return;
  upload_.kept_until = kept ? parts_.agenda.now() + kTiming.upload_idle : MonoTime{};
  parts_.uploads.answered(answer, parts_.agenda.now());
  // Last: it may begin the next.
  const auto done = std::exchange(upload_.done, nullptr);
  done(answer);
}

// --- pass keys -------------------------------------------------------------------------------------------------

void VirtualLink::refresh_pass_keys() {
  pass_keys_.demanded(parts_.agenda.now());
  turn_pass_keys();
}

void VirtualLink::turn_pass_keys() {
  const auto now = parts_.agenda.now();
  if (pass_keys_.next_fetch() > now) {
    arm(key_alarm_, pass_keys_.next_fetch(), [this] { turn_pass_keys(); });
    return;
  }
  pass_keys_.begun(now);
  const auto fetch = ++fetch_;
  fetching_ = true;
  later(kTiming.pass_keys, [this, fetch] { end_fetch(fetch, false); });
  if (parts_.weather.silent()) {
    later(kHandshakeAtMost, [this, fetch] { end_fetch(fetch, false); });
    return;
  }
  later(parts_.dice.ms(20, 120), [this, fetch] {
    when_heard([this, fetch] { return fetching_ && fetch == fetch_; }, [this, fetch] { take_pass_keys(fetch); });
  });
}

void VirtualLink::take_pass_keys(std::uint64_t fetch) {
  if (parts_.weather.refuses()) return end_fetch(fetch, false);
  auto reply = parts_.door.pass_keys();
  if (parts_.dice.chance(parts_.weather.answer_wrong)) reply = spoilt(parts_.dice, std::move(reply));
  const auto decoded = reply.status == 200 ? decode_pass_keys(reply.body) : fail("backend_malformed", "simulated");
  end_fetch(fetch, decoded.has_value());
  observer_->on_date(parts_.true_wall());
  heed(BackendChannel::kPassKeys, reply.status == 401 || reply.status == 403 ? "simulated" : "");
  if (decoded) observer_->on_pass_keys(decoded->keys);
}

void VirtualLink::end_fetch(std::uint64_t fetch, bool got) {
  if (!fetching_ || fetch != fetch_) return;
  fetching_ = false;
  pass_keys_.ended(got, parts_.agenda.now());
  turn_pass_keys();
}

void VirtualLink::heed(BackendChannel channel, const std::string& refusal) {
  if (refusal.empty()) {
    if (credentials_.accepted(channel, parts_.agenda.now())) observer_->on_credentials_accepted();
  } else if (credentials_.refused(channel, refusal, parts_.agenda.now())) {
    observer_->on_credentials_refused(refusal);
  }
}

}  // namespace exitgate::sim
