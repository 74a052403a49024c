#include "backend/https_connection.hpp"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include "backend/alarm.hpp"
#include "backend/tls_failure.hpp"

namespace exitgate {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

std::string authority_of(const BackendSettings& settings) {
  const bool bare_ipv6 = settings.host.find(':') != std::string::npos;
  return (bare_ipv6 ? "[" + settings.host + "]" : settings.host) + ":" + std::to_string(settings.port);
}

std::string without_slash_at_end(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return path;
}

/// Latency first; and a peer that vanished without a word is noticed within half a minute, before a question is put to
/// it.
void set_options(tcp::socket& socket) {
  ErrorCode ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  socket.set_option(asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>(10), ignored);
  socket.set_option(asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPINTVL>(5), ignored);
  socket.set_option(asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPCNT>(3), ignored);
  socket.set_option(asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>(15000), ignored);
}

ConnectionFailure transport(const std::string& where, const std::string& what) {
  return {NoAnswerCause::kTransport, where + ": " + what};
}

}  // namespace

Dialer::Dialer(asio::io_context& io_context, const BackendSettings& link_settings)
    : loop(io_context),
      settings(link_settings),
      origin{authority_of(link_settings), without_slash_at_end(link_settings.base_path), link_settings.user_agent},
      identities({link_settings.ca_file, link_settings.certificate_file, link_settings.private_key_file}),
      lookup(io_context, link_settings.host) {}

struct HttpsConnection::Impl {
  Impl(std::shared_ptr<Dialer> shared, HttpsUser& told, std::uint64_t number)
      : dialer(std::move(shared)), user(&told), id(number), socket(dialer->loop), deadline(dialer->loop) {}

  [[nodiscard]] std::string where() const { return "https://" + dialer->origin.authority; }
  [[nodiscard]] ConnectionFailure describe(const ErrorCode& error) {
    if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
      return transport(where(), "the backend closed the connection");
    }
    if (error.category() != asio::error::get_ssl_category()) return transport(where(), error.message());
    const long verified = stream ? SSL_get_verify_result(stream->native_handle()) : X509_V_OK;
    const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
    return {NoAnswerCause::kTls, describe_tls_failure(where(), reason, verified, error.message())};
  }

  std::shared_ptr<Dialer> dialer;
  HttpsUser* user;  ///< null: closed
  std::uint64_t id;
  std::vector<std::string> addresses;
  tcp::socket socket;
  std::shared_ptr<TlsIdentity> identity;
  std::optional<asio::ssl::stream<tcp::socket&>> stream;
  Alarm deadline;
  bool resuming = false;
  bool proven = false;
  bool streaming = false;
  bool head_told = false;
  std::string outgoing;
  bool writing = false;
  std::array<char, 16 * 1024> incoming{};
  HttpReader reader;
};

HttpsConnection::HttpsConnection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpsConnection::~HttpsConnection() = default;
std::uint64_t HttpsConnection::id() const { return impl_->id; }

std::shared_ptr<HttpsConnection> HttpsConnection::open(std::shared_ptr<Dialer> dialer, HttpsUser& user,
                                                       std::uint64_t id) {
  auto& loop = dialer->loop;
  std::shared_ptr<HttpsConnection> connection(new HttpsConnection(std::make_unique<Impl>(std::move(dialer), user, id)));
  asio::post(loop, [connection] { connection->look_up(); });
  return connection;
}

void HttpsConnection::look_up() {
  if (impl_->user == nullptr) return;
  auto identity = impl_->dialer->identities.current();
  if (!identity) {
    fail_with({NoAnswerCause::kTls, identity.error().message});
    return;
  }
  impl_->identity = *identity;
  const auto& settings = impl_->dialer->settings;
  impl_->deadline.at(steady_now() + settings.timing.lookup, [this] {
    fail_with({NoAnswerCause::kTimeout, "the backend's host name '" + impl_->dialer->settings.host +
                                            "' was not resolved in time; check the box's DNS"});
  });
  impl_->dialer->lookup.resolve([weak = weak_from_this()](const Result<std::vector<std::string>>& addresses) {
    const auto self = weak.lock();
    if (!self || self->impl_->user == nullptr || !self->impl_->addresses.empty()) return;
    if (!addresses || addresses->empty()) {
      self->fail_with({NoAnswerCause::kTransport,
                       addresses ? "the backend's host name has no address" : addresses.error().message});
      return;
    }
    self->impl_->addresses = *addresses;
    self->try_address(0);
  });
}

void HttpsConnection::try_address(std::size_t attempt) {
  auto& dialer = *impl_->dialer;
  // The address that served last comes first; the others are for when it does not answer.
  const std::size_t index = (dialer.last_good_address + attempt) % impl_->addresses.size();
  ErrorCode error;
  const auto address = asio::ip::make_address(impl_->addresses[index], error);
  const tcp::endpoint endpoint(address, dialer.settings.port);
  const auto failed = [this, attempt, text = impl_->addresses[index]](const std::string& what) {
    ErrorCode ignored;
    impl_->socket.close(ignored);
    if (attempt + 1 < impl_->addresses.size()) {
      try_address(attempt + 1);
    } else {
      fail_with(transport(impl_->where(), "no connection to " + text + ": " + what));
    }
  };
  impl_->socket.open(endpoint.protocol(), error);
  if (error) return failed(error.message());
  set_options(impl_->socket);
  impl_->deadline.at(steady_now() + dialer.settings.connect_timeout, [this] {
    // Wakes the handler below, which sees that the deadline was the cause.
    ErrorCode ignored;
    impl_->socket.cancel(ignored);
  });
  impl_->socket.async_connect(endpoint, [self = shared_from_this(), failed, index](const ErrorCode& result) {
    if (self->impl_->user == nullptr) return;
    if (result)
      return failed(result == asio::error::operation_aborted ? "no answer within connect_timeout_ms"
                                                             : result.message());
    self->impl_->dialer->last_good_address = index;
    self->shake_hands();
  });
}

