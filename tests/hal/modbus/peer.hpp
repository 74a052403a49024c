// A PeerModel on a wire: a TCP server, or a slave on a pseudo-terminal. One thread each.
#pragma once

#include <termios.h>

#include <atomic>
#include <deque>
#include <list>
#include <string>
#include <thread>

#include "peer_model.hpp"

namespace exitgate::hal {

/// Bytes that go out later, in order.
class Outgoing {
 public:
  void add(MonoTime from, const Frame& frame, Duration trickle);
  /// Sends what is due; returns when the next is.
  MonoTime send_due(int descriptor, MonoTime now);

 private:
  struct Piece {
    MonoTime due{};
    Frame bytes;
  };
  std::deque<Piece> pieces_;
};

class TcpPeer {
 public:
  explicit TcpPeer(PeerModel& model);
  ~TcpPeer() { die(); }
  TcpPeer(const TcpPeer&) = delete;
  TcpPeer& operator=(const TcpPeer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Listener and connections are gone; connecting is refused.
  void die();
  /// The same port again.
  void revive();
  [[nodiscard]] int connections_made() const { return connections_made_; }
  [[nodiscard]] int connections_open() const { return connections_open_; }

 private:
  struct Connection {
    int descriptor = -1;
    Frame received;
    Outgoing outgoing;
  };
  void run();
  bool receive(Connection& connection);
  void serve(Connection& connection);

  PeerModel& model_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stop_ = false;
  std::atomic<int> connections_made_ = 0;
  std::atomic<int> connections_open_ = 0;
  std::list<Connection> connections_;
  std::thread thread_;
};

class RtuPeer {
 public:
  explicit RtuPeer(PeerModel& model);
  ~RtuPeer();
  RtuPeer(const RtuPeer&) = delete;
  RtuPeer& operator=(const RtuPeer&) = delete;
  /// What the driver opens.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Bytes on the wire that nobody asked for.
  void babble(const Frame& bytes);
  /// The settings of the port as the driver has made them.
  [[nodiscard]] termios settings() const;
  void set_settings(const termios& settings) const;
  /// The adapter is unplugged; it does not come back under this path.
  void unplug();

 private:
  void run();
  void serve();

  PeerModel& model_;
  int master_ = -1;
  int slave_ = -1;
  std::string path_;
  Frame received_;
  Outgoing outgoing_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

[[nodiscard]] std::uint16_t crc16(const Frame& frame, std::size_t length);

}  // namespace exitgate::hal
