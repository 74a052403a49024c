// What the fuzz targets share: reading choices off the front of an input, and cutting a stream into pieces.
// A target is LLVMFuzzerTestOneInput() in a file of its own; it checks properties with EXITGATE_CHECK, which aborts.
// Everything is a function of the input alone, so that a finding repeats.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace exitgate::fuzz {

using ByteSpan = std::span<const std::uint8_t>;

[[nodiscard]] inline std::string_view text_of(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Takes values off the front; 0 where the input has ended.
class Input {
 public:
  explicit Input(ByteSpan bytes) : rest_(bytes) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }
  [[nodiscard]] std::uint32_t number(std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = (value << 8) | byte();
    return value;
  }
  [[nodiscard]] ByteSpan bytes(std::size_t size) {
    const ByteSpan taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  [[nodiscard]] ByteSpan rest() { return bytes(rest_.size()); }

 private:
  ByteSpan rest_;
};

/// Calls `take` with consecutive pieces of 1 to `longest` bytes; where they are cut depends on the bytes and on `seed`.
template <class F>
void in_pieces(ByteSpan bytes, std::uint32_t seed, std::size_t longest, F&& take) {
  std::uint32_t state = seed ^ 0x9E3779B9U;
  for (const std::uint8_t byte : bytes.first(std::min<std::size_t>(bytes.size(), 64))) {
    state = (state ^ byte) * 16777619U;
  }
  while (!bytes.empty()) {
    state = state * 1664525U + 1013904223U;
    const std::size_t size = std::min<std::size_t>(1 + (state >> 16) % longest, bytes.size());
    take(bytes.first(size));
    bytes = bytes.subspan(size);
  }
}

}  // namespace exitgate::fuzz
