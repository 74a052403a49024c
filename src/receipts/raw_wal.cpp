#include <array>

#include "receipts/raw_pages.hpp"

namespace exitgate {
namespace {

constexpr std::uint64_t kHeaderBytes = 32;
constexpr std::uint64_t kFrameHeaderBytes = 24;

std::uint32_t big_endian(const std::uint8_t* at) {
  return (std::uint32_t{at[0]} << 24) | (std::uint32_t{at[1]} << 16) | (std::uint32_t{at[2]} << 8) | at[3];
}
std::uint32_t little_endian(const std::uint8_t* at) {
  return (std::uint32_t{at[3]} << 24) | (std::uint32_t{at[2]} << 16) | (std::uint32_t{at[1]} << 8) | at[0];
}

struct Sum {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  friend bool operator==(const Sum&, const Sum&) = default;
};

/// fileformat2 section 4.2.
Sum add(Sum sum, const std::uint8_t* at, std::size_t bytes, bool big) {
  for (std::size_t i = 0; i + 8 <= bytes; i += 8) {
    sum.a += (big ? big_endian(at + i) : little_endian(at + i)) + sum.b;
    sum.b += (big ? big_endian(at + i + 4) : little_endian(at + i + 4)) + sum.a;
  }
  return sum;
}

Sum stored_sum(const std::uint8_t* at) { return {big_endian(at), big_endian(at + 4)}; }

struct Header {
  bool good = false;
  bool big = false;
  std::uint32_t page_size = 4096;
  std::array<std::uint8_t, 8> salt{};
  Sum sum;
};

Header read_header(const std::array<std::uint8_t, kHeaderBytes>& raw) {
  Header header;
  const auto magic = big_endian(raw.data());
  header.big = magic == 0x377f0683;
  header.sum = add({}, raw.data(), 24, header.big);
  const auto size = big_endian(raw.data() + 8);
  header.good = (magic == 0x377f0682 || header.big) && header.sum == stored_sum(raw.data() + 24) && size >= 512 &&
                size <= 65536 && (size & (size - 1)) == 0;
  if (header.good) header.page_size = size;
  std::copy_n(raw.data() + 16, 8, header.salt.begin());
  return header;
}

/// Takes frames in order. Before the first break a frame counts when the commit behind it does. Behind it, a frame is
/// readable when it continues the stored checksum of the one before it: what lies there was written whole.
class FrameReader {
 public:
  explicit FrameReader(const Header& header) : header_(header), previous_(header.sum), broken_(!header.good) {}

  void take(const std::vector<std::uint8_t>& frame, std::uint64_t offset, WalContent& content) {
    if (first_ && !header_.good) std::copy_n(frame.data() + 8, 8, header_.salt.begin());
    const bool own = std::equal(header_.salt.begin(), header_.salt.end(), frame.data() + 8);
    Sum sum = add(previous_, frame.data(), 8, header_.big);
    sum = add(sum, frame.data() + kFrameHeaderBytes, frame.size() - kFrameHeaderBytes, header_.big);
    const bool continues = own && sum == stored_sum(frame.data() + 16) && !(first_ && !header_.good);
    first_ = false;
    previous_ = stored_sum(frame.data() + 16);
    if (!continues) {
      broken_ = true;
      // Frames before a broken one belong to its transaction; before one of another log they were never committed.
      if (!own) pending_.clear();
      commits_in_run_ = 0;
    }
    if (!own) return;
    const auto page = big_endian(frame.data());
    if (continues && page != 0) pending_[page] = offset + kFrameHeaderBytes;
    if (!continues) content.broken_pages.push_back(offset + kFrameHeaderBytes);
    if (big_endian(frame.data() + 4) == 0) return;
    for (const auto& [number, at] : pending_) content.pages[number] = at;
    pending_.clear();
    if (broken_ && ++commits_in_run_ >= 2) content.lost_commits = true;
  }

 private:
  Header header_;
  Sum previous_;
  bool broken_;
  bool first_ = true;
  int commits_in_run_ = 0;
  std::map<std::uint32_t, std::uint64_t> pending_;
};

}  // namespace

Result<WalContent> read_wal(StorageFiles& files, const std::string& path) {
  WalContent content;
  const auto size = files.size(path);
  if (!size || *size <= kHeaderBytes) return content;
  std::array<std::uint8_t, kHeaderBytes> raw{};
  const auto got = files.read(path, 0, raw);
  if (!got) return fail(got.error());
  const auto header = read_header(raw);
  content.page_size = header.page_size;
  FrameReader reader(header);
  std::vector<std::uint8_t> frame(kFrameHeaderBytes + header.page_size);
  for (std::uint64_t at = kHeaderBytes; at + frame.size() <= *size; at += frame.size()) {
    const auto read = files.read(path, at, frame);
    if (!read) return fail(read.error());
    if (*read < frame.size()) break;
    reader.take(frame, at, content);
  }
  return content;
}

}  // namespace exitgate
