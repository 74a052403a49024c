#include "cli/status_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cli/daemon.hpp"

namespace exitgate::cli {
namespace json = boost::json;
namespace {

Colour phase_colour(std::string_view phase) {
  if (phase == "admitting" || phase == "passing") return Colour::kGreen;
  if (phase == "faulted" || phase == "refused" || phase == "released") return Colour::kRed;
  if (phase == "held_open" || phase == "out_of_service" || phase == "recovering") return Colour::kYellow;
  return Colour::kNone;
}

Colour severity_colour(std::string_view severity) { return severity == "warning" ? Colour::kYellow : Colour::kRed; }

std::string fault_codes(const json::array& faults) {
  std::string codes;
  for (const auto& fault : faults) codes += (codes.empty() ? "" : " ") + text_at(fault, "code");
  return codes;
}

/// "2026-10-26T05:33:20.000Z" as "2026-10-26 05:33:20".
std::string moment(const std::string& rfc3339) {
  if (rfc3339.size() < 19) return rfc3339;
  return rfc3339.substr(0, 10) + ' ' + rfc3339.substr(11, 8);
}

std::string level(const json::value& value) {
  if (const auto* const on = value.if_bool()) return *on ? "1" : "0";
  return "-";
}

}  // namespace

Lines heading_lines(const json::value& status, std::size_t width, bool colours) {
  const std::string backend = text_at(at(status, "backend"), "state");
  const std::string clock = text_at(status, "clock");
  const auto& receipts = at(status, "receipts");
  const std::string oldest = text_at(receipts, "oldest_age_s");
  const std::string name = "store " + text_at(status, "store_id") + "  gate " + text_at(status, "gate_id");
  const std::string version = "  exitgate " + text_at(status, "version");
  const std::string queue = "  receipts " + text_at(receipts, "queued") + " queued" +
                            (oldest.empty() ? "" : " (oldest " + oldest + " s)") + ", " +
                            text_at(receipts, "quarantined") + " in quarantine";
  const bool online = backend == "online";
  const bool synchronised = clock == "synchronised";
  return {paint(cut(name, width), Colour::kBold, colours) + cut(version, width - std::min(width, columns_of(name))),
          "backend " + paint(backend, online ? Colour::kGreen : Colour::kRed, colours) + "  clock " +
              paint(clock, synchronised ? Colour::kNone : Colour::kYellow, colours) +
              cut(queue, width - std::min(width, std::size_t{15} + backend.size() + clock.size()))};
}

Lines lane_lines(const json::array& lanes, std::size_t width, bool colours) {
  std::vector<std::vector<Cell>> rows;
  for (const auto& lane : lanes) {
    const std::string phase = text_at(lane, "phase");
    rows.push_back({{text_at(lane, "id"), Colour::kBold},
                    {text_at(lane, "mode")},
                    {phase, phase_colour(phase)},
                    {text_at(lane, "reason")},
                    {text_at(lane, "barrier")},
                    {moment(text_at(lane, "since"))},
                    {fault_codes(array_at(lane, "faults")), Colour::kRed}});
  }
  return table({"LANE", "MODE", "PHASE", "REASON", "BARRIER", "SINCE (UTC)", "FAULTS"}, rows, width, colours);
}

Lines device_lines(const json::array& devices, std::size_t width, bool colours) {
  std::vector<std::vector<Cell>> rows;
  for (const auto& device : devices) {
    const std::string state = text_at(device, "state");
    rows.push_back({{text_at(device, "name")},
                    {text_at(device, "driver")},
                    {state, state == "up" ? Colour::kGreen : Colour::kRed},
                    {moment(text_at(device, "since"))}});
  }
  return table({"DEVICE", "DRIVER", "STATE", "SINCE (UTC)"}, rows, width, colours);
}

Lines fault_lines(const json::array& faults, std::size_t width, bool colours) {
  std::vector<std::vector<Cell>> rows;
  for (const auto& fault : faults) {
    const std::string severity = text_at(fault, "severity");
    rows.push_back({{text_at(fault, "code"), severity_colour(severity)},
                    {severity},
                    {text_at(fault, "part")},
                    {moment(text_at(fault, "since"))},
                    {text_at(fault, "advice")}});
  }
  return table({"FAULT", "SEVERITY", "PART", "SINCE (UTC)", "WHAT TO DO"}, rows, width, colours);
}

Lines receipt_lines(const json::value& page, std::size_t width, bool colours) {
  std::vector<std::vector<Cell>> rows;
  for (const auto& receipt : array_at(page, "receipts")) {
    const std::string id = text_at(receipt, "receipt_id");
    const auto& state = at(at(page, "states"), id);
    const std::string name = text_at(state, "state");
    const std::string ended = text_at(receipt, "ended_at");
    rows.push_back({{id},
                    {text_at(receipt, "sequence")},
                    {text_at(receipt, "lane_id")},
                    {text_at(receipt, "kind")},
                    {text_at(receipt, "outcome")},
                    {name, name == "quarantined" ? Colour::kRed : Colour::kNone},
                    {moment(ended.empty() ? text_at(receipt, "authorised_at") : ended)},
                    {text_at(state, "reason")}});
  }
  return table({"RECEIPT", "SEQ", "LANE", "KIND", "OUTCOME", "STATE", "AT (UTC)", "REASON"}, rows, width, colours);
}

Lines point_lines(const json::array& points, std::size_t width, bool colours) {
  std::vector<std::vector<Cell>> rows;
  for (const auto& point : points) {
    const std::string quality = text_at(point, "quality");
    const std::string age = text_at(point, "age_ms");
    rows.push_back({{text_at(point, "point")},
                    {text_at(point, "use")},
                    {level(at(point, "raw"))},
                    {level(at(point, "value")), Colour::kBold},
                    {quality, quality == "good" ? Colour::kNone : Colour::kRed},
                    {age.empty() ? "-" : age}});
  }
  return table({"POINT", "USE", "RAW", "VALUE", "QUALITY", "AGE MS"}, rows, width, colours);
}

std::string event_line(std::string_view event, const json::value& data, std::size_t width, bool colours) {
  const std::string time = text_at(data, "at");
  const std::string lane = text_at(data, "lane_id");
  std::string head =
      (time.size() >= 23 ? time.substr(11, 12) : time) + ' ' + (lane.empty() ? "box" : "lane " + lane) + ' ';
  std::string rest;
  if (const auto* const object = data.if_object()) {
    for (const auto& member : *object) {
      const std::string_view key(member.key().data(), member.key().size());
      if (key != "at" && key != "lane_id") rest.append(" ").append(key).append("=").append(text_at(data, key));
    }
  }
  const bool bad = event == "fault" || event == "alarm";
  const auto used = columns_of(head) + event.size();
  return head + paint(event, bad ? Colour::kRed : Colour::kBold, colours) + cut(rest, width - std::min(width, used));
}

Lines status_lines(const json::value& status, std::size_t width, bool colours) {
  Lines lines = heading_lines(status, width, colours);
  const auto add = [&](const Lines& more) {
    lines.emplace_back();
    lines.insert(lines.end(), more.begin(), more.end());
  };
  add(lane_lines(array_at(status, "lanes"), width, colours));
  add(device_lines(array_at(status, "devices"), width, colours));
  const auto& faults = array_at(status, "faults");
  add(faults.empty() ? Lines{paint("No faults", Colour::kGreen, colours)} : fault_lines(faults, width, colours));
  return lines;
}

}  // namespace exitgate::cli
