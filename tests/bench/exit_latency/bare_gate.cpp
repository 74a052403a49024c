#include "bare_gate.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include "base/ids.hpp"
#include "base/wall_time.hpp"
#include "io_server.hpp"
#include "stopwatch.hpp"

namespace exitgate::bench {
namespace {

constexpr std::chrono::milliseconds kPollEvery{10};
constexpr std::size_t kInputsRead = 8;
/// An open receipt is about this long.
constexpr std::size_t kReceiptBytes = 600;

constexpr const char* kTables =
    "PRAGMA page_size=4096;PRAGMA secure_delete=ON;PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
    "PRAGMA wal_autocheckpoint=0;"
    "CREATE TABLE receipts(id INTEGER PRIMARY KEY, receipt_id TEXT NOT NULL UNIQUE, json TEXT NOT NULL);"
    "CREATE TABLE ledger(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, body TEXT NOT NULL)";

Result<int> connect_to(std::uint16_t port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int one = 1;
  ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return made;
  const std::string why = std::strerror(errno);
  ::close(made);
  return fail("connect", "port " + std::to_string(port) + ": " + why);
}

/// One exchange of Modbus TCP; the answer's protocol data unit.
Result<std::vector<std::uint8_t>> exchange(int module, std::array<std::uint8_t, 5> request) {
  std::array<std::uint8_t, 12> out{0, 1, 0, 0, 0, 6, 1};
  std::copy(request.begin(), request.end(), out.begin() + 7);
  if (::send(module, out.data(), out.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(out.size()))
    return fail("modbus", std::strerror(errno));
  std::array<std::uint8_t, 260> in{};
  const auto got = ::recv(module, in.data(), in.size(), 0);
  if (got < 9) return fail("modbus", "the answer is too short");
  return std::vector<std::uint8_t>(in.begin() + 7, in.begin() + got);
}

}  // namespace

Result<std::unique_ptr<BareGate>> BareGate::open(const BareSettings& settings) {
  std::unique_ptr<BareGate> gate(new BareGate(settings));
  if (auto connected = gate->connect(); !connected) return fail(connected.error());
  if (auto opened = gate->open_database(); !opened) return fail(opened.error());
  if (auto closed = gate->close_barrier(); !closed) return fail(closed.error());
  return gate;
}

BareGate::~BareGate() {
  sqlite3_finalize(receipt_);
  sqlite3_finalize(ledger_);
  sqlite3_close(db_);
  tls_.reset();
  if (module_ >= 0) ::close(module_);
  if (backend_ >= 0) ::close(backend_);
}

Status BareGate::connect() {
  const auto module = connect_to(settings_.module_port);
  if (!module) return fail(module.error());
  module_ = *module;
  context_.reset(SSL_CTX_new(TLS_client_method()));
  auto* context = context_.get();
  const auto file = [&](const char* name) { return settings_.tls_folder + "/" + name; };
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_locations(context, file("ca.pem").c_str(), nullptr) != 1 ||
      SSL_CTX_use_certificate_chain_file(context, file("gate2.pem").c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, file("gate2.key").c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail("tls", "the certificates in " + settings_.tls_folder + " can't be used");
  }
  return {};
}

Status BareGate::open_tls() {
  tls_.reset();
  if (backend_ >= 0) ::close(backend_);
  backend_ = -1;
  const auto made = connect_to(settings_.backend_port);
  if (!made) return fail(made.error());
  backend_ = *made;
  tls_.reset(SSL_new(context_.get()));
  SSL_set_fd(tls_.get(), backend_);
  if (SSL_connect(tls_.get()) != 1) return fail("tls", "the backend refused the connection");
  return {};
}

Status BareGate::warm_up() {
  if (auto connected = open_tls(); !connected) return connected;
  return ask("GET /v1/stores/" + settings_.store + "/pass-keys HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
}

Status BareGate::ask(const std::string& request) {
  if (SSL_write(tls_.get(), request.data(), static_cast<int>(request.size())) <= 0)
    return fail("tls", "the question was not sent");
  std::string answer;
  std::array<char, 4096> part{};
  for (;;) {
    const int got = SSL_read(tls_.get(), part.data(), static_cast<int>(part.size()));
    if (got <= 0) return fail("tls", "no answer");
    answer.append(part.data(), static_cast<std::size_t>(got));
    const auto body = answer.find("\r\n\r\n");
    const auto length = answer.find("Content-Length: ");
    if (body == std::string::npos || length == std::string::npos) continue;
    if (answer.size() >= body + 4 + std::stoul(answer.substr(length + 16))) break;
  }
  if (answer.starts_with("HTTP/1.1 200")) return {};
  return fail("confirm", "the backend answered: " + answer);
}

std::string BareGate::question(const std::string& session) {
  std::array<std::uint8_t, 10> random{};
  std::memcpy(random.data(), &count_, sizeof count_);
  const auto wall = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto now = wall_from_ms(wall.time_since_epoch().count());
  const std::string body = R"({"request_id":")" + to_string(make_uuid_v7(now, random)) + R"(","store_id":")" +
                           settings_.store + R"(","gate_id":"bare","lane_id":"bare","kind":"walkout","observed_at":")" +
                           to_rfc3339(now) + R"(","stage":"present","session_id":")" + session + R"("})";
  return "POST /v1/exits/confirm HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

Status BareGate::open_database() {
  if (sqlite3_open(settings_.database.c_str(), &db_) != SQLITE_OK ||
      sqlite3_exec(db_, kTables, nullptr, nullptr, nullptr) != SQLITE_OK ||
      sqlite3_prepare_v2(db_, "INSERT INTO receipts(receipt_id,json) VALUES(?,?)", -1, &receipt_, nullptr) !=
          SQLITE_OK ||
      sqlite3_prepare_v2(db_, "INSERT INTO ledger(key,body) VALUES(?,?)", -1, &ledger_, nullptr) != SQLITE_OK) {
    return fail("sqlite", settings_.database + ": " + sqlite3_errmsg(db_));
  }
  return {};
}

Status BareGate::commit(const std::string& session) {
  const std::string receipt(kReceiptBytes, 'r');
  const auto insert = [&](sqlite3_stmt* statement, const std::string& body) {
    sqlite3_bind_text(statement, 1, session.c_str(), -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, body.c_str(), -1, SQLITE_STATIC);
    const bool done = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_reset(statement);
    return done;
  };
  const auto run = [&](const char* sql) { return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK; };
  if (run("BEGIN IMMEDIATE") && insert(receipt_, receipt) && insert(ledger_, session) && run("COMMIT")) return {};
  return fail("sqlite", sqlite3_errmsg(db_));
}

void BareGate::checkpoint() { sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr); }

Result<bool> BareGate::approach_blocked() {
  const auto answer = exchange(module_, {2, 0, 0, 0, kInputsRead});
  if (!answer) return fail(answer.error());
  return answer->size() >= 3 && ((*answer)[2] & 1U << kApproach) != 0;
}

Status BareGate::write_barrier(std::uint8_t level) {
  const auto answer = exchange(module_, {5, 0, kBarrierCoil, level, 0});
  if (!answer) return fail(answer.error());
  return {};
}

Status BareGate::one_exit(const std::string& session, bool confirm) {
  ++count_;
  for (;;) {
    const auto blocked = approach_blocked();
    if (!blocked) return fail(blocked.error());
    if (*blocked) break;
    std::this_thread::sleep_for(kPollEvery);
  }
  if (confirm) {
    if (auto asked = ask(question(session)); !asked) return asked;
  }
  if (auto committed = commit(session); !committed) return committed;
  return write_barrier(0);
}

}  // namespace exitgate::bench
