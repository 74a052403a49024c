// Reads the members of a JSON object one by one and remembers the first that is wrong, in words for whoever sent it.
// Only for the .cpp files that decode messages: it brings in Boost.JSON.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/wall_time.hpp"
#include "core/receipt.hpp"

namespace exitgate::reference {

class Fields {
 public:
  explicit Fields(const boost::json::object& object) : object_(object) {}

  /// The first thing that was wrong; empty: nothing so far.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  void complain(std::string_view name, std::string_view expected);

  [[nodiscard]] bool has(std::string_view name) const;
  std::string text(std::string_view name);
  std::optional<std::string> optional_text(std::string_view name);
  std::int64_t integer(std::string_view name, std::int64_t lowest, std::int64_t highest);
  std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t lowest, std::int64_t highest);
  std::optional<bool> optional_flag(std::string_view name);
  ShortId short_id(std::string_view name);
  std::optional<ShortId> optional_short_id(std::string_view name);
  Uuid uuid(std::string_view name);
  std::optional<Uuid> optional_uuid(std::string_view name);
  std::optional<SessionTag> optional_tag(std::string_view name);
  WallTime time(std::string_view name);
  std::optional<WallTime> optional_time(std::string_view name);
  std::optional<Money> optional_money(std::string_view name);

 private:
  [[nodiscard]] const boost::json::value* find(std::string_view name) const;
  template <class T, class Parse>
  std::optional<T> parsed(std::string_view name, std::string_view expected, Parse parse);
  template <class T>
  T required(std::string_view name, std::optional<T> value, std::string_view expected);

  const boost::json::object& object_;
  std::string problem_;
};

/// The object in `body`, or not_json.
[[nodiscard]] Result<boost::json::object> parse_object(std::string_view body);

[[nodiscard]] boost::json::object to_json(const Money& money);

}  // namespace exitgate::reference
