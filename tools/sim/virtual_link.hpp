// A box's link to the backend on virtual time: the daemon's own pool of connections, its closures session, its codecs
// and its schedule of pass keys, over connections that are made of nothing but delays and faults. Ownership: the box's;
// agenda, dice, door and weather outlive it. Destroying it is the end of the process. Thread: one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "backend/closures_session.hpp"
#include "backend/credentials_watch.hpp"
#include "backend/pass_key_schedule.hpp"
#include "backend/question_pool.hpp"
#include "ports/backend_link.hpp"
#include "tools/sim/agenda.hpp"
#include "tools/sim/dice.hpp"
#include "tools/sim/store_door.hpp"
#include "tools/sim/upload_judge.hpp"
#include "tools/sim/weather.hpp"

namespace exitgate::sim {

/// A peer that says nothing while a connection is made is given up.
inline constexpr Duration kHandshakeAtMost = std::chrono::seconds{1};

/// An answer that is none.
[[nodiscard]] HttpReply spoilt(Dice& dice, HttpReply reply);

class VirtualLink final : public BackendLink {
 public:
  struct Parts {
    Agenda& agenda;
    Dice& dice;
    StoreDoor& door;
    const Weather& weather;
    UploadJudge& uploads;
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
  /// From now on packets are lost: what stands is given up when its keep-alive says so.
  void vanish();
  /// The closures stream breaks, perhaps within an event.
  void cut_stream();
  /// Its connection stands and carries nothing any more: only its silence tells.
  void mute_stream() { muted_ = stream_; }
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

  struct Uploading {
    std::function<void(UploadAnswer)> done;  ///< of the one that is under way
    std::uint64_t number = 0;
    MonoTime kept_until{};  ///< its connection
  };

  /// Does it once the backend hears and answers, as long as it is `wanted`.
  void when_heard(std::function<bool()> wanted, std::function<void()> action);
  [[nodiscard]] std::vector<ConnectionId> standing() const;
  void heed(BackendChannel channel, const std::string& refusal);
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
  [[nodiscard]] bool stream_silent() const { return parts_.weather.silent() || muted_ == stream_; }
  void turn_stream();
  void connect_stream();
  void stream_text(const std::string& text);
  void take(const StreamOutputs& outputs);
  void end_stream();
  void keepalive(std::uint64_t stream);
  /// The next event's text; of a long backlog that of many.
  [[nodiscard]] std::string next_text();

  // --- uploads and pass keys (virtual_link_calls.cpp) ---
  [[nodiscard]] bool uploading(std::uint64_t number) const { return upload_.done && upload_.number == number; }
  void take_upload(std::uint64_t number, const std::string& body);
  void end_upload(std::uint64_t number, const UploadAnswer& answer, bool kept);
  void turn_pass_keys();
  void take_pass_keys(std::uint64_t fetch);
  void end_fetch(std::uint64_t fetch, bool got);

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
  std::uint64_t stream_ = 0;            ///< counts connections of the stream
  std::optional<std::uint64_t> muted_;  ///< the connection that carries nothing
  std::size_t stream_at_ = 0;
  bool stream_stands_ = false;
  bool stream_told_ = false;
  bool stream_busy_ = false;

  Uploading upload_;
  PassKeySchedule pass_keys_;
  std::uint64_t fetch_ = 0;
  bool fetching_ = false;
  CredentialsWatch credentials_;
  std::uint64_t outage_ = 0;  ///< counts those in which packets vanish
  Alarm key_alarm_;
};

}  // namespace exitgate::sim
