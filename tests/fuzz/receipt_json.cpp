// Receipts as they lie in the database: what is read is written as the same receipt, and sealing it holds.
#include <string>

#include "fuzz_input.hpp"
#include "receipts/receipt_json.hpp"

namespace exitgate {
namespace {

void check_sealing(const Receipt& receipt) {
  ChainLink link{.chain_id = receipt.receipt_id, .sequence = 1, .previous_hash = first_previous_hash(), .hash = {}};
  std::string sealed = seal_json(receipt, link);
  EXITGATE_CHECK(hash_verifies(sealed));
  const auto again = parse_receipt_json(sealed);
  EXITGATE_CHECK(again && again->link && *again->link == link);
  EXITGATE_CHECK(canonical_json(again->receipt, &*again->link) == sealed);
  // Any other character in it is seen.
  const std::size_t at = sealed.size() / 2;
  sealed[at] = sealed[at] == 'x' ? 'y' : 'x';
  EXITGATE_CHECK(!hash_verifies(sealed));
}

}  // namespace
}  // namespace exitgate

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace exitgate;
  const std::string_view text = fuzz::text_of({data, size});
  const std::string valid = valid_utf8(text);
  EXITGATE_CHECK(valid_utf8(valid) == valid);
  (void)hash_verifies(text);
  const auto parsed = parse_receipt_json(text);
  if (!parsed) {
    EXITGATE_CHECK(parsed.error().code == "invalid_receipt" && !parsed.error().message.empty());
    return 0;
  }
  const ChainLink* link = parsed->link ? &*parsed->link : nullptr;
  const std::string written = canonical_json(parsed->receipt, link);
  const auto again = parse_receipt_json(written);
  EXITGATE_CHECK(again.has_value());
  EXITGATE_CHECK(again->link == parsed->link);
  EXITGATE_CHECK(canonical_json(again->receipt, again->link ? &*again->link : nullptr) == written);
  if (check_receipt(parsed->receipt, true)) {
    EXITGATE_CHECK(again->receipt == parsed->receipt);
    check_sealing(parsed->receipt);
  }
  return 0;
}
