// How loud a cart's advert arrives at a receiver. Pure and seeded: the same seed hears the same.
// Mean by distance: −65, −78, −84, −91 dBm at 1, 5, 10, 16 m, straight lines over log distance between them; normal
// scatter of 4 dB; interference loses a share of all packets (Strzoda, MSWiM 2022: 13–40 % indoors).
#pragma once

#include <cstdint>
#include <optional>
#include <random>

namespace exitgate::rig {

struct Place {
  double x_m = 0;  ///< along the walking axis
  double y_m = 0;  ///< across the lanes
  double z_m = 0;
};
[[nodiscard]] double distance_m(const Place& a, const Place& b);
[[nodiscard]] double mean_rssi_dbm(double away_m);

struct RadioTraits {
  double deviation_db = 4.0;
  double loss = 0.2;  ///< share of packets lost, 0–1
};

class RadioModel {
 public:
  explicit RadioModel(std::uint64_t seed, RadioTraits traits = {}) : random_(seed), traits_(traits) {}
  /// Level of one packet; nothing when it was lost.
  [[nodiscard]] std::optional<std::int8_t> hear(const Place& sender, const Place& receiver);

 private:
  std::mt19937_64 random_;
  RadioTraits traits_;
};

}  // namespace exitgate::rig
