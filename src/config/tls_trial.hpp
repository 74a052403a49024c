// Tries a section's certificate, private key and authorities as the daemon will use them, so that `check` refuses what
// would keep the daemon from starting: junk between PEM markers, a key under a passphrase or of another certificate, a
// certificate too weak for OpenSSL's security level. Private to config/.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.hpp"

struct ssl_ctx_st;

namespace exitgate::config {

enum class PemKind : unsigned char { kCertificate, kPrivateKey, kAuthorities };

class TlsTrial {
 public:
  TlsTrial();
  ~TlsTrial();
  TlsTrial(const TlsTrial&) = delete;
  TlsTrial& operator=(const TlsTrial&) = delete;

  /// `file` is readable; the certificate is taken before its key. Codes: "absent" (nothing of that kind in it),
  /// "unusable" and why, "another_certificate" (the private key is not the one of the certificate taken before).
  [[nodiscard]] Status take(PemKind kind, const std::filesystem::path& file);

 private:
  [[nodiscard]] Status take_private_key(const std::string& file);

  struct Release {
    void operator()(ssl_ctx_st* context) const;
  };
  std::unique_ptr<ssl_ctx_st, Release> context_;
  std::string certificate_;  ///< the file of the one taken; empty: none
};

}  // namespace exitgate::config
