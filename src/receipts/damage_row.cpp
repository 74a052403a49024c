#include "receipts/damage_row.hpp"

#include <boost/json.hpp>
#include <charconv>

#include "receipts/receipt_json.hpp"
#include "receipts/stored_json_reader.hpp"

namespace exitgate {
namespace {

namespace json = boost::json;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::size_t kMostRanges = 1000;

/// <chain_id>/<first>-<last>
std::string to_text(const SequenceRange& range) {
  return to_string(range.chain_id) + "/" + std::to_string(range.first) + "-" + std::to_string(range.last);
}

std::optional<SequenceRange> parse_range(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto chain = parse_uuid(text.substr(0, slash));
  SequenceRange range;
  const auto* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data() + slash + 1, end, range.first);
  if (!chain || first.ec != std::errc{} || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto last = std::from_chars(first.ptr + 1, end, range.last);
  if (last.ec != std::errc{} || last.ptr != end) return std::nullopt;
  range.chain_id = *chain;
  return range;
}

}  // namespace

StateRow damage_row(const DamageReport& report) {
  json::array missing;
  for (const auto& range : report.missing) {
    if (missing.size() < kMostRanges) missing.emplace_back(to_text(range));
  }
  const json::object body{{"found_at", to_rfc3339(report.found_at)},
                          {"what", valid_utf8(report.what)},
                          {"receipts_salvaged", report.receipts_salvaged},
                          {"undelivered_salvaged", report.undelivered_salvaged},
                          {"receipts_damaged", report.receipts_damaged},
                          {"state_rows_salvaged", report.state_rows_salvaged},
                          {"missing", std::move(missing)}};
  return {std::string(kDamageKind), "", unix_ms(report.found_at) + kDayMs, json::serialize(body)};
}

Result<DamageReport> parse_damage_row(const StateRow& row) {
  StoredJsonReader in(row.body, "damage row");
  DamageReport report;
  report.begun_anew = true;
  report.found_at = in.required_time("found_at");
  report.what = in.required_text("what");
  report.receipts_salvaged = in.required_number<std::size_t>("receipts_salvaged");
  report.undelivered_salvaged = in.required_number<std::size_t>("undelivered_salvaged");
  report.receipts_damaged = in.required_number<std::size_t>("receipts_damaged");
  report.state_rows_salvaged = in.required_number<std::size_t>("state_rows_salvaged");
  for (const auto& text : in.texts("missing")) {
    const auto range = parse_range(text);
    if (!range) return fail("storage_damaged", "field missing of the damage row: \"" + text + "\" is no range");
    report.missing.push_back(*range);
  }
  if (in.error()) return fail("storage_damaged", *in.error());
  return report;
}

}  // namespace exitgate
