#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <vector>

#include "http/client.hpp"
#include "http/server.hpp"
#include "server_rig.hpp"

using namespace exitgate;
using namespace exitgate::http;
using namespace exitgate::http::test;
using std::chrono::milliseconds;

namespace {

void answer_ok(const Request&, const Responder& responder) { responder.respond({}); }

}  // namespace

TEST_CASE("limits: a body too large is answered 413, also while the client goes on sending") {
  ServerRig rig(answer_ok, {.body_bytes = 1000});
  RawClient client(rig.listen_tcp());
  client.send("POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 1000000\r\n\r\n" + std::string(1000000, 'x'));
  const auto answer = client.read_until("}}");
  CHECK(answer.starts_with("HTTP/1.1 413 Content Too Large\r\n"));
  CHECK(answer.find("\"code\":\"body_too_large\"") != std::string::npos);
}

TEST_CASE("limits: a header too large is answered 431") {
  ServerRig rig(answer_ok);
  RawClient client(rig.listen_tcp());
  client.send("GET / HTTP/1.1\r\nHost: g\r\nX: " + std::string(20000, 'x') + "\r\n\r\n");
  CHECK(client.read_until("}}").starts_with("HTTP/1.1 431 "));
}

TEST_CASE("limits: a request that trickles in is answered 408") {
  ServerRig rig(answer_ok, {.read = milliseconds(100)});
  RawClient client(rig.listen_tcp());
  client.send("GET / HTT");
  CHECK(client.read_to_end().starts_with("HTTP/1.1 408 "));
}

TEST_CASE("limits: a request too late is answered once, whatever still comes of it") {
  ServerRig rig(answer_ok, {.read = milliseconds(30)});
  const auto port = rig.listen_tcp();
  for (int i = 0; i < 20; ++i) {
    RawClient client(port);
    client.send("POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\n");
    const auto answer = client.read_until("}}");
    client.send("abcdeGET / HTTP/1.1\r\nHost: g\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 408 "));
    CHECK(client.read_to_end().find("HTTP/1.1") == std::string::npos);
  }
}

TEST_CASE("limits: a connection nobody uses is closed without a word, one kept alive too") {
  ServerRig rig(answer_ok, {.idle = milliseconds(100)});
  const auto port = rig.listen_tcp();
  RawClient silent(port);
  CHECK(silent.read_to_end().empty());
  RawClient once(port);
  once.send("GET / HTTP/1.1\r\nHost: g\r\n\r\n");
  CHECK(once.read_to_end().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("limits: a client that does not take its answer is dropped") {
  std::atomic<bool> asked = false;
  ServerRig rig(
      [&](const Request&, const Responder& responder) {
        Response response;
        response.body = std::string(64 * 1024 * 1024, 'x');
        responder.respond(std::move(response));
        asked = true;
      },
      {.write = milliseconds(100)});
  RawClient client(rig.listen_tcp());
  client.send("GET / HTTP/1.1\r\nHost: g\r\n\r\n");
  CHECK(eventually([&] {
    std::size_t open = 1;
    rig.run([&](Server& server) { open = server.connections(); });
    return asked && open == 0;
  }));
}

TEST_CASE("limits: connections beyond the bound are answered 503, and there is room again when one goes") {
  ServerRig rig(answer_ok, {.max_connections = 3});
  const auto port = rig.listen_tcp();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<RawClient>(port));
    clients.back()->send("GET / HTTP/1.1\r\nHost: g\r\n\r\n");
    CHECK(clients.back()->read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
  }
  RawClient refused(port);
  CHECK(refused.read_to_end().starts_with("HTTP/1.1 503 "));
  clients.pop_back();
  CHECK(eventually([&] {
    const auto answer = Client::over_tcp("127.0.0.1", port).get("/");
    return answer && answer->status == 200;
  }));
}

TEST_CASE("limits: hundreds of connections one after the other, half of them broken off, leave none behind") {
  ServerRig rig(answer_ok, {.read = milliseconds(2000)});
  const auto port = rig.listen_tcp();
  for (int i = 0; i < 150; ++i) {
    RawClient broken(port);
    broken.send("POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 10\r\n\r\nabc");
    RawClient whole(port);
    whole.send("GET / HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n");
    REQUIRE(whole.read_to_end().starts_with("HTTP/1.1 200 "));
  }
  CHECK(eventually([&] {
    std::size_t open = 1;
    rig.run([&](Server& server) { open = server.connections(); });
    return open == 0;
  }));
}
