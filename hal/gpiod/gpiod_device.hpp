// Driver `gpiochip`: lines of one Linux GPIO chip as a digital device, over libgpiod 2 (character device, uAPI v2).
//
// Ownership: the caller owns the device; the io_context outlives it. It must not be destroyed from within a callback.
// Thread: the loop's; there is no worker: edges are awaited as descriptors on the loop, and no call into the kernel
// waits for the far side. Errors: gpiod_open, gpiod_line_missing, gpiod_line_ambiguous, gpiod_line_twice,
// gpiod_line_busy, gpiod_request, gpiod_lost through on_down(), tried again after 0.1 s doubling to 2 s;
// gpiod_write_not_verified through on_written(); gpiod_events_lost, gpiod_bias_ignored and another reason to stay down
// through the settings' `notice`. Timing: a change carries the kernel's time stamp of its edge; levels are read after
// every edge and every `poll`. There is no debouncing here: the kernel's would stamp the end of the quiet time.
//
// Outputs: lines are taken at the level they have, and left as they are by stop(). What a line does when no program
// holds it is the chip's affair (bcm2835: an input; pca953x: stays): hence `alive` and the external watchdog relay.
#pragma once

#include <memory>

#include "hal/gpiod/settings.hpp"
#include "hal/ports/digital_device.hpp"

namespace boost::asio {
class io_context;
}

namespace exitgate::hal {

[[nodiscard]] std::unique_ptr<DigitalDevice> make_gpiod_device(boost::asio::io_context& loop, GpiodSettings settings);

}  // namespace exitgate::hal
