// When a key may sign: once no cache can hold what was published at its name before.
#include <algorithm>
#include <iterator>
#include <map>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "checks/history/cache_lifetimes.hpp"
#include "checks/history/read_history.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/history/zone_reading.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;
using std::chrono::seconds;

/// The longest time that a cache may remember a failure (RFC 2308 section 7.1, RFC 9520 section 3.2).
constexpr seconds failure_life{300};

bool is_absence(const AnswerPeriod& period) {
  return period.kind == PublishedKind::nodata || period.kind == PublishedKind::nxdomain;
}

class SignQuestion {
 public:
  SignQuestion(const SelectorHistory& history, const NewKey& key, const std::vector<CacheContent>& caches,
               const RotationPolicy& policy)
      : read_(history, policy), caches_(caches), expected_(key.sha256), keys_(key.service) {
    if (!expected_) expected_ = most_common_key(read_, keys_);
    never_used_ = key.never_used;
    domainkey_absence_ = key.domainkey_absence;
    if (never_used_) doubt_never_used();
  }

  [[nodiscard]] SignVerdict answer(WallTime now) {
    SignVerdict verdict;
    verdict.limits = limits_of(read_);
    verdict.servers = compare_servers();
    verdict.alternates = std::ranges::any_of(
        read_.history().servers, [&](const ServerTimeline& timeline) { return alternates(timeline); });
    SafeTime& safe = verdict.safe;
    if (!read_.history().first_probe) {
      safe.reasons.push_back(reason_for(Reason::not_probed, {}, "no server has been probed yet"));
      return verdict;
    }
    for (const auto& name : read_.chain()) {
      add_lifetimes(name);
      add_zone_lifetimes(name);
    }
    add_domainkey_unknown();
    safe.reasons = lifetimes_.reasons();
    std::ranges::move(doubts_, std::back_inserter(safe.reasons));
    add_resolvers(safe);
    sort_latest_first(safe.reasons);

    const auto is_right = [](const ServerProgress& server) { return server.progress == Progress::match; };
    const auto is_unknown = [](const ServerProgress& server) { return server.progress == Progress::unknown; };
    if (std::ranges::any_of(verdict.servers,
                            [&](const auto& server) { return !is_right(server) && !is_unknown(server); })) {
      safe.readiness = Readiness::not_ready;
    } else if (verdict.servers.empty() || std::ranges::any_of(verdict.servers, is_unknown)) {
      safe.readiness = Readiness::unknown;
    } else {
      for (const auto& reasons : safe.reasons) {
        if (reasons.until) safe.at = std::max(safe.at.value_or(*reasons.until), *reasons.until);
      }
      safe.readiness = safe.at && now >= *safe.at ? Readiness::ready : Readiness::wait;
    }
    return verdict;
  }

 private:
  /// Each period is compared only once: a long history is searched once per server.
  [[nodiscard]] const KeyComparison& compare(const DomainName& owner, const AnswerPeriod& period) {
    const auto known = compared_.find(&period);
    return known != compared_.end() ? known->second
                                    : compared_.emplace(&period, read(owner, period)).first->second;
  }

  [[nodiscard]] KeyComparison read(const DomainName& owner, const AnswerPeriod& period) {
    switch (period.kind) {
      case PublishedKind::texts:
        return compare_texts(period, expected_, keys_);
      case PublishedKind::alias: {
        const std::string alias = fmt::format("an alias to {}", period.alias->to_string());
        if (!read_.is_in_chain(*period.alias)) return {Progress::mismatch, alias};
        if (loops_.try_emplace(owner, false).second) loops_[owner] = read_.is_loop(owner);
        if (loops_[owner]) return {Progress::corrupted, alias + ", which forms a loop"};
        return {Progress::match, alias};
      }
      case PublishedKind::left:
        return {Progress::unknown, "no longer a server"};
      case PublishedKind::nodata:
      case PublishedKind::nxdomain:
      case PublishedKind::failure:
      case PublishedKind::unknown:
        return compare_nothing(period);
    }
    return {};
  }

  /// If a signed zone denies `_domainkey`, everything below it is denied, whatever the server has there.
  [[nodiscard]] static bool is_denied_for_good(const AnswerPeriod& period) {
    return period.domainkey_denied_seconds && period.nsec_ttl_seconds && !is_absence(period);
  }

