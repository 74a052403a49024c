#include "backend/http_reader.hpp"

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

#include "base/check.hpp"
#include "http/bounded_feed.hpp"

namespace exitgate {
namespace {

namespace beast = boost::beast::http;
using ErrorCode = boost::beast::error_code;

constexpr std::uint32_t kHeaderBytesMax = 16 * 1024;

/// A body that reserves nothing on the other end's word: Beast's string_body takes a Content-Length for granted.
struct PieceBody {
  using value_type = std::string;
  class reader {
   public:
    template <bool IsRequest, class Fields>
    reader(beast::header<IsRequest, Fields>&, value_type& body) : body_(body) {}
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
  beast::response_parser<PieceBody> http;
  exitgate::http::BoundedFeed feed{kHeaderBytesMax};
  std::string pending;  ///< of a part that is not whole yet: Beast wants it again with what follows
};

HttpReader::HttpReader() = default;
HttpReader::~HttpReader() = default;

void HttpReader::begin(std::size_t body_bytes_max) {
  body_bytes_max_ = body_bytes_max;
  parser_ = std::make_unique<Parser>();
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
  ErrorCode error;
  parser_->feed.feed(parser_->http, pending, error, [this] { take_head(); });
  if (error == beast::error::header_limit) {
    return fail("backend_malformed", "the backend's answer has an endless header");
  }
  if (error) return fail("backend_malformed", "the backend's answer is no HTTP this gate takes: " + error.message());
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
  head.content_type = text_of(message[beast::field::content_type]);
  head.retry_after = text_of(message[beast::field::retry_after]);
  head.date = parse_http_date(text_of(message[beast::field::date]));
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
