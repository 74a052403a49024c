// Values of the core as JSON and back, exactly. Internal to trace/.
//
// An aggregate is the array of its fields in the order of its declaration, a variant [name of the alternative, value],
// a map an array of pairs. Times are numbers in the unit of their clock (mono µs, wall ms), floating point is written
// in hexadecimal (C's %a), identifiers as their texts, bytes as hex. Nothing is null. Errors: Malformed, which ends at
// the edge of this library.
#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <tuple>

#include "base/encoding.hpp"
#include "trace/kinds.hpp"

namespace exitgate::trace {

namespace json = boost::json;

struct Malformed {
  std::string what;
};

template <class T>
json::value to_json(const T& value);
template <class T>
void from_json(const json::value& from, T& into);

/// Texts of codes and field names, which the core holds as literals.
[[nodiscard]] std::string_view interned(std::string_view text);
/// JSON has no bytes: what is not plain ASCII goes as {"hex": …}.
[[nodiscard]] json::value text_to_json(std::string_view text);
[[nodiscard]] std::string text_from_json(const json::value& from);
[[nodiscard]] double double_from_json(const json::value& from);
[[nodiscard]] const json::array& list_of(const json::value& from, std::size_t size, std::string_view what);
[[nodiscard]] const json::array& list_of(const json::value& from, std::string_view what);

// --- to JSON ---------------------------------------------------------------------------------------------------

template <class T>
json::value name_to_json(const T& value) {
  if constexpr (std::is_same_v<T, ShortId>) {
    return json::string(value.str());
  } else {
    return json::string(to_string(value));
  }
}

template <class T>
json::value map_to_json(const T& value) {
  json::array list;
  for (const auto& item : value) {
    if constexpr (Mapping<T>) {
      list.push_back(json::array{to_json(item.first), to_json(item.second)});
    } else {
      list.push_back(to_json(item));
    }
  }
  if constexpr (Hashed<T>) {
    // Put in again from the last to the first, with as many buckets, the items stand in the same order.
    std::reverse(list.begin(), list.end());
    list.insert(list.begin(), json::value(static_cast<std::uint64_t>(value.bucket_count())));
  }
  return list;
}

template <class T>
json::value fields_to_json(const T& value) {
  json::array list;
  const auto add = [&](const auto&... field) { (list.push_back(to_json(field)), ...); };
  if constexpr (Stateful<T>) {
    T::visit_state(value, add);
  } else {
    static_assert(std::is_aggregate_v<T>, "a recorded type is an aggregate or has visit_state()");
    std::apply(add, boost::pfr::structure_tie(value));
  }
  return list;
}

template <class T>
json::value sequence_to_json(const T& value) {
  using Item = typename T::value_type;
  if constexpr (std::is_same_v<Item, std::uint8_t>) {
    return json::string(to_hex(value));
  } else {
    json::array list;
    for (const auto& item : value) list.push_back(to_json(static_cast<const Item&>(item)));
    return list;
  }
}

template <class T>
json::value variant_to_json(const T& value) {
  return std::visit(
      [](const auto& held) -> json::value {
        const auto name = type_name<std::decay_t<decltype(held)>>();
        return json::array{json::string(name.data(), name.size()), to_json(held)};
      },
      value);
}

template <class T>
json::value to_json(const T& value) {
  if constexpr (Reference<T>) {
    return 0;
  } else if constexpr (std::is_same_v<T, bool>) {
    return value;
  } else if constexpr (std::is_unsigned_v<T>) {
    return static_cast<std::uint64_t>(value);
  } else if constexpr (Number<T>) {
    return static_cast<std::int64_t>(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%a", static_cast<double>(value));
    return json::string(text.data());
  } else if constexpr (Span<T>) {
    return static_cast<std::int64_t>(value.count());
  } else if constexpr (Instant<T>) {
    return static_cast<std::int64_t>(value.time_since_epoch().count());
  } else if constexpr (Text<T>) {
    return text_to_json(value);
  } else if constexpr (Name<T>) {
    return name_to_json(value);
  } else if constexpr (std::is_same_v<T, Flags>) {
    return static_cast<std::uint64_t>(value.bits());
  } else if constexpr (std::is_same_v<T, Status>) {
    if (value) return json::array{};
    return json::array{text_to_json(value.error().code), text_to_json(value.error().message)};
  } else if constexpr (kIs<T, std::optional>) {
    return value ? json::array{to_json(*value)} : json::array{};
  } else if constexpr (kIs<T, std::variant>) {
    return variant_to_json(value);
  } else if constexpr (kIs<T, std::pair>) {
    return json::array{to_json(value.first), to_json(value.second)};
  } else if constexpr (Keyed<T>) {
    return map_to_json(value);
  } else if constexpr (Sequence<T>) {
    return sequence_to_json(value);
  } else {
    return fields_to_json(value);
  }
}

// --- from JSON -------------------------------------------------------------------------------------------------

template <class T>
T number_from_json(const json::value& from) {
  if constexpr (std::is_enum_v<T>) {
    return static_cast<T>(number_from_json<std::underlying_type_t<T>>(from));
  } else {
    boost::system::error_code error;
    const auto number = from.to_number<T>(error);
    if (error) throw Malformed{"a number is missing or too large: " + json::serialize(from)};
    return number;
  }
}

template <class T>
void name_from_json(const json::value& from, T& into) {
  const auto text = text_from_json(from);
  std::optional<T> parsed;
  if constexpr (std::is_same_v<T, Uuid>) parsed = parse_uuid(text);
  if constexpr (std::is_same_v<T, SessionTag>) parsed = parse_session_tag(text);
  if constexpr (std::is_same_v<T, ShortId>) parsed = text.empty() ? ShortId{} : ShortId::parse(text);
  if (!parsed) throw Malformed{"no " + std::string(type_name<T>()) + ": " + text};
  into = *parsed;
}

template <class T>
void map_from_json(const json::value& from, T& into) {
  const auto& list = list_of(from, "a map");
  into.clear();
  std::size_t first = 0;
  if constexpr (Hashed<T>) {
    if (list.empty()) throw Malformed{"a map without its size"};
    into.rehash(std::min<std::size_t>(number_from_json<std::size_t>(list[0]), 1U << 22U));
    first = 1;
  }
  for (std::size_t i = first; i < list.size(); ++i) {
    typename T::key_type key{};
    if constexpr (Mapping<T>) {
      const auto& pair = list_of(list[i], 2, "a map's item");
      typename T::mapped_type mapped{};
      from_json(pair[0], key);
      from_json(pair[1], mapped);
      into.emplace(std::move(key), std::move(mapped));
    } else {
      from_json(list[i], key);
      into.insert(std::move(key));
    }
  }
}

template <class T>
void bytes_from_json(const json::value& from, T& into) {
  const auto bytes = parse_hex(text_from_json(from));
  if (!bytes) throw Malformed{"no bytes: " + json::serialize(from)};
  if constexpr (kIsArray<T>) {
    if (bytes->size() != into.size()) throw Malformed{"bytes of another length"};
    std::copy(bytes->begin(), bytes->end(), into.begin());
  } else {
    into = *bytes;
  }
}

template <class T>
void sequence_from_json(const json::value& from, T& into) {
  using Item = typename T::value_type;
  if constexpr (std::is_same_v<Item, std::uint8_t>) {
    bytes_from_json(from, into);
  } else {
    const auto& list = list_of(from, "a list");
    // Lanes are as many as the configuration made.
    if constexpr (!kIsArray<T> && !std::is_same_v<Item, Lane>) into.resize(list.size());
    if (list.size() != into.size()) throw Malformed{"a list of another length"};
    for (std::size_t i = 0; i < list.size(); ++i) {
      if constexpr (std::is_same_v<Item, bool>) {
        bool flag = false;
        from_json(list[i], flag);
        into[i] = flag;
      } else {
        from_json(list[i], into[i]);
      }
    }
  }
}

template <class T, std::size_t... indices>
void variant_from_json(const json::value& from, T& into, std::index_sequence<indices...>) {
  const auto& list = list_of(from, 2, "a variant");
  const auto name = text_from_json(list[0]);
  const auto take = [&]<std::size_t index>() {
    using Held = std::variant_alternative_t<index, T>;
    if (name != type_name<Held>()) return false;
    Held held{};
    from_json(list[1], held);
    into = std::move(held);
    return true;
  };
  if (!(take.template operator()<indices>() || ...)) throw Malformed{"there is no " + name};
}

template <class T>
void fields_from_json(const json::value& from, T& into) {
  const auto take = [&](auto&... field) {
    const auto& list = list_of(from, sizeof...(field), type_name<T>());
    std::size_t i = 0;
    (from_json(list[i++], field), ...);
    (void)list;
    (void)i;
  };
  if constexpr (Stateful<T>) {
    T::visit_state(into, take);
  } else {
    std::apply(take, boost::pfr::structure_tie(into));
  }
}

template <class T>
void optional_from_json(const json::value& from, T& into) {
  const auto& list = list_of(from, "an optional");
  if (list.size() > 1) throw Malformed{"an optional of more than one"};
  into.reset();
  if (list.empty()) return;
  typename T::value_type held{};  // Clang 14 has no emplace() for structs nested in a class with defaults
  from_json(list[0], held);
  into = std::move(held);
}

template <class T>
void status_from_json(const json::value& from, T& into) {
  const auto& list = list_of(from, "a status");
  into = {};
  if (list.empty()) return;
  (void)list_of(from, 2, "an error");
  into = fail(interned(text_from_json(list[0])), text_from_json(list[1]));
}

template <class T>
void from_json(const json::value& from, T& into) {
  if constexpr (Reference<T>) {
    (void)from;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!from.is_bool()) throw Malformed{"neither true nor false: " + json::serialize(from)};
    into = from.get_bool();
  } else if constexpr (Number<T>) {
    into = number_from_json<T>(from);
  } else if constexpr (std::is_floating_point_v<T>) {
    into = double_from_json(from);
  } else if constexpr (Span<T>) {
    into = T{number_from_json<typename T::rep>(from)};
  } else if constexpr (Instant<T>) {
    into = T{typename T::duration{number_from_json<typename T::rep>(from)}};
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    into = interned(text_from_json(from));
  } else if constexpr (Text<T>) {
    into = text_from_json(from);
  } else if constexpr (Name<T>) {
    name_from_json(from, into);
  } else if constexpr (std::is_same_v<T, Flags>) {
    into = Flags::from_bits(number_from_json<std::uint16_t>(from));
  } else if constexpr (std::is_same_v<T, Status>) {
    status_from_json(from, into);
  } else if constexpr (kIs<T, std::optional>) {
    optional_from_json(from, into);
  } else if constexpr (kIs<T, std::variant>) {
    variant_from_json(from, into, std::make_index_sequence<std::variant_size_v<T>>{});
  } else if constexpr (kIs<T, std::pair>) {
    const auto& list = list_of(from, 2, "a pair");
    from_json(list[0], into.first);
    from_json(list[1], into.second);
  } else if constexpr (Keyed<T>) {
    map_from_json(from, into);
  } else if constexpr (Sequence<T>) {
    sequence_from_json(from, into);
  } else {
    fields_from_json(from, into);
  }
}

}  // namespace exitgate::trace
