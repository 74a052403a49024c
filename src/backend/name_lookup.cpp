#include "backend/name_lookup.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <thread>

namespace exitgate {
namespace {

constexpr std::size_t kAddressesMax = 8;
constexpr std::size_t kWaitingMax = 64;

Result<std::vector<std::string>> blocking_lookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    return fail("backend_lookup", "the backend's host name '" + host + "' cannot be resolved (" +
                                      ::gai_strerror(error) + "); check [backend] url and the box's DNS");
  }
  std::vector<std::string> addresses;
  for (const addrinfo* entry = found; entry != nullptr && addresses.size() < kAddressesMax; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    if (std::find(addresses.begin(), addresses.end(), text) == addresses.end()) addresses.emplace_back(text);
  }
  ::freeaddrinfo(found);
  return addresses;
}

}  // namespace

/// Outlives the lookup while a thread is out. `loop` is null once nobody may be told any more.
struct NameLookup::Shared {
  std::mutex mutex;
  boost::asio::io_context* loop = nullptr;  ///< guarded by mutex
  std::string host;
  Resolver resolver;
  std::vector<Done> waiting;           ///< loop thread only
  std::vector<std::string> last_good;  ///< loop thread only
};

NameLookup::NameLookup(boost::asio::io_context& loop, std::string host)
    : NameLookup(loop, std::move(host), blocking_lookup) {}

NameLookup::NameLookup(boost::asio::io_context& loop, std::string host, Resolver resolver)
    : shared_(std::make_shared<Shared>()) {
  shared_->loop = &loop;
  shared_->host = std::move(host);
  shared_->resolver = std::move(resolver);
}

NameLookup::~NameLookup() {
  const std::lock_guard lock(shared_->mutex);
  shared_->loop = nullptr;
  shared_->waiting.clear();
}

void NameLookup::resolve(Done done) {
  boost::system::error_code no_address;
  boost::asio::ip::make_address(shared_->host, no_address);
  if (!no_address) {
    done(std::vector<std::string>{shared_->host});
    return;
  }
  // A resolver can hang for as long as it likes, and a box that goes on trying must not wait for it each time.
  const bool out = !shared_->waiting.empty();
  if (out && !shared_->last_good.empty()) return done(shared_->last_good);
  if (shared_->waiting.size() >= kWaitingMax) {
    return done(fail("backend_lookup", "the box's DNS has not answered for '" + shared_->host + "' yet, and " +
                                           std::to_string(kWaitingMax) + " attempts wait for it; check the box's DNS"));
  }
  shared_->waiting.push_back(std::move(done));
  if (out) return;
  std::thread([shared = shared_] {
    auto answer = shared->resolver(shared->host);
    const std::lock_guard lock(shared->mutex);
    if (shared->loop == nullptr) return;
    boost::asio::post(*shared->loop, [weak = std::weak_ptr(shared), answer = std::move(answer)] {
      const auto alive = weak.lock();
      if (!alive) return;
      if (answer) alive->last_good = *answer;
      const bool fall_back = !answer && !alive->last_good.empty();
      for (const auto& waiter : std::exchange(alive->waiting, {})) {
        waiter(fall_back ? Result<std::vector<std::string>>(alive->last_good) : answer);
      }
    });
  }).detach();
}

}  // namespace exitgate
