// Questions over the pool of connections: the sockets' half of QuestionPool. Loop thread.
#pragma once

#include <map>
#include <memory>

#include "backend/alarm.hpp"
#include "backend/https_connection.hpp"
#include "backend/link_reports.hpp"
#include "backend/question_pool.hpp"

namespace exitgate {

class QuestionClient final : public HttpsUser {
 public:
  QuestionClient(std::shared_ptr<Dialer> dialer, LinkReports& reports);
  ~QuestionClient() { close(); }
  QuestionClient(const QuestionClient&) = delete;
  QuestionClient& operator=(const QuestionClient&) = delete;

  /// For good: no connection, no deadline and no report after this.
  void close();

  void start() { carry_out(pool_.start(steady_now())); }
  void ask(QuestionId question, const ConfirmRequest& request);

  void on_ready(HttpsConnection& connection) override;
  void on_proven(HttpsConnection& connection) override { pool_.proven(connection.id()); }
  void on_closed(HttpsConnection& connection, const ConnectionFailure& why) override;
  void on_answer(HttpsConnection& connection, HttpAnswer answer) override;

 private:
  struct Asked {
    QuestionId question = 0;
    bool notice = false;  ///< lapsed: its answer is told to nobody
    HttpRequest request;
    MonoTime at{};
  };
  void carry_out(const PoolCommands& commands);
  void carry_out(const OpenConnection& command);
  void carry_out(const CloseConnection& command);
  void carry_out(const SendQuestion& command);
  void carry_out(const FailQuestion& command);
  void tell(const Asked& asked, const ConfirmAnswer& answer);

  std::shared_ptr<Dialer> dialer_;
  LinkReports& reports_;
  QuestionPool pool_;
  Alarm alarm_;
  std::uint64_t newest_ticket_ = 0;
  std::map<std::uint64_t, Asked> asked_;
  std::map<ConnectionId, std::shared_ptr<HttpsConnection>> connections_;
  std::map<ConnectionId, std::uint64_t> tickets_;  ///< of the busy ones
  bool closed_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace exitgate
