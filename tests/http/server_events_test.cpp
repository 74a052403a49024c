#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "http/client.hpp"
#include "http/server.hpp"
#include "server_rig.hpp"

using namespace exitgate;
using namespace exitgate::http;
using namespace exitgate::http::test;
using std::chrono::milliseconds;

namespace {

struct Streams {
  std::vector<EventStream> open;
  std::vector<Request> asked;
  int closed = 0;

  Server::Handler handler(milliseconds keepalive) {
    return [this, keepalive](Request request, const Responder& responder) {
      EventStreamOptions options;
      options.keepalive = keepalive;
      auto stream = responder.start_events(options);
      stream.on_closed([this] { ++closed; });
      stream.send("1", "phase", "{\"a\":1}");
      open.push_back(stream);
      asked.push_back(std::move(request));
    };
  }
  bool closed_is(ServerRig& rig, int expected) {
    return eventually([&] {
      int now = 0;
      rig.run([&](Server&) { now = closed; });
      return now == expected;
    });
  }
};

}  // namespace

TEST_CASE("event stream: events arrive as they are sent, and the request says where to resume") {
  Streams streams;
  ServerRig rig(streams.handler(milliseconds(0)));
  const auto client = Client::over_tcp("127.0.0.1", rig.listen_tcp());
  std::vector<ServerSentEvent> got;
  const auto end =
      client.follow("/events", {.event =
                                    [&](const ServerSentEvent& event) {
                                      got.push_back(event);
                                      if (got.size() == 1) {
                                        rig.run([&](Server&) { streams.open.at(0).send("2", "fault", "two\nlines"); });
                                      }
                                      return got.size() < 2;
                                    },
                                .idle = {},
                                .last_event_id = "41"});
  REQUIRE(end);
  CHECK(end->content_type == "text/event-stream");
  CHECK(got == std::vector<ServerSentEvent>{{"1", "phase", "{\"a\":1}"}, {"2", "fault", "two\nlines"}});
  CHECK(streams.closed_is(rig, 1));
  rig.run([&](Server&) {
    CHECK(streams.asked.at(0).header("last-event-id") == "41");
    CHECK_FALSE(streams.open.at(0).open());
    CHECK_FALSE(streams.open.at(0).send("3", "x", ""));
    streams.open.clear();
  });
}

TEST_CASE("event stream: silence is filled with comments, which the reader skips") {
  Streams streams;
  ServerRig rig(streams.handler(milliseconds(20)));
  RawClient client(rig.listen_tcp());
  client.send("GET /events HTTP/1.1\r\nHost: g\r\n\r\n");
  CHECK(client.read_until(": keepalive\n\n").find("event: phase") != std::string::npos);
  client.close();
  CHECK(streams.closed_is(rig, 1));
  rig.run([&](Server&) { streams.open.clear(); });
}

TEST_CASE("event stream: the server's end is a proper end, for HTTP/1.0 too") {
  Streams streams;
  ServerRig rig(streams.handler(milliseconds(0)));
  const auto port = rig.listen_tcp();
  RawClient newer(port);
  newer.send("GET /events HTTP/1.1\r\nHost: g\r\n\r\n");
  CHECK(newer.read_until("event: phase").find("Transfer-Encoding: chunked") != std::string::npos);
  RawClient older(port);
  older.send("GET /events HTTP/1.0\r\n\r\n");
  CHECK(older.read_until("\n\n").find("chunked") == std::string::npos);
  rig.run([&](Server&) {
    streams.open.at(0).close();
    streams.open.erase(streams.open.begin() + 1);  // the last handle gone ends it as well
  });
  CHECK(newer.read_to_end().ends_with("0\r\n\r\n"));
  CHECK(older.read_to_end().find("0\r\n\r\n") == std::string::npos);
  CHECK(streams.closed_is(rig, 1));  // nobody is left to tell of the second
  rig.run([&](Server&) { streams.open.clear(); });
}

TEST_CASE("event stream: a client too slow is disconnected, the others go on") {
  Streams streams;
  ServerRig rig(streams.handler(milliseconds(0)), {.event_queue_bytes = 10000});
  const auto port = rig.listen_tcp();
  RawClient slow(port);
  slow.send("GET /slow HTTP/1.1\r\nHost: g\r\n\r\n");
  CHECK(slow.read_until("event: phase").starts_with("HTTP/1.1 200 "));
  RawClient quick(port);
  quick.send("GET /quick HTTP/1.1\r\nHost: g\r\n\r\n");
  CHECK(quick.read_until("event: phase").starts_with("HTTP/1.1 200 "));
  const std::string data(2000, 'x');
  CHECK(eventually([&] {
    bool dropped = false;
    for (int i = 0; i < 50 && !dropped; ++i)
      rig.run([&](Server&) { dropped = !streams.open.at(0).send("9", "big", data); });
    return dropped;
  }));
  CHECK(streams.closed_is(rig, 1));
  rig.run([&](Server&) { CHECK(streams.open.at(1).send("10", "after", "z")); });
  CHECK(quick.read_until("event: after").find("id: 10") != std::string::npos);
  rig.run([&](Server&) { streams.open.clear(); });
}

TEST_CASE("event stream: stopping the server ends it") {
  Streams streams;
  std::atomic<bool> stopped = false;
  ServerRig rig(streams.handler(milliseconds(0)));
  RawClient client(rig.listen_tcp());
  client.send("GET /events HTTP/1.1\r\nHost: g\r\n\r\n");
  CHECK(client.read_until("event: phase").starts_with("HTTP/1.1 200 "));
  rig.run([&](Server& server) { server.stop([&] { stopped = true; }); });
  CHECK(client.read_to_end().ends_with("0\r\n\r\n"));
  CHECK(eventually([&] { return stopped.load(); }));
  rig.run([&](Server&) { streams.open.clear(); });
}

TEST_CASE("event stream: HEAD gets the header alone") {
  Streams streams;
  ServerRig rig(streams.handler(milliseconds(0)));
  RawClient client(rig.listen_tcp());
  client.send("HEAD /events HTTP/1.1\r\nHost: g\r\n\r\n");
  const auto text = client.read_to_end();
  CHECK(text.find("Content-Type: text/event-stream") != std::string::npos);
  CHECK(text.ends_with("\r\n\r\n"));
  rig.run([&](Server&) { streams.open.clear(); });
}

TEST_CASE("event stream: real curl reads it") {
  Streams streams;
  ServerRig rig(streams.handler(milliseconds(20)));
  const auto ran =
      run_command("timeout 5 curl -sN --max-time 0.5 http://127.0.0.1:" + std::to_string(rig.listen_tcp()) + "/events");
  CHECK(ran.output.starts_with("id: 1\nevent: phase\ndata: {\"a\":1}\n\n: keepalive\n\n"));
  CHECK(streams.closed_is(rig, 1));
  rig.run([&](Server&) { streams.open.clear(); });
}
