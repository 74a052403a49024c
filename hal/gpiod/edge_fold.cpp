#include "hal/gpiod/edge_fold.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace exitgate::hal {

void EdgeFold::count_lost(const LineEdge& edge) {
  Line& line = lines_.at(edge.input);
  lost_edges_ += static_cast<std::uint32_t>(edge.line_seqno - line.seqno - 1U);  // the kernel's counter wraps too
  line.seqno = edge.line_seqno;
}

std::vector<LevelChange> EdgeFold::fold(std::vector<LineEdge> edges, MonoTime read_at,
                                        const std::vector<bool>& levels) {
  EXITGATE_CHECK(levels.size() == lines_.size());
  std::vector<LevelChange> changes;
  for (const auto& edge : edges) count_lost(edge);
  std::stable_sort(edges.begin(), edges.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  for (const auto& edge : edges) {
    Line& line = lines_[edge.input];
    // Before the first level nothing is known; a repeated direction tells of a pulse too short to be seen; what
    // happened before the last reading of the level is in it.
    if (!line.told || *line.told == edge.rising || edge.at <= line.settled_at || edge.at > read_at) continue;
    line.told = edge.rising;
    changes.push_back({edge.input, edge.rising, edge.at});
  }
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    Line& line = lines_[i];
    line.settled_at = std::max(line.settled_at, read_at);
    if (line.told && *line.told == levels[i]) continue;
    line.told = levels[i];
    changes.push_back({static_cast<PortIndex>(i), levels[i], read_at});
  }
  return changes;
}

}  // namespace exitgate::hal
