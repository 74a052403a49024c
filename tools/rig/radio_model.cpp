#include "tools/rig/radio_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace exitgate::rig {
namespace {

struct Measured {
  double distance_m;
  double rssi_dbm;
};
constexpr std::array<Measured, 4> kMeasured{{{1, -65}, {5, -78}, {10, -84}, {16, -91}}};
constexpr double kNearestM = 0.2;
constexpr double kWeakestDbm = -105;
constexpr double kStrongestDbm = 20;

}  // namespace

double distance_m(const Place& a, const Place& b) { return std::hypot(a.x_m - b.x_m, a.y_m - b.y_m, a.z_m - b.z_m); }

double mean_rssi_dbm(double away_m) {
  const double decades = std::log10(std::max(away_m, kNearestM));
  std::size_t upper = 1;
  while (upper + 1 < kMeasured.size() && away_m > kMeasured[upper].distance_m) ++upper;
  const Measured& near = kMeasured[upper - 1];
  const Measured& far = kMeasured[upper];
  const double slope = (far.rssi_dbm - near.rssi_dbm) / (std::log10(far.distance_m) - std::log10(near.distance_m));
  return near.rssi_dbm + slope * (decades - std::log10(near.distance_m));
}

std::optional<std::int8_t> RadioModel::hear(const Place& sender, const Place& receiver) {
  // Both draws are made always, so that one packet's fate does not shift the next one's.
  const bool lost = std::uniform_real_distribution<double>(0, 1)(random_) < traits_.loss;
  const double scatter_db = std::normal_distribution<double>(0, traits_.deviation_db)(random_);
  const double level_dbm = std::round(mean_rssi_dbm(distance_m(sender, receiver)) + scatter_db);
  if (lost || level_dbm < kWeakestDbm) return std::nullopt;
  return static_cast<std::int8_t>(std::min(level_dbm, kStrongestDbm));
}

}  // namespace exitgate::rig
