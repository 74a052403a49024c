#include "api_rig.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <future>
#include <thread>

namespace exitgate::test {

struct ApiRig::Loop {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  std::unique_ptr<api::ControlApi> api;
  std::thread thread;
};

ApiRig::ApiRig(const std::function<void(api::ApiSettings&, const std::string&)>& adapt)
    : loop_(std::make_unique<Loop>()) {
  folder_ = (std::filesystem::temp_directory_path() / "exitgate-api-XXXXXX").string();
  REQUIRE(mkdtemp(folder_.data()) != nullptr);
  api::ApiSettings settings;
  settings.socket = socket();
  if (adapt) adapt(settings, folder_);
  loop_->api = std::make_unique<api::ControlApi>(loop_->io, gate, store, metrics, settings);
  started_ = loop_->api->start();
  port_ = loop_->api->port();
  loop_->thread = std::thread([this] { loop_->io.run(); });
}

ApiRig::~ApiRig() {
  boost::asio::post(loop_->io, [this] {
    loop_->api.reset();
    loop_->work.reset();
  });
  loop_->thread.join();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

api::ControlApi& ApiRig::api() { return *loop_->api; }

void ApiRig::run(const std::function<void()>& work) {
  std::promise<void> done;
  boost::asio::post(loop_->io, [&] {
    work();
    done.set_value();
  });
  REQUIRE(done.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
}

void ApiRig::publish(const PublicEvent& event) {
  run([&] { loop_->api->publish(event); });
}

}  // namespace exitgate::test
