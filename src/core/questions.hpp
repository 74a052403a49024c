// Questions to the backend that are out, what each was asked for, and when each counts as not answered. A value; pure.
#pragma once

#include <map>
#include <optional>

#include "core/event.hpp"
#include "core/wake.hpp"

namespace exitgate {

struct Question {
  Stage stage = Stage::kPresent;
  LaneIndex lane = 0;
  std::uint64_t presence = 0;  ///< kPresent: which shopper's; others are late for the next one
  std::optional<CartId> cart_id;
  SessionTag session_tag;
  /// kAdmitted: the receipt it was asked beside; kPresent: let in with it meanwhile. Nothing once that was not used.
  std::optional<Uuid> receipt_id;
  MonoTime asked_at{};
  bool counted = false;  ///< its time ran out and was counted as a no-answer
};

class Questions {
 public:
  /// The link ends every question within its own bound; more than this at once are not asked.
  static constexpr std::size_t kMaxOut = 1024;

  /// Nothing when too many are out.
  std::optional<QuestionId> add(Question question);
  std::optional<Question> take(QuestionId id);
  [[nodiscard]] const Question* find(QuestionId id) const;
  /// The shopper a question at `present` was asked for was let in with this receipt.
  void tie(LaneIndex lane, std::uint64_t presence, const Uuid& receipt_id);
  /// That admission was not used: an answer that comes later claims for nobody.
  void untie(const Uuid& receipt_id);
  /// How many ran out of time just now.
  int count_overdue(Duration confirm_timeout, Wake& wake);
  /// Has the step run again when the next one runs out of time.
  void expect(Duration confirm_timeout, Wake& wake) const;
  [[nodiscard]] bool asked_ahead(CartId cart, const SessionTag& tag) const;

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.out_, self.next_);
  }

 private:
  std::map<QuestionId, Question> out_;
  QuestionId next_ = 1;
};

}  // namespace exitgate
