#include "core/proximity.hpp"

#include <algorithm>
#include <cmath>

namespace exitgate {
namespace {

/// Readings begin anew after 2 s of silence and contradictions end with them; this is more than both.
constexpr Duration kForgotten = std::chrono::seconds{10};
constexpr Duration kParkedAfter = std::chrono::seconds{60};
constexpr Duration kContradictionWindow = std::chrono::seconds{2};
constexpr double kParkedBand_db = 4;
constexpr double kContradiction_db = 6;
constexpr double kNearly_db = 10;
constexpr int kReferencePower_dbm = 59;  // level = RSSI − (power at 1 m + 59)
constexpr std::size_t kMaxReadings = 32;
constexpr std::size_t kMaxContradictions = 64;

double median(std::array<double, 5> values, std::size_t count) {
  std::sort(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
  return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

}  // namespace

void Proximity::heard(const BeaconHeard& frame, MonoTime now) { note(carts_, frame, now); }

void Proximity::heard_mistimed(const BeaconHeard& frame, MonoTime now) { note(mistimed_, frame, now); }

void Proximity::note(Carts& carts, const BeaconHeard& frame, MonoTime now) {
  auto found = carts.find(frame.cart_id);
  if (found == carts.end()) {
    // One that comes again after so long is measured anew anyway.
    std::erase_if(carts, [&](const auto& known) { return now - known.second.heard_at > kForgotten; });
    if (carts.size() >= kMaxCarts) drop_oldest(carts);
    found = carts.emplace(frame.cart_id, Cart{}).first;
  }
  auto& cart = found->second;
  // Another session: what was measured belongs to the cart, not to its shopper, and stays.
  cart.frame = frame;
  cart.heard_at = now;
  if (frame.rssi_dbm) add_reading(cart, frame, now);
}

void Proximity::drop_oldest(Carts& carts) {
  const auto oldest = std::min_element(
      carts.begin(), carts.end(), [](const auto& a, const auto& b) { return a.second.heard_at < b.second.heard_at; });
  if (oldest != carts.end()) carts.erase(oldest);
}

void Proximity::add_reading(Cart& cart, const BeaconHeard& frame, MonoTime now) {
  const double level = *frame.rssi_dbm - (frame.tx_dbm + kReferencePower_dbm);
  auto reading = std::find_if(cart.readings.begin(), cart.readings.end(),
                              [&](const Reading& r) { return r.receiver == frame.receiver; });
  if (reading == cart.readings.end()) {
    if (cart.readings.size() >= kMaxReadings) return;
    reading = cart.readings.insert(cart.readings.end(), Reading{});
    reading->receiver = frame.receiver;
  } else if (now - reading->at > kUnheard) {
    reading->count = 0;
    reading->near_since.reset();
  }
  std::rotate(reading->last.rbegin(), reading->last.rbegin() + 1, reading->last.rend());
  reading->last[0] = level;
  const bool first = reading->count == 0;
  reading->count = static_cast<std::uint8_t>(std::min<int>(reading->count + 1, 5));
  const double middle = median(reading->last, reading->count);
  if (first) {
    reading->smoothed = middle;
    reading->parked_level = middle;
    reading->parked_since = now;
  } else {
    const double elapsed_us = static_cast<double>((now - reading->at).count());
    const double weight = policy_.smoothing.count() == 0
                              ? 1.0
                              : 1.0 - std::exp(-elapsed_us / static_cast<double>(policy_.smoothing.count()));
    reading->smoothed += weight * (middle - reading->smoothed);
  }
  reading->at = now;
  if (reading->smoothed > policy_.near_dbm) {
    if (!reading->near_since) reading->near_since = now;
  } else {
    reading->near_since.reset();
  }
  if (std::abs(reading->smoothed - reading->parked_level) > kParkedBand_db) {
    reading->parked_level = reading->smoothed;
    reading->parked_since = now;
  }
  note_contradictions(cart, *reading, now);
}

void Proximity::note_contradictions(Cart& cart, const Reading& fresh, MonoTime now) {
  for (const auto& other : cart.readings) {
    if (other.receiver == fresh.receiver || now - other.at > kUnheard) continue;
    const bool fresh_first = fresh.receiver < other.receiver;
    const auto a = fresh_first ? fresh.receiver : other.receiver;
    const auto b = fresh_first ? other.receiver : fresh.receiver;
    const double difference = fresh_first ? fresh.smoothed - other.smoothed : other.smoothed - fresh.smoothed;
    if (std::abs(difference) <= kContradiction_db) continue;
    auto pair = std::find_if(cart.contradictions.begin(), cart.contradictions.end(),
                             [&](const Contradiction& c) { return c.a == a && c.b == b; });
    if (pair == cart.contradictions.end()) {
      if (cart.contradictions.size() >= kMaxContradictions) return;
      pair = cart.contradictions.insert(cart.contradictions.end(),
                                        Contradiction{.a = a, .b = b, .a_stronger = {}, .b_stronger = {}});
    }
    (difference > 0 ? pair->a_stronger : pair->b_stronger) = now;
  }
}

const Proximity::Reading* Proximity::fresh_reading(const Cart& cart, DeviceId receiver, MonoTime now) const {
  for (const auto& reading : cart.readings) {
    if (reading.receiver == receiver) return now - reading.at <= kUnheard ? &reading : nullptr;
  }
  return nullptr;
}

Proximity::Fit Proximity::fits(const Cart& cart, const Reading& here, std::size_t lane,
                               const std::vector<LaneView>& lanes, Wake& wake) const {
  if (!here.near_since) return {};
  Fit fit{.holds = true, .receiver_down = false};
  for (std::size_t other = 0; other < lanes.size(); ++other) {
    const auto& view = lanes[other];
    if (other == lane || !view.receiver) continue;
    const auto id = cart.frame.cart_id;
    if (view.admitted == id || view.bound == id) return {};  // one cart, one lane at a time
    if (!view.approach_blocked || *view.receiver == here.receiver) continue;
    if (!view.receiver_up) {
      fit.receiver_down = true;
      continue;
    }
    const auto* there = fresh_reading(cart, *view.receiver, wake.mono());
    if (there != nullptr) (void)wake.due(there->at + kUnheard + Duration{1});
    if (there != nullptr && here.smoothed < there->smoothed + policy_.margin_db) return {};
  }
  return fit;
}

std::vector<Candidate> Proximity::candidates(std::size_t lane, const std::vector<LaneView>& lanes, Wake& wake) {
  return fitting(carts_, lane, lanes, wake);
}

std::vector<Candidate> Proximity::mistimed(std::size_t lane, const std::vector<LaneView>& lanes, Wake& wake) {
  auto found = fitting(mistimed_, lane, lanes, wake);
  // Whose right frames are heard too has a right clock: the others are replayed beside it.
  std::erase_if(found, [&](const Candidate& c) {
    const auto right = carts_.find(c.cart_id);
    if (right == carts_.end()) return false;
    return !wake.due(right->second.heard_at + kUnheard + Duration{1});
  });
  return found;
}

std::vector<Candidate> Proximity::fitting(Carts& carts, std::size_t lane, const std::vector<LaneView>& lanes,
                                          Wake& wake) {
  std::vector<Candidate> found;
  const auto& own = lanes[lane];
  if (!own.receiver) return found;
  const MonoTime now = wake.mono();
  for (auto& [id, cart] : carts) {
    const auto* here = fresh_reading(cart, *own.receiver, now);
    const Fit fit = here != nullptr ? fits(cart, *here, lane, lanes, wake) : Fit{};
    if (!fit.holds) {
      if (here == nullptr || !here->near_since) {
        cart.fits_since.erase(lane);
      } else {
        cart.fits_since[lane] = std::nullopt;
      }
      continue;
    }
    // A cart that has long been near has dwelt already when somebody steps up; one that lost a comparison dwells anew.
    auto& since = cart.fits_since.try_emplace(lane, *here->near_since).first->second;
    if (!since) since = now;
    (void)wake.due(here->at + kUnheard + Duration{1});
    if (!wake.due(std::max(*since, *here->near_since) + policy_.dwell)) continue;
    const bool conflicting =
        std::any_of(cart.contradictions.begin(), cart.contradictions.end(), [&](const Contradiction& c) {
          return c.a_stronger && c.b_stronger && now - *c.a_stronger <= kContradictionWindow &&
                 now - *c.b_stronger <= kContradictionWindow;
        });
    found.push_back({.cart_id = id,
                     .session_tag = cart.frame.session_tag,
                     .state = cart.frame.state,
                     .level_dbm = here->smoothed,
                     .near_since = *here->near_since,
                     .parked = wake.due(here->parked_since + kParkedAfter),
                     .conflicting = conflicting,
                     .receiver_down = fit.receiver_down});
  }
  std::sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
    return a.level_dbm != b.level_dbm ? a.level_dbm > b.level_dbm : a.cart_id < b.cart_id;
  });
  return found;
}

std::vector<Candidate> Proximity::closed_near(DeviceId receiver, MonoTime now) const {
  std::vector<Candidate> found;
  for (const auto& [id, cart] : carts_) {
    if (cart.frame.state != BeaconState::kClosed) continue;
    const auto* here = fresh_reading(cart, receiver, now);
    if (here == nullptr || !here->near_since || cart.frame.session_tag.is_zero()) continue;
    found.push_back(
        {.cart_id = id, .session_tag = cart.frame.session_tag, .state = cart.frame.state, .level_dbm = here->smoothed});
  }
  std::sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
    return a.level_dbm != b.level_dbm ? a.level_dbm > b.level_dbm : a.cart_id < b.cart_id;
  });
  return found;
}

bool Proximity::somebody_nearly_near(DeviceId receiver, Wake& wake) const {
  bool found = false;
  for (const auto* carts : {&carts_, &mistimed_}) {
    for (const auto& [id, cart] : *carts) {
      const auto* here = fresh_reading(cart, receiver, wake.mono());
      if (here == nullptr || here->smoothed < policy_.near_dbm - kNearly_db) continue;
      (void)wake.due(here->at + kUnheard + Duration{1});
      found = true;
    }
  }
  return found;
}

std::optional<double> Proximity::level(CartId cart, DeviceId receiver, MonoTime now) const {
  const auto found = carts_.find(cart);
  if (found == carts_.end()) return std::nullopt;
  const auto* here = fresh_reading(found->second, receiver, now);
  return here != nullptr ? std::optional(here->smoothed) : std::nullopt;
}

void Proximity::passed(CartId cart, MonoTime now) {
  const auto found = carts_.find(cart);
  if (found == carts_.end()) return;
  for (auto& reading : found->second.readings) reading.parked_since = now;
}

}  // namespace exitgate
