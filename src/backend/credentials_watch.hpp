// Whether the backend refuses us for who we are. Pure.
// Each way to the backend is judged for itself, so that one it forbids and one it allows do not make the fault flap: a
// refusal stands until the same way succeeds. All ways but the questions are tried again by themselves; a refused
// question, after which no shopper may come for hours, is forgotten once `memory` has passed and any way succeeds.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/mono_time.hpp"

namespace exitgate {

/// kTls: the handshake itself, whatever it was for.
enum class BackendChannel : std::uint8_t { kTls, kConfirm, kClosures, kPassKeys, kReceipts };
inline constexpr std::size_t kBackendChannelCount = 5;

class CredentialsWatch {
 public:
  explicit CredentialsWatch(Duration memory) : memory_(memory) {}

  /// True: this is news (no refusal stood on this channel, or one with another text).
  [[nodiscard]] bool refused(BackendChannel channel, const std::string& detail, MonoTime now);
  /// The channel was allowed. True: the last standing refusal is gone with this.
  [[nodiscard]] bool accepted(BackendChannel channel, MonoTime now);

 private:
  struct Refusal {
    std::string detail;
    MonoTime last{};
  };
  Duration memory_;
  std::array<std::optional<Refusal>, kBackendChannelCount> standing_;
};

}  // namespace exitgate
