// Uploads of receipts, one at a time, on a connection of their own: a slow batch never delays a question. Loop thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/alarm.hpp"
#include "backend/https_connection.hpp"
#include "backend/link_reports.hpp"

namespace exitgate {

class UploadClient final : public HttpsUser {
 public:
  UploadClient(std::shared_ptr<Dialer> dialer, LinkReports& reports);
  ~UploadClient() { close(); }
  UploadClient(const UploadClient&) = delete;
  UploadClient& operator=(const UploadClient&) = delete;

  /// For good: no connection, no deadline and no report after this.
  void close();

  void upload(const std::vector<std::string>& receipt_jsons, std::function<void(UploadAnswer)> done);

  void on_ready(HttpsConnection& connection) override;
  void on_closed(HttpsConnection& connection, const ConnectionFailure& why) override;
  void on_answer(HttpsConnection& connection, HttpAnswer answer) override;

 private:
  void open();
  void send();
  void finish(UploadAnswer answer);
  void timed_out();

  std::shared_ptr<Dialer> dialer_;
  LinkReports& reports_;
  Alarm alarm_;  ///< the upload's end, or the idle connection's
  HttpRequest request_;
  std::function<void(UploadAnswer)> done_;
  std::shared_ptr<HttpsConnection> connection_;
  bool ready_ = false;
  bool kept_alive_ = false;
  std::uint64_t newest_ = 0;
  bool closed_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace exitgate
