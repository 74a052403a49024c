#include "api/control_api.hpp"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "api/api_json.hpp"
#include "api_rig.hpp"
#include "tests/http/server_rig.hpp"

using namespace exitgate;
using exitgate::http::test::eventually;
using exitgate::http::test::RawClient;
using exitgate::test::ApiRig;
using exitgate::test::stored_receipt;

namespace {

const std::string kOpen = R"({"command":"open","by":"Ana","reason":"test"})";

std::string header(const http::Response& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (http::equal_ignoring_case(key, name)) return value;
  }
  return "";
}

}  // namespace

TEST_CASE("API: status and lanes are what the gate says") {
  ApiRig rig;
  REQUIRE(rig.started());
  const auto status = rig.client().get("/api/v1/status");
  REQUIRE(status);
  CHECK(status->status == 200);
  CHECK(status->content_type == "application/json");
  CHECK(status->body == api::status_json(rig.gate.view));
  CHECK(rig.client().get("/api/v1/lanes/2")->body == api::lane_json(rig.gate.view.lanes[1]));
  CHECK(rig.client().get("/api/v1/lanes/3")->status == 404);
  CHECK(rig.client().request("HEAD", "/api/v1/status", "", "")->status == 200);
}

TEST_CASE("API: unknown paths, methods and foreign origins are refused with an error object") {
  ApiRig rig;
  const auto unknown = rig.client().get("/nothing");
  CHECK(unknown->status == 404);
  CHECK(unknown->body.starts_with(R"({"error":{"code":"not_found","message":)"));
  const auto method = rig.client().request("DELETE", "/api/v1/status", "", "");
  CHECK(method->status == 405);
  CHECK(header(*method, "Allow") == "GET, HEAD");
  auto foreign = rig.client();
  foreign.add_header("Origin", "https://evil.example");
  CHECK(foreign.get("/api/v1/status")->status == 403);
}

TEST_CASE("API: a command takes effect and is answered with the lane; who sent it is recorded") {
  ApiRig rig;
  rig.gate.view.lanes[0].phase = Phase::kAdmitting;
  const auto done = rig.client().post("/api/v1/lanes/1/commands", kOpen);
  REQUIRE(done);
  CHECK(done->status == 200);
  CHECK(done->body == api::lane_json(rig.gate.view.lanes[0]));
  REQUIRE(rig.gate.commands().size() == 1);
  CHECK(rig.gate.commands()[0].by == "Ana");
  CHECK(rig.gate.commands()[0].user == "uid:" + std::to_string(getuid()));
}

TEST_CASE("API: a command refused is 409 with why, one that can't be 400, an unknown lane 404") {
  ApiRig rig;
  rig.gate.on_command = [&](const StaffCommand& command) {
    return rig.gate.done_with(command, fail(command.verb == StaffVerb::kMode ? "no_receiver" : "lane_busy", "Not now"));
  };
  const auto busy = rig.client().post("/api/v1/lanes/1/commands", kOpen);
  CHECK(busy->status == 409);
  CHECK(busy->body == R"({"error":{"code":"lane_busy","message":"Not now"}})");
  CHECK(rig.client()
            .post("/api/v1/lanes/1/commands", R"({"command":"mode","by":"a","reason":"b","mode":"cart"})")
            ->status == 400);
  CHECK(rig.client().post("/api/v1/lanes/1/commands", "{}")->status == 400);
  CHECK(rig.client().post("/api/v1/lanes/9/commands", kOpen)->status == 404);
  CHECK(rig.client().post("/api/v1/lanes/1/commands", std::string(100000, ' '))->status == 413);
}

TEST_CASE("API: a command for all lanes is answered with all, done or not") {
  ApiRig rig;
  const auto done = rig.client().post("/api/v1/lanes/all/commands", kOpen);
  CHECK(done->status == 200);
  CHECK(done->body == api::lanes_json(rig.gate.view.lanes));
  CHECK_FALSE(rig.gate.commands().at(0).lane);
  rig.gate.on_command = [&](const StaffCommand& command) {
    return rig.gate.done_with(command, fail("lane_busy", "Lane 2"));
  };
  const auto refused = rig.client().post("/api/v1/lanes/all/commands", kOpen);
  CHECK(refused->status == 409);
  CHECK(refused->body.starts_with(R"({"error":{"code":"lane_busy","message":"Lane 2"},"lanes":[{"id":"1",)"));
}

