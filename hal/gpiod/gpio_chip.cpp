#include "hal/gpiod/gpio_chip.hpp"

#include <cerrno>
#include <system_error>

#include "base/check.hpp"
#include "hal/gpiod/gpiod_handles.hpp"

namespace exitgate::hal {
namespace {

// linux/gpio.h: the kernel's default is 16 edges a line; more room costs little and survives a busy moment.
constexpr std::size_t kKernelEdgesPerLine = 32;

std::string text_of(const char* text) { return text == nullptr ? std::string() : std::string(text); }

gpiod_line_bias bias_of(GpiodBias bias) {
  switch (bias) {
    case GpiodBias::kPullUp:
      return GPIOD_LINE_BIAS_PULL_UP;
    case GpiodBias::kPullDown:
      return GPIOD_LINE_BIAS_PULL_DOWN;
    case GpiodBias::kAsIs:
      break;
  }
  return GPIOD_LINE_BIAS_AS_IS;
}

Error no_memory(const std::string& path) { return gpiod_lost(path, "describing a request"); }

std::string open_advice(int number) {
  switch (number) {
    case ENOENT:
      return "is it plugged in, and its driver loaded?";
    case EACCES:
    case EPERM:
      return "the daemon's user must be in the group of the file (gpio)";
    case ENODEV:
    case ENOTTY:
    case EINVAL:
      return "this is no GPIO chip; `gpiodetect` lists those of this machine";
    default:
      return "see the kernel's log for this chip";
  }
}

}  // namespace

void GpioChip::Close::operator()(gpiod_chip* chip) const { gpiod_chip_close(chip); }

GpioChip::GpioChip(std::string path, gpiod_chip* chip) : path_(std::move(path)), chip_(chip) {}

Result<GpioChip> GpioChip::open(const std::string& path) {
  gpiod_chip* chip = gpiod_chip_open(path.c_str());
  if (chip == nullptr) {
    const int number = errno;
    return fail("gpiod_open",
                path + ": can't be opened: " + std::generic_category().message(number) + "; " + open_advice(number));
  }
  return GpioChip(path, chip);
}

Result<std::vector<ChipLine>> GpioChip::lines() const {
  const ChipInfoHandle info(gpiod_chip_get_info(chip_.get()));
  if (!info) return fail(gpiod_lost(path_, "reading what the chip is"));
  std::vector<ChipLine> out;
  for (unsigned offset = 0; offset < gpiod_chip_info_get_num_lines(info.get()); ++offset) {
    const LineInfoHandle line(gpiod_chip_get_line_info(chip_.get(), offset));
    if (!line) return fail(gpiod_lost(path_, "reading what line " + std::to_string(offset) + " is"));
    out.push_back({offset, text_of(gpiod_line_info_get_name(line.get())), gpiod_line_info_is_used(line.get()),
                   text_of(gpiod_line_info_get_consumer(line.get()))});
  }
  return out;
}

Result<GpiodBias> GpioChip::bias(unsigned offset) const {
  const LineInfoHandle line(gpiod_chip_get_line_info(chip_.get(), offset));
  if (!line) return fail(gpiod_lost(path_, "reading what line " + std::to_string(offset) + " is"));
  switch (gpiod_line_info_get_bias(line.get())) {
    case GPIOD_LINE_BIAS_PULL_UP:
      return GpiodBias::kPullUp;
    case GPIOD_LINE_BIAS_PULL_DOWN:
      return GpiodBias::kPullDown;
    default:
      return GpiodBias::kAsIs;
  }
}

Result<LineRequest> GpioChip::request(const std::string& consumer, gpiod_line_config* config,
                                      std::vector<unsigned> offsets) const {
  const RequestConfigHandle how(gpiod_request_config_new());
  if (!how) return fail(no_memory(path_));
  gpiod_request_config_set_consumer(how.get(), consumer.c_str());
  gpiod_request_config_set_event_buffer_size(how.get(), kKernelEdgesPerLine * offsets.size());
  gpiod_line_request* request = gpiod_chip_request_lines(chip_.get(), how.get(), config);
  if (request != nullptr) return LineRequest(path_, request, std::move(offsets));
  const int number = errno;
  if (number == EBUSY) {
    const auto present = lines();
    if (!present) return fail(present.error());
    return fail(busy_error(path_, *present, offsets));
  }
  return fail("gpiod_request", path_ + ": the lines were refused: " + std::generic_category().message(number) +
                                   "; do they have interrupts, and may they be outputs? see the chip's manual");
}

Result<LineRequest> GpioChip::request_inputs(const std::string& consumer, std::span<const InputLine> lines) const {
  EXITGATE_CHECK(!lines.empty() && lines.size() <= kMaxLinesPerRequest);
  const LineConfigHandle config(gpiod_line_config_new());
  const LineSettingsHandle settings(gpiod_line_settings_new());
  if (!config || !settings) return fail(no_memory(path_));
  gpiod_line_settings_set_direction(settings.get(), GPIOD_LINE_DIRECTION_INPUT);
  gpiod_line_settings_set_edge_detection(settings.get(), GPIOD_LINE_EDGE_BOTH);
  gpiod_line_settings_set_event_clock(settings.get(), GPIOD_LINE_CLOCK_MONOTONIC);
  std::vector<unsigned> offsets;
  for (const auto& line : lines) {
    gpiod_line_settings_set_bias(settings.get(), bias_of(line.bias));
    if (gpiod_line_config_add_line_settings(config.get(), &line.offset, 1, settings.get()) != 0) {
      return fail(no_memory(path_));
    }
    offsets.push_back(line.offset);
  }
  auto requested = request(consumer, config.get(), std::move(offsets));
  if (!requested) return requested;
  if (auto set = requested->make_nonblocking(); !set) return fail(set.error());
  return requested;
}

Result<LineRequest> GpioChip::request_outputs(const std::string& consumer, std::span<const unsigned> offsets) const {
  EXITGATE_CHECK(!offsets.empty() && offsets.size() <= kMaxLinesPerRequest);
  const LineConfigHandle config(gpiod_line_config_new());
  const LineSettingsHandle settings(gpiod_line_settings_new());
  if (!config || !settings) return fail(no_memory(path_));
  gpiod_line_settings_set_direction(settings.get(), GPIOD_LINE_DIRECTION_AS_IS);
  if (gpiod_line_config_add_line_settings(config.get(), offsets.data(), offsets.size(), settings.get()) != 0) {
    return fail(no_memory(path_));
  }
  auto requested = request(consumer, config.get(), {offsets.begin(), offsets.end()});
  if (!requested) return requested;
  std::vector<bool> present;
  if (auto read = requested->read_levels(present); !read) return fail(read.error());
  if (auto driven = requested->become_outputs(present); !driven) return fail(driven.error());
  return requested;
}

}  // namespace exitgate::hal
