#include "checks/catalogue/catalogue.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <utility>
#include <vector>

#include "checks/catalogue/check_groups.hpp"

namespace dkimprobe::checks {

std::span<const Check> catalogue() {
  static const std::vector<Check> rows = [] {
    std::vector<Check> all;
    for (const auto group : {presence_checks(), record_checks(), key_checks(), history_checks(),
                             size_checks(), adsp_checks(), server_checks(), silence_checks(), path_checks(),
                             cut_checks(), zone_checks(), signature_checks()}) {
      all.insert(all.end(), group.begin(), group.end());
    }
    return all;
  }();
  return rows;
}

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::record:
      return "record";
    case Scope::key:
      return "key";
    case Scope::size:
      return "size";
    case Scope::adsp:
      return "adsp";
    case Scope::server:
      return "server";
    case Scope::zone:
      return "zone";
    case Scope::signature:
      return "signature";
  }
  return {};
}

const Check* find_check(std::string_view name) {
  const auto rows = catalogue();
  const auto found = std::ranges::find(rows, name, &Check::name);
  return found == rows.end() ? nullptr : &*found;
}

Because because_of(const Check& check, std::string detail) {
  static const auto rows = [] {
    std::map<std::string_view, ReasonRow> all;
    for (const Check& each : catalogue())
      all[each.name] = {.name = each.name, .reference = each.reference, .check = &each};
    return all;
  }();
  return {&rows.at(check.name), std::nullopt, std::move(detail)};
}

}  // namespace dkimprobe::checks
