#include "receipts/storage_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace exitgate {
namespace {

tl::unexpected<Error> file_error(int code, const std::string& doing) {
  return fail(code == ENOSPC || code == EDQUOT ? "storage_full" : "storage_io",
              doing + ": " + std::generic_category().message(code));
}

std::string directory_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0640)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

class PosixFiles final : public StorageFiles {
 public:
  std::optional<std::uint64_t> size(const std::string& path) override {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return std::nullopt;
    return static_cast<std::uint64_t>(found.st_size);
  }

  Result<std::size_t> read(const std::string& path, std::uint64_t offset, std::span<std::uint8_t> into) override {
    const Descriptor file(path, O_RDONLY);
    if (file.get() < 0) return file_error(errno, "opening " + path);
    std::size_t done = 0;
    while (done < into.size()) {
      const auto got = ::pread(file.get(), into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return file_error(errno, "reading " + path);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (std::rename(from.c_str(), to.c_str()) != 0) return file_error(errno, "renaming " + from + " to " + to);
    const Descriptor directory(directory_of(to), O_RDONLY | O_DIRECTORY);
    if (directory.get() >= 0 && ::fsync(directory.get()) != 0)
      return file_error(errno, "syncing the directory of " + to);
    return {};
  }

  Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return file_error(errno, "removing " + path);
    return {};
  }

  Status reserve(const std::string& path, std::uint64_t bytes) override {
    const Descriptor file(path, O_RDWR | O_CREAT);
    if (file.get() < 0) return file_error(errno, "creating " + path);
    const int code = ::posix_fallocate(file.get(), 0, static_cast<off_t>(bytes));
    if (code == 0) return {};
    ::unlink(path.c_str());
    return file_error(code, "reserving space in " + path);
  }

  std::uint64_t free_bytes(const std::string& path) override {
    struct statvfs disk {};
    if (::statvfs(directory_of(path).c_str(), &disk) != 0) return 0;
    return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  }
};

}  // namespace

StorageFiles& posix_files() {
  static PosixFiles files;
  return files;
}

}  // namespace exitgate