  [[nodiscard]] KeyComparison compare_now(const ServerTimeline& timeline, const AnswerPeriod& period) {
    KeyComparison seen = compare(timeline.owner, period);
    if (seen.progress == Progress::match && is_denied_for_good(period)) {
      return {Progress::corrupted, seen.detail + ", but NXDOMAIN for `_domainkey` above it in a signed zone"};
    }
    return seen;
  }

  [[nodiscard]] std::vector<ServerProgress> compare_servers() {
    std::vector<ServerProgress> rows;
    for (const auto& name : read_.chain()) {
      const std::size_t before = rows.size();
      for (const auto& timeline : read_.history().servers) {
        if (!(timeline.owner == name) || !timeline.is_there() || read_.is_left_out(timeline)) continue;
        rows.push_back(row_of(timeline));
      }
      if (rows.size() == before && read_.history().first_probe) {
        rows.push_back(
            {name, {{}, no_address}, Progress::unknown, {}, "no server for this name could be queried"});
      }
    }
    return rows;
  }

  [[nodiscard]] ServerProgress row_of(const ServerTimeline& timeline) {
    ServerProgress row{timeline.owner, timeline.server, Progress::unknown, {}, {}};
    if (timeline.periods.back().last_seen != read_.history().last_probe) {
      row.detail = "not in the last probe";
      return row;
    }
    KeyComparison seen = compare_now(timeline, timeline.periods.back());
    row.progress = seen.progress;
    row.detail = timeline.server.has_address() ? std::move(seen.detail) : read_.why_not_asked(timeline);
    for (auto period = timeline.periods.rbegin(); period != timeline.periods.rend(); ++period) {
      const bool is_silence = period->kind == PublishedKind::unknown && !period->ttl_seconds;
      if (is_silence && row.progress != Progress::unknown) continue;
      if (compare_now(timeline, *period).progress != row.progress) break;
      row.since = period->first_seen;
    }
    return row;
  }

  /// Whether the server recently alternated between right and wrong. Older changes do not count.
  [[nodiscard]] bool alternates(const ServerTimeline& timeline) {
    if (!read_.is_in_chain(timeline.owner) || !timeline.is_there() || read_.is_left_out(timeline))
      return false;
    const WallTime since = *read_.history().last_probe - read_.policy().unknown_wait;
    bool was_right = false;
    bool was_wrong_after = false;
    for (const auto& period : timeline.periods) {
      if (!period.is_whole()) continue;
      const bool is_right_now = is_right(timeline.owner, period);
      if (is_right_now && was_wrong_after) return true;
      if (period.last_seen < since) continue;
      was_wrong_after =
          was_wrong_after || (!is_right_now && (was_right || period.kind == PublishedKind::unknown));
      was_right = was_right || is_right_now;
    }
    return false;
  }

  // ---- Does anything contradict that the selector was never used? ----

  void doubt_never_used() {
    const auto doubt = [&](std::string detail) {
      if (!never_used_) return;
      never_used_ = false;
      doubts_.push_back(reason_for(Reason::never_used_contradicted, {}, std::move(detail)));
    };
    for (const auto& timeline : read_.history().servers) {
      if (!read_.is_in_chain(timeline.owner)) continue;
      for (const auto& period : timeline.periods) {
        const bool has_record = period.kind == PublishedKind::alias || !period.texts.empty();
        if (!has_record || period.wildcard_ttl_seconds) continue;
        const KeyComparison& seen = compare(timeline.owner, period);
        if (seen.progress == Progress::match) continue;
        doubt(fmt::format("the selector was used before: {} had {} at {}", server_text(timeline.server),
                          seen.detail, timeline.owner.to_string()));
      }
    }
    for (const auto& cache : caches_) {
      if (cache.state != CacheState::denied && cache.state != CacheState::other) continue;
      doubt(
          fmt::format("somebody queried the selector: the resolver {} holds {}", cache.resolver.to_string(),
                      cache.state == CacheState::denied ? "that there is no such record" : "another record"));
    }
  }

  // ---- Until when caches may hold a wrong answer ----

  struct Hold {
    Reason reason = Reason::nothing_known;
    seconds time{};
  };

  /// The longest negative TTL seen at the name; used for a server that returned none.
  [[nodiscard]] std::optional<seconds> absence_life(const DomainName& owner) const {
    std::optional<seconds> longest;
    for (const auto& timeline : read_.history().servers) {
      if (!(timeline.owner == owner)) continue;
      for (const auto& period : timeline.periods) {
        if (is_absence(period) && period.ttl_seconds)
          longest = std::max(longest.value_or(seconds{0}), seconds{*period.ttl_seconds});
      }
    }
    return longest;
  }

