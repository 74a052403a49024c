#include "tools/sim/disk_file.hpp"

#include <algorithm>
#include <cstring>
#include <set>

namespace exitgate::sim {
namespace {

/// What the system keeps clean or dirty together.
constexpr std::uint64_t kCachePageSectors = 8;

std::uint64_t sector_of(std::uint64_t offset) { return offset / kSectorBytes; }

}  // namespace

// --- one file --------------------------------------------------------------------------------------------------

std::size_t DiskFile::read(std::uint64_t offset, std::span<std::uint8_t> into) const {
  const auto there = static_cast<std::size_t>(std::min<std::uint64_t>(size_ - std::min(size_, offset), into.size()));
  const auto kept = static_cast<std::size_t>(
      std::min<std::uint64_t>(bytes_.size() - std::min<std::uint64_t>(bytes_.size(), offset), there));
  if (kept > 0) std::memcpy(into.data(), bytes_.data() + offset, kept);
  std::fill(into.begin() + static_cast<std::ptrdiff_t>(kept), into.end(), std::uint8_t{0});
  return there;
}

void DiskFile::remember(std::uint64_t sector) {
  const auto begin = sector * kSectorBytes;
  std::int64_t old_at = -1;
  if (begin < bytes_.size() && begin < size_) {
    old_at = static_cast<std::int64_t>(old_bytes_.size());
    old_bytes_.resize(old_bytes_.size() + kSectorBytes);
    const auto bytes = std::min<std::uint64_t>(kSectorBytes, bytes_.size() - begin);
    std::memcpy(old_bytes_.data() + old_at, bytes_.data() + begin, bytes);
  }
  unsynced_.push_back({sector, old_at, false});
}

void DiskFile::restore(const Unsynced& old) {
  const auto begin = old.sector * kSectorBytes;
  if (begin + kSectorBytes > bytes_.size()) bytes_.resize(begin + kSectorBytes);
  if (old.old_at < 0) {
    std::memset(bytes_.data() + begin, 0, kSectorBytes);
  } else {
    std::memcpy(bytes_.data() + begin, old_bytes_.data() + old.old_at, kSectorBytes);
  }
}

void DiskFile::write(std::uint64_t offset, std::span<const std::uint8_t> from) {
  if (from.empty()) return;
  const auto end = offset + from.size();
  for (auto sector = sector_of(offset); sector <= sector_of(end - 1); ++sector) remember(sector);
  if (end > bytes_.size()) bytes_.resize(end);
  std::memcpy(bytes_.data() + offset, from.data(), from.size());
  size_ = std::max(size_, end);
}

void DiskFile::truncate(std::uint64_t size) {
  if (size < size_) {
    const auto kept = std::min<std::uint64_t>(size_, bytes_.size());
    for (auto sector = sector_of(size); sector * kSectorBytes < kept; ++sector) remember(sector);
    if (size < bytes_.size())
      std::fill(bytes_.begin() + static_cast<std::ptrdiff_t>(size), bytes_.end(), std::uint8_t{0});
  }
  size_ = size;
}

void DiskFile::sync() {
  synced_size_ = size_;
  const bool any_lost = std::any_of(unsynced_.begin(), unsynced_.end(), [](const auto& one) { return one.lost; });
  if (!any_lost) {
    unsynced_.clear();
    old_bytes_.clear();
    return;
  }
  std::set<std::uint64_t> written;
  for (const auto& one : unsynced_) {
    if (!one.lost) written.insert(one.sector / kCachePageSectors);
  }
  std::erase_if(unsynced_,
                [&](const auto& one) { return !one.lost || written.contains(one.sector / kCachePageSectors); });
}

void DiskFile::lose_sync() {
  for (auto& one : unsynced_) one.lost = true;
}

std::uint64_t DiskFile::size_after_cut(Dice& dice, double survive, std::uint64_t greatest_end) const {
  if (size_ < synced_size_) return dice.chance(survive) ? size_ : synced_size_;
  const auto least = std::max(synced_size_, std::min(greatest_end, size_));
  return dice.chance(survive) ? size_ : least;
}

DiskFile::Cut DiskFile::cut_power(Dice& dice, double survive) {
  std::stable_sort(unsynced_.begin(), unsynced_.end(),
                   [](const auto& a, const auto& b) { return a.sector < b.sector; });
  Cut cut;
  std::uint64_t greatest_end = 0;
  const bool shrinks = size_ < synced_size_;
  const auto whole_size = shrinks ? size_after_cut(dice, survive, 0) : 0;
  for (std::size_t first = 0; first < unsynced_.size();) {
    auto last = first;
    while (last + 1 < unsynced_.size() && unsynced_[last + 1].sector == unsynced_[first].sector) ++last;
    const auto end = (unsynced_[first].sector + 1) * kSectorBytes;
    // A truncation is there as a whole or not at all.
    const bool cut_off = shrinks && end > size_;
    const bool survives = cut_off ? whole_size == size_ : dice.chance(survive);
    ++(survives ? cut.sectors_kept : cut.sectors_lost);
    if (survives) {
      greatest_end = std::max(greatest_end, end);
    } else {
      const auto versions = static_cast<int>(last - first);
      restore(unsynced_[cut_off ? first : first + static_cast<std::size_t>(dice.between(0, versions))]);
    }
    first = last + 1;
  }
  size_ = shrinks ? whole_size : size_after_cut(dice, survive, greatest_end);
  if (size_ < bytes_.size())
    std::fill(bytes_.begin() + static_cast<std::ptrdiff_t>(size_), bytes_.end(), std::uint8_t{0});
  synced_size_ = size_;
  unsynced_.clear();
  old_bytes_.clear();
  return cut;
}

}  // namespace exitgate::sim
