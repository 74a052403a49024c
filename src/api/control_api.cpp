#include "api/control_api.hpp"

#include <boost/asio/io_context.hpp>

#include "api/access.hpp"
#include "api/answers.hpp"
#include "api/event_history.hpp"
#include "api/login.hpp"
#include "api/routes.hpp"
#include "http/server.hpp"
#include "http/tls_context.hpp"

namespace exitgate::api {
namespace {

/// The queue of an event stream holds a whole resumption.
constexpr http::Limits kLimits{.event_queue_bytes = 4194304};

std::string run_name() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

MonoTime mono_now() {
  return mono_from_us(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()).count());
}

http::Response login_refused(const Error& error) {
  if (error.code == "too_many_failures") return http::error_response(429, error.code, error.message);
  if (error.code == "busy") return http::error_response(503, error.code, error.message);
  auto response = http::error_response(401, error.code, error.message);
  response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"exitgate\", charset=\"UTF-8\"");
  return response;
}

}  // namespace

struct ControlApi::Impl : std::enable_shared_from_this<ControlApi::Impl> {
  Impl(boost::asio::io_context& loop, GateControl& gate, ReceiptStore& receipts, Metrics& metrics, ApiSettings given)
      : io(loop), settings(std::move(given)), history(run_name(), settings.kept_events) {
    answers = std::make_shared<Answers>(io, gate, receipts, metrics, history, settings);
  }

  http::Server::Handler handler() {
    return [weak = weak_from_this()](http::Request request, http::Responder responder) {
      if (const auto self = weak.lock()) self->handle(std::move(request), std::move(responder));
    };
  }

  Status start_local() {
    local = std::make_unique<http::Server>(io, handler(), kLimits);
    return local->listen(http::UnixListener{settings.socket, settings.socket_mode});
  }

  Status start_network(const NetworkSettings& network) {
    const bool tls = !network.tls_certificate_file.empty();
    if (!is_loopback_host(network.host)) {
      if (!tls)
        return fail("api_unsafe", "[api] listen off loopback needs tls_certificate_file and tls_private_key_file");
      if (network.users_file.empty()) return fail("api_unsafe", "[api] listen off loopback needs users_file");
    }
    if (!network.users_file.empty()) {
      auto users = read_users(network.users_file);
      if (!users) return fail(users.error());
      login = std::make_shared<Login>(io, std::move(*users));
    }
    host_names = network.host_names;
    host_names.push_back(network.host);
    http::TcpListener listener{network.host, network.port, std::nullopt};
    if (tls) {
      listener.tls = http::TlsSettings{network.tls_certificate_file, network.tls_private_key_file, "", false};
      for (auto& name : http::certificate_names(network.tls_certificate_file)) host_names.push_back(std::move(name));
    }
    remote = std::make_unique<http::Server>(io, handler(), kLimits);
    const auto bound = remote->listen(listener);
    if (!bound) return fail(bound.error());
    port = *bound;
    return {};
  }

  void handle(http::Request request, http::Responder responder) {
    if (!host_is_ours(request, host_names)) {
      return responder.respond(http::error_response(403, "foreign_host", "The Host header names another machine"));
    }
    if (!origin_is_ours(request)) {
      return responder.respond(http::error_response(403, "foreign_origin", "The Origin header names another site"));
    }
    if (request.peer.transport == http::Transport::kUnix) {
      const std::string user = request.peer.uid ? "uid:" + std::to_string(*request.peer.uid) : "";
      return dispatch(request, Caller{user, Role::kInstaller}, responder);
    }
    if (!login) return handle_anonymous(request, responder);
    const auto authorization = request.header("Authorization");
    login->authenticate(authorization, request.peer.address, mono_now(),
                        [weak = weak_from_this(), request, responder](Result<Caller> caller) {
                          const auto self = weak.lock();
                          if (!self) return;
                          if (!caller) return responder.respond(login_refused(caller.error()));
                          self->dispatch(request, *caller, responder);
                        });
  }

  /// Without users: whoever is on this machine may read.
  void handle_anonymous(const http::Request& request, const http::Responder& responder) {
    if (!request.peer.loopback) {
      return responder.respond(
          http::error_response(403, "forbidden", "Without users_file only this machine is answered"));
    }
    dispatch(request, Caller{}, responder);
  }

  void dispatch(const http::Request& request, const Caller& caller, const http::Responder& responder) {
    const auto route = match_route(request.method, request.path);
    if (route.kind == RouteMatch::Kind::kUnknownPath) {
      return responder.respond(http::error_response(404, "not_found", "There is no " + request.path));
    }
    if (route.kind == RouteMatch::Kind::kWrongMethod) {
      auto response = http::error_response(405, "method_not_allowed", request.path + " takes " + route.allowed);
      response.headers.emplace_back("Allow", route.allowed);
      return responder.respond(std::move(response));
    }
    if (caller.role < route.role) {
      const std::string role(to_string(route.role));
      return responder.respond(http::error_response(403, "forbidden", "This needs the role " + role));
    }
    answers->answer(route, request, caller.user, responder);
  }

  boost::asio::io_context& io;
  ApiSettings settings;
  EventHistory history;
  std::shared_ptr<Answers> answers;
  std::shared_ptr<Login> login;
  std::vector<std::string> host_names;
  std::unique_ptr<http::Server> local;
  std::unique_ptr<http::Server> remote;
  std::uint16_t port = 0;
};

ControlApi::ControlApi(boost::asio::io_context& io, GateControl& gate, ReceiptStore& receipts, Metrics& metrics,
                       ApiSettings settings)
    : impl_(std::make_shared<Impl>(io, gate, receipts, metrics, std::move(settings))) {}

ControlApi::~ControlApi() {
  // Answers of the gate that are still to come find nobody.
  impl_->answers->end_streams();
  impl_->local.reset();
  impl_->remote.reset();
}

Status ControlApi::start() {
  if (auto status = impl_->start_local(); !status) return status;
  return impl_->settings.network ? impl_->start_network(*impl_->settings.network) : Status{};
}

std::uint16_t ControlApi::port() const { return impl_->port; }
void ControlApi::publish(const PublicEvent& event) { impl_->answers->publish(event); }

Status ControlApi::reload_users() {
  if (!impl_->login) return {};
  auto users = read_users(impl_->settings.network->users_file);
  if (!users) return fail(users.error());
  impl_->login->set_users(std::move(*users));
  return {};
}

void ControlApi::stop(std::function<void()> done) {
  impl_->answers->end_streams();
  const auto left = std::make_shared<int>((impl_->local ? 1 : 0) + (impl_->remote ? 1 : 0));
  const auto one_done = [left, done = std::move(done)] {
    if (--*left == 0 && done) done();
  };
  if (impl_->local) impl_->local->stop(one_done);
  if (impl_->remote) impl_->remote->stop(one_done);
}

}  // namespace exitgate::api
