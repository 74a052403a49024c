// The far side of a Modbus line for tests: modules with coils and discrete inputs, honest or hostile. Written against
// the protocol documents, without any Modbus library, so that driver and test do not share mistakes. Thread: any; one
// mutex.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/mono_time.hpp"

namespace exitgate::hal {

using Frame = std::vector<std::uint8_t>;

struct Behaviour {
  bool silent = false;          ///< takes requests and acts on them, but never answers
  bool absent = false;          ///< neither
  Duration delay{};             ///< before each answer
  Duration delay_once{};        ///< before the next answer only
  Duration trickle{};           ///< between the bytes of an answer
  bool wrong_echo = false;      ///< FC 5 is not carried out, and answered with another address and value
  bool ignore_writes = false;   ///< answered as if carried out
  int exception = 0;            ///< the answer to everything
  bool no_write_coils = false;  ///< FC 15 is an illegal function
  int points = 1000;            ///< addresses from here on are illegal
  bool damage = false;          ///< RTU: wrong CRC; TCP: wrong transaction number
  int damage_once = 0;          ///< the same for this many answers
  bool wrong_unit = false;      ///< answers in the name of another unit
  Frame then_sends;             ///< sent after each answer though nobody asked
};

struct SeenRequest {
  int unit = 0;
  int function = 0;
  int first = 0;
  int count = 0;
  std::vector<bool> levels;
  MonoTime at{};
};

/// One answer on its way: the whole frame after `delay`, then byte by byte with `trickle` between them.
struct Answer {
  Frame pdu;
  Behaviour how;
};

class PeerModel {
 public:
  void behave(int unit, const Behaviour& behaviour);
  void set_input(int unit, int address, bool high);
  void set_coil(int unit, int address, bool high);
  [[nodiscard]] bool coil(int unit, int address) const;
  [[nodiscard]] std::vector<SeenRequest> seen() const;
  [[nodiscard]] std::size_t count(int unit, int function) const;
  void forget_seen();

  /// Carries the request out; nothing when it is not to be answered.
  [[nodiscard]] std::optional<Answer> serve(int unit, const Frame& pdu);

 private:
  struct Unit {
    std::vector<bool> inputs = std::vector<bool>(1000);
    std::vector<bool> coils = std::vector<bool>(1000);
    Behaviour behaviour;
  };
  [[nodiscard]] static Frame carry_out(Unit& unit, const SeenRequest& request);

  mutable std::mutex mutex_;
  std::map<int, Unit> units_;
  std::vector<SeenRequest> seen_;
};

[[nodiscard]] MonoTime test_now();

}  // namespace exitgate::hal
