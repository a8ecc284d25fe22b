#include "checks/rotation/probed_selector.hpp"

#include "checks/answers/chain_answers.hpp"
#include "checks/answers/delegation_facts.hpp"
#include "checks/catalogue/catalogue.hpp"

namespace dkimprobe::checks {

ProbedSelector probed_selector(const probe::Observation& observation, const Judgement& judgement,
                               const RotationPolicy& times) {
  ProbedSelector probed;
  probed.domainkey_absence = earlier_domainkey_absence(observation, times);
  for (const auto& finding : judgement.in_use) {
    if (finding.severity == Severity::critical) {
      probed.faults.push_back(reason_for(*finding.check, finding.detail));
    } else if (finding.check->is_about_signatures) {
      probed.doubts.push_back(reason_for(*finding.check, finding.detail));
    }
    if (finding.severity == Severity::warning && finding.check->scope == Scope::key)
      probed.weaknesses.push_back(reason_for(*finding.check, finding.detail));
  }
  probed.is_internal_view = is_internal_view(read_answers(observation.key));
  probed.path_intercepted = judgement.path_intercepted;
  if (judgement.report.status == Status::unknown) probed.nothing_seen = judgement.report.headline;
  return probed;
}

}  // namespace dkimprobe::checks
