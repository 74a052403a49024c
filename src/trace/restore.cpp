#include "trace/restore.hpp"

namespace exitgate::trace {

std::string_view interned(std::string_view text) {
  // The core keeps codes and field names as literals. There are a few dozen; a file that brings more is none of ours.
  constexpr std::size_t kMost = 4096;
  thread_local std::set<std::string, std::less<>> known;
  if (const auto found = known.find(text); found != known.end()) return *found;
  if (known.size() >= kMost) throw Malformed{"too many different names"};
  return *known.emplace(text).first;
}

json::value text_to_json(std::string_view text) {
  const auto plain = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), plain)) return json::string(text.data(), text.size());
  const Bytes bytes(text.begin(), text.end());
  return json::object{{"hex", to_hex(bytes)}};
}

std::string text_from_json(const json::value& from) {
  if (const auto* text = from.if_string()) return std::string(text->data(), text->size());
  const auto* object = from.if_object();
  const auto* hex = object == nullptr ? nullptr : object->if_contains("hex");
  if (hex == nullptr || !hex->is_string()) throw Malformed{"no text: " + json::serialize(from)};
  const auto bytes = parse_hex({hex->get_string().data(), hex->get_string().size()});
  if (!bytes) throw Malformed{"no hex: " + json::serialize(from)};
  return {bytes->begin(), bytes->end()};
}

double double_from_json(const json::value& from) {
  const auto text = text_from_json(from);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') throw Malformed{"no number: " + text};
  return value;
}

const json::array& list_of(const json::value& from, std::string_view what) {
  if (const auto* list = from.if_array()) return *list;
  throw Malformed{std::string(what) + " is no list: " + json::serialize(from)};
}

const json::array& list_of(const json::value& from, std::size_t size, std::string_view what) {
  const auto& list = list_of(from, what);
  if (list.size() == size) return list;
  throw Malformed{std::string(what) + " has " + std::to_string(size) + " fields, found " + std::to_string(list.size()) +
                  ": written by another version of the program?"};
}

json::value start_to_json(const Controller& controller) {
  const auto& gate = controller.gate();
  return json::object{
      {"config", to_json(*gate.config)}, {"boot_id", to_string(gate.boot_id)}, {"state", to_json(controller)}};
}

Controller restore(const json::value& start, IdSource& ids) {
  const auto* object = start.if_object();
  if (object == nullptr || !object->contains("config") || !object->contains("state") || !object->contains("boot_id")) {
    throw Malformed{"a start has config, boot_id and state"};
  }
  GateConfig config;
  from_json(object->at("config"), config);
  Uuid boot_id;
  from_json(object->at("boot_id"), boot_id);
  // Makes what refers to the configuration; all else is replaced by what was recorded.
  Controller controller(std::make_shared<const GateConfig>(std::move(config)), LoadedState{}, boot_id, ids, Now{});
  from_json(object->at("state"), controller);
  return controller;
}

json::value step_to_json(const Step& step) {
  return json::object{{"now", to_json(step.now)},
                      {"event", to_json(step.event)},
                      {"ids", to_json(step.ids)},
                      {"commands", to_json(step.commands)}};
}

Step step_from_json(const json::value& line) {
  const auto* object = line.if_object();
  Step step;
  const auto take = [&](std::string_view name, auto& into) {
    const auto* found = object == nullptr ? nullptr : object->if_contains({name.data(), name.size()});
    if (found == nullptr) throw Malformed{"a step has no " + std::string(name)};
    from_json(*found, into);
  };
  take("now", step.now);
  take("event", step.event);
  take("ids", step.ids);
  take("commands", step.commands);
  return step;
}

json::value command_to_json(const Command& command) { return to_json(command); }
json::value event_to_json(const Event& event) { return to_json(event); }

}  // namespace exitgate::trace
