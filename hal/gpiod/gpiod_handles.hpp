// Owners of libgpiod's objects. Inside this folder only.
#pragma once

#include <gpiod.h>

#include <memory>

namespace exitgate::hal {

struct GpiodFree {
  void operator()(gpiod_chip* chip) const { gpiod_chip_close(chip); }
  void operator()(gpiod_chip_info* info) const { gpiod_chip_info_free(info); }
  void operator()(gpiod_line_info* info) const { gpiod_line_info_free(info); }
  void operator()(gpiod_line_settings* settings) const { gpiod_line_settings_free(settings); }
  void operator()(gpiod_line_config* config) const { gpiod_line_config_free(config); }
  void operator()(gpiod_request_config* config) const { gpiod_request_config_free(config); }
};

using ChipHandle = std::unique_ptr<gpiod_chip, GpiodFree>;
using ChipInfoHandle = std::unique_ptr<gpiod_chip_info, GpiodFree>;
using LineInfoHandle = std::unique_ptr<gpiod_line_info, GpiodFree>;
using LineSettingsHandle = std::unique_ptr<gpiod_line_settings, GpiodFree>;
using LineConfigHandle = std::unique_ptr<gpiod_line_config, GpiodFree>;
using RequestConfigHandle = std::unique_ptr<gpiod_request_config, GpiodFree>;

}  // namespace exitgate::hal
