// Reads one request out of a stream of bytes (RFC 9112), on Beast's parser. Pure: bytes go in, a Request or the reason
// for refusing it comes out. Ownership: value. Bounds: header and body; what is not consumed stays with the caller.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "http/message.hpp"

namespace exitgate::http {

struct Rejection {
  unsigned status = 400;
  std::string code;
  std::string message;
};

class RequestReader {
 public:
  enum class Progress : unsigned char { kNeedMore, kComplete, kRejected };

  RequestReader(std::size_t header_bytes, std::size_t body_bytes);
  ~RequestReader();
  RequestReader(RequestReader&&) noexcept;
  RequestReader& operator=(RequestReader&&) noexcept;

  /// Takes what it can use off the front of `input`.
  [[nodiscard]] Progress feed(std::string& input);
  /// True once, when the header is complete, the body is not, and the client waits for "100 Continue".
  [[nodiscard]] bool take_expectation();
  [[nodiscard]] bool http_1_0() const;
  [[nodiscard]] bool keep_alive() const;
  /// After kComplete; `peer` is left as it is by default.
  [[nodiscard]] Request take();
  /// After kRejected.
  [[nodiscard]] const Rejection& rejection() const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace exitgate::http
