// A certificate that ends soon is told of until it is renewed.
#include "daemon/certificate_watch.hpp"

#include <catch2/catch_test_macros.hpp>

#include "backend/test_certificates.hpp"

namespace exitgate::daemon {
namespace {

using namespace std::chrono_literals;
using Renewed = CertificateWatch::Renewed;

constexpr std::chrono::seconds kDay = 24h;

struct Files {
  testing::TemporaryFolder folder;
  testing::CertificateMaker authority{folder.path(), "backend"};
  std::filesystem::path issue(const std::string& name, std::chrono::seconds ends) {
    return authority.issue(name, {.ends = ends}).certificate;
  }
};

WallTime now() {
  return wall_from_s(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
}

std::string looked(CertificateWatch& watch, WallTime at = now()) {
  watch.look();
  return watch.advice(at);
}

}  // namespace

TEST_CASE("a certificate is told of from 30 days before its end, with its file and what to do") {
  Files files;
  CertificateWatch watch;
  const auto soon = files.issue("gate", 29 * kDay);
  watch.add(soon, Renewed::kByItself);
  watch.add(files.issue("other", 31 * kDay), Renewed::kByItself);
  const auto advice = looked(watch);
  CHECK(advice.starts_with(soon.string() + " is valid until "));
  CHECK(advice.ends_with(": renew it"));
  CHECK(advice.find("other.pem") == std::string::npos);
  CHECK(looked(watch, now() + 2 * kDay).find("other.pem is valid until ") != std::string::npos);
}

TEST_CASE("a renewed certificate is told of no more at the next look") {
  Files files;
  CertificateWatch watch;
  watch.add(files.issue("gate", 5 * kDay), Renewed::kByItself);
  CHECK(looked(watch) != "");
  files.issue("gate", 365 * kDay);
  CHECK(looked(watch) == "");
}

TEST_CASE("a certificate file that is gone or half written keeps the end it had") {
  Files files;
  CertificateWatch watch;
  const auto file = files.issue("gate", 5 * kDay);
  watch.add(file, Renewed::kByItself);
  CHECK(looked(watch) != "");
  std::filesystem::remove(file);
  CHECK(looked(watch) != "");
  files.issue("gate", 365 * kDay);
  std::filesystem::resize_file(file, 100);
  CHECK(looked(watch) != "");
  files.issue("gate", 365 * kDay);
  CHECK(looked(watch) == "");
}

TEST_CASE("a certificate in use until a reload is told of until then, with that advice") {
  Files files;
  CertificateWatch watch;
  watch.add(files.issue("api", 5 * kDay), Renewed::kByReload);
  CHECK(looked(watch).ends_with(": renew it, then reload"));
  files.issue("api", 365 * kDay);
  CHECK(looked(watch) != "");
}

}  // namespace exitgate::daemon
