#include "receipts/verify.hpp"

#include <filesystem>
#include <map>

#include "receipts/schema.hpp"
#include "receipts/tables.hpp"

namespace exitgate {
namespace {

constexpr std::size_t kMostFindings = 1000;

/// Follows the chains through the rows in sealing order.
class ChainWalk {
 public:
  ChainWalk(const std::vector<ChainState>& chains, VerifyReport& report) : report_(report) {
    for (const auto& chain : chains) walks_[chain.chain_id].known = chain;
  }

  void take(const ReceiptRow& row) {
    ++report_.checked;
    const auto good = decode(row);
    const auto stored = good ? *good : decode_damaged(row, good.error());
    if (!good) find(stored.chain_id, stored.sequence, good.error().message);
    if (stored.sequence <= 0) return;
    auto& walk = walks_[stored.chain_id];
    follow(walk, stored);
    walk.last_sequence = std::max(walk.last_sequence, stored.sequence);
    walk.last_hash = good ? stored.hash : "";
  }

  void finish() {
    for (const auto& [id, walk] : walks_) {
      if (!walk.known) continue;
      const auto end = walk.known->next_sequence - 1;
      if (walk.last_sequence < end && end > walk.known->pruned_through) gap(id, walk.last_sequence + 1, end);
      const bool at_end = walk.last_sequence == end && end > 0;
      if (at_end && !walk.last_hash.empty() && !walk.known->last_hash.empty() &&
          walk.last_hash != walk.known->last_hash) {
        find(id, end, "the last hash of the chain is not that of its last receipt");
      }
    }
  }

 private:
  struct Walk {
    std::optional<ChainState> known;
    std::int64_t last_sequence = 0;
    std::string last_hash;
  };

  void follow(const Walk& walk, const StoredReceipt& now) {
    const auto expected = walk.last_sequence + 1;
    if (now.sequence < expected) find(now.chain_id, now.sequence, "the sequence is there twice or out of order");
    if (now.sequence > expected) {
      const auto pruned = walk.known ? walk.known->pruned_through : 0;
      if (now.sequence - 1 > pruned) gap(now.chain_id, std::max(expected, pruned + 1), now.sequence - 1);
      return;
    }
    const auto previous = now.sequence == 1 ? first_previous_hash() : walk.last_hash;
    if (!previous.empty() && !now.previous_hash.empty() && now.previous_hash != previous) {
      find(now.chain_id, now.sequence, "previous_hash is not the hash of the receipt before it");
    }
  }

  void gap(const Uuid& chain, std::int64_t first, std::int64_t last) {
    find(chain, first,
         first == last ? "the receipt is missing"
                       : "the receipts up to sequence " + std::to_string(last) + " are missing");
  }
  void find(const Uuid& chain, std::int64_t sequence, std::string what) {
    if (report_.findings.size() < kMostFindings) report_.findings.push_back({chain, sequence, std::move(what)});
  }

  VerifyReport& report_;
  std::map<Uuid, Walk> walks_;
};

Result<Database> open_read_only(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return fail("not_found", "there is no database " + path);
  auto db = Database::open(path, "", SQLITE_OPEN_READONLY);
  if (!db) return db;
  if (auto good = check_schema(*db, migrations()); !good) return fail(good.error().within(path));
  return db;
}

}  // namespace

Result<VerifyReport> verify_database(Database& db) {
  VerifyReport report;
  const auto chains = read_chains(db);
  if (!chains) return fail(chains.error());
  ChainWalk walk(*chains, report);
  // Sorted without their content, which would not fit into memory.
  Query order(db, "SELECT id FROM receipts WHERE position IS NOT NULL ORDER BY chain_id,sequence,position");
  for (;;) {
    const auto more = order.step();
    if (!more) return fail(more.error());
    if (!*more) break;
    Query query(db, "SELECT " EXITGATE_RECEIPT_COLUMNS " FROM receipts WHERE id=?");
    query.bind(order.integer(0));
    const auto row = query.step();
    if (!row) return fail(row.error());
    if (*row) walk.take(read_receipt(query));
  }
  walk.finish();
  return report;
}

Result<VerifyReport> verify_database_file(const std::string& path) {
  auto db = open_read_only(path);
  if (!db) return fail(db.error());
  return verify_database(*db);
}

Status export_database(Database& db, std::optional<ReceiptState> state,
                       const std::function<bool(std::string_view)>& sink) {
  Query query(db,
              "SELECT json FROM receipts WHERE (?1 IS NULL AND state<>0) OR state=?1 ORDER BY position,authorised_ms");
  query.bind(state ? std::optional(static_cast<std::int64_t>(*state)) : std::nullopt);
  for (;;) {
    const auto more = query.step();
    if (!more) return fail(more.error());
    if (!*more || !sink(query.text(0))) return {};
  }
}

Status export_database_file(const std::string& path, std::optional<ReceiptState> state,
                            const std::function<bool(std::string_view)>& sink) {
  auto db = open_read_only(path);
  if (!db) return fail(db.error());
  return export_database(*db, state, sink);
}

}  // namespace exitgate
