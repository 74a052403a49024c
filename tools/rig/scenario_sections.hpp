// The parts of reading a scenario, each for some of its sections. Only for scenario_*.cpp.
#pragma once

#include <map>
#include <string>

#include "tools/rig/scenario.hpp"
#include "tools/rig/toml_fields.hpp"

namespace exitgate::rig {

struct ReadContext {
  std::string directory;
  const std::map<std::string, std::string>& addresses;
  Findings& findings;

  /// A relative path, taken relative to the rig's directory.
  [[nodiscard]] std::string resolve(const std::string& path) const;
};

void read_hardware(const toml::table& root, TomlFields& fields, const ReadContext& context, Scenario& scenario);
void read_people(TomlFields& fields, const ReadContext& context, Scenario& scenario);

}  // namespace exitgate::rig
