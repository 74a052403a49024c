// A TlsBackendLink with a recording observer, and a loop that turns until something has happened.
#pragma once

#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "backend/tls_backend_link.hpp"
#include "tls_test_server.hpp"

namespace exitgate::testing {

inline constexpr const char* kSession = "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
inline const std::string kAdmitAnswer =
    std::string(R"({"decision":"admit","reason":"closed","expires_at":"2030-01-01T00:00:00Z","session_id":")") +
    kSession + "\"}";

class Recorder : public BackendObserver {
 public:
  void on_answer(QuestionId question, const ConfirmAnswer& answer) override { answers.emplace(question, answer); }
  void on_connected(bool is, const std::optional<Error>& error) override {
    connected.push_back(is);
    if (error) why = error->message;
  }
  void on_stream(bool stands) override { stream.push_back(stands); }
  void on_stream_event(const StreamEvent& event, const std::string& id) override { events.emplace_back(event, id); }
  void on_pass_keys(const std::vector<PassKey>& keys) override { pass_keys.push_back(keys); }
  void on_date(WallTime date) override { dates.push_back(date); }
  void on_credentials_refused(const std::string& detail) override { refused.push_back(detail); }
  void on_credentials_accepted() override { ++accepted; }
  void on_protocol_error(const std::string& detail) override { protocol_errors.push_back(detail); }

  std::multimap<QuestionId, ConfirmAnswer> answers;
  std::vector<bool> connected;
  std::vector<bool> stream;
  std::string why;
  std::vector<std::pair<StreamEvent, std::string>> events;
  std::vector<std::vector<PassKey>> pass_keys;
  std::vector<WallTime> dates;
  std::vector<std::string> refused;
  int accepted = 0;
  std::vector<std::string> protocol_errors;
};

/// Times short enough for a test, where the contract's are long.
inline BackendTiming quick() {
  BackendTiming timing;
  timing.late_answer = milliseconds{1500};
  timing.reconnect_first = milliseconds{50};
  timing.warm_retry_first = milliseconds{50};
  timing.warm_retry_longest = milliseconds{200};
  timing.pass_key_retry_first = milliseconds{50};
  timing.proven_after = milliseconds{200};
  timing.refusal_memory = milliseconds{200};
  return timing;
}

struct LinkUnderTest : Recorder {
  boost::asio::io_context loop;
  BackendSettings settings;
  std::unique_ptr<BackendLink> link;

  LinkUnderTest(std::uint16_t port, const std::string& ca_file, const CertificateFiles& gate) {
    settings.host = "127.0.0.1";
    settings.port = port;
    settings.ca_file = ca_file;
    settings.certificate_file = gate.certificate;
    settings.private_key_file = gate.private_key;
    settings.store_id = ShortId::of("SEA-042");
    settings.gate_id = ShortId::of("front");
    settings.timing = quick();
  }
  ~LinkUnderTest() override {
    if (link) link->stop();
    link.reset();
    loop.poll();
  }

  void start(const std::string& last_event_id = "") {
    auto made = make_tls_backend_link(loop, settings);
    REQUIRE(made);
    link = std::move(*made);
    link->start(*this, last_event_id);
  }

  /// Turns the loop until `condition` holds, 10 s at most.
  bool until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop.restart();
      loop.run_for(std::chrono::milliseconds(2));
    }
    return true;
  }
  void turn_for(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    until([&] { return std::chrono::steady_clock::now() >= end; });
  }

  void ask(QuestionId question, Stage stage = Stage::kPresent) {
    ConfirmRequest request;
    request.request_id.bytes[15] = static_cast<std::uint8_t>(question);
    request.lane_id = LaneId::of("1");
    request.stage = stage;
    link->ask(question, request);
  }
  bool answered(QuestionId question) {
    return until([&] { return answers.contains(question); });
  }
  const ConfirmAnswer& answer(QuestionId question) {
    REQUIRE(answered(question));
    return answers.find(question)->second;
  }
  NoAnswerCause cause(QuestionId question) {
    const auto* none = std::get_if<NoAnswer>(&answer(question));
    REQUIRE(none != nullptr);
    INFO(none->detail);
    CHECK_FALSE(none->detail.empty());
    return none->cause;
  }
};

inline void write_stream_head(ServerStream& stream) {
  stream.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nDate: Mon, 26 Oct 2026 05:00:00 GMT\r\n\r\n");
}

/// The rest of a backend, for tests that script one request only: keys, an open stream, stored receipts, admits.
inline After plain_backend(const Request& request, ServerStream& stream) {
  if (request.target.find("/closures") != std::string::npos) {
    write_stream_head(stream);
    do {
      stream.write("event: keepalive\ndata: {}\n\n");
    } while (stream.wait_ms(100));
    return After::kClose;
  }
  if (request.target.find("/pass-keys") != std::string::npos) {
    stream.answer(200, R"({"keys":[{"key_id":1,"public_key":"ebVWLo/mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ="}]})");
    return After::kKeep;
  }
  stream.answer(200, request.target == "/v1/receipts" ? R"({"results":[]})" : kAdmitAnswer);
  return After::kKeep;
}

inline bool is_confirm(const Request& request) { return request.target == "/v1/exits/confirm"; }

}  // namespace exitgate::testing
