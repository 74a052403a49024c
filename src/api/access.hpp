// Which requests are let in before anybody asks who sends them. Pure.
// A web page of another site must neither read nor command the gate, also not by pointing its own name at the gate's
// address (DNS rebinding): the Host must be one of ours, and an Origin must be that Host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace exitgate::api {

/// True for 127.0.0.0/8, ::1 and "localhost".
[[nodiscard]] bool is_loopback_host(std::string_view host);
/// The request's Host is the address it was sent to, "localhost" on loopback, or one of `names`.
/// On a UNIX socket: none, a word without a dot ("localhost", "unix"), a path, a loopback address, or one of `names`.
[[nodiscard]] bool host_is_ours(const http::Request& request, const std::vector<std::string>& names);
/// There is no Origin, or it names the same host and port as Host.
[[nodiscard]] bool origin_is_ours(const http::Request& request);

}  // namespace exitgate::api
