#include "checks/rules/server_faults.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"

namespace dkimprobe::checks {

void find_at_servers(const Evidence& evidence, Verdict& verdict, bool (*can_evaluate)(const ServerAnswer&),
                     std::optional<Fault> (*find)(const Asked&), FaultOf fault_of) {
  std::vector<std::pair<config::ServerAddress, config::DomainName>> blamed;
  bool judged = false;
  const auto& hops = evidence.answers.hops;
  for (std::size_t at = 0; at < hops.size(); ++at) {
    const HopAnswers& hop = hops[at];
    for (std::size_t i = 0; i < hop.servers.size(); ++i) {
      const ServerAnswer& answer = hop.servers[i];
      if (answer.is_stray() || !can_evaluate(answer)) continue;
      judged = true;
      std::pair place(answer.id.address, config::DomainName{});
      if (fault_of == FaultOf::zone) place.second = hop.hop->delegation.zone;
      if (std::ranges::find(blamed, place) != blamed.end()) continue;
      std::optional<Fault> fault = find({evidence, answer, hop, evidence.silences[at][i]});
      if (!fault) continue;
      blamed.push_back(std::move(place));
      verdict.found(
          {.servers = {answer.id}, .detail = std::move(fault->detail), .remedy = std::move(fault->remedy)},
          fault->severity);
    }
  }
  if (!judged) verdict.not_evaluated();
}

}  // namespace dkimprobe::checks
