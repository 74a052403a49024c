#include "tools/backend/json_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace exitgate::reference {
namespace {

namespace json = boost::json;

constexpr std::string_view kUuidForm = "a UUID";
constexpr std::string_view kTimeForm = "an RFC 3339 time";
constexpr std::string_view kIdForm = "an id of 1 to 32 letters, digits, '.', '_' or '-'";

}  // namespace

void Fields::complain(std::string_view name, std::string_view expected) {
  if (!problem_.empty()) return;
  const auto* value = find(name);
  auto found = value == nullptr ? std::string("nothing") : json::serialize(*value);
  if (found.size() > 80) found = found.substr(0, 77) + "...";
  problem_ = fmt::format("`{}`: found {}; expected {}", name, found, expected);
}

const json::value* Fields::find(std::string_view name) const {
  const auto* value = object_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool Fields::has(std::string_view name) const { return find(name) != nullptr; }

template <class T, class Parse>
std::optional<T> Fields::parsed(std::string_view name, std::string_view expected, Parse parse) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  std::optional<T> result;
  if (const auto* text = value->if_string()) result = parse(std::string_view(*text));
  if (!result) complain(name, expected);
  return result;
}

template <class T>
T Fields::required(std::string_view name, std::optional<T> value, std::string_view expected) {
  if (!value) complain(name, expected);
  return value.value_or(T{});
}

std::optional<std::string> Fields::optional_text(std::string_view name) {
  return parsed<std::string>(name, "a string", [](std::string_view text) { return std::optional(std::string(text)); });
}
std::string Fields::text(std::string_view name) { return required(name, optional_text(name), "a string"); }

std::optional<std::int64_t> Fields::optional_integer(std::string_view name, std::int64_t lowest, std::int64_t highest) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto* number = value->if_int64();
  if (number == nullptr || *number < lowest || *number > highest) {
    complain(name, fmt::format("an integer from {} to {}", lowest, highest));
    return std::nullopt;
  }
  return *number;
}
std::int64_t Fields::integer(std::string_view name, std::int64_t lowest, std::int64_t highest) {
  return required(name, optional_integer(name, lowest, highest),
                  fmt::format("an integer from {} to {}", lowest, highest));
}

std::optional<bool> Fields::optional_flag(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_bool()) {
    complain(name, "true or false");
    return std::nullopt;
  }
  return value->get_bool();
}

std::optional<ShortId> Fields::optional_short_id(std::string_view name) {
  return parsed<ShortId>(name, kIdForm, ShortId::parse);
}
ShortId Fields::short_id(std::string_view name) { return required(name, optional_short_id(name), kIdForm); }

std::optional<Uuid> Fields::optional_uuid(std::string_view name) { return parsed<Uuid>(name, kUuidForm, parse_uuid); }
Uuid Fields::uuid(std::string_view name) { return required(name, optional_uuid(name), kUuidForm); }

std::optional<SessionTag> Fields::optional_tag(std::string_view name) {
  return parsed<SessionTag>(name, "12 lower-case hex digits", parse_session_tag);
}

std::optional<WallTime> Fields::optional_time(std::string_view name) {
  return parsed<WallTime>(name, kTimeForm, parse_rfc3339);
}
WallTime Fields::time(std::string_view name) { return required(name, optional_time(name), kTimeForm); }

std::optional<Money> Fields::optional_money(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  constexpr std::string_view kExpected = "{\"amount_minor\": integer, \"currency\": three upper-case letters}";
  const auto* object = value->if_object();
  const auto* amount = object == nullptr ? nullptr : object->if_contains("amount_minor");
  const auto* currency = object == nullptr ? nullptr : object->if_contains("currency");
  const auto letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (amount == nullptr || !amount->is_int64() || currency == nullptr || !currency->is_string() ||
      currency->get_string().size() != 3 ||
      !std::all_of(currency->get_string().begin(), currency->get_string().end(), letter)) {
    complain(name, kExpected);
    return std::nullopt;
  }
  Money money{amount->get_int64(), {}};
  std::copy_n(currency->get_string().begin(), 3, money.currency.begin());
  return money;
}

Result<json::object> parse_object(std::string_view body) {
  boost::system::error_code error;
  auto value = json::parse(body, error);
  if (error) return fail("not_json", "the body is no JSON: " + error.message());
  if (!value.is_object()) return fail("not_json", "the body is no JSON object");
  return std::move(value.get_object());
}

json::object to_json(const Money& money) {
  return {{"amount_minor", money.amount_minor}, {"currency", money.currency_code()}};
}

}  // namespace exitgate::reference
