// A connected socket, with or without TLS, behind one type: what the connection reads and writes. Internal to http/.
// Ownership: the connection owns it and keeps itself alive in the handlers. Thread: the loop's.
// One read and one write may be under way at a time. After close() pending handlers are called with an error.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <functional>
#include <memory>

#include "http/message.hpp"
#include "http/tls_context.hpp"

namespace exitgate::http {

using boost::system::error_code;
using StreamSocket = boost::asio::generic::stream_protocol::socket;

class ByteStream {
 public:
  using Done = std::function<void(error_code)>;
  using DoneBytes = std::function<void(error_code, std::size_t)>;

  virtual ~ByteStream() = default;
  virtual void handshake(Done done) = 0;
  virtual void read_some(boost::asio::mutable_buffer into, DoneBytes done) = 0;
  virtual void write(boost::asio::const_buffer from, Done done) = 0;
  /// Tells the peer that nothing more comes; reading goes on.
  virtual void shut_down_sending(Done done) = 0;
  virtual void close() = 0;
  /// Complete after handshake().
  [[nodiscard]] virtual Peer peer() const = 0;
};

[[nodiscard]] std::unique_ptr<ByteStream> make_plain_stream(StreamSocket socket);
[[nodiscard]] std::unique_ptr<ByteStream> make_tls_stream(StreamSocket socket, TlsContext& context);

}  // namespace exitgate::http
