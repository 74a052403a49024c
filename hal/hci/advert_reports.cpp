#include "hal/hci/advert_reports.hpp"

#include <algorithm>

namespace exitgate::hal {
namespace {

constexpr std::uint8_t kLegacyReport = 0x02;
constexpr std::uint8_t kExtendedReport = 0x0D;

// Sizes of a report around its data, and where the length of the data stands.
constexpr std::size_t kLegacyOverhead = 10;
constexpr std::size_t kLegacyLengthAt = 8;
constexpr std::size_t kLegacyDataMax = 31;
constexpr std::size_t kExtendedOverhead = 24;
constexpr std::size_t kExtendedLengthAt = 23;

constexpr std::uint8_t kLegacyPduBit = 0x10;

/// Calls `each` with every report of the event; false when the lengths contradict, or when `each` says so.
template <class F>
bool for_each_report(std::span<const std::uint8_t> parameters, std::size_t overhead, std::size_t length_at, F&& each) {
  if (parameters.size() < 2 || parameters[1] == 0) return false;
  auto rest = parameters.subspan(2);
  for (unsigned left = parameters[1]; left > 0; --left) {
    if (rest.size() < overhead || rest.size() < overhead + rest[length_at]) return false;
    const std::size_t size = overhead + rest[length_at];
    if (!each(rest.first(size))) return false;
    rest = rest.subspan(size);
  }
  return rest.empty();
}

std::array<std::uint8_t, 6> read_address(std::span<const std::uint8_t> little_endian) {
  std::array<std::uint8_t, 6> address{};
  std::reverse_copy(little_endian.begin(), little_endian.begin() + 6, address.begin());
  return address;
}

}  // namespace

void AdvertReports::read(MonoTime at, std::span<const std::uint8_t> parameters, const Deliver& deliver) {
  if (parameters.empty()) {
    ++counters_.malformed;
  } else if (parameters[0] == kLegacyReport) {
    read_legacy(at, parameters, deliver);
  } else if (parameters[0] == kExtendedReport) {
    read_extended(at, parameters, deliver);
  }
}

void AdvertReports::forget_pieces() {
  for (auto& chain : chains_) chain.used = false;
}

void AdvertReports::read_legacy(MonoTime at, std::span<const std::uint8_t> parameters, const Deliver& deliver) {
  const bool sound = for_each_report(parameters, kLegacyOverhead, kLegacyLengthAt,
                                     [](auto report) { return report[kLegacyLengthAt] <= kLegacyDataMax; });
  if (!sound) {
    ++counters_.malformed;
    return;
  }
  (void)for_each_report(parameters, kLegacyOverhead, kLegacyLengthAt, [&](std::span<const std::uint8_t> report) {
    ++counters_.reports;
    return deliver({.at = at,
                    .address = read_address(report.subspan(2)),
                    .address_type = report[1],
                    .rssi_dbm = static_cast<std::int8_t>(report.back()),
                    .extended = false,
                    .data = report.subspan(kLegacyLengthAt + 1, report[kLegacyLengthAt])});
  });
}

void AdvertReports::read_extended(MonoTime at, std::span<const std::uint8_t> parameters, const Deliver& deliver) {
  if (!for_each_report(parameters, kExtendedOverhead, kExtendedLengthAt, [](auto) { return true; })) {
    ++counters_.malformed;
    return;
  }
  (void)for_each_report(parameters, kExtendedOverhead, kExtendedLengthAt,
                        [&](std::span<const std::uint8_t> report) { return take_extended(at, report, deliver); });
}

bool AdvertReports::take_extended(MonoTime at, std::span<const std::uint8_t> report, const Deliver& deliver) {
  enum DataStatus : std::uint8_t { kComplete = 0, kMoreToCome = 1 };
  const auto data_status = static_cast<std::uint8_t>(report[0] >> 5 & 3);
  const std::uint8_t sid = report[11];
  AdvertReport heard{.at = at,
                     .address = read_address(report.subspan(3)),
                     .address_type = report[2],
                     .rssi_dbm = static_cast<std::int8_t>(report[13]),
                     .extended = (report[0] & kLegacyPduBit) == 0,
                     .data = report.subspan(kExtendedLengthAt + 1)};
  Chain* chain = heard.extended ? find_chain(at, heard, sid) : nullptr;
  if (data_status != kComplete && data_status != kMoreToCome) {
    if (chain != nullptr) chain->used = false;
    ++counters_.truncated;
    return true;
  }
  if (data_status == kMoreToCome) {
    if (chain == nullptr) chain = &begin_chain(at, heard, sid);
    (void)append(*chain, heard);
    return true;
  }
  if (chain != nullptr) {
    if (!append(*chain, heard)) return true;
    chain->used = false;
    heard.rssi_dbm = chain->rssi_dbm;
    heard.data = chain->data;
  }
  ++counters_.reports;
  return deliver(heard);
}

AdvertReports::Chain* AdvertReports::find_chain(MonoTime at, const AdvertReport& report, std::uint8_t sid) {
  for (auto& chain : chains_) {
    if (!chain.used || chain.sid != sid || chain.address_type != report.address_type ||
        chain.address != report.address) {
      continue;
    }
    if (at - chain.begun <= kChainAge) return &chain;
    drop(chain);
  }
  return nullptr;
}

AdvertReports::Chain& AdvertReports::begin_chain(MonoTime at, const AdvertReport& report, std::uint8_t sid) {
  auto place = std::find_if(chains_.begin(), chains_.end(), [](const Chain& chain) { return !chain.used; });
  if (place == chains_.end() && chains_.size() < kMaxChains) {
    chains_.emplace_back();
    place = chains_.end() - 1;
  } else if (place == chains_.end()) {
    place = std::min_element(chains_.begin(), chains_.end(),
                             [](const Chain& a, const Chain& b) { return a.begun < b.begun; });
    drop(*place);
  }
  place->used = true;
  place->address = report.address;
  place->address_type = report.address_type;
  place->sid = sid;
  place->rssi_dbm = kRssiUnavailable;
  place->begun = at;
  place->data.clear();
  return *place;
}

bool AdvertReports::append(Chain& chain, const AdvertReport& report) {
  if (chain.data.size() + report.data.size() > kMaxAdvertSize) {
    drop(chain);
    return false;
  }
  chain.data.insert(chain.data.end(), report.data.begin(), report.data.end());
  if (report.rssi_dbm != kRssiUnavailable) chain.rssi_dbm = report.rssi_dbm;
  return true;
}

void AdvertReports::drop(Chain& chain) {
  chain.used = false;
  ++counters_.truncated;
}

}  // namespace exitgate::hal
