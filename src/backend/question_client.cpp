#include "backend/question_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "backend/confirm_codec.hpp"

namespace exitgate {
namespace {

PoolLimits limits_of(const BackendSettings& settings) {
  const auto& timing = settings.timing;
  return {.give_up_after = settings.confirm_timeout + timing.late_answer,
          .idle_trim = timing.idle_trim,
          .retry_first = timing.warm_retry_first,
          .retry_longest = timing.warm_retry_longest};
}

}  // namespace

QuestionClient::QuestionClient(std::shared_ptr<Dialer> dialer, LinkReports& reports)
    : dialer_(std::move(dialer)), reports_(reports), pool_(limits_of(dialer_->settings)), alarm_(dialer_->loop) {}

void QuestionClient::close() {
  closed_ = true;
  alive_.reset();
  alarm_.cancel();
  for (const auto& [id, connection] : std::exchange(connections_, {})) connection->close();
}

void QuestionClient::ask(QuestionId question, const ConfirmRequest& request) {
  const auto& settings = dialer_->settings;
  Asked asked{.question = question, .notice = request.stage == Stage::kLapsed, .request = {}, .at = steady_now()};
  asked.request.method = "POST";
  asked.request.target = "/v1/exits/confirm";
  asked.request.body = encode_confirm_request(request, settings.store_id, settings.gate_id);
  const std::uint64_t ticket = ++newest_ticket_;
  const MonoTime now = asked.at;
  asked_.emplace(ticket, std::move(asked));
  carry_out(pool_.ask(ticket, now));
}

void QuestionClient::on_ready(HttpsConnection& connection) { carry_out(pool_.opened(connection.id(), steady_now())); }

void QuestionClient::on_closed(HttpsConnection& connection, const ConnectionFailure& why) {
  connections_.erase(connection.id());
  tickets_.erase(connection.id());
  carry_out(pool_.lost(connection.id(), why, steady_now()));
}

void QuestionClient::on_answer(HttpsConnection& connection, HttpAnswer answer) {
  const auto ticket = tickets_.extract(connection.id());
  if (ticket.empty()) return;
  const auto asked = asked_.extract(ticket.mapped());
  if (!answer.head.keep_alive) connections_.erase(connection.id());
  const MonoTime now = steady_now();
  // The answer first: it decides about somebody who waits.
  ConfirmAnswer decoded = decode_confirm_answer(answer.head.status, answer.body);
  const auto* none = std::get_if<NoAnswer>(&decoded);
  const bool refused = none != nullptr && none->cause == NoAnswerCause::kCredentials;
  const std::string refusal = refused ? none->detail : std::string{};
  const std::string protocol =
      none != nullptr && none->cause == NoAnswerCause::kClientError ? none->detail : std::string{};
  if (dialer_->settings.on_confirm_latency) dialer_->settings.on_confirm_latency(now - asked.mapped().at);
  tell(asked.mapped(), decoded);
  if (refused) {
    reports_.refused(BackendChannel::kConfirm, refusal);
  } else {
    reports_.accepted(BackendChannel::kConfirm);
  }
  if (!protocol.empty()) reports_.protocol_error(protocol);
  carry_out(pool_.answered(connection.id(), answer.head.keep_alive, now));
}

void QuestionClient::tell(const Asked& asked, const ConfirmAnswer& answer) {
  if (!asked.notice) reports_.answer(asked.question, answer);
}

void QuestionClient::carry_out(const PoolCommands& commands) {
  for (const auto& command : commands) {
    // Closing a connection is told, and whoever is told may stop the link.
    if (closed_) return;
    std::visit([this](const auto& one) { carry_out(one); }, command);
  }
  if (closed_) return;
  alarm_.at(pool_.next_deadline(), [this] { carry_out(pool_.tick(steady_now())); });
}

void QuestionClient::carry_out(const OpenConnection& command) {
  connections_[command.connection] = HttpsConnection::open(dialer_, *this, command.connection);
}

void QuestionClient::carry_out(const CloseConnection& command) {
  const auto connection = connections_.extract(command.connection);
  tickets_.erase(command.connection);
  if (!connection.empty()) connection.mapped()->close();
}

void QuestionClient::carry_out(const SendQuestion& command) {
  tickets_[command.connection] = command.ticket;
  connections_.at(command.connection)->send(asked_.at(command.ticket).request, kAnswerBytesMax);
}

void QuestionClient::carry_out(const FailQuestion& command) {
  // Later, so that ask() never answers from within itself.
  auto asked = asked_.extract(command.ticket);
  asked.mapped().request = {};
  boost::asio::post(dialer_->loop,
                    [this, alive = std::weak_ptr(alive_), question = std::move(asked.mapped()), why = command.why] {
                      if (!alive.expired()) tell(question, why);
                    });
}

}  // namespace exitgate
