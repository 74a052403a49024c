#include "hal/gpiod/line_request.hpp"

#include <fcntl.h>
#include <gpiod.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "hal/gpiod/gpiod_handles.hpp"

namespace exitgate::hal {
namespace {

constexpr std::size_t kEdgesPerRead = 64;  // what one read asks for; reads go on until the buffer is empty

gpiod_line_value value_of(bool high) { return high ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE; }

}  // namespace

MonoTime gpiod_now() {
  // libstdc++'s steady_clock is CLOCK_MONOTONIC.
  return MonoTime{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

Error gpiod_lost(const std::string& chip_path, const std::string& doing) {
  const int number = errno;
  const std::string advice =
      number == ENODEV ? "the chip is gone (unplugged, or its driver unloaded)" : "see the kernel's log for this chip";
  return {"gpiod_lost", chip_path + ": " + doing + ": " + std::generic_category().message(number) + "; " + advice +
                            "; it is tried again"};
}

void LineRequest::Release::operator()(gpiod_line_request* request) const { gpiod_line_request_release(request); }
void LineRequest::Release::operator()(gpiod_edge_event_buffer* buffer) const { gpiod_edge_event_buffer_free(buffer); }

LineRequest::LineRequest(std::string chip_path, gpiod_line_request* request, std::vector<unsigned> offsets)
    : chip_path_(std::move(chip_path)), request_(request), offsets_(std::move(offsets)) {}

int LineRequest::fd() const { return gpiod_line_request_get_fd(request_.get()); }

Status LineRequest::make_nonblocking() {
  const int flags = ::fcntl(fd(), F_GETFL);
  if (flags < 0 || ::fcntl(fd(), F_SETFL, flags | O_NONBLOCK) < 0) {
    return fail(gpiod_lost(chip_path_, "setting the request non-blocking"));
  }
  return {};
}

Status LineRequest::read_levels(std::vector<bool>& levels) const {
  std::vector<gpiod_line_value> values(offsets_.size(), GPIOD_LINE_VALUE_ERROR);
  if (gpiod_line_request_get_values_subset(request_.get(), offsets_.size(), offsets_.data(), values.data()) != 0) {
    return fail(gpiod_lost(chip_path_, "reading levels"));
  }
  for (const auto value : values) levels.push_back(value == GPIOD_LINE_VALUE_ACTIVE);
  return {};
}

Status LineRequest::write_levels(std::span<const OffsetLevel> levels) {
  std::vector<unsigned> offsets;
  std::vector<gpiod_line_value> values;
  for (const auto& level : levels) {
    offsets.push_back(level.offset);
    values.push_back(value_of(level.high));
  }
  if (gpiod_line_request_set_values_subset(request_.get(), offsets.size(), offsets.data(), values.data()) != 0) {
    return fail(gpiod_lost(chip_path_, "writing outputs"));
  }
  return {};
}

Status LineRequest::read_edges(std::vector<OffsetEdge>& edges, std::size_t most) {
  if (!buffer_) buffer_.reset(gpiod_edge_event_buffer_new(kEdgesPerRead));
  if (!buffer_) return fail(gpiod_lost(chip_path_, "making a buffer for edges"));
  while (edges.size() < most) {
    const std::size_t ask = std::min(kEdgesPerRead, most - edges.size());
    const int count = gpiod_line_request_read_edge_events(request_.get(), buffer_.get(), ask);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return {};
    if (count < 0) return fail(gpiod_lost(chip_path_, "reading edges"));
    for (int i = 0; i < count; ++i) {
      auto* event = gpiod_edge_event_buffer_get_event(buffer_.get(), static_cast<unsigned long>(i));
      const auto at_us = static_cast<std::int64_t>(gpiod_edge_event_get_timestamp_ns(event) / 1000);
      edges.push_back({gpiod_edge_event_get_line_offset(event),
                       gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE, mono_from_us(at_us),
                       static_cast<std::uint32_t>(gpiod_edge_event_get_line_seqno(event))});
    }
    if (count == 0) return {};
  }
  return {};
}

Status LineRequest::become_outputs(const std::vector<bool>& levels) {
  const LineConfigHandle config(gpiod_line_config_new());
  const LineSettingsHandle settings(gpiod_line_settings_new());
  if (!config || !settings) return fail(gpiod_lost(chip_path_, "configuring outputs"));
  gpiod_line_settings_set_direction(settings.get(), GPIOD_LINE_DIRECTION_OUTPUT);
  for (std::size_t i = 0; i < offsets_.size(); ++i) {
    gpiod_line_settings_set_output_value(settings.get(), value_of(levels.at(i)));
    if (gpiod_line_config_add_line_settings(config.get(), &offsets_[i], 1, settings.get()) != 0) {
      return fail(gpiod_lost(chip_path_, "configuring outputs"));
    }
  }
  if (gpiod_line_request_reconfigure_lines(request_.get(), config.get()) != 0) {
    return fail(gpiod_lost(chip_path_, "making the lines outputs"));
  }
  return {};
}

}  // namespace exitgate::hal
