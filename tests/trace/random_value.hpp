// Values of any recorded type, drawn at random: every alternative, fields present and absent, texts with any byte.
#pragma once

#include <random>

#include "trace/kinds.hpp"

namespace exitgate::trace::test {

class RandomValue {
 public:
  explicit RandomValue(std::uint64_t seed) : random_(seed) {}

  std::uint64_t number(std::uint64_t below) { return random_() % below; }

  template <class T>
  void draw(T& into) {
    if constexpr (std::is_same_v<T, bool>) {
      into = number(2) == 1;
    } else if constexpr (std::is_enum_v<T>) {
      into = static_cast<T>(number(3));
    } else if constexpr (Number<T>) {
      into = number(8) == 0 ? std::numeric_limits<T>::max() : static_cast<T>(random_());
    } else if constexpr (std::is_floating_point_v<T>) {
      into = static_cast<T>(static_cast<double>(static_cast<std::int64_t>(random_())) / 3.0e15);
    } else if constexpr (Span<T>) {
      into = T{static_cast<std::int64_t>(random_()) / 4};
    } else if constexpr (Instant<T>) {
      draw_instant(into);
    } else if constexpr (Text<T> || Name<T>) {
      draw_text(into);
    } else if constexpr (std::is_same_v<T, Flags>) {
      into = Flags::from_bits(static_cast<std::uint16_t>(random_()));
    } else if constexpr (std::is_same_v<T, Status>) {
      into = Status{};
      if (number(2) == 0) into = fail("storage_full", "nothing written: disk full – free some");
    } else if constexpr (kIs<T, std::optional>) {
      into.reset();
      if (number(2) == 0) draw(into.emplace());
    } else if constexpr (kIs<T, std::variant>) {
      draw_variant(into, number(std::variant_size_v<T>), std::make_index_sequence<std::variant_size_v<T>>{});
    } else if constexpr (kIs<T, std::pair>) {
      draw(into.first);
      draw(into.second);
    } else if constexpr (Sequence<T>) {
      if constexpr (!kIsArray<T>) into.resize(number(4));
      for (auto& item : into) draw(item);
    } else {
      std::apply([&](auto&... field) { (draw(field), ...); }, boost::pfr::structure_tie(into));
    }
  }

  /// The alternative of that index.
  template <class T, std::size_t... indices>
  void draw_variant(T& into, std::size_t which, std::index_sequence<indices...>) {
    const auto take = [&]<std::size_t index>() {
      if (index != which) return;
      std::variant_alternative_t<index, T> held{};
      draw(held);
      into = std::move(held);
    };
    (take.template operator()<indices>(), ...);
  }

 private:
  template <class T>
  void draw_instant(T& into) {
    typename T::duration since{};
    draw(since);
    into = number(8) == 0 ? T::max() : T{since};
  }

  template <class T>
  void draw_text(T& into) {
    if constexpr (std::is_same_v<T, std::string_view>) {
      into = number(2) == 0 ? "phase" : "lane_id";
    } else if constexpr (std::is_same_v<T, std::string>) {
      into.resize(number(40));
      for (auto& c : into) c = static_cast<char>(number(4) == 0 ? random_() : 'a' + number(26));
    } else if constexpr (std::is_same_v<T, ShortId>) {
      into = number(5) == 0 ? ShortId{} : ShortId::of("gate-" + std::to_string(number(1000)));
    } else {
      for (auto& byte : into.bytes) byte = static_cast<std::uint8_t>(random_());
    }
  }

  std::mt19937_64 random_;
};

}  // namespace exitgate::trace::test
