#include "receipts/raw_pages.hpp"

#include <algorithm>
#include <bit>
#include <span>

namespace exitgate {
namespace {

constexpr std::uint64_t kMaxPayload = 16ULL << 20;
constexpr std::uint8_t kTableLeaf = 0x0D;
using Page = std::vector<std::uint8_t>;

/// A cursor over bytes that never reads outside them.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] std::size_t position() const { return position_; }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int i = 0; i < 9; ++i) {
      const auto byte = next();
      if (i == 8) return (value << 8) | byte;
      value = (value << 7) | (byte & 0x7fU);
      if ((byte & 0x80U) == 0) return value;
    }
    return value;
  }
  std::int64_t integer(int bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) {
      const auto byte = next();
      if (i == 0 && (byte & 0x80U)) value = ~std::uint64_t{0};
      value = (value << 8) | byte;
    }
    return static_cast<std::int64_t>(value);
  }
  std::string text(std::uint64_t length) {
    if (length > bytes_.size() - std::min(position_, bytes_.size())) {
      good_ = false;
      return {};
    }
    std::string out(reinterpret_cast<const char*>(bytes_.data()) + position_, length);
    position_ += length;
    return out;
  }

 private:
  std::uint8_t next() {
    if (position_ < bytes_.size()) return bytes_[position_++];
    good_ = false;
    return 0;
  }
  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;
  bool good_ = true;
};

/// fileformat2 section 2.1. Nothing when the record contradicts itself.
std::optional<std::vector<RawValue>> parse_record(std::span<const std::uint8_t> payload) {
  ByteReader header(payload);
  const auto header_bytes = header.varint();
  if (!header.good() || header_bytes > payload.size() || header_bytes > 1000) return std::nullopt;
  ByteReader body(payload.subspan(header_bytes));
  std::vector<RawValue> values;
  while (header.position() < header_bytes) {
    const auto type = header.varint();
    static constexpr std::array<int, 7> kWidths{0, 1, 2, 3, 4, 6, 8};
    if (type == 0) {
      values.emplace_back();
    } else if (type <= 6) {
      values.emplace_back(body.integer(kWidths[type]));
    } else if (type == 7) {
      values.emplace_back(std::bit_cast<double>(body.integer(8)));
    } else if (type <= 9) {
      values.emplace_back(static_cast<std::int64_t>(type - 8));
    } else if (type >= 12) {
      values.emplace_back(body.text((type - 12) / 2));
    } else {
      return std::nullopt;
    }
    if (!header.good() || !body.good()) return std::nullopt;
  }
  return values;
}

class RawDatabase {
 public:
  RawDatabase(StorageFiles& files, std::string path, WalContent wal)
      : files_(files), path_(std::move(path)), wal_(std::move(wal)), file_bytes_(files.size(path_).value_or(0)) {
    std::array<std::uint8_t, 21> header{};
    const auto got = files_.read(path_, 0, header);
    const auto claimed = (std::uint32_t{header[16]} << 8) | header[17];
    const auto size = claimed == 1 ? 65536U : claimed;
    const bool signed_file = got && std::equal(header.begin(), header.begin() + 6, "SQLite");
    if (wal_.page_size != 0) page_size_ = wal_.page_size;
    if (signed_file && size >= 512 && (size & (size - 1)) == 0) page_size_ = size;
    if (signed_file && header[20] < 32) reserved_ = header[20];
  }

  Status for_each_row(const std::function<void(const RawRow&)>& give) {
    auto pages = static_cast<std::uint32_t>(file_bytes_ / page_size_);
    if (!wal_.pages.empty()) pages = std::max(pages, wal_.pages.rbegin()->first);
    Page page(page_size_);
    for (std::uint32_t number = 1; number <= pages; ++number) {
      const auto got = load(number, page);
      if (!got) return fail(got.error());
      if (*got) rows_of(page, number == 1 ? 100 : 0, give);
    }
    for (const auto offset : wal_.broken_pages) {
      const auto got = files_.read(path_ + "-wal", offset, page);
      if (!got) return fail(got.error());
      if (*got == page.size()) rows_of(page, 0, give);
    }
    return {};
  }

