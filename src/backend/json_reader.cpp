#include "backend/json_reader.hpp"

#include <boost/json/parse.hpp>

namespace exitgate {
namespace {

namespace json = boost::json;

std::optional<std::string_view> as_text(const json::value* value) {
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string_view(value->get_string().data(), value->get_string().size());
}

std::optional<std::int64_t> as_integer(const json::value* value, std::int64_t lowest, std::int64_t highest) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  json::error_code error;
  // Exact only: 3.0 is 3 (some languages write it so), 3.5 is refused.
  const auto number = value->to_number<std::int64_t>(error);
  if (error || number < lowest || number > highest) return std::nullopt;
  return number;
}

}  // namespace

void JsonReader::wrong(std::string_view name, std::string_view what) {
  if (problem_.empty()) problem_ = std::string(name) + " is " + std::string(what);
}

const json::value* JsonReader::find(std::string_view name) const {
  const json::value* value = object_.if_contains({name.data(), name.size()});
  return value == nullptr || value->is_null() ? nullptr : value;
}

const json::value* JsonReader::need(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr && problem_.empty()) problem_ = "lacks " + std::string(name);
  return value;
}

std::string JsonReader::text(std::string_view name) {
  const auto text = as_text(need(name));
  if (!text) wrong(name, "no text");
  return std::string(text.value_or(""));
}

std::int64_t JsonReader::integer(std::string_view name, std::int64_t lowest, std::int64_t highest) {
  const auto number = as_integer(need(name), lowest, highest);
  if (!number) wrong(name, "no whole number in its range");
  return number.value_or(lowest);
}

Uuid JsonReader::uuid(std::string_view name) {
  const auto id = parse_uuid(as_text(need(name)).value_or(""));
  if (!id) wrong(name, "no UUID");
  return id.value_or(Uuid{});
}

SessionTag JsonReader::session_tag(std::string_view name) {
  const auto tag = parse_session_tag(as_text(need(name)).value_or(""));
  if (!tag || tag->is_zero()) wrong(name, "no session tag (12 lower-case hex digits, not all zero)");
  return tag.value_or(SessionTag{});
}

ShortId JsonReader::short_id(std::string_view name) {
  const auto id = ShortId::parse(as_text(need(name)).value_or(""));
  if (!id) wrong(name, "no name of the form [A-Za-z0-9._-]{1,32}");
  return id.value_or(ShortId{});
}

WallTime JsonReader::time(std::string_view name) {
  const auto time = parse_rfc3339(as_text(need(name)).value_or(""));
  if (!time) wrong(name, "no RFC 3339 time");
  return time.value_or(WallTime{});
}

std::optional<WallTime> JsonReader::optional_time(std::string_view name) {
  if (!has(name)) return std::nullopt;
  return time(name);
}

std::uint16_t JsonReader::party_size() {
  if (!has("party_size")) return 1;
  return static_cast<std::uint16_t>(integer("party_size", 1, std::numeric_limits<std::uint16_t>::max()));
}

std::optional<Money> JsonReader::total() {
  const json::value* value = find("total");
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) {
    wrong("total", "no object");
    return std::nullopt;
  }
  JsonReader inner(value->get_object());
  Money money;
  money.amount_minor = inner.integer("amount_minor", -kLargestExactInteger, kLargestExactInteger);
  const std::string currency = inner.text("currency");
  const bool three_capitals =
      currency.size() == 3 && currency.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
  if (!three_capitals) inner.wrong("currency", "no ISO 4217 code");
  if (!inner.good()) {
    wrong("total", "wrong: " + inner.problem());
    return std::nullopt;
  }
  for (std::size_t i = 0; i < 3; ++i) money.currency[i] = currency[i];
  return money;
}

Result<json::object> parse_json_object(std::string_view text) {
  json::parse_options options;
  options.max_depth = 16;
  json::error_code error;
  json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return fail("backend_malformed", "is no JSON: " + error.message());
  if (!value.is_object()) return fail("backend_malformed", "is no JSON object");
  return std::move(value.get_object());
}

}  // namespace exitgate