TEST_CASE("API: a command without effect in time is 409 and its late end changes nothing") {
  ApiRig rig([](auto& settings, const auto&) { settings.command_bound = std::chrono::milliseconds(50); });
  rig.gate.on_command = [](const StaffCommand&) { return std::nullopt; };
  const auto late = rig.client().post("/api/v1/lanes/1/commands", kOpen);
  REQUIRE(late);
  CHECK(late->status == 409);
  CHECK(late->body.find(R"("code":"no_effect")") != std::string::npos);
  rig.run([&] { rig.gate.waiting.at(0)(rig.gate.done_with(rig.gate.commands().at(0), {})); });
  CHECK(rig.client().get("/healthz")->status == 200);
}

TEST_CASE("API: a gate that answers later than the API lives is heard by nobody") {
  std::function<void(CommandOutcome)> late;
  {
    ApiRig rig;
    rig.gate.on_command = [](const StaffCommand&) { return std::nullopt; };
    RawClient client(rig.socket());
    client.send("POST /api/v1/lanes/1/commands HTTP/1.1\r\nHost: g\r\nContent-Length: " + std::to_string(kOpen.size()) +
                "\r\n\r\n" + kOpen);
    REQUIRE(eventually([&] {
      bool waits = false;
      rig.run([&] { waits = rig.gate.waiting.size() == 1; });
      return waits;
    }));
    rig.run([&] { late = rig.gate.waiting.at(0); });
    rig.run([&] { rig.api().stop({}); });
    CHECK(client.read_to_end().find("200 OK") == std::string::npos);
    rig.run([&] { late({fail("no_effect", ""), {}}); });
    rig.gate.waiting.clear();
    late = nullptr;
  }
  SUCCEED();
}

TEST_CASE("API: events are streamed with ids and can be resumed from any of them") {
  ApiRig rig;
  rig.publish(test::phase_event("1", "before"));
  std::vector<http::ServerSentEvent> got;
  http::Client::Follower follower;
  follower.tick = std::chrono::milliseconds(10);
  bool sent = false;
  follower.idle = [&] {
    // Nobody resumes: what was before is not told.
    if (!std::exchange(sent, true)) {
      rig.publish(test::phase_event("1", "present"));
      rig.publish(test::phase_event("2", "present"));
    }
    return true;
  };
  follower.event = [&](const http::ServerSentEvent& event) {
    got.push_back(event);
    return got.size() < 2;
  };
  REQUIRE(rig.client().follow("/api/v1/events", follower));
  REQUIRE(got.size() == 2);
  CHECK(got[0].event == "phase");
  CHECK(got[0].data == R"({"at":"2023-11-14T22:13:20.000Z","lane_id":"1","phase":"present","from":"idle"})");
  CHECK(got[0].id != got[1].id);
  follower.last_event_id = got[0].id;
  follower.event = [&](const http::ServerSentEvent& event) {
    CHECK(event == got[1]);
    return false;
  };
  REQUIRE(rig.client().follow("/api/v1/events", follower));
  std::vector<std::string> all;
  follower.last_event_id = "1-1";
  follower.event = [&](const http::ServerSentEvent& event) {
    all.push_back(event.data);
    return all.size() < 3;
  };
  REQUIRE(rig.client().follow("/api/v1/events", follower));
  CHECK(all.at(0).find("before") != std::string::npos);
}

TEST_CASE("API: a full history is resumed in one go, and streams beyond the bound are refused") {
  ApiRig rig;
  rig.run([&] {
    for (int i = 0; i < 5000; ++i) rig.api().publish(test::phase_event("1", "present"));
  });
  std::size_t count = 0;
  http::Client::Follower follower;
  follower.last_event_id = "0-0";
  follower.event = [&](const http::ServerSentEvent&) { return ++count < 4096; };
  REQUIRE(rig.client().follow("/api/v1/events", follower));
  CHECK(count == 4096);
  std::vector<std::unique_ptr<RawClient>> streams;
  std::string last;
  for (int i = 0; i < 33; ++i) {
    streams.push_back(std::make_unique<RawClient>(rig.socket()));
    streams.back()->send("GET /api/v1/events HTTP/1.1\r\nHost: g\r\n\r\n");
    last = streams.back()->read_until(i < 32 ? ": exitgate" : "}}");
  }
  CHECK(last.starts_with("HTTP/1.1 503 "));
  CHECK(rig.client().get("/healthz")->status == 200);
}

