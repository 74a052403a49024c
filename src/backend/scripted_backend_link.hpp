// A BackendLink without a backend, for tests and simulation of whoever uses one: it keeps what it was asked, and the
// test gives the answers, when and as it likes. No sockets, no clock. Like the real one it never answers from within
// ask() or upload(), and tells nothing after stop().
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "ports/backend_link.hpp"

namespace exitgate {

class ScriptedBackendLink final : public BackendLink {
 public:
  struct Question {
    QuestionId id = 0;
    ConfirmRequest request;
  };
  struct Upload {
    std::vector<std::string> receipt_jsons;
    std::function<void(UploadAnswer)> done;
  };

  void start(BackendObserver& observer, std::string last_event_id) override {
    observer_ = &observer;
    started_from_ = std::move(last_event_id);
  }
  void ask(QuestionId question, const ConfirmRequest& request) override {
    asked_.push_back({question, request});
    if (request.stage != Stage::kLapsed) EXITGATE_CHECK(open_.emplace(question, request).second);
  }
  void upload(const std::vector<std::string>& receipt_jsons, std::function<void(UploadAnswer)> done) override {
    EXITGATE_CHECK(!upload_);
    upload_ = Upload{receipt_jsons, std::move(done)};
  }
  void refresh_pass_keys() override { ++pass_key_refreshes_; }
  void stop() override {
    observer_ = nullptr;
    open_.clear();
    upload_.reset();
  }

  /// Everything asked so far, notices included, in order.
  [[nodiscard]] const std::vector<Question>& asked() const { return asked_; }
  /// Asked and not answered yet.
  [[nodiscard]] const std::map<QuestionId, ConfirmRequest>& open_questions() const { return open_; }
  [[nodiscard]] const std::optional<Upload>& open_upload() const { return upload_; }
  [[nodiscard]] int pass_key_refreshes() const { return pass_key_refreshes_; }
  [[nodiscard]] const std::optional<std::string>& started_from() const { return started_from_; }

  /// Answers a question that is open; nothing after stop().
  void answer(QuestionId question, const ConfirmAnswer& answer) {
    if (observer_ == nullptr) return;
    EXITGATE_CHECK(open_.erase(question) == 1);
    observer_->on_answer(question, answer);
  }
  void answer_upload(UploadAnswer answer) {
    if (const auto upload = std::exchange(upload_, std::nullopt)) upload->done(std::move(answer));
  }
  /// For everything else the backend can say: link.observer()->on_stream_event(…). Null before start() and after
  /// stop().
  [[nodiscard]] BackendObserver* observer() const { return observer_; }

 private:
  BackendObserver* observer_ = nullptr;
  std::optional<std::string> started_from_;
  std::vector<Question> asked_;
  std::map<QuestionId, ConfirmRequest> open_;
  std::optional<Upload> upload_;
  int pass_key_refreshes_ = 0;
};

}  // namespace exitgate
