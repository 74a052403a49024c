#include "backend/pass_key_client.hpp"

#include "backend/confirm_codec.hpp"
#include "backend/pass_key_codec.hpp"

namespace exitgate {

PassKeyClient::PassKeyClient(std::shared_ptr<Dialer> dialer, LinkReports& reports)
    : dialer_(std::move(dialer)), reports_(reports), schedule_(dialer_->settings.timing), alarm_(dialer_->loop) {}

void PassKeyClient::close() {
  closed_ = true;
  alarm_.cancel();
  if (const auto connection = std::exchange(connection_, nullptr)) connection->close();
}

void PassKeyClient::refresh() {
  schedule_.demanded(steady_now());
  if (!connection_) arm();
}

void PassKeyClient::backend_returned() {
  schedule_.backend_returned(steady_now());
  if (!connection_) arm();
}

void PassKeyClient::arm() {
  if (closed_) return;
  alarm_.at(schedule_.next_fetch(), [this] { fetch(); });
}

void PassKeyClient::fetch() {
  const MonoTime now = steady_now();
  schedule_.begun(now);
  connection_ = HttpsConnection::open(dialer_, *this, 1);
  alarm_.at(now + dialer_->settings.timing.pass_keys, [this] { end(false); });
}

void PassKeyClient::end(bool got) {
  if (const auto connection = std::exchange(connection_, nullptr)) connection->close();
  schedule_.ended(got, steady_now());
  arm();
}

void PassKeyClient::on_ready(HttpsConnection& connection) {
  HttpRequest request;
  request.target = "/v1/stores/" + dialer_->settings.store_id.str() + "/pass-keys";
  connection.send(request, kAnswerBytesMax);
}

void PassKeyClient::on_closed(HttpsConnection&, const ConnectionFailure&) { end(false); }

void PassKeyClient::on_answer(HttpsConnection&, HttpAnswer answer) {
  const int status = answer.head.status;
  const std::string answered = describe_status("the request for pass keys", status, answer.body);
  const bool refused = refuses_credentials(status, answer.body);
  const bool unreadable_request = status >= 400 && status < 500 && status != 408 && status != 429;
  const auto decoded = status == 200 ? decode_pass_keys(answer.body) : fail("backend_malformed", answered);
  end(decoded.has_value());
  if (refused) return reports_.refused(BackendChannel::kPassKeys, answered);
  reports_.accepted(BackendChannel::kPassKeys);
  if (decoded) {
    reports_.pass_keys(decoded->keys);
  } else if (status == 200 || unreadable_request) {
    reports_.protocol_error(decoded.error().message + (status == 200 ? "; have the backend's list mended" : ""));
  }
}

}  // namespace exitgate
