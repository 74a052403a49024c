#include "receipts/verify.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/daemon.hpp"
#include "cli/receipt_pages.hpp"
#include "receipts/receipt_json.hpp"

namespace exitgate::cli {
namespace json = boost::json;
namespace {

constexpr std::size_t kMaxFindings = 1000;

/// Checks receipts as they come, in order of their sequence.
class ChainCheck {
 public:
  void take(const json::value& receipt, const json::value& page) {
    const auto parsed = parse_receipt_json(json::serialize(receipt));
    if (!parsed) return found({}, 0, "receipt " + text_at(receipt, "receipt_id") + ": " + parsed.error().message);
    if (!parsed->link) return;  // open
    const ChainLink& link = *parsed->link;
    ++report_.checked;
    ChainLink again = link;
    (void)seal_json(parsed->receipt, again);
    if (again.hash != link.hash) found(link.chain_id, link.sequence, "its hash is not that of its content");
    const auto [last, first_of_chain] = last_.try_emplace(link.chain_id, link);
    if (first_of_chain) {
      // What was delivered long ago is no longer kept: a chain may begin later than at 1.
      if (link.sequence == 1 && link.previous_hash != first_previous_hash()) {
        found(link.chain_id, 1, "the first of the chain names a receipt before it");
      }
      return;
    }
    if (link.sequence != last->second.sequence + 1) {
      // What was old and delivered is no longer kept, also behind one in quarantine.
      const auto& pruned = at(at(page, "pruned_through"), to_string(link.chain_id));
      const auto* const through = pruned.if_int64();
      const bool kept_no_longer =
          link.sequence > last->second.sequence && through != nullptr && link.sequence - 1 <= *through;
      if (!kept_no_longer)
        found(link.chain_id, link.sequence, "it comes after " + std::to_string(last->second.sequence));
    } else if (link.previous_hash != last->second.hash) {
      found(link.chain_id, link.sequence, "its previous_hash is not that of the receipt before it");
    }
    last->second = link;
  }
  [[nodiscard]] const VerifyReport& report() const { return report_; }

 private:
  void found(Uuid chain, std::int64_t sequence, std::string what) {
    if (report_.findings.size() < kMaxFindings) report_.findings.push_back({chain, sequence, std::move(what)});
  }

  VerifyReport report_;
  std::map<Uuid, ChainLink> last_;
};

int show(const Session& session, const VerifyReport& report) {
  if (session.json) {
    json::array findings;
    for (const auto& finding : report.findings) {
      findings.push_back(json::object{
          {"chain_id", to_string(finding.chain_id)}, {"sequence", finding.sequence}, {"what", finding.what}});
    }
    session.out << json::serialize(json::object{
                       {"good", report.good()}, {"checked", report.checked}, {"findings", std::move(findings)}})
                << '\n';
    return report.good() ? kDone : kFailed;
  }
  for (const auto& finding : report.findings) {
    session.err << "chain " << to_string(finding.chain_id) << " sequence " << finding.sequence << ": " << finding.what
                << '\n';
  }
  session.out << report.checked << " sealed receipts checked, "
              << (report.good() ? "every hash and every chain is whole"
                                : std::to_string(report.findings.size()) + " findings")
              << '\n';
  return report.good() ? kDone : kFailed;
}

}  // namespace

int receipts_verify(const Session& session, const std::string& database) {
  if (!database.empty()) {
    const auto report = verify_database_file(database);
    return report ? show(session, *report) : tell(session, report.error());
  }
  ChainCheck check;
  const int code = for_each_receipt(
      session, "", [&](const json::value& receipt, const json::value& page) { check.take(receipt, page); });
  return code == kDone ? show(session, check.report()) : code;
}

}  // namespace exitgate::cli
