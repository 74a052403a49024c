// What the control API answers to each request it let in. Internal to api/. Thread: the loop's.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "api/control_api.hpp"
#include "api/event_history.hpp"
#include "api/routes.hpp"
#include "http/server.hpp"

namespace exitgate::api {

class Answers : public std::enable_shared_from_this<Answers> {
 public:
  Answers(boost::asio::io_context& io, GateControl& gate, ReceiptStore& receipts, Metrics& metrics,
          EventHistory& history, const ApiSettings& settings);

  void answer(const RouteMatch& route, const http::Request& request, const std::string& user,
              const http::Responder& responder);
  void publish(const PublicEvent& event);
  void end_streams();

 private:
  struct PendingCommand;

  void lane(const std::string& id, const http::Responder& responder);
  void command(const std::string& lane, const http::Request& request, const std::string& user,
               const http::Responder& responder);
  void events(const http::Request& request, const http::Responder& responder);
  void receipts(const http::Request& request, const http::Responder& responder);
  void receipt(const std::string& id, const http::Responder& responder);
  void retry(const std::string& id, const http::Responder& responder);
  void reload(const http::Responder& responder);
  void trace(const http::Responder& responder);
  void health(const http::Responder& responder);
  void metrics(const http::Responder& responder);
  void drop_closed_streams();

  boost::asio::io_context& io_;
  GateControl& gate_;
  ReceiptStore& store_;
  Metrics& metrics_;
  EventHistory& history_;
  const ApiSettings& settings_;
  std::vector<http::EventStream> streams_;
  std::size_t commands_under_way_ = 0;
};

}  // namespace exitgate::api
