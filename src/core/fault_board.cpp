#include "core/fault_board.hpp"

namespace exitgate {
namespace {

constexpr Duration kFadesAfter = std::chrono::seconds{60};

/// Cleared 60 s after the last time; all others when their cause is gone.
constexpr std::array kFading{FaultCode::kObstructed, FaultCode::kBackendProtocol};

}  // namespace

void FaultBoard::raise(FaultCode code, std::string_view part, std::string_view advice, const Now& now,
                       std::vector<Command>& out, std::optional<Severity> severity) {
  auto& standing = of_code(code);
  const auto found = standing.find(part);
  if (found != standing.end()) {
    found->second.last = now.mono;
    if (!advice.empty()) found->second.fault.advice = advice;
    return;
  }
  const Fault fault{.code = code,
                    .severity = severity.value_or(default_severity(code)),
                    .part = std::string(part),
                    .since = now.wall,
                    .advice = std::string(advice)};
  standing.emplace(fault.part, Standing{fault, now.mono});
  publish(fault, true, now, out);
}

void FaultBoard::clear(FaultCode code, std::string_view part, const Now& now, std::vector<Command>& out) {
  auto& standing = of_code(code);
  const auto found = standing.find(part);
  if (found == standing.end()) return;
  const Fault fault = found->second.fault;
  standing.erase(found);
  publish(fault, false, now, out);
}

void FaultBoard::set(bool active, FaultCode code, std::string_view part, std::string_view advice, const Now& now,
                     std::vector<Command>& out) {
  if (active) {
    raise(code, part, advice, now, out);
  } else {
    clear(code, part, now, out);
  }
}

void FaultBoard::update(Wake& wake, std::vector<Command>& out) {
  for (const auto code : kFading) {
    std::vector<std::string> faded;
    for (const auto& [part, standing] : of_code(code)) {
      if (wake.due(standing.last + kFadesAfter)) faded.push_back(part);
    }
    for (const auto& part : faded) clear(code, part, wake.now(), out);
  }
}

bool FaultBoard::stands(FaultCode code, std::string_view part) const { return of_code(code).contains(part); }

std::vector<Fault> FaultBoard::all() const {
  std::vector<Fault> faults;
  for (const auto& of_code : standing_) {
    for (const auto& [part, standing] : of_code) faults.push_back(standing.fault);
  }
  return faults;
}

std::vector<Fault> FaultBoard::of(std::string_view part) const {
  std::vector<Fault> faults;
  for (const auto& of_code : standing_) {
    if (const auto found = of_code.find(part); found != of_code.end()) faults.push_back(found->second.fault);
  }
  return faults;
}

void FaultBoard::publish(const Fault& fault, bool active, const Now& now, std::vector<Command>& out) const {
  PublicEvent event{.type = PublicEventType::kFault, .at = now.wall, .lane_id = {}, .fields = {}};
  if (fault.part.starts_with("lane:")) event.lane_id = ShortId::parse(fault.part.substr(5));
  event.fields = {{"code", std::string(to_string(fault.code))},
                  {"severity", std::string(to_string(fault.severity))},
                  {"part", fault.part},
                  {"active", active},
                  {"advice", fault.advice}};
  out.emplace_back(Publish{std::move(event)});
}

}  // namespace exitgate
