// The link's connections and questions; the stream is in virtual_link_stream.cpp, uploads and pass keys are in
// virtual_link_calls.cpp.
#include "tools/sim/virtual_link.hpp"

#include <array>

#include "backend/confirm_codec.hpp"
#include "tools/sim/points.hpp"

namespace exitgate::sim {
namespace {

constexpr double kEndsAfterAnswer = 0.02;
/// A connection is kept alive by TCP (https_connection.cpp): probed after 10 s, given up 15 s after it was heard of.
constexpr int kUnheardAtLeast_ms = 5000;
constexpr int kUnheardAtMost_ms = 15000;

}  // namespace

HttpReply spoilt(Dice& dice, HttpReply reply) {
  constexpr std::array kStatuses{404, 401, 403, 405, 409, 410, 502};
  switch (dice.between(0, 5)) {
    case 0:
      return {.status = 500, .body = "{\"error\":\"simulated\"}", .retry_after = {}};
    case 1:
      return {.status = 429, .body = {}, .retry_after = "1"};
    case 2:
      reply.body.resize(reply.body.size() / 2);
      return reply;
    case 3:
      return {.status = 200, .body = "<html>", .retry_after = {}};
    default:
      return {.status = kStatuses.at(static_cast<std::size_t>(dice.between(0, kStatuses.size() - 1))),
              .body = {},
              .retry_after = {}};
  }
}

VirtualLink::VirtualLink(Parts parts)
    : parts_(std::move(parts)),
      pool_(PoolLimits{}),
      pass_keys_(BackendTiming{}),
      credentials_(BackendTiming{}.refusal_memory) {}

void VirtualLink::start(BackendObserver& observer, std::string last_event_id) {
  observer_ = &observer;
  closures_ = std::make_unique<ClosuresSession>(BackendTiming{}, std::move(last_event_id));
  carry_out(pool_.start(parts_.agenda.now()));
  turn_stream();
  turn_pass_keys();
}

void VirtualLink::later(Duration span, std::function<void()> action) {
  parts_.agenda.in(span, [alive = std::weak_ptr(alive_), action = std::move(action)] {
    if (!alive.expired()) action();
  });
}

void VirtualLink::arm(Alarm& alarm, MonoTime at, std::function<void()> fire) {
  if (at == kNever || at >= alarm.at) return;
  alarm.at = at;
  const auto set = ++alarm.set;
  const Duration span = std::max(Duration{0}, at == MonoTime::min() ? Duration{0} : at - parts_.agenda.now());
  later(span, [&alarm, set, fire = std::move(fire)] {
    if (alarm.set != set) return;
    alarm.at = kNever;
    fire();
  });
}

void VirtualLink::connection_stands() {
  if (standing_++ > 0) return;
  closures_->backend_returned(parts_.agenda.now());
  pass_keys_.backend_returned(parts_.agenda.now());
  told_connected_ = true;
  observer_->on_connected(true, std::nullopt);
  turn_stream();
  turn_pass_keys();
}

void VirtualLink::connection_ended() {
  if (--standing_ > 0) return;
  told_connected_ = false;
  observer_->on_connected(false, Error{"backend_unreachable", "simulated"});
}

// --- questions -------------------------------------------------------------------------------------------------

void VirtualLink::ask(QuestionId question, const ConfirmRequest& request) {
  const auto ticket = ++newest_ticket_;
  asked_[ticket] = {.question = question,
                    .notice = request.stage == Stage::kLapsed,
                    .body = encode_confirm_request(request, ShortId::of(kStoreName), ShortId::of(parts_.gate))};
  carry_out(pool_.ask(ticket, parts_.agenda.now()));
}

void VirtualLink::carry_out(const PoolCommands& commands) {
  for (const auto& command : commands) carry_out(command);
  arm(pool_alarm_, pool_.next_deadline(), [this] { carry_out(pool_.tick(parts_.agenda.now())); });
}

void VirtualLink::carry_out(const PoolCommand& command) {
  if (const auto* opens = std::get_if<OpenConnection>(&command)) {
    open(opens->connection);
  } else if (const auto* closes = std::get_if<CloseConnection>(&command)) {
    const auto gone = connections_.extract(closes->connection);
    if (!gone.empty() && gone.mapped().standing) connection_ended();
  } else if (const auto* sends = std::get_if<SendQuestion>(&command)) {
    send(sends->connection, sends->ticket);
  } else if (const auto* fails = std::get_if<FailQuestion>(&command)) {
    // Never from within ask().
    later(Duration{0}, [this, asked = asked_.extract(fails->ticket).mapped(), why = fails->why] { tell(asked, why); });
  }
}

void VirtualLink::tell(const Asked& asked, const ConfirmAnswer& answer) {
  if (!asked.notice) observer_->on_answer(asked.question, answer);
}

void VirtualLink::open(ConnectionId id) {
  connections_[id] = {};
  later(parts_.weather.silent() ? kHandshakeAtMost : parts_.dice.ms(8, 60), [this, id] {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    if (parts_.weather.backend_down()) return lose(id, "no connection");
    found->second.standing = true;
    connection_stands();
    pool_.proven(id);
    carry_out(pool_.opened(id, parts_.agenda.now()));
  });
}

void VirtualLink::lose(ConnectionId id, const char* why) {
  const auto gone = connections_.extract(id);
  if (gone.empty()) return;
  if (gone.mapped().standing) connection_ended();
  if (!told_connected_) observer_->on_connected(false, Error{"backend_unreachable", why});
  carry_out(pool_.lost(id, {NoAnswerCause::kTransport, why}, parts_.agenda.now()));
}

bool VirtualLink::carries(ConnectionId id, std::uint64_t exchange) const {
  const auto found = connections_.find(id);
  return found != connections_.end() && found->second.exchange == exchange;
}

void VirtualLink::send(ConnectionId id, std::uint64_t ticket) {
  auto& connection = connections_.at(id);
  connection.ticket = ticket;
  const auto exchange = ++connection.exchange;
  const bool lost = parts_.dice.chance(parts_.weather.answer_lost) && parts_.dice.chance(0.5);
  if (lost) {
    // Before it is there: the connection breaks, or nothing is heard of it again.
    if (parts_.dice.chance(0.5)) later(parts_.dice.ms(1, 40), [this, id] { lose(id, "reset"); });
    return;
  }
  later(parts_.dice.ms(5, 40), [this, id, exchange, ticket] {
    when_heard([this, id, exchange] { return carries(id, exchange); },
               [this, id, exchange, ticket] { arrive_at_backend(id, exchange, ticket); });
  });
}

void VirtualLink::arrive_at_backend(ConnectionId id, std::uint64_t exchange, std::uint64_t ticket) {
  if (parts_.weather.backend_down() || !carries(id, exchange)) return;
  const auto asked = asked_.find(ticket);
  if (asked == asked_.end()) return;
  auto reply = parts_.door.confirm(asked->second.body, parts_.true_wall());
  if (parts_.dice.chance(parts_.weather.answer_lost)) {
    if (parts_.dice.chance(0.5)) later(parts_.dice.ms(1, 40), [this, id] { lose(id, "reset"); });
    return;
  }
  if (parts_.dice.chance(parts_.weather.answer_wrong)) reply = spoilt(parts_.dice, std::move(reply));
  const auto span = parts_.dice.chance(parts_.weather.answer_late) ? parts_.dice.ms(700, 10000) : parts_.dice.ms(5, 60);
  later(span, [this, id, exchange, reply = std::move(reply)] {
    when_heard([this, id, exchange] { return carries(id, exchange); },
               [this, id, exchange, reply] { answer(id, exchange, reply); });
  });
}

void VirtualLink::answer(ConnectionId id, std::uint64_t exchange, const HttpReply& reply) {
  if (!carries(id, exchange)) return;
  const auto asked = asked_.extract(connections_.at(id).ticket);
  const bool kept_alive = !parts_.dice.chance(kEndsAfterAnswer);
  if (!kept_alive) {
    connections_.erase(id);
    connection_ended();
  }
  observer_->on_date(parts_.true_wall());
  const auto decoded = decode_confirm_answer(reply.status, reply.body);
  tell(asked.mapped(), decoded);
  const auto* none = std::get_if<NoAnswer>(&decoded);
  heed(BackendChannel::kConfirm, none != nullptr && none->cause == NoAnswerCause::kCredentials ? none->detail : "");
  if (none != nullptr && none->cause == NoAnswerCause::kClientError) observer_->on_protocol_error(none->detail);
  if (parts_.dice.chance(parts_.weather.answer_doubled))
    later(milliseconds{30}, [this, asked = asked.mapped(), decoded] { tell(asked, decoded); });
  carry_out(pool_.answered(id, kept_alive, parts_.agenda.now()));
}

std::vector<ConnectionId> VirtualLink::standing() const {
  std::vector<ConnectionId> all;
  for (const auto& [id, connection] : connections_) {
    if (connection.standing) all.push_back(id);
  }
  return all;
}

void VirtualLink::cut() {
  for (const auto id : standing()) lose(id, "cut");
  if (stream_stands_) end_stream();
  if (upload_.done) end_upload(upload_.number, UploadFailed{"cut"}, false);
  upload_.kept_until = {};
}

void VirtualLink::vanish() {
  // Each connection was heard of last within the keep-alive's time before; a later outage has its own.
  const auto outage = ++outage_;
  const auto lasts = [this, outage] { return outage == outage_ && parts_.weather.outage == Outage::kVanishes; };
  for (const auto id : standing()) {
    later(parts_.dice.ms(kUnheardAtLeast_ms, kUnheardAtMost_ms), [this, id, lasts] {
      if (lasts()) lose(id, "the keep-alive was not answered");
    });
  }
  later(parts_.dice.ms(kUnheardAtLeast_ms, kUnheardAtMost_ms), [this, lasts, stream = stream_] {
    if (lasts() && stream == stream_ && stream_stands_) end_stream();
  });
  upload_.kept_until = std::min(upload_.kept_until, parts_.agenda.now() + milliseconds{kUnheardAtMost_ms});
}

}  // namespace exitgate::sim
