#include "exporters/json/catalogue_json.hpp"

#include <utility>

#include "checks/catalogue/catalogue.hpp"
#include "checks/rotation/rotation_faults.hpp"
#include "checks/verifiers/verifier.hpp"
#include "exporters/json/json_parts.hpp"

namespace dkimprobe::exporters {
namespace {

Json check_json(const checks::Check& check) {
  return {{"name", check.name},
          {"scope", checks::to_string(check.scope)},
          {"needs", checks::to_string(check.needs)},
          {"severity", checks::to_string(check.severity)},
          {"reference", check.reference.empty() ? Json(nullptr) : Json(check.reference)},
          {"summary", check.summary},
          {"effect", check.effect},
          {"remedy", check.remedy}};
}

Json alert_json(const checks::RotationAlert& alert) {
  return {{"name", alert.name},
          {"wait", alert.wait},
          {"redundant_with", alert.redundant_with.empty() ? Json(nullptr) : Json(alert.redundant_with)}};
}

Json fault_json(const checks::RotationFaultRow& fault) {
  return {{"name", fault.name},       {"severity", checks::to_string(fault.severity)},
          {"summary", fault.summary}, {"effect", fault.effect},
          {"remedy", fault.remedy},   {"alert", alert_json(fault.alert)}};
}

Json verifier_json(const checks::Verifier& verifier) {
  return {{"id", id_of(verifier)},
          {"name", verifier.name},
          {"versions", verifier.versions},
          {"confirmed", verifier.is_confirmed}};
}

}  // namespace

std::string catalogue_json() {
  Json list = Json::array();
  for (const auto& check : checks::catalogue()) list.push_back(check_json(check));
  Json faults = Json::array();
  for (const auto& fault : checks::rotation_faults()) faults.push_back(fault_json(fault));
  Json verifiers = Json::array();
  for (const auto& verifier : checks::verifiers()) verifiers.push_back(verifier_json(verifier));
  return json_text({{"schema", "dkimprobe.catalogue/2"},
                    {"checks", std::move(list)},
                    {"rotation_faults", std::move(faults)},
                    {"verifiers", std::move(verifiers)}},
                   2);
}

}  // namespace dkimprobe::exporters
