#include "receipts/damage_row.hpp"
#include "receipts/outbox_impl.hpp"
#include "receipts/salvage.hpp"
#include "receipts/schema.hpp"
#include "receipts/tables.hpp"

namespace exitgate {
namespace {

/// Up to this size indexes are compared with their tables too; a longer check would keep the lanes waiting.
constexpr std::uint64_t kFullCheckBytes = 64ULL << 20;

/// Reads every page once; what is wrong comes back as storage_damaged.
Status check_pages(Database& db, std::uint64_t bytes) {
  Query query(db, bytes <= kFullCheckBytes ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)");
  const auto row = query.step();
  if (!row) return fail(row.error());
  if (*row && query.text(0) != "ok") return fail("storage_damaged", "the check of its pages said: " + query.text(0));
  return {};
}

Result<Database> open_as_it_is(const OutboxOptions& options, StorageFiles& files) {
  auto db = Database::open(options.path, options.vfs, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!db) return db;
  keep_untouched(*db, true);
  if (auto good = check_schema(*db, migrations()); !good) return fail(good.error());
  if (auto good = set_up_connection(*db); !good) return fail(good.error());
  if (auto good = check_pages(*db, files.size(options.path).value_or(0)); !good) return fail(good.error());
  return db;
}

}  // namespace

Outbox::Outbox(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Outbox::Outbox(Outbox&&) noexcept = default;
Outbox& Outbox::operator=(Outbox&&) noexcept = default;
Outbox::~Outbox() = default;

Result<Outbox::Opened> Outbox::open(const OutboxOptions& options) {
  auto& files = options.files ? *options.files : posix_files();
  const bool on_disk = options.path != ":memory:";
  if (on_disk) {
    if (auto done = finish_interrupted_salvage(options, files); !done) return fail(done.error());
  }
  Result<std::optional<std::string>> damage;
  if (on_disk) damage = damage_before_opening(options, files);
  if (!damage) return fail(damage.error());
  const auto make = [&]() -> Result<std::unique_ptr<Impl>> {
    auto db = open_as_it_is(options, files);
    if (!db) return fail(db.error().within(options.path));
    auto impl = std::make_unique<Impl>(options, *std::move(db));
    if (auto read = impl->get_ready(); !read) {
      keep_untouched(impl->db, true);
      return fail(read.error().within(options.path));
    }
    return impl;
  };
  DamageReport report;
  Result<std::unique_ptr<Impl>> impl = fail("storage_damaged", damage->value_or(""));
  if (!*damage) impl = make();
  const bool begin_anew = !impl && (impl.error().code == "storage_damaged" ||
                                    (impl.error().code == "storage_foreign" && options.own_folder));
  if (begin_anew && on_disk) {
    auto salvaged = salvage(options, files, impl.error().message);
    if (!salvaged) return fail(salvaged.error());
    report = *std::move(salvaged);
    impl = make();
  }
  if (!impl) return fail(impl.error());
  if (!begin_anew) report = (*impl)->told_damage();
  Outbox outbox(*std::move(impl));
  if (on_disk && options.reserve_bytes != 0) outbox.impl_->reserve_there = outbox.restore_reserve();
  outbox.impl_->refresh_status();
  return Opened{std::move(outbox), std::move(report)};
}

Status Outbox::Impl::get_ready() {
  watch_log();
  const auto migrated = is_current(db, migrations());
  if (!migrated) return fail(migrated.error());
  // A disk that takes nothing now is no reason to keep the lanes shut, as long as nothing has to be written.
  const auto proven = prove_log();
  if (!*migrated) {
    if (!proven) return proven;
    if (auto done = migrate(db, migrations()); !done) return done;
  }
  return read_memory();
}

Status Outbox::Impl::read_memory() {
  const auto chains = read_chains(db);
  if (!chains) return fail(chains.error());
  bool found = false;
  for (const auto& chain : *chains) {
    if (!chain.current) continue;
    memory.chain = chain;
    found = true;
  }
  if (!found) {
    memory.chain = ChainState{.chain_id = options.fresh_chain_id, .last_hash = first_previous_hash()};
    if (auto proven = prove_log(); !proven) return proven;
    if (auto put = put_state(db, chain_row(memory.chain)); !put) return put;
  }
  const auto read = [&](std::int64_t& into, const char* sql) -> Status {
    const auto value = single_integer(db, sql);
    if (!value) return fail(value.error());
    into = *value;
    return {};
  };
  if (auto s = read(memory.last_position, "SELECT max(position) FROM receipts"); !s) return s;
  if (auto s = read(memory.queued, "SELECT count(*) FROM receipts WHERE state=1"); !s) return s;
  return read(memory.quarantined, "SELECT count(*) FROM receipts WHERE state=3");
}

DamageReport Outbox::Impl::told_damage() {
  const auto rows = state_of_kind(db, kDamageKind);
  if (!rows || rows->empty() || rows->back().expires_ms.value_or(0) <= unix_ms(options.now)) return {};
  return parse_damage_row(rows->back()).value_or(DamageReport{});
}

void Outbox::Impl::refresh_status() {
  status.queued = memory.queued;
  status.quarantined = memory.quarantined;
  status.storage_low = memory.queued >= options.max_queued || disk_was_full ||
                       (!reserve_there && options.reserve_bytes != 0 && options.path != ":memory:");
  status.oldest_queued.reset();
  if (memory.queued == 0) return;
  Query query(db, "SELECT ended_ms FROM receipts WHERE state=1 ORDER BY position LIMIT 1");
  const auto row = query.step();
  if (row && *row && !query.null(0)) status.oldest_queued = wall_from_ms(query.integer(0));
}

const QueueStatus& Outbox::queue_status() const { return impl_->status; }

bool Outbox::restore_reserve() {
  auto& in = *impl_;
  if (in.options.reserve_bytes == 0 || in.options.path == ":memory:") return true;
  // It is there already after a normal start; otherwise only with room to spare, so that it does not come and go.
  const bool whole = in.files.size(in.reserve_path()) == in.options.reserve_bytes;
  if (!whole && in.files.free_bytes(in.options.path) < 2 * in.options.reserve_bytes) return false;
  in.reserve_there = whole || in.files.reserve(in.reserve_path(), in.options.reserve_bytes).has_value();
  if (in.reserve_there) in.disk_was_full = false;
  in.refresh_status();
  return in.reserve_there;
}

}  // namespace exitgate
