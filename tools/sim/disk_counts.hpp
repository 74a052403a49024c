// How often which fault of a simulated disk happened.
#pragma once

#include <cstdint>

namespace exitgate::sim {

struct DiskCounts {
  std::int64_t read_errors = 0;
  std::int64_t write_errors = 0;
  std::int64_t sync_errors = 0;
  std::int64_t full = 0;
  std::int64_t cuts_within = 0;   ///< the process died at one of its writes or syncs
  std::int64_t torn_writes = 0;   ///< of them and of failed writes: in part on the disk
  std::int64_t sectors_lost = 0;  ///< unsynced, forgotten by a power cut
  std::int64_t sectors_kept = 0;  ///< unsynced, on the disk all the same
  std::int64_t kills = 0;
  std::int64_t power_cuts = 0;
  std::int64_t openings = 0;    ///< of the database
  std::int64_t operations = 0;  ///< writes, syncs, truncations, changes of names
  void add(const DiskCounts& other) {
    read_errors += other.read_errors;
    write_errors += other.write_errors;
    sync_errors += other.sync_errors;
    full += other.full;
    cuts_within += other.cuts_within;
    torn_writes += other.torn_writes;
    sectors_lost += other.sectors_lost;
    sectors_kept += other.sectors_kept;
    operations += other.operations;
    kills += other.kills;
    power_cuts += other.power_cuts;
    openings += other.openings;
  }
};

}  // namespace exitgate::sim
