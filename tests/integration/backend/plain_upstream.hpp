// Plain HTTP on a UNIX socket behind nginx: one request per connection (nginx speaks HTTP/1.0 to it), answered by a
// script.
#pragma once

#include <atomic>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include "tls_test_server.hpp"

namespace exitgate::testing {

class PlainUpstream {
 public:
  PlainUpstream(std::string path, Script script);
  ~PlainUpstream();
  PlainUpstream(const PlainUpstream&) = delete;
  PlainUpstream& operator=(const PlainUpstream&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  void accept_all();
  void serve(int socket);

  std::string path_;
  Script script_;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  std::list<std::thread> threads_;
};

}  // namespace exitgate::testing
