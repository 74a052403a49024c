#include "receipts/verify.hpp"

#include <sqlite3.h>

#include <catch2/catch_test_macros.hpp>

#include "receipt_samples.hpp"

namespace exitgate {
namespace {

using namespace test;

/// Changes the file as somebody with a database tool would.
std::string tampered(const TemporaryFolder& folder, const std::string& sql) {
  const auto path = folder.file("r.db");
  {
    auto outbox = open_outbox(options_for(path));
    seal(outbox, 1, 5);
  }
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  REQUIRE(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
  return path;
}

std::string first_finding(const std::string& path) {
  const auto report = verify_database_file(path);
  require_good(report);
  return report->good() ? "" : std::to_string(report->findings.front().sequence) + " " + report->findings.front().what;
}

}  // namespace

TEST_CASE("an untouched chain verifies, from the file as from the outbox") {
  const TemporaryFolder folder;
  const auto path = tampered(folder, "SELECT 1");
  const auto report = verify_database_file(path);
  require_good(report);
  CHECK(report->good());
  CHECK(report->checked == 5);
  auto outbox = open_outbox(options_for(path));
  CHECK(outbox.verify()->good());
  CHECK(verify_database_file(path)->checked == 5);
}

TEST_CASE("a receipt that was dropped is missed, in the middle and at the end") {
  const TemporaryFolder folder;
  CHECK(first_finding(tampered(folder, "DELETE FROM receipts WHERE sequence=3")) == "3 the receipt is missing");
  const TemporaryFolder other;
  CHECK(first_finding(tampered(other, "DELETE FROM receipts WHERE sequence>3")) ==
        "4 the receipts up to sequence 5 are missing");
}

TEST_CASE("a receipt that was edited is found") {
  const TemporaryFolder folder;
  const auto finding = first_finding(
      tampered(folder, "UPDATE receipts SET json=replace(json,'\"passages\":1','\"passages\":9') WHERE sequence=2"));
  CHECK(finding.starts_with("2 "));
}

TEST_CASE("verifying a file that is not there or is no database is an error, not a good report") {
  const TemporaryFolder folder;
  CHECK(verify_database_file(folder.file("none.db")).error().code == "not_found");
  write_content(folder.file("text.db"), std::string(5000, 'x'));
  CHECK(verify_database_file(folder.file("text.db")).error().code == "storage_damaged");
}

TEST_CASE("export gives every receipt of a state as the line that is uploaded, and stops when told") {
  const TemporaryFolder folder;
  const auto path = folder.file("r.db");
  auto outbox = open_outbox(options_for(path));
  seal(outbox, 1, 5);
  require_good(outbox.record_outcome({{{receipt_id(1)}}, {{receipt_id(2), "x"}}}));
  std::vector<std::string> lines;
  const auto sink = [&](std::string_view line) {
    lines.emplace_back(line);
    return lines.size() < 4;
  };
  require_good(outbox.export_lines(std::nullopt, sink));
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == outbox.get(receipt_id(1))->json);
  lines.clear();
  require_good(export_database_file(path, ReceiptState::kQuarantined, sink));
  CHECK(lines == std::vector{outbox.get(receipt_id(2))->json});
}

}  // namespace exitgate
