#include "checks/rotation/probed_selector.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "checks/answers/chain_answers.hpp"
#include "checks/answers/delegation_facts.hpp"
#include "checks/answers/server_answer.hpp"
#include "checks/catalogue/catalogue.hpp"
#include "checks/report/time_text.hpp"

namespace dkimprobe::checks {

ProbedSelector probed_selector(const probe::Observation& observation, const Judgement& judgement,
                               const RotationPolicy& times) {
  ProbedSelector probed;
  probed.domainkey_absence = earlier_domainkey_absence(observation, times);
  for (const auto& finding : judgement.in_use) {
    if (finding.severity == Severity::critical)
      probed.faults.push_back(reason_for(*finding.check, finding.detail));
    if (finding.severity == Severity::warning && finding.check->scope == Scope::key)
      probed.weaknesses.push_back(reason_for(*finding.check, finding.detail));
  }
  probed.doubts = signature_doubts(observation);
  probed.is_internal_view = is_internal_view(read_answers(observation.key));
  probed.path_intercepted = judgement.path_intercepted;
  return probed;
}

std::vector<ReasonDetail> signature_doubts(const probe::Observation& observation) {
  const auto now = std::chrono::floor<std::chrono::seconds>(observation.observed_at);
  // RFC 4034 section 3.1.5: serial number arithmetic, so the time nearest to now.
  const auto from_now = [&](std::uint32_t time) {
    const auto low_now = static_cast<std::uint32_t>(now.time_since_epoch().count());
    return std::chrono::seconds{static_cast<std::int32_t>(time - low_now)};
  };
  struct Doubt {
    std::chrono::seconds farthest{};
    std::vector<std::string> servers{};
  };
  std::map<bool, Doubt> doubts;  // true: expired; false: not yet valid
  const auto add = [&](bool ran_out, std::chrono::seconds distance, const ServerId& server) {
    Doubt& doubt = doubts[ran_out];
    if (std::chrono::abs(distance) > std::chrono::abs(doubt.farthest)) doubt.farthest = distance;
    doubt.servers.push_back(server_text(server));
  };
  for (const auto& hop : read_answers(observation.key).hops) {
    for (const auto& server : hop.servers) {
      const auto* const response = server.wildcard_probe.response();
      if (response == nullptr || !response->signatures) continue;
      const auto begin = from_now(response->signatures->first_inception);
      const auto end = from_now(response->signatures->last_expiration);
      if (end.count() < 0) {
        add(true, end, server.id);
      } else if (begin.count() > 0) {
        add(false, begin, server.id);
      }
    }
  }
  std::vector<ReasonDetail> reasons;
  for (const auto& [ran_out, doubt] : doubts) {
    reasons.push_back(reason_for(ran_out ? Reason::signatures_expired : Reason::signatures_not_begun, {},
                                 fmt::format("the DNSSEC signatures of {} {} {}: if the parent has a DS "
                                             "record for the zone, validating resolvers find nothing in it",
                                             join_some(doubt.servers), ran_out ? "expired at" : "begin at",
                                             time_text(now + doubt.farthest))));
  }
  return reasons;
}

}  // namespace dkimprobe::checks
