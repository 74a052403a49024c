#include "figures.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

namespace exitgate::bench {
namespace {

enum class Span { kEdgeToWrite, kInputToEdge };

double percentile_us(const std::vector<Stamps>& stamps, Span span, double share) {
  std::vector<std::int64_t> took;
  took.reserve(stamps.size());
  for (const auto& one : stamps)
    took.push_back(span == Span::kEdgeToWrite ? one.opened - one.on_wire : one.on_wire - one.blocked);
  if (took.empty()) return 0;
  std::sort(took.begin(), took.end());
  const auto last = static_cast<double>(took.size() - 1);
  return static_cast<double>(took[static_cast<std::size_t>(share * last + 0.5)]) / 1000.0;
}

std::string row(const std::string& what, const std::vector<Stamps>& stamps) {
  char line[160];
  std::snprintf(line, sizeof line, "%-22s %6zu %12.3f %12.3f %18.3f\n", what.c_str(), stamps.size(),
                percentile_us(stamps, Span::kEdgeToWrite, 0.5) / 1000,
                percentile_us(stamps, Span::kEdgeToWrite, 0.99) / 1000,
                percentile_us(stamps, Span::kInputToEdge, 0.5) / 1000);
  return line;
}

double ratio(const Variant& variant, double share) {
  const double bare = percentile_us(variant.bare, Span::kEdgeToWrite, share);
  return bare > 0 ? percentile_us(variant.daemon, Span::kEdgeToWrite, share) / bare : 0;
}

boost::json::object figures_of(const std::vector<Stamps>& stamps) {
  return {{"exits", stamps.size()},
          {"edge_to_write_us_p50", percentile_us(stamps, Span::kEdgeToWrite, 0.5)},
          {"edge_to_write_us_p99", percentile_us(stamps, Span::kEdgeToWrite, 0.99)},
          {"input_to_edge_us_p50", percentile_us(stamps, Span::kInputToEdge, 0.5)}};
}

}  // namespace

std::string table(const std::vector<Variant>& variants) {
  std::string text = "milliseconds            exits     edge→write p50   p99    input→edge p50\n";
  for (const auto& variant : variants) {
    text += row(variant.basis + ", daemon", variant.daemon) + row(variant.basis + ", bare loop", variant.bare);
    char line[80];
    std::snprintf(line, sizeof line, "%-22s %6s %11.2fx %11.2fx\n", "  daemon / bare", "", ratio(variant, 0.5),
                  ratio(variant, 0.99));
    text += line;
  }
  return text;
}

std::string json(const std::vector<Variant>& variants, const std::string& place) {
  boost::json::object out{{"databases_in", place}};
  for (const auto& variant : variants) {
    out[variant.basis] = boost::json::object{{"daemon", figures_of(variant.daemon)},
                                             {"bare", figures_of(variant.bare)},
                                             {"ratio_p50", ratio(variant, 0.5)},
                                             {"ratio_p99", ratio(variant, 0.99)}};
  }
  return boost::json::serialize(out) + "\n";
}

}  // namespace exitgate::bench
