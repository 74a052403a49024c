// The server side's TLS settings, loaded. Code of errors: tls_files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "http/server.hpp"

namespace boost::asio::ssl {
class context;
}

namespace exitgate::http {

/// The DNS names a certificate (the first of a PEM file) is for; none when it can't be read.
[[nodiscard]] std::vector<std::string> certificate_names(const std::string& certificate_file);

class TlsContext {
 public:
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> load(const TlsSettings& settings);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  [[nodiscard]] boost::asio::ssl::context& asio() { return *context_; }

 private:
  explicit TlsContext(std::unique_ptr<boost::asio::ssl::context> context);
  std::unique_ptr<boost::asio::ssl::context> context_;
};

}  // namespace exitgate::http
