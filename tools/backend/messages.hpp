// JSON of the backend contract, from the backend's side, and of what its database keeps. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "core/backend_messages.hpp"
#include "ports/backend_link.hpp"
#include "tools/backend/session.hpp"

namespace exitgate::reference {

/// A confirm request with who sends it.
struct Question {
  std::string store_id;
  ShortId gate_id;
  ConfirmRequest request;
};
struct LapseNoted {};
using Answer = std::variant<Admit, Refuse, LapseNoted>;

/// Errors: not_json, malformed.
[[nodiscard]] Result<Question> parse_question(std::string_view body);
[[nodiscard]] std::string answer_json(const Answer& answer);
/// One line of the questions log.
[[nodiscard]] std::string question_json(const Question& question, const Answer& answer, WallTime at);

[[nodiscard]] std::string results_json(const std::vector<UploadResult>& results);
[[nodiscard]] std::string pass_keys_json(const std::vector<PassKey>& keys);

/// The data of a server-sent event; `party_size` is what is left for the gates it goes to.
[[nodiscard]] std::string closed_json(const Session& session, std::uint16_t party_size);
[[nodiscard]] std::string expected_json(const ExpectedWalkout& walkout);
[[nodiscard]] std::string revoked_json(const Revocation& revocation);
/// For claimed and unclaimed.
[[nodiscard]] std::string claim_json(const Uuid& session_id, const ShortId& gate_id);

[[nodiscard]] std::string session_json(const Session& session);
/// Reads back what session_json() wrote. Error: malformed.
[[nodiscard]] Result<Session> parse_session(std::string_view text);

}  // namespace exitgate::reference
