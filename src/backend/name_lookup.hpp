// Host name to addresses, without blocking the loop and without holding it up at its end: getaddrinfo() runs on a
// thread of its own, at most one at a time, which is left behind when the lookup is destroyed (it can hang for as long
// as the resolver likes). Callbacks come on the loop; none after destruction. An address given as text is answered
// without a thread. When a lookup fails, or one is still out, the last good answer is given again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace boost::asio {
class io_context;
}

namespace exitgate {

class NameLookup {
 public:
  using Done = std::function<void(Result<std::vector<std::string>>)>;  ///< numeric addresses, at most 8

  /// Blocks; called on the lookup's thread.
  using Resolver = std::function<Result<std::vector<std::string>>(const std::string& host)>;

  NameLookup(boost::asio::io_context& loop, std::string host);
  NameLookup(boost::asio::io_context& loop, std::string host, Resolver resolver);
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  /// Error code "backend_lookup". Up to 64 callers while a lookup runs share its answer, unless there is a good one of
  /// before: it is given at once.
  void resolve(Done done);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace exitgate
