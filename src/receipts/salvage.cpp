#include "receipts/salvage.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "receipts/damage_row.hpp"
#include "receipts/raw_pages.hpp"
#include "receipts/schema.hpp"
#include "receipts/tables.hpp"

namespace exitgate {
namespace {

constexpr std::size_t kReceiptColumns = 11;
constexpr std::size_t kStateColumns = 6;
constexpr auto kOpen = static_cast<std::int64_t>(ReceiptState::kOpen);

std::string building_path(const OutboxOptions& o) { return o.path + ".building"; }
std::string salvaged_path(const OutboxOptions& o) { return o.path + ".salvaged"; }
std::string reserve_path(const OutboxOptions& o) { return o.path + ".reserve"; }

std::optional<std::int64_t> as_integer(const RawValue& value) {
  if (const auto* n = std::get_if<std::int64_t>(&value)) return *n;
  return std::nullopt;
}
std::string as_text(const RawValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text ? *text : std::string{};
}

std::optional<ReceiptRow> as_receipt(const RawRow& raw) {
  if (raw.values.size() != kReceiptColumns || !std::holds_alternative<std::string>(raw.values[8])) return std::nullopt;
  ReceiptRow row;
  row.rowid = raw.rowid;
  row.receipt_id = as_text(raw.values[1]);
  row.state = as_integer(raw.values[2]).value_or(-1);
  row.position = as_integer(raw.values[3]);
  if (const auto* chain = std::get_if<std::string>(&raw.values[4])) row.chain_id = *chain;
  row.sequence = as_integer(raw.values[5]);
  row.authorised_ms = as_integer(raw.values[6]).value_or(0);
  row.ended_ms = as_integer(raw.values[7]);
  row.json = as_text(raw.values[8]);
  row.reason = as_text(raw.values[9]);
  row.check = as_integer(raw.values[10]).value_or(0);
  return row;
}

std::optional<StateRow> as_state(const RawRow& raw) {
  if (raw.values.size() != kStateColumns) return std::nullopt;
  StateRow row{as_text(raw.values[1]), as_text(raw.values[2]), as_integer(raw.values[3]), as_text(raw.values[4])};
  if (check_of(row) != as_integer(raw.values[5])) return std::nullopt;
  return row;
}

/// The columns of a sealed receipt made anew from its JSON, when that is whole.
std::optional<ReceiptRow> rebuilt(const ReceiptRow& row) {
  const auto parsed = parse_receipt_json(row.json);
  if (!parsed || !parsed->link || !hash_verifies(row.json)) return std::nullopt;
  ReceiptRow out = row;
  out.receipt_id = to_string(parsed->receipt.receipt_id);
  out.chain_id = to_string(parsed->link->chain_id);
  out.sequence = parsed->link->sequence;
  out.authorised_ms = unix_ms(parsed->receipt.authorised_at);
  if (parsed->receipt.ended_at) out.ended_ms = unix_ms(*parsed->receipt.ended_at);
  // Whether it was delivered is not known: the backend tells a duplicate from a new one.
  out.state = static_cast<std::int64_t>(ReceiptState::kQueued);
  out.reason.clear();
  return out;
}

/// Takes rows as they are found and puts them into the new database.
class Collector {
 public:
  Collector(Database& db, DamageReport& report) : db_(db), report_(report) {}

  void take(const RawRow& raw) {
    if (!so_far_) return;
    if (auto row = as_receipt(raw)) {
      so_far_ = take_receipt(*std::move(row));
    } else if (const auto state = as_state(raw)) {
      so_far_ = take_state(*state);
    }
  }

  /// What had to wait until all positions were known, the chains and what of them is missing.
  Status finish(const OutboxOptions& options) {
    if (!so_far_) return so_far_;
    std::stable_sort(later_.begin(), later_.end(), [](const auto& a, const auto& b) {
      return std::pair(a.chain_id, a.sequence) < std::pair(b.chain_id, b.sequence);
    });
    const auto highest = single_integer(db_, "SELECT max(position) FROM receipts");
    if (!highest) return fail(highest.error());
    auto position = *highest;
    for (auto& row : later_) {
      const bool own_place = row.position && *row.position > 0 && *row.position < *highest;
      if (!own_place || !positions_.insert(*row.position).second) row.position = ++position;
      row.check = check_of(row);
      if (auto done = insert_receipt(db_, row); !done) return done;
    }
    if (auto done = find_missing(); !done) return done;
    for (const auto& [id, chain] : chains_) {
      if (auto done = put_state(db_, chain_row(chain)); !done) return done;
    }
    if (auto done = put_state(db_, damage_row(report_)); !done) return done;
    return put_state(db_, salvaged_row(options.now));
  }

