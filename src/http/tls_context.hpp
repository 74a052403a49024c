// The server side's TLS settings, loaded. Internal to http/. Code of errors: tls_files.
#pragma once

#include <memory>

#include "base/result.hpp"
#include "http/server.hpp"

namespace boost::asio::ssl {
class context;
}

namespace exitgate::http {

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
