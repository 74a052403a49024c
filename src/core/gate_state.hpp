// What all lanes of a box share, and the means a lane has to act: sessions, proximity, policy, liveness, faults,
// questions, transactions and the list of commands of the step. Owned by the controller; lanes get it by reference for
// one step.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/backend_liveness.hpp"
#include "core/event.hpp"
#include "core/fault_board.hpp"
#include "core/inputs.hpp"
#include "core/offline_policy.hpp"
#include "core/persist_queue.hpp"
#include "core/proximity.hpp"
#include "core/questions.hpp"
#include "core/session_book.hpp"

namespace exitgate {

/// What the backend has claimed for a shopper of whom nobody knows yet whether they leave on it.
struct OwnClaim {
  SessionName session;
  LaneIndex lane = 0;                  ///< that was told of it
  std::uint64_t presence = 0;          ///< of a walkout there; a cart's is its cart's, wherever that stands
  std::optional<MonoTime> gone_since;  ///< they stand at no lane since then
};

struct GateState {
  static constexpr std::size_t kMaxOwnClaims = 256;  ///< beyond it a claim is given back at once

  std::shared_ptr<const GateConfig> config;
  IdSource* ids = nullptr;
  Uuid boot_id;
  InputTable inputs;
  Proximity proximity;
  SessionBook book;
  OfflinePolicy policy;
  BackendLiveness liveness;
  FaultBoard faults;
  Questions questions;
  PersistQueue persists;
  std::vector<LaneView> views;          ///< one a lane, as of this step
  std::map<Uuid, OwnClaim> own_claims;  ///< claimed by this gate, by session
  bool fire_active = false;
  bool fire_lost = false;
  bool storage_overflow = false;

  std::vector<Command> out;  ///< of this step
  std::set<DeviceId> reads;  ///< outputs to be read back this step

  void publish(PublicEventType type, const LaneId& lane, const Now& now,
               std::vector<std::pair<std::string_view, FieldValue>> fields) {
    out.emplace_back(Publish{{.type = type, .at = now.wall, .lane_id = lane, .fields = std::move(fields)}});
  }
  Ticket persist(std::vector<StoreWrite> writes) { return persists.submit(std::move(writes), out); }

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.config, self.ids, self.boot_id, self.inputs, self.proximity, self.book, self.policy, self.liveness,
          self.faults, self.questions, self.persists, self.views, self.own_claims, self.fire_active, self.fire_lost,
          self.storage_overflow, self.out, self.reads);
  }
};

}  // namespace exitgate
