// A damaged database and its log, read without SQLite. The first two bytes say how much of the input is the database.
#include <cstring>
#include <string>
#include <variant>

#include "fuzz_input.hpp"
#include "receipts/raw_pages.hpp"

namespace exitgate {
namespace {

using fuzz::ByteSpan;

class MemoryFiles final : public StorageFiles {
 public:
  MemoryFiles(ByteSpan database, ByteSpan log) : database_(database), log_(log) {}

  std::optional<std::uint64_t> size(const std::string& path) override { return of(path).size(); }
  Result<std::size_t> read(const std::string& path, std::uint64_t offset, std::span<std::uint8_t> into) override {
    const ByteSpan file = of(path);
    if (offset >= file.size()) return std::size_t{0};
    const std::size_t count = std::min(into.size(), file.size() - offset);
    std::memcpy(into.data(), file.data() + offset, count);
    read_bytes += count;
    return count;
  }
  Status rename(const std::string&, const std::string&) override { return {}; }
  Status remove(const std::string&) override { return {}; }
  Status reserve(const std::string&, std::uint64_t) override { return {}; }
  std::uint64_t free_bytes(const std::string&) override { return 0; }

  std::uint64_t read_bytes = 0;

 private:
  [[nodiscard]] ByteSpan of(const std::string& path) const { return path.ends_with("-wal") ? log_ : database_; }
  ByteSpan database_;
  ByteSpan log_;
};

}  // namespace
}  // namespace exitgate

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace exitgate;
  fuzz::Input input({data, size});
  const std::size_t database_size = input.number(2) % 0x10000U;
  const fuzz::ByteSpan database = input.bytes(database_size);
  const fuzz::ByteSpan log = input.rest();
  MemoryFiles files(database, log);
  std::uint64_t text_bytes = 0;
  std::uint64_t rows = 0;
  const auto done = for_each_raw_row(files, "receipts.db", [&](const RawRow& row) {
    ++rows;
    EXITGATE_CHECK(row.values.size() <= 1000);
    for (const auto& value : row.values) {
      if (const auto* text = std::get_if<std::string>(&value)) {
        EXITGATE_CHECK(text->size() <= size);  // no row is longer than what was there to be read
        text_bytes += text->size();
      }
    }
  });
  EXITGATE_CHECK(done.has_value());
  EXITGATE_CHECK(rows <= size);
  return 0;
}
