#include "checks/rotation/fault_search.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "checks/report/time_text.hpp"
#include "checks/rotation/rotation_actions.hpp"

namespace dkimprobe::checks {
namespace {

using config::Selector;

bool lacks_key(Progress progress) {
  return !is_right(progress);
}

void find_faults_of_signer(const SelectorView& signer, RotationOverview& overview) {
  const auto& servers = signer.sign.servers;
  const std::string name = signer.selector().to_string();
  if (std::ranges::any_of(servers, is_wrong, &ServerProgress::progress)) {
    add_fault(
        overview,
        fault_of(
            RotationFaultKind::signing_key_mismatch, signer.selector(),
            fmt::format("{} signs, but its key does not match on every server", name),
            servers_text(servers, is_wrong),
            fmt::format("publish the key of {} there, or sign with a selector whose key is on every server",
                        name)));
  } else if (signer.count(Progress::unknown) > 0 && signer.count(Progress::match) > 0) {
    add_fault(overview,
              fault_of(RotationFaultKind::signing_key_not_seen, signer.selector(),
                       fmt::format("{} signs, but its key was not seen on every server", name),
                       servers_text(servers, is_unknown), "find out why these servers do not answer"));
  }
}

/// Faults of the signing key itself, if every server has it.
void find_faults_of_key(const SelectorView& signer, RotationOverview& overview) {
  const auto& planned = *signer.planned;
  const auto add = [&](RotationFaultKind fault, std::string_view summary,
                       const std::vector<ReasonDetail>& reasons) {
    if (reasons.empty()) return;
    config::EscapedText evidence = reasons.front().detail;
    if (reasons.size() > 1) evidence += fmt::format("; and {} more", reasons.size() - 1);
    add_fault(overview, fault_of(fault, signer.selector(),
                                 fmt::format("{} signs, but {}", signer.selector().to_string(), summary),
                                 std::move(evidence),
                                 fmt::format("change to a new key; dkimprobe explain {} shows details",
                                             reasons.front().name())));
  };
  if (!signer.match_everywhere()) return;
  add(RotationFaultKind::signing_key_faulty, "mail with its signature fails", planned.probed.faults);
  add(RotationFaultKind::signing_key_weak, "its key is weak", planned.probed.weaknesses);
}

/// The history shows another key at the selector, but not whether it signed.
void find_earlier_key(const SelectorView& next, const RotationSituation& situation,
                      RotationOverview& overview) {
  const auto& seen = next.key.other_last_seen;
  if (next.reuse || next.planned->never_used || !seen || !next.has_next_key()) return;
  const WallTime ends = *seen + situation.input.policy.retention;
  if (ends <= situation.now) return;
  const std::string name = next.selector().to_string();
  add_fault(
      overview,
      fault_of(RotationFaultKind::selector_reused_too_soon, next.selector(),
               fmt::format("{} has a new key, and had another one until {}", name, time_text(*seen)),
               "if that key signed mail, such mail can no longer be verified",
               fmt::format("if it signed, give the new key its own selector, and publish the earlier key "
                           "again until {}",
                           time_text(ends)),
               Severity::warning));
}

void find_faults_of_next(const SelectorView& next, const RotationSituation& situation,
                         RotationOverview& overview) {
  const RotationInput& input = situation.input;
  const std::string name = next.selector().to_string();
  if (next.reuse && next.reuse->cooldown_ends > situation.now) {
    // Mail signed with the earlier key is verified with the new one, and fails.
    const bool breaks_mail = next.reuse->transit_ends > situation.now;
    add_fault(
        overview,
        fault_of(
            RotationFaultKind::selector_reused_too_soon, next.selector(),
            fmt::format("{} has a new key, but signed with an earlier one until {}", name,
                        time_text(next.reuse->last_signature)),
            breaks_mail ? "mail signed with the earlier key can no longer be verified" : "",
            breaks_mail
                ? fmt::format("give the new key its own selector, and publish the earlier key of {} "
                              "again until {}",
                              name, time_text(next.reuse->transit_ends))
                : fmt::format("do not sign with {} before {}", name, time_text(next.reuse->cooldown_ends)),
            breaks_mail ? std::nullopt : std::optional(Severity::warning)));
  }
  find_earlier_key(next, situation, overview);
  const std::size_t right = next.holds_earlier_key() ? 0 : next.count(Progress::match);
  if (right == 0 || right == next.sign.servers.size()) return;
  std::optional<WallTime> first;
  for (const auto& server : next.sign.servers) {
    if (is_right(server.progress) && server.since)
      first = std::min(first.value_or(*server.since), *server.since);
  }
  if (!first || *first + input.policy.unknown_wait > situation.now) return;
  add_fault(overview, fault_of(RotationFaultKind::next_key_not_everywhere, next.selector(),
                               fmt::format("a server has had the key of {} since {}, but others still do not",
                                           name, time_text(*first)),
                               servers_text(next.sign.servers, lacks_key),
                               "make these servers transfer the zone again"));
}

}  // namespace

RotationFault fault_of(RotationFaultKind kind, const Selector& selector, config::EscapedText clause,
                       config::EscapedText evidence, config::EscapedText remedy,
                       std::optional<Severity> severity) {
  const RotationFaultRow& row = row_of(kind);
  return {&row,
          severity.value_or(row.severity),
          selector,
          std::move(clause),
          std::move(evidence),
          std::move(remedy)};
}

void add_fault(RotationOverview& overview, RotationFault fault) {
  const auto at = std::ranges::find_if(
      overview.faults, [&](const RotationFault& other) { return other.severity < fault.severity; });
  overview.faults.insert(at, std::move(fault));
}

void find_faults_of_old(const KeyEnding& ending, WallTime now, RotationOverview& overview) {
  const std::string name = ending.facts.selector.to_string();
  const WallTime date = ending.facts.remove.at.value_or(now);
  if (ending.facts.compromised) {
    if (!ending.facts.published) return;
    add_fault(overview, fault_of(RotationFaultKind::compromised_key_published, ending.facts.selector,
                                 fmt::format("{} is compromised and still published", name),
                                 servers_text(ending.gone.servers, is_right), ""));
    return;
  }
  if (ending.facts.removed_too_early) {
    add_fault(overview,
              fault_of(RotationFaultKind::removed_too_early, ending.facts.selector,
                       fmt::format("mail signed with {} may be in transit until {}, but its key was removed",
                                   name, time_text(date)),
                       servers_text(ending.gone.servers, is_wrong),
                       fmt::format("publish the record with the key of {0} again until then, unless somebody "
                                   "else has the key: then leave it revoked, and give --compromised {0}",
                                   name)));
  }
  if (ending.facts.still_published) {
    add_fault(overview,
              fault_of(RotationFaultKind::old_key_still_published, ending.facts.selector,
                       fmt::format("the key of {} was due for removal by {}, but is still published", name,
                                   time_text(date)),
                       servers_text(ending.gone.servers, is_right), ""));
  }
}

void find_faults(const RotationSituation& situation, const std::vector<KeyEnding>& endings,
                 RotationOverview& overview) {
  for (const SelectorView* const signer : signers_of(situation)) {
    // The key of a compromised one should not be published.
    if (is_compromised(situation, *signer)) continue;
    find_faults_of_signer(*signer, overview);
    find_faults_of_key(*signer, overview);
  }
  if (overview.state.overdue) {
    add_fault(overview,
              fault_of(RotationFaultKind::rotation_overdue, *overview.state.current,
                       fmt::format("the key of {} was due to change by {}",
                                   overview.state.current->to_string(), time_text(*overview.state.due_at)),
                       fmt::format("it is older than {}", duration_text(*situation.input.max_key_age)), ""));
  }
  if (situation.next != nullptr) find_faults_of_next(*situation.next, situation, overview);
  for (const auto& ending : endings) find_faults_of_old(ending, situation.now, overview);
}

}  // namespace dkimprobe::checks
