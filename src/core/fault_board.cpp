#include "core/fault_board.hpp"

namespace exitgate {
namespace {

constexpr Duration kFadesAfter = std::chrono::seconds{60};

/// Cleared 60 s after the last time; all others when their cause is gone.
bool fades(FaultCode code) { return code == FaultCode::kObstructed || code == FaultCode::kBackendProtocol; }

}  // namespace

void FaultBoard::raise(FaultCode code, std::string_view part, std::string_view advice, const Now& now,
                       std::vector<Command>& out, std::optional<Severity> severity) {
  const auto found = standing_.find(std::pair(code, part));
  if (found != standing_.end()) {
    found->second.last = now.mono;
    return;
  }
  const Fault fault{.code = code,
                    .severity = severity.value_or(default_severity(code)),
                    .part = std::string(part),
                    .since = now.wall,
                    .advice = std::string(advice)};
  standing_.emplace(std::pair(code, fault.part), Standing{fault, now.mono});
  publish(fault, true, now, out);
}

void FaultBoard::clear(FaultCode code, std::string_view part, const Now& now, std::vector<Command>& out) {
  if (standing_.empty()) return;
  const auto found = standing_.find(std::pair(code, part));
  if (found == standing_.end()) return;
  const Fault fault = found->second.fault;
  standing_.erase(found);
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
  std::vector<std::pair<FaultCode, std::string>> faded;
  for (const auto& [key, standing] : standing_) {
    if (fades(key.first) && wake.due(standing.last + kFadesAfter)) faded.push_back(key);
  }
  for (const auto& [code, part] : faded) clear(code, part, wake.now(), out);
}

bool FaultBoard::stands(FaultCode code, std::string_view part) const {
  return !standing_.empty() && standing_.contains(std::pair(code, part));
}

std::vector<Fault> FaultBoard::all() const {
  std::vector<Fault> faults;
  for (const auto& [key, standing] : standing_) faults.push_back(standing.fault);
  return faults;
}

std::vector<Fault> FaultBoard::of(std::string_view part) const {
  std::vector<Fault> faults;
  for (const auto& [key, standing] : standing_) {
    if (key.second == part) faults.push_back(standing.fault);
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
