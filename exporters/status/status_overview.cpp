#include "exporters/status/status_overview.hpp"

#include <algorithm>

namespace dkimprobe::exporters {

using checks::Status;

Status status_of(const StatusSelector& selector) {
  return selector.report ? selector.report->status : Status::unknown;
}

Status status_of(const StatusDomain& domain) {
  const auto* const worst = worst_selector(domain);
  return worst == nullptr ? Status::unknown : status_of(*worst);
}

const checks::Finding* worst_fault(const StatusSelector& selector) {
  if (!selector.report || selector.report->findings.empty()) return nullptr;
  const checks::Finding& worst = selector.report->findings.front();
  return worst.severity == checks::Severity::notice ? nullptr : &worst;
}

const StatusSelector* worst_selector(const StatusDomain& domain) {
  const auto worst = std::ranges::min_element(
      domain.selectors, {}, [](const StatusSelector& selector) { return urgency(status_of(selector)); });
  return worst == domain.selectors.end() ? nullptr : &*worst;
}

const StatusDomain* find_domain(const StatusOverview& overview, const config::DomainName& domain) {
  const auto found = std::ranges::lower_bound(overview.domains, domain, {}, &StatusDomain::domain);
  return found == overview.domains.end() || found->domain != domain ? nullptr : &*found;
}

const StatusSelector* find_selector(const StatusDomain& domain, const config::Selector& selector) {
  const auto found = std::ranges::find(domain.selectors, selector, &StatusSelector::selector);
  return found == domain.selectors.end() ? nullptr : &*found;
}

int urgency(Status status) {
  switch (status) {
    case Status::critical:
      return 0;
    case Status::unknown:
      return 1;
    case Status::warning:
      return 2;
    case Status::ok:
      return 3;
  }
  return 0;
}

}  // namespace dkimprobe::exporters
