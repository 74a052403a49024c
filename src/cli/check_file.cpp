#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <ostream>

#include "cli/commands.hpp"
#include "config/load.hpp"

namespace exitgate::cli {
namespace json = boost::json;
namespace {

bool is_error(const config::Finding& finding) { return finding.severity == config::FindingSeverity::kError; }

void print_json(const Session& session, const config::LoadResult& result) {
  json::array findings;
  for (const auto& finding : result.findings) {
    findings.push_back(json::object{{"file", finding.file},
                                    {"line", finding.line},
                                    {"column", finding.column},
                                    {"severity", is_error(finding) ? "error" : "warning"},
                                    {"key", finding.key},
                                    {"found", finding.found},
                                    {"expected", finding.expected}});
  }
  session.out << json::serialize(json::object{{"valid", result.config != nullptr}, {"findings", std::move(findings)}})
              << '\n';
}

}  // namespace

int check_file(const Session& session, const std::string& file) {
  const auto result = config::load(file, config::process_environment());
  for (const auto& finding : result.findings) session.err << to_string(finding) << '\n';
  if (session.json) {
    print_json(session, result);
  } else if (result.config) {
    session.out << file << ": good, " << result.config->gate.lanes.size() << " lanes, " << result.config->devices.size()
                << " devices\n";
  }
  return result.config ? kDone : kBadUsage;
}

}  // namespace exitgate::cli
