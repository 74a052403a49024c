#include "http/client.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <cstring>
#include <memory>

#include "http/bounded_feed.hpp"
#include "http/listen_socket.hpp"

namespace exitgate::http {
namespace {

namespace beast = boost::beast;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxHeaderBytes = 64UL * 1024;
constexpr std::uint64_t kMaxAnswerBytes = 64ULL * 1024 * 1024;

Error connect_error(const std::string& place) {
  const int cause = errno;
  const std::string what = "Can't connect to " + place + ": " + std::strerror(cause);
  return {cause == EACCES || cause == EPERM ? std::string_view("no_permission") : std::string_view("unreachable"),
          what};
}

Result<Descriptor> connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail("unreachable", "The socket path \"" + path + "\" must have 1 to 107 bytes");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Descriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0 || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail(connect_error(path));
  }
  return fd;
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

Result<Descriptor> connect_tcp(const std::string& host, std::uint16_t port, const std::string& place) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list); error != 0) {
    return fail("unreachable", "Can't connect to " + place + ": " + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(list);
  for (const addrinfo* address = list; address != nullptr; address = address->ai_next) {
    Descriptor fd(socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd.get() >= 0 && connect(fd.get(), address->ai_addr, address->ai_addrlen) == 0) return fd;
  }
  return fail(connect_error(place));
}

/// A connected socket, read with deadlines.
class Wire {
 public:
  Wire(Descriptor fd, std::string place) : fd_(std::move(fd)), place_(std::move(place)) {}

  Status send_all(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      // A server that refuses early closes its side: its answer is still to be read.
      if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return {};
      if (sent < 0 && errno != EINTR)
        return fail("broken", "Sending to " + place_ + " failed: " + std::strerror(errno));
      if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }

  enum class Got : unsigned char { kData, kEnd, kTimeout };
  /// Appends what arrives until `deadline` to `into`.
  Result<Got> receive(std::string& into, Clock::time_point deadline) {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      pollfd waiting{fd_.get(), POLLIN, 0};
      const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
      if (ready < 0 && errno == EINTR) continue;
      if (ready == 0) return Got::kTimeout;
      std::array<char, 16384> chunk;
      const ssize_t size = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return fail("broken", "The connection to " + place_ + " broke: " + std::strerror(errno));
      into.append(chunk.data(), static_cast<std::size_t>(size));
      return size == 0 ? Got::kEnd : Got::kData;
    }
  }

 private:
  Descriptor fd_;
  std::string place_;
};

using AnswerParser = beast::http::response_parser<beast::http::string_body>;

struct AnswerReader {
  AnswerParser parser;
  BoundedFeed feed{kMaxHeaderBytes};
};

Status parse(AnswerReader& reader, std::string& input, bool ended, const std::string& place) {
  beast::error_code error;
  reader.feed.feed(reader.parser, input, error, [] {});
  if (ended && !reader.parser.got_some()) return fail("broken", place + " closed the connection without an answer");
  if (!error && ended && !reader.parser.is_done()) reader.parser.put_eof(error);
  if (error) return fail("broken", "The answer of " + place + " can't be read: " + error.message());
  return {};
}

Response taken(AnswerParser& parser) {
  auto& message = parser.get();
  Response response;
  response.status = message.result_int();
  for (const auto& field : message) {
    const auto name = field.name_string();
    const auto value = field.value();
    response.headers.emplace_back(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
    if (equal_ignoring_case(response.headers.back().first, "Content-Type"))
      response.content_type = response.headers.back().second;
  }
  response.body = std::move(message.body());
  return response;
}

std::string request_text(const std::string& method, const std::string& target, const std::string& host,
                         const Headers& headers, const std::string& body, const std::string& content_type) {
  std::string text = method + ' ' + target + " HTTP/1.1\r\nHost: " + host + "\r\n";
  for (const auto& [name, value] : headers) text.append(name).append(": ").append(value).append("\r\n");
  if (!content_type.empty()) text.append("Content-Type: ").append(content_type).append("\r\n");
  if (!body.empty() || method == "POST")
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  return text.append("\r\n").append(body);
}

Result<Wire> open_wire(const std::string& unix_path, const std::string& host, std::uint16_t port,
                       const std::string& place) {
  auto fd = unix_path.empty() ? connect_tcp(host, port, place) : connect_unix(unix_path);
  if (!fd) return fail(fd.error());
  return Wire(std::move(*fd), place);
}

}  // namespace

