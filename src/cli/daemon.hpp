// What `exitgate` asks of the daemon, and how it tells people that this failed. Internal to cli/.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cli/session.hpp"
#include "http/client.hpp"

namespace exitgate::cli {

struct DaemonAnswer {
  unsigned status = 0;
  std::string text;
  boost::json::value json;
};

[[nodiscard]] http::Client client_of(const Session& session);
/// An answer of any status whose body is JSON. Codes of http::Client, and `broken`.
[[nodiscard]] Result<DaemonAnswer> ask(const Session& session, const std::string& method, const std::string& target,
                                       const std::string& body = "");
/// Asks and hands a 200 to `show`, JSON printed as it came with --json; anything else is told and fails.
int ask_and_show(const Session& session, const std::string& method, const std::string& target, const std::string& body,
                 const std::function<void(const boost::json::value&)>& show);

/// The error of an answer that is not 200.
[[nodiscard]] Error error_of(const DaemonAnswer& answer);
/// Says what happened, where, and what to do; as JSON on out with --json. Returns the exit code.
int tell(const Session& session, const Error& error);

/// The member as text; empty where it is missing or null.
[[nodiscard]] std::string text_at(const boost::json::value& value, std::string_view key);
[[nodiscard]] const boost::json::value& at(const boost::json::value& value, std::string_view key);
[[nodiscard]] const boost::json::array& array_at(const boost::json::value& value, std::string_view key);

}  // namespace exitgate::cli
