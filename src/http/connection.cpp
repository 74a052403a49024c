#include "http/connection.hpp"

#include <algorithm>
#include <utility>

#include "http/message_text.hpp"

namespace exitgate::http {
namespace asio = boost::asio;
namespace {

/// A refused client may still be sending: closing on it would reset the connection before it reads the answer.
constexpr std::chrono::milliseconds kLinger{2000};
constexpr std::size_t kMaxDiscarded = 4194304;

}  // namespace

Connection::Connection(std::unique_ptr<ByteStream> stream, std::shared_ptr<TlsContext> tls,
                       std::shared_ptr<ServerCore> core)
    : stream_(std::move(stream)),
      tls_(std::move(tls)),
      core_(std::move(core)),
      timer_(core_->io()),
      write_timer_(core_->io()),
      reader_(core_->limits().header_bytes, core_->limits().body_bytes) {}

void Connection::start() {
  arm(core_->limits().handshake, &Connection::close);
  stream_->handshake([self = shared_from_this()](error_code error) {
    if (self->state_ != State::kHandshake) return;
    if (error || self->core_->stopping()) return self->close();
    self->begin_request();
  });
}

void Connection::stop() {
  switch (state_) {
    case State::kHandshake:
    case State::kReading:
      return close();
    case State::kEvents:
      return end_events();
    case State::kHandling:
    case State::kAnswering:
    case State::kLingering:
    case State::kClosed:
      return;  // closes by itself after the answer
  }
}

void Connection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  timer_.cancel();
  write_timer_.cancel();
  stream_->close();
  if (const auto channel = channel_.lock()) channel->end();
  core_->left(shared_from_this());
}

void Connection::arm(std::chrono::milliseconds after, void (Connection::*expired)()) {
  const auto generation = ++timer_generation_;
  timer_.expires_after(after);
  timer_.async_wait([self = shared_from_this(), generation, expired](error_code aborted) {
    // A timer that has expired can't be cancelled any more: the generation tells.
    if (!aborted && generation == self->timer_generation_ && self->state_ != State::kClosed) ((*self).*expired)();
  });
}

void Connection::begin_request() {
  state_ = State::kReading;
  reader_ = RequestReader(core_->limits().header_bytes, core_->limits().body_bytes);
  idle_ = input_.empty();
  if (idle_) {
    arm(core_->limits().idle, &Connection::close);
    return read();
  }
  arm(core_->limits().read, &Connection::read_expired);
  consume();
}

void Connection::read() {
  reading_ = true;
  stream_->read_some(asio::buffer(chunk_), [self = shared_from_this()](error_code error, std::size_t size) {
    self->reading_ = false;
    if (self->state_ != State::kClosed) self->on_read(error, size);
  });
}

void Connection::on_read(error_code error, std::size_t size) {
  // A request that came too late was answered while this read waited: what it brings is nobody's any more.
  if (state_ == State::kHandling || state_ == State::kAnswering) return;
  if (error) return close();
  if (state_ == State::kLingering || state_ == State::kEvents) {
    discarded_ += size;
    return discarded_ > kMaxDiscarded ? close() : read();
  }
  if (idle_) {
    idle_ = false;
    arm(core_->limits().read, &Connection::read_expired);
  }
  input_.append(chunk_.data(), size);
  consume();
}

void Connection::read_expired() { reject({408, "request_timeout", "The request did not arrive in time"}); }

void Connection::consume() {
  switch (reader_.feed(input_)) {
    case RequestReader::Progress::kNeedMore:
      return reader_.take_expectation() ? send_continue() : read();
    case RequestReader::Progress::kRejected:
      return reject(reader_.rejection());
    case RequestReader::Progress::kComplete:
      return dispatch();
  }
}

void Connection::send_continue() {
  write("HTTP/1.1 100 Continue\r\n\r\n", [this] {
    if (state_ == State::kReading) read();
  });
}

void Connection::reject(const Rejection& rejection) {
  rejected_ = true;
  state_ = State::kHandling;
  head_ = false;
  ++timer_generation_;
  if (writing_) return close();
  auto response = error_response(rejection.status, rejection.code, rejection.message);
  response.close = true;
  answer(response);
}

