// Incremental reader of HTTP/1.1 answers on one connection (RFC 9112), over Beast's parser. No sockets, no clock.
//
// begin() opens the bracket for one answer; bytes then go into feed() as they come. Interim answers (1xx) are passed
// over. Bounds: 16 KiB of header, `body_bytes_max` of body; more is an error. For a body without end (event stream) the
// caller gives kUnbounded and takes pieces with take_body() after every feed().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/wall_time.hpp"

namespace exitgate {

inline constexpr std::size_t kUnbounded = 0;

struct HttpHead {
  int status = 0;
  std::string content_type;
  std::string retry_after;
  std::optional<WallTime> date;
  bool keep_alive = false;
};

class HttpReader {
 public:
  HttpReader();
  ~HttpReader();
  HttpReader(const HttpReader&) = delete;
  HttpReader& operator=(const HttpReader&) = delete;

  void begin(std::size_t body_bytes_max);
  /// Between begin() and the answer's end.
  [[nodiscard]] bool expecting() const { return parser_ != nullptr && !done_; }
  /// Only while expecting(). Error code "backend_malformed".
  [[nodiscard]] Status feed(std::string_view bytes);
  /// The connection ended in an orderly way: completes an answer that has no other end, else an error.
  [[nodiscard]] Status end_of_input();

  [[nodiscard]] const std::optional<HttpHead>& head() const { return head_; }
  [[nodiscard]] bool done() const { return done_; }
  /// Bytes came after the answer's end, which nobody asked for.
  [[nodiscard]] bool overrun() const;
  [[nodiscard]] std::string take_body();

 private:
  struct Parser;
  void take_head();
  [[nodiscard]] Status skip_interim();

  std::unique_ptr<Parser> parser_;
  std::size_t body_bytes_max_ = kUnbounded;
  std::optional<HttpHead> head_;
  bool done_ = false;
};

}  // namespace exitgate
