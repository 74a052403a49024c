#include "runtime/journal.hpp"

#include <poll.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>

#include "runtime/log_writer.hpp"

namespace exitgate::runtime {
namespace {

/// Message ids, one a type of event, made once for this project (systemd.journal-fields(7)).
constexpr std::array<std::string_view, 10> kMessageIds{
    "5b0c0a6f1d5f4b0f9d3b6a7de1c40001", "5b0c0a6f1d5f4b0f9d3b6a7de1c40002", "5b0c0a6f1d5f4b0f9d3b6a7de1c40003",
    "5b0c0a6f1d5f4b0f9d3b6a7de1c40004", "5b0c0a6f1d5f4b0f9d3b6a7de1c40005", "5b0c0a6f1d5f4b0f9d3b6a7de1c40006",
    "5b0c0a6f1d5f4b0f9d3b6a7de1c40007", "5b0c0a6f1d5f4b0f9d3b6a7de1c40008", "5b0c0a6f1d5f4b0f9d3b6a7de1c40009",
    "5b0c0a6f1d5f4b0f9d3b6a7de1c4000a"};

/// Minutes of a busy box; some megabytes.
constexpr std::size_t kLinesMost = 4096;

bool under_journal() { return std::getenv("JOURNAL_STREAM") != nullptr; }

std::string text_of(const FieldValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* real = std::get_if<double>(&value)) return std::to_string(*real);
  return std::get<std::string>(value);
}

std::string field_name(std::string_view name) {
  std::string upper = "EXITGATE_";
  for (const char c : name) upper.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  return upper;
}

LogLevel level_of(const PublicEvent& event) {
  if (event.type == PublicEventType::kAlarm) return LogLevel::kWarning;
  if (event.type != PublicEventType::kFault) return LogLevel::kInfo;
  for (const auto& [name, value] : event.fields) {
    if (name == "active" && !std::get<bool>(value)) return LogLevel::kNotice;
    if (name == "severity" && std::get<std::string>(value) == "warning") return LogLevel::kWarning;
  }
  return LogLevel::kError;
}

void write_to_stderr(const LogLine& line) {
  const char* word = line.level == LogLevel::kError ? "error: " : line.level == LogLevel::kWarning ? "warning: " : "";
  const std::string text = word + line.message + "\n";
  // Not by stdio: exit() takes the locks of its streams, and this thread may stand in a write that never ends.
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written > 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (written < 0 && errno == EAGAIN) {
      pollfd room{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
      (void)::poll(&room, 1, -1);
    } else if (written == 0 || errno != EINTR) {
      return;
    }
  }
}

void write_to_journal(const LogLine& line) {
  std::vector<std::string> texts{"MESSAGE=" + line.message, "PRIORITY=" + std::to_string(static_cast<int>(line.level))};
  for (const auto& [name, value] : line.fields) texts.push_back(name + "=" + value);
  std::vector<iovec> parts;
  for (auto& text : texts) parts.push_back({text.data(), text.size()});
  sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

/// Never destroyed: at exit its thread may stand in a write that never ends.
LogWriter& writer() {
  static auto& writer = *new LogWriter(under_journal() ? write_to_journal : write_to_stderr, kLinesMost);
  return writer;
}

}  // namespace

void log(LogLevel level, const std::string& message, const std::vector<std::pair<std::string, std::string>>& fields) {
  writer().push({level, message, fields});
}

bool flush_log(Duration within) { return writer().flush(within); }

void log_event(const PublicEvent& event) {
  std::string message = std::string(to_string(event.type));
  std::vector<std::pair<std::string, std::string>> fields{
      {"MESSAGE_ID", std::string(kMessageIds.at(static_cast<std::size_t>(event.type)))}};
  if (event.lane_id) {
    message += " lane " + event.lane_id->str();
    fields.emplace_back("EXITGATE_LANE", event.lane_id->str());
  }
  message += ":";
  for (const auto& [name, value] : event.fields) {
    const auto text = text_of(value);
    message += " " + std::string(name) + "=" + text;
    const bool fault_code = event.type == PublicEventType::kFault && name == "code";
    fields.emplace_back(fault_code ? "EXITGATE_FAULT" : field_name(name), text);
  }
  log(level_of(event), message, fields);
}

}  // namespace exitgate::runtime
