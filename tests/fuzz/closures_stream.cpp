// The closures stream: the parser on the whole and in pieces, the events decoded; and the control API's event text.
#include <string>
#include <variant>
#include <vector>

#include "backend/event_stream_parser.hpp"
#include "backend/stream_codec.hpp"
#include "fuzz_input.hpp"

namespace exitgate {
namespace {

using fuzz::ByteSpan;

struct Told {
  std::string type;
  std::string data;
  std::string id;
  bool oversize = false;
  friend bool operator==(const Told&, const Told&) = default;
};

struct Read {
  std::vector<Told> events;
  std::uint64_t lines = 0;
  std::string last_event_id;
  std::optional<std::uint32_t> retry_ms;
  friend bool operator==(const Read&, const Read&) = default;
};

Read read_in_pieces(ByteSpan bytes, std::size_t longest) {
  EventStreamParser parser("resumed");
  Read read;
  fuzz::in_pieces(bytes, 7, longest, [&](ByteSpan piece) {
    for (auto& event : parser.feed(fuzz::text_of(piece))) {
      read.events.push_back({std::move(event.type), std::move(event.data), std::move(event.id), event.oversize});
    }
  });
  read.lines = parser.lines();
  read.last_event_id = parser.last_event_id();
  read.retry_ms = parser.retry_ms();
  return read;
}

void check_bounds(const Told& event) {
  EXITGATE_CHECK(event.data.size() <= kStreamEventBytesMax && event.type.size() <= kStreamEventBytesMax);
  EXITGATE_CHECK(event.id.size() <= kStreamIdBytesMax);
  for (const char c : event.id) EXITGATE_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);  // a header's value
  EXITGATE_CHECK(event.data.find('\r') == std::string::npos);
}

struct Sense {
  void operator()(const Closure& event) const {
    EXITGATE_CHECK(event.party_size >= 1 && !event.session_tag.is_zero());
    if (!event.total) return;
    for (const char c : event.total->currency) EXITGATE_CHECK(c >= 'A' && c <= 'Z');
  }
  void operator()(const ExpectedWalkout& event) const {
    EXITGATE_CHECK(event.party_size >= 1 && !event.lane_id.empty());
  }
  void operator()(const Revocation& event) const { EXITGATE_CHECK(event.session_id || event.session_tag); }
  void operator()(const Claimed& event) const { EXITGATE_CHECK(!event.gate_id.empty()); }
  void operator()(const Unclaimed& event) const { EXITGATE_CHECK(!event.gate_id.empty()); }
  void operator()(const Keepalive&) const {}
  void operator()(const Reset&) const {}
};

void check_decoding(std::string_view type, std::string_view data) {
  const auto decoded = decode_stream_event(type, data);
  if (!decoded) {
    EXITGATE_CHECK(decoded.error().code == "backend_malformed" && !decoded.error().message.empty());
  } else if (*decoded) {
    std::visit(Sense{}, **decoded);
  }
}

}  // namespace
}  // namespace exitgate

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace exitgate;
  const fuzz::ByteSpan bytes(data, size);
  const Read whole = read_in_pieces(bytes, size + 1);
  EXITGATE_CHECK(whole == read_in_pieces(bytes, 1));
  EXITGATE_CHECK(whole == read_in_pieces(bytes, 50));
  for (const Told& event : whole.events) {
    check_bounds(event);
    check_decoding(event.type, event.data);
  }
  // Without the stream around it, so that the fuzzer reaches the codec by itself.
  for (const char* type : {"closed", "expected", "revoked", "claimed"}) check_decoding(type, fuzz::text_of(bytes));
  return 0;
}
