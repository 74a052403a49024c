#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fstream>
#include <mutex>

#include "link_under_test.hpp"

using namespace exitgate;
using namespace exitgate::testing;
using namespace std::chrono_literals;

namespace {

struct Store {
  TemporaryFolder folder;
  CertificateMaker authority{folder.path(), "store"};
  CertificateFiles server = authority.issue("server", kLocalServer);
  CertificateFiles gate = authority.issue("gate", {.common_name = "front", .alternative_names = ""});

  [[nodiscard]] ServerSettings settings() const {
    return {.certificate = server, .client_ca_file = authority.ca_file()};
  }
  [[nodiscard]] LinkUnderTest link(const TlsTestServer& backend) const {
    return {backend.port(), authority.ca_file(), gate};
  }
};

/// Waits until the two warm connections and the stream stand.
void warm_up(LinkUnderTest& link, const TlsTestServer& backend) {
  link.start();
  REQUIRE(link.until([&] { return backend.open() >= 3 && !link.pass_keys.empty() && !link.events.empty(); }));
}

}  // namespace

TEST_CASE("a question is answered on a warm connection, without a handshake of its own") {
  Store store;
  std::atomic<std::uint64_t> on_connection{0};
  TlsTestServer backend(store.settings(), [&](const Request& request, ServerStream& stream) {
    if (is_confirm(request)) on_connection = request.connection;
    return plain_backend(request, stream);
  });
  auto link = store.link(backend);
  std::vector<Duration> latencies;
  link.settings.on_confirm_latency = [&](Duration latency) { latencies.push_back(latency); };
  warm_up(link, backend);
  const auto before = static_cast<std::uint64_t>(backend.connections());
  link.ask(1);
  CHECK(link.answers.empty());
  CHECK(std::holds_alternative<Admit>(link.answer(1)));
  CHECK(on_connection <= before);
  CHECK(latencies.size() == 1);
  CHECK(link.connected == std::vector<bool>{true});
  CHECK(link.refused.empty());
  CHECK(link.pass_keys.at(0).at(0).key_id == 1);
  CHECK_FALSE(link.dates.empty());
}

TEST_CASE("later connections resume the session of earlier ones") {
  Store store;
  TlsTestServer backend(store.settings(), plain_backend);
  auto link = store.link(backend);
  warm_up(link, backend);
  link.ask(1);
  REQUIRE(link.answered(1));
  CHECK(link.until([&] { return backend.resumed() > 0; }));
}

TEST_CASE("a slow answer does not hold up the next question and still counts when it comes") {
  Store store;
  std::atomic<bool> slow{true};
  std::atomic<bool> release{false};
  TlsTestServer backend(store.settings(), [&](const Request& request, ServerStream& stream) {
    if (is_confirm(request) && slow.exchange(false)) {
      while (!release && stream.wait_ms(5)) continue;
    }
    return plain_backend(request, stream);
  });
  auto link = store.link(backend);
  link.settings.confirm_timeout = 100ms;
  warm_up(link, backend);
  link.ask(1);
  REQUIRE(link.until([&] { return !slow; }));
  link.ask(2);
  CHECK(std::holds_alternative<Admit>(link.answer(2)));
  link.turn_for(300ms);
  CHECK_FALSE(link.answers.contains(1));
  release = true;
  CHECK(std::holds_alternative<Admit>(link.answer(1)));
}

TEST_CASE("a question nobody answers is given up after the late time, once") {
  Store store;
  TlsTestServer backend(store.settings(), [&](const Request& request, ServerStream& stream) {
    if (!is_confirm(request)) return plain_backend(request, stream);
    // Trickled bytes are no answer either.
    while (stream.wait_ms(20)) stream.write("H");
    return After::kClose;
  });
  auto link = store.link(backend);
  link.settings.confirm_timeout = 100ms;
  link.settings.timing.late_answer = 200ms;
  warm_up(link, backend);
  link.ask(1);
  CHECK((link.cause(1) == NoAnswerCause::kTimeout || link.cause(1) == NoAnswerCause::kMalformed));
  link.turn_for(300ms);
  CHECK(link.answers.count(1) == 1);
}

