#include "tools/backend/gate_api.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <memory>
#include <utility>

#include "http/message_text.hpp"
#include "tools/backend/json_fields.hpp"

namespace exitgate::reference {
namespace {

constexpr std::size_t kMostReceipts = 100;
/// A gate waits confirm_timeout_ms (800) for an answer; one that takes longer comes too late.
constexpr std::int64_t kTooLate_ms = 800;
constexpr std::string_view kAnyDate = "Sun, 06 Nov 1994 08:49:37 GMT";  // all dates are of this length

http::Response json_answer(std::string body) { return {200, "application/json", {}, std::move(body), false}; }

unsigned status_for(const Error& error) {
  if (error.code == "not_json" || error.code == "malformed") return 400;
  if (error.code == "receipt_without_id") return 422;
  return 500;
}

http::Response error_answer(const Error& error) {
  return http::error_response(status_for(error), error.code, error.message);
}

http::Response foreign_certificate(std::string_view gate) {
  return http::error_response(403, "foreign_certificate",
                              "the client certificate is not that of gate " + std::string(gate) +
                                  "; present one whose common name is the gate_id");
}

}  // namespace

GateApi::GateApi(boost::asio::io_context& io, StoreBackend& backend, ClosureStreams& streams, const Faults& faults,
                 Clocks clocks, bool check_gate_names)
    : io_(io),
      backend_(backend),
      streams_(streams),
      faults_(faults),
      clocks_(std::move(clocks)),
      check_gate_names_(check_gate_names) {}

void GateApi::handle(const http::Request& request, const http::Responder& responder) {
  if (faults_.freeze) return held_.push_back(responder);
  const bool confirm_path = request.path == "/v1/exits/confirm";
  const bool receipts_path = request.path == "/v1/receipts";
  const bool keys_path = is_path(request, "pass-keys");
  const bool closures_path = is_path(request, "closures");
  if (!confirm_path && !receipts_path && !keys_path && !closures_path) {
    return deliver(Route::kOther, http::error_response(404, "not_found", "no such path, or another store's"),
                   responder);
  }
  const std::string_view method = confirm_path || receipts_path ? "POST" : "GET";
  if (request.method != method) {
    auto response = http::error_response(405, "wrong_method", "this path takes " + std::string(method));
    response.headers.emplace_back("Allow", std::string(method));
    return deliver(Route::kOther, std::move(response), responder);
  }
  if (confirm_path) return deliver(Route::kConfirm, confirm(request), responder);
  if (receipts_path) return deliver(Route::kReceipts, take_receipts(request), responder);
  if (keys_path) return deliver(Route::kOther, json_answer(pass_keys_json(backend_.pass_keys())), responder);
  closures(request, responder);
}

bool GateApi::is_path(const http::Request& request, std::string_view last) const {
  return request.path == "/v1/stores/" + backend_.store_id() + "/" + std::string(last);
}

bool GateApi::may_speak_for(const http::Request& request, std::string_view gate) const {
  return !check_gate_names_ || request.peer.certificate_common_name == gate;
}

http::Response GateApi::confirm(const http::Request& request) {
  if (faults_.confirm_status != 0) {
    return http::error_response(static_cast<unsigned>(faults_.confirm_status), "fault_switch", "confirm_status is set");
  }
  const auto question = parse_question(request.body);
  if (!question) return error_answer(question.error());
  if (question->store_id != backend_.store_id()) {
    return http::error_response(422, "other_store", "this backend serves store " + backend_.store_id());
  }
  if (!may_speak_for(request, question->gate_id.view())) return foreign_certificate(question->gate_id.view());
  const bool reaches_gate = !faults_.garbage && !faults_.half_answers && !faults_.forget_confirms &&
                            faults_.confirm_delay_ms + faults_.answer_delay_ms < kTooLate_ms;
  const auto answer = backend_.confirm(*question, clocks_.wall(), reaches_gate);
  if (!answer) return error_answer(answer.error());
  return json_answer(answer_json(*answer));
}

http::Response GateApi::take_receipts(const http::Request& request) {
  if (faults_.upload_status != 0) {
    auto response =
        http::error_response(static_cast<unsigned>(faults_.upload_status), "fault_switch", "upload_status is set");
    if (!faults_.retry_after.empty()) response.headers.emplace_back("Retry-After", faults_.retry_after);
    return response;
  }
  const auto object = parse_object(request.body);
  if (!object) return error_answer(object.error());
  Fields fields(*object);
  const auto store_id = fields.text("store_id");
  const auto gate_id = fields.short_id("gate_id");
  const auto* receipts = object->if_contains("receipts");
  if (receipts == nullptr || !receipts->is_array() || receipts->get_array().empty()) {
    fields.complain("receipts", "an array of 1 to 100 receipts");
  }
  if (!fields.problem().empty()) return http::error_response(400, "malformed", fields.problem());
  if (receipts->get_array().size() > kMostReceipts) {
    return http::error_response(413, "too_many", "a batch holds at most 100 receipts");
  }
  if (store_id != backend_.store_id()) {
    return http::error_response(422, "other_store", "this backend serves store " + backend_.store_id());
  }
  if (!may_speak_for(request, gate_id.view())) return foreign_certificate(gate_id.view());
  if (faults_.reject_receipts) return reject_all(request.body);
  const auto results = backend_.take_receipts(gate_id, receipts->get_array(), clocks_.wall());
  if (!results) return error_answer(results.error());
  return json_answer(results_json(*results));
}

http::Response GateApi::reject_all(const std::string& body) const {
  std::vector<UploadResult> results;
  const auto object = parse_object(body);
  for (const auto& receipt : object->at("receipts").get_array()) {
    const auto* id = receipt.is_object() ? receipt.get_object().if_contains("receipt_id") : nullptr;
    const auto uuid = id != nullptr && id->is_string() ? parse_uuid(id->get_string()) : std::nullopt;
    if (uuid) results.push_back({*uuid, UploadStatus::kRejected, "fault_switch: reject_receipts is set"});
  }
  return json_answer(results_json(results));
}

void GateApi::closures(const http::Request& request, const http::Responder& responder) {
  const auto gate = ShortId::parse(request.parameter("gate").value_or(""));
  if (!gate) {
    auto response = http::error_response(400, "malformed", "`gate`: found nothing usable; expected the gate's id");
    return deliver(Route::kOther, std::move(response), responder);
  }
  if (!may_speak_for(request, gate->view()))
    return deliver(Route::kOther, foreign_certificate(gate->view()), responder);
  streams_.open(*gate, request.header("Last-Event-ID").value_or(""), responder, date(), clocks_.wall(), clocks_.mono());
}

http::Headers GateApi::date() const {
  if (faults_.date_offset_s == 0) return {};
  const auto shifted = clocks_.wall() + std::chrono::seconds(faults_.date_offset_s);
  return {{"Date", http::http_date(std::chrono::system_clock::time_point(
                       std::chrono::duration_cast<std::chrono::system_clock::duration>(shifted.time_since_epoch())))}};
}

void GateApi::deliver(Route route, http::Response response, const http::Responder& responder) {
  const auto delay = milliseconds(faults_.answer_delay_ms + (route == Route::kConfirm ? faults_.confirm_delay_ms : 0));
  if (delay.count() == 0) return send(route, std::move(response), responder);
  auto timer = std::make_shared<boost::asio::steady_timer>(io_, delay);
  timer->async_wait([this, timer, route, response = std::move(response), responder](boost::system::error_code error) {
    if (!error) send(route, response, responder);
  });
}

void GateApi::send(Route route, http::Response response, const http::Responder& responder) const {
  if (route == Route::kReceipts && faults_.forget_replies) return responder.abort();
  if (route == Route::kConfirm && faults_.forget_confirms) return responder.abort();
  for (auto& header : date()) response.headers.push_back(std::move(header));
  if (faults_.garbage) {
    response.status = 200;
    response.body = "<html>}{ this is no JSON";
  }
  if (faults_.half_answers) {
    const auto whole = http::answer_text(response, {.keep_alive = false}, kAnyDate).size();
    const auto kept_back = (response.body.size() + 1) / 2;
    return responder.respond_partly(std::move(response), whole - kept_back);
  }
  responder.respond(std::move(response));
}

void GateApi::drop_held() {
  for (const auto& responder : held_) responder.abort();
  held_.clear();
}

}  // namespace exitgate::reference
