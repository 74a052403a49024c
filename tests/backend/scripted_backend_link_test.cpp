#include "backend/scripted_backend_link.hpp"

#include <catch2/catch_test_macros.hpp>

#include "link_under_test.hpp"

using namespace exitgate;

TEST_CASE("the scripted link answers when told to, never by itself, and not after stop") {
  testing::Recorder recorder;
  ScriptedBackendLink link;
  link.start(recorder, "7");
  CHECK(link.started_from() == "7");
  ConfirmRequest request;
  link.ask(1, request);
  link.ask(2, request);
  request.stage = Stage::kLapsed;
  link.ask(3, request);
  CHECK(link.asked().size() == 3);
  CHECK(link.open_questions().size() == 2);
  CHECK(recorder.answers.empty());
  link.answer(1, Refuse{RefuseReason::kInspection});
  CHECK(recorder.answers.size() == 1);
  bool uploaded = false;
  link.upload({"{}"}, [&](UploadAnswer answer) { uploaded = std::holds_alternative<UploadBusy>(answer); });
  CHECK(link.open_upload()->receipt_jsons.size() == 1);
  link.answer_upload(UploadBusy{});
  CHECK(uploaded);
  link.observer()->on_stream_event(Reset{}, "");
  CHECK(recorder.events.size() == 1);
  link.stop();
  link.answer(2, Refuse{});
  CHECK(recorder.answers.size() == 1);
  CHECK(link.observer() == nullptr);
}
