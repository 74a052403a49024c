#include "backend/closures_session.hpp"

#include <catch2/catch_test_macros.hpp>

#include "backend/credentials_watch.hpp"
#include "backend/pass_key_schedule.hpp"

using namespace exitgate;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kRevoked = "event: revoked\nid: 8\ndata: {\"session_tag\":\"a1b2c3d4e5f6\"}\n\n";
constexpr std::string_view kStream = "text/event-stream; charset=utf-8";

struct Streaming {
  ClosuresSession session{BackendTiming{}, "7"};
  MonoTime now{100s};
  Streaming() {
    session.connecting(now);
    REQUIRE(session.head(200, kStream, now).empty());
  }
};

bool leaves(const StreamOutputs& outputs) {
  return !outputs.empty() && std::holds_alternative<LeaveStream>(outputs.back());
}

}  // namespace

TEST_CASE("an event is told with its id and moves the cursor; a keepalive does neither") {
  Streaming stream;
  const auto outputs = stream.session.body(kRevoked, stream.now);
  REQUIRE(outputs.size() == 1);
  CHECK(std::get<DeliverEvent>(outputs[0]).id == "8");
  CHECK(std::holds_alternative<Revocation>(std::get<DeliverEvent>(outputs[0]).event));
  const auto keepalive = stream.session.body("event: keepalive\n\n", stream.now);
  CHECK(std::get<DeliverEvent>(keepalive.at(0)).id.empty());
  CHECK(stream.session.cursor() == "8");
}

TEST_CASE(
    "events that are unknown or cannot be read are passed over, the latter are reported, and the cursor moves on") {
  Streaming stream;
  CHECK(stream.session.body("event: weather\nid: 9\ndata: sunny\n\n", stream.now).empty());
  CHECK(stream.session.cursor() == "9");
  const auto bad = stream.session.body("event: revoked\nid: 10\ndata: {}\n\n", stream.now);
  REQUIRE(bad.size() == 1);
  CHECK(std::holds_alternative<ReportProtocolError>(bad[0]));
  const auto big =
      stream.session.body("id: 11\ndata: " + std::string(70000, 'x') + "\n\n" + std::string(kRevoked), stream.now);
  REQUIRE(big.size() == 2);
  CHECK(std::holds_alternative<ReportProtocolError>(big[0]));
  CHECK(std::holds_alternative<DeliverEvent>(big[1]));
}

TEST_CASE("reset drops the cursor, what follows it in the stream, and the connection") {
  Streaming stream;
  const auto outputs = stream.session.body("event: reset\nid: 9\ndata: {}\n\n" + std::string(kRevoked), stream.now);
  REQUIRE(outputs.size() == 2);
  CHECK(std::holds_alternative<Reset>(std::get<DeliverEvent>(outputs[0]).event));
  CHECK(std::get<DeliverEvent>(outputs[0]).id.empty());
  CHECK(leaves(outputs));
  CHECK(stream.session.ended(stream.now).empty());
  CHECK(stream.session.cursor().empty());
  CHECK(stream.session.deadline() == stream.now + 500ms);
}

TEST_CASE("a 204 is a reset") {
  ClosuresSession session{BackendTiming{}, "7"};
  session.connecting(MonoTime{1s});
  CHECK(session.cursor() == "7");
  const auto outputs = session.head(204, "", MonoTime{1s});
  REQUIRE(outputs.size() == 2);
  CHECK(std::holds_alternative<Reset>(std::get<DeliverEvent>(outputs[0]).event));
  CHECK(leaves(outputs));
  CHECK(session.cursor().empty());
}

