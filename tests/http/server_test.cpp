#include "http/server.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "http/client.hpp"
#include "server_rig.hpp"

using namespace exitgate;
using namespace exitgate::http;
using namespace exitgate::http::test;

namespace {

/// Answers with what it was asked.
void echo(const Request& request, const Responder& responder) {
  Response response;
  response.content_type = "text/plain";
  response.headers.emplace_back("X-Method", request.method);
  response.body = request.method + ' ' + request.path + ' ' + request.body;
  responder.respond(std::move(response));
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++found;
  return found;
}

}  // namespace

TEST_CASE("server: answers over a UNIX socket and knows the caller's uid") {
  Peer peer;
  ServerRig rig([&](Request request, const Responder& responder) {
    peer = request.peer;
    echo(request, responder);
  });
  const auto path = rig.listen_unix(0600);
  struct stat found {};
  REQUIRE(stat(path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  const auto answer = Client::over_unix(path).post("/x", "{}");
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == "POST /x {}");
  CHECK(peer.transport == Transport::kUnix);
  CHECK(peer.uid == getuid());
}

TEST_CASE("server: answers over TCP with Date and length, and knows the peer is on loopback") {
  Peer peer;
  ServerRig rig([&](Request request, const Responder& responder) {
    peer = request.peer;
    echo(request, responder);
  });
  const auto answer = Client::over_tcp("127.0.0.1", rig.listen_tcp()).get("/a%20b");
  REQUIRE(answer);
  CHECK(answer->body == "GET /a b ");
  CHECK(peer.address == "127.0.0.1");
  CHECK(peer.loopback);
  bool dated = false;
  for (const auto& [name, value] : answer->headers) dated = dated || (name == "Date" && value.ends_with("GMT"));
  CHECK(dated);
}

TEST_CASE("server: a stale socket is replaced, one in use and a plain file are not touched") {
  ServerRig rig(echo);
  const auto path = rig.listen_unix();
  {
    ServerRig other(echo);
    Status status;
    other.run([&](Server& server) { status = server.listen(UnixListener{path}); });
    REQUIRE_FALSE(status);
    CHECK(status.error().code == "address_in_use");
  }
  const std::string file = rig.folder() + "/file";
  std::ofstream(file) << "x";
  Status status;
  rig.run([&](Server& server) { status = server.listen(UnixListener{file}); });
  REQUIRE_FALSE(status);
  CHECK(access(file.c_str(), F_OK) == 0);

  const std::string stale = rig.folder() + "/stale";
  REQUIRE(
      run_command("timeout 5 python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' " + stale)
          .status == 0);
  rig.run([&](Server& server) { status = server.listen(UnixListener{stale}); });
  CHECK(status);
  CHECK(Client::over_unix(stale).get("/").has_value());
  rig.run([](Server& server) { server.stop(); });
  CHECK(access(path.c_str(), F_OK) != 0);
}

TEST_CASE("server: requests sent at once are answered one by one, in order") {
  std::vector<Responder> waiting;
  ServerRig rig([&](Request request, Responder responder) {
    if (request.path == "/later") return waiting.push_back(std::move(responder));
    echo(request, responder);
  });
  RawClient client(rig.listen_tcp());
  client.send(
      "GET /later HTTP/1.1\r\nHost: g\r\n\r\nPOST /2 HTTP/1.1\r\nHost: g\r\nContent-Length: 1\r\n\r\nzGET /3 "
      "HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n");
  REQUIRE(eventually([&] {
    std::size_t size = 0;
    rig.run([&](Server&) { size = waiting.size(); });
    return size == 1;
  }));
  rig.run([&](Server&) {
    Response first;
    first.body = "first";
    waiting.at(0).respond(std::move(first));
    waiting.clear();
  });
  const auto text = client.read_to_end();
  CHECK(count(text, "HTTP/1.1 200 OK") == 3);
  CHECK(text.find("first") < text.find("POST /2 z"));
  CHECK(text.find("POST /2 z") < text.find("GET /3"));
}

TEST_CASE("server: of an answer to HEAD only the header is sent") {
  ServerRig rig(echo);
  RawClient client(rig.listen_tcp());
  client.send("HEAD /x HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n");
  const auto text = client.read_to_end();
  CHECK(text.find("Content-Length: 8") != std::string::npos);
  CHECK(text.ends_with("\r\n\r\n"));
}

TEST_CASE("server: who expects 100-continue gets it before sending the body") {
  ServerRig rig(echo);
  RawClient client(rig.listen_tcp());
  client.send("POST /x HTTP/1.1\r\nHost: g\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ab");
  CHECK(client.read_to_end().ends_with("POST /x ab"));
}

TEST_CASE("server: what is no request is answered 400 and the connection closed") {
  ServerRig rig(echo);
  const auto port = rig.listen_tcp();
  for (const std::string text : {"hello\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n"}) {
    RawClient client(port);
    client.send(text);
    const auto answer = client.read_to_end();
    CHECK(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    CHECK(answer.find("{\"error\":{\"code\":\"bad_request\"") != std::string::npos);
  }
}

TEST_CASE("server: HTTP/1.0 is answered and closed, kept alive when asked") {
  ServerRig rig(echo);
  const auto port = rig.listen_tcp();
  RawClient closing(port);
  closing.send("GET /x HTTP/1.0\r\n\r\n");
  CHECK(closing.read_to_end().ends_with("GET /x "));
  RawClient keeping(port);
  keeping.send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(keeping.read_until("GET /x ").find("Connection: keep-alive") != std::string::npos);
  keeping.send("GET /y HTTP/1.0\r\n\r\n");
  CHECK(keeping.read_to_end().ends_with("GET /y "));
}

TEST_CASE("server: a responder dropped without an answer gives 500, one answered twice counts once") {
  ServerRig rig([](const Request& request, const Responder& responder) {
    if (request.path == "/drop") return;
    responder.respond(error_response(404, "one", ""));
    responder.respond(error_response(400, "two", ""));
    responder.abort();
  });
  const auto client = Client::over_tcp("127.0.0.1", rig.listen_tcp());
  CHECK(client.get("/drop")->status == 500);
  CHECK(client.get("/twice")->status == 404);
}

TEST_CASE("server: an answer can be dropped, or broken off in the middle") {
  ServerRig rig([](const Request& request, const Responder& responder) {
    Response response;
    response.body = std::string(1000, 'x');
    if (request.path == "/abort") return responder.abort();
    responder.respond_partly(std::move(response), 300);
  });
  const auto port = rig.listen_tcp();
  RawClient dropped(port);
  dropped.send("GET /abort HTTP/1.1\r\nHost: g\r\n\r\n");
  CHECK(dropped.read_to_end().empty());
  RawClient broken(port);
  broken.send("GET /part HTTP/1.1\r\nHost: g\r\n\r\n");
  CHECK(broken.read_to_end().size() == 300);
  CHECK(Client::over_tcp("127.0.0.1", port).get("/part").error().code == "broken");
}

TEST_CASE("server: headers of an answer can't be forged through a value, and a Date of its own stands") {
  ServerRig rig([](const Request&, const Responder& responder) {
    Response response;
    response.headers = {{"X-A", "1\r\nX-B: 2"}, {"Date", "Sun, 06 Nov 1994 08:49:37 GMT"}};
    responder.respond(std::move(response));
  });
  const auto answer = Client::over_tcp("127.0.0.1", rig.listen_tcp()).get("/");
  REQUIRE(answer);
  std::size_t dates = 0;
  for (const auto& [name, value] : answer->headers) {
    CHECK(name != "X-B");
    if (name == "Date") ++dates;
  }
  CHECK(dates == 1);
}

TEST_CASE("server: stopping lets an answer in flight go out, closes idle connections and tells when all are gone") {
  std::vector<Responder> waiting;
  std::atomic<bool> stopped = false;
  ServerRig rig([&](const Request&, Responder responder) { waiting.push_back(std::move(responder)); },
                {.stop_grace = std::chrono::seconds(30)});
  const auto port = rig.listen_tcp();
  RawClient idle(port);
  RawClient busy(port);
  busy.send("GET / HTTP/1.1\r\nHost: g\r\n\r\n");
  REQUIRE(eventually([&] {
    bool both = false;
    rig.run([&](Server& server) { both = waiting.size() == 1 && server.connections() == 2; });
    return both;
  }));
  rig.run([&](Server& server) { server.stop([&] { stopped = true; }); });
  CHECK(idle.read_to_end().empty());
  CHECK_FALSE(stopped);
  rig.run([&](Server&) {
    waiting.at(0).respond(error_response(404, "late", ""));
    waiting.clear();
  });
  const auto text = busy.read_to_end();
  CHECK(text.starts_with("HTTP/1.1 404"));
  CHECK(text.find("Connection: close") != std::string::npos);
  busy.close();
  CHECK(eventually([&] { return stopped.load(); }));
}

TEST_CASE("server: real curl gets, posts, and keeps its connection") {
  ServerRig rig(echo);
  const auto port = std::to_string(rig.listen_tcp());
  const auto unix_path = rig.listen_unix();
  const auto twice = run_command("curl -sv http://127.0.0.1:" + port + "/a http://127.0.0.1:" + port + "/b 2>&1");
  CHECK(twice.status == 0);
  CHECK(twice.output.find("Re-using existing connection") != std::string::npos);
  CHECK(run_command("curl -s --unix-socket " + unix_path + " -d body http://localhost/p").output == "POST /p body");
  CHECK(
      run_command(
          "head -c 60000 /dev/zero | curl -s --data-binary @- -H 'Expect: 100-continue' -o /dev/null -w '%{http_code}' "
          "http://127.0.0.1:" +
          port + "/p")
          .output == "200");
}
