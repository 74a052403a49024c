// Text forms of times, ids and bytes: what is read is said again as the same.
#include <algorithm>
#include <string>

#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "base/wall_time.hpp"
#include "fuzz_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace exitgate;
  const fuzz::ByteSpan bytes(data, size);
  const std::string_view text = fuzz::text_of(bytes);
  EXITGATE_CHECK(parse_hex(to_hex(bytes)) == Bytes(bytes.begin(), bytes.end()));
  EXITGATE_CHECK(parse_base64(to_base64(bytes)) == Bytes(bytes.begin(), bytes.end()));
  if (const auto decoded = parse_base64(text)) EXITGATE_CHECK(to_base64(*decoded) == text);
  if (const auto time = parse_rfc3339(text)) {
    const std::string said = to_rfc3339(*time);
    const auto again = parse_rfc3339(said);
    EXITGATE_CHECK(said.size() == 24 && again && to_rfc3339(*again) == said);
  }
  if (const auto date = parse_http_date(text)) {
    EXITGATE_CHECK(unix_ms(*date) % 1000 == 0);
  }
  if (const auto id = parse_uuid(text)) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    EXITGATE_CHECK(to_string(*id) == lower);
  }
  if (const auto tag = parse_session_tag(text)) EXITGATE_CHECK(to_string(*tag) == text);
  if (const auto id = ShortId::parse(text)) EXITGATE_CHECK(id->view() == text && text.size() <= 32);
  return 0;
}
