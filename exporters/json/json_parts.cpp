#include "exporters/json/json_parts.hpp"

#include "checks/report/time_text.hpp"

namespace dkimprobe::exporters {

Json text_or_null(const config::EscapedText& text) {
  return text.empty() ? Json(nullptr) : Json(text.str());
}

Json time_or_null(const std::optional<probe::WallTime>& time) {
  return time ? Json(checks::iso_time(*time)) : Json(nullptr);
}

Json selector_or_null(const std::optional<config::Selector>& selector) {
  return selector ? Json(selector->to_string()) : Json(nullptr);
}

Json names_json(const std::vector<config::DomainName>& names) {
  Json list = Json::array();
  for (const auto& name : names) list.push_back(name.to_string());
  return list;
}

Json reasons_json(const std::vector<checks::ReasonDetail>& reasons) {
  Json list = Json::array();
  for (const auto& reason : reasons) {
    list.push_back({{"id", reason.name()},
                    {"until", time_or_null(reason.until)},
                    {"detail", reason.detail},
                    {"reference", text_or_null(reason.reference())}});
  }
  return list;
}

Json rotation_facts_json(const checks::RotationFacts& facts) {
  return {{"safe_to_sign_at", time_or_null(facts.safe_to_sign_at)},
          {"safe_to_remove_at", time_or_null(facts.safe_to_remove_at)},
          {"reasons", reasons_json(facts.reasons)}};
}

std::string json_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace dkimprobe::exporters
