// The content of one file of a simulated disk, and what of it a power cut could take back: a sector is written whole or
// not at all, in any order, until a sync. A value. Thread: one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tools/sim/dice.hpp"

namespace exitgate::sim {

inline constexpr std::uint64_t kSectorBytes = 512;

class DiskFile {
 public:
  struct Cut {
    std::int64_t sectors_kept = 0;
    std::int64_t sectors_lost = 0;
  };
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Bytes that are there; the rest of `into` is zero.
  std::size_t read(std::uint64_t offset, std::span<std::uint8_t> into) const;
  void write(std::uint64_t offset, std::span<const std::uint8_t> from);
  void truncate(std::uint64_t size);
  void sync();
  /// Damage; no write of anybody's.
  void rot(std::uint64_t offset, std::uint8_t flip) {
    if (offset < bytes_.size()) bytes_[offset] ^= flip;
  }
  /// A sync that failed and left the cache clean: what it should have written is written only if it is written anew.
  void lose_sync();
  /// `survive`: the share of unsynced sectors that were written all the same.
  Cut cut_power(Dice& dice, double survive);

 private:
  struct Unsynced {
    std::uint64_t sector;
    std::int64_t old_at;  ///< in old_bytes_; -1: zeros
    bool lost;
  };
  void remember(std::uint64_t sector);
  void restore(const Unsynced& old);
  [[nodiscard]] std::uint64_t size_after_cut(Dice& dice, double survive, std::uint64_t greatest_end) const;

  std::vector<std::uint8_t> bytes_;
  std::uint64_t size_ = 0;  ///< may be more than bytes_: a hole
  std::uint64_t synced_size_ = 0;
  std::vector<Unsynced> unsynced_;
  std::vector<std::uint8_t> old_bytes_;
};

}  // namespace exitgate::sim
