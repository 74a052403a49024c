#include "nginx_process.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace exitgate::testing {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(probe, reinterpret_cast<sockaddr*>(&address), size) != 0) throw std::runtime_error("no free port");
  ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(probe);
  return ntohs(address.sin_port);
}

bool accepts(std::uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool connected = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return connected;
}

std::string configuration(const std::filesystem::path& folder, const std::string& upstream, std::uint16_t port,
                          const NginxWish& wish) {
  std::ostringstream text;
  text << "daemon off;\nmaster_process off;\npid " << folder.string() << "/nginx.pid;\n"
       << "events { worker_connections 256; }\nhttp {\n  access_log off;\n";
  for (const auto* use : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    text << "  " << use << "_temp_path " << folder.string() << "/" << use << ";\n";
  }
  text << "  server {\n    listen 127.0.0.1:" << port << " ssl;\n    ssl_protocols " << wish.protocols << ";\n"
       << "    ssl_certificate " << wish.certificate.certificate << ";\n    ssl_certificate_key "
       << wish.certificate.private_key << ";\n    ssl_verify_client on;\n    ssl_client_certificate "
       << wish.client_ca_file << ";\n"
       << "    location / {\n      proxy_pass http://unix:" << upstream
       << ":;\n      proxy_buffering off;\n    }\n  }\n}\n";
  return text.str();
}

}  // namespace

NginxProcess::NginxProcess(std::filesystem::path folder, std::string upstream_socket)
    : folder_(std::move(folder)), upstream_socket_(std::move(upstream_socket)), port_(free_port()) {}

void NginxProcess::run(const NginxWish& wish) {
  stop();
  const std::string config = (folder_ / "nginx.conf").string();
  std::ofstream(config) << configuration(folder_, upstream_socket_, port_, wish);
  const std::string log = (folder_ / "error.log").string();
  const std::string prefix = folder_.string();
  // Debian has it in /usr/sbin, which is not on every user's PATH.
  const char* program = ::access("/usr/sbin/nginx", X_OK) == 0 ? "/usr/sbin/nginx" : "nginx";
  const char* arguments[] = {program, "-p", prefix.c_str(), "-e", log.c_str(), "-c", config.c_str(), nullptr};
  if (::posix_spawnp(&pid_, program, nullptr, nullptr, const_cast<char* const*>(arguments), environ) != 0) {
    throw std::runtime_error("nginx cannot be started; run tools/setup");
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!accepts(port_)) {
    int status = 0;
    const bool ended = ::waitpid(pid_, &status, WNOHANG) == pid_;
    if (ended || std::chrono::steady_clock::now() > end) {
      if (ended) pid_ = -1;
      std::ostringstream why;
      why << "nginx does not listen: " << std::ifstream(log).rdbuf();
      throw std::runtime_error(why.str());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void NginxProcess::stop() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace exitgate::testing
