// A box's link to the backend on virtual time: the daemon's own pool of connections, its closures session, its codecs
// and its schedule of pass keys, over connections that are made of nothing but delays and faults. Ownership: the box's;
// agenda, dice, door and weather outlive it. Destroying it is the end of the process. Thread: one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "backend/closures_session.hpp"
#include "backend/pass_key_schedule.hpp"
#include "backend/question_pool.hpp"
#include "ports/backend_link.hpp"
#include "tools/sim/agenda.hpp"
#include "tools/sim/dice.hpp"
#include "tools/sim/store_door.hpp"
#include "tools/sim/weather.hpp"

namespace exitgate::sim {

/// A peer that says nothing while a connection is made is given up.
inline constexpr Duration kHandshakeAtMost = std::chrono::seconds{1};

class VirtualLink final : public BackendLink {
 public:
  struct Parts {
    Agenda& agenda;
    Dice& dice;
    StoreDoor& door;
    Weather& weather;
    std::function<WallTime()> true_wall;
    std::string gate;
    bool stores_twice = false;  ///< a seeded bug of the backend's
  };
  explicit VirtualLink(Parts parts);

  // BackendLink
  void start(BackendObserver& observer, std::string last_event_id) override;
  void ask(QuestionId question, const ConfirmRequest& request) override;
  void upload(const std::vector<std::string>& receipt_jsons, std::function<void(UploadAnswer)> done) override;
  void refresh_pass_keys() override;
  void stop() override { alive_.reset(); }

  // --- the network acts ---
  /// Every connection breaks.
  void cut();
  /// The closures stream breaks, perhaps within an event.
  void cut_stream();
  /// The backend has more to tell on the stream.
  void pump();
  /// The backend has forgotten where the stream stood.
  void reset_stream();

 private:
  struct Connection {
    bool standing = false;
    std::uint64_t ticket = 0;
    std::uint64_t exchange = 0;  ///< counts questions sent on it
  };
  struct Asked {
    QuestionId question = 0;
    bool notice = false;
    std::string body;
  };
  /// Fires once at the earliest time it was set to.
  struct Alarm {
    MonoTime at = kNever;
    std::uint64_t set = 0;
  };

  void later(Duration span, std::function<void()> action);
  void arm(Alarm& alarm, MonoTime at, std::function<void()> fire);
  void connection_stands();
  void connection_ended();

  // --- questions ---
  void carry_out(const PoolCommands& commands);
  void carry_out(const PoolCommand& command);
  void open(ConnectionId id);
  void send(ConnectionId id, std::uint64_t ticket);
  void arrive_at_backend(ConnectionId id, std::uint64_t exchange, std::uint64_t ticket);
  void answer(ConnectionId id, std::uint64_t exchange, const HttpReply& reply);
  void lose(ConnectionId id, const char* why);
  [[nodiscard]] bool carries(ConnectionId id, std::uint64_t exchange) const;
  void tell(const Asked& asked, const ConfirmAnswer& answer);

  // --- stream (virtual_link_stream.cpp) ---
  void turn_stream();
  void connect_stream();
  void stream_text(const std::string& text);
  void take(const StreamOutputs& outputs);
  void end_stream();
  void keepalive(std::uint64_t stream);

  // --- pass keys ---
  void turn_pass_keys();

  Parts parts_;
  BackendObserver* observer_ = nullptr;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  QuestionPool pool_;
  Alarm pool_alarm_;
  std::map<ConnectionId, Connection> connections_;
  std::map<std::uint64_t, Asked> asked_;
  std::uint64_t newest_ticket_ = 0;
  std::size_t standing_ = 0;
  bool told_connected_ = false;

  std::unique_ptr<ClosuresSession> closures_;
  Alarm stream_alarm_;
  std::uint64_t stream_ = 0;  ///< counts connections of the stream
  std::size_t stream_at_ = 0;
  bool stream_stands_ = false;
  bool stream_busy_ = false;

  PassKeySchedule pass_keys_;
  Alarm key_alarm_;
};

}  // namespace exitgate::sim
