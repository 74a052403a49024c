#include "tools/rig/scenario.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tools/rig/scenario_sections.hpp"

namespace exitgate::rig {

std::string_view to_string(ShopperKind kind) {
  switch (kind) {
    case ShopperKind::kCart:
      return "cart";
    case ShopperKind::kWalkout:
      return "walkout";
    case ShopperKind::kGroup:
      return "group";
    case ShopperKind::kTailgater:
      return "tailgater";
    case ShopperKind::kWrongWay:
      return "wrong_way";
    case ShopperKind::kObstruct:
      return "obstruct";
    case ShopperKind::kPasserBy:
      return "passer_by";
  }
  return "?";
}

std::string_view to_string(Expectation expectation) {
  switch (expectation) {
    case Expectation::kPasses:
      return "passes";
    case Expectation::kRefusedThenPasses:
      return "refused_then_passes";
    case Expectation::kStays:
      return "stays";
    case Expectation::kEnters:
      return "enters";
    case Expectation::kObstructs:
      return "obstructs";
  }
  return "?";
}

const LaneSpec* Scenario::lane(std::string_view id) const {
  const auto found = std::find_if(lanes.begin(), lanes.end(), [id](const LaneSpec& lane) { return lane.id == id; });
  return found == lanes.end() ? nullptr : &*found;
}

std::string ReadContext::resolve(const std::string& path) const {
  if (path.empty() || directory.empty()) return path;
  return (std::filesystem::path(directory) / path).string();
}

Result<Scenario> parse_scenario(std::string_view text, const std::string& file, const std::string& directory,
                                const std::map<std::string, std::string>& addresses) {
  Findings findings{file, {}};
  Scenario scenario;
  try {
    const toml::table root = toml::parse(text, file);
    const ReadContext context{directory, addresses, findings};
    TomlFields fields(root, "", findings);
    scenario.title = fields.text("title", file);
    if (const toml::table* const table = fields.table("rig")) {
      TomlFields rig(*table, "rig", findings);
      scenario.seed = static_cast<std::uint64_t>(rig.integer("seed", 0, INT64_MAX).value_or(1));
      scenario.settle = rig.seconds("settle_s").value_or(scenario.settle);
    }
    read_hardware(root, fields, context, scenario);
    read_people(fields, context, scenario);
  } catch (const toml::parse_error& error) {
    findings.add(error.source(), "toml", std::string(error.description()));
  }
  if (findings.lines.empty()) return scenario;
  std::string message;
  for (const auto& line : findings.lines) message += (message.empty() ? "" : "\n") + line;
  return fail("bad_scenario", message);
}

Result<Scenario> read_scenario(const std::string& file, const std::string& directory,
                               const std::map<std::string, std::string>& addresses) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail("bad_scenario", file + ": cannot be read; give the path of a scenario file");
  std::ostringstream text;
  text << in.rdbuf();
  return parse_scenario(text.str(), file, directory, addresses);
}

}  // namespace exitgate::rig
