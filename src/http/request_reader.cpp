#include "http/request_reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "http/request_target.hpp"

namespace exitgate::http {
namespace beast = boost::beast;

namespace {

/// "0\r\n\r\n", the shortest of the last chunks. Beast 1.81 asserts that it sees as much when it looks at one again.
constexpr std::size_t kLastChunkBytes = 5;

}  // namespace

struct RequestReader::Parser {
  beast::http::request_parser<beast::http::string_body> beast;
  std::size_t header_bytes = 0;
  std::size_t body_bytes = 0;
  bool expectation_taken = false;
  bool in_chunk_header = false;  ///< what was left over begins with a chunk's header that was not whole
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

  Progress finish() {
    auto& message = beast.get();
    const auto host_count = message.count(beast::http::field::host);
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
    for (const auto& field : message) {
      const auto name = field.name_string();
      const auto value = field.value();
      request.headers.emplace_back(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
      if (target->authority && equal_ignoring_case(request.headers.back().first, "Host")) {
        request.headers.back().second = *target->authority;
      }
    }
    request.body = std::move(message.body());
    return Progress::kComplete;
  }
};

RequestReader::RequestReader(std::size_t header_bytes, std::size_t body_bytes) : parser_(std::make_unique<Parser>()) {
  parser_->header_bytes = header_bytes;
  parser_->body_bytes = body_bytes;
  parser_->beast.eager(true);
  parser_->beast.header_limit(static_cast<std::uint32_t>(header_bytes));
  parser_->beast.body_limit(body_bytes);
}
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;

RequestReader::Progress RequestReader::feed(std::string& input) {
  auto& parser = parser_->beast;
  if (parser_->in_chunk_header && input.size() < kLastChunkBytes) return Progress::kNeedMore;
  while (!parser.is_done() && !input.empty()) {
    beast::error_code error;
    const std::size_t used = parser.put(boost::asio::buffer(input), error);
    input.erase(0, used);
    if (Parser::is(error, beast::http::error::need_more)) break;
    if (error) return parser_->reject(error);
    if (used == 0) break;
  }
  if (parser.is_done()) return parser_->finish();
  parser_->in_chunk_header = parser.is_header_done() && !input.empty();
  // A chunk's own header has no bound in the parser.
  if (input.size() > parser_->header_bytes) return parser_->reject(make_error_code(beast::http::error::header_limit));
  return Progress::kNeedMore;
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