TEST_CASE("reconnects come after 0.5 s doubling to 30 s, and an event begins anew; resets do not") {
  ClosuresSession session{BackendTiming{}, ""};
  MonoTime now{1s};
  CHECK(session.deadline() < now);
  for (const auto delay : {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 16000ms, 30000ms, 30000ms}) {
    session.connecting(now);
    static_cast<void>(session.head(204, "", now));
    CHECK(session.ended(now).empty());
    CHECK(session.deadline() == now + delay);
    now += delay;
  }
  session.connecting(now);
  CHECK(session.head(200, kStream, now).empty());
  CHECK(session.body("event: keepalive\n\n", now).size() == 1);
  CHECK(session.ended(now).empty());
  CHECK(session.deadline() == now + 500ms);
}

TEST_CASE("45 s without a whole line is silence, bytes of an endless line are no sign of life") {
  Streaming stream;
  CHECK(stream.session.deadline() == stream.now + 45s);
  CHECK(stream.session.body(": proxy says hello\n", stream.now + 20s).empty());
  CHECK(stream.session.deadline() == stream.now + 65s);
  CHECK(stream.session.body("data: and on", stream.now + 40s).empty());
  CHECK(stream.session.body(" and on", stream.now + 60s).empty());
  CHECK(stream.session.deadline() == stream.now + 65s);
}

TEST_CASE("an answer that is no stream is left, refused credentials and client errors are reported") {
  const auto refusal = [](int status, std::string_view body) {
    ClosuresSession session{BackendTiming{}, ""};
    session.connecting(MonoTime{1s});
    CHECK(session.head(status, "text/html", MonoTime{1s}).empty());
    CHECK(session.body(body, MonoTime{1s}).empty());
    CHECK(session.body(std::string(100000, 'x'), MonoTime{1s}).empty());
    return session.ended(MonoTime{2s});
  };
  CHECK(std::holds_alternative<ReportRefusal>(refusal(403, "").at(0)));
  CHECK(std::holds_alternative<ReportRefusal>(refusal(400, "<html>400 The SSL certificate error").at(0)));
  CHECK(std::holds_alternative<ReportProtocolError>(refusal(404, "").at(0)));
  CHECK(refusal(503, "").empty());
  CHECK(refusal(429, "").empty());
  ClosuresSession session{BackendTiming{}, ""};
  session.connecting(MonoTime{1s});
  const auto outputs = session.head(200, "text/html", MonoTime{1s});
  CHECK(std::holds_alternative<ReportProtocolError>(outputs.at(0)));
  CHECK(leaves(outputs));
}

TEST_CASE("when the backend is back the stream does not wait out its back-off") {
  ClosuresSession session{BackendTiming{}, ""};
  MonoTime now{1s};
  session.connecting(now);
  CHECK(session.ended(now).empty());
  session.backend_returned(now + 1ms);
  CHECK(session.deadline() == now + 1ms);
  session.connecting(now);
  const auto deadline = session.deadline();
  session.backend_returned(now);
  CHECK(session.deadline() == deadline);
}

TEST_CASE("pass keys are fetched at start until got, then hourly") {
  PassKeySchedule schedule{BackendTiming{}};
  MonoTime now{1s};
  CHECK(schedule.next_fetch() <= now);
  for (const auto delay : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    schedule.begun(now);
    CHECK(schedule.next_fetch() == kNever);
    schedule.ended(false, now);
    CHECK(schedule.next_fetch() == now + delay);
    now += delay;
  }
  schedule.begun(now);
  schedule.ended(true, now);
  CHECK(schedule.next_fetch() == now + 1h);
}

TEST_CASE("an unknown key id is fetched at once, however lately the keys came by themselves") {
  PassKeySchedule schedule{BackendTiming{}};
  schedule.begun(MonoTime{1s});
  schedule.demanded(MonoTime{1s});  // under way already
  schedule.ended(true, MonoTime{2s});
  CHECK(schedule.next_fetch() == MonoTime{2s} + 1h);
  schedule.demanded(MonoTime{3s});
  CHECK(schedule.next_fetch() == MonoTime{3s});
}

