#include "http/byte_stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace exitgate::http {
namespace asio = boost::asio;
namespace {

struct IpPlace {
  std::string address;
  std::uint16_t port = 0;
  bool loopback = false;
};

IpPlace ip_place(const sockaddr_storage& place) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (place.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(place);
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return {text.data(), ntohs(v4.sin_port), (ntohl(v4.sin_addr.s_addr) >> 24) == 127};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(place);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
    return {text.data(), ntohs(v6.sin6_port), v6.sin6_addr.s6_addr[12] == 127};
  }
  inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  return {text.data(), ntohs(v6.sin6_port), IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr)};
}

Peer peer_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  // A UNIX client is unnamed; its own end tells the family.
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  if (address.ss_family == AF_UNIX) {
    Peer peer;
    peer.transport = Transport::kUnix;
    peer.address = "unix";
    ucred credentials{};
    socklen_t credentials_size = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &credentials_size) == 0) peer.uid = credentials.uid;
    return peer;
  }
  const IpPlace local = ip_place(address);
  size = sizeof address;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  const IpPlace remote = ip_place(address);
  Peer peer;
  peer.address = remote.address;
  peer.local_address = local.address;
  peer.local_port = local.port;
  peer.loopback = remote.loopback;
  return peer;
}

void send_without_delay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on a UNIX socket, which needs none
}

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(StreamSocket socket) : socket_(std::move(socket)), peer_(peer_of(socket_.native_handle())) {
    send_without_delay(socket_.native_handle());
  }
  void handshake(Done done) override { done({}); }
  void read_some(asio::mutable_buffer into, DoneBytes done) override { socket_.async_read_some(into, std::move(done)); }
  void write(asio::const_buffer from, Done done) override {
    asio::async_write(socket_, asio::buffer(from),
                      [done = std::move(done)](error_code error, std::size_t) { done(error); });
  }
  void shut_down_sending(Done done) override {
    error_code error;
    socket_.shutdown(asio::socket_base::shutdown_send, error);
    done(error);
  }
  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }
  [[nodiscard]] Peer peer() const override { return peer_; }

 private:
  StreamSocket socket_;
  Peer peer_;
};

std::optional<std::string> common_name(X509* certificate) {
  std::array<char, 256> text{};
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text.data(),
                                             static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  return std::string(text.data(), static_cast<std::size_t>(size));
}

class TlsStream final : public ByteStream {
 public:
  TlsStream(StreamSocket socket, TlsContext& context) : tls_(std::move(socket), context.asio()) {
    const int fd = tls_.next_layer().native_handle();
    peer_ = peer_of(fd);
    peer_.transport = Transport::kTls;
    send_without_delay(fd);
  }
  void handshake(Done done) override {
    tls_.async_handshake(asio::ssl::stream_base::server, [this, done = std::move(done)](error_code error) {
      if (!error) take_certificate();
      done(error);
    });
  }
  void read_some(asio::mutable_buffer into, DoneBytes done) override { tls_.async_read_some(into, std::move(done)); }
  void write(asio::const_buffer from, Done done) override {
    asio::async_write(tls_, asio::buffer(from),
                      [done = std::move(done)](error_code error, std::size_t) { done(error); });
  }
  void shut_down_sending(Done done) override { tls_.async_shutdown(std::move(done)); }
  void close() override {
    error_code ignored;
    tls_.next_layer().close(ignored);
  }
  [[nodiscard]] Peer peer() const override { return peer_; }

 private:
  void take_certificate() {
    X509* const certificate = SSL_get1_peer_certificate(tls_.native_handle());
    if (certificate == nullptr) return;
    if (SSL_get_verify_result(tls_.native_handle()) == X509_V_OK)
      peer_.certificate_common_name = common_name(certificate);
    X509_free(certificate);
  }

  asio::ssl::stream<StreamSocket> tls_;
  Peer peer_;
};

}  // namespace

std::unique_ptr<ByteStream> make_plain_stream(StreamSocket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}
std::unique_ptr<ByteStream> make_tls_stream(StreamSocket socket, TlsContext& context) {
  return std::make_unique<TlsStream>(std::move(socket), context);
}

}  // namespace exitgate::http
