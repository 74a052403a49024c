#include "tools/rig/calls.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "http/client.hpp"
#include "tools/rig/address.hpp"

namespace exitgate::rig {
namespace {

constexpr std::size_t kMaxWaiting = 1000;
constexpr std::chrono::milliseconds kTimeout{8000};

struct Call {
  std::string method;
  std::string target;
  std::string body;
  Calls::Answer answer;
};

Result<std::string> ask(const http::Client& client, const Call& call) {
  const auto response = call.method == "GET" ? client.get(call.target) : client.post(call.target, call.body);
  if (!response) return fail(response.error().within(call.method + " " + call.target));
  if (response->status / 100 == 2) return response->body;
  return fail("refused",
              call.method + " " + call.target + ": " + std::to_string(response->status) + " " + response->body);
}

}  // namespace

struct Calls::Worker {
  Worker(boost::asio::io_context& context, http::Client peer) : io(context), client(std::move(peer)) {
    client.set_timeout(kTimeout);
    thread = std::thread([this] { run(); });
  }

  void run() {
    while (auto call = next()) {
      boost::asio::post(io, [this_alive = alive, answer = std::move(call->answer), result = ask(client, *call), this] {
        if (!*this_alive) return;
        --unanswered;
        if (answer) answer(result);
      });
    }
  }

  std::optional<Call> next() {
    std::unique_lock lock(mutex);
    wake.wait(lock, [this] { return stopping || !waiting.empty(); });
    if (stopping) return std::nullopt;
    Call call = std::move(waiting.front());
    waiting.pop_front();
    return call;
  }

  void add(Call call) {
    const std::lock_guard lock(mutex);
    if (waiting.size() >= kMaxWaiting) return;
    ++unanswered;
    waiting.push_back(std::move(call));
    wake.notify_one();
  }

  boost::asio::io_context& io;
  http::Client client;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Call> waiting;
  bool stopping = false;
  std::size_t unanswered = 0;  ///< the io_context's thread only
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  std::thread thread;
};

Result<std::unique_ptr<Calls>> Calls::to(boost::asio::io_context& io, const std::string& address) {
  const bool bare = !address.starts_with("unix:") && !address.starts_with("tcp:");
  const auto where = parse_address(bare ? "tcp:" + address : address);
  if (!where) return fail(where.error());
  auto client = where->transport == Transport::kUnix ? http::Client::over_unix(where->path)
                                                     : http::Client::over_tcp(where->tcp.host, where->tcp.port);
  return std::unique_ptr<Calls>(new Calls(std::make_unique<Worker>(io, std::move(client))));
}

Calls::Calls(std::unique_ptr<Worker> worker) : worker_(std::move(worker)) {}

Calls::~Calls() {
  *worker_->alive = false;
  {
    const std::lock_guard lock(worker_->mutex);
    worker_->stopping = true;
    worker_->wake.notify_one();
  }
  worker_->thread.join();
}

void Calls::get(const std::string& target, Answer answer) { worker_->add({"GET", target, "", std::move(answer)}); }

void Calls::post(const std::string& target, const std::string& json, Answer answer) {
  worker_->add({"POST", target, json, std::move(answer)});
}

std::size_t Calls::pending() const { return worker_->unanswered; }

}  // namespace exitgate::rig
