#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "http/server.hpp"
#include "server_rig.hpp"

using namespace exitgate;
using namespace exitgate::http;
using namespace exitgate::http::test;

namespace {

void tell_peer(const Request& request, const Responder& responder) {
  Response response;
  response.body = "peer=" + request.peer.certificate_common_name.value_or("-");
  responder.respond(std::move(response));
}

/// A CA, a server certificate for 127.0.0.1 and a client certificate, made by openssl.
void make_certificates(const std::string& folder) {
  const std::string script =
      "cd " + folder +
      " && exec 2>/dev/null"
      " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 "
      "-subj /CN=ca"
      " && for n in server client; do"
      " openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $n.key -out $n.csr -subj /CN=the-$n"
      " && printf 'subjectAltName=IP:127.0.0.1\\n' > ext"
      " && openssl x509 -req -in $n.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out $n.pem || "
      "exit 1; done";
  REQUIRE(run_command(script).status == 0);
}

std::string curl(const std::string& folder, std::uint16_t port, const std::string& options) {
  return run_command("cd " + folder + " && curl -s --max-time 10 --cacert ca.pem " + options +
                     " https://127.0.0.1:" + std::to_string(port) + "/ || echo failed")
      .output;
}

}  // namespace

TEST_CASE("TLS: curl verifies the server; plain HTTP and the wrong CA get nothing") {
  ServerRig rig(tell_peer);
  make_certificates(rig.folder());
  const auto port = rig.listen_tcp(TlsSettings{rig.folder() + "/server.pem", rig.folder() + "/server.key", "", false});
  CHECK(curl(rig.folder(), port, "") == "peer=-");
  CHECK(curl(rig.folder(), port, "--tls-max 1.2") == "peer=-");
  CHECK(run_command("curl -s --max-time 10 https://127.0.0.1:" + std::to_string(port) + "/").status != 0);
  RawClient plain(port);
  plain.send("GET / HTTP/1.1\r\nHost: g\r\n\r\n");
  CHECK(plain.read_to_end().find("peer=") == std::string::npos);
  CHECK(curl(rig.folder(), port, "") == "peer=-");
}

TEST_CASE("TLS: mutual and 1.3 only, the client's name is known and others are refused") {
  ServerRig rig(tell_peer);
  make_certificates(rig.folder());
  const auto& folder = rig.folder();
  const auto port =
      rig.listen_tcp(TlsSettings{folder + "/server.pem", folder + "/server.key", folder + "/ca.pem", true});
  CHECK(curl(folder, port, "--cert client.pem --key client.key") == "peer=the-client");
  CHECK(curl(folder, port, "") == "failed\n");
  CHECK(curl(folder, port, "--cert client.pem --key client.key --tls-max 1.2") == "failed\n");
  const std::string s_client = "cd " + folder +
                               " && printf 'GET / HTTP/1.1\\r\\nHost: g\\r\\nConnection: close\\r\\n\\r\\n' | timeout "
                               "10 openssl s_client -quiet -ign_eof -connect 127.0.0.1:" +
                               std::to_string(port) + " -CAfile ca.pem -cert client.pem -key client.key ";
  CHECK(run_command(s_client + "-tls1_3 2>&1").output.find("peer=the-client") != std::string::npos);
  CHECK(run_command(s_client + "-tls1_2 2>&1").output.find("peer=") == std::string::npos);
}

TEST_CASE("TLS: a session is resumed, with a client certificate too") {
  ServerRig rig(tell_peer);
  make_certificates(rig.folder());
  const auto& folder = rig.folder();
  const auto port =
      rig.listen_tcp(TlsSettings{folder + "/server.pem", folder + "/server.key", folder + "/ca.pem", true});
  const std::string ask = "cd " + folder +
                          " && printf 'GET / HTTP/1.1\\r\\nHost: g\\r\\nConnection: close\\r\\n\\r\\n' | timeout 10 "
                          "openssl s_client -ign_eof -connect 127.0.0.1:" +
                          std::to_string(port) + " -CAfile ca.pem -cert client.pem -key client.key -tls1_3 ";
  REQUIRE(run_command(ask + "-sess_out session 2>&1").output.find("peer=the-client") != std::string::npos);
  const auto again = run_command(ask + "-sess_in session 2>&1").output;
  CHECK(again.find("Reused, TLSv1.3") != std::string::npos);
  CHECK(again.find("peer=the-client") != std::string::npos);
}

TEST_CASE("TLS: a client that never finishes its handshake is dropped") {
  ServerRig rig(tell_peer, {.handshake = std::chrono::milliseconds(100)});
  make_certificates(rig.folder());
  RawClient client(rig.listen_tcp(TlsSettings{rig.folder() + "/server.pem", rig.folder() + "/server.key", "", false}));
  CHECK(client.read_to_end().empty());
}

TEST_CASE("TLS: files that are missing, or do not belong together, are told") {
  ServerRig rig(tell_peer);
  make_certificates(rig.folder());
  const auto& folder = rig.folder();
  for (const auto& settings :
       {TlsSettings{folder + "/none.pem", folder + "/server.key", "", false},
        TlsSettings{folder + "/server.pem", folder + "/client.key", "", false},
        TlsSettings{folder + "/server.pem", folder + "/server.key", folder + "/server.key", false}}) {
    rig.run([&](Server& server) {
      const auto port = server.listen(TcpListener{"127.0.0.1", 0, settings});
      REQUIRE_FALSE(port);
      CHECK(port.error().code == "tls_files");
    });
  }
}
