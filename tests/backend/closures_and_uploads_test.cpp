#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <mutex>

#include "link_under_test.hpp"

using namespace exitgate;
using namespace exitgate::testing;
using namespace std::chrono_literals;

namespace {

struct Store {
  TemporaryFolder folder;
  CertificateMaker authority{folder.path(), "store"};
  ServerSettings settings{.certificate = authority.issue("server", kLocalServer),
                          .client_ca_file = authority.ca_file()};
  CertificateFiles gate = authority.issue("gate", {.common_name = "front"});
  [[nodiscard]] LinkUnderTest link(const TlsTestServer& backend) const {
    return {backend.port(), authority.ca_file(), gate};
  }
};

std::string cursor_of(const Request& request) {
  const auto at = request.head.find("Last-Event-ID: ");
  if (at == std::string::npos) return "none";
  const auto from = at + 15;
  return request.head.substr(from, request.head.find('\r', from) - from);
}

/// A backend whose closures stream is scripted; keeps the cursors it was asked with.
struct StreamBackend {
  std::mutex mutex;
  std::vector<std::string> cursors;
  std::vector<std::string> targets;

  Script script(std::function<After(std::size_t, ServerStream&)> stream_script) {
    return [this, stream_script](const Request& request, ServerStream& stream) {
      if (request.target.find("/closures") == std::string::npos) return plain_backend(request, stream);
      std::size_t number = 0;
      {
        const std::lock_guard lock(mutex);
        cursors.push_back(cursor_of(request));
        targets.push_back(request.target);
        number = cursors.size();
      }
      return stream_script(number, stream);
    };
  }
  std::vector<std::string> seen() {
    const std::lock_guard lock(mutex);
    return cursors;
  }
};

constexpr const char* kRevoked = "event: revoked\nid: 8\ndata: {\"session_tag\":\"a1b2c3d4e5f6\"}\n\n";

}  // namespace

TEST_CASE("the stream resumes where it was, also after a break in the middle of an event") {
  Store store;
  StreamBackend streams;
  TlsTestServer backend(store.settings, streams.script([](std::size_t number, ServerStream& stream) {
    write_stream_head(stream);
    if (number == 1) {
      stream.write(std::string(kRevoked) + "event: revoked\nid: 9\ndata: {\"sess");
      return After::kReset;
    }
    stream.wait_ms(60000);
    return After::kClose;
  }));
  auto link = store.link(backend);
  link.start("7");
  REQUIRE(link.until([&] { return streams.seen().size() == 2; }));
  CHECK(streams.seen() == std::vector<std::string>{"7", "8"});
  CHECK(streams.targets.at(0) == "/v1/stores/SEA-042/closures?gate=front");
  REQUIRE(link.events.size() == 1);
  CHECK(link.events[0].second == "8");
}

TEST_CASE("a stream that breaks and comes back is told of while other connections stand throughout") {
  Store store;
  StreamBackend streams;
  TlsTestServer backend(store.settings, streams.script([](std::size_t number, ServerStream& stream) {
    if (number == 2) {
      stream.answer(503, "");
      return After::kClose;
    }
    write_stream_head(stream);
    stream.wait_ms(number == 1 ? 300 : 60000);
    return After::kClose;
  }));
  auto link = store.link(backend);
  link.start();
  link.ask(1);
  REQUIRE(link.answered(1));
  REQUIRE(link.until([&] { return link.stream.size() == 3; }));
  CHECK(link.stream == std::vector<bool>{true, false, true});
  CHECK(link.connected == std::vector<bool>{true});
}

TEST_CASE("after a reset, or a 204, the stream comes again without a cursor") {
  Store store;
  StreamBackend streams;
  const bool status_204 = GENERATE(true, false);
  TlsTestServer backend(store.settings, streams.script([&](std::size_t number, ServerStream& stream) {
    if (number == 1 && status_204) {
      stream.write("HTTP/1.1 204 No Content\r\n\r\n");
      return After::kKeep;
    }
    write_stream_head(stream);
    if (number == 1) stream.write("event: reset\nid: 12\ndata: {}\n\n");
    stream.wait_ms(60000);
    return After::kClose;
  }));
  auto link = store.link(backend);
  link.start("7");
  REQUIRE(link.until([&] { return streams.seen().size() == 2; }));
  CHECK(streams.seen() == std::vector<std::string>{"7", "none"});
  REQUIRE_FALSE(link.events.empty());
  CHECK(std::holds_alternative<Reset>(link.events[0].first));
  CHECK(link.events[0].second.empty());
}

TEST_CASE("a silent stream is left and made anew") {
  Store store;
  StreamBackend streams;
  TlsTestServer backend(store.settings, streams.script([](std::size_t, ServerStream& stream) {
    write_stream_head(stream);
    while (stream.wait_ms(30)) stream.write("x");
    return After::kClose;
  }));
  auto link = store.link(backend);
  link.settings.timing.silence = 200ms;
  link.start();
  CHECK(link.until([&] { return streams.seen().size() >= 3; }));
}

TEST_CASE("a chunked stream is read as it comes, however it is cut") {
  Store store;
  StreamBackend streams;
  TlsTestServer backend(store.settings, streams.script([](std::size_t, ServerStream& stream) {
    stream.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (const char* c = kRevoked; *c != 0; ++c) stream.write("1\r\n" + std::string(1, *c) + "\r\n");
    stream.wait_ms(60000);
    return After::kClose;
  }));
  auto link = store.link(backend);
  link.start();
  REQUIRE(link.until([&] { return !link.events.empty(); }));
  CHECK(std::get<Revocation>(link.events[0].first).session_tag == parse_session_tag("a1b2c3d4e5f6"));
}