  /// How long a cache may hold the period's answer, if it is wrong or may hide the right one.
  [[nodiscard]] std::optional<Hold> hold_of(const DomainName& owner, const AnswerPeriod& period) {
    std::optional<Hold> hold;
    const auto add = [&](Reason reason, seconds time) {
      if (!hold || hold->time < time) hold = Hold{reason, time};
    };
    const auto add_ttl = [&](Reason reason, std::optional<seconds> otherwise) {
      if (period.ttl_seconds) {
        add(reason, seconds{*period.ttl_seconds});
      } else if (otherwise) {
        add(reason, *otherwise);
      } else {
        add(Reason::nothing_known, read_.policy().unknown_wait);
      }
    };
    if (period.domainkey_denied_seconds)
      add(Reason::domainkey_denied, seconds{*period.domainkey_denied_seconds});
    if (period.is_whole() && period.kind != PublishedKind::unknown &&
        compare(owner, period).progress == Progress::match) {
      return hold;
    }
    if (period.nsec_ttl_seconds) add(Reason::nsec_ttl, seconds{*period.nsec_ttl_seconds});
    if (period.wildcard_ttl_seconds) add(Reason::wildcard_ttl, seconds{*period.wildcard_ttl_seconds});
    // The rest is in caches only if somebody queried the name.
    if (never_used_ && !(period.wildcard_ttl_seconds && period.kind == PublishedKind::texts)) return hold;
    switch (period.kind) {
      case PublishedKind::nodata:
      case PublishedKind::nxdomain:
        add_ttl(Reason::negative_ttl, absence_life_);
        break;
      case PublishedKind::texts:
        add_ttl(Reason::old_record_ttl, {});
        break;
      case PublishedKind::alias:
        add_ttl(Reason::old_alias_ttl, {});
        break;
      case PublishedKind::unknown:
        add_ttl(Reason::changing_answers, {});
        break;
      case PublishedKind::failure:
        add(Reason::server_failure, failure_life);
        break;
      case PublishedKind::left:
        break;
    }
    return hold;
  }

  [[nodiscard]] bool is_right(const DomainName& owner, const AnswerPeriod& period) {
    return period.kind != PublishedKind::failure && compare(owner, period).progress == Progress::match;
  }

  /// What a server may have had before it was first seen: the worst of what other servers had then. A server
  /// that was already there at the first probe may have had anything.
  [[nodiscard]] std::optional<Hold> earlier_hold(const ServerTimeline& server, WallTime first_seen,
                                                 const AnswerPeriod* first) {
    std::optional<Hold> longest;
    const bool was_at_first_probe = server.periods.front().first_seen <= *read_.history().first_probe;
    if (!never_used_ && was_at_first_probe)
      longest = Hold{Reason::nothing_known, read_.policy().unknown_wait};
    for (const auto& timeline : read_.history().servers) {
      const DomainName& owner = server.owner;
      if (!(timeline.owner == owner)) continue;
      for (const auto& period : timeline.periods) {
        if (!period.is_whole() || period.first_seen > first_seen || is_right(owner, period)) continue;
        const auto hold = hold_of(owner, period);
        if (hold && (!longest || longest->time < hold->time))
          longest = Hold{Reason::earlier_answer_unknown, hold->time};
      }
    }
    if (longest) return longest;
    if (!never_used_) return Hold{Reason::nothing_known, read_.policy().unknown_wait};
    // Nobody asked for the name, but its neighbours may have been denied with NSEC, or be a wildcard's.
    if (first == nullptr) return std::nullopt;
    if (const auto neighbours = std::max(first->nsec_ttl_seconds, first->wildcard_ttl_seconds))
      longest = Hold{Reason::earlier_answer_unknown, seconds{*neighbours}};
    return longest;
  }

  // ---- What caches may hold of the zones, whichever selector's probe saw it ----

  void add_zone_lifetimes(const DomainName& owner) {
    for (const auto& former : read_.zones().former_servers(owner)) add_former(owner, former);
    for (const auto& [zone, until, held] : read_.zones().former_ds(owner)) {
      lifetimes_.add({Reason::old_ds, until, held, nullptr,
                      fmt::format("the DS records of {} have changed: validating resolvers may hold the old "
                                  "ones for {} s and reject what the zone answers now",
                                  zone.to_string(), held.count())});
    }
    for (const auto& timeline : read_.history().past.names) {
      if (!(timeline.owner == owner) && owner.is_at_or_below(timeline.owner)) add_absence(owner, timeline);
    }
  }