TEST_CASE("a kept-alive connection that breaks under a question: it is repeated once with the same request id") {
  Store store;
  const After broken = GENERATE_COPY(After::kClose, After::kReset, After::kGoodbye);
  const std::string half = GENERATE("", "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{\"decision\":");
  std::mutex mutex;
  std::vector<std::string> bodies;
  TlsTestServer backend(store.settings(), [&](const Request& request, ServerStream& stream) {
    if (!is_confirm(request)) return plain_backend(request, stream);
    const std::lock_guard lock(mutex);
    bodies.push_back(request.body);
    if (bodies.size() > 1) return plain_backend(request, stream);
    stream.write(half);
    return broken;
  });
  auto link = store.link(backend);
  warm_up(link, backend);
  link.ask(1);
  CHECK(std::holds_alternative<Admit>(link.answer(1)));
  const std::lock_guard lock(mutex);
  REQUIRE(bodies.size() == 2);
  CHECK(bodies[0] == bodies[1]);
}

TEST_CASE("a question that breaks twice is no answer") {
  Store store;
  std::atomic<int> asked{0};
  TlsTestServer backend(store.settings(), [&](const Request& request, ServerStream& stream) {
    if (!is_confirm(request)) return plain_backend(request, stream);
    ++asked;
    return After::kClose;
  });
  auto link = store.link(backend);
  warm_up(link, backend);
  link.ask(1);
  CHECK(link.cause(1) == NoAnswerCause::kTransport);
  link.turn_for(100ms);
  CHECK(asked == 2);
  CHECK(link.answers.count(1) == 1);
}

TEST_CASE("after a restart of the backend every connection comes back and questions are answered") {
  Store store;
  TlsTestServer backend(store.settings(), plain_backend);
  auto link = store.link(backend);
  warm_up(link, backend);
  const int before = backend.connections();
  backend.drop_all();
  link.ask(1);
  CHECK(std::holds_alternative<Admit>(link.answer(1)));
  CHECK(link.until([&] { return backend.connections() >= before + 3 && backend.open() >= 3; }));
  CHECK(link.connected.back());
}

TEST_CASE("garbage, oversize bodies and unasked bytes are no answer and the next question is answered") {
  Store store;
  const std::string garbage =
      GENERATE(std::string("SSH-2.0-hello\r\n"), std::string("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n"),
               "HTTP/1.1 200 OK\r\n\r\n" + std::string(1100000, 'x'),
               std::string("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnullHTTP/1.1 200 OK\r\n\r\n"),
               "HTTP/1.1 200 OK\r\nX: " + std::string(100000, 'x'));
  std::atomic<bool> first{true};
  TlsTestServer backend(store.settings(), [&](const Request& request, ServerStream& stream) {
    if (!is_confirm(request) || !first.exchange(false)) return plain_backend(request, stream);
    stream.write(garbage);
    stream.wait_ms(2000);
    return After::kClose;
  });
  auto link = store.link(backend);
  warm_up(link, backend);
  link.ask(1);
  CHECK(link.cause(1) == NoAnswerCause::kMalformed);
  link.ask(2);
  CHECK(std::holds_alternative<Admit>(link.answer(2)));
}

TEST_CASE("a backend that closes after every answer costs no question anything") {
  Store store;
  TlsTestServer backend(store.settings(), [&](const Request& request, ServerStream& stream) {
    if (!is_confirm(request)) return plain_backend(request, stream);
    stream.answer(200, kAdmitAnswer, "Connection: close\r\n");
    return After::kGoodbye;
  });
  auto link = store.link(backend);
  warm_up(link, backend);
  for (QuestionId question = 1; question <= 10; ++question) {
    link.ask(question);
    CHECK(std::holds_alternative<Admit>(link.answer(question)));
  }
}

TEST_CASE("many questions at once are all answered") {
  Store store;
  TlsTestServer backend(store.settings(), plain_backend);
  auto link = store.link(backend);
  warm_up(link, backend);
  for (QuestionId question = 1; question <= 64; ++question) link.ask(question);
  link.ask(65);
  for (QuestionId question = 1; question <= 64; ++question) CHECK(std::holds_alternative<Admit>(link.answer(question)));
  CHECK(link.cause(65) == NoAnswerCause::kTransport);
}

TEST_CASE("a lapsed notice is sent and answered by nobody") {
  Store store;
  std::atomic<int> lapsed{0};
  TlsTestServer backend(store.settings(), [&](const Request& request, ServerStream& stream) {
    if (request.body.find("\"lapsed\"") == std::string::npos) return plain_backend(request, stream);
    ++lapsed;
    stream.answer(200, "{}");
    return After::kKeep;
  });
  auto link = store.link(backend);
  warm_up(link, backend);
  link.ask(1, Stage::kLapsed);
  REQUIRE(link.until([&] { return lapsed == 1; }));
  link.ask(2);
  REQUIRE(link.answered(2));
  link.turn_for(100ms);
  CHECK_FALSE(link.answers.contains(1));
  CHECK(lapsed == 1);
}

