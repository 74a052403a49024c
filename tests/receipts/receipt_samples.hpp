// Receipts, ids and databases for the tests of receipts/.
#pragma once

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "receipts/outbox.hpp"

namespace exitgate::test {

inline Uuid id(std::uint8_t kind, std::uint32_t number) {
  Uuid out;
  out.bytes[0] = kind;
  out.bytes[6] = 0x70;
  out.bytes[8] = 0x80;
  for (std::size_t i = 0; i < 4; ++i) out.bytes[12 + i] = static_cast<std::uint8_t>(number >> (8 * (3 - i)));
  return out;
}
inline Uuid receipt_id(std::uint32_t number) { return id(1, number); }
inline const Uuid kChain = id(0xC0, 1);
inline const WallTime kStart = wall_from_ms(1'793'000'000'000);

inline Receipt open_receipt(std::uint32_t number) {
  Receipt receipt;
  receipt.receipt_id = receipt_id(number);
  receipt.store_id = ShortId::of("SEA-042");
  receipt.gate_id = ShortId::of("front");
  receipt.lane_id = ShortId::of("1");
  receipt.kind = ReceiptKind::kCart;
  receipt.session_id = id(2, number);
  receipt.cart_id = 100 + number;
  receipt.basis = Basis::kConfirmed;
  receipt.party_size = std::uint16_t{1};
  receipt.authorised_at = kStart + std::chrono::seconds{number};
  receipt.boot_id = id(3, 1);
  receipt.authorised_mono_ms = 1000 + number;
  return receipt;
}

inline Receipt sealed_receipt(std::uint32_t number) {
  auto receipt = open_receipt(number);
  receipt.outcome = Outcome::kPassed;
  receipt.passages = 1;
  receipt.passed_at = receipt.authorised_at + std::chrono::seconds{2};
  receipt.ended_at = receipt.authorised_at + std::chrono::seconds{3};
  return receipt;
}

/// A folder of its own for one test, removed at its end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "exitgate-receipts-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline LedgerEntry ledger_entry(std::uint32_t n) {
  LedgerEntry entry;
  entry.entry_id = id(5, n);
  entry.session_id = id(2, n);
  entry.used = n;
  entry.expires_at = kStart + std::chrono::hours{1};
  return entry;
}

inline OutboxOptions options_for(const std::string& path) {
  OutboxOptions options;
  options.path = path;
  options.now = kStart;
  options.fresh_chain_id = kChain;
  options.reserve_bytes = 0;
  return options;
}

inline Outbox open_outbox(const OutboxOptions& options) {
  auto opened = Outbox::open(options);
  if (!opened) FAIL(opened.error().message);
  INFO(opened->damage.what);
  REQUIRE_FALSE(opened->damage.anything());
  return std::move(opened->outbox);
}

/// One begun anew lately, by this start or an earlier one.
inline Outbox open_salvaged(const OutboxOptions& options) {
  auto opened = Outbox::open(options);
  if (!opened) FAIL(opened.error().message);
  REQUIRE(opened->damage.begun_anew);
  return std::move(opened->outbox);
}

/// For a Status or Result that must be good.
template <class T>
void require_good(const T& result) {
  if (!result) FAIL(result.error().code << ": " << result.error().message);
}

inline void seal(Outbox& outbox, std::uint32_t first, std::uint32_t last) {
  for (auto n = first; n <= last; ++n) require_good(outbox.apply({PutSealedReceipt{sealed_receipt(n)}}));
}

inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_content(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  REQUIRE(file.good());
}
/// Database and log as a power cut would leave them at this moment.
inline void copy_database(const std::string& from, const std::string& to) {
  for (const std::string suffix : {"", "-wal"}) {
    std::error_code ignored;
    std::filesystem::remove(to + suffix, ignored);
    if (std::filesystem::exists(from + suffix)) std::filesystem::copy_file(from + suffix, to + suffix);
  }
}

}  // namespace exitgate::test
