#include "receipts/receipt_json.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "base/encoding.hpp"

namespace exitgate {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
/// Beyond this a JSON number is not exact (RFC 8785 section 3.2.2.3).
constexpr std::int64_t kGreatestExact = (std::int64_t{1} << 53) - 1;

constexpr std::int64_t kYear0Ms = -62'167'219'200'000;
constexpr std::int64_t kYear10000Ms = 253'402'300'800'000;

/// The length of the well-formed sequence at `text[0]`, or minus the length of the maximal bad part there.
int sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
  };
  const auto first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return -1;
  const int length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  // The second byte is narrower for some first bytes: no overlong forms, no surrogates, nothing above U+10FFFF.
  const std::uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return -1;
  for (int i = 2; i < length; ++i) {
    const auto next = byte(static_cast<std::size_t>(i));
    if (next < 0x80 || next > 0xBF) return -i;
  }
  return length;
}

void append_string(std::string& out, std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
          out.push_back(kHex[static_cast<unsigned char>(c) & 0xf]);
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

/// Writes members in the order they are given, which must be that of their names.
class ObjectWriter {
 public:
  ObjectWriter() { out_.reserve(900); }
  void text(std::string_view name, std::string_view value) {
    key(name);
    append_string(out_, value);
  }
  void number(std::string_view name, std::int64_t value) {
    key(name);
    out_ += std::to_string(value);
  }
  void time(std::string_view name, const std::optional<WallTime>& value) {
    if (value) text(name, to_rfc3339(*value));
  }
  void free_text(std::string_view name, const std::string& value) {
    if (!value.empty()) text(name, valid_utf8(value));
  }
  void flags(const Flags& flags) {
    key("flags");
    out_.push_back('[');
    bool first = true;
    for (const auto flag : flags.list()) {
      if (!first) out_.push_back(',');
      first = false;
      append_string(out_, to_string(flag));
    }
    out_.push_back(']');
  }
  void total(const std::optional<Money>& total) {
    if (!total) return;
    key("total");
    out_ += "{\"amount_minor\":" + std::to_string(total->amount_minor) + ",\"currency\":";
    append_string(out_, total->currency_code());
    out_.push_back('}');
  }
  [[nodiscard]] std::string finish() {
    out_.push_back('}');
    return std::move(out_);
  }

 private:
  void key(std::string_view name) {
    out_.push_back(out_.empty() ? '{' : ',');
    append_string(out_, name);
    out_.push_back(':');
  }
  std::string out_;
};

}  // namespace

std::string first_previous_hash() { return std::string(64, '0'); }

std::string canonical_json(const Receipt& r, const ChainLink* link) {
  ObjectWriter out;
  out.text("authorised_at", to_rfc3339(r.authorised_at));
  out.number("authorised_mono_ms", r.authorised_mono_ms);
  if (r.basis) out.text("basis", to_string(*r.basis));
  out.text("boot_id", to_string(r.boot_id));
  out.free_text("by", r.by);
  if (r.cart_id) out.number("cart_id", *r.cart_id);
  if (link) out.text("chain_id", to_string(link->chain_id));
  out.text("clock", r.clock_synchronised ? "synchronised" : "unsynchronised");
  out.time("ended_at", r.ended_at);
  out.flags(r.flags);
  out.text("gate_id", r.gate_id.view());
  if (link && !link->hash.empty()) out.text("hash", link->hash);
  out.text("kind", to_string(r.kind));
  out.text("lane_id", r.lane_id.view());
  out.free_text("note", r.note);
  out.time("opened_at", r.opened_at);
  if (r.outcome) out.text("outcome", to_string(*r.outcome));
  if (r.party_size) out.number("party_size", *r.party_size);
  if (r.pass) out.text("pass", to_base64(*r.pass));
  out.number("passages", r.passages);
  out.time("passed_at", r.passed_at);
  if (link) out.text("previous_hash", link->previous_hash);
  out.text("receipt_id", to_string(r.receipt_id));
  out.number("schema", 1);
  if (link) out.number("sequence", link->sequence);
  if (r.session_id) out.text("session_id", to_string(*r.session_id));
  if (r.session_tag) out.text("session_tag", to_string(*r.session_tag));
  out.text("store_id", r.store_id.view());
  out.total(r.total);
  return out.finish();
}

std::string seal_json(const Receipt& receipt, ChainLink& link) {
  link.hash.clear();
  link.hash = sha256_hex(canonical_json(receipt, &link));
  return canonical_json(receipt, &link);
}

bool hash_verifies(std::string_view json) {
  // In canonical form a quote inside a string is escaped, so this can only be the member itself.
  static constexpr std::string_view kMember = ",\"hash\":\"";
  const auto at = json.find(kMember);
  if (at == std::string_view::npos || json.size() < at + kMember.size() + 65) return false;
  const auto hash = json.substr(at + kMember.size(), 64);
  const auto rest = json.substr(at + kMember.size() + 64);
  if (rest.front() != '"') return false;
  return sha256_hex(std::string(json.substr(0, at)).append(rest.substr(1))) == hash;
}

Status check_receipt(const Receipt& receipt, bool sealing) {
  const auto invalid = [&](std::string_view what) {
    return fail("invalid_receipt",
                "receipt " + to_string(receipt.receipt_id) + " was not stored: " + std::string(what));
  };
  if (receipt.receipt_id.is_nil()) return invalid("it has no receipt_id");
  if (receipt.store_id.empty() || receipt.gate_id.empty() || receipt.lane_id.empty()) {
    return invalid("store_id, gate_id and lane_id must be set");
  }
  const auto exact = [](std::int64_t n) { return n <= kGreatestExact && n >= -kGreatestExact; };
  if (!exact(receipt.authorised_mono_ms)) return invalid("authorised_mono_ms is beyond what JSON holds exactly");
  if (receipt.total) {
    const auto code = receipt.total->currency_code();
    if (!exact(receipt.total->amount_minor)) return invalid("total.amount_minor is beyond what JSON holds exactly");
    if (!std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
      return invalid("total.currency must be three capital letters");
    }
  }
  const auto in_years = [](const std::optional<WallTime>& t) {
    return !t || (unix_ms(*t) >= kYear0Ms && unix_ms(*t) < kYear10000Ms);
  };
  if (!in_years(receipt.authorised_at) || !in_years(receipt.opened_at) || !in_years(receipt.passed_at) ||
      !in_years(receipt.ended_at)) {
    return invalid("a time of it is outside the years 0000 to 9999");
  }
  if (sealing && !receipt.outcome) return invalid("a sealed receipt needs an outcome");
  if (sealing && !receipt.ended_at) return invalid("a sealed receipt needs ended_at");
  return {};
}

std::string sha256_hex(std::string_view text) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return to_hex(digest);
}

std::int64_t sha256_check(std::string_view text) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = (value << 8) | digest[i];
  return static_cast<std::int64_t>(value);
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const int length = sequence_length(text);
    const auto taken = static_cast<std::size_t>(length > 0 ? length : -length);
    out += length > 0 ? text.substr(0, taken) : kReplacement;
    text.remove_prefix(taken);
  }
  return out;
}

}  // namespace exitgate
