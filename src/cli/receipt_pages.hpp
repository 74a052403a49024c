// Every receipt the daemon keeps, page by page. Internal to cli/.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <string>

#include "cli/session.hpp"

namespace exitgate::cli {

/// `page` is the whole answer the receipt came in. Returns the exit code; what went wrong was told.
int for_each_receipt(
    const Session& session, const std::string& state,
    const std::function<void(const boost::json::value& receipt, const boost::json::value& page)>& each);

}  // namespace exitgate::cli
