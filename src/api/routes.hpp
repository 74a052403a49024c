// The requests the control API knows, and who may make them. Internal to api/; pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/users.hpp"

namespace exitgate::api {

enum class Action : std::uint8_t {
  kStatus,
  kLane,
  kCommand,
  kEvents,
  kReceipts,
  kReceipt,
  kRetry,
  kIo,
  kConfig,
  kReload,
  kTrace,
  kMetrics,
  kHealth,
};

struct RouteMatch {
  enum class Kind : std::uint8_t { kFound, kUnknownPath, kWrongMethod };
  Kind kind = Kind::kUnknownPath;
  Action action = Action::kStatus;
  Role role = Role::kViewer;  ///< the least that may
  std::string parameter;      ///< what stands for {…}
  std::string allowed;        ///< for the Allow header
};

/// HEAD is as good as GET.
[[nodiscard]] RouteMatch match_route(std::string_view method, std::string_view path);

}  // namespace exitgate::api
