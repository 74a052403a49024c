// Port: the store chain's backend (backend contract).
//
// Ownership: the caller owns link and observer; the observer must outlive stop().
// Thread: all calls and callbacks on the loop's thread. No call blocks.
// Errors: a question always ends in exactly one on_answer(), never from within ask(); what is no valid answer is a NoAnswer
// with its cause. Only a `lapsed` request is a notice and no question: it ends in no on_answer() and is never repeated. After
// stop() nothing is told any more.
// Timing: questions are sent at once on a warm connection. A question without answer is given up 10 s after
// confirm_timeout; until then its connection is its own and the next question takes another. A broken kept-alive
// connection is retried once at once with the same request_id.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/mono_time.hpp"
#include "base/result.hpp"
#include "base/wall_time.hpp"
#include "core/backend_messages.hpp"

namespace exitgate {

using QuestionId = std::uint64_t;

enum class UploadStatus : std::uint8_t { kStored, kDuplicate, kRejected };
struct UploadResult {
  Uuid receipt_id;
  UploadStatus status = UploadStatus::kStored;
  std::string reason;
};
/// What came of one POST /v1/receipts, in the rows of the contract's answer table.
struct UploadAccepted { std::vector<UploadResult> results; };          ///< 200
struct UploadUnacceptable { int http_status = 0; };                    ///< 400, 413, 422
struct UploadForbidden { std::string detail; };                        ///< 401, 403, TLS refusal
struct UploadBusy { std::optional<Duration> retry_after; };            ///< 429, 503
struct UploadFailed { std::string detail; };                           ///< all else
using UploadAnswer = std::variant<UploadAccepted, UploadUnacceptable, UploadForbidden, UploadBusy, UploadFailed>;

class BackendObserver {
 public:
  virtual ~BackendObserver() = default;
  virtual void on_answer(QuestionId question, const ConfirmAnswer& answer) = 0;
  /// Told on change: whether at least one TLS connection to the backend stands. `why` is set when none does.
  virtual void on_connected(bool connected, const std::optional<Error>& why) = 0;
  /// Told on change, and with the first that stands: whether the closures stream does. Other connections may outlast it.
  virtual void on_stream(bool stands) = 0;
  /// `id` is the cursor after this event; empty for Keepalive (unchanged) and Reset (no cursor). A 204 arrives as Reset.
  virtual void on_stream_event(const StreamEvent& event, const std::string& id) = 0;
  virtual void on_pass_keys(const std::vector<PassKey>& keys) = 0;
  /// The Date of every authenticated answer.
  virtual void on_date(WallTime date) = 0;
  /// Credentials were refused (401, 403, a TLS alert about our certificate, a server certificate that does not verify), or
  /// the backend answers against the protocol (other 4xx).
  virtual void on_credentials_refused(const std::string& detail) = 0;
  virtual void on_credentials_accepted() = 0;
  virtual void on_protocol_error(const std::string& detail) = 0;
};

class BackendLink {
 public:
  virtual ~BackendLink() = default;
  /// `last_event_id`: where the closures stream resumes; empty: from the beginning.
  virtual void start(BackendObserver& observer, std::string last_event_id) = 0;
  virtual void ask(QuestionId question, const ConfirmRequest& request) = 0;
  /// `receipt_jsons` are sent as they are, 1–100 of them. One upload at a time.
  virtual void upload(const std::vector<std::string>& receipt_jsons, std::function<void(UploadAnswer)> done) = 0;
  /// Fetches the pass keys now, or as soon as the last fetch so asked for is a minute ago; called for an unknown key id.
  virtual void refresh_pass_keys() = 0;
  virtual void stop() = 0;
};

}  // namespace exitgate
