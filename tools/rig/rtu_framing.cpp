#include "tools/rig/rtu_framing.hpp"

namespace exitgate::rig {
namespace {

constexpr std::size_t kMaxFrame = 256;
constexpr std::size_t kMinFrame = 4;

}  // namespace

std::uint16_t crc16(std::span<const std::uint8_t> bytes) {
  std::uint16_t crc = 0xFFFF;
  for (const auto byte : bytes) {
    crc = static_cast<std::uint16_t>(crc ^ byte);
    for (int bit = 0; bit < 8; ++bit) {
      const bool carry = (crc & 1) != 0;
      crc = static_cast<std::uint16_t>(crc >> 1);
      if (carry) crc = static_cast<std::uint16_t>(crc ^ 0xA001);
    }
  }
  return crc;
}

Bytes rtu_frame(std::uint8_t unit, std::span<const std::uint8_t> pdu) {
  Bytes frame{unit};
  frame.insert(frame.end(), pdu.begin(), pdu.end());
  const std::uint16_t crc = crc16(frame);
  frame.push_back(static_cast<std::uint8_t>(crc & 0xff));
  frame.push_back(static_cast<std::uint8_t>(crc >> 8));
  return frame;
}

void RtuFramer::take(std::span<const std::uint8_t> bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  if (buffer_.size() > 4 * kMaxFrame) {
    buffer_.clear();
    out_of_step_ = true;
    ++garbled_;
  }
}

std::optional<std::size_t> RtuFramer::expected_size() const {
  if (buffer_.size() < 2) return std::nullopt;
  const std::uint8_t function = buffer_[1];
  if (function >= 1 && function <= 6) return 8;
  if (function == 15 || function == 16) {
    if (buffer_.size() < 7) return std::nullopt;
    return 9 + static_cast<std::size_t>(buffer_[6]);
  }
  return std::nullopt;
}

std::optional<RtuRequest> RtuFramer::cut(std::size_t size) {
  const std::span<const std::uint8_t> frame(buffer_.data(), size);
  const std::uint16_t sent = static_cast<std::uint16_t>(frame[size - 2] | frame[size - 1] << 8);
  if (crc16(frame.first(size - 2)) != sent) return std::nullopt;
  RtuRequest request{frame[0], Bytes(frame.begin() + 1, frame.end() - 2)};
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size));
  return request;
}

std::optional<RtuRequest> RtuFramer::next() {
  const auto size = expected_size();
  if (out_of_step_ || !size || buffer_.size() < *size) return std::nullopt;
  auto request = cut(*size);
  if (!request) out_of_step_ = true;
  return request;
}

std::optional<RtuRequest> RtuFramer::silence() {
  std::optional<RtuRequest> request;
  if (!out_of_step_ && buffer_.size() >= kMinFrame) request = cut(buffer_.size());
  if (!request && !buffer_.empty()) ++garbled_;
  buffer_.clear();
  out_of_step_ = false;
  return request;
}

}  // namespace exitgate::rig
