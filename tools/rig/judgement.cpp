#include "tools/rig/judgement.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace exitgate::rig {
namespace {

bool contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

std::string joined(const std::vector<std::string>& texts, const char* between) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : between) + text;
  return all;
}

std::string shown(const SeenReceipt& receipt) {
  std::string text = "#" + std::to_string(receipt.sequence) + " " + receipt.kind;
  if (!receipt.basis.empty()) text += " " + receipt.basis;
  text += " " + receipt.outcome + " " + std::to_string(receipt.passages);
  if (!receipt.flags.empty()) text += " [" + joined(receipt.flags, ",") + "]";
  return text;
}

std::string shown(const ExpectedReceipt& receipt) {
  return "lane " + receipt.lane + " " + receipt.kind + " " + joined(receipt.basis, "|") + " " + receipt.outcome + " " +
         std::to_string(receipt.passages);
}

/// One expectation on its way to finding its receipt.
struct Wanted {
  std::size_t ending;
  const ExpectedReceipt* expected;
  std::string session_id;  ///< empty: any
  bool found = false;
};

using Fits = bool (*)(const Wanted&, const SeenReceipt&);

bool same_place(const Wanted& wanted, const SeenReceipt& seen) {
  return seen.lane == wanted.expected->lane && seen.kind == wanted.expected->kind;
}
bool by_session(const Wanted& wanted, const SeenReceipt& seen) {
  return !wanted.session_id.empty() && seen.session_id == wanted.session_id &&
         difference(*wanted.expected, seen).empty();
}
bool exactly(const Wanted& wanted, const SeenReceipt& seen) {
  return wanted.session_id.empty() && difference(*wanted.expected, seen).empty();
}
bool roughly_by_session(const Wanted& wanted, const SeenReceipt& seen) {
  return !wanted.session_id.empty() && seen.session_id == wanted.session_id;
}
bool roughly(const Wanted& wanted, const SeenReceipt& seen) {
  return same_place(wanted, seen) && (wanted.session_id.empty() || seen.session_id.empty());
}

void add_receipt(Row& row, const std::string& text, bool good) {
  row.receipt += (row.receipt.empty() ? "" : "; ") + text;
  row.good = row.good && good;
}

std::string padded(std::string text, std::size_t width) {
  // Counts characters, not bytes: continuation bytes of UTF-8 take no column.
  const auto columns = static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  if (columns < width) text.append(width - columns, ' ');
  return text;
}

}  // namespace

bool Judgement::good() const {
  return troubles.empty() && std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.good; });
}

std::size_t expected_receipts(const std::vector<Ending>& endings) {
  std::size_t count = 0;
  for (const auto& ending : endings) count += ending.receipts.size();
  return count;
}

std::string difference(const ExpectedReceipt& expected, const SeenReceipt& seen) {
  if (seen.lane != expected.lane) return "lane " + seen.lane;
  if (seen.kind != expected.kind) return "kind " + seen.kind;
  const bool basis_fits =
      expected.basis.empty() ? seen.basis.empty() || seen.kind == seen.basis : contains(expected.basis, seen.basis);
  if (!basis_fits) return "basis " + (seen.basis.empty() ? "absent" : seen.basis);
  if (seen.outcome != expected.outcome) return "outcome " + seen.outcome;
  if (seen.passages != expected.passages) return "passages " + std::to_string(seen.passages);
  for (const auto& flag : expected.flags) {
    if (!contains(seen.flags, flag)) return "no flag " + flag;
  }
  for (const auto& flag : seen.flags) {
    if (!contains(expected.flags, flag) && !contains(expected.may_flags, flag)) return "flag " + flag;
  }
  return {};
}

Judgement judge(const std::vector<Ending>& endings, std::vector<SeenReceipt> receipts,
                std::vector<std::string> troubles) {
  Judgement judgement;
  judgement.troubles = std::move(troubles);
  std::sort(receipts.begin(), receipts.end(), [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
  std::set<std::string> ids;
  for (const auto& receipt : receipts) {
    if (!ids.insert(receipt.receipt_id).second) judgement.troubles.push_back("stored twice: " + receipt.receipt_id);
  }
  std::vector<Wanted> wanted;
  for (std::size_t i = 0; i < endings.size(); ++i) {
    const Ending& ending = endings[i];
    judgement.rows.push_back({ending.who, ending.expected, ending.happened, {}, ending.as_expected});
    for (const auto& receipt : ending.receipts) {
      wanted.push_back({i, &receipt, receipt.names_session ? ending.session_id : std::string(), false});
    }
  }
  std::vector<bool> taken(receipts.size(), false);
  const auto match = [&](Fits fits, bool good) {
    for (auto& want : wanted) {
      for (std::size_t i = 0; i < receipts.size() && !want.found; ++i) {
        if (taken[i] || !fits(want, receipts[i])) continue;
        taken[i] = true;
        want.found = true;
        const std::string wrong =
            good ? std::string() : " — expected otherwise: " + difference(*want.expected, receipts[i]);
        add_receipt(judgement.rows[want.ending], shown(receipts[i]) + wrong, good);
      }
    }
  };
  match(by_session, true);
  match(exactly, true);
  match(roughly_by_session, false);
  match(roughly, false);
  for (const auto& want : wanted) {
    if (!want.found) add_receipt(judgement.rows[want.ending], "MISSING: " + shown(*want.expected), false);
  }
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    if (!taken[i])
      judgement.troubles.push_back("expected by nobody: lane " + receipts[i].lane + " " + shown(receipts[i]));
  }
  return judgement;
}

std::string table_text(const Judgement& judgement) {
  std::array<std::size_t, 3> widths{7, 8, 8};
  for (const auto& row : judgement.rows) {
    widths[0] = std::max(widths[0], row.who.size());
    widths[1] = std::max(widths[1], row.expected.size());
    widths[2] = std::max(widths[2], row.happened.size());
  }
  const auto line = [&widths](const std::string& a, const std::string& b, const std::string& c, const std::string& d) {
    return padded(a, widths[0]) + "  " + padded(b, widths[1]) + "  " + padded(c, widths[2]) + "  " + d + "\n";
  };
  std::string text = "    " + line("shopper", "expected", "happened", "receipt");
  for (const auto& row : judgement.rows) {
    text += (row.good ? "ok  " : "BAD ") +
            line(row.who, row.expected, row.happened, row.receipt.empty() ? "none" : row.receipt);
  }
  for (const auto& trouble : judgement.troubles) text += "BAD " + trouble + "\n";
  return text;
}

}  // namespace exitgate::rig
