#include "exporters/catalogue_json.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "checks/catalogue.hpp"

namespace dkimprobe::exporters {
namespace {

using Json = nlohmann::ordered_json;

Json check_json(const checks::Check& check) {
  return {{"name", check.name},
          {"scope", checks::to_string(check.scope)},
          {"severity", checks::to_string(check.severity)},
          {"reference", check.reference.empty() ? Json(nullptr) : Json(check.reference)},
          {"summary", check.summary},
          {"effect", check.effect},
          {"remedy", check.remedy}};
}

}  // namespace

std::string catalogue_json() {
  Json list = Json::array();
  for (const auto& check : checks::catalogue()) list.push_back(check_json(check));
  return Json{{"schema", "dkimprobe.catalogue/1"}, {"checks", std::move(list)}}.dump(2) + '\n';
}

}  // namespace dkimprobe::exporters
