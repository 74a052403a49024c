// exitgate-backend: the reference backend, for demonstrations and tests (README.md beside this file).
#include <openssl/rand.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "base/check.hpp"
#include "base/encoding.hpp"
#include "tools/backend/service.hpp"

namespace exitgate::reference {
namespace {

struct Options {
  std::string listen = "127.0.0.1:0";
  std::string pass_seed_file;
  int pass_key_id = 1;
  std::int64_t keepalive_ms = 15000;
  ServiceSettings service;
};

void describe(CLI::App& app, Options& options) {
  auto& service = options.service;
  app.add_option("--listen", options.listen, "HOST:PORT for the gates; port 0 takes a free one")->capture_default_str();
  app.add_option("--admin", service.admin, "unix:PATH or a loopback HOST:PORT for sessions, faults and looking");
  app.add_option("--database", service.database, "SQLite file, or :memory:")->capture_default_str();
  app.add_option("--certificate", service.tls.certificate_file, "the server's certificate chain, PEM")->required();
  app.add_option("--private-key", service.tls.private_key_file, "its key, PEM")->required();
  app.add_option("--ca", service.tls.client_ca_file, "the CA that signs the gates' certificates, PEM")->required();
  app.add_option("--store", service.store.store_id, "the store's id")->required();
  app.add_option("--pass-seed", options.pass_seed_file,
                 "Ed25519 seed that signs passes, 64 hex digits; else a random one");
  app.add_option("--pass-key-id", options.pass_key_id, "its key id")->check(CLI::Range(0, 255))->capture_default_str();
  app.add_option("--keepalive-ms", options.keepalive_ms, "a keepalive at least that often")
      ->check(CLI::Range(20, 600000))
      ->capture_default_str();
  app.add_option("--closures-kept", service.store.events_kept, "events kept for gates that resume")
      ->check(CLI::Range(1, 10000000))
      ->capture_default_str();
  app.add_flag("--check-gate-names", service.check_gate_names,
               "refuse (403) a client certificate whose common name is not the gate_id");
}

Result<SigningKey> signing_key(const Options& options) {
  SigningKey key;
  key.key_id = static_cast<std::uint8_t>(options.pass_key_id);
  key.not_before = wall_from_s(0);
  key.not_after = parse_rfc3339("2099-12-31T23:59:59.999Z");
  if (options.pass_seed_file.empty()) {
    if (RAND_bytes(key.seed.data(), static_cast<int>(key.seed.size())) != 1)
      return fail("no_random", "no random numbers");
    return key;
  }
  std::ifstream file(options.pass_seed_file);
  std::string text;
  file >> text;
  const auto seed = parse_hex(text);
  if (!seed || seed->size() != key.seed.size()) {
    return fail("bad_seed", options.pass_seed_file + ": found no 64 hex digits; expected an Ed25519 seed");
  }
  std::copy(seed->begin(), seed->end(), key.seed.begin());
  return key;
}

Uuid new_id(WallTime at) {
  std::array<std::uint8_t, 10> random{};
  EXITGATE_CHECK(RAND_bytes(random.data(), static_cast<int>(random.size())) == 1);
  return make_uuid_v7(at, random);
}

int refuse(const Error& error, int code) {
  std::cerr << "exitgate-backend: " << error.message << " (" << error.code << ")\n";
  return code;
}

int run(Options& options) {
  const auto address = parse_host_port(options.listen);
  if (!address) return refuse({"bad_address", "--listen: found " + options.listen + "; expected HOST:PORT"}, 2);
  const auto key = signing_key(options);
  if (!key) return refuse(key.error(), 2);
  auto& service_settings = options.service;
  service_settings.listen_host = address->host;
  service_settings.listen_port = address->port;
  service_settings.tls.tls13_only = true;
  service_settings.keepalive = milliseconds(options.keepalive_ms);
  service_settings.store.signing_keys = {*key};
  service_settings.store.new_id = new_id;

  boost::asio::io_context io(1);
  Service service(io, service_settings);
  if (const auto status = service.start(); !status) return refuse(status.error(), 1);
  std::cout << "listening on " << address->host << ":" << service.port() << std::endl;
  if (service.admin_port() != 0) std::cout << "admin on 127.0.0.1:" << service.admin_port() << std::endl;
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](boost::system::error_code error, int) {
    if (!error) service.stop();
  });
  io.run();
  return 0;
}

}  // namespace
}  // namespace exitgate::reference

int main(int argc, char** argv) {
  CLI::App app("Reference backend of exitgate: confirms, closures, pass keys and receipts over mutual TLS 1.3.");
  exitgate::reference::Options options;
  exitgate::reference::describe(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exitgate::reference::run(options);
}
