#include "checks/record/record_owner.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dkimprobe::checks {

RecordPlace place_of(const config::DomainName& name) {
  RecordPlace place;
  place.name = name;
  place.domain = name;
  if (!name.is_root() && name.lower_case().first_label() == "_domainkey") {
    place.domain = name.parent();
    place.is_domainkey = true;
    return place;
  }
  config::DomainName rest = name;
  while (!rest.is_root()) {
    if (rest.parent().lower_case().first_label() != "_domainkey") {
      rest = rest.parent();
      continue;
    }
    const std::size_t octets = name.wire_size() - rest.parent().wire_size();
    std::vector<std::uint8_t> labels(name.wire().begin(),
                                     name.wire().begin() + static_cast<std::ptrdiff_t>(octets));
    labels.push_back(0);
    place.domain = rest.parent().parent();
    const auto left = config::DomainName::from_wire(labels);
    if (!left) break;
    place.is_adsp = left->lower_case().to_string() == "_adsp";
    if (const auto selector = config::Selector::parse(left->to_string()); selector && !place.is_adsp) {
      place.selector = *selector;
    }
    break;
  }
  return place;
}

}  // namespace dkimprobe::checks
