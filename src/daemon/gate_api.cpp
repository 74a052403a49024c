// The control API of the running box: lanes do not wait for an address to listen on.
#include <boost/asio/ip/tcp.hpp>

#include "daemon/gate.hpp"
#include "runtime/clock.hpp"
#include "runtime/journal.hpp"

namespace exitgate::daemon {
namespace {

constexpr Duration kNetworkTriedEvery = std::chrono::seconds{10};

/// A name is not looked up: that would block the loop.
bool can_listen(boost::asio::io_context& loop, const config::Endpoint& listen) {
  namespace ip = boost::asio::ip;
  boost::system::error_code error;
  const auto address = ip::make_address(listen.host == "localhost" ? "127.0.0.1" : listen.host, error);
  if (error) return false;
  const ip::tcp::endpoint endpoint(address, listen.port);
  ip::tcp::acceptor probe(loop);
  if (probe.open(endpoint.protocol(), error)) return false;
  if (probe.set_option(ip::tcp::acceptor::reuse_address(true), error)) return false;
  if (probe.bind(endpoint, error)) return false;
  return !probe.listen(1, error);
}

}  // namespace

Status Gate::try_api(bool on_network) {
  api::ApiSettings settings;
  settings.socket = (folders_.runtime / config_->api.socket).string();
  if (on_network) {
    api::NetworkSettings network;
    network.host = config_->api.listen->host;
    network.port = config_->api.listen->port;
    network.tls_certificate_file = config_->api.tls_certificate_file.value_or("").string();
    network.tls_private_key_file = config_->api.tls_private_key_file.value_or("").string();
    network.users_file = config_->api.users_file.value_or("").string();
    settings.network = std::move(network);
  }
  api_ = std::make_unique<api::ControlApi>(loop_, *this, *store_, metrics_, std::move(settings));
  return api_->start();
}

std::string Gate::stamp_of_api_files() const {
  const auto& api = config_->api;
  return file_stamp(api.tls_certificate_file.value_or("")) + ";" + file_stamp(api.tls_private_key_file.value_or(""));
}

Status Gate::open_api(StartWith with) {
  api_files_ = stamp_of_api_files();
  if (config_->api.tls_certificate_file) {
    certificates_.add(*config_->api.tls_certificate_file, CertificateWatch::Renewed::kByReload);
  }
  const auto all = try_api(config_->api.listen.has_value());
  if (all || !config_->api.listen || with == StartWith::kAll) return all;
  api_.reset();
  if (auto local = try_api(false); !local) return local;
  network_missing_ = true;
  const bool address = all.error().code == "address_in_use" || all.error().code == "bad_address";
  network_due_ = address ? runtime::mono_now() + kNetworkTriedEvery : kNever;
  runtime::log(runtime::LogLevel::kError,
               "[api] listen: " + all.error().message + "; lanes and the control socket work without it. " +
                   (address ? "Free the address, which is then taken when every lane is ready for it, or change "
                              "listen and reload"
                            : "Mend what it says in [api], then reload"));
  return {};
}

void Gate::watch_api() {
  const MonoTime mono = runtime::mono_now();
  if (!network_missing_ || next_config_ || mono < network_due_) return;
  network_due_ = mono + kNetworkTriedEvery;
  if (!can_listen(loop_, *config_->api.listen)) return;
  next_config_ = config_;
  feed(Tick{});
}

}  // namespace exitgate::daemon