 private:
  Status take_receipt(ReceiptRow row) {
    const auto there = find_receipt(db_, row.receipt_id);
    if (!there) return fail(there.error());
    const bool sealed_there = *there && (*there)->state != kOpen;
    const auto decoded = decode(row);
    if (decoded && *there && (sealed_there || row.state == kOpen)) return {};
    if (decoded) {
      ++report_.receipts_salvaged;
      report_.undelivered_salvaged += row.state == static_cast<std::int64_t>(ReceiptState::kQueued) ? 1U : 0U;
      if (row.position && !positions_.insert(*row.position).second) row.position.reset();
      if (!row.position && row.state != kOpen) return keep_for_later(std::move(row));
      row.check = check_of(row);
      if (!*there) return insert_receipt(db_, row);
      row.rowid = (*there)->rowid;
      return update_receipt(db_, row);
    }
    // An older version of a page may hold it whole.
    if (sealed_there) return {};
    if (auto whole = rebuilt(row)) {
      ++report_.receipts_salvaged;
      ++report_.undelivered_salvaged;
      return keep_for_later(*std::move(whole));
    }
    ++report_.receipts_damaged;
    report_.bad_rows.push_back({"receipts", row.rowid, decoded.error().message});
    row.state = static_cast<std::int64_t>(ReceiptState::kQuarantined);
    row.reason = kDamagedReason;
    if (!parse_uuid(row.receipt_id)) row.receipt_id = stand_in_id(row);
    return keep_for_later(std::move(row));
  }

  Status keep_for_later(ReceiptRow row) {
    const bool doubled = std::any_of(later_.begin(), later_.end(),
                                     [&](const auto& other) { return other.receipt_id == row.receipt_id; });
    const auto there = find_receipt(db_, row.receipt_id);
    if (!there) return fail(there.error());
    if (doubled || *there) row.receipt_id = stand_in_id(row);
    later_.push_back(std::move(row));
    return {};
  }

  /// A key for a row whose own is unreadable or taken; made of its content, so that it is the same each time.
  static std::string stand_in_id(const ReceiptRow& row) {
    const auto bytes =
        parse_hex(sha256_hex(row.json + '\n' + row.receipt_id + '\n' + std::to_string(row.rowid)).substr(0, 32));
    Uuid id;
    std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
    return to_string(id);
  }

  Status take_state(const StateRow& row) {
    if (row.kind == kChainKind) {
      if (auto chain = parse_chain_row(row)) {
        chain->current = false;
        chains_[row.key] = *std::move(chain);
      }
      return {};
    }
    if (row.kind == kDamageKind) return {};
    // The stream is read again from its beginning: what it brought since may be among what is lost.
    if (row.kind == "cursor") return {};
    ++report_.state_rows_salvaged;
    return put_state(db_, row);
  }

  Status find_missing() {
    Query query(db_,
                "SELECT chain_id,sequence FROM receipts WHERE chain_id IS NOT NULL AND sequence IS NOT NULL "
                "ORDER BY chain_id,sequence");
    std::map<std::string, std::vector<std::int64_t>> seen;
    for (const auto& [key, chain] : chains_) seen[key];
    for (;;) {
      const auto more = query.step();
      if (!more) return fail(more.error());
      if (!*more) break;
      if (parse_uuid(query.text(0))) seen[query.text(0)].push_back(query.integer(1));
    }
    for (const auto& [key, sequences] : seen) report_gaps(key, sequences);
    return {};
  }

