#include "backend/http_reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

#include "base/check.hpp"

namespace exitgate {
namespace {

namespace http = boost::beast::http;
using ErrorCode = boost::beast::error_code;

constexpr std::uint32_t kHeaderBytesMax = 16 * 1024;
/// "0\r\n\r\n", the shortest of the last chunks. Beast 1.81 asserts that it sees as much when it looks at one again.
constexpr std::size_t kLastChunkBytes = 5;

/// A body that reserves nothing on the other end's word: Beast's string_body takes a Content-Length for granted.
struct PieceBody {
  using value_type = std::string;
  class reader {
   public:
    template <bool IsRequest, class Fields>
    reader(http::header<IsRequest, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, ErrorCode& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, ErrorCode& error) {
      std::size_t taken = 0;
      for (const boost::asio::const_buffer piece : boost::beast::buffers_range_ref(buffers)) {
        body_.append(static_cast<const char*>(piece.data()), piece.size());
        taken += piece.size();
      }
      error = {};
      return taken;
    }
    void finish(ErrorCode& error) { error = {}; }

   private:
    value_type& body_;
  };
};

std::string text_of(boost::beast::string_view field) { return {field.data(), field.size()}; }

}  // namespace

struct HttpReader::Parser {
  http::response_parser<PieceBody> http;
  bool in_chunk_header = false;  ///< pending begins with a chunk's header that was not whole
  std::string pending;  ///< header bytes that do not make a whole line yet: Beast wants them again with what follows
};

HttpReader::HttpReader() = default;
HttpReader::~HttpReader() = default;

void HttpReader::begin(std::size_t body_bytes_max) {
  body_bytes_max_ = body_bytes_max;
  parser_ = std::make_unique<Parser>();
  parser_->http.eager(true);
  parser_->http.header_limit(kHeaderBytesMax);
  if (body_bytes_max == kUnbounded) {
    parser_->http.body_limit(boost::none);
  } else {
    parser_->http.body_limit(body_bytes_max);
  }
  head_.reset();
  done_ = false;
}

Status HttpReader::feed(std::string_view bytes) {
  EXITGATE_CHECK(expecting());
  std::string& pending = parser_->pending;
  pending.append(bytes);
  if (parser_->in_chunk_header && pending.size() < kLastChunkBytes) return {};
  std::size_t used = 0;
  while (used < pending.size()) {
    ErrorCode error;
    const std::size_t taken =
        parser_->http.put(boost::asio::buffer(pending.data() + used, pending.size() - used), error);
    used += taken;
    if (error && error != http::error::need_more) {
      return fail("backend_malformed", "the backend's answer is no HTTP this gate takes: " + error.message());
    }
    if (parser_->http.is_header_done() && !head_) take_head();
    if (parser_->http.is_done()) break;
    if (taken == 0 || error == http::error::need_more) break;
  }
  pending.erase(0, used);
  parser_->in_chunk_header = parser_->http.is_header_done() && !pending.empty();
  if (pending.size() > 2 * kHeaderBytesMax) {
    return fail("backend_malformed", "the backend's answer has an endless header");
  }
  if (!parser_->http.is_done()) return {};
  if (head_->status >= 100 && head_->status < 200) return skip_interim();
  done_ = true;
  return {};
}

Status HttpReader::skip_interim() {
  std::string left = std::move(parser_->pending);
  begin(body_bytes_max_);
  return left.empty() ? Status{} : feed(left);
}

void HttpReader::take_head() {
  const auto& message = parser_->http.get();
  HttpHead head;
  head.status = static_cast<int>(message.result_int());
  head.content_type = text_of(message[http::field::content_type]);
  head.retry_after = text_of(message[http::field::retry_after]);
  head.date = parse_http_date(text_of(message[http::field::date]));
  head.keep_alive = parser_->http.keep_alive();
  head_ = std::move(head);
}

Status HttpReader::end_of_input() {
  if (expecting() && parser_->http.is_header_done() && parser_->http.need_eof()) {
    ErrorCode error;
    parser_->http.put_eof(error);
    if (!error && parser_->http.is_done()) {
      done_ = true;
      return {};
    }
  }
  return fail("backend_malformed", "the backend closed the connection before its answer was complete");
}

bool HttpReader::overrun() const { return done_ && !parser_->pending.empty(); }

std::string HttpReader::take_body() {
  if (!parser_) return {};
  std::string body = std::move(parser_->http.get().body());
  parser_->http.get().body().clear();
  return body;
}

}  // namespace exitgate
