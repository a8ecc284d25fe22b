#include "checks/history/cache_lifetimes.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "checks/report/time_text.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;
using std::chrono::seconds;

/// The text of a reason that comes from the timeline of a server.
struct ReasonText {
  Reason reason = Reason::nothing_known;
  std::string_view text{};  ///< with {server}, {owner} and {held}, the time
};

constexpr auto reason_texts = std::to_array<ReasonText>({
    {Reason::match_everywhere, "{server} was the last server of {owner} to show the right key"},
    {Reason::negative_ttl, "{server} had no record at {owner}: caches may hold that for {held}"},
    {Reason::nsec_ttl,
     "{server} denied the names around {owner} with NSEC or NSEC3 records, which caches may use for {held} "
     "without querying that name"},
    {Reason::domainkey_denied,
     "{server} answered NXDOMAIN for `_domainkey`: caches may apply that for {held} to {owner} below it"},
    {Reason::domainkey_unknown,
     "resolvers may have cached for {held} that no DKIM name exists here; if another selector already signs, "
     "name it (`preflight`: --signs-now; `rotation`: in the list of selectors; or the settings file): then "
     "there is no wait"},
    {Reason::wildcard_ttl, "{server} answered for {owner} from a wildcard: caches may hold that for {held}"},
    {Reason::old_record_ttl, "{server} had another record at {owner}: caches may hold it for {held}"},
    {Reason::old_alias_ttl,
     "{server} had an alias at {owner} that points elsewhere: caches may hold it for {held}"},
    {Reason::changing_answers,
     "{server} returned different answers for {owner} in one probe: caches may hold any of them for {held}"},
    {Reason::server_failure,
     "{server} answered SERVFAIL for {owner}: caches may remember a failure for {held}"},
    {Reason::old_nameservers,
     "{server} is no longer a server of {owner}: caches that know the old nameservers may query it until "
     "their NS records expire, and hold what it had for {held} more"},
    {Reason::earlier_answer_unknown,
     "what {server} had at {owner} before it was first seen is unknown: it counts like the longest-held "
     "answer of the other servers, {held}"},
    {Reason::nothing_known,
     "no earlier probe is recorded, so resolvers may hold an older answer of {server} for up to {held}"},
});

/// What a resolver holds in place of the expected record.
std::string_view wrong_content(CacheState state) {
  return state == CacheState::denied ? "that there is no such record" : "another record";
}

std::string text_of(const CacheLifetime& lifetime) {
  if (lifetime.timeline == nullptr) return lifetime.detail;
  const auto* const known = std::ranges::find(reason_texts, lifetime.reason, &ReasonText::reason);
  if (known == reason_texts.end()) return lifetime.detail;
  return fmt::format(fmt::runtime(known->text), fmt::arg("server", server_text(lifetime.timeline->server)),
                     fmt::arg("owner", lifetime.timeline->owner.to_string()),
                     fmt::arg("held", duration_text(lifetime.held)));
}

}  // namespace

std::string old_ds_text(const FormerDs& former) {
  return fmt::format(
      "the DS records of {} have changed: validating resolvers may hold the old ones for {} and reject "
      "what the zone answers now",
      former.zone.to_string(), duration_text(former.held));
}

std::string old_nameservers_text(const FormerServers& former, const DomainName& owner,
                                 std::string_view content, seconds held) {
  std::vector<std::string> names;
  for (const auto& name : former.names) names.push_back(name.to_string());
  return fmt::format(
      "{} had other nameservers before ({}): caches that know them may query them for {} until their NS "
      "records expire, and hold {} for {} more",
      former.zone.to_string(), join_some(names), owner.to_string(), content, duration_text(held));
}

std::string failed_before_text(const DomainName& owner, seconds held) {
  return fmt::format(
      "what happened at {} before its first probe is unknown: caches may remember a failure for {}",
      owner.to_string(), duration_text(held));
}

std::string unknown_before_text(const FormerServers& former, const DomainName& owner, seconds held) {
  return fmt::format(
      "what {} had before its first probe is unknown: caches may hold for {} that {} had nothing there",
      owner.to_string(), duration_text(held), former.zone.to_string());
}

std::string denied_above_text(const ServerTimeline& timeline, PublishedKind kind, const DomainName& owner,
                              seconds held) {
  return fmt::format("{} answered that {} {}: caches may apply that for {} to {} below it",
                     server_text(timeline.server), timeline.owner.to_string(),
                     kind == PublishedKind::nxdomain ? "does not exist" : "is not a zone",
                     duration_text(held), owner.to_string());
}

std::string used_before_text(const ServerTimeline& timeline, std::string_view seen) {
  return fmt::format("never_used does not hold: the selector was used before, {} had {} at {}",
                     server_text(timeline.server), seen, timeline.owner.to_string());
}

std::string queried_before_text(const CacheContent& cache) {
  return fmt::format("never_used does not hold: the resolver {} was asked for it, and holds {}",
                     cache.resolver.to_string(), wrong_content(cache.state));
}

std::string resolver_holds_text(const CacheContent& cache) {
  return fmt::format("the resolver {} holds {} for {} s more", cache.resolver.to_string(),
                     wrong_content(cache.state), cache.seconds_left);
}

std::string resolver_unknown_text(const CacheContent& cache) {
  return fmt::format(
      "what the resolver {} holds is unknown: {}", cache.resolver.to_string(),
      cache.state == CacheState::hidden ? "it does not show its cache" : "it returned no usable answer");
}

void CacheLifetimes::add(const CacheLifetime& lifetime) {
  const auto [known, is_new] = longest_.try_emplace(lifetime.reason, lifetime);
  if (!is_new && known->second.until < lifetime.until) known->second = lifetime;
}

std::vector<ReasonDetail> CacheLifetimes::reasons() const {
  std::vector<ReasonDetail> reasons;
  for (const auto& [reason, lifetime] : longest_)
    reasons.push_back(reason_for(reason, lifetime.until, text_of(lifetime)));
  return reasons;
}

void sort_latest_first(std::vector<ReasonDetail>& reasons) {
  std::ranges::sort(reasons, [](const ReasonDetail& a, const ReasonDetail& b) {
    return a.until != b.until ? a.until > b.until
                              : std::pair(a.name(), std::string_view(a.detail)) <
                                    std::pair(b.name(), std::string_view(b.detail));
  });
}

}  // namespace dkimprobe::checks
