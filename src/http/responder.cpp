// The handles given to whoever answers: they outlive the connection and then do nothing.
#include <boost/asio/post.hpp>
#include <utility>

#include "http/connection.hpp"
#include "http/event_text.hpp"

namespace exitgate::http {

std::shared_ptr<Connection> Responder::Exchange::claim() {
  return std::exchange(answered, true) ? nullptr : connection.lock();
}

Responder::Exchange::~Exchange() {
  if (const auto there = claim())
    there->answer(error_response(500, "internal", "The request was dropped without an answer"));
}

void Responder::respond(Response response) const {
  if (const auto there = exchange_->claim()) there->answer(response);
}

void Responder::respond_partly(Response response, std::size_t bytes) const {
  // One byte less than npos is as good as any amount.
  if (const auto there = exchange_->claim()) there->answer(response, std::min(bytes, std::string::npos - 1));
}

void Responder::abort() const {
  if (const auto there = exchange_->claim()) there->close();
}

EventStream Responder::start_events(const EventStreamOptions& options) const {
  const auto there = exchange_->claim();
  return there ? EventStream(there->begin_events(options)) : EventStream();
}

EventStream::Channel::~Channel() {
  if (const auto there = connection.lock()) there->end_events();
}

void EventStream::Channel::end() {
  if (std::exchange(ended, true)) return;
  // Posted: the one to be told may be in the middle of a send.
  if (told) boost::asio::post(*io, std::exchange(told, nullptr));
}

bool EventStream::send(std::string_view id, std::string_view event, std::string_view data) const {
  return send_text(event_text(id, event, data));
}

bool EventStream::send_text(std::string_view text) const {
  if (!open()) return false;
  const auto there = channel_->connection.lock();
  return there && there->queue_events(text);
}

bool EventStream::open() const { return channel_ && !channel_->ended; }

void EventStream::on_closed(std::function<void()> told) const {
  if (!channel_) return;
  if (channel_->ended) {
    if (channel_->io != nullptr) boost::asio::post(*channel_->io, std::move(told));
    return;
  }
  channel_->told = std::move(told);
}

void EventStream::close() const {
  if (!open()) return;
  if (const auto there = channel_->connection.lock()) there->end_events();
}

void EventStream::abort() const {
  if (!open()) return;
  if (const auto there = channel_->connection.lock()) there->close();
}

}  // namespace exitgate::http
