// Certificate authorities and certificates made in a temporary folder, for tests that speak TLS.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "support_folder.hpp"

struct evp_pkey_st;
struct x509_st;

namespace exitgate::testing {

struct CertificateFiles {
  std::string certificate;
  std::string private_key;
};

struct CertificateWish {
  std::string common_name = "test";
  std::string alternative_names;  ///< "DNS:localhost,IP:127.0.0.1"; empty: none
  std::chrono::seconds begins{-3600};
  std::chrono::seconds ends{86400};
};

/// An authority with a fresh key. Everything it makes is a file in `folder`.
class CertificateMaker {
 public:
  CertificateMaker(std::filesystem::path folder, const std::string& name);
  ~CertificateMaker();
  CertificateMaker(const CertificateMaker&) = delete;
  CertificateMaker& operator=(const CertificateMaker&) = delete;

  [[nodiscard]] const std::string& ca_file() const { return ca_file_; }
  /// Writes `name`.pem and `name`.key, over any of that name.
  CertificateFiles issue(const std::string& name, const CertificateWish& wish);

 private:
  std::filesystem::path folder_;
  evp_pkey_st* key_ = nullptr;
  x509_st* certificate_ = nullptr;
  std::string ca_file_;
};

inline const CertificateWish kLocalServer{.common_name = "backend",
                                          .alternative_names = "DNS:localhost,IP:127.0.0.1,IP:::1"};

}  // namespace exitgate::testing
