// Why a connection to the backend could not be made, or ended. Values only.
#pragma once

#include <string>

#include "core/backend_messages.hpp"

namespace exitgate {

struct ConnectionFailure {
  NoAnswerCause cause =
      NoAnswerCause::kTransport;  ///< kTransport, kTimeout, kTls or kMalformed (bytes that are no HTTP)
  std::string detail;             ///< what happened, where, what to do
};

}  // namespace exitgate
