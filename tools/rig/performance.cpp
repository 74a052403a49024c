#include "tools/rig/performance.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdio>

#include "tools/rig/live_view.hpp"
#include "tools/rig/steady_now.hpp"

namespace exitgate::rig {
namespace {

constexpr milliseconds kTick{10};
constexpr Duration kStatusEvery{milliseconds{200}};
constexpr Duration kReceiptsEvery{milliseconds{300}};
/// How long no further receipt may come before it is believed that none will.
constexpr Duration kQuiet{milliseconds{2000}};
constexpr Duration kPause{std::chrono::seconds{5}};
constexpr Duration kFrame{milliseconds{100}};
constexpr std::size_t kEventsKept = 50;

}  // namespace

struct Performance::Clock {
  explicit Clock(boost::asio::io_context& io) : timer(io) {}
  boost::asio::steady_timer timer;
};

Result<std::unique_ptr<Performance>> Performance::open(boost::asio::io_context& io, Scenario scenario,
                                                       PerformanceOptions options) {
  std::unique_ptr<Performance> performance(new Performance(io, std::move(scenario), std::move(options)));
  auto plant = Plant::open(io, performance->scenario_);
  if (!plant) return fail(plant.error());
  performance->plant_ = std::move(*plant);
  const auto connect = [&io](const std::string& address, std::unique_ptr<Calls>& calls) -> Status {
    if (address.empty()) return {};
    auto made = Calls::to(io, address);
    if (!made) return fail(made.error());
    calls = std::move(*made);
    return {};
  };
  for (const auto& done : {connect(performance->options_.backend_admin, performance->backend_),
                           connect(performance->options_.control, performance->control_),
                           connect(performance->options_.control, performance->control_poll_)}) {
    if (!done) return fail(done.error());
  }
  return performance;
}

Performance::Performance(boost::asio::io_context& io, Scenario scenario, PerformanceOptions options)
    : scenario_(std::move(scenario)), options_(std::move(options)), clock_(std::make_unique<Clock>(io)) {}

Performance::~Performance() {
  if (options_.live) std::fputs("\x1b[?25h", stdout);
}

void Performance::start(Ended ended) {
  ended_ = std::move(ended);
  act_began_ = steady_now();
  if (options_.live) std::fputs("\x1b[2J\x1b[?25l", stdout);
  schedule();
}

void Performance::schedule() {
  clock_->timer.expires_after(kTick);
  clock_->timer.async_wait([this](auto error) {
    if (error || act_ == Act::kEnded) return;
    tick();
    if (act_ != Act::kEnded) schedule();
  });
}

void Performance::tick() {
  const MonoTime now = steady_now();
  plant_->step(now, wall_now());
  if (director_) director_->step(now);
  poll_status(now);
  if (options_.live) draw(now);
  switch (act_) {
    case Act::kWaiting:
      return wait_for_gate(now);
    case Act::kPlaying:
      return play(now);
    case Act::kSettling:
      return settle(now);
    case Act::kPausing:
      if (now - act_began_ < kPause) return;
      for (auto& lane : plant_->lanes()) lane.model.forget();
      director_.reset();
      act_ = Act::kWaiting;
      act_began_ = now;
      return;
    case Act::kEnded:
      return;
  }
}

std::string Performance::missing(MonoTime now) const {
  if (auto unattended = plant_->missing(now); !unattended.empty()) return unattended;
  if (!control_) return {};
  if (!gate_) return "the daemon's control API does not answer";
  if (backend_ && !gate_->backend_online) return "the gate is not connected to its backend";
  for (const auto& lane : scenario_.lanes) {
    const auto found = gate_->lanes.find(lane.id);
    if (found == gate_->lanes.end()) return "the daemon has no lane " + lane.id;
    if (found->second.phase != "idle") return "lane " + lane.id + " is " + found->second.phase;
  }
  return {};
}

void Performance::wait_for_gate(MonoTime now) {
  const std::string lacking = missing(now);
  if (!lacking.empty()) {
    if (now - act_began_ < options_.patience) return;
    std::fprintf(stderr, "exitgate-rig: gave up waiting for the gate: %s; look at the daemon's log\n", lacking.c_str());
    act_ = Act::kEnded;
    return ended_(false);
  }
  director_ = std::make_unique<Director>(*plant_, scenario_, Director::Peers{backend_.get(), control_.get()},
                                         [this](const std::string& text) { say(text); });
  director_->begin(now, wall_now());
  act_ = Act::kPlaying;
  act_began_ = now;
}

void Performance::play(MonoTime now) {
  if (!director_->finished()) return;
  act_ = Act::kSettling;
  act_began_ = now;
  next_receipts_ = now;
  receipts_.reset();
  complete_since_ = kNever;
  say("the script is played; waiting for the receipts");
}

void Performance::settle(MonoTime now) {
  poll_receipts(now);
  if (!settled(now) && now - act_began_ < scenario_.settle) return;
  finish(now);
}

/// All receipts are there, in whole chains, and for a while no further one came.
bool Performance::settled(MonoTime now) const {
  if (!backend_) return now - act_began_ >= kQuiet;
  return complete_since_ != kNever && now - complete_since_ >= kQuiet;
}

void Performance::poll_receipts(MonoTime now) {
  if (!backend_ || receipts_asked_ || now < next_receipts_) return;
  receipts_asked_ = true;
  next_receipts_ = now + kReceiptsEvery;
  backend_->get("/admin/receipts", [this](const Result<std::string>& body) {
    receipts_asked_ = false;
    auto receipts = body ? parse_receipts(*body) : Result<std::vector<SeenReceipt>>(fail(body.error()));
    if (!receipts) {
      chain_troubles_ = {receipts.error().message};
      return;
    }
    receipts->erase(receipts->begin(),
                    receipts->begin() + static_cast<std::ptrdiff_t>(std::min(receipts_before_, receipts->size())));
    const bool as_before = receipts_ && receipts_->size() == receipts->size();
    receipts_ = std::move(*receipts);
    const bool complete = receipts_->size() >= expected_receipts(director_->endings()) && chain_troubles_.empty();
    if (!complete) {
      complete_since_ = kNever;
    } else if (complete_since_ == kNever || !as_before) {
      complete_since_ = steady_now();
    }
  });
  backend_->get("/admin/summary", [this](const Result<std::string>& body) {
    const auto troubles = body ? parse_chain_troubles(*body) : Result<std::vector<std::string>>(fail(body.error()));
    chain_troubles_ = troubles ? *troubles : std::vector<std::string>{troubles.error().message};
  });
}

void Performance::finish(MonoTime now) {
  auto endings = director_->endings();
  if (!backend_) {
    for (auto& ending : endings) ending.receipts.clear();
  }
  std::vector<std::string> troubles = chain_troubles_;
  for (const auto& problem : director_->problems()) troubles.push_back(problem);
  const std::size_t found = receipts_ ? receipts_->size() : 0;
  const Judgement judgement = judge(endings, receipts_.value_or(std::vector<SeenReceipt>{}), std::move(troubles));
  receipts_before_ += found;
  if (options_.live) std::fputs("\x1b[2J\x1b[H", stdout);
  std::printf("%s%s: %zu receipts at the backend, %s\n", table_text(judgement).c_str(), scenario_.title.c_str(), found,
              judgement.good() ? "everything as expected" : "NOT AS EXPECTED");
  std::fflush(stdout);
  act_ = options_.once ? Act::kEnded : Act::kPausing;
  act_began_ = now;
  if (options_.once) ended_(judgement.good());
}

void Performance::poll_status(MonoTime now) {
  if (!control_poll_ || status_asked_ || now < next_status_) return;
  status_asked_ = true;
  next_status_ = now + kStatusEvery;
  control_poll_->get("/api/v1/status", [this](const Result<std::string>& body) {
    status_asked_ = false;
    gate_.reset();
    if (!body) return;
    if (auto status = parse_status(*body)) gate_ = std::move(*status);
  });
}

void Performance::say(const std::string& text) {
  const auto tenth = director_ ? to_ms(director_->elapsed(steady_now())) / 100 : 0;
  std::string time = std::to_string(tenth / 10) + "." + std::to_string(tenth % 10);
  if (time.size() < 5) time.insert(0, 5 - time.size(), ' ');
  const std::string line = time + " s  " + text;
  events_.push_back(line);
  if (events_.size() > kEventsKept) events_.pop_front();
  if (options_.live) return;
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

void Performance::draw(MonoTime now) {
  if (now < next_draw_ || act_ == Act::kPausing) return;
  next_draw_ = now + kFrame;
  LiveViewInput input;
  input.title = scenario_.title;
  input.elapsed = director_ ? director_->elapsed(now) : Duration{0};
  input.length = director_ ? director_->length() : Duration{0};
  input.fire = plant_->fire();
  input.lanes = &plant_->lanes();
  input.gate = gate_;
  input.events = events_;
  std::string frame = "\x1b[H";
  for (const auto& line : live_view(input, true)) frame += line + "\x1b[K\n";
  std::fputs((frame + "\x1b[J").c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace exitgate::rig