TEST_CASE("an unknown key id within a minute of the last that was fetched for is fetched when the minute is over") {
  PassKeySchedule schedule{BackendTiming{}};
  schedule.begun(MonoTime{1s});
  schedule.ended(true, MonoTime{1s});
  schedule.demanded(MonoTime{3s});
  schedule.begun(MonoTime{3s});
  schedule.ended(true, MonoTime{4s});
  schedule.demanded(MonoTime{10s});
  CHECK(schedule.next_fetch() == MonoTime{63s});
  schedule.demanded(MonoTime{20s});
  CHECK(schedule.next_fetch() == MonoTime{63s});
  SECTION("and no second time") {
    schedule.begun(MonoTime{63s});
    schedule.ended(true, MonoTime{64s});
    CHECK(schedule.next_fetch() == MonoTime{64s} + 1h);
    schedule.demanded(MonoTime{65s});
    CHECK(schedule.next_fetch() == MonoTime{123s});
  }
  SECTION("also when the backend fails then: it is tried again as ever") {
    schedule.begun(MonoTime{63s});
    schedule.ended(false, MonoTime{64s});
    CHECK(schedule.next_fetch() == MonoTime{65s});
  }
}

TEST_CASE("a fetch that came by itself serves the unknown key id that waited, and puts the next off no further") {
  PassKeySchedule schedule{BackendTiming{}};
  schedule.begun(MonoTime{1s});
  schedule.ended(true, MonoTime{1s});
  const MonoTime hourly = MonoTime{1s} + 1h;
  schedule.demanded(hourly - 30s);
  schedule.begun(hourly - 30s);
  schedule.ended(false, hourly - 29s);
  schedule.demanded(hourly - 29s);
  CHECK(schedule.next_fetch() == hourly - 28s);
  schedule.begun(hourly - 28s);
  schedule.ended(true, hourly - 28s);
  CHECK(schedule.next_fetch() == hourly - 28s + 1h);
  schedule.demanded(hourly - 20s);
  CHECK(schedule.next_fetch() == hourly + 30s);
}

TEST_CASE("a backend that returns is asked for pass keys only where they are due") {
  PassKeySchedule schedule{BackendTiming{}};
  schedule.begun(MonoTime{1s});
  schedule.ended(true, MonoTime{2s});
  schedule.backend_returned(MonoTime{10s});
  CHECK(schedule.next_fetch() == MonoTime{2s} + 1h);
  schedule.begun(MonoTime{2s} + 1h);
  schedule.ended(false, MonoTime{3s} + 1h);
  schedule.backend_returned(MonoTime{3s} + 1h);
  CHECK(schedule.next_fetch() == MonoTime{3s} + 1h);
}

TEST_CASE("a refusal is news once, and gone when its own way is allowed") {
  CredentialsWatch watch{30s};
  CHECK(watch.refused(BackendChannel::kConfirm, "403", MonoTime{0s}));
  CHECK_FALSE(watch.refused(BackendChannel::kConfirm, "403", MonoTime{1s}));
  CHECK(watch.refused(BackendChannel::kConfirm, "401", MonoTime{1s}));
  CHECK_FALSE(watch.accepted(BackendChannel::kClosures, MonoTime{2s}));
  CHECK(watch.accepted(BackendChannel::kConfirm, MonoTime{2s}));
  CHECK_FALSE(watch.accepted(BackendChannel::kConfirm, MonoTime{2s}));
}

TEST_CASE("a refused question is forgotten after a while when anything else succeeds, other refusals stand") {
  CredentialsWatch watch{60s};
  CHECK(watch.refused(BackendChannel::kConfirm, "403", MonoTime{0s}));
  CHECK_FALSE(watch.accepted(BackendChannel::kClosures, MonoTime{59s}));
  CHECK(watch.accepted(BackendChannel::kClosures, MonoTime{60s}));
  CHECK(watch.refused(BackendChannel::kReceipts, "403", MonoTime{70s}));
  CHECK_FALSE(watch.accepted(BackendChannel::kClosures, MonoTime{1000s}));
  CHECK(watch.accepted(BackendChannel::kReceipts, MonoTime{1000s}));
}
