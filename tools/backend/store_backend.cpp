#include "tools/backend/store_backend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <utility>

namespace exitgate::reference {
namespace {

constexpr std::size_t kAnswersRemembered = 4096;
constexpr std::size_t kQuestionsKept = 1000;
constexpr std::chrono::hours kClaimWorth{24};

std::optional<Uuid> receipt_id_of(const boost::json::value& receipt) {
  if (!receipt.is_object()) return std::nullopt;
  const auto* id = receipt.get_object().if_contains("receipt_id");
  return id != nullptr && id->is_string() ? parse_uuid(id->get_string()) : std::nullopt;
}

/// What makes a question the retry of another. Only walkouts are remembered by it: asked again, they would be taken for
/// the next shopper; a cart says itself who it is, and its gate's own claim makes the second answer like the first.
std::string retry_key(const Question& question) {
  const auto& request = question.request;
  return fmt::format("{} {} {} {}", to_string(request.request_id), question.gate_id.view(), request.lane_id.view(),
                     to_string(request.stage));
}

/// Receipts that speak of a shopper's session. An unauthorised passage is nobody's.
bool concerns_session(ReceiptKind kind) {
  return kind == ReceiptKind::kCart || kind == ReceiptKind::kWalkout || kind == ReceiptKind::kStaff;
}

}  // namespace

StoreBackend::StoreBackend(std::unique_ptr<Database> database, Settings settings)
    : database_(std::move(database)), settings_(std::move(settings)) {}

Status StoreBackend::start(WallTime now) {
  if (!log_range().log_id.empty()) return {};
  return transact([&] { database_->renew_log(to_string(settings_.new_id(now))); });
}

Status StoreBackend::transact(const std::function<void()>& work) {
  something_logged_ = false;
  auto status = database_->transact(work);
  if (status && something_logged_ && logged_) logged_();
  return status;
}

void StoreBackend::log(LoggedEvent event) {
  database_->append(event, settings_.events_kept);
  something_logged_ = true;
}

// --- questions -------------------------------------------------------------------------------------------------

Result<Answer> StoreBackend::confirm(const Question& question, WallTime now, bool reaches_gate) {
  const auto known = answers_.find(retry_key(question));
  if (known != answers_.end()) return known->second;
  Answer answer;
  const auto status = transact([&] { answer = decide(question, now, reaches_gate); });
  if (!status) return fail(status.error());
  remember(question, answer, now);
  return answer;
}

std::optional<Session> StoreBackend::find(const Question& question) {
  const auto& request = question.request;
  if (request.cart) {
    auto session = database_->session(request.cart_id.value_or(0), request.session_tag.value_or(SessionTag{}));
    if (session) return session;
  } else if (request.stage != Stage::kLapsed) {
    const auto standing = lanes_.standing({question.gate_id, request.lane_id}, request.session_id);
    return standing ? database_->session(*standing) : std::nullopt;
  }
  return request.session_id ? database_->session(*request.session_id) : std::nullopt;
}

Answer StoreBackend::decide(const Question& question, WallTime now, bool reaches_gate) {
  const auto& request = question.request;
  const auto& gate = question.gate_id;
  auto session = find(question);
  const auto leader_before = session ? leading_claim(*session) : std::nullopt;
  if (request.stage == Stage::kLapsed) {
    if (session) {
      release_claim(*session, gate);
      lanes_.back_in_place(session->session_id);
      save(*session, leader_before, now);
    }
    return LapseNoted{};
  }
  const auto decision = judge(session ? &*session : nullptr, gate, now);
  const bool admitted = std::holds_alternative<Admit>(decision);
  if (session && (request.stage == Stage::kAdmitted || (request.stage == Stage::kPresent && admitted))) {
    claim(*session, gate);
    save(*session, leader_before, now);
    if (!request.cart && reaches_gate) lanes_.being_let_out({gate, request.lane_id}, session->session_id);
  }
  if (const auto* admit = std::get_if<Admit>(&decision)) return *admit;
  return std::get<Refuse>(decision);
}

void StoreBackend::remember(const Question& question, const Answer& answer, WallTime now) {
  if (!question.request.cart && answers_.emplace(retry_key(question), answer).second) {
    answers_in_order_.push_back(retry_key(question));
    if (answers_in_order_.size() > kAnswersRemembered) {
      answers_.erase(answers_in_order_.front());
      answers_in_order_.pop_front();
    }
  }
  questions_.push_back(question_json(question, answer, now));
  if (questions_.size() > kQuestionsKept) questions_.pop_front();
}

void StoreBackend::save(const Session& session, const std::optional<ShortId>& leader_before, WallTime now) {
  database_->put(session);
  const auto leader = leading_claim(session);
  if (leader == leader_before) return;
  const auto tell = [&](const char* event, const ShortId& gate) {
    log({0, event, claim_json(session.session_id, gate), {}, gate, std::max(session.expires_at, now + kClaimWorth)});
  };
  if (leader_before) tell("unclaimed", *leader_before);
  if (leader) tell("claimed", *leader);
}

// --- receipts --------------------------------------------------------------------------------------------------

Result<std::vector<UploadResult>> StoreBackend::take_receipts(const ShortId& gate, const boost::json::array& receipts,
                                                              WallTime now) {
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    if (!receipt_id_of(receipts[i])) {
      return fail("receipt_without_id",
                  fmt::format("receipts[{}] has no receipt_id that is a UUID: no result can name it", i));
    }
  }
  std::vector<UploadResult> results;
  const auto status = transact([&] {
    for (const auto& value : receipts) {
      const auto checked = check_receipt(value, settings_.store_id, gate);
      if (checked) {
        results.push_back(take_receipt(*checked, now));
      } else {
        results.push_back({*receipt_id_of(value), UploadStatus::kRejected,
                           fmt::format("{}: {}", checked.error().code, checked.error().message)});
      }
    }
  });
  if (!status) return fail(status.error());
  return results;
}

