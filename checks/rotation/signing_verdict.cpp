#include "checks/rotation/signing_verdict.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"
#include "checks/history/cache_lifetimes.hpp"
#include "checks/record/key_record.hpp"
#include "checks/report/time_text.hpp"

namespace dkimprobe::checks {
namespace {

using std::chrono::seconds;

/// When a usable key was seen.
struct SeenKey {
  WallTime first{};
  WallTime last{};
  std::size_t servers = 0;  ///< that have the key now
};

/// The usable keys among the texts of a period.
std::vector<std::string> usable_keys(const AnswerPeriod& period) {
  std::vector<std::string> keys;
  for (const auto& strings : period.texts) {
    const KeyRecord record = read_key_record(join_strings(strings));
    if (record.usable() && record.key) keys.push_back(record.key->sha256);
  }
  return keys;
}

/// The usable keys of the history by their SHA-256.
std::map<std::string, SeenKey> seen_keys(const SelectorHistory& history) {
  std::map<std::string, SeenKey> keys;
  for (const auto& timeline : history.servers) {
    for (const auto& period : timeline.periods) {
      for (const auto& key : usable_keys(period)) {
        const auto [at, is_new] = keys.try_emplace(key, SeenKey{period.first_seen, period.last_seen, 0});
        at->second.first = std::min(at->second.first, period.first_seen);
        at->second.last = std::max(at->second.last, period.last_seen);
        if (&period == &timeline.periods.back()) ++at->second.servers;
      }
    }
  }
  return keys;
}

NewKey new_key(const PlannedSelector& planned, const SigningTerms& terms) {
  NewKey key;
  key.sha256 = planned.key_sha256;
  key.never_used = planned.never_used;
  if (!terms.has_neighbour) key.domainkey_absence = planned.probed.domainkey_absence;
  key.service = planned.service;
  return key;
}

/// Adds a reason that makes the time unknown, unless a fault already forbids signing.
void doubt(SafeTime& safe, ReasonDetail reason) {
  safe.reasons.push_back(std::move(reason));
  if (safe.readiness == Readiness::not_ready) return;
  safe.readiness = Readiness::unknown;
  safe.at.reset();
}

/// Adds what the last probe found about signing with the key.
void add_probed(const ProbedSelector& probed, SafeTime& safe) {
  if (!probed.path_intercepted.empty()) {
    safe = {};
    doubt(safe, reason_for(*find_check("path_intercepted"), probed.path_intercepted));
    return;
  }
  for (const auto& reason : probed.doubts) doubt(safe, reason);
  for (const auto& fault : probed.faults) forbid(safe, fault);
  if (!probed.is_internal_view) return;
  doubt(safe,
        reason_for(*find_check("view_internal"),
                   "the zone was probed from inside its own network, so what the public sees is unknown"));
}

/// Adds that the selector signed with another key until recently.
void add_reuse(const PlannedSelector& planned, const Reuse& reuse, WallTime now, SafeTime& safe) {
  if (reuse.cooldown_ends <= now) return;
  const std::string selector = planned.selector.to_string();
  if (reuse.transit_ends > now) {
    forbid(safe, reason_for(Reason::selector_reused_too_soon, {},
                            fmt::format("{} has a new key, but mail signed with its earlier key may be in "
                                        "transit until {}",
                                        selector, time_text(reuse.transit_ends))));
    return;
  }
  safe.reasons.push_back(reason_for(
      Reason::selector_cooldown, reuse.cooldown_ends,
      fmt::format("{} last signed with its earlier key at {}", selector, time_text(reuse.last_signature))));
  sort_latest_first(safe.reasons);
  if (safe.readiness != Readiness::ready && safe.readiness != Readiness::wait) return;
  safe.readiness = Readiness::wait;
  safe.at = std::max(safe.at.value_or(reuse.cooldown_ends), reuse.cooldown_ends);
}

}  // namespace

void forbid(SafeTime& safe, ReasonDetail reason) {
  safe.reasons.push_back(std::move(reason));
  safe.readiness = Readiness::not_ready;
  safe.at.reset();
}

seconds cooldown_of(const SigningTerms& terms) {
  return std::max(terms.selector_cooldown, terms.policy.retention);
}

PresentKey present_key(const PlannedSelector& planned) {
  const auto keys = seen_keys(planned.history);
  const auto is_there = [](const auto& key) { return key.second.servers > 0; };
  auto chosen = planned.key_sha256 ? keys.find(*planned.key_sha256) : keys.end();
  if (chosen == keys.end() || !is_there(*chosen)) {
    const auto most = std::ranges::max_element(keys, {}, [](const auto& key) { return key.second.servers; });
    if (most != keys.end() && is_there(*most)) chosen = most;
  }
  PresentKey present;
  if (chosen != keys.end() && is_there(*chosen)) {
    present.sha256 = chosen->first;
    present.first_seen = chosen->second.first;
  }
  for (const auto& [key, seen] : keys) {
    if (key != present.sha256)
      present.other_last_seen = std::max(present.other_last_seen.value_or(seen.last), seen.last);
  }
  return present;
}

bool was_removed(const PlannedSelector& planned, std::string_view sha256) {
  const auto keys = seen_keys(planned.history);
  const auto found = keys.find(std::string(sha256));
  return found != keys.end() && found->second.servers == 0;
}

bool is_earlier_key(const PlannedSelector& planned, const PresentKey& key) {
  return !planned.key_sha256 && planned.last_signature && key.first_seen &&
         *key.first_seen < planned.last_signature->first;
}

std::optional<Reuse> reuse_of(const PlannedSelector& planned, const PresentKey& key, const SignVerdict& sign,
                              const SigningTerms& terms) {
  const bool has_new_key =
      std::ranges::find(sign.servers, Progress::match, &ServerProgress::progress) != sign.servers.end() &&
      !is_earlier_key(planned, key);
  if (!has_new_key || !planned.last_signature || planned.never_used) return std::nullopt;
  const WallTime last = planned.last_signature->last;
  return Reuse{last, last + terms.policy.retention, last + cooldown_of(terms)};
}

SignVerdict signing_verdict(const PlannedSelector& planned, const PresentKey& key,
                            const std::vector<CacheContent>& caches, const SigningTerms& terms,
                            WallTime now) {
  SignVerdict sign = safe_to_sign(planned.history, new_key(planned, terms), caches, terms.policy, now);
  if (const auto reuse = reuse_of(planned, key, sign, terms)) add_reuse(planned, *reuse, now, sign.safe);
  add_probed(planned.probed, sign.safe);
  return sign;
}

}  // namespace dkimprobe::checks
