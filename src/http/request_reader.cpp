#include "http/request_reader.hpp"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "http/bounded_feed.hpp"
#include "http/request_target.hpp"

namespace exitgate::http {
namespace beast = boost::beast;

struct RequestReader::Parser {
  explicit Parser(std::size_t header_bytes_max) : feed(header_bytes_max), header_bytes(header_bytes_max) {}

  beast::http::request_parser<beast::http::string_body> beast;
  BoundedFeed feed;
  std::size_t header_bytes;
  std::size_t body_bytes = 0;
  bool expectation_taken = false;
  Request request;
  Rejection rejection;

  Progress reject(unsigned status, std::string code, std::string message) {
    rejection = {status, std::move(code), std::move(message)};
    return Progress::kRejected;
  }
  Progress reject(const beast::error_code& cause) {
    using beast::http::error;
    if (is(cause, error::body_limit)) {
      return reject(413, "body_too_large", "The body is larger than " + std::to_string(body_bytes) + " bytes");
    }
    if (is(cause, error::header_limit) || is(cause, error::buffer_overflow)) {
      return reject(431, "header_too_large", "The header is larger than " + std::to_string(header_bytes) + " bytes");
    }
    return reject(400, "bad_request", "This is no HTTP/1.1 request: " + cause.message());
  }
  static bool is(const beast::error_code& cause, beast::http::error which) {
    return cause == beast::http::make_error_code(which);
  }

  void take_headers() {
    for (const auto& field : beast.get()) {
      const auto name = field.name_string();
      const auto value = field.value();
      request.headers.emplace_back(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
    }
  }

  Progress finish() {
    auto& message = beast.get();
    const auto is_host = [](const auto& header) { return equal_ignoring_case(header.first, "Host"); };
    const auto host_count = std::count_if(request.headers.begin(), request.headers.end(), is_host);
    if (host_count > 1 || (host_count == 0 && message.version() >= 11)) {
      return reject(400, "bad_request", "An HTTP/1.1 request has exactly one Host header");
    }
    const auto raw_target = message.target();
    request.target.assign(raw_target.data(), raw_target.size());
    auto target = parse_target(request.target);
    if (!target) return reject(400, "bad_request", "The request's target can't be read");
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    request.method.assign(message.method_string().data(), message.method_string().size());
    if (target->authority) {
      for (auto& header : request.headers) {
        if (is_host(header)) header.second = *target->authority;
      }
    }
    request.body = std::move(message.body());
    return Progress::kComplete;
  }
};

RequestReader::RequestReader(std::size_t header_bytes, std::size_t body_bytes)
    : parser_(std::make_unique<Parser>(header_bytes)) {
  parser_->body_bytes = body_bytes;
  parser_->beast.header_limit(static_cast<std::uint32_t>(header_bytes));
  parser_->beast.body_limit(body_bytes);
}
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;

RequestReader::Progress RequestReader::feed(std::string& input) {
  beast::error_code error;
  parser_->feed.feed(parser_->beast, input, error, [this] { parser_->take_headers(); });
  if (error) return parser_->reject(error);
  return parser_->beast.is_done() ? parser_->finish() : Progress::kNeedMore;
}

bool RequestReader::take_expectation() {
  const auto& parser = parser_->beast;
  if (parser_->expectation_taken || !parser.is_header_done() || parser.is_done()) return false;
  parser_->expectation_taken = true;
  const auto expect = parser.get()[beast::http::field::expect];
  return parser.get().version() >= 11 && equal_ignoring_case({expect.data(), expect.size()}, "100-continue");
}

bool RequestReader::http_1_0() const { return parser_->beast.is_header_done() && parser_->beast.get().version() < 11; }
bool RequestReader::keep_alive() const { return parser_->beast.is_header_done() && parser_->beast.get().keep_alive(); }
Request RequestReader::take() { return std::move(parser_->request); }
const Rejection& RequestReader::rejection() const { return parser_->rejection; }

}  // namespace exitgate::http
