// Fetches the pass keys when their schedule says so, each time on a connection of its own. Loop thread.
#pragma once

#include <memory>

#include "backend/alarm.hpp"
#include "backend/https_connection.hpp"
#include "backend/link_reports.hpp"
#include "backend/pass_key_schedule.hpp"

namespace exitgate {

class PassKeyClient final : public HttpsUser {
 public:
  PassKeyClient(std::shared_ptr<Dialer> dialer, LinkReports& reports);
  ~PassKeyClient() { close(); }
  PassKeyClient(const PassKeyClient&) = delete;
  PassKeyClient& operator=(const PassKeyClient&) = delete;

  /// For good: no connection, no deadline and no report after this.
  void close();

  void start() { arm(); }
  void refresh();
  void backend_returned();

  void on_ready(HttpsConnection& connection) override;
  void on_closed(HttpsConnection& connection, const ConnectionFailure& why) override;
  void on_answer(HttpsConnection& connection, HttpAnswer answer) override;

 private:
  void arm();
  void fetch();
  void end(bool got);

  std::shared_ptr<Dialer> dialer_;
  LinkReports& reports_;
  PassKeySchedule schedule_;
  Alarm alarm_;
  std::shared_ptr<HttpsConnection> connection_;
  bool closed_ = false;
};

}  // namespace exitgate