  /// Servers that held the name before its first probe; probes of other names saw them.
  void add_former(const DomainName& owner, const FormerServers& former) {
    std::optional<seconds> held;
    const auto keep = [&](std::optional<std::uint32_t> ttl) {
      if (ttl) held = std::max(held.value_or(seconds{0}), seconds{*ttl});
    };
    // Even if nobody queried the name, NSEC records of its neighbours may deny it.
    keep(former.nsec_ttl_seconds);
    if (!never_used_ || !former.names.empty()) keep(former.negative_ttl_seconds);
    // They may have failed unseen in that time, and caches remember failures too.
    if (!never_used_) keep(static_cast<std::uint32_t>(failure_life.count()));
    if (!held && never_used_ && former.names.empty()) return;
    const seconds hold = held.value_or(read_.policy().unknown_wait);
    if (former.names.empty()) {
      lifetimes_.add({former.nsec_ttl_seconds && seconds{*former.nsec_ttl_seconds} == hold
                          ? Reason::nsec_ttl
                          : Reason::negative_ttl,
                      held_until(former.asked_until, hold), hold, nullptr,
                      fmt::format("what {} had before its first probe is unknown: caches may hold for {} s "
                                  "that {} had nothing there",
                                  owner.to_string(), hold.count(), former.zone.to_string())});
      return;
    }
    std::vector<std::string> names;
    for (const auto& name : former.names) names.push_back(name.to_string());
    lifetimes_.add({Reason::old_nameservers, held_until(former.asked_until, hold), hold, nullptr,
                    fmt::format("{} had other nameservers before ({}): caches that know them may query them "
                                "for {} until their NS records expire, and hold an absence for {} s more",
                                former.zone.to_string(), join_some(names), owner.to_string(), hold.count())});
  }

  /// If a name above did not exist, nothing below it did. The same holds for a name that had no zone cut yet,
  /// if NSEC proved the absence or a cache held it.
  void add_absence(const DomainName& owner, const ServerTimeline& timeline) {
    for (const auto& interval : read_.intervals(timeline)) {
      const AnswerPeriod& period = *interval.period;
      const bool is_denied = period.kind == PublishedKind::nxdomain;
      const bool lacked_cut =
          period.kind == PublishedKind::nodata && interval.left && read_.zones().is_zone(timeline.owner);
      if (!interval.until || (!is_denied && !lacked_cut)) continue;
      const auto ttl = std::max(period.ttl_seconds, period.nsec_ttl_seconds);
      const seconds held = ttl ? seconds{*ttl} : read_.policy().unknown_wait;
      lifetimes_.add(
          {Reason::domainkey_denied, held_until(*interval.until, held), held, nullptr,
           fmt::format("{} answered that {} {}: caches may apply that for {} s to {} below it",
                       server_text(timeline.server), timeline.owner.to_string(),
                       is_denied ? "does not exist" : "is not a zone", held.count(), owner.to_string())});
    }
  }

  /// Whether `_domainkey` existed before the first probe of the domain is unknown: caches may hold that it
  /// did not.
  void add_domainkey_unknown() {
    if (!never_used_ || !domainkey_absence_) return;
    const auto domainkey = config::domainkey_name(read_.history().domain);
    if (!domainkey) return;
    const auto& names = read_.history().past.names;
    const bool was_denied = std::ranges::any_of(names, [&](const ServerTimeline& timeline) {
      return timeline.owner == *domainkey && std::ranges::find(timeline.periods, PublishedKind::nxdomain,
                                                               &AnswerPeriod::kind) != timeline.periods.end();
    });
    if (was_denied) return;  // probes saw when it appeared
    const DomainName& owner = read_.chain().front();
    const seconds held = read_.zones().denial_above(*domainkey).value_or(*domainkey_absence_);
    for (const auto& timeline : read_.history().servers) {
      if (!(timeline.owner == owner)) continue;
      const auto first = std::ranges::find_if(timeline.periods, &AnswerPeriod::is_whole);
      if (first == timeline.periods.end() || !is_right(owner, *first)) continue;
      if (timeline.periods.front().first_seen > *read_.history().first_probe) continue;
      const auto there = read_.zones().first_there(*domainkey);
      const WallTime since = std::min(there.value_or(first->first_seen), first->first_seen);
      lifetimes_.add({Reason::domainkey_unknown, held_until(since, held), held, &timeline, {}});
    }
  }

