#include "daemon/trace_output.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <system_error>
#include <vector>

namespace exitgate::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "trace-";
constexpr std::string_view kSuffix = ".jsonl";

/// The number of trace-NNNNNN.jsonl; 0: no such name.
unsigned number_of(const std::string& name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return 0;
  const char* const end = name.data() + name.size() - kSuffix.size();
  unsigned number = 0;
  const auto parsed = std::from_chars(name.data() + kPrefix.size(), end, number);
  return parsed.ec == std::errc{} && parsed.ptr == end ? number : 0;
}

std::vector<std::pair<unsigned, fs::path>> files_in(const fs::path& folder) {
  std::vector<std::pair<unsigned, fs::path>> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (const auto number = number_of(it->path().filename().string()); number > 0) {
      files.emplace_back(number, it->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TraceOutput::TraceOutput(boost::asio::io_context& loop, fs::path folder) : loop_(loop), folder_(std::move(folder)) {}

TraceOutput::~TraceOutput() {
  *alive_ = false;
  ending_ = true;
  if (thread_.joinable()) thread_.join();
}

void TraceOutput::text(trace::Recording recording, trace::Origin origin,
                       std::function<void(Result<std::string>)> done) {
  begin(
      recording, [this, recording, origin = std::move(origin)] { return write_text(recording, origin); },
      std::move(done));
}

void TraceOutput::file(trace::Recording recording, trace::Origin origin,
                       std::function<void(Result<std::string>)> done) {
  begin(
      recording, [this, recording, origin = std::move(origin)] { return write_file(recording, origin); },
      std::move(done));
}

void TraceOutput::begin(const trace::Recording& recording, Work work, std::function<void(Result<std::string>)> done) {
  if (busy_) return done(fail("busy", "Another trace is being written; try again in a second"));
  if (recording.empty()) {
    return done(fail("trace_empty", "Nothing is recorded while lanes wait to take over a store file; try again later"));
  }
  busy_ = true;
  if (thread_.joinable()) thread_.join();
  thread_ = std::thread([this, alive = alive_, work = std::move(work), done = std::move(done),
                         guard = boost::asio::make_work_guard(loop_)]() mutable {
    auto result = std::make_shared<Result<std::string>>(work());
    work = nullptr;  // what was recorded is let go of here, not on the loop
    boost::asio::post(loop_, [this, alive, result, done = std::move(done)] {
      if (!*alive) return;
      busy_ = false;
      done(std::move(*result));
    });
  });
}

Result<std::string> TraceOutput::write_text(const trace::Recording& recording, const trace::Origin& origin) const {
  std::string text;
  const bool whole = trace::write_dump({recording}, origin, [&](std::string_view line) {
    if (ending_ || text.size() + line.size() > kTextBytesAtMost) return false;
    text += line;
    return true;
  });
  if (whole) return text;
  return fail("trace_too_large",
              "The trace is larger than " + std::to_string(kTextBytesAtMost >> 20U) + " MiB as text");
}

Result<std::string> TraceOutput::write_file(const trace::Recording& recording, const trace::Origin& origin) const {
  auto files = files_in(folder_);
  const unsigned next = files.empty() ? 1 : files.back().first + 1;
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "trace-%06u.jsonl", next);
  const auto path = folder_ / name.data();
  const auto part = folder_ / "trace.part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  const bool whole = trace::write_dump({recording}, origin, [&](std::string_view line) {
    out << line;
    return out.good() && !ending_;
  });
  out.close();
  std::error_code error;
  if (whole && out.good()) fs::rename(part, path, error);
  if (!whole || !out.good() || error) {
    fs::remove(part, error);
    return fail("not_written", path.string() + ": the trace could not be written; look at the disk");
  }
  files.emplace_back(next, path);
  for (std::size_t i = 0; i + kFilesKept < files.size(); ++i) fs::remove(files[i].second, error);
  return path.string();
}

}  // namespace exitgate::daemon