void Connection::dispatch() {
  state_ = State::kHandling;
  ++timer_generation_;
  timer_.cancel();
  Request request = reader_.take();
  request.peer = stream_->peer();
  head_ = request.method == "HEAD";
  auto exchange = std::make_shared<Responder::Exchange>();
  exchange->connection = weak_from_this();
  core_->handle(std::move(request), Responder(std::move(exchange)));
}

void Connection::answer(const Response& response, std::size_t bytes) {
  if (state_ != State::kHandling) return;
  state_ = State::kAnswering;
  const bool whole = bytes == std::string::npos;
  const bool keep_alive = whole && !response.close && !rejected_ && reader_.keep_alive() && !core_->stopping();
  auto text = answer_text(response, {.head = head_, .keep_alive = keep_alive, .http_1_0 = reader_.http_1_0()}, date());
  if (!whole) text.resize(std::min(bytes, text.size()));
  if (text.empty()) return close();
  write(std::move(text), [this, whole, keep_alive] {
    if (!whole) return close();
    if (keep_alive && !core_->stopping()) return begin_request();
    finish();
  });
}

void Connection::finish() {
  state_ = State::kLingering;
  arm(kLinger, &Connection::close);
  // A TLS client that still sends would not answer our close_notify.
  if (tls_ && rejected_) return discard();
  stream_->shut_down_sending([self = shared_from_this()](error_code error) {
    if (self->state_ == State::kClosed) return;
    if (error || self->tls_) return self->close();
    self->discard();
  });
}

void Connection::discard() {
  if (!reading_) read();
}

std::shared_ptr<EventStream::Channel> Connection::begin_events(const EventStreamOptions& options) {
  auto channel = std::make_shared<EventStream::Channel>();
  channel->io = &core_->io();
  if (state_ != State::kHandling || core_->stopping() || head_) channel->ended = true;
  Response response;
  response.content_type = "text/event-stream";
  response.headers = options.headers;
  response.headers.emplace_back("Cache-Control", "no-store");
  if (channel->ended) {
    response.close = true;
    answer(response);
    return channel;
  }
  channel->connection = weak_from_this();
  channel_ = channel;
  chunked_ = !reader_.http_1_0();
  keepalive_ = options.keepalive;
  state_ = State::kEvents;
  input_.clear();
  // Without chunks the end of the connection is the end of the stream.
  write(answer_text(response, {.keep_alive = false, .chunked = chunked_}, date()), [this] { flush_events(); });
  if (keepalive_.count() > 0) arm(keepalive_, &Connection::events_tick);
  read();
  return channel;
}

bool Connection::queue_events(std::string_view text) {
  if (state_ != State::kEvents || events_ending_) return false;
  if (event_queue_.size() + text.size() > core_->limits().event_queue_bytes) {
    close();
    return false;
  }
  event_queue_.append(text);
  sent_since_tick_ = true;
  if (!writing_) flush_events();
  return true;
}

void Connection::end_events() {
  if (state_ != State::kEvents || events_ending_) return;
  events_ending_ = true;
  if (const auto channel = channel_.lock()) channel->end();
  if (!writing_) flush_events();
}

void Connection::flush_events() {
  if (state_ != State::kEvents) return;
  if (!event_queue_.empty()) {
    auto text = chunked_ ? chunk_text(event_queue_) : std::move(event_queue_);
    event_queue_.clear();
    return write(std::move(text), [this] { flush_events(); });
  }
  if (!events_ending_) return;
  if (!chunked_) return close();
  write("0\r\n\r\n", [this] { close(); });
}

void Connection::events_tick() {
  if (state_ != State::kEvents) return;
  if (!std::exchange(sent_since_tick_, false)) queue_events(": keepalive\n\n");
  sent_since_tick_ = false;
  if (state_ == State::kEvents) arm(keepalive_, &Connection::events_tick);
}

void Connection::write(std::string text, std::function<void()> then) {
  writing_ = true;
  output_ = std::move(text);
  write_timer_.expires_after(core_->limits().write);
  write_timer_.async_wait([self = shared_from_this()](error_code aborted) {
    if (!aborted && self->writing_) self->close();
  });
  stream_->write(asio::buffer(output_), [self = shared_from_this(), then = std::move(then)](error_code error) {
    self->writing_ = false;
    self->write_timer_.cancel();
    if (self->state_ == State::kClosed) return;
    if (error) return self->close();
    then();
  });
}

std::string Connection::date() const { return http_date(std::chrono::system_clock::now()); }

}  // namespace exitgate::http
