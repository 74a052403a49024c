// btvirt -s: independent Bluetooth LE controllers on UNIX sockets, one for each connection, which hear each other.
// It makes its sockets in /tmp under fixed names, so each instance gets a /tmp of its own in a private mount namespace.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/encoding.hpp"
#include "tests/integration/peers/temp_folder.hpp"

namespace exitgate {

class BtvirtPeer {
 public:
  /// Starts it and waits until its sockets are there. Without the right to mount, or without btvirt: see problem().
  BtvirtPeer();
  ~BtvirtPeer();
  BtvirtPeer(const BtvirtPeer&) = delete;
  BtvirtPeer& operator=(const BtvirtPeer&) = delete;

  /// Why it does not run; nothing when it does.
  [[nodiscard]] const std::optional<std::string>& problem() const { return problem_; }
  /// LE only: legacy advertising and scanning.
  [[nodiscard]] std::string le_socket() const { return folder_ / "bt-server-le"; }
  /// Dual mode: extended advertising and scanning.
  [[nodiscard]] std::string dual_socket() const { return folder_ / "bt-server-bredrle"; }
  /// Ends it, as a receiver whose cable is pulled.
  void kill();

 private:
  TempFolder folder_;
  pid_t process_ = -1;
  std::optional<std::string> problem_;
};

/// A controller of btvirt's that advertises: one blocking connection, commands written by hand.
class AdvertisingController {
 public:
  explicit AdvertisingController(const std::string& socket_path);
  ~AdvertisingController();
  AdvertisingController(const AdvertisingController&) = delete;
  AdvertisingController& operator=(const AdvertisingController&) = delete;

  /// Off and on again: btvirt reports an advertiser once each time it is enabled. False when a command was refused.
  [[nodiscard]] bool advertise_legacy(const Bytes& data);
  [[nodiscard]] bool advertise_extended(const Bytes& data);

 private:
  [[nodiscard]] bool command(std::uint16_t opcode, const Bytes& parameters);
  [[nodiscard]] bool read_exactly(std::uint8_t* to, std::size_t size) const;

  int fd_ = -1;
  bool advertising_ = false;
};

}  // namespace exitgate
