// Turns "DEVICE/…" into PointIds: finds the device, reads its part of the address, keeps every point to one use.
// Private to config/.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/readers.hpp"

namespace exitgate::config {

/// An index that no device has: a point whose device could not be told.
inline constexpr DeviceId kNoDevice = 0xFFFF;

struct WrittenPoint {
  std::string text;
  Place place;
  std::string key;  ///< of the text
  std::string use;  ///< of the binding
};

struct BoundPoint {
  PointId point = 0;
  DeviceId device = kNoDevice;
};

class PointTable {
 public:
  PointTable(Report& report, std::vector<DeviceDraft>& devices) : report_(report), devices_(devices) {}

  /// Always an answer, so that the binding counts as there; a bad one has kNoDevice and was reported.
  [[nodiscard]] BoundPoint add_input(const WrittenPoint& written, bool active_high, Bias bias);
  [[nodiscard]] BoundPoint add_output(const WrittenPoint& written);
  /// Nothing for a name no device has, which is reported.
  [[nodiscard]] std::optional<DeviceId> find_device(std::string_view name, const WrittenPoint& written,
                                                    const std::string& expected);
  [[nodiscard]] DeviceDraft* device(DeviceId id) { return id < devices_.size() ? &devices_[id] : nullptr; }
  [[nodiscard]] std::vector<Point> take_points() { return std::move(points_); }

 private:
  struct Located {
    DeviceId device = kNoDevice;
    PointAddress address;
  };
  [[nodiscard]] std::optional<Located> locate(const WrittenPoint& written, bool output);
  [[nodiscard]] std::optional<PointAddress> parse_register(const WrittenPoint& written, std::string_view rest,
                                                           bool output);
  [[nodiscard]] std::optional<PointAddress> parse_line(const WrittenPoint& written, std::string_view rest);
  [[nodiscard]] bool claim(const WrittenPoint& written, const Located& located);
  void complain(const WrittenPoint& written, std::string expected);

  Report& report_;
  std::vector<DeviceDraft>& devices_;
  std::vector<Point> points_;
  std::map<std::pair<DeviceId, std::string>, std::pair<std::string, std::uint32_t>>
      uses_;  ///< who uses it, in which line
};

}  // namespace exitgate::config