 private:
  /// False when the page is not there.
  Result<bool> load(std::uint32_t number, Page& page) {
    if (number == 0) return false;
    page.resize(page_size_);
    const auto logged = wal_.pages.find(number);
    const bool in_log = logged != wal_.pages.end();
    const auto offset = in_log ? logged->second : std::uint64_t{number - 1} * page_size_;
    if (!in_log && offset + page_size_ > file_bytes_) return false;
    const auto got = files_.read(in_log ? path_ + "-wal" : path_, offset, page);
    if (!got) return fail(got.error());
    return *got == page.size();
  }

  void rows_of(const Page& page, std::size_t header, const std::function<void(const RawRow&)>& give) {
    if (page[header] != kTableLeaf) return;
    const auto cells = (std::size_t{page[header + 3]} << 8) | page[header + 4];
    for (std::size_t i = 0; i < cells; ++i) {
      const auto pointer = header + 8 + 2 * i;
      if (pointer + 2 > page.size()) return;
      const auto at = (std::size_t{page[pointer]} << 8) | page[pointer + 1];
      if (at < header + 8 || at >= page.size()) continue;
      if (auto row = row_at(page, at)) give(*row);
    }
  }

  std::optional<RawRow> row_at(const Page& page, std::size_t at) {
    const std::size_t usable = page_size_ - reserved_;
    ByteReader cell(std::span<const std::uint8_t>(page).first(usable).subspan(std::min(at, usable)));
    const auto length = cell.varint();
    RawRow row;
    row.rowid = static_cast<std::int64_t>(cell.varint());
    // A chain of overflow pages that damage has closed to a ring would give more bytes than there are.
    if (!cell.good() || length > kMaxPayload || length > known_bytes()) return std::nullopt;
    const auto local = local_bytes(length);
    const auto payload = cell.text(local);
    if (!cell.good()) return std::nullopt;
    Page bytes(payload.begin(), payload.end());
    if (local < length && !append_overflow(bytes, length, static_cast<std::uint32_t>(cell.integer(4))))
      return std::nullopt;
    auto values = parse_record(bytes);
    if (!values) return std::nullopt;
    row.values = *std::move(values);
    return row;
  }

  [[nodiscard]] std::uint64_t known_bytes() const {
    return file_bytes_ + (wal_.pages.size() + wal_.broken_pages.size()) * page_size_;
  }

  /// fileformat2 section 1.6, "B-tree Cell Format": how much of a payload lies in its leaf.
  [[nodiscard]] std::uint64_t local_bytes(std::uint64_t length) const {
    const std::uint64_t usable = page_size_ - reserved_;
    const auto greatest = usable - 35;
    if (length <= greatest) return length;
    const auto least = (usable - 12) * 32 / 255 - 23;
    const auto fitting = least + (length - least) % (usable - 4);
    return fitting <= greatest ? fitting : least;
  }

  bool append_overflow(Page& bytes, std::uint64_t length, std::uint32_t next) {
    Page page;
    while (bytes.size() < length) {
      const auto got = load(next, page);
      if (!got || !*got) return false;
      const auto take = std::min<std::uint64_t>(length - bytes.size(), page_size_ - reserved_ - 4);
      bytes.insert(bytes.end(), page.begin() + 4, page.begin() + 4 + static_cast<std::ptrdiff_t>(take));
      next = (std::uint32_t{page[0]} << 24) | (std::uint32_t{page[1]} << 16) | (std::uint32_t{page[2]} << 8) | page[3];
    }
    return true;
  }

  StorageFiles& files_;
  std::string path_;
  WalContent wal_;
  std::uint64_t file_bytes_;
  std::uint32_t page_size_ = 4096;
  std::uint32_t reserved_ = 0;
};

}  // namespace

Status for_each_raw_row(StorageFiles& files, const std::string& path, const std::function<void(const RawRow&)>& give) {
  auto wal = read_wal(files, path + "-wal");
  if (!wal) return fail(wal.error());
  return RawDatabase(files, path, *std::move(wal)).for_each_row(give);
}

}  // namespace exitgate
