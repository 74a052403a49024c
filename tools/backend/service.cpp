#include "tools/backend/service.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <utility>

namespace exitgate::reference {
namespace {

WallTime wall_now() {
  return WallTime{std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())};
}
MonoTime mono_now() {
  return MonoTime{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

http::Limits gate_limits() {
  http::Limits limits;
  limits.max_connections = 256;
  limits.body_bytes = 4U << 20;          // 100 receipts with passes and notes
  limits.event_queue_bytes = 64U << 20;  // a gate that begins anew is told of every closure kept
  limits.idle = std::chrono::minutes(10);
  return limits;
}

}  // namespace

struct Service::Ticker {
  explicit Ticker(boost::asio::io_context& io) : timer(io) {}
  boost::asio::steady_timer timer;
};

Service::Service(boost::asio::io_context& io, ServiceSettings settings) : io_(io), settings_(std::move(settings)) {}
Service::~Service() = default;

Status Service::start() {
  auto database = Database::open(settings_.database);
  if (!database) return fail(database.error());
  backend_ = std::make_unique<StoreBackend>(std::move(*database), settings_.store);
  if (auto status = backend_->start(wall_now()); !status) return status;
  streams_ = std::make_unique<ClosureStreams>(*backend_, faults_, settings_.keepalive);
  gates_ = std::make_unique<GateApi>(io_, *backend_, *streams_, faults_, Clocks{wall_now, mono_now},
                                     settings_.check_gate_names);
  admin_ = std::make_unique<AdminApi>(*backend_, faults_, wall_now, [this] { return obey_faults(); });
  backend_->on_logged([this] { streams_->pump(wall_now(), mono_now()); });
  if (auto status = listen(); !status) return status;
  if (auto status = listen_admin(); !status) return status;
  ticker_ = std::make_unique<Ticker>(io_);
  tick();
  return {};
}

Status Service::listen() {
  server_ = std::make_unique<http::Server>(
      io_,
      [this](const http::Request& request, const http::Responder& responder) { gates_->handle(request, responder); },
      gate_limits());
  // After `down` the same port again: gates know no other.
  const auto port = server_->listen(
      http::TcpListener{settings_.listen_host, port_ != 0 ? port_ : settings_.listen_port, settings_.tls});
  if (!port) return fail(port.error());
  port_ = *port;
  return {};
}

Status Service::listen_admin() {
  if (settings_.admin.empty()) return {};
  http::Limits limits;
  limits.body_bytes = 1U << 20;
  admin_server_ = std::make_unique<http::Server>(
      io_,
      [this](const http::Request& request, const http::Responder& responder) {
        responder.respond(admin_->handle(request));
      },
      limits);
  constexpr std::string_view kUnix = "unix:";
  if (settings_.admin.starts_with(kUnix)) {
    return admin_server_->listen(http::UnixListener{settings_.admin.substr(kUnix.size())});
  }
  const auto address = parse_host_port(settings_.admin);
  if (!address || (address->host != "127.0.0.1" && address->host != "::1" && address->host != "localhost")) {
    return fail("bad_admin_address",
                "--admin: found " + settings_.admin + "; expected unix:PATH or a loopback HOST:PORT");
  }
  const auto port = admin_server_->listen(http::TcpListener{address->host, address->port, std::nullopt});
  if (!port) return fail(port.error());
  admin_port_ = *port;
  return {};
}

Status Service::obey_faults() {
  if (!faults_.freeze) gates_->drop_held();
  if (faults_.down && server_) {
    streams_->cut();
    gates_->drop_held();
    server_.reset();  // at once, answers in flight included
  }
  if (!faults_.down && !server_) {
    if (auto status = listen(); !status) return status;
  }
  streams_->pump(wall_now(), mono_now());
  return {};
}

void Service::tick() {
  ticker_->timer.expires_after(streams_->interval());
  ticker_->timer.async_wait([this](boost::system::error_code error) {
    if (error) return;
    streams_->pump(wall_now(), mono_now());
    tick();
  });
}

void Service::stop() {
  if (ticker_) ticker_->timer.cancel();
  if (streams_) streams_->cut();
  if (gates_) gates_->drop_held();
  if (admin_server_) admin_server_->stop();
  // Answers that a switch delays are not waited for.
  if (!server_) return io_.stop();
  server_->stop([this] { io_.stop(); });
}

std::optional<HostPort> parse_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  auto host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  HostPort result{std::string(host), 0};
  const auto digits = text.substr(colon + 1);
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), result.port);
  if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
  return result;
}

}  // namespace exitgate::reference
