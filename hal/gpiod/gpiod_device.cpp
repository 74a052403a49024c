#include "hal/gpiod/gpiod_device.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/check.hpp"
#include "hal/gpiod/open_lines.hpp"

namespace exitgate::hal {
namespace {

namespace asio = boost::asio;

constexpr Duration kFirstRetry = milliseconds{100};
constexpr Duration kLastRetry = milliseconds{2000};
constexpr std::size_t kMostNotices = 16;

class GpiodDevice final : public DigitalDevice {
 public:
  GpiodDevice(asio::io_context& loop, GpiodSettings settings)
      : loop_(loop), settings_(std::move(settings)), timer_(loop), fold_(settings_.inputs.size()) {
    EXITGATE_CHECK(settings_.inputs.size() <= kMaxChangesPerPoll / 2 && settings_.poll > Duration{0});
    EXITGATE_CHECK(!settings_.inputs.empty() || !settings_.outputs.empty());
  }
  ~GpiodDevice() override { stop(); }
  GpiodDevice(const GpiodDevice&) = delete;
  GpiodDevice& operator=(const GpiodDevice&) = delete;

  void start(DigitalDeviceObserver& observer) override;
  void write(PortIndex output, bool high) override;
  void read_outputs() override;
  void stop() override;

 private:
  /// Ends with the lines: what was posted or awaited for them must not act on later ones.
  using Session = std::shared_ptr<char>;
  using SessionMark = std::weak_ptr<char>;

  void try_open();
  void go_down(const Error& why);
  void close();
  void await_edges(std::size_t index);
  void poll();
  void post_requests();
  void do_requests();
  [[nodiscard]] bool tell_written(const std::map<PortIndex, bool>& wanted, const std::vector<bool>& found);
  void arm(Duration after, void (GpiodDevice::*then)());
  void notice(const Error& error);

