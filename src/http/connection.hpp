// One client's connection: reads requests one by one, writes answers and event streams. Internal to http/.
// Ownership: the core owns it until it is closed, its pending operations do until they have ended. Thread: the loop's.
#pragma once

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/byte_stream.hpp"
#include "http/request_reader.hpp"
#include "http/server.hpp"
#include "http/server_core.hpp"

namespace exitgate::http {

/// Behind a Responder.
struct Responder::Exchange {
  std::weak_ptr<Connection> connection;
  bool answered = false;
  ~Exchange();
  /// The connection if it is still there and nobody answered before.
  std::shared_ptr<Connection> claim();
};

/// Behind an EventStream.
struct EventStream::Channel {
  std::weak_ptr<Connection> connection;
  std::function<void()> told;
  boost::asio::io_context* io = nullptr;
  bool ended = false;
  ~Channel();
  void end();
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::unique_ptr<ByteStream> stream, std::shared_ptr<TlsContext> tls, std::shared_ptr<ServerCore> core);

  void start();
  /// The server stops: goes away as soon as nothing is owed.
  void stop();
  void close();

  /// `bytes`: how many of the answer are sent before the connection is dropped; npos: all of it, properly.
  void answer(const Response& response, std::size_t bytes = std::string::npos);
  std::shared_ptr<EventStream::Channel> begin_events(const EventStreamOptions& options);
  bool queue_events(std::string_view text);
  void end_events();

 private:
  enum class State : unsigned char { kHandshake, kReading, kHandling, kAnswering, kEvents, kLingering, kClosed };

  void begin_request();
  void read();
  void on_read(error_code error, std::size_t size);
  void consume();
  void reject(const Rejection& rejection);
  void dispatch();
  void send_continue();
  void finish();
  void discard();
  void flush_events();
  void events_tick();
  void write(std::string text, std::function<void()> then);
  void arm(std::chrono::milliseconds after, void (Connection::*expired)());
  void read_expired();
  [[nodiscard]] std::string date() const;

  std::unique_ptr<ByteStream> stream_;
  std::shared_ptr<TlsContext> tls_;
  std::shared_ptr<ServerCore> core_;
  State state_ = State::kHandshake;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer write_timer_;
  std::uint64_t timer_generation_ = 0;
  std::array<char, 8192> chunk_;
  std::string input_;  ///< read and not consumed: the next requests of a pipelining client
  std::string output_;
  bool reading_ = false;
  bool writing_ = false;
  bool rejected_ = false;
  bool idle_ = false;
  bool head_ = false;
  std::size_t discarded_ = 0;
  RequestReader reader_;
  std::weak_ptr<EventStream::Channel> channel_;
  std::string event_queue_;
  std::chrono::milliseconds keepalive_{0};
  bool chunked_ = false;
  bool events_ending_ = false;
  bool sent_since_tick_ = false;
};

}  // namespace exitgate::http
