#include <algorithm>
#include <boost/json.hpp>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>

#include "store_folder.hpp"

namespace exitgate::config {
namespace {

/// The keys a table knows: what the finding of an unknown key lists ("one of a, b or c").
std::vector<std::string> keys_offered(const LoadResult& result) {
  for (const Finding& finding : result.findings) {
    if (finding.found != "an unknown key") continue;
    std::vector<std::string> keys;
    std::istringstream words(finding.expected.substr(std::string_view("one of ").size()));
    for (std::string word; words >> word;) {
      if (word.back() == ',') word.pop_back();
      if (word != "or") keys.push_back(word);
    }
    std::sort(keys.begin(), keys.end());
    return keys;
  }
  return {};
}

std::vector<std::string> keys_of(const boost::json::value& schema, std::string_view pointer) {
  std::vector<std::string> keys;
  for (const auto& property : schema.at_pointer(pointer).as_object()) keys.emplace_back(property.key());
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace

TEST_CASE("the JSON schema knows the same keys as the daemon, in every table") {
  std::ostringstream text;
  text << std::ifstream(EXITGATE_SOURCE_DIR "/config/store.schema.json").rdbuf();
  const auto schema = boost::json::parse(text.str());
  const std::string device = "[[device]]\nname = \"x\"\nzzzzzzzzzzzz = 1\ndriver = ";
  const std::string lane = "[[lane]]\nid = \"x\"\n";
  const std::vector<std::pair<std::string, std::string>> tables{
      {"zzzzzzzzzzzz = 1", "/properties"},
      {"[store]\nzzzzzzzzzzzz = 1", "/properties/store/properties"},
      {"[clock]\nzzzzzzzzzzzz = 1", "/properties/clock/properties"},
      {"[backend]\nzzzzzzzzzzzz = 1", "/properties/backend/properties"},
      {"[beacons]\nzzzzzzzzzzzz = 1", "/properties/beacons/properties"},
      {"[offline]\nzzzzzzzzzzzz = 1", "/properties/offline/properties"},
      {"[receipts]\nzzzzzzzzzzzz = 1", "/properties/receipts/properties"},
      {"[api]\nzzzzzzzzzzzz = 1", "/properties/api/properties"},
      {"[shutdown]\nzzzzzzzzzzzz = 1", "/properties/shutdown/properties"},
      {"[inputs]\nzzzzzzzzzzzz = 1", "/properties/inputs/properties"},
      {"[outputs]\nzzzzzzzzzzzz = 1", "/properties/outputs/properties"},
      {device + "\"modbus-tcp\"", "/properties/device/items/oneOf/0/properties"},
      {device + "\"modbus-rtu\"", "/properties/device/items/oneOf/1/properties"},
      {device + "\"gpiochip\"", "/properties/device/items/oneOf/2/properties"},
      {device + "\"hci-uart\"", "/properties/device/items/oneOf/3/properties"},
      {lane + "zzzzzzzzzzzz = 1", "/properties/lane/items/properties"},
      {lane + "inputs.zzzzzzzzzzzz = 1", "/properties/lane/items/properties/inputs/properties"},
      {lane + "outputs.zzzzzzzzzzzz = 1", "/properties/lane/items/properties/outputs/properties"},
      {lane + "timing.zzzzzzzzzzzz = 1", "/properties/lane/items/properties/timing/properties"},
      {lane + "inputs.exit.zzzzzzzzzzzz = 1", "/$defs/input/oneOf/1/properties"},
      {lane + "outputs.barrier.zzzzzzzzzzzz = 1", "/$defs/barrier_output/oneOf/1/properties"},
  };
  const StoreFolder folder;
  for (const auto& [store, pointer] : tables) {
    INFO(store);
    CHECK(keys_offered(folder.load(store)) == keys_of(schema, pointer));
  }
}

}  // namespace exitgate::config
