#include "backend/closures_client.hpp"

namespace exitgate {

ClosuresClient::ClosuresClient(std::shared_ptr<Dialer> dialer, LinkReports& reports, std::string last_event_id)
    : dialer_(std::move(dialer)),
      reports_(reports),
      session_(dialer_->settings.timing, std::move(last_event_id)),
      alarm_(dialer_->loop) {}

void ClosuresClient::close() {
  closed_ = true;
  alarm_.cancel();
  if (const auto connection = std::exchange(connection_, nullptr)) connection->close();
}

void ClosuresClient::backend_returned() {
  session_.backend_returned(steady_now());
  arm();
}

void ClosuresClient::arm() {
  if (closed_) return;
  alarm_.at(session_.deadline(), [this] { due(); });
}

void ClosuresClient::due() {
  if (connection_) return leave();
  session_.connecting(steady_now());
  connection_ = HttpsConnection::open(dialer_, *this, ++newest_);
  arm();
}

/// Also after a silence of 45 s: the connection may be dead without either side knowing.
void ClosuresClient::leave() {
  if (const auto connection = std::exchange(connection_, nullptr)) connection->close();
  const auto outputs = session_.ended(steady_now());
  arm();
  carry_out(outputs);
}

void ClosuresClient::on_ready(HttpsConnection& connection) {
  const auto& settings = dialer_->settings;
  HttpRequest request;
  request.target = "/v1/stores/" + settings.store_id.str() + "/closures?gate=" + settings.gate_id.str();
  request.accept = "text/event-stream";
  request.last_event_id = session_.cursor();
  connection.send(request, kUnbounded);
}

void ClosuresClient::on_closed(HttpsConnection&, const ConnectionFailure&) { leave(); }

void ClosuresClient::on_head(HttpsConnection&, const HttpHead& head) {
  carry_out(session_.head(head.status, head.content_type, steady_now()));
}

void ClosuresClient::on_body(HttpsConnection&, std::string piece) {
  const auto outputs = session_.body(piece, steady_now());
  arm();
  carry_out(outputs);
}

void ClosuresClient::on_answer(HttpsConnection&, HttpAnswer) { leave(); }

void ClosuresClient::tell_stream() {
  if (closed_ || told_streaming_ == session_.streaming()) return;
  told_streaming_ = session_.streaming();
  reports_.stream(told_streaming_);
}

void ClosuresClient::carry_out(const StreamOutputs& outputs) {
  tell_stream();
  for (const auto& output : outputs) {
    if (closed_) return;
    if (const auto* event = std::get_if<DeliverEvent>(&output)) {
      reports_.accepted(BackendChannel::kClosures);
      reports_.stream_event(event->event, event->id);
    } else if (const auto* error = std::get_if<ReportProtocolError>(&output)) {
      reports_.protocol_error(error->detail);
    } else if (const auto* refusal = std::get_if<ReportRefusal>(&output)) {
      reports_.refused(BackendChannel::kClosures, refusal->detail);
    } else {
      leave();
      return;
    }
  }
}

}  // namespace exitgate
