#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/daemon.hpp"
#include "cli/receipt_pages.hpp"
#include "cli/status_text.hpp"
#include "http/request_target.hpp"
#include "receipts/verify.hpp"

namespace exitgate::cli {
namespace json = boost::json;
namespace {

std::string list_target(const std::string& state, std::size_t limit) {
  return "/api/v1/receipts?limit=" + std::to_string(limit) +
         (state.empty() ? "" : "&state=" + http::percent_encode(state));
}

}  // namespace

int for_each_receipt(const Session& session, const std::string& state,
                     const std::function<void(const json::value& receipt, const json::value& page)>& each) {
  std::string after;
  do {
    const auto answer =
        ask(session, "GET", list_target(state, 1000) + (after.empty() ? "" : "&after=" + http::percent_encode(after)));
    if (!answer) return tell(session, answer.error());
    if (answer->status != 200) return tell(session, error_of(*answer));
    for (const auto& receipt : array_at(answer->json, "receipts")) each(receipt, answer->json);
    after = text_at(answer->json, "next");
  } while (!after.empty());
  return kDone;
}

int receipts_list(const Session& session, const std::string& state, std::size_t limit) {
  const auto columns = session.tty ? static_cast<std::size_t>(session.width) : std::size_t{1000};
  return ask_and_show(session, "GET", list_target(state, limit), "", [&](const json::value& page) {
    for (const auto& line : receipt_lines(page, columns, session.tty)) session.out << line << '\n';
    if (!text_at(page, "next").empty())
      session.err << "There are more; give a greater --limit, or use `receipts export`\n";
  });
}

int receipts_show(const Session& session, const std::string& id) {
  return ask_and_show(
      session, "GET", "/api/v1/receipts/" + http::percent_encode(id), "", [&](const json::value& answer) {
        const std::string reason = text_at(answer, "reason");
        session.out << "state: " << text_at(answer, "state") << (reason.empty() ? "" : " (" + reason + ")") << '\n';
        const auto* const receipt = at(answer, "receipt").if_object();
        if (receipt == nullptr) return;
        for (const auto& member : *receipt) {
          const std::string_view key(member.key().data(), member.key().size());
          session.out << key << ": " << text_at(at(answer, "receipt"), key) << '\n';
        }
      });
}

int receipts_retry(const Session& session, const std::string& id) {
  return ask_and_show(session, "POST", "/api/v1/receipts/" + http::percent_encode(id) + "/retry", "",
                      [&](const json::value&) { session.out << id << " is queued again\n"; });
}

int receipts_export(const Session& session, const std::string& state, const std::string& database) {
  if (database.empty()) {
    return for_each_receipt(session, state, [&](const json::value& receipt, const json::value&) {
      session.out << json::serialize(receipt) << '\n';
    });
  }
  const auto wanted = state.empty() ? std::nullopt : parse_receipt_state(state);
  const auto done = export_database_file(database, wanted, [&](std::string_view line) {
    session.out << line << '\n';
    return session.out.good();
  });
  return done ? kDone : tell(session, done.error());
}

}  // namespace exitgate::cli