Client Client::over_unix(std::string path) {
  Client client;
  client.unix_path_ = std::move(path);
  client.host_ = "localhost";
  return client;
}

Client Client::over_tcp(std::string host, std::uint16_t port) {
  Client client;
  client.host_ = std::move(host);
  client.port_ = port;
  return client;
}

std::string Client::place() const {
  if (!unix_path_.empty()) return unix_path_;
  const bool v6 = host_.find(':') != std::string::npos;
  return (v6 ? "[" + host_ + "]" : host_) + ":" + std::to_string(port_);
}

Result<Response> Client::request(const std::string& method, const std::string& target, const std::string& body,
                                 const std::string& content_type) const {
  auto wire = open_wire(unix_path_, host_, port_, place());
  if (!wire) return fail(wire.error());
  Headers headers = headers_;
  headers.emplace_back("Connection", "close");
  const std::string host = unix_path_.empty() ? place() : host_;
  if (auto sent = wire->send_all(request_text(method, target, host, headers, body, content_type)); !sent)
    return fail(sent.error());
  AnswerReader answer;
  auto& parser = answer.parser;
  parser.skip(method == "HEAD");
  parser.body_limit(kMaxAnswerBytes);
  std::string input;
  const auto deadline = Clock::now() + timeout_;
  while (!parser.is_done()) {
    const auto got = wire->receive(input, deadline);
    if (!got) return fail(got.error());
    if (*got == Wire::Got::kTimeout) return fail("timeout", place() + " did not answer in time");
    if (auto parsed = parse(answer, input, *got == Wire::Got::kEnd, place()); !parsed) return fail(parsed.error());
  }
  return taken(parser);
}

Result<Response> Client::follow(const std::string& target, const Follower& follower) const {
  auto wire = open_wire(unix_path_, host_, port_, place());
  if (!wire) return fail(wire.error());
  Headers headers = headers_;
  headers.emplace_back("Accept", "text/event-stream");
  if (!follower.last_event_id.empty()) headers.emplace_back("Last-Event-ID", follower.last_event_id);
  const std::string host = unix_path_.empty() ? place() : host_;
  if (auto sent = wire->send_all(request_text("GET", target, host, headers, "", "")); !sent) return fail(sent.error());
  AnswerReader answer;
  auto& parser = answer.parser;
  parser.body_limit(boost::none);
  EventTextReader reader;
  std::string input;
  const auto header_deadline = Clock::now() + timeout_;
  auto next_tick = Clock::now() + follower.tick;
  for (;;) {
    const bool started = parser.is_header_done();
    const auto got = wire->receive(input, started ? next_tick : header_deadline);
    if (!got) return fail(got.error());
    if (*got == Wire::Got::kTimeout && !started) return fail("timeout", place() + " did not answer in time");
    if (auto parsed = parse(answer, input, *got == Wire::Got::kEnd, place()); !parsed) return fail(parsed.error());
    if (parser.is_header_done() && parser.get().result_int() == 200) {
      const auto events = reader.feed(std::exchange(parser.get().body(), {}));
      for (const auto& event : events) {
        if (!follower.event(event)) return taken(parser);
      }
      if (parser.is_done()) return fail("broken", place() + " ended the event stream");
    } else if (parser.is_done()) {
      return taken(parser);
    }
    if (Clock::now() < next_tick) continue;
    next_tick = Clock::now() + follower.tick;
    if (follower.idle && !follower.idle()) return taken(parser);
  }
}

}  // namespace exitgate::http