void HttpsConnection::shake_hands() {
  auto& impl = *impl_;
  impl.stream.emplace(impl.socket, impl.identity->context());
  impl.resuming = impl.identity->prepare(
      impl.stream->native_handle(), impl.dialer->settings.host,
      [](void* argument) {
        auto* connection = static_cast<HttpsConnection*>(argument);
        asio::post(connection->impl_->dialer->loop, [weak = connection->weak_from_this()] {
          if (const auto self = weak.lock()) self->prove();
        });
      },
      this);
  impl.deadline.at(steady_now() + impl.dialer->settings.connect_timeout, [this] {
    fail_with({NoAnswerCause::kTimeout, impl_->where() + ": no TLS handshake within connect_timeout_ms"});
  });
  impl.stream->async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](const ErrorCode& error) {
    if (self->impl_->user == nullptr) return;
    if (!error) return self->ready();
    if (self->impl_->resuming) self->impl_->identity->forget_sessions();
    self->fail_with(self->impl_->describe(error));
  });
}

void HttpsConnection::ready() {
  impl_->deadline.at(steady_now() + impl_->dialer->settings.timing.proven_after, [this] { prove(); });
  const auto self = shared_from_this();
  read();
  if (impl_->user != nullptr) impl_->user->on_ready(*this);
}

void HttpsConnection::prove() {
  if (impl_->user == nullptr || impl_->proven) return;
  impl_->proven = true;
  impl_->deadline.cancel();
  const auto self = shared_from_this();
  if (impl_->dialer->told != nullptr) impl_->dialer->told->on_proven();
  if (impl_->user != nullptr) impl_->user->on_proven(*this);
}

void HttpsConnection::read() {
  impl_->stream->async_read_some(
      asio::buffer(impl_->incoming), [self = shared_from_this()](const ErrorCode& error, std::size_t size) {
        auto& impl = *self->impl_;
        if (impl.user == nullptr) return;
        if (!error) {
          self->prove();
          self->take({impl.incoming.data(), size});
          if (impl.user != nullptr) self->read();
          return;
        }
        // Only a goodbye in TLS ends an answer that has no other end; anybody can cut a TCP connection.
        if (error == asio::error::eof && impl.reader.expecting() && impl.reader.end_of_input()) {
          self->deliver();
          if (impl.user == nullptr) return;
        }
        self->fail_with(impl.describe(error));
      });
}

void HttpsConnection::take(std::string_view bytes) {
  auto& impl = *impl_;
  if (impl.user == nullptr) return;
  if (!impl.reader.expecting()) {
    return fail_with({NoAnswerCause::kMalformed, impl.where() + ": the backend sent bytes nobody asked for"});
  }
  if (const auto fed = impl.reader.feed(bytes); !fed) {
    return fail_with({NoAnswerCause::kMalformed, impl.where() + ": " + fed.error().message});
  }
  if (impl.reader.head() && !impl.head_told) {
    impl.head_told = true;
    if (impl.dialer->told != nullptr) impl.dialer->told->on_http_head(*impl.reader.head());
    if (impl.streaming && impl.user != nullptr) impl.user->on_head(*this, *impl.reader.head());
  }
  if (impl.streaming && impl.user != nullptr) {
    std::string piece = impl.reader.take_body();
    if (!piece.empty()) impl.user->on_body(*this, std::move(piece));
  }
  if (impl.user != nullptr && impl.reader.done()) deliver();
}

void HttpsConnection::deliver() {
  auto& impl = *impl_;
  HttpAnswer answer{*impl.reader.head(), impl.streaming ? std::string{} : impl.reader.take_body()};
  if (impl.reader.overrun() || impl.writing) answer.head.keep_alive = false;
  const bool reusable = answer.head.keep_alive;
  HttpsUser* user = impl.user;
  if (!reusable) end();
  user->on_answer(*this, std::move(answer));
}

void HttpsConnection::send(const HttpRequest& request, std::size_t body_bytes_max) {
  auto& impl = *impl_;
  if (impl.user == nullptr) return;
  impl.streaming = body_bytes_max == kUnbounded;
  impl.head_told = false;
  impl.reader.begin(body_bytes_max);
  impl.outgoing = to_bytes(request, impl.dialer->origin);
  impl.writing = true;
  asio::async_write(*impl.stream, asio::buffer(impl.outgoing),
                    [self = shared_from_this()](const ErrorCode&, std::size_t) {
                      self->impl_->writing = false;
                      // A failed write is seen by the read as well, which may still find the answer that came before it
                      // (413, an alert).
                    });
}

void HttpsConnection::close() {
  impl_->user = nullptr;
  end();
}

void HttpsConnection::fail_with(ConnectionFailure why) {
  if (impl_->user == nullptr) return;
  const auto self = shared_from_this();
  if (impl_->dialer->told != nullptr) impl_->dialer->told->on_failure(why);
  // Whoever was told may have closed this meanwhile.
  HttpsUser* user = impl_->user;
  end();
  if (user != nullptr) user->on_closed(*this, why);
}

void HttpsConnection::end() {
  impl_->user = nullptr;
  impl_->deadline.cancel();
  ErrorCode ignored;
  impl_->socket.close(ignored);
  if (std::exchange(impl_->proven, false) && impl_->dialer->told != nullptr) impl_->dialer->told->on_unproven();
}

}  // namespace exitgate
