// Bytes of a Bluetooth controller: the H4 framer on the whole and in pieces, and the dialogue over scripted time,
// losses and answers.
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "fuzz_input.hpp"
#include "hal/hci/hci_dialogue.hpp"

namespace exitgate::hal {
namespace {

using fuzz::ByteSpan;
using fuzz::Input;

struct Frames {
  std::vector<std::pair<std::uint8_t, Bytes>> events;
  bool broken = false;
  friend bool operator==(const Frames&, const Frames&) = default;
};

void frame(H4Framer& framer, ByteSpan piece, Frames& frames) {
  while (const auto event = framer.next(piece)) {
    EXITGATE_CHECK(event->parameters.size() <= 255);
    frames.events.emplace_back(event->code, Bytes(event->parameters.begin(), event->parameters.end()));
  }
  EXITGATE_CHECK(piece.empty() || framer.broken());
  frames.broken = framer.broken();
}

void check_framer(ByteSpan bytes) {
  H4Framer whole;
  Frames of_whole;
  frame(whole, bytes, of_whole);
  for (const std::size_t longest : {1, 9, 400}) {
    H4Framer pieces;
    Frames of_pieces;
    fuzz::in_pieces(bytes, 1, longest, [&](ByteSpan piece) { frame(pieces, piece, of_pieces); });
    EXITGATE_CHECK(of_whole == of_pieces);
  }
}

/// A transport that takes everything, and a listener that checks what it is told.
class Bench final : public HciLink, public AdvertObserver {
 public:
  void open() override {
    EXITGATE_CHECK(!standing);
    standing = true;
  }
  void send(ByteSpan packet) override {
    EXITGATE_CHECK(standing && packet.size() >= 4 && packet[0] == 0x01 && packet.size() == 4U + packet[3]);
    last_opcode = static_cast<Opcode>(packet[1] | packet[2] << 8);
    ++sent;
  }
  void close() override { standing = false; }
  void on_up(MonoTime) override {
    EXITGATE_CHECK(!up);
    up = true;
  }
  void on_down(MonoTime, const Error& why) override {
    EXITGATE_CHECK(!why.code.empty() && !why.message.empty());
    up = false;
  }
  void on_advert(const AdvertReport& report) override {
    EXITGATE_CHECK(up && report.data.size() <= AdvertReports::kMaxAdvertSize);
    std::uint8_t sum = 0;
    for (const std::uint8_t byte : report.data) sum = static_cast<std::uint8_t>(sum + byte);
    checksum = static_cast<std::uint8_t>(checksum + sum);  // reads all of it, for the address sanitizer
    ++adverts;
  }

  bool standing = false;
  bool up = false;
  Opcode last_opcode = kNoOperation;
  std::uint64_t sent = 0;
  std::uint64_t adverts = 0;
  std::uint8_t checksum = 0;
};

/// Command Complete of whatever was asked last; every octet of the supported commands is `octet`.
Bytes answer_to(Opcode opcode, std::uint8_t credit, std::uint8_t status, std::uint8_t octet) {
  const std::size_t returned = opcode == kReadSupportedCommands ? 64 : opcode == kReadLocalVersion ? 8 : 0;
  Bytes packet{0x04,
               kCommandCompleteEvent,
               static_cast<std::uint8_t>(4 + returned),
               credit,
               static_cast<std::uint8_t>(opcode & 0xFF),
               static_cast<std::uint8_t>(opcode >> 8),
               status};
  packet.insert(packet.end(), returned, octet);
  return packet;
}

class Play {
 public:
  explicit Play(ByteSpan script) : input_(script) { dialogue_.start(now_, bench_); }

  void run() {
    for (int steps = 0; !input_.empty() && steps < 2000; ++steps) {
      step();
      EXITGATE_CHECK(dialogue_.up() == bench_.up);
      EXITGATE_CHECK(dialogue_.counters().reports >= bench_.adverts);
    }
    dialogue_.stop();
    EXITGATE_CHECK(!bench_.standing && dialogue_.next_deadline() == kNever);
  }

 private:
  void step() {
    const std::uint8_t what = input_.byte();
    if (what < 0xC0) {
      dialogue_.on_received(now_, input_.bytes(what));
    } else if (what < 0xD8) {
      answer_rightly(what - 0xC0U);
    } else if (what < 0xE0) {
      const std::uint8_t credit = input_.byte();
      const std::uint8_t status = input_.byte();
      dialogue_.on_received(now_, answer_to(bench_.last_opcode, credit, status, input_.byte()));
    } else if (what < 0xE8) {
      dialogue_.on_opened(now_);
    } else if (what < 0xEC) {
      bench_.standing = false;
      dialogue_.on_closed(now_, {"receiver_closed", "the transport is gone"});
    } else if (what < 0xF4) {
      now_ += milliseconds{input_.number(2)};
      dialogue_.on_time(now_);
    } else {
      event(static_cast<std::uint8_t>(what & 1U ? 0x02 : 0x0D));
    }
  }
  void answer_rightly(unsigned octet) {
    for (int i = 0; i < 8 && !bench_.up; ++i) {
      dialogue_.on_opened(now_);
      dialogue_.on_received(now_, answer_to(bench_.last_opcode, 1, 0, octet % 2 == 0 ? 0xFF : 0));
    }
  }
  /// A report event of the right frame, whatever is in it.
  void event(std::uint8_t subevent) {
    const std::uint8_t size = input_.byte();
    const ByteSpan parameters = input_.bytes(std::min<std::size_t>(size, 254));
    Bytes packet{0x04, kLeMetaEvent, static_cast<std::uint8_t>(parameters.size() + 1), subevent};
    packet.insert(packet.end(), parameters.begin(), parameters.end());
    dialogue_.on_received(now_, packet);
  }

  Input input_;
  Bench bench_;
  HciDialogue dialogue_{bench_, "rx1"};
  MonoTime now_ = mono_from_us(1'000'000);
};

}  // namespace
}  // namespace exitgate::hal

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const exitgate::fuzz::ByteSpan bytes(data, size);
  exitgate::hal::check_framer(bytes);
  exitgate::hal::Play(bytes).run();
  return 0;
}
