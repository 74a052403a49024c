#include "peer_model.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

namespace exitgate::hal {
namespace {

int word(const Frame& frame, std::size_t at) { return at + 1 < frame.size() ? frame[at] * 256 + frame[at + 1] : 0; }

void put_word(Frame& frame, int value) {
  frame.push_back(static_cast<std::uint8_t>(value >> 8));
  frame.push_back(static_cast<std::uint8_t>(value & 0xff));
}

SeenRequest parse(int unit, const Frame& pdu) {
  SeenRequest request{unit, pdu.at(0), word(pdu, 1), 1, {}, test_now()};
  if (request.function == 5) request.levels = {word(pdu, 3) == 0xff00};
  if (request.function == 1 || request.function == 2) request.count = word(pdu, 3);
  if (request.function == 15) {
    request.count = word(pdu, 3);
    for (int i = 0; i < request.count; ++i) {
      request.levels.push_back(((pdu.at(6 + static_cast<std::size_t>(i) / 8) >> (i % 8)) & 1) != 0);
    }
  }
  return request;
}

Frame exception(int function, int code) {
  return {static_cast<std::uint8_t>(function | 0x80), static_cast<std::uint8_t>(code)};
}

Frame bits_of(const std::vector<bool>& table, const SeenRequest& request) {
  Frame reply{static_cast<std::uint8_t>(request.function), static_cast<std::uint8_t>((request.count + 7) / 8)};
  reply.resize(2 + static_cast<std::size_t>((request.count + 7) / 8));
  for (int i = 0; i < request.count; ++i) {
    auto& byte = reply[2 + static_cast<std::size_t>(i) / 8];
    if (table[static_cast<std::size_t>(request.first + i)]) byte = static_cast<std::uint8_t>(byte | (1 << (i % 8)));
  }
  return reply;
}

}  // namespace

MonoTime test_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return mono_from_us(static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000);
}

void PeerModel::behave(int unit, const Behaviour& behaviour) {
  const std::scoped_lock lock(mutex_);
  units_[unit].behaviour = behaviour;
}

void PeerModel::set_input(int unit, int address, bool high) {
  const std::scoped_lock lock(mutex_);
  units_[unit].inputs.at(static_cast<std::size_t>(address)) = high;
}

void PeerModel::set_coil(int unit, int address, bool high) {
  const std::scoped_lock lock(mutex_);
  units_[unit].coils.at(static_cast<std::size_t>(address)) = high;
}

bool PeerModel::coil(int unit, int address) const {
  const std::scoped_lock lock(mutex_);
  const auto found = units_.find(unit);
  return found != units_.end() && found->second.coils.at(static_cast<std::size_t>(address));
}

std::vector<SeenRequest> PeerModel::seen() const {
  const std::scoped_lock lock(mutex_);
  return seen_;
}

std::size_t PeerModel::count(int unit, int function) const {
  const auto all = seen();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const auto& r) { return r.unit == unit && r.function == function; }));
}

void PeerModel::forget_seen() {
  const std::scoped_lock lock(mutex_);
  seen_.clear();
}

std::optional<Answer> PeerModel::serve(int unit, const Frame& pdu) {
  const std::scoped_lock lock(mutex_);
  const auto found = units_.find(unit);
  if (found == units_.end() || found->second.behaviour.absent || pdu.empty()) return std::nullopt;
  Unit& module = found->second;
  const SeenRequest request = parse(unit, pdu);
  seen_.push_back(request);
  Answer answer{carry_out(module, request), module.behaviour};
  answer.how.delay += std::exchange(module.behaviour.delay_once, Duration{0});
  if (module.behaviour.damage_once > 0) {
    --module.behaviour.damage_once;
    answer.how.damage = true;
  }
  if (module.behaviour.silent) return std::nullopt;
  return answer;
}

Frame PeerModel::carry_out(Unit& unit, const SeenRequest& request) {
  const Behaviour& how = unit.behaviour;
  if (how.exception != 0) return exception(request.function, how.exception);
  if (request.function == 15 && how.no_write_coils) return exception(request.function, 1);
  if (request.count < 1 || request.first + request.count > how.points) return exception(request.function, 2);
  if (request.function == 1) return bits_of(unit.coils, request);
  if (request.function == 2) return bits_of(unit.inputs, request);
  if (request.function != 5 && request.function != 15) return exception(request.function, 1);
  if (!how.ignore_writes && !how.wrong_echo) {
    for (int i = 0; i < request.count; ++i) {
      unit.coils[static_cast<std::size_t>(request.first + i)] = request.levels[static_cast<std::size_t>(i)];
    }
  }
  Frame reply{static_cast<std::uint8_t>(request.function)};
  put_word(reply, how.wrong_echo ? request.first + 7 : request.first);
  if (request.function == 15) {
    put_word(reply, request.count);
  } else {
    put_word(reply, request.levels[0] != how.wrong_echo ? 0xff00 : 0);
  }
  return reply;
}

}  // namespace exitgate::hal
