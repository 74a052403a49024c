#include "tools/rig/rtu_framing.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace exitgate;
using namespace exitgate::rig;

TEST_CASE("the check sum of a known frame is right, low byte first") {
  // MODBUS over Serial Line V1.02, appendix B: unit 2, function 7 gives CRC 0x1241, sent 41 12.
  CHECK(crc16(Bytes{0x02, 0x07}) == 0x1241);
  CHECK(rtu_frame(2, Bytes{7}) == Bytes{0x02, 0x07, 0x41, 0x12});
}

TEST_CASE("requests are cut out of the stream however it was chopped") {
  RtuFramer framer;
  Bytes stream = rtu_frame(1, Bytes{2, 0, 0, 0, 16});
  const Bytes write = rtu_frame(7, Bytes{15, 0, 0, 0, 9, 2, 0xFF, 0x01});
  stream.insert(stream.end(), write.begin(), write.end());
  std::vector<RtuRequest> found;
  for (const auto byte : stream) {
    framer.take(Bytes{byte});
    while (auto request = framer.next()) found.push_back(*request);
  }
  REQUIRE(found.size() == 2);
  CHECK(found[0].unit == 1);
  CHECK(found[0].pdu == Bytes{2, 0, 0, 0, 16});
  CHECK(found[1].unit == 7);
  CHECK(found[1].pdu.size() == 8);
  CHECK_FALSE(framer.pending());
}

TEST_CASE("a garbled frame is dropped at the next silence, and the one after it is read") {
  RtuFramer framer;
  Bytes broken = rtu_frame(1, Bytes{2, 0, 0, 0, 16});
  broken[3] ^= 0x40;
  framer.take(broken);
  CHECK_FALSE(framer.next());
  CHECK_FALSE(framer.silence());
  CHECK(framer.garbled() == 1);
  framer.take(rtu_frame(1, Bytes{2, 0, 0, 0, 16}));
  CHECK(framer.next());
}

TEST_CASE("a frame of a function code unknown here is whole when the line falls silent") {
  RtuFramer framer;
  framer.take(rtu_frame(1, Bytes{0x11}));
  CHECK_FALSE(framer.next());
  const auto request = framer.silence();
  REQUIRE(request);
  CHECK(request->pdu == Bytes{0x11});
}
