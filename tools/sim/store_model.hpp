// The store chain's side, written from the backend contract: sessions, claims, the closures stream, receipts. It says
// what is true; what gets lost on the way is the wire's affair. Thread: one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/backend_messages.hpp"
#include "tools/sim/dice.hpp"

namespace exitgate::sim {

struct Session {
  Uuid id;
  SessionTag tag;
  CartId cart = 0;  ///< 0: a walkout
  std::uint16_t party = 1;
  bool paid = false;
  bool spent = false;  ///< came back after all of the party had left
  WallTime expires_at{};
  std::string claimed_by;
  std::map<std::string, Uuid> counted;  ///< receipt id → session, of receipts that passed
  std::uint32_t passed = 0;
};

struct StoredText {
  std::string json;
  std::string gate;
};

class StoreModel {
 public:
  explicit StoreModel(std::uint64_t seed) : dice_(seed) {}

  Session& new_session(bool cart, std::uint16_t party, WallTime expires_at);
  void pay(Session& session, WallTime at);
  void expect(const Session& session, const std::string& lane, WallTime at);
  /// Who stands at a lane, as the store's own tracking sees it.
  void stands(const std::string& gate, const std::string& lane, std::optional<Uuid> session) {
    standing_[gate + "/" + lane] = session;
  }

  [[nodiscard]] ConfirmAnswer confirm(const std::string& gate, const ConfirmRequest& request, WallTime now);
  /// "stored" or "duplicate".
  [[nodiscard]] bool store(const std::string& gate, const std::string& json);

  [[nodiscard]] Session* find(const Uuid& id);
  [[nodiscard]] Session* find(CartId cart, const SessionTag& tag);
  [[nodiscard]] const std::vector<StreamEvent>& stream() const { return stream_; }
  [[nodiscard]] const std::vector<StoredText>& receipts() const { return receipts_; }
  [[nodiscard]] bool has(const std::string& receipt_id) const { return ids_.contains(receipt_id); }
  void store_twice(const std::string& gate, const std::string& json) { receipts_.push_back({json, gate}); }

 private:
  Dice dice_;
  CartId next_cart_ = 100;
  std::map<Uuid, Session> sessions_;
  std::map<std::pair<CartId, SessionTag>, Uuid> by_tag_;
  std::map<std::string, std::optional<Uuid>> standing_;
  std::vector<StreamEvent> stream_;
  std::vector<StoredText> receipts_;
  std::map<std::string, std::size_t> ids_;
};

/// The text of one field of a canonical receipt, without quotes; empty where there is none.
[[nodiscard]] std::string json_field(const std::string& json, const std::string& name);

}  // namespace exitgate::sim
