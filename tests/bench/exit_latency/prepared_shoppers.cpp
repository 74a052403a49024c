#include "prepared_shoppers.hpp"

#include <boost/json.hpp>

namespace exitgate::bench {
namespace {

namespace json = boost::json;

Result<json::object> parsed(const std::string& body) {
  boost::system::error_code error;
  auto value = json::parse(body, error);
  if (error || !value.is_object()) return fail("admin", "the backend's admin side answered no JSON: " + body);
  return std::move(value.as_object());
}

}  // namespace

PreparedShoppers::PreparedShoppers(const std::string& admin_socket) : admin_(http::Client::over_unix(admin_socket)) {}

Result<std::string> PreparedShoppers::post(const std::string& target, const std::string& body) {
  auto answer = admin_.post(target, body);
  if (!answer) return fail(answer.error());
  if (answer->status != 200) return fail("admin", target + " was answered " + answer->body);
  return std::move(answer->body);
}

Result<std::string> PreparedShoppers::comes(const std::string& lane, bool pushed) {
  const auto made = post("/admin/sessions", R"({"kind":"walkout","state":"closed","total":{"amount_minor":4599,)"
                                            R"("currency":"EUR"}})");
  if (!made) return fail(made.error());
  const auto session = parsed(*made);
  if (!session) return fail(session.error());
  const auto* id = session->if_contains("session_id");
  if (id == nullptr || !id->is_string()) return fail("admin", "a session without session_id: " + *made);
  std::string text(id->as_string().c_str());
  const json::object arrival{{"lane_id", lane}, {"session_id", text}, {"push_expected", pushed}};
  if (auto told = post("/admin/arrivals", json::serialize(arrival)); !told) return fail(told.error());
  return text;
}

Result<std::int64_t> PreparedShoppers::stored(const std::string& basis) {
  const auto answer = admin_.get("/admin/summary");
  if (!answer) return fail(answer.error());
  const auto summary = parsed(answer->body);
  if (!summary) return fail(summary.error());
  const auto* bases = summary->if_contains("by_basis");
  const auto* count = bases != nullptr && bases->is_object() ? bases->as_object().if_contains(basis) : nullptr;
  return count != nullptr && count->is_int64() ? count->as_int64() : 0;
}

}  // namespace exitgate::bench