TEST_CASE("403 raises credentials once and an allowed answer clears them; another 4xx is against the protocol") {
  Store store;
  std::atomic<int> status{403};
  TlsTestServer backend(store.settings(), [&](const Request& request, ServerStream& stream) {
    if (!is_confirm(request) || status == 200) return plain_backend(request, stream);
    stream.answer(status, "{}");
    return After::kKeep;
  });
  auto link = store.link(backend);
  warm_up(link, backend);
  link.ask(1);
  CHECK(link.cause(1) == NoAnswerCause::kCredentials);
  link.ask(2);
  CHECK(link.cause(2) == NoAnswerCause::kCredentials);
  CHECK(link.refused.size() == 1);
  CHECK(link.accepted == 0);
  status = 200;
  link.ask(3);
  REQUIRE(link.answered(3));
  CHECK(link.until([&] { return link.accepted == 1; }));
  status = 409;
  link.ask(4);
  CHECK(link.cause(4) == NoAnswerCause::kClientError);
  CHECK(link.until([&] { return link.protocol_errors.size() == 1; }));
  CHECK(link.refused.size() == 1);
}

TEST_CASE("with the backend away questions fail soon, and all is well by itself when it comes back") {
  Store store;
  auto backend = std::make_unique<TlsTestServer>(store.settings(), plain_backend);
  auto link = store.link(*backend);
  const auto port = backend->port();
  backend.reset();
  link.start();
  CHECK(link.until([&] { return !link.connected.empty(); }));
  CHECK_FALSE(link.connected.back());
  CHECK_FALSE(link.why.empty());
  link.ask(1);
  CHECK(link.cause(1) == NoAnswerCause::kTransport);
  auto settings = store.settings();
  settings.port = port;
  backend = std::make_unique<TlsTestServer>(settings, plain_backend);
  CHECK(link.until([&] { return link.connected.back() && !link.pass_keys.empty() && !link.events.empty(); }));
  link.ask(2);
  CHECK(std::holds_alternative<Admit>(link.answer(2)));
  CHECK(link.refused.empty());
}

TEST_CASE("files that cannot be used are errors that name the file") {
  Store store;
  TlsTestServer backend(store.settings(), plain_backend);
  auto link = store.link(backend);
  const auto stranger = store.authority.issue("stranger", {});
  const auto error_with = [&](auto change) {
    auto settings = link.settings;
    change(settings);
    const auto made = make_tls_backend_link(link.loop, settings);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == "backend_files");
    return made.error().message;
  };
  CHECK(error_with([](auto& s) { s.ca_file = "/nowhere/ca.pem"; }).find("/nowhere/ca.pem") == 0);
  CHECK(error_with([&](auto& s) { s.private_key_file = stranger.private_key; }).find(stranger.private_key) == 0);
  CHECK(error_with([&](auto& s) { s.certificate_file = s.private_key_file; }).find("no certificate") !=
        std::string::npos);
  std::ofstream(store.folder.path() / "empty.pem") << "";
  CHECK(error_with([&](auto& s) { s.ca_file = (store.folder.path() / "empty.pem").string(); }).find("empty.pem") !=
        std::string::npos);
}

TEST_CASE("a certificate's last second is read from its file") {
  Store store;
  const auto files = store.authority.issue("short", {.ends = 3600s});
  const auto end = certificate_not_after(files.certificate);
  REQUIRE(end);
  const auto now_s =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  CHECK(std::abs(unix_s(*end) - now_s - 3600) <= 5);
  CHECK_FALSE(certificate_not_after("/nowhere.pem"));
  CHECK_FALSE(certificate_not_after(files.private_key));
}

TEST_CASE("nothing is told after stop, and stop may come at any time") {
  Store store;
  TlsTestServer backend(store.settings(), plain_backend);
  for (const auto turned : {0ms, 1ms, 3ms, 10ms, 30ms}) {
    auto link = store.link(backend);
    link.start();
    link.ask(1);
    link.turn_for(turned);
    link.link->stop();
    const auto answers = link.answers.size();
    const auto events = link.events.size();
    const auto connected = link.connected.size();
    link.turn_for(50ms);
    CHECK(link.answers.size() == answers);
    CHECK(link.events.size() == events);
    CHECK(link.connected.size() == connected);
  }
}
