#include <algorithm>

#include "tools/rig/scenario_sections.hpp"

namespace exitgate::rig {
namespace {

const std::vector<std::string_view> kKinds{"cart", "walkout", "staff", "released", "fault", "unauthorised"};
const std::vector<std::string_view> kBases{"prefetched", "confirmed", "signed_pass", "offline_policy",
                                           "staff",      "released",  "fault"};
const std::vector<std::string_view> kOutcomes{"passed", "not_used", "unknown"};
const std::vector<std::string_view> kFlags{"after_restart",   "ambiguous_cart",    "backend_unaware", "beacon_conflict",
                                           "cart_still_here", "expected_mismatch", "forced",          "late_refusal",
                                           "not_durable",     "obstructed",        "reassigned",      "receiver_down",
                                           "sensor_lost",     "tailgate",          "wrong_way"};
const std::vector<std::string_view> kStates{"open",           "closed",     "settled_at_till", "nothing_bought",
                                            "payment_failed", "inspection", "unknown"};
const std::vector<std::string_view> kShopperKinds{"cart",      "walkout",  "group",    "tailgater",
                                                  "wrong_way", "obstruct", "passer_by"};
const std::vector<std::string_view> kExpectations{"passes", "refused_then_passes", "stays", "enters", "obstructs"};

std::vector<std::string> known_texts(TomlFields& fields, std::string_view key,
                                     const std::vector<std::string_view>& known) {
  auto texts = fields.texts(key);
  for (const auto& text : texts) {
    if (std::find(known.begin(), known.end(), text) == known.end()) {
      fields.complain(key, "found \"" + text + "\"; expected one of the backend contract's");
    }
  }
  return texts;
}

std::string chosen(TomlFields& fields, std::string_view key, const std::vector<std::string_view>& known,
                   std::size_t fallback) {
  return std::string(known[fields.choice(key, known).value_or(fallback)]);
}

std::vector<ExpectedReceipt> read_receipts(TomlFields& owner, const std::string& lane, bool has_session,
                                           const ReadContext& context) {
  std::vector<ExpectedReceipt> receipts;
  for (const toml::table* const table : owner.tables("receipts")) {
    TomlFields fields(*table, owner.path("receipts[" + std::to_string(receipts.size()) + "]"), context.findings);
    ExpectedReceipt receipt;
    receipt.lane = fields.text("lane", lane);
    receipt.kind = chosen(fields, "kind", kKinds, 0);
    receipt.basis = known_texts(fields, "basis", kBases);
    receipt.outcome = chosen(fields, "outcome", kOutcomes, 0);
    receipt.passages =
        static_cast<int>(fields.integer("passages", 0, 255).value_or(receipt.outcome == "passed" ? 1 : 0));
    receipt.flags = known_texts(fields, "flags", kFlags);
    receipt.may_flags = known_texts(fields, "may_flags", kFlags);
    receipt.names_session = fields.flag("session", has_session);
    receipts.push_back(std::move(receipt));
  }
  return receipts;
}

std::optional<SessionSpec> read_session(TomlFields& fields) {
  SessionSpec session;
  const bool given = fields.find("session") != nullptr;
  session.state = chosen(fields, "session", kStates, 1);
  session.closes_at = fields.seconds("closes_at_s");
  session.party_size = static_cast<std::uint16_t>(fields.integer("party_size", 1, 255).value_or(1));
  session.total_minor = fields.integer("total_minor", 0, 4294967295);
  session.currency = fields.text("currency", "USD");
  session.expires_in_s = fields.integer("expires_in_s", 1, 1000000).value_or(3600);
  session.push = fields.flag("push", true);
  session.push_expected = fields.flag("push_expected", true);
  if (!given) return std::nullopt;
  return session;
}

void check_lane(TomlFields& fields, const std::string& lane, const Scenario& scenario) {
  if (scenario.lane(lane) == nullptr) fields.complain("lane", "found \"" + lane + "\"; expected the id of a [[lane]]");
}

void read_shopper(TomlFields& fields, const ReadContext& context, Scenario& scenario) {
  ShopperSpec shopper;
  shopper.id = fields.required_text("id");
  shopper.kind = static_cast<ShopperKind>(fields.choice("kind", kShopperKinds).value_or(1));
  if (fields.find("kind") == nullptr) fields.complain("kind", "found nothing; expected what the shopper does");
  shopper.at = fields.seconds("at_s").value_or(Duration{0});
  shopper.lane = fields.required_text("lane");
  check_lane(fields, shopper.lane, scenario);
  if (const auto cart = fields.integer("cart_id", 1, 4294967295)) shopper.cart_id = static_cast<CartId>(*cart);
  if ((shopper.kind == ShopperKind::kCart) != shopper.cart_id.has_value()) {
    fields.complain("cart_id", "a cart shopper has one, any other has none");
  }
  shopper.session = read_session(fields);
  shopper.beacon = fields.flag("beacon", true);
  shopper.pass = fields.flag("pass", false);
  shopper.lasts = fields.seconds("lasts_s").value_or(shopper.lasts);
  shopper.patience = fields.seconds("patience_s").value_or(shopper.patience);
  shopper.gap_m = fields.number("gap_m", 0.05, 10).value_or(shopper.kind == ShopperKind::kTailgater ? 0.5 : 0.8);
  const std::size_t fallback = shopper.kind == ShopperKind::kWrongWay   ? 3
                               : shopper.kind == ShopperKind::kObstruct ? 4
                               : shopper.kind == ShopperKind::kPasserBy ? 2
                                                                        : 0;
  shopper.expect = static_cast<Expectation>(fields.choice("expect", kExpectations).value_or(fallback));
  shopper.receipts = read_receipts(fields, shopper.lane, shopper.session.has_value(), context);
  const bool again = std::any_of(scenario.shoppers.begin(), scenario.shoppers.end(),
                                 [&shopper](const ShopperSpec& other) { return other.id == shopper.id; });
  if (again) fields.complain("id", "found \"" + shopper.id + "\" again; expected an id of its own");
  scenario.shoppers.push_back(std::move(shopper));
}

/// Which of the keys that make an event what it is stands there.
std::optional<EventKind> read_event_kind(TomlFields& fields, EventSpec& event) {
  if (fields.find("fire_alarm") != nullptr) {
    event.on = fields.flag("fire_alarm", false);
    return EventKind::kFireAlarm;
  }
  if (fields.find("command") != nullptr) {
    event.command = fields.text("command");
    event.part = fields.required_text("lane");
    event.by = fields.required_text("by");
    event.reason = fields.required_text("reason");
    return EventKind::kCommand;
  }
  if (fields.find("backend") != nullptr) {
    event.on = fields.choice("backend", {"down", "up"}).value_or(1) == 1;
    return EventKind::kBackend;
  }
  const auto named = [&](std::string_view key, EventKind kind, bool on) -> std::optional<EventKind> {
    if (fields.find(key) == nullptr) return std::nullopt;
    event.part = fields.text(key);
    event.on = on;
    return kind;
  };
  if (auto kind = named("unplug", EventKind::kPlug, false)) return kind;
  if (auto kind = named("plug", EventKind::kPlug, true)) return kind;
  if (auto kind = named("hang", EventKind::kHang, true)) return kind;
  if (auto kind = named("revive", EventKind::kHang, false)) return kind;
  if (auto kind = named("revoke", EventKind::kRevoke, true)) return kind;
  if (auto kind = named("press_release", EventKind::kRelease, true)) return kind;
  if (auto kind = named("restore_release", EventKind::kRelease, false)) return kind;
  if (auto kind = named("key_on", EventKind::kStaffKey, true)) return kind;
  return named("key_off", EventKind::kStaffKey, false);
}

bool part_exists(const EventSpec& event, const Scenario& scenario) {
  const auto named = [&event](const auto& things) {
    return std::any_of(things.begin(), things.end(), [&event](const auto& thing) { return thing.name == event.part; });
  };
  switch (event.kind) {
    case EventKind::kFireAlarm:
      return scenario.fire_alarm.has_value();
    case EventKind::kBackend:
      return true;
    case EventKind::kCommand:
      return event.part == "all" || scenario.lane(event.part) != nullptr;
    case EventKind::kRelease:
    case EventKind::kStaffKey:
      return scenario.lane(event.part) != nullptr;
    case EventKind::kPlug:
      return named(scenario.modules) || named(scenario.receivers);
    case EventKind::kHang:
      return named(scenario.receivers);
    case EventKind::kRevoke:
      break;
  }
  return std::any_of(scenario.shoppers.begin(), scenario.shoppers.end(),
                     [&event](const ShopperSpec& shopper) { return shopper.id == event.part; });
}

void read_event(TomlFields& fields, const ReadContext& context, Scenario& scenario) {
  EventSpec event;
  event.at = fields.seconds("at_s").value_or(Duration{0});
  const auto kind = read_event_kind(fields, event);
  if (!kind) {
    fields.complain("event",
                    "found nothing that happens; expected one of fire_alarm, command, backend, unplug, plug, hang, "
                    "revive, revoke, press_release, restore_release, key_on, key_off");
    return;
  }
  event.kind = *kind;
  if (!part_exists(event, scenario)) {
    fields.complain("event", "found \"" + event.part + "\"; expected a part of this scenario that it can happen to");
  }
  event.receipts = read_receipts(fields, event.part, false, context);
  for (const auto& receipt : event.receipts) {
    if (scenario.lane(receipt.lane) == nullptr) fields.complain("receipts", "each needs the id of a [[lane]]");
  }
  scenario.events.push_back(std::move(event));
}

}  // namespace

void read_people(TomlFields& fields, const ReadContext& context, Scenario& scenario) {
  std::size_t number = 0;
  for (const toml::table* const table : fields.tables("shopper")) {
    TomlFields shopper(*table, "shopper[" + std::to_string(number++) + "]", context.findings);
    read_shopper(shopper, context, scenario);
  }
  number = 0;
  for (const toml::table* const table : fields.tables("event")) {
    TomlFields event(*table, "event[" + std::to_string(number++) + "]", context.findings);
    read_event(event, context, scenario);
  }
}

}  // namespace exitgate::rig
