#include "daemon/certificate_watch.hpp"

#include <sys/stat.h>

#include <utility>

#include "backend/tls_backend_link.hpp"

namespace exitgate::daemon {
namespace {

constexpr std::chrono::hours kExpiryWarned{24 * 30};

}  // namespace

std::string file_stamp(const std::filesystem::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return {};
  return std::to_string(info.st_ino) + "," + std::to_string(info.st_size) + "," + std::to_string(info.st_mtim.tv_sec) +
         "." + std::to_string(info.st_mtim.tv_nsec);
}

void CertificateWatch::add(std::filesystem::path file, Renewed renewed) {
  files_.push_back({.file = std::move(file), .renewed = renewed, .stamp = {}, .until = {}});
}

void CertificateWatch::look() {
  for (auto& watched : files_) {
    if (watched.renewed == Renewed::kByReload && watched.until) continue;
    auto stamp = file_stamp(watched.file);
    if (stamp == watched.stamp) continue;
    watched.stamp = std::move(stamp);
    if (const auto until = certificate_not_after(watched.file.string())) watched.until = *until;
  }
}

std::string CertificateWatch::advice(WallTime now) const {
  std::string advice;
  for (const auto& watched : files_) {
    if (!watched.until || *watched.until - kExpiryWarned >= now) continue;
    advice += (advice.empty() ? "" : "; ") + watched.file.string() + " is valid until " + to_rfc3339(*watched.until) +
              ": renew it" + (watched.renewed == Renewed::kByReload ? ", then reload" : "");
  }
  return advice;
}

}  // namespace exitgate::daemon
