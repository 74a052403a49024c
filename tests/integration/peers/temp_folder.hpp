// A folder of a test's own, removed with everything in it. Its path is short enough for UNIX sockets.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace exitgate {

class TempFolder {
 public:
  TempFolder() {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no folder can be made in /tmp");
  }
  ~TempFolder() {
    std::error_code ignored;  // what is left is a test's litter in /tmp
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/exitgate-XXXXXX";
};

}  // namespace exitgate
