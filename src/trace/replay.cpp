#include "trace/replay.hpp"

#include "trace/dump.hpp"
#include "trace/restore.hpp"

namespace exitgate::trace {
namespace {

/// Gives what was recorded, and notices when more is drawn.
class RecordedIds final : public IdSource {
 public:
  void begin(const std::vector<Uuid>& ids) {
    ids_ = ids;
    drawn_ = 0;
  }
  Uuid next(WallTime /*at*/) override { return drawn_++ < ids_.size() ? ids_[drawn_ - 1] : Uuid{}; }
  [[nodiscard]] std::size_t drawn() const { return drawn_; }

 private:
  std::vector<Uuid> ids_;
  std::size_t drawn_ = 0;
};

class Player {
 public:
  explicit Player(const StepWatch& watch) : watch_(watch) {}

  /// Whether the line behind it is of interest.
  bool line(const json::value& value) {
    const auto* object = value.if_object();
    if (object == nullptr) throw Malformed{"no object"};
    if (!std::exchange(headed_, true)) {
      head(*object);
    } else if (const auto* start = object->if_contains("start")) {
      controller_.emplace(restore(*start, ids_));
      ++replayed_.starts;
    } else if (const auto* end = object->if_contains("end")) {
      ended_ = number_from_json<std::uint64_t>(*end) == replayed_.steps;
      if (!ended_) throw Malformed{"the steps are not as many as its end says"};
      // Nothing differs from nothing; that must not pass for a recording that was compared.
      if (replayed_.steps == 0)
        throw Malformed{"it ends without a step: nothing was recorded, so there is nothing to replay"};
    } else {
      step(*object);
    }
    return !replayed_.difference;
  }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool complete() const { return ended_ || replayed_.difference; }
  [[nodiscard]] const Replayed& replayed() const { return replayed_; }

 private:
  static void head(const json::object& line) {
    const auto* kind = line.if_contains("trace");
    const auto* version = line.if_contains("version");
    if (kind == nullptr || version == nullptr) throw Malformed{"it does not begin like a trace of exitgate"};
    const auto found = number_from_json<int>(*version);
    if (found == kDumpVersion) return;
    throw Malformed{"it is of version " + std::to_string(found) + ", this program reads " +
                    std::to_string(kDumpVersion)};
  }

  void step(const json::object& line) {
    const auto* number = line.if_contains("step");
    const auto* of = line.if_contains("of");
    if (number == nullptr || of == nullptr) throw Malformed{"neither start, step nor end"};
    if (!controller_) throw Malformed{"a step before the first start"};
    if (number_from_json<std::uint64_t>(*number) != replayed_.steps + 1) throw Malformed{"a step is missing"};
    const auto recorded = step_from_json(*of);
    ids_.begin(recorded.ids);
    const auto& commands = controller_->step(recorded.event, recorded.now);
    ++replayed_.steps;
    compare(recorded, commands);
    if (watch_) watch_(replayed_.steps, recorded, *controller_);
  }

  void compare(const Step& recorded, const std::vector<Command>& commands) {
    const auto differ = [&](std::string what, std::string before, std::string after) {
      replayed_.difference =
          Difference{replayed_.steps, std::move(what), text_of(recorded.event), std::move(before), std::move(after)};
    };
    const auto most = std::max(recorded.commands.size(), commands.size());
    for (std::size_t i = 0; i < most; ++i) {
      const auto before = i < recorded.commands.size() ? text_of(recorded.commands[i]) : "";
      const auto after = i < commands.size() ? text_of(commands[i]) : "";
      if (before == after) continue;
      return differ("command " + std::to_string(i + 1) + " of " + std::to_string(most), before, after);
    }
    if (ids_.drawn() != recorded.ids.size()) {
      differ("identifiers drawn", std::to_string(recorded.ids.size()), std::to_string(ids_.drawn()));
    }
  }

  const StepWatch& watch_;
  RecordedIds ids_;
  std::optional<Controller> controller_;
  Replayed replayed_;
  bool headed_ = false;
  bool ended_ = false;
};

/// What is wrong with a line behind the last one.
std::string behind_end(const std::string& line) {
  if (line.starts_with(R"({"trace":)"))
    return "another trace begins behind the end: replay each from a file of its own";
  return "the trace has ended in the line before, but the text goes on: take the file as it was written";
}

/// Why there is no last line.
Error without_end(const std::istream& dump, std::uint64_t lines, std::uint64_t steps) {
  if (dump.bad()) return {"trace_unreadable", "reading fails behind line " + std::to_string(lines)};
  if (lines == 0) return {"trace_unreadable", "it is empty: expected a trace of exitgate or exitgate-sim"};
  return {"trace_cut",
          "the trace ends after step " + std::to_string(steps) + " without its last line; all steps before were alike"};
}

}  // namespace

Result<Replayed> replay(std::istream& dump, const StepWatch& watch) {
  Player player(watch);
  std::string text;
  std::uint64_t lines = 0;
  while (std::getline(dump, text)) {
    const auto where = "line " + std::to_string(++lines) + ": ";
    if (player.ended()) return fail("trace_unreadable", where + behind_end(text));
    boost::system::error_code error;
    const auto value = json::parse(text, error);
    if (error && dump.eof()) return fail("trace_cut", where + "the trace is cut off in the middle of the line");
    if (error) return fail("trace_unreadable", where + "no JSON: " + error.message());
    try {
      if (!player.line(value)) break;
    } catch (const Malformed& malformed) {
      return fail("trace_unreadable", where + malformed.what);
    }
  }
  if (player.complete() && !dump.bad()) return player.replayed();
  return fail(without_end(dump, lines, player.replayed().steps));
}

std::string text_of(const Event& event) { return json::serialize(event_to_json(event)); }
std::string text_of(const Command& command) { return json::serialize(command_to_json(command)); }

}  // namespace exitgate::trace