UploadResult StoreBackend::take_receipt(const CheckedReceipt& receipt, WallTime now) {
  if (const auto stored = database_->stored_hash(receipt.receipt_id)) {
    if (*stored == receipt.hash) return {receipt.receipt_id, UploadStatus::kDuplicate, ""};
    return {receipt.receipt_id, UploadStatus::kRejected,
            "id_taken: another receipt of this receipt_id is stored, hash " + *stored};
  }
  database_->add(receipt, now);
  if (concerns_session(receipt.kind)) settle(receipt, now);
  return {receipt.receipt_id, UploadStatus::kStored, ""};
}

void StoreBackend::settle(const CheckedReceipt& receipt, WallTime now) {
  auto session = receipt.session_id ? database_->session(*receipt.session_id) : std::nullopt;
  if (!session && receipt.cart_id && receipt.session_tag) {
    session = database_->session(*receipt.cart_id, *receipt.session_tag);
  }
  if (!session) return;
  const auto leader_before = leading_claim(*session);
  apply_receipt(*session, receipt.gate_id, *receipt.outcome, receipt.passages);
  if (receipt.outcome == Outcome::kNotUsed) lanes_.back_in_place(session->session_id);
  if (party_complete(*session)) {
    lanes_.leave(session->session_id);
  } else if (receipt.outcome == Outcome::kPassed) {
    push_party_left(*session, receipt.gate_id);
  }
  save(*session, leader_before, now);
}

/// The other gates hold a closure with the whole party: they are told what is left, before they are told that the claim
/// ended.
void StoreBackend::push_party_left(const Session& session, const ShortId& gate) {
  if (!session.cart || session.revoked || !may_leave(session.state)) return;
  const auto strangers_share = party_for(session, ShortId());
  log({0, "closed", closed_json(session, strangers_share), {}, gate, session.expires_at});
  for (const auto& [other, passages] : session.passed) {
    if (other != gate)
      log({0, "closed", closed_json(session, party_for(session, other)), other, {}, session.expires_at});
  }
}

}  // namespace exitgate::reference
