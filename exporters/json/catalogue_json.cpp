#include "exporters/json/catalogue_json.hpp"

#include <utility>

#include "checks/catalogue/catalogue.hpp"
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

}  // namespace

std::string catalogue_json() {
  Json list = Json::array();
  for (const auto& check : checks::catalogue()) list.push_back(check_json(check));
  return json_text({{"schema", "dkimprobe.catalogue/1"}, {"checks", std::move(list)}}, 2);
}

}  // namespace dkimprobe::exporters
