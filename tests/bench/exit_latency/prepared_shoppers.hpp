// Shoppers as the reference backend's admin side makes them. Thread: any, one at a time; it blocks.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "http/client.hpp"

namespace exitgate::bench {

class PreparedShoppers {
 public:
  explicit PreparedShoppers(const std::string& admin_socket);
  /// A walkout who has paid comes to the lane; `pushed`: the gates are told ahead. Gives the session's id.
  [[nodiscard]] Result<std::string> comes(const std::string& lane, bool pushed);
  /// Receipts stored so far, by basis.
  [[nodiscard]] Result<std::int64_t> stored(const std::string& basis);

 private:
  [[nodiscard]] Result<std::string> post(const std::string& target, const std::string& body);
  http::Client admin_;
};

}  // namespace exitgate::bench
