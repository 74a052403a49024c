// Feeds a Beast message parser so that whatever has to be held until it is whole has one bound: the header together, a
// chunk's own header, the trailers. A message is thereby read or refused alike however its bytes were cut. Bodies are
// bounded by the parser itself. Pure. Ownership: value, one per message. Third party: Boost.Beast, for the .cpp of
// readers.
//
// Two habits of Beast 1.81 are why (impl/basic_parser.ipp): it bounds a header only where it comes in pieces, and
// trailers not at all; and it asserts that it sees 5 bytes when it looks at a last chunk again.
#pragma once

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <cstddef>
#include <string>

namespace exitgate::http {

class BoundedFeed {
 public:
  explicit BoundedFeed(std::size_t part_bytes_max) : part_bytes_max_(part_bytes_max) {}

  /// Takes what it can use off the front of `input`, until the message is done or more is needed. `error` is the
  /// parser's, or header_limit; never need_more. `on_header` is called once, before anything of the body is looked at:
  /// fields of trailers come later, and are not the header's (RFC 9110, 6.5.1).
  template <class Parser, class OnHeader>
  void feed(Parser& parser, std::string& input, boost::beast::error_code& error, OnHeader on_header) {
    error = {};
    while (!parser.is_done() && !input.empty()) {
      const bool in_header = !parser.is_header_done();
      if (looks_again_ && !in_header && input.size() < kLastChunkBytes) return;
      parser.eager(!in_header);  // so that what it uses of a header is the header's alone
      const std::size_t bound = part_bytes_max_ - (in_header ? header_bytes_ : 0);
      const std::size_t offered = std::min(input.size(), bound);
      const std::size_t used = parser.put(boost::asio::const_buffer(input.data(), offered), error);
      input.erase(0, used);
      if (in_header) header_bytes_ += used;
      if (in_header && parser.is_header_done()) on_header();
      looks_again_ = error == boost::beast::http::error::need_more;
      if (looks_again_) error = {};
      if (error) return;
      if (used > 0) continue;
      if (offered == bound) error = boost::beast::http::make_error_code(boost::beast::http::error::header_limit);
      return;
    }
  }

 private:
  /// "0\r\n\r\n", the shortest of the last chunks.
  static constexpr std::size_t kLastChunkBytes = 5;

  std::size_t part_bytes_max_;
  std::size_t header_bytes_ = 0;
  bool looks_again_ = false;  ///< what is left begins with a part that was not whole
};

}  // namespace exitgate::http
