#include "tools/backend/faults.hpp"

#include <array>
#include <boost/json/serialize.hpp>
#include <utility>

#include "tools/backend/json_fields.hpp"

namespace exitgate::reference {
namespace {

namespace json = boost::json;

struct Switch {
  std::string_view name;
  bool Faults::*value;
};
constexpr std::array<Switch, 10> kSwitches{{{"down", &Faults::down},
                                            {"freeze", &Faults::freeze},
                                            {"garbage", &Faults::garbage},
                                            {"half_answers", &Faults::half_answers},
                                            {"forget_replies", &Faults::forget_replies},
                                            {"forget_confirms", &Faults::forget_confirms},
                                            {"reject_receipts", &Faults::reject_receipts},
                                            {"stream_cut", &Faults::stream_cut},
                                            {"stream_silent", &Faults::stream_silent},
                                            {"reset_as_204", &Faults::reset_as_204}}};
struct Amount {
  std::string_view name;
  std::int64_t Faults::*value;
  std::int64_t lowest;
  std::int64_t highest;
};
constexpr std::int64_t kYear_s = 366 * 86400;
constexpr std::array<Amount, 5> kAmounts{{{"confirm_delay_ms", &Faults::confirm_delay_ms, 0, 600000},
                                          {"answer_delay_ms", &Faults::answer_delay_ms, 0, 600000},
                                          {"confirm_status", &Faults::confirm_status, 0, 599},
                                          {"upload_status", &Faults::upload_status, 0, 599},
                                          {"date_offset_s", &Faults::date_offset_s, -10 * kYear_s, 10 * kYear_s}}};

bool is_known(std::string_view name) {
  for (const auto& entry : kSwitches) {
    if (entry.name == name) return true;
  }
  for (const auto& entry : kAmounts) {
    if (entry.name == name) return true;
  }
  return name == "clear" || name == "retry_after";
}

}  // namespace

Result<Faults> change_faults(const Faults& current, std::string_view body) {
  const auto object = parse_object(body);
  if (!object) return fail(object.error());
  Fields fields(*object);
  Faults faults = fields.optional_flag("clear").value_or(false) ? Faults{} : current;
  for (const auto& [name, value] : *object) {
    if (!is_known(name)) fields.complain(name, "the name of a fault switch, as GET /admin/faults shows them");
  }
  for (const auto& entry : kSwitches) {
    if (const auto value = fields.optional_flag(entry.name)) faults.*entry.value = *value;
  }
  for (const auto& entry : kAmounts) {
    const auto value = fields.optional_integer(entry.name, entry.lowest, entry.highest);
    if (value) faults.*entry.value = *value;
  }
  for (const auto status : {faults.confirm_status, faults.upload_status}) {
    if (status != 0 && status < 200) fields.complain("confirm_status", "0 or a status from 200 to 599");
  }
  if (const auto text = fields.optional_text("retry_after")) faults.retry_after = *text;
  if (!fields.problem().empty()) return fail("malformed", fields.problem());
  return faults;
}

std::string faults_json(const Faults& faults) {
  json::object object;
  for (const auto& entry : kSwitches) object[entry.name] = faults.*entry.value;
  for (const auto& entry : kAmounts) object[entry.name] = faults.*entry.value;
  object["retry_after"] = faults.retry_after;
  return json::serialize(object);
}

}  // namespace exitgate::reference
