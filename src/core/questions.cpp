#include "core/questions.hpp"

#include <algorithm>

namespace exitgate {

std::optional<QuestionId> Questions::add(Question question) {
  if (out_.size() >= kMaxOut) return std::nullopt;
  const auto id = next_++;
  out_.emplace(id, std::move(question));
  return id;
}

std::optional<Question> Questions::take(QuestionId id) {
  const auto found = out_.find(id);
  if (found == out_.end()) return std::nullopt;
  Question question = found->second;
  out_.erase(found);
  return question;
}

const Question* Questions::find(QuestionId id) const {
  const auto found = out_.find(id);
  return found == out_.end() ? nullptr : &found->second;
}

void Questions::tie(LaneIndex lane, std::uint64_t presence, const Uuid& receipt_id) {
  for (auto& [id, question] : out_) {
    if (question.stage == Stage::kPresent && question.lane == lane && question.presence == presence)
      question.receipt_id = receipt_id;
  }
}

void Questions::untie(const Uuid& receipt_id) {
  for (auto& [id, question] : out_) {
    if (question.receipt_id == receipt_id) question.receipt_id.reset();
  }
}

int Questions::count_overdue(Duration confirm_timeout, Wake& wake) {
  int overdue = 0;
  for (auto& [id, question] : out_) {
    if (question.counted || !wake.due(question.asked_at + confirm_timeout)) continue;
    question.counted = true;
    ++overdue;
  }
  return overdue;
}

void Questions::expect(Duration confirm_timeout, Wake& wake) const {
  for (const auto& [id, question] : out_) {
    if (!question.counted) (void)wake.due(question.asked_at + confirm_timeout);
  }
}

bool Questions::asked_ahead(CartId cart, const SessionTag& tag) const {
  return std::any_of(out_.begin(), out_.end(), [&](const auto& entry) {
    return entry.second.stage == Stage::kAhead && entry.second.cart_id == cart && entry.second.session_tag == tag;
  });
}

}  // namespace exitgate
