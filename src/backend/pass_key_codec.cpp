#include "backend/pass_key_codec.hpp"

#include <algorithm>
#include <map>

#include "backend/json_reader.hpp"
#include "base/encoding.hpp"

namespace exitgate {
namespace {

std::optional<PassKey> read_key(const boost::json::value& entry) {
  if (!entry.is_object()) return std::nullopt;
  JsonReader in(entry.get_object());
  PassKey key;
  key.key_id = static_cast<std::uint8_t>(in.integer("key_id", 0, 255));
  const auto bytes = parse_base64(in.text("public_key"));
  if (!bytes || bytes->size() != key.public_key.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), key.public_key.begin());
  key.not_before = in.optional_time("not_before");
  key.not_after = in.optional_time("not_after");
  if (!in.good()) return std::nullopt;
  return key;
}

}  // namespace

Result<DecodedPassKeys> decode_pass_keys(std::string_view body) {
  const auto object = parse_json_object(body);
  if (!object) return fail("backend_malformed", "the backend's list of pass keys " + object.error().message);
  const auto* list = object->if_contains("keys");
  if (list == nullptr || !list->is_array()) {
    return fail("backend_malformed", "the backend's list of pass keys lacks keys");
  }
  std::map<std::uint8_t, PassKey> by_id;
  DecodedPassKeys decoded;
  for (const auto& entry : list->get_array()) {
    if (const auto key = read_key(entry)) {
      by_id[key->key_id] = *key;
    } else {
      ++decoded.skipped;
    }
  }
  for (const auto& [id, key] : by_id) decoded.keys.push_back(key);
  return decoded;
}

}  // namespace exitgate
