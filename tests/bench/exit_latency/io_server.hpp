// A Modbus TCP I/O module with a barrier on it, which stamps when it told of an approach and when it was told to open.
// Purpose: the daemon and the bare loop are timed by one and the same server, each on a port of its own.
//
// Ownership: owns its socket and its thread. Thread: the public calls from one other thread. One client at a time.
// Protocol: MODBUS Application Protocol V1.1b3, function codes 1, 2, 5 and 15; the barrier reaches its limits at once.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace exitgate::bench {

enum Input : std::size_t { kApproach, kSafety, kExit, kLimitOpen, kLimitClosed };
inline constexpr std::size_t kBarrierCoil = 0;

/// Nanoseconds of the monotonic clock; 0: not yet.
struct Stamps {
  std::int64_t blocked = 0;  ///< the input was set
  std::int64_t on_wire = 0;  ///< the first answer with it was handed to the kernel
  std::int64_t opened = 0;   ///< the write that opens was read
};

class IoServer {
 public:
  IoServer();
  ~IoServer();
  IoServer(const IoServer&) = delete;
  IoServer& operator=(const IoServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void set(Input input, bool active);
  /// Somebody comes; what is stamped from here on belongs to them.
  void block_approach();
  /// False when nothing opened in five seconds.
  [[nodiscard]] bool await_opened();
  [[nodiscard]] bool await_closed();
  /// Until the inputs as they are now were told `times` times.
  [[nodiscard]] bool await_polls(int times);
  [[nodiscard]] Stamps stamps() const;

 private:
  void serve();
  void serve_client(int client);
  [[nodiscard]] std::vector<std::uint8_t> answer(std::span<const std::uint8_t> request, std::int64_t read_at);
  [[nodiscard]] std::vector<std::uint8_t> bits_of(std::uint8_t function, std::size_t first, std::size_t count);
  void write_coil(std::size_t coil, bool value, std::int64_t read_at);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::array<bool, 64> inputs_{};
  std::array<bool, 64> coils_{};
  Stamps stamps_;
  std::uint64_t polls_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace exitgate::bench
