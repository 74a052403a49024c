#include "hal/hci/h4_framer.hpp"

#include <algorithm>

namespace exitgate::hal {
namespace {

constexpr std::uint8_t kEventPacket = 0x04;

}  // namespace

void H4Framer::hunt_reset() {
  hunting_ = true;
  broken_ = false;
  partial_size_ = 0;
}

std::optional<HciEvent> H4Framer::next(std::span<const std::uint8_t>& input) {
  if (broken_ || input.empty()) return std::nullopt;
  if (hunting_) return hunt(input);
  if (partial_size_ > 0) return complete_partial(input);
  if (input[0] != kEventPacket) {
    broken_ = true;
    return std::nullopt;
  }
  if (input.size() < kHeaderSize || input.size() < kHeaderSize + input[2]) return complete_partial(input);
  const HciEvent event{.code = input[1], .parameters = input.subspan(kHeaderSize, input[2])};
  input = input.subspan(kHeaderSize + event.parameters.size());
  return event;
}

std::optional<HciEvent> H4Framer::complete_partial(std::span<const std::uint8_t>& input) {
  const auto take_up_to = [&](std::size_t size) {
    const std::size_t count = std::min(input.size(), size - partial_size_);
    std::copy_n(input.begin(), count, partial_.begin() + static_cast<std::ptrdiff_t>(partial_size_));
    partial_size_ += count;
    input = input.subspan(count);
    return partial_size_ == size;
  };
  if (partial_size_ < kHeaderSize && !take_up_to(kHeaderSize)) return std::nullopt;
  const std::size_t size = kHeaderSize + partial_[2];
  if (!take_up_to(size)) return std::nullopt;
  partial_size_ = 0;
  return HciEvent{.code = partial_[1], .parameters = {partial_.data() + kHeaderSize, size - kHeaderSize}};
}

std::optional<HciEvent> H4Framer::hunt(std::span<const std::uint8_t>& input) {
  // The last seven bytes, whatever came before: Command Complete, four bytes, any credit, opcode of Reset, success.
  while (!input.empty()) {
    if (partial_size_ == kResetAnswerSize) {
      std::copy(partial_.begin() + 1, partial_.begin() + kResetAnswerSize, partial_.begin());
      --partial_size_;
    }
    partial_[partial_size_++] = input[0];
    input = input.subspan(1);
    if (partial_size_ == kResetAnswerSize && partial_[0] == kEventPacket && partial_[1] == 0x0E &&
        partial_[2] == 0x04 && partial_[4] == 0x03 && partial_[5] == 0x0C && partial_[6] == 0x00) {
      hunting_ = false;
      partial_size_ = 0;
      return HciEvent{.code = partial_[1], .parameters = {partial_.data() + kHeaderSize, 4}};
    }
  }
  return std::nullopt;
}

}  // namespace exitgate::hal
