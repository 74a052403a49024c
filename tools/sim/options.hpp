// What a run is asked to do and what came of it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/event.hpp"
#include "core/status.hpp"
#include "tools/sim/disk_counts.hpp"
#include "trace/recorder.hpp"

namespace exitgate::sim {

/// Deliberate errors put between the controller and the world, to see whether the oracle bites.
enum class Mutation : std::uint8_t {
  kNone,
  kDropOpen,         ///< commands to open never reach the barrier
  kCloseOnSomebody,  ///< the barrier is closed as soon as somebody is inside
  kLoseReceipt,      ///< the disk says yes and writes nothing of a sealed receipt
  kDoubleReceipt,    ///< a receipt is stored under a second number
  kAnswerForNext,    ///< a late answer is given as that of the next shopper's question
  kIgnoreFire,       ///< commands to open are dropped while the fire alarm stands
  kForgetOpen,       ///< open receipts are never written
};

/// Each kind of fault can be left out of a storm.
enum class FaultKind : std::uint8_t { kBackend, kEyes, kDevice, kRadio, kClock, kKill, kDisk, kStaff, kFire };
inline constexpr std::size_t kFaultKindCount = 9;
inline constexpr std::array<const char*, kFaultKindCount> kFaultKindNames{"backend", "eyes", "device", "radio", "clock",
                                                                          "kill",    "disk", "staff",  "fire"};

struct Options {
  std::uint64_t seed = 1;
  int exits = 500;
  int lanes = 0;  ///< 0: the seed says
  int boxes = 0;  ///< 0: the seed says
  std::array<bool, kFaultKindCount> faults{true, true, true, true, true, true, true, true, true};
  bool trace = false;
  std::size_t trace_lines = 0;           ///< of each box, the newest; 0: all
  exitgate::trace::Bounds trace_bounds;  ///< of each box
  Mutation mutation = Mutation::kNone;
  std::atomic<std::int64_t>* exits_so_far = nullptr;  ///< where others can see them while it runs; nothing: nowhere
  [[nodiscard]] bool on(FaultKind kind) const { return faults[static_cast<std::size_t>(kind)]; }
};

inline constexpr std::size_t kEventKinds = std::variant_size_v<Event>;

struct Report {
  std::uint64_t seed = 0;
  std::int64_t exits = 0;
  std::int64_t openings = 0;
  std::int64_t receipts = 0;
  std::int64_t steps = 0;
  double virtual_hours = 0;  ///< of the store
  double lane_hours = 0;     ///< the same for each of its lanes
  std::array<std::int64_t, kFaultKindCount> injected{};
  DiskCounts disk;
  std::array<std::array<std::int64_t, kEventKinds>, kPhaseCount> coverage{};  ///< phase × event
  std::string violation;                                                      ///< empty: none
  double violated_at_s = 0;
  std::vector<std::string> trace;
  std::vector<exitgate::trace::Recording> recordings;  ///< of each box the last two lives
};

/// Runs one seed to its end or to its first violation. Any thread; runs share nothing.
[[nodiscard]] Report run_seed(const Options& options);

}  // namespace exitgate::sim
