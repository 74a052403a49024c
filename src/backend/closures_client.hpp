// The closures stream on its connection: the socket's half of ClosuresSession. Loop thread.
#pragma once

#include <memory>
#include <string>

#include "backend/alarm.hpp"
#include "backend/closures_session.hpp"
#include "backend/https_connection.hpp"
#include "backend/link_reports.hpp"

namespace exitgate {

class ClosuresClient final : public HttpsUser {
 public:
  ClosuresClient(std::shared_ptr<Dialer> dialer, LinkReports& reports, std::string last_event_id);
  ~ClosuresClient() { close(); }
  ClosuresClient(const ClosuresClient&) = delete;
  ClosuresClient& operator=(const ClosuresClient&) = delete;

  /// For good: no connection, no deadline and no report after this.
  void close();

  void start() { arm(); }
  void backend_returned();

  void on_ready(HttpsConnection& connection) override;
  void on_closed(HttpsConnection& connection, const ConnectionFailure& why) override;
  void on_head(HttpsConnection& connection, const HttpHead& head) override;
  void on_body(HttpsConnection& connection, std::string piece) override;
  void on_answer(HttpsConnection& connection, HttpAnswer answer) override;

 private:
  void arm();
  void due();
  void leave();
  void tell_stream();
  void carry_out(const StreamOutputs& outputs);

  std::shared_ptr<Dialer> dialer_;
  LinkReports& reports_;
  ClosuresSession session_;
  Alarm alarm_;
  std::shared_ptr<HttpsConnection> connection_;
  std::uint64_t newest_ = 0;
  bool told_streaming_ = false;
  bool closed_ = false;
};

}  // namespace exitgate
