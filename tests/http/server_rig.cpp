#include "server_rig.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <future>
#include <thread>

namespace exitgate::http::test {
namespace {

constexpr std::chrono::seconds kBound{10};

std::string temporary_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "exitgate-http-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  return name;
}

}  // namespace

struct ServerRig::Loop {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  std::unique_ptr<Server> server;
  std::thread thread;
};

ServerRig::ServerRig(Server::Handler handler, Limits limits)
    : folder_(temporary_folder()), loop_(std::make_unique<Loop>()) {
  loop_->server = std::make_unique<Server>(loop_->io, std::move(handler), limits);
  loop_->thread = std::thread([this] { loop_->io.run(); });
}

ServerRig::~ServerRig() {
  boost::asio::post(loop_->io, [this] {
    loop_->server.reset();
    loop_->work.reset();
  });
  loop_->thread.join();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void ServerRig::run(const std::function<void(Server&)>& work) {
  std::promise<void> done;
  boost::asio::post(loop_->io, [&] {
    work(*loop_->server);
    done.set_value();
  });
  REQUIRE(done.get_future().wait_for(kBound) == std::future_status::ready);
}

std::uint16_t ServerRig::listen_tcp(std::optional<TlsSettings> tls) {
  Result<std::uint16_t> port = fail("none", "");
  run([&](Server& server) { port = server.listen(TcpListener{"127.0.0.1", 0, tls}); });
  INFO((port ? "" : port.error().message));
  REQUIRE(port.has_value());
  return *port;
}

std::string ServerRig::listen_unix(unsigned mode) {
  const std::string path = folder_ + "/s.sock";
  Status status;
  run([&](Server& server) { status = server.listen(UnixListener{path, mode}); });
  INFO((status ? "" : status.error().message));
  REQUIRE(status.has_value());
  return path;
}

RawClient::RawClient(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

RawClient::RawClient(const std::string& unix_path) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, unix_path.c_str(), unix_path.size() + 1);
  REQUIRE(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

RawClient::~RawClient() { close(); }

void RawClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void RawClient::send(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the server closed; what it said before is read
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string RawClient::read_until(std::string_view mark) {
  const auto deadline = std::chrono::steady_clock::now() + kBound;
  while (mark.empty() || got_.find(mark) == std::string::npos) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{fd_, POLLIN, 0};
    INFO("read so far: " << got_.substr(0, 2000));
    REQUIRE(poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) == 1);
    std::array<char, 4096> chunk;
    const ssize_t size = recv(fd_, chunk.data(), chunk.size(), 0);
    if (size <= 0) break;
    got_.append(chunk.data(), static_cast<std::size_t>(size));
  }
  return std::exchange(got_, {});
}

std::string RawClient::read_to_end() { return read_until(""); }

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kBound;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

Ran run_command(const std::string& command) {
  Ran ran;
  FILE* const pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> chunk;
  for (std::size_t size = 0; (size = fread(chunk.data(), 1, chunk.size(), pipe)) > 0;)
    ran.output.append(chunk.data(), size);
  const int status = pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

}  // namespace exitgate::http::test
