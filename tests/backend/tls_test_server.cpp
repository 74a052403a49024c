#include "tls_test_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <list>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

namespace exitgate::testing {

void ServerStream::answer(int status, std::string_view body, std::string_view more_headers) {
  write("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
        std::string(more_headers) + "\r\n" + std::string(body));
}

struct TlsTestServer::Impl {
  ServerSettings settings;
  Script script;
  SSL_CTX* context = nullptr;
  int listener = -1;
  std::uint16_t port = 0;
  std::atomic<bool> stopping{false};
  std::atomic<int> accepted{0};
  std::atomic<int> standing{0};
  std::atomic<int> resumed{0};
  std::mutex mutex;
  std::condition_variable woken;
  std::set<int> sockets;
  std::list<std::thread> threads;

  void make_context();
  void accept_all();
  void serve(int socket, std::uint64_t number);
  void converse(SSL* ssl, int socket, std::uint64_t number);
};

namespace {

class Stream final : public ServerStream {
 public:
  Stream(SSL* ssl, int socket, std::atomic<bool>& stopping) : ssl_(ssl), socket_(socket), stopping_(stopping) {}
  void write(std::string_view bytes) override {
    if (!bytes.empty()) SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
  }
  bool wait_ms(int ms) override {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
    while (!stopping_ && std::chrono::steady_clock::now() < end) {
      pollfd entry{socket_, POLLRDHUP, 0};
      if (::poll(&entry, 1, 5) > 0) return false;
    }
    return !stopping_;
  }

 private:
  SSL* ssl_;
  int socket_;
  std::atomic<bool>& stopping_;
};

/// One whole request, or nothing at the connection's end.
bool read_request(SSL* ssl, std::string& buffer, Request& request) {
  const auto more = [&] {
    char bytes[4096];
    const int size = SSL_read(ssl, bytes, sizeof bytes);
    if (size > 0) buffer.append(bytes, static_cast<std::size_t>(size));
    return size > 0;
  };
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return false;
  }
  request.head = buffer.substr(0, end + 2);
  buffer.erase(0, end + 4);
  request.method = request.head.substr(0, request.head.find(' '));
  const std::size_t target = request.method.size() + 1;
  request.target = request.head.substr(target, request.head.find(' ', target) - target);
  const std::size_t length_at = request.head.find("Content-Length: ");
  const std::size_t length = length_at == std::string::npos ? 0 : std::stoul(request.head.substr(length_at + 16));
  while (buffer.size() < length) {
    if (!more()) return false;
  }
  request.body = buffer.substr(0, length);
  buffer.erase(0, length);
  return true;
}

}  // namespace

void TlsTestServer::Impl::make_context() {
  context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context, settings.certificate.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, settings.certificate.private_key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error("test server: bad certificate files");
  }
  const unsigned char id[] = "test";
  SSL_CTX_set_session_id_context(context, id, sizeof id);
  if (settings.tls12_only) SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  if (!settings.tickets) SSL_CTX_set_num_tickets(context, 0);
  if (!settings.client_ca_file.empty()) {
    SSL_CTX_load_verify_file(context, settings.client_ca_file.c_str());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
}

void TlsTestServer::Impl::accept_all() {
  while (!stopping) {
    pollfd entry{listener, POLLIN, 0};
    if (::poll(&entry, 1, 10) <= 0) continue;
    const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const int number = ++accepted;
    const std::lock_guard lock(mutex);
    sockets.insert(socket);
    threads.emplace_back([this, socket, number] { serve(socket, static_cast<std::uint64_t>(number)); });
  }
}

void TlsTestServer::Impl::serve(int socket, std::uint64_t number) {
  const int yes = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, socket);
  if (SSL_accept(ssl) == 1) {
    ++standing;
    if (SSL_session_reused(ssl) == 1) ++resumed;
    converse(ssl, socket, number);
    --standing;
  }
  // A refused client finds our alert before the end of the connection.
  ::shutdown(socket, SHUT_WR);
  SSL_free(ssl);
  ERR_clear_error();
  const std::lock_guard lock(mutex);
  sockets.erase(socket);
  ::close(socket);
}

void TlsTestServer::Impl::converse(SSL* ssl, int socket, std::uint64_t number) {
  Stream stream(ssl, socket, stopping);
  std::string buffer;
  Request request;
  while (read_request(ssl, buffer, request)) {
    request.connection = number;
    request.resumed = SSL_session_reused(ssl) == 1;
    const After after = script(request, stream);
    if (after == After::kKeep) continue;
    if (after == After::kGoodbye) SSL_shutdown(ssl);
    if (after == After::kReset) {
      const linger hard{1, 0};
      ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
    return;
  }
}

TlsTestServer::TlsTestServer(ServerSettings settings, Script script) : impl_(std::make_unique<Impl>()) {
  std::signal(SIGPIPE, SIG_IGN);
  impl_->settings = std::move(settings);
  impl_->script = std::move(script);
  impl_->make_context();
  impl_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(impl_->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(impl_->settings.port);
  if (::bind(impl_->listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(impl_->listener, 128) != 0) {
    throw std::runtime_error("test server: cannot listen");
  }
  socklen_t size = sizeof address;
  ::getsockname(impl_->listener, reinterpret_cast<sockaddr*>(&address), &size);
  impl_->port = ntohs(address.sin_port);
  impl_->threads.emplace_back([impl = impl_.get()] { impl->accept_all(); });
}

TlsTestServer::~TlsTestServer() {
  impl_->stopping = true;
  impl_->threads.front().join();
  drop_all();
  for (auto& thread : impl_->threads) {
    if (thread.joinable()) thread.join();
  }
  ::close(impl_->listener);
  SSL_CTX_free(impl_->context);
}

std::uint16_t TlsTestServer::port() const { return impl_->port; }
int TlsTestServer::connections() const { return impl_->accepted; }
int TlsTestServer::open() const { return impl_->standing; }
int TlsTestServer::resumed() const { return impl_->resumed; }

void TlsTestServer::drop_all() {
  const std::lock_guard lock(impl_->mutex);
  for (const int socket : impl_->sockets) ::shutdown(socket, SHUT_RDWR);
}

}  // namespace exitgate::testing