TEST_CASE("a refused stream raises credentials, and its return clears them") {
  Store store;
  StreamBackend streams;
  TlsTestServer backend(store.settings, streams.script([](std::size_t number, ServerStream& stream) {
    if (number == 1) {
      stream.answer(403, "{}");
      return After::kKeep;
    }
    write_stream_head(stream);
    stream.write("event: keepalive\n\n");
    stream.wait_ms(60000);
    return After::kClose;
  }));
  auto link = store.link(backend);
  link.start();
  REQUIRE(link.until([&] { return link.accepted == 1; }));
  CHECK(link.refused.size() == 1);
}

TEST_CASE("pass keys are asked for until got, and on demand at most once in their time") {
  Store store;
  std::atomic<int> asked{0};
  TlsTestServer backend(store.settings, [&](const Request& request, ServerStream& stream) {
    if (request.target.find("/pass-keys") == std::string::npos || ++asked > 2) return plain_backend(request, stream);
    stream.answer(500, "");
    return After::kKeep;
  });
  auto link = store.link(backend);
  link.settings.timing.pass_key_demand = 300ms;
  link.start();
  REQUIRE(link.until([&] { return link.pass_keys.size() == 1; }));
  CHECK(asked == 3);
  link.link->refresh_pass_keys();
  REQUIRE(link.until([&] { return link.pass_keys.size() == 2; }));
  link.link->refresh_pass_keys();
  link.turn_for(100ms);
  CHECK(asked == 4);
  CHECK(link.until([&] { return link.pass_keys.size() == 3; }));
}

namespace {

std::optional<UploadAnswer> upload(LinkUnderTest& link) {
  std::optional<UploadAnswer> got;
  link.link->upload({R"({"sequence":1})"}, [&](UploadAnswer answer) { got = std::move(answer); });
  CHECK_FALSE(got);
  CHECK(link.until([&] { return got.has_value(); }));
  return got;
}

}  // namespace

TEST_CASE("uploads go out one at a time on a connection of their own") {
  Store store;
  std::mutex mutex;
  std::vector<std::uint64_t> on;
  std::string body;
  TlsTestServer backend(store.settings, [&](const Request& request, ServerStream& stream) {
    if (request.target == "/v1/receipts") {
      const std::lock_guard lock(mutex);
      on.push_back(request.connection);
      body = request.body;
    }
    return plain_backend(request, stream);
  });
  auto link = store.link(backend);
  link.start();
  std::optional<UploadAnswer> second;
  link.link->upload({"{}"}, [](UploadAnswer) {});
  link.link->upload({"{}"}, [&](UploadAnswer answer) { second = std::move(answer); });
  REQUIRE(link.until([&] { return second.has_value(); }));
  CHECK(std::holds_alternative<UploadFailed>(*second));
  REQUIRE(link.until([&] {
    const std::lock_guard lock(mutex);
    return on.size() == 1;
  }));
  link.turn_for(50ms);
  CHECK(std::holds_alternative<UploadAccepted>(upload(link).value()));
  const std::lock_guard lock(mutex);
  REQUIRE(on.size() == 2);
  CHECK(on[0] == on[1]);
  CHECK(body == R"({"store_id":"SEA-042","gate_id":"front","receipts":[{"sequence":1}]})");
}

TEST_CASE("an upload that is never answered ends by itself, and one whose kept connection broke goes out again") {
  Store store;
  std::atomic<int> asked{0};
  TlsTestServer backend(store.settings, [&](const Request& request, ServerStream& stream) {
    if (request.target != "/v1/receipts") return plain_backend(request, stream);
    const int number = ++asked;
    if (number == 1) {
      stream.wait_ms(60000);
      return After::kClose;
    }
    if (number == 3) return After::kReset;
    return plain_backend(request, stream);
  });
  auto link = store.link(backend);
  link.settings.timing.upload = 300ms;
  link.start();
  CHECK(std::holds_alternative<UploadFailed>(upload(link).value()));
  CHECK(std::holds_alternative<UploadAccepted>(upload(link).value()));
  CHECK(std::holds_alternative<UploadAccepted>(upload(link).value()));
  CHECK(asked == 4);
}

TEST_CASE("a busy backend's Retry-After is told, a forbidden upload raises credentials") {
  Store store;
  std::atomic<int> asked{0};
  TlsTestServer backend(store.settings, [&](const Request& request, ServerStream& stream) {
    if (request.target != "/v1/receipts") return plain_backend(request, stream);
    switch (++asked) {
      case 1:
        stream.answer(503, "", "Date: Mon, 26 Oct 2026 05:00:00 GMT\r\nRetry-After: Mon, 26 Oct 2026 05:00:07 GMT\r\n");
        return After::kKeep;
      case 2:
        stream.answer(401, "");
        return After::kKeep;
      default:
        return plain_backend(request, stream);
    }
  });
  auto link = store.link(backend);
  link.start();
  CHECK(std::get<UploadBusy>(upload(link).value()).retry_after == Duration(7s));
  CHECK(std::holds_alternative<UploadForbidden>(upload(link).value()));
  CHECK(link.refused.size() == 1);
  CHECK(std::holds_alternative<UploadAccepted>(upload(link).value()));
  CHECK(link.accepted == 1);
}
