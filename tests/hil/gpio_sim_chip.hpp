// A GPIO chip of the kernel's gpio-sim, driven from its far side (Documentation/admin-guide/gpio/gpio-sim.rst).
//
// Ownership: creates the chip, and removes it. Errors: a machine without gpio-sim fails the test. Needs root.
#pragma once

#include <map>
#include <string>

namespace exitgate::hal {

class GpioSimChip {
 public:
  /// Lines not named have no name. Live at once, all lines pulled down.
  explicit GpioSimChip(unsigned lines, const std::map<unsigned, std::string>& names = {});
  ~GpioSimChip();
  GpioSimChip(const GpioSimChip&) = delete;
  GpioSimChip& operator=(const GpioSimChip&) = delete;

  /// A link to the chip that stays the same when the chip comes back under another number, as udev's links do.
  [[nodiscard]] const std::string& path() const { return link_; }
  /// What drives an input from outside; the level an output falls to when nobody holds it. Kept while the chip is away.
  void pull(unsigned offset, bool high);
  /// The level at the line.
  [[nodiscard]] bool level(unsigned offset) const;
  void unplug();
  void plug_in();
  [[nodiscard]] bool live() const { return live_; }

 private:
  [[nodiscard]] std::string attribute(unsigned offset, const std::string& name) const;

  std::string config_;  ///< its folder in configfs
  std::string link_;
  std::string sysfs_;  ///< its folder in sysfs, while live
  unsigned lines_;
  std::map<unsigned, std::string> names_;
  std::map<unsigned, bool> pulls_;
  bool live_ = false;
};

}  // namespace exitgate::hal
