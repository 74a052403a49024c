// Dialogue and scripted controller face to face under virtual time.
#pragma once

#include <string>
#include <vector>

#include "hal/hci/hci_dialogue.hpp"
#include "scripted_controller.hpp"

namespace exitgate::hal {

struct VirtualLink final : HciLink, AdvertObserver {
  // HciLink
  void open() override {
    ++opens;
    opened_at.push_back(now);
    is_open = true;
    answer_open = true;
  }
  void send(std::span<const std::uint8_t> packet) override {
    REQUIRE(is_open);
    const auto answer = controller.answer(Bytes(packet.begin(), packet.end()));
    to_gate.insert(to_gate.end(), answer.begin(), answer.end());
  }
  void close() override {
    is_open = false;
    answer_open = false;
    to_gate.clear();
  }
  // AdvertObserver
  void on_up(MonoTime) override { told.emplace_back("up"); }
  void on_down(MonoTime at, const Error& why) override {
    told.emplace_back(why.code);
    down_at = at;
    if (stop_when_told) dialogue.stop();
  }
  void on_advert(const AdvertReport&) override {
    ++adverts;
    if (stop_when_told) dialogue.stop();
  }

  void start() {
    dialogue.start(now, *this);
    settle();
  }
  /// Exchanges bytes until both sides have nothing more to say at this time.
  void settle() {
    for (int turns = 0; turns < 100; ++turns) {
      if (answer_open) {
        answer_open = false;
        if (transport_works) {
          dialogue.on_opened(now);
        } else {
          is_open = false;
          dialogue.on_closed(now, {"receiver_open_failed", "test"});
        }
      } else if (!to_gate.empty()) {
        const Bytes bytes = std::exchange(to_gate, {});
        dialogue.on_received(now, bytes);
      } else {
        return;
      }
    }
    FAIL("the dialogue does not come to rest");
  }
  void hear(const Bytes& bytes) {
    dialogue.on_received(now, bytes);
    settle();
  }
  void run_for(Duration time) {
    const MonoTime end = now + time;
    for (int turns = 0; dialogue.next_deadline() <= end; ++turns) {
      REQUIRE(turns < 10000);
      REQUIRE(dialogue.next_deadline() >= now);
      now = dialogue.next_deadline();
      dialogue.on_time(now);
      settle();
    }
    now = end;
  }
  [[nodiscard]] bool controller_heard(Opcode opcode) const {
    return std::find(controller.heard.begin(), controller.heard.end(), opcode) != controller.heard.end();
  }

  MonoTime now = mono_from_us(1'000'000);
  ScriptedController controller;
  bool transport_works = true;
  bool stop_when_told = false;
  bool is_open = false;
  bool answer_open = false;
  Bytes to_gate;
  int opens = 0;
  int adverts = 0;
  MonoTime down_at{};
  std::vector<MonoTime> opened_at;
  std::vector<std::string> told;
  HciDialogue dialogue{*this, "rx1"};
};

}  // namespace exitgate::hal
