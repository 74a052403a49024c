#include "gpio_sim_chip.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace exitgate::hal {
namespace {

constexpr const char* kConfigfs = "/sys/kernel/config/gpio-sim";

[[noreturn]] void give_up(const std::string& doing) {
  throw std::system_error(errno, std::generic_category(), doing + " (this suite needs root and the module gpio-sim)");
}

void make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0) give_up("making " + path);
}

/// One write, as these files want it.
void put(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) give_up("opening " + path);
  const auto written = ::write(file, text.data(), text.size());
  const int number = errno;
  ::close(file);
  errno = number;
  if (written != static_cast<ssize_t>(text.size())) give_up("writing " + path);
}

std::string get(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) give_up("opening " + path);
  std::array<char, 256> text{};
  const auto size = ::read(file, text.data(), text.size());
  ::close(file);
  if (size < 0) give_up("reading " + path);
  std::string out(text.data(), static_cast<std::size_t>(size));
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

}  // namespace

GpioSimChip::GpioSimChip(unsigned lines, const std::map<unsigned, std::string>& names) : lines_(lines), names_(names) {
  static unsigned number = 0;
  const std::string name = "chip" + std::to_string(++number);
  config_ = std::string(kConfigfs) + "/" + name;
  link_ = (std::filesystem::temp_directory_path() / ("exitgate-" + std::to_string(::getpid()) + "-" + name)).string();
  make_folder(config_);
  make_folder(config_ + "/bank");
  put(config_ + "/bank/num_lines", std::to_string(lines_));
  for (const auto& [offset, line] : names_) {
    make_folder(config_ + "/bank/line" + std::to_string(offset));
    put(config_ + "/bank/line" + std::to_string(offset) + "/name", line);
  }
  plug_in();
}

GpioSimChip::~GpioSimChip() {
  // A test that failed must not keep the next one from making its chip.
  try {
    if (live_) unplug();
  } catch (const std::exception&) {
    live_ = false;
  }
  for (const auto& [offset, line] : names_) ::rmdir((config_ + "/bank/line" + std::to_string(offset)).c_str());
  ::rmdir((config_ + "/bank").c_str());
  ::rmdir(config_.c_str());
}

void GpioSimChip::plug_in() {
  put(config_ + "/live", "1");
  live_ = true;
  const std::string chip = get(config_ + "/bank/chip_name");
  sysfs_ = "/sys/devices/platform/" + get(config_ + "/dev_name") + "/" + chip;
  for (const auto& [offset, high] : pulls_) put(attribute(offset, "pull"), high ? "pull-up" : "pull-down");
  std::filesystem::create_symlink("/dev/" + chip, link_);
}

void GpioSimChip::unplug() {
  std::filesystem::remove(link_);
  live_ = false;
  put(config_ + "/live", "0");
}

std::string GpioSimChip::attribute(unsigned offset, const std::string& name) const {
  return sysfs_ + "/sim_gpio" + std::to_string(offset) + "/" + name;
}

void GpioSimChip::pull(unsigned offset, bool high) {
  pulls_[offset] = high;
  if (live_) put(attribute(offset, "pull"), high ? "pull-up" : "pull-down");
}

bool GpioSimChip::level(unsigned offset) const { return live_ && get(attribute(offset, "value")) == "1"; }

}  // namespace exitgate::hal