  void report_gaps(const std::string& key, const std::vector<std::int64_t>& sequences) {
    auto known = chains_.find(key);
    if (known == chains_.end()) {
      // Its row is lost: how far it went, and what of its beginning was pruned, is not known.
      ChainState chain;
      chain.chain_id = parse_uuid(key).value_or(Uuid{});
      chain.next_sequence = sequences.back() + 1;
      chain.pruned_through = sequences.front() - 1;
      chain.current = false;
      known = chains_.emplace(key, chain).first;
    }
    auto& chain = known->second;
    auto expected = chain.pruned_through + 1;
    for (const auto sequence : sequences) {
      if (sequence > expected) report_.missing.push_back({chain.chain_id, expected, sequence - 1});
      expected = std::max(expected, sequence + 1);
    }
    if (chain.next_sequence > expected) report_.missing.push_back({chain.chain_id, expected, chain.next_sequence - 1});
    chain.next_sequence = std::max(chain.next_sequence, expected);
  }

  Database& db_;
  DamageReport& report_;
  Status so_far_;
  std::vector<ReceiptRow> later_;
  std::set<std::int64_t> positions_;
  std::map<std::string, ChainState> chains_;
};

Status build(const OutboxOptions& options, StorageFiles& files, DamageReport& report) {
  for (const auto* suffix : {"", "-wal", "-shm", "-journal"}) {
    if (auto done = files.remove(building_path(options) + suffix); !done) return done;
  }
  auto db = Database::open(building_path(options), options.vfs, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!db) return fail(db.error());
  if (auto done = set_up_connection(*db); !done) return done;
  if (auto done = migrate(*db, migrations()); !done) return done;
  if (auto done = db->execute("BEGIN IMMEDIATE"); !done) return done;
  Collector collector(*db, report);
  if (auto done = for_each_raw_row(files, options.path, [&](const RawRow& row) { collector.take(row); }); !done)
    return done;
  if (auto done = collector.finish(options); !done) return done;
  if (auto done = db->execute("COMMIT"); !done) return done;
  // The new file must be whole by itself before it takes the name.
  return db->execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// 2026-11-23T18:06:30.123Z → 20261123T180630Z
std::string time_stamp(WallTime now) {
  std::string stamp;
  for (const char c : to_rfc3339(now).substr(0, 19)) {
    if (c != '-' && c != ':') stamp.push_back(c);
  }
  return stamp + "Z";
}

Status swap(const OutboxOptions& options, StorageFiles& files, std::vector<std::string>& kept_aside) {
  auto aside = options.path + ".damaged-" + time_stamp(options.now);
  for (int n = 2; files.size(aside) || files.size(aside + "-wal"); ++n) {
    aside = options.path + ".damaged-" + time_stamp(options.now) + "-" + std::to_string(n);
  }
  for (const std::string suffix : {"-wal", "-shm", "-journal", ""}) {
    if (!files.size(options.path + suffix)) continue;
    if (auto done = files.rename(options.path + suffix, aside + suffix); !done) return done;
    kept_aside.push_back(aside + suffix);
  }
  return files.rename(salvaged_path(options), options.path);
}

}  // namespace

Status finish_interrupted_salvage(const OutboxOptions& options, StorageFiles& files) {
  if (files.size(building_path(options))) {
    for (const auto* suffix : {"", "-wal", "-shm", "-journal"}) {
      if (auto done = files.remove(building_path(options) + suffix); !done) return done;
    }
  }
  if (!files.size(salvaged_path(options))) return {};
  std::vector<std::string> kept_aside;
  return swap(options, files, kept_aside);
}

Result<DamageReport> salvage(const OutboxOptions& options, StorageFiles& files, const std::string& why) {
  const DamageReport nothing_yet{.begun_anew = true, .found_at = options.now, .what = why};
  auto report = nothing_yet;
  auto built = build(options, files, report);
  if (!built && built.error().code == "storage_full" && files.size(reserve_path(options))) {
    if (auto done = files.remove(reserve_path(options)); !done) return fail(done.error());
    report = nothing_yet;
    built = build(options, files, report);
  }
  if (!built) return fail(built.error().within("salvaging " + options.path));
  if (auto done = files.rename(building_path(options), salvaged_path(options)); !done) return fail(done.error());
  if (auto done = swap(options, files, report.kept_aside); !done) return fail(done.error());
  return report;
}

}  // namespace exitgate
