#include "receipts/tables.hpp"

namespace exitgate {

ReceiptRow read_receipt(const Query& query) {
  ReceiptRow row;
  row.rowid = query.integer(0);
  row.receipt_id = query.text(1);
  row.state = query.integer(2);
  row.position = query.maybe_integer(3);
  row.chain_id = query.maybe_text(4);
  row.sequence = query.maybe_integer(5);
  row.authorised_ms = query.integer(6);
  row.ended_ms = query.maybe_integer(7);
  row.json = query.text(8);
  row.reason = query.text(9);
  row.check = query.integer(10);
  return row;
}

Result<std::optional<ReceiptRow>> find_receipt(Database& db, const std::string& receipt_id) {
  Query query(db, "SELECT " EXITGATE_RECEIPT_COLUMNS " FROM receipts WHERE receipt_id=?");
  query.bind(std::string_view(receipt_id));
  const auto found = query.step();
  if (!found) return fail(found.error());
  if (!*found) return std::nullopt;
  return read_receipt(query);
}

namespace {

void bind_columns(Query& query, const ReceiptRow& row) {
  query.bind(std::string_view(row.receipt_id)).bind(row.state).bind(row.position).bind(row.chain_id).bind(row.sequence);
  query.bind(row.authorised_ms).bind(row.ended_ms).bind(std::string_view(row.json)).bind(std::string_view(row.reason));
  query.bind(row.check);
}

}  // namespace

Status insert_receipt(Database& db, const ReceiptRow& row) {
  Query query(
      db,
      "INSERT INTO receipts(receipt_id,state,position,chain_id,sequence,authorised_ms,ended_ms,json,reason,checksum) "
      "VALUES(?,?,?,?,?,?,?,?,?,?)");
  bind_columns(query, row);
  return query.run();
}

Status update_receipt(Database& db, const ReceiptRow& row) {
  Query query(
      db,
      "UPDATE receipts SET receipt_id=?,state=?,position=?,chain_id=?,sequence=?,authorised_ms=?,ended_ms=?,json=?,"
      "reason=?,checksum=? WHERE id=?");
  bind_columns(query, row);
  query.bind(row.rowid);
  return query.run();
}

CheckedStateRow read_state(const Query& query) {
  CheckedStateRow out;
  out.rowid = query.integer(0);
  out.row = {query.text(1), query.text(2), query.maybe_integer(3), query.text(4)};
  out.good = check_of(out.row) == query.integer(5);
  return out;
}

Status put_state(Database& db, const StateRow& row) {
  Query query(
      db,
      "INSERT INTO state(kind,key,expires_ms,body,checksum) VALUES(?,?,?,?,?) ON CONFLICT(kind,key) DO UPDATE SET "
      "expires_ms=excluded.expires_ms,body=excluded.body,checksum=excluded.checksum");
  query.bind(std::string_view(row.kind)).bind(std::string_view(row.key)).bind(row.expires_ms);
  query.bind(std::string_view(row.body)).bind(check_of(row));
  return query.run();
}

Status apply_change(Database& db, const StateChange& change) {
  if (const auto* row = std::get_if<StateRow>(&change)) return put_state(db, *row);
  if (const auto* drop = std::get_if<DropRow>(&change)) {
    Query query(db, "DELETE FROM state WHERE kind=? AND key=?");
    query.bind(std::string_view(drop->kind)).bind(std::string_view(drop->key));
    return query.run();
  }
  Query query(db, "DELETE FROM state WHERE kind=?");
  query.bind(std::string_view(std::get<DropKind>(change).kind));
  return query.run();
}

Result<std::vector<StateRow>> state_of_kind(Database& db, std::string_view kind) {
  Query query(db, "SELECT id,kind,key,expires_ms,body,checksum FROM state WHERE kind=? ORDER BY key");
  query.bind(kind);
  std::vector<StateRow> rows;
  for (;;) {
    const auto more = query.step();
    if (!more) return fail(more.error());
    if (!*more) return rows;
    auto found = read_state(query);
    if (!found.good) {
      return fail("storage_damaged", "row " + std::to_string(found.rowid) + " of state (" + std::string(kind) +
                                         "): its check does not fit its columns");
    }
    rows.push_back(std::move(found.row));
  }
}

Result<std::vector<ChainState>> read_chains(Database& db) {
  const auto rows = state_of_kind(db, kChainKind);
  if (!rows) return fail(rows.error());
  std::vector<ChainState> chains;
  for (const auto& row : *rows) {
    auto chain = parse_chain_row(row);
    if (!chain) return fail(chain.error());
    chains.push_back(*std::move(chain));
  }
  return chains;
}

Result<std::int64_t> single_integer(Database& db, const char* sql) {
  Query query(db, sql);
  const auto row = query.step();
  if (!row) return fail(row.error());
  return *row ? query.integer(0) : 0;
}

}  // namespace exitgate
