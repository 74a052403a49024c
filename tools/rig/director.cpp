#include "tools/rig/director.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "tools/rig/gate_report.hpp"

namespace exitgate::rig {
namespace json = boost::json;
namespace {

constexpr Duration kSaysClosing{std::chrono::seconds{1}};
constexpr double kRadioBehindFrontM = 0.45;
constexpr double kRadioHeightM = 0.9;

json::object total_json(const SessionSpec& session) {
  return {{"amount_minor", *session.total_minor}, {"currency", session.currency}};
}

}  // namespace

Director::Director(Plant& plant, const Scenario& scenario, Peers peers, Say say)
    : plant_(plant), scenario_(scenario), peers_(peers), say_(std::move(say)), random_(std::random_device{}()) {
  for (const auto& shopper : scenario.shoppers) {
    Run run;
    run.spec = &shopper;
    runs_.push_back(std::move(run));
  }
}

Director::~Director() { *alive_ = false; }

void Director::problem(const std::string& text) {
  problems_.push_back(text);
  say_("PROBLEM " + text);
}

void Director::call(Calls* peer, const std::string& target, const std::string& json_text, Calls::Answer answer) {
  if (peer == nullptr) return;
  ++unanswered_;
  peer->post(target, json_text, [this, alive = alive_, answer = std::move(answer)](const Result<std::string>& body) {
    if (!*alive) return;
    --unanswered_;
    if (!body) return problem(body.error().message);
    if (answer) answer(body);
  });
}

void Director::begin(MonoTime now, WallTime wall) {
  began_at_ = now;
  began_wall_ = wall;
  for (auto& run : runs_) {
    std::array<std::uint8_t, 10> random{};
    for (auto& byte : random) byte = static_cast<std::uint8_t>(random_());
    run.session_id = make_uuid_v7(wall, random);
    // The tag's bytes are random too; the first is never zero, so that no tag means idle.
    for (auto& byte : run.tag.bytes) byte = static_cast<std::uint8_t>(random_());
    run.tag.bytes[0] |= 1;
    if (run.spec->session && run.spec->session->state != "unknown") make_session(run);
  }
  plan();
}

void Director::make_session(Run& run) {
  const SessionSpec& session = *run.spec->session;
  json::object object{{"session_id", to_string(run.session_id)},
                      {"kind", run.spec->cart_id ? "cart" : "walkout"},
                      {"state", session.state},
                      {"party_size", session.party_size},
                      {"expires_in_s", session.expires_in_s},
                      {"push", session.push && session.state != "open"}};
  if (run.spec->cart_id) {
    object["cart_id"] = *run.spec->cart_id;
    object["session_tag"] = to_string(run.tag);
  }
  if (session.total_minor) object["total"] = total_json(session);
  run.session_seen = to_string(run.session_id);
  call(peers_.backend, "/admin/sessions", json::serialize(object));
}

void Director::close_session(Run& run) {
  say_(run.spec->id + " pays");
  json::object object{
      {"session_id", to_string(run.session_id)}, {"state", "closed"}, {"push", run.spec->session->push}};
  const Run* const of = &run;
  call(peers_.backend, "/admin/sessions", json::serialize(object), [this, of](const Result<std::string>&) {
    if (of->spec->pass) fetch_pass(*of);
  });
  if (Cart* const cart = plant_.carts().find(run.spec->id)) cart->says = CartSays::kClosed;
}

void Director::fetch_pass(const Run& run) {
  const json::object object{{"session_id", to_string(run.session_id)}};
  const std::string shopper = run.spec->id;
  call(peers_.backend, "/admin/pass", json::serialize(object), [this, shopper](const Result<std::string>& body) {
    const auto text = text_member(*body, "payload_base64");
    const auto payload = text ? parse_base64(*text) : std::nullopt;
    if (!payload) return problem("the backend gave no pass for " + shopper);
    if (Cart* const cart = plant_.carts().find(shopper)) cart->pass = *payload;
  });
}

void Director::announce(const Run& run) {
  const json::object object{{"lane_id", run.spec->lane},
                            {"session_id", to_string(run.session_id)},
                            {"push_expected", run.spec->session->push_expected}};
  call(peers_.backend, "/admin/arrivals", json::serialize(object));
}

void Director::plan() {
  for (std::size_t i = 0; i < runs_.size(); ++i) plan_shopper(i);
  for (const auto& event : scenario_.events) plan_event(event);
  std::stable_sort(actions_.begin(), actions_.end(), [](const Action& a, const Action& b) { return a.at < b.at; });
}

void Director::plan_shopper(std::size_t index) {
  const ShopperSpec& spec = *runs_[index].spec;
  actions_.push_back({spec.at, [this, index](MonoTime now) { enter(runs_[index], now); }});
  if (!spec.session || !spec.session->closes_at) return;
  const Duration closes_at = *spec.session->closes_at;
  actions_.push_back({std::max(closes_at - kSaysClosing, Duration{0}), [this, index](MonoTime) {
                        Cart* const cart = plant_.carts().find(runs_[index].spec->id);
                        if (cart != nullptr) cart->says = CartSays::kClosing;
                      }});
  actions_.push_back({closes_at, [this, index](MonoTime) { close_session(runs_[index]); }});
}

void Director::switch_radio_on(const Run& run, MonoTime now) {
  const ShopperSpec& spec = *run.spec;
  Cart cart;
  cart.cart_id = *spec.cart_id;
  if (spec.session) cart.tag = run.tag;
  const bool closed = spec.session && spec.session->state != "open" && spec.session->state != "payment_failed";
  const bool paid = spec.session && spec.session->closes_at && now - began_at_ >= *spec.session->closes_at;
  cart.says = !spec.session ? CartSays::kIdle : closed || paid ? CartSays::kClosed : CartSays::kShopping;
  cart.place = {-5, 0, kRadioHeightM};
  plant_.carts().put(spec.id, cart);
  if (spec.pass && closed) fetch_pass(run);
}

void Director::enter(Run& run, MonoTime now) {
  const ShopperSpec& spec = *run.spec;
  LaneOnPlant* const lane = plant_.lane(spec.lane);
  say_(spec.id + " (" + std::string(to_string(spec.kind)) + ") comes to lane " + spec.lane);
  run.entered = true;
  if (spec.kind == ShopperKind::kObstruct) {
    run.reach = lane->model.reaches().size();
    lane->model.reach_in(spec.id, spec.lasts);
    return;
  }
  if (spec.session && !spec.cart_id && spec.session->state != "unknown") announce(run);
  if (spec.cart_id && spec.beacon) switch_radio_on(run, now);
  WalkerSpec walker = spec.cart_id                          ? cart_with_pusher(spec.id)
                      : spec.kind == ShopperKind::kWrongWay ? person_coming_in(spec.id)
                                                            : person(spec.id);
  walker.gap_m = spec.gap_m;
  walker.patience = spec.patience;
  const std::size_t people = spec.kind == ShopperKind::kGroup && spec.session ? spec.session->party_size : 1;
  for (std::size_t i = 0; i < people; ++i) {
    run.walkers.push_back(lane->model.walkers().size());
    lane->model.enter(walker, now);
  }
}

void Director::move_carts() {
  for (const auto& run : runs_) {
    Cart* const cart = plant_.carts().find(run.spec->id);
    if (cart == nullptr || run.walkers.empty()) continue;
    const LaneOnPlant* const lane = plant_.lane(run.spec->lane);
    const Walker& walker = lane->model.walkers().at(run.walkers.front());
    cart->place = {walker.front_m - kRadioBehindFrontM, lane->spec.y_m, kRadioHeightM};
    if (walker.gone) plant_.carts().remove(run.spec->id);
  }
}

void Director::step(MonoTime now) {
  while (next_action_ < actions_.size() && now - began_at_ >= actions_[next_action_].at)
    actions_[next_action_++].act(now);
  move_carts();
}

bool Director::finished() const {
  const auto& lanes = plant_.lanes();
  return next_action_ == actions_.size() && unanswered_ == 0 &&
         std::all_of(lanes.begin(), lanes.end(), [](const LaneOnPlant& lane) { return lane.model.empty(); });
}

Duration Director::length() const { return actions_.empty() ? Duration{0} : actions_.back().at; }

}  // namespace exitgate::rig
