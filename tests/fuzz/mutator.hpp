// Spoils inputs: bits, bytes, pieces cut out, doubled, moved in from another input, words of a dictionary put in.
// The same seed gives the same inputs. No feedback of coverage: that is libFuzzer's part (tools/fuzz).
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace exitgate::fuzz {

using Bytes = std::vector<std::uint8_t>;

/// The words of a libFuzzer dictionary: `"…"` or `name="…"` a line, with \xNN, \\ and \" escaped.
[[nodiscard]] std::vector<Bytes> parse_dictionary(const std::string& text);

class Mutator {
 public:
  /// `corpus` must not be empty.
  Mutator(std::vector<Bytes> corpus, std::vector<Bytes> words, std::uint64_t seed)
      : corpus_(std::move(corpus)), words_(std::move(words)), random_(seed) {}

  /// One of the corpus, spoiled one to eight times; at most kLongest bytes.
  [[nodiscard]] Bytes next();

  static constexpr std::size_t kLongest = 4096;

 private:
  [[nodiscard]] std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }
  void spoil(Bytes& input);
  void insert(Bytes& input, const Bytes& piece);
  [[nodiscard]] Bytes piece_of(const Bytes& from);

  std::vector<Bytes> corpus_;
  std::vector<Bytes> words_;
  std::mt19937_64 random_;
};

}  // namespace exitgate::fuzz