TEST_CASE("API: receipts are listed in pages, shown one by one, and sent again from quarantine") {
  ApiRig rig;
  rig.store.receipts = {stored_receipt(1, ReceiptState::kDelivered), stored_receipt(2, ReceiptState::kQuarantined),
                        stored_receipt(3, ReceiptState::kQueued)};
  const auto id = to_string(rig.store.receipts[1].receipt.receipt_id);
  CHECK(rig.client().get("/api/v1/receipts?limit=2")->body.ends_with("\"next\":\"2\"}"));
  CHECK(rig.client().get("/api/v1/receipts?limit=2&after=2")->body.ends_with("\"next\":null}"));
  const auto quarantined = rig.client().get("/api/v1/receipts?state=quarantined");
  CHECK(quarantined->body.starts_with("{\"receipts\":[" + rig.store.receipts[1].json + "],"));
  for (const auto* bad : {"state=sealed", "limit=0", "limit=1001", "limit=x", "limit=-1", "after=xx"}) {
    INFO(bad);
    CHECK(rig.client().get(std::string("/api/v1/receipts?") + bad)->status == 400);
  }
  CHECK(
      rig.client().get("/api/v1/receipts/" + id)->body.ends_with(R"("state":"quarantined","reason":"unknown lane"})"));
  CHECK(rig.client().get("/api/v1/receipts/nothing")->status == 404);
  CHECK(rig.client().post("/api/v1/receipts/" + id + "/retry", "")->status == 200);
  CHECK(rig.store.receipts[1].state == ReceiptState::kQueued);
  CHECK(rig.client().post("/api/v1/receipts/" + id + "/retry", "")->status == 409);
  CHECK(rig.client().post("/api/v1/receipts/" + std::string(36, '0') + "/retry", "")->status == 404);
}

TEST_CASE("API: points, configuration, reload and metrics are there") {
  ApiRig rig;
  CHECK(rig.client().get("/api/v1/io")->body == R"({"points":[]})");
  CHECK(rig.client().get("/api/v1/config")->body == R"({"schema":1})");
  rig.gate.reload_outcome = ReloadOutcome{{LaneId::of("1")}, {"warn"}};
  CHECK(rig.client().post("/api/v1/reload", "")->body == R"({"pending":["1"],"warnings":["warn"]})");
  rig.gate.reload_outcome = fail("bad_config", "f:1:1: error: x");
  CHECK(rig.client().post("/api/v1/reload", "")->status == 400);
  const auto metrics = rig.client().get("/metrics");
  CHECK(metrics->content_type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(metrics->body.find("exitgate_build_info{version=\"0.1.0\"} 1") != std::string::npos);
}

TEST_CASE("API: the trace comes as lines of JSON, or with the reason why not") {
  ApiRig rig;
  const auto trace = rig.client().get("/api/v1/trace");
  CHECK(trace->status == 200);
  CHECK(trace->content_type == "application/x-ndjson");
  CHECK(trace->body == "{\"trace\":\"exitgate\"}\n{\"end\":2}\n");
  for (const auto& [code, status] :
       {std::pair{"busy", 503U}, std::pair{"trace_empty", 503U}, std::pair{"trace_too_large", 409U}}) {
    rig.gate.trace_text = fail(code, "x");
    CHECK(rig.client().get("/api/v1/trace")->status == status);
  }
}

TEST_CASE("API: health is 503 while a box_down fault stands") {
  ApiRig rig;
  CHECK(rig.client().get("/healthz")->status == 200);
  rig.run([&] { rig.gate.view.faults = {{FaultCode::kEyeStuck, Severity::kLaneDown, "lane:1", {}, ""}}; });
  CHECK(rig.client().get("/healthz")->status == 200);
  rig.run([&] { rig.gate.view.faults.push_back({FaultCode::kStorageFull, Severity::kBoxDown, "box", {}, ""}); });
  CHECK(rig.client().get("/healthz")->status == 503);
}

TEST_CASE("API: stopping ends event streams and tells when done") {
  ApiRig rig;
  RawClient stream(rig.socket());
  stream.send("GET /api/v1/events HTTP/1.1\r\nHost: g\r\n\r\n");
  CHECK(stream.read_until(": exitgate").starts_with("HTTP/1.1 200 "));
  std::atomic<bool> stopped = false;
  rig.run([&] { rig.api().stop([&] { stopped = true; }); });
  CHECK(stream.read_to_end().ends_with("0\r\n\r\n"));
  CHECK(eventually([&] { return stopped.load(); }));
  CHECK(rig.client().get("/healthz").error().code == "unreachable");
}