  void add_lifetimes(const DomainName& owner) {
    absence_life_ = absence_life(owner);
    for (const auto& timeline : read_.history().servers) {
      if (!(timeline.owner == owner) || timeline.periods.empty()) continue;
      const auto intervals = read_.intervals(timeline);
      const auto lifetime = [&](WallTime end, Hold hold, bool left) {
        lifetimes_.add({left ? Reason::old_nameservers : hold.reason,
                        held_until(end, hold.time),
                        hold.time,
                        &timeline,
                        {}});
      };
      for (const auto& interval : intervals) {
        if (!interval.until) continue;
        auto hold = hold_of(owner, *interval.period);
        // A cache that queries for the first time may still be referred to a server that left.
        if (!hold && interval.left && !is_right(owner, *interval.period)) hold.emplace();
        if (hold) lifetime(*interval.until, *hold, interval.left);
      }
      const auto told = std::ranges::find_if(
          intervals, [](const CacheInterval& interval) { return interval.period->is_whole(); });
      if (told == intervals.end()) {
        // It never answered. Once it has left, it matters only for a limited time.
        if (timeline.is_there()) continue;
        const WallTime left = timeline.periods.back().first_seen;
        const auto hold = earlier_hold(timeline, left, nullptr);
        lifetime(read_.zones().asked_until(timeline, left), hold.value_or(Hold{}), true);
        continue;
      }
      const WallTime first_seen = told->period->first_seen;
      if (is_right(owner, *told->period)) {
        if (const auto hold = earlier_hold(timeline, first_seen, told->period))
          lifetime(first_seen, *hold, false);
      }
      add_right_since(timeline, intervals);
    }
  }

  void add_right_since(const ServerTimeline& timeline, const std::vector<CacheInterval>& intervals) {
    if (intervals.empty() || intervals.back().until || !is_right(timeline.owner, *intervals.back().period))
      return;
    if (intervals.back().period->domainkey_denied_seconds) {
      doubts_.push_back(reason_for(
          Reason::domainkey_denied, {},
          fmt::format(
              "{} answers NXDOMAIN for `_domainkey`: resolvers that follow RFC 8020 find no selector there",
              server_text(timeline.server))));
    }
    WallTime since = intervals.back().period->first_seen;
    for (auto interval = intervals.rbegin();
         interval != intervals.rend() && is_right(timeline.owner, *interval->period); ++interval) {
      since = interval->period->first_seen;
    }
    lifetimes_.add({Reason::match_everywhere, since, seconds{0}, &timeline, {}});
  }

  void add_resolvers(SafeTime& safe) const {
    for (const auto& cache : caches_) {
      const std::string resolver = cache.resolver.to_string();
      switch (cache.state) {
        case CacheState::denied:
        case CacheState::other:
          safe.reasons.push_back(
              reason_for(Reason::resolver_cache, held_until(cache.seen, seconds{cache.seconds_left}),
                         fmt::format("the resolver {} holds {} for {} s more", resolver,
                                     cache.state == CacheState::denied ? "that there is no such record"
                                                                       : "another record",
                                     cache.seconds_left)));
          break;
        case CacheState::hidden:
        case CacheState::unknown:
          safe.reasons.push_back(
              reason_for(Reason::resolver_unknown, {},
                         fmt::format("what the resolver {} holds is unknown: {}", resolver,
                                     cache.state == CacheState::hidden ? "it does not show its cache"
                                                                       : "it returned no usable answer")));
          break;
        case CacheState::expected:
        case CacheState::empty:
          break;
      }
    }
  }

  ReadHistory read_;
  const std::vector<CacheContent>& caches_;
  std::optional<std::string> expected_{};
  KeyReader keys_;
  bool never_used_ = false;
  std::optional<seconds> domainkey_absence_{};
  std::vector<ReasonDetail> doubts_{};
  CacheLifetimes lifetimes_{};
  std::optional<seconds> absence_life_{};  ///< of the name whose lifetimes are being added
  std::map<DomainName, bool> loops_{};
  std::unordered_map<const AnswerPeriod*, KeyComparison> compared_{};
};

}  // namespace

SignVerdict safe_to_sign(const SelectorHistory& history, const NewKey& key,
                         const std::vector<CacheContent>& caches, const RotationPolicy& policy,
                         WallTime now) {
  return SignQuestion(history, key, caches, policy).answer(now);
}

}  // namespace dkimprobe::checks
