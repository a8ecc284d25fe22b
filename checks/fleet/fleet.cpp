#include "checks/fleet/fleet.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"

namespace dkimprobe::checks {
namespace {

/// Consecutive probes that differ from the confirmed report until the last of them is confirmed.
constexpr std::uint32_t most_unconfirmed = 3;
/// A server may take this long to restart.
constexpr std::chrono::seconds longest_restart{60};

const TargetKey& key_of(const std::shared_ptr<const TargetState>& target) {
  return target->key;
}

/// Replaces the target by a copy, which is to be changed: other fleets may share the old one.
TargetState& copy_to_change(std::shared_ptr<const TargetState>& target) {
  const auto copy = std::make_shared<TargetState>(*target);
  target = copy;
  return *copy;
}

/// The same for the target with this key; null without one.
TargetState* copy_to_change(Fleet& fleet, const TargetKey& key) {
  const auto at = std::ranges::lower_bound(fleet.targets, key, {}, key_of);
  return at == fleet.targets.end() || (*at)->key != key ? nullptr : &copy_to_change(*at);
}

/// A report in parts that can change one by one: findings and where, what each server published, the key.
/// Times, serial numbers and sentences are left out: they change with each probe.
std::vector<std::string> parts_of(const Report& report) {
  std::vector<std::string> parts;
  parts.push_back(fmt::format("status {}", to_string(report.status)));
  if (report.key) parts.push_back(fmt::format("key {}", report.key->sha256));
  for (const Finding& finding : report.findings) {
    const auto say = [&](std::string_view where) {
      parts.push_back(fmt::format("{} {} {}", finding.check->name, to_string(finding.severity), where));
    };
    if (finding.servers.empty()) say("everywhere");
    for (const ServerId& server : finding.servers) say(server.address.to_string());
  }
  for (const CheckResult& result : report.outcomes) {
    if (result.outcome == CheckOutcome::not_evaluated)
      parts.push_back(fmt::format("{} not evaluated", result.check->name));
  }
  for (const ServerRow& row : report.servers) {
    parts.push_back(fmt::format("{} {} {} {} {}", row.owner.to_string(), row.id.address.to_string(),
                                to_string(row.outcome), static_cast<int>(row.not_asked), row.answer_sha256));
  }
  std::ranges::sort(parts);
  parts.erase(std::ranges::unique(parts).begin(), parts.end());
  return parts;
}

/// The parts that only one of the two has.
std::vector<std::string> changes(const Report& from, const Report& to) {
  std::vector<std::string> changed;
  std::ranges::set_symmetric_difference(parts_of(from), parts_of(to), std::back_inserter(changed));
  return changed;
}

/// Whether this machine reached no server, so that the report shows nothing about the target.
bool saw_nobody(const Report& report) {
  return std::ranges::none_of(report.servers, [](const ServerRow& row) {
    return row.outcome != ServerOutcome::not_asked && row.outcome != ServerOutcome::local_error;
  });
}

void believe(TargetState& target, std::shared_ptr<const Report> report) {
  target.report = std::move(report);
  target.unconfirmed = nullptr;
  target.unconfirmed_probes = 0;
  target.restart_since.reset();
}

/// Whether the report has a fault that the confirmed report lacks and that a restart explains too.
bool may_show_restart(const Report& confirmed, const Report& report) {
  return std::ranges::any_of(report.findings, [&](const Finding& finding) {
    return finding.check->shows_in_restart &&
           std::ranges::none_of(confirmed.findings, [&](const Finding& known) {
             return known.check == finding.check && known.servers == finding.servers;
           });
  });
}

Applied take(TargetState& target, std::shared_ptr<const Report> report) {
  if (!target.report || target.report->role != report->role) {
    const bool fine = report->status == Status::ok;
    target.last_change = report->observed_at;
    believe(target, std::move(report));
    return fine ? Applied::changed : Applied::unconfirmed;
  }
  const auto changed = changes(*target.report, *report);
  if (changed.empty()) {
    believe(target, std::move(report));
    return Applied::unchanged;
  }
  if (!may_show_restart(*target.report, *report)) {
    target.restart_since.reset();
  } else if (!target.restart_since) {
    target.restart_since = report->observed_at;
  }
  if (target.restart_since && report->observed_at < *target.restart_since + longest_restart) {
    target.unconfirmed = std::move(report);
    return Applied::unconfirmed;
  }
  const bool confirmed =
      target.unconfirmed && std::ranges::includes(changes(*target.report, *target.unconfirmed), changed);
  if (confirmed || target.unconfirmed_probes + 1 >= most_unconfirmed) {
    target.last_change = report->observed_at;
    believe(target, std::move(report));
    return Applied::changed;
  }
  target.unconfirmed = std::move(report);
  ++target.unconfirmed_probes;
  return Applied::unconfirmed;
}

}  // namespace

void set_targets(Fleet& fleet, std::vector<WatchedTarget> targets) {
  std::map<TargetKey, WatchedTarget*> wanted;
  for (WatchedTarget& target : targets) wanted.emplace(target.key, &target);
  std::vector<std::shared_ptr<const TargetState>> states;
  for (const auto& [key, target] : wanted) {
    const TargetState* const known = find_target(fleet, key);
    const auto state = std::make_shared<TargetState>(known == nullptr ? TargetState{} : *known);
    state->key = key;
    state->group = std::move(target->group);
    state->role = target->role;
    state->maintenance = std::move(target->maintenance);
    state->interval = target->interval;
    states.push_back(state);
  }
  fleet.targets = std::move(states);
}

Applied apply_report(Fleet& fleet, std::shared_ptr<const Report> report) {
  TargetState* const target = copy_to_change(fleet, {report->domain, report->selector});
  if (target == nullptr) return Applied::no_target;
  ++target->probes;
  target->last_probe = report->observed_at;
  const bool failed = saw_nobody(*report);
  if (failed) ++target->failed_probes;
  target->failed_probes_in_a_row = failed ? target->failed_probes_in_a_row + 1 : 0;
  const Applied applied = take(*target, std::move(report));
  return failed ? Applied::failed : applied;
}

bool set_next_probe(Fleet& fleet, const config::DomainName& domain, probe::WallTime next_probe) {
  const auto of_domain = std::ranges::equal_range(
      fleet.targets, domain, {}, [](const auto& target) -> const auto& { return target->key.domain; });
  for (auto& target : of_domain) copy_to_change(target).next_probe = next_probe;
  return !of_domain.empty();
}

bool set_key_first_seen(Fleet& fleet, const TargetKey& key, std::optional<probe::WallTime> first_seen) {
  TargetState* const target = copy_to_change(fleet, key);
  if (target == nullptr) return false;
  target->key_first_seen = first_seen;
  return true;
}

void set_rotation(Fleet& fleet, std::shared_ptr<const RotationOverview> overview) {
  const auto at = std::ranges::lower_bound(fleet.rotations, overview->domain, {}, &DomainRotation::domain);
  if (at != fleet.rotations.end() && at->domain == overview->domain) {
    at->overview = std::move(overview);
  } else {
    fleet.rotations.insert(at, {overview->domain, overview});
  }
}

void keep_rotations(Fleet& fleet, const std::set<config::DomainName>& of) {
  std::erase_if(fleet.rotations, [&](const DomainRotation& each) { return !of.contains(each.domain); });
}

bool path_intercepted(const Fleet& fleet) {
  return std::ranges::any_of(fleet.targets, [](const auto& target) {
    const auto& latest = target->unconfirmed ? target->unconfirmed : target->report;
    return latest && latest->status == Status::unknown && !latest->findings.empty() &&
           latest->findings.front().check->name == "path_intercepted";
  });
}

const TargetState* find_target(const Fleet& fleet, const TargetKey& key) {
  const auto at = std::ranges::lower_bound(fleet.targets, key, {}, key_of);
  return at == fleet.targets.end() || (*at)->key != key ? nullptr : at->get();
}

std::shared_ptr<const RotationOverview> find_rotation(const Fleet& fleet, const config::DomainName& domain) {
  const auto at = std::ranges::lower_bound(fleet.rotations, domain, {}, &DomainRotation::domain);
  return at == fleet.rotations.end() || at->domain != domain ? nullptr : at->overview;
}

}  // namespace dkimprobe::checks
