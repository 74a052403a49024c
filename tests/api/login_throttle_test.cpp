#include "api/login_throttle.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace exitgate;
using namespace exitgate::api;
using std::chrono::seconds;

TEST_CASE("throttle: after five failures in a minute an address waits, until the minute is over") {
  LoginThrottle throttle;
  const MonoTime start = mono_from_us(1'000'000'000);
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(throttle.wait("a", start + seconds(i)));
    throttle.failed("a", start + seconds(i));
  }
  CHECK(throttle.wait("a", start + seconds(10)) == seconds(50));
  CHECK_FALSE(throttle.wait("b", start + seconds(10)));
  CHECK_FALSE(throttle.wait("a", start + seconds(60)));
}

TEST_CASE("throttle: a success is a fresh start") {
  LoginThrottle throttle;
  const MonoTime now = mono_from_us(0);
  for (int i = 0; i < 4; ++i) throttle.failed("a", now);
  throttle.succeeded("a");
  for (int i = 0; i < 4; ++i) throttle.failed("a", now);
  CHECK_FALSE(throttle.wait("a", now));
}

TEST_CASE("throttle: of many addresses the ones longest quiet are forgotten first") {
  LoginThrottle throttle;
  for (int i = 0; i < 5; ++i) throttle.failed("old", mono_from_us(0));
  for (int i = 0; i < 5; ++i) throttle.failed("new", mono_from_us(1'000'000));
  for (int i = 0; i < 255; ++i) throttle.failed("x" + std::to_string(i), mono_from_us(2'000'000));
  CHECK_FALSE(throttle.wait("old", mono_from_us(3'000'000)));
  CHECK(throttle.wait("new", mono_from_us(3'000'000)));
}
