// Reads typed fields of one JSON object and remembers the first that is wrong. Internal to receipts/.
#pragma once

#include <boost/json.hpp>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/receipt.hpp"

namespace exitgate {

class StoredJsonReader {
 public:
  StoredJsonReader(std::string_view json, std::string what) : what_(std::move(what)) {
    boost::json::error_code failed;
    auto value = boost::json::parse({json.data(), json.size()}, failed);
    if (failed || !value.is_object()) {
      error_ = what_ + " is not a JSON object" + (failed ? ": " + failed.message() : "");
    } else {
      object_ = std::move(value.get_object());
    }
  }

  [[nodiscard]] const std::optional<std::string>& error() const { return error_; }
  void wrong(std::string_view field) {
    if (!error_) error_ = "field " + std::string(field) + " of the " + what_ + " is missing or of another form";
  }
  [[nodiscard]] bool has(std::string_view field) const { return find(field) != nullptr; }

  std::optional<std::string> text(std::string_view field) {
    const auto* value = find(field);
    if (!value) return std::nullopt;
    if (value->is_string()) return std::string(value->get_string().begin(), value->get_string().end());
    wrong(field);
    return std::nullopt;
  }
  std::string required_text(std::string_view field) { return need(field, text(field)); }

  template <class Number>
  std::optional<Number> number(std::string_view field) {
    const auto* value = find(field);
    if (!value) return std::nullopt;
    const auto n = value->is_int64() ? std::optional(value->get_int64()) : std::nullopt;
    if (n && std::in_range<Number>(*n)) return static_cast<Number>(*n);
    wrong(field);
    return std::nullopt;
  }
  template <class Number>
  Number required_number(std::string_view field) {
    return need(field, number<Number>(field));
  }
  bool required_bool(std::string_view field) {
    const auto* value = find(field);
    if (value && value->is_bool()) return value->get_bool();
    wrong(field);
    return false;
  }

  std::optional<Uuid> uuid(std::string_view field) { return parsed(field, parse_uuid); }
  Uuid required_uuid(std::string_view field) { return need(field, uuid(field)); }
  std::optional<SessionTag> session_tag(std::string_view field) { return parsed(field, parse_session_tag); }
  std::optional<WallTime> time(std::string_view field) { return parsed(field, parse_rfc3339); }
  WallTime required_time(std::string_view field) { return need(field, time(field)); }
  ShortId required_short_id(std::string_view field) { return need(field, parsed(field, &ShortId::parse)); }
  template <class Enum, class Parse>
  std::optional<Enum> name(std::string_view field, Parse parse) {
    return parsed(field, parse);
  }
  template <class Enum, class Parse>
  Enum required_name(std::string_view field, Parse parse) {
    return need(field, name<Enum>(field, parse));
  }

  std::optional<Money> money(std::string_view field) {
    const auto* value = find(field);
    if (!value) return std::nullopt;
    if (value->is_object()) {
      const auto* amount = value->get_object().if_contains("amount_minor");
      const auto* currency = value->get_object().if_contains("currency");
      if (amount && amount->is_int64() && currency && currency->is_string() && currency->get_string().size() == 3) {
        Money money{.amount_minor = amount->get_int64(), .currency = {}};
        std::copy_n(currency->get_string().begin(), 3, money.currency.begin());
        return money;
      }
    }
    wrong(field);
    return std::nullopt;
  }

  std::vector<std::string> texts(std::string_view field) {
    std::vector<std::string> all;
    const auto* value = find(field);
    if (!value || !value->is_array()) {
      wrong(field);
      return all;
    }
    for (const auto& item : value->get_array()) {
      if (item.is_string()) {
        all.emplace_back(item.get_string().begin(), item.get_string().end());
      } else {
        wrong(field);
      }
    }
    return all;
  }

 private:
  [[nodiscard]] const boost::json::value* find(std::string_view field) const {
    return object_.if_contains({field.data(), field.size()});
  }
  template <class Parse>
  auto parsed(std::string_view field, Parse parse) -> decltype(parse(std::string_view{})) {
    const auto found = text(field);
    if (!found) return std::nullopt;
    auto value = parse(*found);
    if (!value) wrong(field);
    return value;
  }
  template <class T>
  T need(std::string_view field, std::optional<T> value) {
    if (value) return *std::move(value);
    wrong(field);
    return T{};
  }

  std::string what_;
  boost::json::object object_;
  std::optional<std::string> error_;
};

}  // namespace exitgate
