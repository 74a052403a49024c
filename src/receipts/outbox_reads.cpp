#include <algorithm>
#include <charconv>

#include "receipts/offline_exits.hpp"
#include "receipts/outbox_impl.hpp"
#include "receipts/tables.hpp"

namespace exitgate {
namespace {

using BadReceipts = std::vector<std::pair<ReceiptRow, Error>>;

/// Where a page of list() begins: behind a sealed receipt's position, or behind an open one.
struct Place {
  std::int64_t position = 0;
  bool in_open = false;
  std::int64_t authorised_ms = std::numeric_limits<std::int64_t>::min();
  std::string receipt_id;
};

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<Place> parse_place(const std::optional<std::string>& after) {
  Place place;
  if (!after) return place;
  const std::string_view text = *after;
  const auto slash = text.find('/');
  const auto value = text.empty() ? std::nullopt : number(text.substr(1, slash == text.npos ? text.npos : slash - 1));
  if (value && text.front() == 's' && slash == text.npos) {
    place.position = *value;
    return place;
  }
  if (value && text.front() == 'o' && slash != text.npos) {
    place.in_open = true;
    place.authorised_ms = *value;
    place.receipt_id = text.substr(slash + 1);
    return place;
  }
  return fail("invalid_query", "\"after\" must be the \"next\" of the page before, found \"" + *after + "\"");
}

std::string token(const ReceiptRow& row) {
  if (row.state != static_cast<std::int64_t>(ReceiptState::kOpen))
    return "s" + std::to_string(row.position.value_or(0));
  return "o" + std::to_string(row.authorised_ms) + "/" + row.receipt_id;
}

StoredReceipt decode_somehow(const ReceiptRow& row) {
  auto good = decode(row);
  return good ? *std::move(good) : decode_damaged(row, good.error());
}

/// Adds rows until `rows` holds one more than `limit`.
Status collect(Query& query, std::size_t limit, std::vector<ReceiptRow>& rows) {
  while (rows.size() <= limit) {
    const auto more = query.step();
    if (!more) return fail(more.error());
    if (!*more) break;
    rows.push_back(read_receipt(query));
  }
  return {};
}

Status load_state(Database& db, LoadedOutbox& out) {
  Query query(db, "SELECT id,kind,key,expires_ms,body,checksum FROM state ORDER BY kind,key");
  for (;;) {
    const auto more = query.step();
    if (!more) return fail(more.error());
    if (!*more) return {};
    const auto found = read_state(query);
    if (found.row.kind == kChainKind) continue;
    const auto read =
        found.good ? absorb(found.row, out.state) : fail("storage_damaged", "its check does not fit its columns");
    if (!read)
      out.bad_rows.push_back(
          {"state", found.rowid, found.row.kind + " " + found.row.key + ": " + read.error().message});
  }
}

Status load_open(Database& db, LoadedOutbox& out, BadReceipts& bad) {
  Query query(db, "SELECT " EXITGATE_RECEIPT_COLUMNS " FROM receipts WHERE state=0 ORDER BY authorised_ms,receipt_id");
  for (;;) {
    const auto more = query.step();
    if (!more) return fail(more.error());
    if (!*more) return {};
    const auto row = read_receipt(query);
    auto good = decode(row);
    if (good) {
      out.state.open_receipts.push_back(std::move(good->receipt));
    } else {
      out.bad_rows.push_back({"receipts", row.rowid, good.error().message});
      bad.emplace_back(row, good.error());
    }
  }
}

/// Open ones, then newest first by position.
Status load_offline_exits(Database& db, WallTime now, LoadedState& state) {
  OfflineExitsFound exits(now);
  for (auto open = state.open_receipts.rbegin(); open != state.open_receipts.rend(); ++open) (void)exits.take(*open);
  Query query(db,
              "SELECT " EXITGATE_RECEIPT_COLUMNS " FROM receipts WHERE position IS NOT NULL ORDER BY position DESC");
  for (;;) {
    const auto more = query.step();
    if (!more) return fail(more.error());
    if (!*more) break;
    const auto good = decode(read_receipt(query));
    if (good && !exits.take(good->receipt)) break;
  }
  state.offline_exits = std::move(exits).found();
  return {};
}

}  // namespace

Result<LoadedOutbox> Outbox::load(WallTime now) {
  LoadedOutbox out;
  BadReceipts bad;
  if (auto done = load_state(impl_->db, out); !done) return fail(done.error());
  if (auto done = load_open(impl_->db, out, bad); !done) return fail(done.error());
  if (auto done = load_offline_exits(impl_->db, now, out.state); !done) return fail(done.error());
  if (!bad.empty()) {
    if (auto done = impl_->quarantine_damaged(bad); !done) return fail(done.error());
  }
  return out;
}

Result<std::vector<StoredReceipt>> Outbox::next_queued(std::size_t limit) {
  // What the backend has stored must not be gone here: its number in the chain would be another's.
  if (auto proven = impl_->prove_log(); !proven) return fail(proven.error());
  std::vector<StoredReceipt> good;
  BadReceipts bad;
  do {
    bad.clear();
    {
      Query query(impl_->db,
                  "SELECT " EXITGATE_RECEIPT_COLUMNS " FROM receipts WHERE state=1 ORDER BY position LIMIT ?");
      query.bind(static_cast<std::int64_t>(limit));
      for (auto more = query.step(); !more || *more; more = query.step()) {
        if (!more) return fail(more.error());
        const auto row = read_receipt(query);
        auto decoded = decode(row);
        if (decoded) {
          good.push_back(*std::move(decoded));
        } else {
          bad.emplace_back(row, decoded.error());
        }
      }
    }
    if (bad.empty()) continue;
    if (auto moved = impl_->quarantine_damaged(bad); !moved && good.empty()) return fail(moved.error());
  } while (good.empty() && !bad.empty());
  return good;
}

Result<ReceiptPage> Outbox::list(const ReceiptQuery& query) {
  const auto place = parse_place(query.after);
  if (!place) return fail(place.error());
  const auto limit = std::clamp<std::size_t>(query.limit, 1, 1000);
  const auto most = static_cast<std::int64_t>(limit + 1);
  std::vector<ReceiptRow> rows;
  Status done;
  if (!place->in_open && query.state && *query.state != ReceiptState::kOpen) {
    Query sealed(impl_->db, "SELECT " EXITGATE_RECEIPT_COLUMNS
                            " FROM receipts WHERE state=? AND position>? ORDER BY position LIMIT ?");
    sealed.bind(static_cast<std::int64_t>(*query.state)).bind(place->position).bind(most);
    done = collect(sealed, limit, rows);
  } else if (!place->in_open && !query.state) {
    Query sealed(impl_->db,
                 "SELECT " EXITGATE_RECEIPT_COLUMNS " FROM receipts WHERE position>? ORDER BY position LIMIT ?");
    sealed.bind(place->position).bind(most);
    done = collect(sealed, limit, rows);
  }
  if (done && rows.size() <= limit && (!query.state || *query.state == ReceiptState::kOpen)) {
    Query open(impl_->db, "SELECT " EXITGATE_RECEIPT_COLUMNS
                          " FROM receipts WHERE state=0 AND (authorised_ms,receipt_id)>(?,?) "
                          "ORDER BY authorised_ms,receipt_id LIMIT ?");
    open.bind(place->authorised_ms).bind(std::string_view(place->receipt_id)).bind(most);
    done = collect(open, limit, rows);
  }
  if (!done) return fail(done.error());
  ReceiptPage page;
  const bool more = rows.size() > limit;
  if (more) rows.resize(limit);
  for (const auto& row : rows) page.receipts.push_back(decode_somehow(row));
  if (more) page.next = token(rows.back());
  // Nobody's receipts are held back because a chain's own row can't be read.
  if (const auto chains = read_chains(impl_->db)) {
    for (const auto& chain : *chains) {
      if (chain.pruned_through > 0) page.pruned_through.emplace(chain.chain_id, chain.pruned_through);
    }
  }
  return page;
}

Result<StoredReceipt> Outbox::get(const Uuid& receipt_id) {
  const auto row = find_receipt(impl_->db, to_string(receipt_id));
  if (!row) return fail(row.error());
  if (!*row) return fail("not_found", "there is no receipt " + to_string(receipt_id));
  return decode_somehow(**row);
}

Result<VerifyReport> Outbox::verify() { return verify_database(impl_->db); }

Status Outbox::export_lines(std::optional<ReceiptState> state, const std::function<bool(std::string_view)>& sink) {
  return export_database(impl_->db, state, sink);
}

}  // namespace exitgate
