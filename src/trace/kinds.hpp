// What kinds of types a recorded value is made of. Everything the controller takes, gives and keeps is an aggregate, a
// class that lists its members (visit_state), a container of these, or one of the leaves below; a type of none of these
// kinds does not compile. Internal to trace/: fields of aggregates are found by Boost.PFR, so a new field or a new
// alternative is recorded without anybody's help.
#pragma once

#include <boost/pfr.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "core/controller.hpp"

namespace exitgate::trace {

template <class T, template <class...> class Template>
inline constexpr bool kIs = false;
template <template <class...> class Template, class... Args>
inline constexpr bool kIs<Template<Args...>, Template> = true;

template <class T>
inline constexpr bool kIsArray = false;
template <class T, std::size_t n>
inline constexpr bool kIsArray<std::array<T, n>> = true;

/// Refers to the configuration or to the outside: made anew, not recorded.
template <class T>
concept Reference = std::is_pointer_v<T> || kIs<T, std::shared_ptr>;
template <class T>
concept Number = std::is_integral_v<T> || std::is_enum_v<T>;
template <class T>
concept Span = kIs<T, std::chrono::duration>;
template <class T>
concept Instant = kIs<T, std::chrono::time_point>;
template <class T>
concept Text = std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>;
template <class T>
concept Name = std::is_same_v<T, Uuid> || std::is_same_v<T, SessionTag> || std::is_same_v<T, ShortId>;
template <class T>
concept Mapping = requires {
  typename T::mapped_type;
};
template <class T>
concept Hashed = requires {
  typename T::hasher;
};
template <class T>
concept Keyed = requires {
  typename T::key_type;
};
template <class T>
concept Sequence = kIs<T, std::vector> || kIs<T, std::deque> || kIsArray<T>;

inline constexpr auto kVisitor = [](auto&...) {};
template <class T>
concept Stateful = requires(T& value) {
  T::visit_state(value, kVisitor);
};

/// "BeaconHeard": without namespaces.
template <class T>
std::string_view type_name() {
  std::string_view whole = __PRETTY_FUNCTION__;
  const auto begin = whole.find("T = ") + 4;
  whole = whole.substr(begin, whole.find_first_of(";]", begin) - begin);
  const auto colons = whole.rfind("::");
  return colons == std::string_view::npos ? whole : whole.substr(colons + 2);
}

}  // namespace exitgate::trace
