#include "backend/upload_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>

#include "backend/confirm_codec.hpp"
#include "backend/upload_codec.hpp"

namespace exitgate {
namespace {

WallTime system_now() {
  return std::chrono::time_point_cast<WallClock::duration>(
      WallTime{std::chrono::duration_cast<WallClock::duration>(std::chrono::system_clock::now().time_since_epoch())});
}

}  // namespace

UploadClient::UploadClient(std::shared_ptr<Dialer> dialer, LinkReports& reports)
    : dialer_(std::move(dialer)), reports_(reports), alarm_(dialer_->loop) {
  request_.method = "POST";
  request_.target = "/v1/receipts";
}

void UploadClient::close() {
  closed_ = true;
  alive_.reset();
  done_ = nullptr;
  alarm_.cancel();
  if (const auto connection = std::exchange(connection_, nullptr)) connection->close();
}

void UploadClient::upload(const std::vector<std::string>& receipt_jsons, std::function<void(UploadAnswer)> done) {
  if (done_) {
    boost::asio::post(dialer_->loop, [alive = std::weak_ptr(alive_), done = std::move(done)] {
      if (!alive.expired()) done(UploadFailed{"another upload is under way; one at a time"});
    });
    return;
  }
  const auto& settings = dialer_->settings;
  request_.body = encode_upload(receipt_jsons, settings.store_id, settings.gate_id);
  done_ = std::move(done);
  alarm_.at(steady_now() + settings.timing.upload, [this] { timed_out(); });
  kept_alive_ = ready_;
  if (ready_) {
    send();
  } else {
    open();
  }
}

void UploadClient::open() { connection_ = HttpsConnection::open(dialer_, *this, ++newest_); }

void UploadClient::send() { connection_->send(request_, kAnswerBytesMax); }

void UploadClient::on_ready(HttpsConnection&) {
  ready_ = true;
  send();
}

void UploadClient::on_closed(HttpsConnection&, const ConnectionFailure& why) {
  connection_.reset();
  ready_ = false;
  if (!done_) return;
  if (std::exchange(kept_alive_, false) && why.cause == NoAnswerCause::kTransport) return open();
  if (why.cause == NoAnswerCause::kTls) return finish(UploadForbidden{why.detail});
  finish(UploadFailed{why.detail});
}

void UploadClient::timed_out() {
  if (const auto connection = std::exchange(connection_, nullptr)) connection->close();
  ready_ = false;
  if (!done_) return;  // the idle connection has been kept long enough
  const auto after_s = std::chrono::duration_cast<std::chrono::seconds>(dialer_->settings.timing.upload).count();
  finish(UploadFailed{"the backend did not answer an upload within " + std::to_string(after_s) + " s"});
}

void UploadClient::on_answer(HttpsConnection&, HttpAnswer answer) {
  if (!answer.head.keep_alive) {
    connection_.reset();
    ready_ = false;
  }
  const int status = answer.head.status;
  const WallTime now = answer.head.date.value_or(system_now());
  UploadAnswer decoded = decode_upload_answer(status, answer.body, answer.head.retry_after, now);
  if (const auto* forbidden = std::get_if<UploadForbidden>(&decoded)) {
    reports_.refused(BackendChannel::kReceipts, forbidden->detail);
  } else {
    reports_.accepted(BackendChannel::kReceipts);
  }
  const auto* failed = std::get_if<UploadFailed>(&decoded);
  if (failed != nullptr && status >= 400 && status < 500 && status != 408) reports_.protocol_error(failed->detail);
  finish(std::move(decoded));
}

void UploadClient::finish(UploadAnswer answer) {
  if (closed_) return;
  request_.body.clear();
  alarm_.at(ready_ ? steady_now() + dialer_->settings.timing.upload_idle : kNever, [this] { timed_out(); });
  // Last: it may begin the next upload, or stop the link.
  const auto done = std::exchange(done_, nullptr);
  if (done) done(std::move(answer));
}

}  // namespace exitgate
