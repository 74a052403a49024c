#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <ostream>
#include <sstream>

#include "api/users.hpp"
#include "base/ids.hpp"
#include "cli/commands.hpp"

namespace exitgate::cli {
namespace {

/// The text of a users file with that user's line replaced, or added at its end.
std::string with_line(std::istream& before, const std::string& name, const std::string& line) {
  std::string text;
  bool replaced = false;
  for (std::string old; std::getline(before, old);) {
    const bool same = old.starts_with(name + ':');
    if (same && replaced) continue;
    text += (same ? line : old) + '\n';
    replaced = replaced || same;
  }
  return replaced ? text : text + line + '\n';
}

/// Written beside it and renamed: a reader sees the old file or the new one.
bool replace_file(const std::string& path, const std::string& text) {
  struct stat old {};
  const bool existed = stat(path.c_str(), &old) == 0;
  const std::string beside = path + ".new";
  const int fd = open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd < 0) return false;
  const bool owned = !existed || (fchmod(fd, old.st_mode & 07777) == 0 && fchown(fd, old.st_uid, old.st_gid) == 0);
  const bool written =
      owned && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  const int cause = errno;
  close(fd);
  if (written && rename(beside.c_str(), path.c_str()) == 0) return true;
  errno = written ? errno : cause;
  unlink(beside.c_str());
  return false;
}

}  // namespace

int users_add(const Session& session, const std::string& file, const std::string& name, const std::string& role,
              const std::string& password) {
  if (!ShortId::parse(name) || !api::parse_role(role)) {
    session.err
        << "exitgate: a user's name has 1 to 32 of A-Z a-z 0-9 . _ -; the role is viewer, operator or installer\n";
    return kBadUsage;
  }
  const auto hash = api::make_password_hash(password);
  if (!hash) {
    session.err << "exitgate: " << hash.error().message << '\n';
    return kBadUsage;
  }
  const std::string line = name + ':' + role + ':' + *hash;
  if (file == "-") {
    session.out << line << '\n';
    return kDone;
  }
  std::ifstream before(file);
  if (!replace_file(file, with_line(before, name, line))) {
    session.err << "exitgate: can't write " << file << ": " << std::strerror(errno) << '\n';
    return kFailed;
  }
  session.out << name << " may log in as " << role << " after `exitgate reload`\n";
  return kDone;
}

}  // namespace exitgate::cli
