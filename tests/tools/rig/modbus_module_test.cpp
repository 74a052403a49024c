#include "tools/rig/modbus_module.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace exitgate;
using namespace exitgate::rig;

TEST_CASE("function code 2 packs inputs from the lowest bit, and pads with zero") {
  ModbusModule module(16, 8, std::nullopt);
  module.set_input(1, true);
  module.set_input(9, true);
  CHECK(module.answer(Bytes{2, 0, 0, 0, 10}, MonoTime{}) == Bytes{2, 2, 0x02, 0x02});
}

TEST_CASE("function codes 5 and 15 set coils, and 1 reads them back") {
  ModbusModule module(8, 8, std::nullopt);
  CHECK(module.answer(Bytes{5, 0, 3, 0xFF, 0}, MonoTime{}) == Bytes{5, 0, 3, 0xFF, 0});
  CHECK(module.answer(Bytes{15, 0, 4, 0, 2, 1, 0x01}, MonoTime{}) == Bytes{15, 0, 4, 0, 2});
  CHECK(module.answer(Bytes{1, 0, 0, 0, 8}, MonoTime{}) == Bytes{1, 1, 0x18});
  CHECK(module.answer(Bytes{5, 0, 3, 0, 0}, MonoTime{}) == Bytes{5, 0, 3, 0, 0});
  CHECK_FALSE(module.coil(3));
}

TEST_CASE("other function codes, addresses and values are answered with the exceptions of the specification") {
  ModbusModule module(8, 8, std::nullopt);
  CHECK(module.answer(Bytes{3, 0, 0, 0, 1}, MonoTime{}) == Bytes{0x83, 1});
  CHECK(module.answer(Bytes{2, 0, 1, 0, 8}, MonoTime{}) == Bytes{0x82, 2});
  CHECK(module.answer(Bytes{2, 0, 0, 0, 0}, MonoTime{}) == Bytes{0x82, 3});
  CHECK(module.answer(Bytes{5, 0, 0, 0x12, 0}, MonoTime{}) == Bytes{0x85, 3});
  CHECK(module.answer(Bytes{5, 0, 8, 0xFF, 0}, MonoTime{}) == Bytes{0x85, 2});
  CHECK(module.answer(Bytes{15, 0, 0, 0, 2, 2, 1, 1}, MonoTime{}) == Bytes{0x8F, 3});
}

TEST_CASE("a fail-safe module drops its outputs after the silence, another one never") {
  ModbusModule safe(8, 8, milliseconds{2000});
  ModbusModule other(8, 8, std::nullopt);
  const MonoTime start{};
  for (auto* const module : {&safe, &other}) {
    CHECK(module->answer(Bytes{5, 0, 0, 0xFF, 0}, start).size() == 5);
    module->step(start + milliseconds{1990});
    CHECK(module->coil(0));
    module->step(start + milliseconds{2000});
  }
  CHECK_FALSE(safe.coil(0));
  CHECK(safe.dropped());
  CHECK(other.coil(0));
}
