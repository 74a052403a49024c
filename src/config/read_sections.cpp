#include <algorithm>
#include <fstream>

#include "config/readers.hpp"
#include "config/spelling.hpp"

namespace exitgate::config {
namespace {

bool has_zone_syntax(std::string_view zone) {
  const bool characters = std::all_of(zone.begin(), zone.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '+' ||
           c == '-' || c == '/';
  });
  return characters && !zone.empty() && zone.front() != '/' && zone.back() != '/' &&
         zone.find("//") == std::string_view::npos;
}

/// A zone is a file of tzfile(5), which begins with "TZif".
bool zone_exists(const std::filesystem::path& zoneinfo, std::string_view zone) {
  std::error_code error;
  if (!std::filesystem::is_directory(zoneinfo, error)) return true;
  const std::filesystem::path file = zoneinfo / zone;
  if (!std::filesystem::is_regular_file(file, error)) return false;
  std::ifstream in(file, std::ios::binary);
  std::string magic(4, '\0');
  return in.read(magic.data(), 4) && magic == "TZif";
}

void read_store(Section& root, const Files& files, StoreConfig& config) {
  auto store = root.table("store", Need::kRequired);
  if (!store) return;
  config.gate.store_id = store->id("id", Need::kRequired).value_or(ShortId{});
  config.gate.gate_id = store->id("gate", Need::kRequired).value_or(ShortId{});
  constexpr const char* kExpected = "an IANA time zone such as \"America/Los_Angeles\"";
  if (const auto zone = store->text("timezone", Need::kRequired, kExpected)) {
    if (!has_zone_syntax(*zone) || !zone_exists(files.environment().zoneinfo, *zone)) {
      store->error("timezone", in_quotes(*zone), kExpected);
    }
    config.timezone = *zone;
  }
  store->finish();
}

void read_clock(Section& root, StoreConfig& config) {
  auto clock = root.table("clock", Need::kOptional);
  if (!clock) return;
  constexpr Option<ClockTrust> kTrusts[]{{"kernel", ClockTrust::kKernel}, {"always", ClockTrust::kAlways}};
  config.clock_trust = clock->choice("trust", Need::kOptional, kTrusts).value_or(ClockTrust::kKernel);
  clock->finish();
}

void read_backend(Section& root, const Files& files, StoreConfig& config) {
  auto section = root.table("backend", Need::kRequired);
  if (!section) return;
  BackendConfig& backend = config.backend;
  constexpr const char* kExpected = "a URL such as \"https://checkout.example:8443\"";
  if (const auto text = section->text("url", Need::kRequired, kExpected)) {
    const auto url = parse_https_url(*text);
    if (!url) section->error("url", in_quotes(*text), kExpected);
    if (url) backend.endpoint = url->endpoint;
    if (url) backend.base_path = url->base_path;
  }
  TlsTrial trial;
  const auto pem = [&](std::string_view name, PemKind kind) {
    return files.pem(*section, name, Need::kRequired, kind, trial).value_or("");
  };
  backend.ca_file = pem("ca_file", PemKind::kAuthorities);
  backend.certificate_file = pem("certificate_file", PemKind::kCertificate);
  backend.private_key_file = pem("private_key_file", PemKind::kPrivateKey);
  backend.connect_timeout = section->time_ms("connect_timeout_ms", backend.connect_timeout);
  backend.confirm_timeout = section->time_ms("confirm_timeout_ms", backend.confirm_timeout, 50, 5000);
  config.gate.confirm_timeout = backend.confirm_timeout;
  if (backend.connect_timeout == Duration::zero()) {
    section->warning("connect_timeout_ms", "0", "a time in which a connection can be made (1000)");
  }
  section->finish();
}

void read_beacons(Section& root, const Files& files, StoreConfig& config) {
  auto section = root.table("beacons", Need::kOptional);
  if (!section) return;
  BeaconsConfig beacons;
  BeaconPolicy& policy = config.gate.beacons;
  beacons.company_id = static_cast<std::uint16_t>(section->integer("company_id", beacons.company_id, 0, 0xFFFF));
  beacons.keys = files.beacon_keys(*section, "key_files");
  policy.max_age_s = static_cast<int>(section->integer("max_age_s", policy.max_age_s, 5, 300));
  policy.near_dbm = section->number("near_dbm", policy.near_dbm, -110, -20);
  policy.margin_db = section->number("margin_db", policy.margin_db, 0, 30);
  policy.dwell = section->time_ms("dwell_ms", policy.dwell);
  policy.smoothing = section->time_ms("smoothing_ms", policy.smoothing);
  section->finish();
  config.beacons = std::move(beacons);
}

void read_offline(Section& root, OfflinePolicyConfig& offline) {
  auto section = root.table("offline", Need::kOptional);
  if (!section) return;
  constexpr Option<bool> kPolicies[]{{"admit", true}, {"refuse", false}};
  constexpr std::int64_t kMost = 1'000'000'000'000;
  offline.signed_passes = section->flag("signed_passes", offline.signed_passes);
  offline.admit_carts = section->choice("carts", Need::kOptional, kPolicies).value_or(offline.admit_carts);
  offline.admit_walkouts = section->choice("walkouts", Need::kOptional, kPolicies).value_or(offline.admit_walkouts);
  offline.admit_mixed_walkouts =
      section->choice("mixed_walkouts", Need::kOptional, kPolicies).value_or(offline.admit_mixed_walkouts);
  offline.max_outage_minutes =
      static_cast<int>(section->integer("max_outage_minutes", offline.max_outage_minutes, 0, 525'600));
  offline.max_exits_per_hour =
      static_cast<int>(section->integer("max_exits_per_hour", offline.max_exits_per_hour, 0, 1'000'000));
  offline.max_total_minor = section->integer("max_total_minor", offline.max_total_minor, 0, kMost);
  offline.assumed_total_minor = section->integer("assumed_total_minor", offline.assumed_total_minor, 0, kMost);
  section->finish();
}

/// The database is made by the daemon, its folder is not. Which folders the gate has is only known there: elsewhere a
/// file under the state directory is not judged, and another folder is doubted.
void judge_database(Section& section, const Environment& environment, const std::filesystem::path& database) {
  if (!database.has_filename()) return section.error("database", in_quotes(database.string()), "a file name");
  if (!database.has_parent_path() || (database.is_relative() && !environment.state_directory)) return;
  const auto folder = (environment.state_directory.value_or("") / database).parent_path();
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) return;
  std::string found = in_quotes(database.string()) + ", and no folder " + folder.string();
  if (environment.state_directory) {
    section.error("database", std::move(found),
                  "a folder that exists: make it for the service's user, or name another");
  } else {
    section.warning("database", std::move(found), "a folder that exists on the gate");
  }
}

void read_receipts(Section& root, const Files& files, ReceiptsConfig& receipts) {
  auto section = root.table("receipts", Need::kOptional);
  if (!section) return;
  receipts.database = section->text("database", Need::kOptional, "a file name").value_or(receipts.database.string());
  if (section->has("database")) judge_database(*section, files.environment(), receipts.database);
  receipts.max_queued = section->integer("max_queued", receipts.max_queued, 1, 1'000'000'000);
  receipts.retention_days = static_cast<int>(section->integer("retention_days", receipts.retention_days, 0, 36'500));
  section->finish();
}

void judge_listen(Section& section, const ApiConfig& api) {
  if (api.tls_certificate_file.has_value() != api.tls_private_key_file.has_value()) {
    const bool lacks_key = !section.has("tls_private_key_file");
    const bool lacks_certificate = !section.has("tls_certificate_file");
    if (lacks_key) section.error("tls_private_key_file", "nothing", "a private key beside tls_certificate_file");
    if (lacks_certificate)
      section.error("tls_certificate_file", "nothing", "a certificate beside tls_private_key_file");
  }
  if (!api.listen || is_loopback(api.listen->host)) return;
  const std::string why = ": listen is not a loopback address";
  const bool has_any_tls = section.has("tls_certificate_file") || section.has("tls_private_key_file");
  if (!has_any_tls) {
    section.error("tls_certificate_file", "nothing", "a file" + why);
    section.error("tls_private_key_file", "nothing", "a file" + why);
  }
  if (!section.has("users_file")) section.error("users_file", "nothing", "a file" + why);
}

void read_api(Section& root, const Files& files, ApiConfig& api) {
  auto section = root.table("api", Need::kOptional);
  if (!section) return;
  api.socket = section->text("socket", Need::kOptional, "a file name").value_or(api.socket.string());
  constexpr const char* kExpected = "HOST:PORT such as \"127.0.0.1:8080\"";
  if (const auto text = section->text("listen", Need::kOptional, kExpected)) {
    api.listen = parse_endpoint(*text);
    if (!api.listen) section->error("listen", in_quotes(*text), kExpected);
  }
  TlsTrial trial;
  const auto pem = [&](std::string_view name, PemKind kind) {
    return files.pem(*section, name, Need::kOptional, kind, trial);
  };
  api.tls_certificate_file = pem("tls_certificate_file", PemKind::kCertificate);
  api.tls_private_key_file = pem("tls_private_key_file", PemKind::kPrivateKey);
  api.users_file = files.users(*section, "users_file");
  judge_listen(*section, api);
  section->finish();
}

void read_shutdown(Section& root, StoreConfig& config) {
  auto section = root.table("shutdown", Need::kOptional);
  if (!section) return;
  constexpr Option<ShutdownOutputs> kOutputs[]{{"open", ShutdownOutputs::kOpen}, {"hold", ShutdownOutputs::kHold}};
  config.shutdown_outputs = section->choice("outputs", Need::kOptional, kOutputs).value_or(ShutdownOutputs::kOpen);
  section->finish();
}

}  // namespace

void read_sections(Section& root, const Files& files, StoreConfig& config) {
  read_store(root, files, config);
  read_clock(root, config);
  read_backend(root, files, config);
  read_beacons(root, files, config);
  read_offline(root, config.gate.offline);
  read_receipts(root, files, config.receipts);
  read_api(root, files, config.api);
  read_shutdown(root, config);
}

}  // namespace exitgate::config
