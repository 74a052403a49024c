// The turn of the loop: an event, a step, its commands.
#include "daemon/gate.hpp"

#include "runtime/clock.hpp"
#include "runtime/journal.hpp"

namespace exitgate::daemon {
namespace {

constexpr Duration kKernelAskedEvery = std::chrono::seconds{1};
/// What somebody waits for goes first: a commit takes longest, so it begins first; telling of it, which costs a system
/// call a line, goes last. Within a rank the order is the controller's.
enum class Rank { kKeeps, kActs, kAsks, kTells };
Rank rank_of(const Command& command) {
  if (std::holds_alternative<Persist>(command)) return Rank::kKeeps;
  if (std::holds_alternative<Ask>(command)) return Rank::kAsks;
  const bool tells = std::holds_alternative<Publish>(command) || std::holds_alternative<CommandDone>(command);
  return tells ? Rank::kTells : Rank::kActs;
}

/// Events wait only while a step's commands are carried out; more than this is a driver out of hand.
constexpr std::size_t kWaitingAtMost = 65536;
/// Marks of ten seconds each, the floor, the keys: beyond this the oldest go, which newer ones mostly replace.
constexpr std::size_t kUnwrittenAtMost = 256;

}  // namespace

Gate::Gate(boost::asio::io_context& loop, std::shared_ptr<const config::StoreConfig> config, Folders folders)
    : loop_(loop),
      config_(std::move(config)),
      folders_(std::move(folders)),
      trace_output_(loop, folders_.state),
      clock_(config_->clock_trust),
      metrics_(EXITGATE_VERSION),
      timer_(loop),
      watch_timer_(loop),
      stop_timer_(loop) {}

Gate::~Gate() {
  // Whoever may still call back goes before what it would call.
  drainer_.reset();
  if (link_) link_->stop();
  if (devices_) devices_->stop();
}

Now Gate::now() {
  const MonoTime mono = runtime::mono_now();
  if (kernel_asked_at_ == MonoTime{} || mono - kernel_asked_at_ >= kKernelAskedEvery) {
    kernel_asked_at_ = mono;
    kernel_synchronised_ = runtime::kernel_clock_synchronised();
  }
  const auto& view = clock_.read(runtime::wall_now(), kernel_synchronised_);
  return {.mono = mono,
          .wall = view.now,
          .judging = view.judging,
          .synchronised = view.synchronised,
          .boot_ms = runtime::boot_ms_now()};
}

void Gate::feed(Event event) {
  if (stopping_ || !controller_) return;
  if (waiting_.size() < kWaitingAtMost) waiting_.push_back(std::move(event));
  if (!turning_now_) turn();
}

void Gate::turn() {
  turning_now_ = true;
  while (!waiting_.empty()) {
    const Event event = std::move(waiting_.front());
    waiting_.pop_front();
    const auto at = now();
    recorder_.begin(*controller_, event, at);
    const auto& commands = controller_->step(event, at);
    recorder_.end(commands);
    for (const auto rank : {Rank::kKeeps, Rank::kActs, Rank::kAsks, Rank::kTells}) {
      for (const auto& command : commands) {
        if (rank_of(command) == rank) carry_out(command);
      }
    }
  }
  turning_now_ = false;
  arm();
  if (ready_ && controller_->outputs_known()) std::exchange(ready_, nullptr)();
  if (next_config_ && restart_ && controller_->may_restart()) {
    // Not from within a device's callback.
    stop_timer_.arm(runtime::mono_now(), [this, next = std::exchange(next_config_, nullptr)] { restart_(next); });
  }
}

void Gate::arm() {
  const MonoTime at = std::min(controller_->next_deadline(), radio_->next_deadline());
  if (at == kNever) {
    timer_.cancel();
  } else {
    timer_.arm(at, [this] { on_timer(); });
  }
}

void Gate::on_timer() {
  const MonoTime mono = runtime::mono_now();
  if (radio_->next_deadline() <= mono) radio_->on_time(mono);
  feed(Tick{});
}

void Gate::carry_out(const Command& command) {
  if (const auto* write = std::get_if<WriteOutput>(&command)) {
    devices_->write(write->point, write->energised);
  } else if (const auto* read = std::get_if<ReadOutputs>(&command)) {
    devices_->read_outputs(read->device);
  } else if (const auto* ask = std::get_if<Ask>(&command)) {
    link_->ask(ask->question, ask->request);
  } else if (const auto* persist = std::get_if<Persist>(&command)) {
    store(persist->ticket, persist->writes);
  } else if (const auto* event = std::get_if<Publish>(&command)) {
    publish(event->event);
  } else if (const auto* done = std::get_if<CommandDone>(&command)) {
    const auto found = commands_.find(done->request);
    if (found == commands_.end()) return;
    auto pending = std::move(found->second);
    commands_.erase(found);
    CommandOutcome outcome{done->status, {}};
    for (auto& lane : controller_->status().lanes) {
      if (!pending.lane || lane.id == *pending.lane) outcome.lanes.push_back(std::move(lane));
    }
    pending.done(std::move(outcome));
  }
}

void Gate::store(Ticket ticket, std::vector<StoreWrite> writes) {
  store_->submit(std::move(writes), [this, ticket](const Status& status) { feed(Persisted{ticket, status}); });
}

void Gate::store_own(std::vector<StoreWrite> writes) {
  store_->submit(writes, [this, writes](const Status& status) {
    if (status || status.error().code == "wrong_state") return;
    if (unwritten_.size() >= kUnwrittenAtMost) unwritten_.pop_front();
    unwritten_.push_back(writes);
  });
}

void Gate::publish(const PublicEvent& event) {
  runtime::log_event(event);
  metrics_.on_event(event);
  if (api_) api_->publish(event);
  keep_trace_of(event);
}

}  // namespace exitgate::daemon