  asio::io_context& loop_;
  GpiodSettings settings_;
  asio::steady_timer timer_;  ///< of the next poll while up, of the next try while down
  DigitalDeviceObserver* observer_ = nullptr;
  Session started_;  ///< from start() to stop()
  Session session_;  ///< from up to down
  std::optional<OpenLines> lines_;
  std::vector<asio::posix::stream_descriptor> edges_;
  EdgeFold fold_;
  Duration retry_ = kFirstRetry;
  std::uint64_t armed_ = 0;  ///< counts arm(): only the newest one acts
  bool told_down_ = false;
  std::set<std::pair<std::string_view, std::string>> noticed_;  ///< since it was last up; bounded by what can be said
  std::map<PortIndex, bool> writes_;                            ///< not gone out yet
  bool outputs_wanted_ = false;
  bool requests_posted_ = false;
};

void GpiodDevice::start(DigitalDeviceObserver& observer) {
  EXITGATE_CHECK(observer_ == nullptr);
  observer_ = &observer;
  started_ = std::make_shared<char>();
  told_down_ = false;
  retry_ = kFirstRetry;
  noticed_.clear();
  asio::post(loop_, [this, mark = SessionMark(started_)] {
    if (!mark.expired()) try_open();
  });
}

void GpiodDevice::stop() {
  close();
  timer_.cancel();
  started_.reset();
  observer_ = nullptr;
}

void GpiodDevice::close() {
  for (auto& descriptor : edges_) (void)descriptor.release();  // they belong to the requests
  edges_.clear();
  lines_.reset();
  session_.reset();
  writes_.clear();
  outputs_wanted_ = false;
  requests_posted_ = false;
}

void GpiodDevice::try_open() {
  auto opened = OpenLines::open(settings_);
  if (!opened) return go_down(opened.error());
  lines_.emplace(std::move(*opened));
  session_ = std::make_shared<char>();
  fold_ = EdgeFold(settings_.inputs.size());
  for (const int number : lines_->edge_descriptors()) {
    boost::system::error_code error;
    asio::posix::stream_descriptor descriptor(loop_);
    if (descriptor.assign(number, error)) {
      errno = error.value();
      return go_down(gpiod_lost(settings_.chip_path, "awaiting edges"));
    }
    edges_.push_back(std::move(descriptor));
  }
  const SessionMark mark = session_;
  noticed_.clear();
  told_down_ = false;
  observer_->on_up(gpiod_now());
  if (mark.expired()) return;
  for (const auto& complaint : std::vector<Error>(lines_->bias_complaints())) notice(complaint);
  if (mark.expired()) return;
  for (std::size_t i = 0; i < edges_.size(); ++i) await_edges(i);
  poll();
}

void GpiodDevice::go_down(const Error& why) {
  close();
  arm(retry_, &GpiodDevice::try_open);
  retry_ = std::min(2 * retry_, kLastRetry);
  if (told_down_) return notice(why);
  told_down_ = true;
  noticed_.clear();
  noticed_.emplace(why.code, why.message);
  observer_->on_down(gpiod_now(), why);
}

void GpiodDevice::notice(const Error& error) {
  if (noticed_.size() >= kMostNotices) return;
  if (noticed_.emplace(error.code, error.message).second && settings_.notice) settings_.notice(error);
}

void GpiodDevice::arm(Duration after, void (GpiodDevice::*then)()) {
  timer_.expires_after(after);
  // A timer that fired just before it was armed anew still calls.
  timer_.async_wait([this, then, armed = ++armed_, mark = SessionMark(started_)](const auto& error) {
    if (!error && !mark.expired() && armed == armed_) (this->*then)();
  });
}

void GpiodDevice::await_edges(std::size_t index) {
  edges_[index].async_wait(asio::posix::stream_descriptor::wait_read,
                           [this, index, mark = SessionMark(session_)](const boost::system::error_code& error) {
                             if (mark.expired()) return;
                             // An error of the descriptor shows itself in the reading.
                             poll();
                             if (!mark.expired() && error != asio::error::operation_aborted) await_edges(index);
                           });
}

void GpiodDevice::poll() {
  const SessionMark mark = session_;
  auto edges = lines_->read_edges(kMaxChangesPerPoll - settings_.inputs.size());
  if (!edges) return go_down(edges.error());
  // The levels are at least as fresh as this: edges up to here are in them.
  const MonoTime read_at = gpiod_now();
  const auto levels = lines_->read_inputs();
  if (!levels) return go_down(levels.error());
  if (settings_.inputs.empty()) {
    if (const auto outputs = lines_->read_outputs(); !outputs) return go_down(outputs.error());
  }
  const auto lost_before = fold_.lost_edges();
  const auto changes = fold_.fold(std::move(*edges), read_at, *levels);
  const bool lost = fold_.lost_edges() != lost_before;
  retry_ = kFirstRetry;
  arm(settings_.poll, &GpiodDevice::poll);
  observer_->on_polled(read_at, changes);
  if (lost && !mark.expired()) {
    notice({"gpiod_events_lost", settings_.chip_path +
                                     ": edges came faster than they were read, and the kernel dropped "
                                     "some; levels are right, short pulses may be missing; look for a "
                                     "loose or flickering input"});
  }
}

void GpiodDevice::write(PortIndex output, bool high) {
  EXITGATE_CHECK(output < settings_.outputs.size());
  if (!session_) return;
  writes_[output] = high;
  post_requests();
}

void GpiodDevice::read_outputs() {
  if (!session_) return;
  outputs_wanted_ = true;
  post_requests();
}

void GpiodDevice::post_requests() {
  if (std::exchange(requests_posted_, true)) return;
  asio::post(loop_, [this, mark = SessionMark(session_)] {
    if (!mark.expired()) do_requests();
  });
}

void GpiodDevice::do_requests() {
  requests_posted_ = false;
  const auto wanted = std::exchange(writes_, {});
  const bool tell_outputs = std::exchange(outputs_wanted_, false);
  if (auto written = lines_->write(wanted); !written) return go_down(written.error());
  const auto found = lines_->read_outputs();
  if (!found) return go_down(found.error());
  const MonoTime read_at = gpiod_now();
  if (!tell_written(wanted, *found) || !tell_outputs) return;
  std::vector<OutputLevel> levels;
  for (std::size_t i = 0; i < found->size(); ++i) levels.push_back({static_cast<PortIndex>(i), (*found)[i]});
  observer_->on_outputs(read_at, levels);
}

/// False when a callback ended the session.
bool GpiodDevice::tell_written(const std::map<PortIndex, bool>& wanted, const std::vector<bool>& found) {
  const SessionMark mark = session_;
  const MonoTime at = gpiod_now();
  for (const auto& [output, high] : wanted) {
    Status status;
    if (found.at(output) != high) {
      status = fail("gpiod_write_not_verified",
                    settings_.chip_path + ": output " + std::to_string(output) + " of device " + settings_.name +
                        " does not show the level written to it; is the line shorted or driven by something else?");
    }
    observer_->on_written(at, output, high, status);
    if (mark.expired()) return false;
  }
  return true;
}

}  // namespace

std::unique_ptr<DigitalDevice> make_gpiod_device(asio::io_context& loop, GpiodSettings settings) {
  return std::make_unique<GpiodDevice>(loop, std::move(settings));
}

}  // namespace exitgate::hal
