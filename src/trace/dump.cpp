#include "trace/dump.hpp"

#include "trace/restore.hpp"

namespace exitgate::trace {

bool write_dump(const std::vector<Recording>& recordings, const Origin& origin, const LineSink& sink) {
  const auto put = [&](const json::value& line) { return sink(json::serialize(line) + "\n"); };
  if (!put(json::object{{"trace", "exitgate"},
                        {"version", kDumpVersion},
                        {"program", origin.program},
                        {"store_id", origin.store_id},
                        {"gate_id", origin.gate_id},
                        {"taken_at", to_rfc3339(origin.taken_at)}})) {
    return false;
  }
  std::uint64_t steps = 0;
  for (const auto& recording : recordings) {
    bool first = true;
    for (const auto& block : recording) {
      // Later starts are only there for when earlier steps are dropped.
      if (std::exchange(first, false) && !put(json::object{{"start", start_to_json(*block->start)}})) return false;
      for (const auto& step : block->steps) {
        if (!put(json::object{{"step", ++steps}, {"of", step_to_json(step)}})) return false;
      }
    }
  }
  return put(json::object{{"end", steps}});
}

}  // namespace exitgate::trace
