// What a failed TLS handshake or a TLS alert means, in words an installer can act on. Pure.
#pragma once

#include <string>

namespace exitgate {

/// `reason`: OpenSSL's reason code (ERR_GET_REASON); `verify_result`: SSL_get_verify_result(), X509_V_OK if the
/// server's certificate was not the matter. `where`: "https://HOST:PORT". `text`: the library's own words.
[[nodiscard]] std::string describe_tls_failure(const std::string& where, int reason, long verify_result,
                                               const std::string& text);

}  // namespace exitgate
