// What the daemon could not start with is no good store file.
#include <catch2/catch_test_macros.hpp>

#include "store_folder.hpp"

namespace exitgate::config {
namespace {

/// The only finding of kStore, or all of them in a line.
std::string finding_of(const StoreFolder& folder, const std::string& store = kStore,
                       const Environment& environment = {}) {
  std::string all;
  for (const auto& line : lines_of(folder.load(store, environment))) all += (all.empty() ? "" : " | ") + line;
  return all;
}

constexpr std::string_view kJunk = "-----BEGIN CERTIFICATE-----\nZHVtbXk=\n-----END CERTIFICATE-----\n";

}  // namespace

TEST_CASE("a private key of another certificate is an error with its place, which names both files") {
  const StoreFolder folder;
  testing::CertificateMaker((folder.path() / "tls").string(), "other").issue("renewed", {});
  const auto tls = folder.path() / "tls";
  CHECK(finding_of(folder, with(kStore, "tls/gate.pem", "tls/renewed.pem")) ==
        "10:20: error: backend.private_key_file: found a private key (" + (tls / "gate.key").string() +
            ", which is not that of " + (tls / "renewed.pem").string() +
            "); expected the key the certificate was issued for: renew or copy both files together");
}

TEST_CASE("junk between the marks of a PEM file is an error with its place") {
  const StoreFolder folder;
  const auto tls = folder.path() / "tls";
  folder.write("tls/gate.pem", kJunk);
  CHECK(finding_of(folder).starts_with("9:20: error: backend.certificate_file: found one that cannot be used (" +
                                       (tls / "gate.pem").string() + ": "));
  const StoreFolder second;
  second.write("tls/ca.pem", kJunk);
  CHECK(finding_of(second).starts_with("8:11: error: backend.ca_file: found one that cannot be used ("));
  const StoreFolder third;
  third.write("tls/gate.key", "-----BEGIN PRIVATE KEY-----\nZHVtbXk=\n-----END PRIVATE KEY-----\n");
  CHECK(finding_of(third).starts_with("10:20: error: backend.private_key_file: found "));
}

TEST_CASE("junk behind a good certificate of a chain is an error as well") {
  const StoreFolder folder;
  folder.write("tls/gate.pem", content_of(folder.path() / "tls/gate.pem") + std::string(kJunk));
  CHECK(finding_of(folder).starts_with("9:20: error: backend.certificate_file: found one that cannot be used ("));
}

TEST_CASE("a PEM file of another kind, and one that is none, hold no certificate and no key") {
  const StoreFolder folder;
  auto text = with(kStore, "certificate_file = \"tls/gate.pem\"", "certificate_file = \"tls/gate.key\"");
  CHECK(finding_of(folder, text) == "9:20: error: backend.certificate_file: found a file without one (" +
                                        (folder.path() / "tls/gate.key").string() +
                                        "); expected a readable PEM file with a certificate");
  folder.write("tls/gate.key", "nothing of the kind\n");
  CHECK(finding_of(folder).starts_with("10:20: error: backend.private_key_file: found "));
}

TEST_CASE("a private key under a passphrase is refused, and nobody is asked for it") {
  const StoreFolder folder;
  folder.write("tls/gate.key", R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjFJ/IcJFfcawICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEFbIhyoBiBMgygdDuY8D824EgZAp
PPaLhVysAr9TxtcF7Xrz4AbKwbgUDECjD5aUDKOyyspCaE3c4Ai6fHeDrjQcXlxD
biXcRDQKC1D4MvbpUXVIs6ljvFZF5qJN9jYx6xmI12h7n6AAlrXYddD+NkA40lyA
yXPqa4xyVur6+v61Bm5ykNtvz/E2AiPUCtDap3wcvfuxac58VQ1TOdeCoK0OYPk=
-----END ENCRYPTED PRIVATE KEY-----
)");
  const auto finding = finding_of(folder);
  CHECK(finding.starts_with("10:20: error: backend.private_key_file: found one that cannot be used ("));
  CHECK(finding.find("it is under a passphrase") != std::string::npos);
}

TEST_CASE("the API's certificate and key are tried together as well") {
  const StoreFolder folder;
  testing::CertificateMaker((folder.path() / "tls").string(), "other").issue("api", {});
  const std::string api = "\n[api]\ntls_certificate_file = \"tls/api.pem\"\ntls_private_key_file = \"tls/";
  CHECK(finding_of(folder, kStore + api + "api.key\"\n") == "");
  CHECK(finding_of(folder, kStore + api + "gate.key\"\n")
            .find("error: api.tls_private_key_file: found a private key (") != std::string::npos);
}

TEST_CASE("the driver of the simulation is none of a gate's") {
  const StoreFolder folder;
  const auto finding = finding_of(
      folder, with(kStore, "driver = \"hci-uart\"\npath = \"/dev/ttyUSB1\"\nbaud = 1000000", "driver = \"sim\""));
  CHECK(finding.find("error: device[rx1].driver: found \"sim\"; expected \"modbus-tcp\"") != std::string::npos);
}

TEST_CASE("the database's folder must exist where the state directory is known, and is doubted elsewhere") {
  const StoreFolder folder;
  const auto store = [](std::string_view database) {
    return kStore + "[receipts]\ndatabase = \"" + std::string(database) + "\"\n";
  };
  Environment gate;
  gate.state_directory = folder.path() / "state";
  CHECK(finding_of(folder, store("receipts.db"), gate) == "");
  CHECK(finding_of(folder, store("deeper/receipts.db")) == "");
  CHECK(finding_of(folder, store("deeper/receipts.db"), gate) ==
        "45:12: error: receipts.database: found \"deeper/receipts.db\", and no folder " +
            (folder.path() / "state/deeper").string() +
            "; expected a folder that exists: make it for the service's user, or name another");
  CHECK(finding_of(folder, store("/nowhere/receipts.db"), gate).find(": error: receipts.database: ") !=
        std::string::npos);
  CHECK(finding_of(folder, store("/nowhere/receipts.db")) ==
        "45:12: warning: receipts.database: found \"/nowhere/receipts.db\", and no folder /nowhere; expected a folder "
        "that exists on the gate");
  std::filesystem::create_directories(folder.path() / "state/deeper");
  CHECK(finding_of(folder, store("deeper/receipts.db"), gate) == "");
  CHECK(finding_of(folder, store((folder.path() / "receipts.db").string()), gate) == "");
}

}  // namespace exitgate::config
