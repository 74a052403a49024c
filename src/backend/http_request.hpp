// One HTTP/1.1 request as bytes (RFC 9112). Pure. Fields are checked where they come from: ids are [A-Za-z0-9._-], the
// cursor has no control characters.
#pragma once

#include <string>
#include <string_view>

namespace exitgate {

struct HttpRequest {
  std::string_view method = "GET";
  std::string target;
  std::string accept = "application/json";
  std::string last_event_id;  ///< empty: left out
  std::string body;           ///< JSON; empty with GET
};

struct HttpOrigin {
  std::string authority;   ///< "host:port", an IPv6 address in brackets
  std::string base_path;   ///< before every target; no slash at its end
  std::string user_agent;  ///< empty: left out
};

[[nodiscard]] inline std::string to_bytes(const HttpRequest& request, const HttpOrigin& origin) {
  std::string out;
  out.reserve(512 + request.body.size());
  out.append(request.method).append(" ").append(origin.base_path).append(request.target).append(" HTTP/1.1\r\nHost: ");
  out.append(origin.authority).append("\r\nAccept: ").append(request.accept).append("\r\n");
  if (!origin.user_agent.empty()) out.append("User-Agent: ").append(origin.user_agent).append("\r\n");
  if (request.accept == "text/event-stream") out.append("Cache-Control: no-store\r\n");
  if (!request.last_event_id.empty()) out.append("Last-Event-ID: ").append(request.last_event_id).append("\r\n");
  if (request.method != "GET") {
    out.append("Content-Type: application/json\r\nContent-Length: ");
    out.append(std::to_string(request.body.size())).append("\r\n");
  }
  out.append("\r\n").append(request.body);
  return out;
}

}  // namespace exitgate
