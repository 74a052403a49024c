#include "tools/sim/replay.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

#include "trace/dump.hpp"
#include "trace/replay.hpp"

namespace exitgate::sim {
namespace {

/// Prints steps as they are replayed.
class StepPrinter {
 public:
  void operator()(std::uint64_t number, const trace::Step& step, const Controller& controller) {
    std::printf("%llu  %.6f s  %s\n", static_cast<unsigned long long>(number),
                static_cast<double>(us_since_origin(step.now.mono)) / 1e6, trace::text_of(step.event).c_str());
    for (const auto& command : step.commands) std::printf("    %s\n", trace::text_of(command).c_str());
    phases_.resize(controller.lanes().size(), Phase::kRecovering);
    for (std::size_t i = 0; i < phases_.size(); ++i) {
      const auto& lane = controller.lanes()[i];
      if (lane.phase() == phases_[i]) continue;
      std::printf("    lane %s: %s -> %s\n", lane.config().id.str().c_str(), std::string(to_string(phases_[i])).c_str(),
                  std::string(to_string(lane.phase())).c_str());
      phases_[i] = lane.phase();
    }
  }

 private:
  std::vector<Phase> phases_;
};

void print(const trace::Difference& difference) {
  const auto shown = [](const std::string& side) { return side.empty() ? "nothing" : side.c_str(); };
  std::printf("step %llu differs: %s\n  event:    %s\n  recorded: %s\n  replayed: %s\n",
              static_cast<unsigned long long>(difference.step), difference.what.c_str(), difference.event.c_str(),
              shown(difference.recorded), shown(difference.replayed));
}

}  // namespace

bool write_recordings(std::ostream& out, const Report& report) {
  const trace::Origin origin{
      .program = "exitgate-sim --seed " + std::to_string(report.seed), .store_id = "", .gate_id = "", .taken_at = {}};
  const auto written = trace::write_dump(report.recordings, origin, [&](std::string_view line) {
    out << line;
    return out.good();
  });
  return written && out.flush().good();
}

int replay_file(const std::string& file, bool verbose) {
  std::ifstream opened;
  if (file != "-") opened.open(file, std::ios::binary);
  std::istream& in = file == "-" ? std::cin : opened;
  // A directory can be opened like a file.
  std::error_code unknown;
  if (!in || (file != "-" && std::filesystem::is_directory(file, unknown))) {
    const auto why = in ? "Is a directory" : std::generic_category().message(errno);
    std::fprintf(stderr, "exitgate-sim: %s can't be read: %s\n", file.c_str(), why.c_str());
    return 2;
  }
  StepPrinter printer;
  trace::StepWatch watch;
  if (verbose) watch = std::ref(printer);
  const auto replayed = trace::replay(in, watch);
  if (!replayed) {
    std::fprintf(stderr, "exitgate-sim: %s: %s\n", file == "-" ? "standard input" : file.c_str(),
                 replayed.error().message.c_str());
    return 2;
  }
  if (replayed->difference) {
    print(*replayed->difference);
    return 1;
  }
  std::printf("%llu steps from %llu starts replayed, every command alike\n",
              static_cast<unsigned long long>(replayed->steps), static_cast<unsigned long long>(replayed->starts));
  return 0;
}

}  // namespace exitgate::sim
