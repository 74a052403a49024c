#include "tools/rig/walker.hpp"

#include <algorithm>

namespace exitgate::rig {

WalkerSpec cart_with_pusher(std::string shopper) {
  WalkerSpec spec;
  spec.shopper = std::move(shopper);
  spec.bodies = {Body{0, 0.90}, Body{1.15, 0.35}};
  spec.speed_mps = 1.0;
  return spec;
}

WalkerSpec person(std::string shopper) {
  WalkerSpec spec;
  spec.shopper = std::move(shopper);
  return spec;
}

WalkerSpec person_coming_in(std::string shopper) {
  WalkerSpec spec = person(std::move(shopper));
  spec.way = Way::kIn;
  spec.start_m = 4.0;
  return spec;
}

double Walker::tail_m() const {
  double longest = 0;
  for (const auto& body : spec.bodies) longest = std::max(longest, body.behind_m + body.length_m);
  return spec.way == Way::kOut ? front_m - longest : front_m + longest;
}

bool Walker::covers(double from_m, double to_m) const {
  return std::any_of(spec.bodies.begin(), spec.bodies.end(), [&](const Body& body) {
    const double near = spec.way == Way::kOut ? front_m - body.behind_m - body.length_m : front_m + body.behind_m;
    return near < to_m && near + body.length_m > from_m;
  });
}

}  // namespace exitgate::rig
