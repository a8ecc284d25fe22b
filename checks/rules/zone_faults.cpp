#include "checks/rules/zone_faults.hpp"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace dkimprobe::checks {
namespace {

std::string what_text(const AnswerGroup& group, const Evidence& evidence) {
  std::string text = published_text(evidence, group);
  if (group.owner != evidence.answers.hops.front().hop->owner)
    text += fmt::format(" at {}", group.owner.to_string());
  return text;
}

}  // namespace

bool has_answers(const Evidence& evidence) {
  return std::ranges::any_of(evidence.answers.hops, [](const HopAnswers& hop) {
    return std::ranges::any_of(hop.servers, [](const ServerAnswer& each) { return each.whole() != nullptr; });
  });
}

bool is_negative(ServerOutcome outcome) {
  return outcome == ServerOutcome::nodata || outcome == ServerOutcome::nxdomain;
}

std::vector<const HopAnswers*> distinct_zones(const Evidence& evidence) {
  std::vector<const HopAnswers*> zones;
  for (const HopAnswers& hop : evidence.answers.hops) {
    const auto is_same = [&](const HopAnswers* known) {
      return known->hop->delegation.zone == hop.hop->delegation.zone;
    };
    if (std::ranges::none_of(zones, is_same)) zones.push_back(&hop);
  }
  return zones;
}

bool lacks_all_signatures(const HopAnswers& hop, const dnssec::HopValidation& validation) {
  const auto is_unsigned = [&](const dnssec::ServerValidation& server) {
    const auto& broken = server.validation.broken;
    return broken && broken->zone == hop.hop->delegation.zone &&
           (broken->reason == dnssec::Reason::signature_missing ||
            broken->reason == dnssec::Reason::keys_missing);
  };
  return std::ranges::any_of(validation.servers, is_unsigned) &&
         std::ranges::none_of(validation.servers, [](const dnssec::ServerValidation& server) {
           return server.first_to_expire.has_value();
         });
}

std::string zone_text(const HopAnswers& hop) {
  return hop.hop->delegation.zone.to_string();
}

std::string servers_text(const std::vector<ServerId>& servers) {
  std::vector<std::string> parts;
  for (const ServerId& server : servers) parts.push_back(server_text(server));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::vector<ServerId> servers_to_fix(const std::vector<AnswerGroup>& groups) {
  return servers_of_all(groups | std::views::filter([](const AnswerGroup& group) {
                          return group.standing != Standing::right;
                        }));
}

std::string groups_text(const std::vector<AnswerGroup>& groups, const Evidence& evidence) {
  std::vector<std::string> parts;
  // Which servers of the first name point to a group matters only if they point to different ones.
  const bool paths_differ = evidence.answers.hops.front().groups.size() > 1;
  for (const AnswerGroup& group : groups) {
    parts.push_back(fmt::format("{} from {}", what_text(group, evidence), servers_text(group.servers)));
    if (paths_differ && !group.led_here.empty())
      parts.back() += fmt::format(" (reached through the alias at {})", servers_text(group.led_here));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace dkimprobe::checks
