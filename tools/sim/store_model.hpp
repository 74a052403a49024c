// The store chain's side, written from the backend contract: sessions, claims, the closures stream, receipts. It says
// what is true; what gets lost on the way is the wire's affair. Thread: one.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mono_time.hpp"
#include "core/backend_messages.hpp"
#include "tools/sim/dice.hpp"

namespace exitgate::sim {

struct Session {
  Uuid id;
  SessionTag tag;
  CartId cart = 0;  ///< 0: a walkout
  std::uint16_t party = 1;
  bool paid = false;
  bool revoked = false;
  bool payment_fails = false;
  bool foreign = false;  ///< the backend does not know it
  bool plain = false;    ///< paid, long-lived, never revoked: good until it is used
  bool silent = false;   ///< settled at a till: neither cart nor stream tells of it
  MonoTime paid_at{};
  WallTime closed_at{};
  WallTime expires_at{};
  std::vector<std::string> claims;                ///< gates; the first is obeyed
  std::map<std::string, std::uint32_t> passed;    ///< by the receipts, at each gate
  std::set<std::string> unknown_at;               ///< gates with a receipt sealed `unknown`: their claim stays
  std::map<std::string, Uuid> freed_by;           ///< by gate, the receipt whose storing ended its claim
  std::map<std::string, std::size_t> claim_told;  ///< by gate, where on the stream its newest claim is
  std::uint32_t left = 0;                         ///< by the people who walked out

  [[nodiscard]] std::string claimed_by() const { return claims.empty() ? "" : claims.front(); }
  [[nodiscard]] std::uint32_t passed_but_at(const std::string& gate) const;
  [[nodiscard]] bool complete() const { return passed_but_at("") >= party; }
  /// What is left of the party for a gate, which itself knows who passed there.
  [[nodiscard]] std::uint16_t party_for(const std::string& gate) const {
    return static_cast<std::uint16_t>(party - std::min<std::uint32_t>(party, passed_but_at(gate)));
  }
};

inline constexpr std::size_t kGates = 2;
[[nodiscard]] inline std::string gate_name(std::size_t box) { return box == 0 ? "front" : "back"; }

struct StoredText {
  std::string json;
  std::string gate;
};

class StoreModel {
 public:
  explicit StoreModel(std::uint64_t seed) : dice_(seed) {}

  Session& new_session(bool cart, std::uint16_t party, WallTime expires_at);
  /// `told`: the stream says so; else it was settled at a till, which only an answer knows.
  void pay(Session& session, MonoTime now, WallTime at, bool told);
  void revoke(Session& session, bool by_tag);
  /// All that is closed and not used is told anew, as after a reset.
  void tell_again();
  void expect(const Session& session, const std::string& gate, const std::string& lane, WallTime at);
  /// Who stands at a lane, as the store's own tracking sees it; nobody, or somebody it does not know.
  void stands(const std::string& gate, const std::string& lane, bool somebody, std::optional<Uuid> session) {
    standing_.erase(gate + "/" + lane);
    if (somebody) standing_[gate + "/" + lane] = session;
  }

  [[nodiscard]] ConfirmAnswer confirm(const std::string& gate, const ConfirmRequest& request, WallTime now);
  /// "stored" or "duplicate".
  [[nodiscard]] bool store(const std::string& gate, const std::string& json);

  [[nodiscard]] Session* find(const Uuid& id);
  [[nodiscard]] Session* find(CartId cart, const SessionTag& tag);
  [[nodiscard]] Session* find(const SessionTag& tag);
  struct Told {
    StreamEvent event;
    std::string gate;  ///< empty: for all
  };
  [[nodiscard]] const std::vector<Told>& stream() const { return stream_; }
  /// Told when the stream has grown, whoever made it grow.
  void on_told(std::function<void()> told) { told_ = std::move(told); }
  [[nodiscard]] const std::vector<StoredText>& receipts() const { return receipts_; }
  [[nodiscard]] bool has(const std::string& receipt_id) const { return ids_.contains(receipt_id); }
  void store_twice(const std::string& gate, const std::string& json) { receipts_.push_back({json, gate}); }

 private:
  void tell(StreamEvent event, const std::string& gate = "") {
    stream_.push_back({std::move(event), gate});
    if (told_) told_();
  }
  /// To each gate what is left for it, but not to `except`.
  void tell_closed(const Session& session, const std::string& except = "");
  void claim(Session& session, const std::string& gate);
  void release(Session& session, const std::string& gate);
  void tell_claim(Session& session, const std::string& leader_before);
  void settle(Session& session, const std::string& gate, const std::string& json);
  [[nodiscard]] static ConfirmAnswer judge(const Session* session, const std::string& gate, WallTime now);

  Dice dice_;
  CartId next_cart_ = 100;
  std::map<Uuid, Session> sessions_;
  std::map<SessionTag, Uuid> by_tag_;
  std::map<std::string, std::optional<Uuid>> standing_;
  std::vector<Told> stream_;
  std::function<void()> told_;
  std::vector<StoredText> receipts_;
  std::map<std::string, std::size_t> ids_;
};

/// The text of one field of a canonical receipt, without quotes; empty where there is none.
[[nodiscard]] std::string json_field(const std::string& json, const std::string& name);

}  // namespace exitgate::sim
