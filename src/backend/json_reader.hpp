// Reading the fields of one JSON object of the backend, private to the codecs of this folder.
// The first thing found wrong sticks; every later read returns a default, so that a codec reads straight through and
// looks at the problem once. Optional fields may be absent or null; of another type they are wrong.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/wall_time.hpp"
#include "core/receipt.hpp"

namespace exitgate {

/// Whole numbers of a receipt must survive RFC 8785, which knows doubles only.
inline constexpr std::int64_t kLargestExactInteger = 9007199254740991;

class JsonReader {
 public:
  explicit JsonReader(const boost::json::object& object) : object_(object) {}

  [[nodiscard]] bool good() const { return problem_.empty(); }
  /// "lacks session_id", "session_id is no UUID"; empty while all was well.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  void wrong(std::string_view name, std::string_view what);

  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  std::string text(std::string_view name);
  std::int64_t integer(std::string_view name, std::int64_t lowest, std::int64_t highest);
  Uuid uuid(std::string_view name);
  /// All zero is an idle cart's and names no session: wrong.
  SessionTag session_tag(std::string_view name);
  ShortId short_id(std::string_view name);
  WallTime time(std::string_view name);
  std::optional<WallTime> optional_time(std::string_view name);
  /// 1 where absent.
  std::uint16_t party_size();
  std::optional<Money> total();

 private:
  /// The field's value; null and absent are nothing.
  [[nodiscard]] const boost::json::value* find(std::string_view name) const;
  const boost::json::value* need(std::string_view name);

  const boost::json::object& object_;
  std::string problem_;
};

/// Parses `text` as one JSON object, nested at most 16 deep. Code "backend_malformed".
Result<boost::json::object> parse_json_object(std::string_view text);

}  // namespace exitgate
