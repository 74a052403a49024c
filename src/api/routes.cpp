#include "api/routes.hpp"

#include <array>
#include <optional>

namespace exitgate::api {
namespace {

struct Route {
  std::string_view method;
  std::string_view before;  ///< the path up to its parameter, or all of it
  std::string_view after;   ///< the path behind its parameter
  bool has_parameter;
  Action action;
  Role role;
};

constexpr std::array<Route, 13> kRoutes{{
    {"GET", "/api/v1/status", "", false, Action::kStatus, Role::kViewer},
    {"GET", "/api/v1/lanes/", "", true, Action::kLane, Role::kViewer},
    {"POST", "/api/v1/lanes/", "/commands", true, Action::kCommand, Role::kOperator},
    {"GET", "/api/v1/events", "", false, Action::kEvents, Role::kViewer},
    {"GET", "/api/v1/receipts", "", false, Action::kReceipts, Role::kViewer},
    {"GET", "/api/v1/receipts/", "", true, Action::kReceipt, Role::kViewer},
    {"POST", "/api/v1/receipts/", "/retry", true, Action::kRetry, Role::kOperator},
    {"GET", "/api/v1/io", "", false, Action::kIo, Role::kViewer},
    {"GET", "/api/v1/config", "", false, Action::kConfig, Role::kViewer},
    {"POST", "/api/v1/reload", "", false, Action::kReload, Role::kInstaller},
    {"GET", "/api/v1/trace", "", false, Action::kTrace, Role::kOperator},
    {"GET", "/metrics", "", false, Action::kMetrics, Role::kViewer},
    {"GET", "/healthz", "", false, Action::kHealth, Role::kViewer},
}};

/// The parameter's text (empty for a route without one); nothing where the path is another.
std::optional<std::string_view> match_path(const Route& route, std::string_view path) {
  if (!route.has_parameter) return path == route.before ? std::optional<std::string_view>("") : std::nullopt;
  if (path.size() <= route.before.size() + route.after.size()) return std::nullopt;
  if (!path.starts_with(route.before) || !path.ends_with(route.after)) return std::nullopt;
  const auto parameter = path.substr(route.before.size(), path.size() - route.before.size() - route.after.size());
  if (parameter.find('/') != std::string_view::npos) return std::nullopt;
  return parameter;
}

}  // namespace

RouteMatch match_route(std::string_view method, std::string_view path) {
  RouteMatch match;
  if (method == "HEAD") method = "GET";
  for (const auto& route : kRoutes) {
    const auto parameter = match_path(route, path);
    if (!parameter) continue;
    if (route.method == method) {
      return {RouteMatch::Kind::kFound, route.action, route.role, std::string(*parameter), ""};
    }
    match.kind = RouteMatch::Kind::kWrongMethod;
    match.allowed = route.method == "GET" ? "GET, HEAD" : std::string(route.method);
  }
  return match;
}

}  // namespace exitgate::api
