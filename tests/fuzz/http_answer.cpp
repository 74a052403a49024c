// HTTP answers of a backend: the reader on the whole and in pieces. The first byte chooses the bound of the body.
#include <string>

#include "backend/http_reader.hpp"
#include "fuzz_input.hpp"

namespace exitgate {
namespace {

using fuzz::ByteSpan;

struct Answer {
  bool failed = false;
  bool done = false;
  int status = 0;
  std::string content_type;
  std::string retry_after;
  std::string body;
  friend bool operator==(const Answer&, const Answer&) = default;
};

Answer read_in_pieces(ByteSpan bytes, std::size_t bound, std::size_t longest) {
  HttpReader reader;
  reader.begin(bound);
  Answer answer;
  fuzz::in_pieces(bytes, 3, longest, [&](ByteSpan piece) {
    if (answer.failed || !reader.expecting()) return;
    answer.failed = !reader.feed(fuzz::text_of(piece)).has_value();
    answer.body += reader.take_body();
  });
  if (!answer.failed && reader.expecting()) {
    answer.failed = !reader.end_of_input().has_value();
    answer.body += reader.take_body();
  }
  answer.done = reader.done();
  if (const auto& head = reader.head()) {
    answer.status = head->status;
    answer.content_type = head->content_type;
    answer.retry_after = head->retry_after;
  }
  EXITGATE_CHECK(bound == kUnbounded || answer.body.size() <= bound);
  EXITGATE_CHECK(answer.done || answer.failed);
  return answer;
}

}  // namespace
}  // namespace exitgate

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace exitgate;
  fuzz::Input input({data, size});
  const std::size_t bound = input.byte() % 2 == 0 ? 1000 : kUnbounded;
  const fuzz::ByteSpan bytes = input.rest();
  const Answer whole = read_in_pieces(bytes, bound, size + 1);
  for (const std::size_t longest : {1, 40}) {
    const Answer pieces = read_in_pieces(bytes, bound, longest);
    EXITGATE_CHECK(pieces.failed == whole.failed);
    // Of a broken answer more may have been read before the break was seen.
    if (!whole.failed) EXITGATE_CHECK(pieces == whole);
  }
  return 0;
}
