#include "mutator.hpp"

#include <algorithm>

namespace exitgate::fuzz {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// What stands between the quotes; empty where the line is none of a dictionary.
Bytes parse_word(const std::string& line) {
  const auto begin = line.find('"');
  const auto end = line.rfind('"');
  if (line.starts_with('#') || begin == std::string::npos || end == begin) return {};
  Bytes word;
  for (std::size_t i = begin + 1; i < end; ++i) {
    if (line[i] != '\\') {
      word.push_back(static_cast<std::uint8_t>(line[i]));
    } else if (line[i + 1] == 'x' && i + 3 < end) {
      word.push_back(static_cast<std::uint8_t>(hex(line[i + 2]) * 16 + hex(line[i + 3])));
      i += 3;
    } else {
      word.push_back(static_cast<std::uint8_t>(line[++i]));
    }
  }
  return word;
}

}  // namespace

std::vector<Bytes> parse_dictionary(const std::string& text) {
  std::vector<Bytes> words;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (auto word = parse_word(text.substr(at, end - at)); !word.empty()) words.push_back(std::move(word));
    at = end + 1;
  }
  return words;
}

Bytes Mutator::piece_of(const Bytes& from) {
  const auto begin = below(from.size());
  const auto length = 1 + below(std::min<std::size_t>(from.size() - begin, 64));
  const auto end = std::min(from.size(), begin + length);
  return {from.begin() + static_cast<std::ptrdiff_t>(begin), from.begin() + static_cast<std::ptrdiff_t>(end)};
}

void Mutator::insert(Bytes& input, const Bytes& piece) {
  const auto at = below(input.size() + 1);
  input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), piece.begin(), piece.end());
}

void Mutator::spoil(Bytes& input) {
  const auto how = below(8);
  if (input.empty() || how == 0) return insert(input, {static_cast<std::uint8_t>(random_())});
  const auto at = below(input.size());
  switch (how) {
    case 1:
      input[at] = static_cast<std::uint8_t>(input[at] ^ (1U << below(8)));
      return;
    case 2: {
      constexpr std::uint8_t kTelling[] = {0x00, 0x01, 0x7f, 0x80, 0xff, '"', '\\', '\n', '{', ':', '-', '9'};
      input[at] = kTelling[below(std::size(kTelling))];
      return;
    }
    case 3: {
      const auto length = std::min(input.size() - at, 1 + below(16));
      input.erase(input.begin() + static_cast<std::ptrdiff_t>(at),
                  input.begin() + static_cast<std::ptrdiff_t>(at + length));
      return;
    }
    case 4:
      return insert(input, piece_of(input));
    case 5: {
      const auto& other = corpus_[below(corpus_.size())];
      return insert(input, piece_of(other.empty() ? input : other));
    }
    case 6:
      input.resize(at);
      return;
    default:
      if (words_.empty()) {
        input[at] = static_cast<std::uint8_t>(random_());
        return;
      }
      insert(input, words_[below(words_.size())]);
  }
}

Bytes Mutator::next() {
  Bytes input = corpus_[below(corpus_.size())];
  const auto times = 1 + below(8);
  for (std::size_t i = 0; i < times; ++i) spoil(input);
  if (input.size() > kLongest) input.resize(kLongest);
  return input;
}

}  // namespace exitgate::fuzz
