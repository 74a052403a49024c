#include "backend/tls_backend_link.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "backend/closures_client.hpp"
#include "backend/https_connection.hpp"
#include "backend/pass_key_client.hpp"
#include "backend/question_client.hpp"
#include "backend/upload_client.hpp"
#include "base/check.hpp"

namespace exitgate {
namespace {

class TlsBackendLink final : public BackendLink, public LinkReports, public DialObserver {
 public:
  TlsBackendLink(boost::asio::io_context& loop, BackendSettings settings)
      : loop_(loop), settings_(std::move(settings)), credentials_(settings_.timing.refusal_memory) {}
  ~TlsBackendLink() override { TlsBackendLink::stop(); }
  TlsBackendLink(const TlsBackendLink&) = delete;
  TlsBackendLink& operator=(const TlsBackendLink&) = delete;

  void start(BackendObserver& observer, std::string last_event_id) override {
    EXITGATE_CHECK(!dialer_);
    observer_ = &observer;
    dialer_ = std::make_shared<Dialer>(loop_, settings_);
    dialer_->told = this;
    questions_ = std::make_unique<QuestionClient>(dialer_, *this);
    closures_ = std::make_unique<ClosuresClient>(dialer_, *this, std::move(last_event_id));
    pass_keys_ = std::make_unique<PassKeyClient>(dialer_, *this);
    uploads_ = std::make_unique<UploadClient>(dialer_, *this);
    questions_->start();
    closures_->start();
    pass_keys_->start();
  }

  void ask(QuestionId question, const ConfirmRequest& request) override {
    if (questions_) questions_->ask(question, request);
  }
  void upload(const std::vector<std::string>& receipt_jsons, std::function<void(UploadAnswer)> done) override {
    if (uploads_) uploads_->upload(receipt_jsons, std::move(done));
  }
  void refresh_pass_keys() override {
    if (pass_keys_) pass_keys_->refresh();
  }

  void stop() override {
    if (!dialer_) return;
    dialer_->told = nullptr;
    questions_->close();
    closures_->close();
    pass_keys_->close();
    uploads_->close();
    // One of them may be the caller: they go after this turn of the loop.
    boost::asio::post(loop_, [questions = std::move(questions_), closures = std::move(closures_),
                              pass_keys = std::move(pass_keys_), uploads = std::move(uploads_)] {});
    dialer_.reset();
  }

 private:
  [[nodiscard]] bool stopped() const { return dialer_ == nullptr; }

  void refused(BackendChannel channel, const std::string& detail) override {
    if (!stopped() && credentials_.refused(channel, detail, steady_now())) observer_->on_credentials_refused(detail);
  }
  void accepted(BackendChannel channel) override {
    if (!stopped() && credentials_.accepted(channel, steady_now())) observer_->on_credentials_accepted();
  }
  void protocol_error(const std::string& detail) override {
    if (!stopped()) observer_->on_protocol_error(detail);
  }
  void answer(QuestionId question, const ConfirmAnswer& answer) override {
    if (!stopped()) observer_->on_answer(question, answer);
  }
  void stream(bool stands) override {
    if (!stopped()) observer_->on_stream(stands);
  }
  void stream_event(const StreamEvent& event, const std::string& id) override {
    if (!stopped()) observer_->on_stream_event(event, id);
  }
  void pass_keys(const std::vector<PassKey>& keys) override {
    if (!stopped()) observer_->on_pass_keys(keys);
  }

  void on_proven() override {
    failed_since_ = false;
    ++standing_;
    if (told_connected_ != true) {
      told_connected_ = true;
      // The backend is back: nothing need wait out its back-off.
      closures_->backend_returned();
      pass_keys_->backend_returned();
      observer_->on_connected(true, std::nullopt);
    }
    accepted(BackendChannel::kTls);
  }
  void on_unproven() override {
    // One that was done with and closed from here (pass keys, while the others still shake hands) tells nothing.
    if (--standing_ == 0 && failed_since_) tell_lost();
  }
  void on_failure(const ConnectionFailure& why) override {
    last_failure_ = Error{"backend_unreachable", why.detail};
    failed_since_ = true;
    if (standing_ == 0) tell_lost();
    if (why.cause == NoAnswerCause::kTls) refused(BackendChannel::kTls, why.detail);
  }
  void tell_lost() {
    if (told_connected_ == false) return;
    told_connected_ = false;
    observer_->on_connected(false, last_failure_);
  }
  void on_http_head(const HttpHead& head) override {
    if (head.date) observer_->on_date(*head.date);
  }

  boost::asio::io_context& loop_;
  BackendSettings settings_;
  BackendObserver* observer_ = nullptr;
  CredentialsWatch credentials_;
  std::size_t standing_ = 0;
  std::optional<bool> told_connected_;
  bool failed_since_ = false;  ///< a connection, since one was proven last
  Error last_failure_{"backend_unreachable", "the connection was closed"};
  std::shared_ptr<Dialer> dialer_;
  std::unique_ptr<QuestionClient> questions_;
  std::unique_ptr<ClosuresClient> closures_;
  std::unique_ptr<PassKeyClient> pass_keys_;
  std::unique_ptr<UploadClient> uploads_;
};

}  // namespace

Result<std::unique_ptr<BackendLink>> make_tls_backend_link(boost::asio::io_context& loop, BackendSettings settings) {
  const auto identity = TlsIdentity::load({settings.ca_file, settings.certificate_file, settings.private_key_file});
  if (!identity) return fail(identity.error());
  return std::make_unique<TlsBackendLink>(loop, std::move(settings));
}

}  // namespace exitgate
