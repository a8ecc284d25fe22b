// When a key may sign: once no cache can hold what was published at its name before.
#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "checks/history/cache_lifetimes.hpp"
#include "checks/history/expected_key.hpp"
#include "checks/history/read_history.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/history/zone_reading.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;
using std::chrono::seconds;

/// The longest time that a cache may remember a failure (RFC 2308 section 7.1, RFC 9520 section 3.2).
constexpr seconds failure_life{300};

class SignQuestion {
 public:
  SignQuestion(const SelectorHistory& history, const NewKey& key, const std::vector<CacheContent>& caches,
               const RotationPolicy& policy)
      : read_(history, policy),
        key_(read_, key),
        caches_(caches),
        never_used_(key.never_used),
        domainkey_absence_(key.domainkey_absence) {}

  [[nodiscard]] SignVerdict answer(WallTime now) {
    SignVerdict verdict;
    verdict.limits = limits_of(read_);
    SafeTime& safe = verdict.safe;
    if (!read_.history().first_probe) {
      safe.reasons.push_back(reason_for(Reason::not_probed, {}, "no server has been probed yet"));
      return verdict;
    }
    verdict.servers = key_.rows();
    verdict.alternates = key_.alternates();
    if (never_used_) doubt_never_used();
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
      for (const auto& reason : safe.reasons) {
        if (reason.until) safe.at = std::max(safe.at.value_or(*reason.until), *reason.until);
      }
      safe.readiness = safe.at && now >= *safe.at ? Readiness::ready : Readiness::wait;
    }
    return verdict;
  }

 private:
  /// Stops believing that the selector was never used if anything contradicts that.
  void doubt_never_used() {
    std::string use = earlier_use();
    if (use.empty()) return;
    never_used_ = false;
    doubts_.push_back(reason_for(Reason::never_used_contradicted, {}, std::move(use)));
  }

  /// A sentence: what shows that the selector was used or queried before; else empty.
  [[nodiscard]] std::string earlier_use() {
    for (const auto& timeline : read_.history().servers) {
      if (!read_.is_in_chain(timeline.owner)) continue;
      for (const auto& period : timeline.periods) {
        const bool has_record =
            period.kind == PublishedKind::alias || !period.texts.empty() || period.is_incomplete;
        if (!has_record || period.wildcard_ttl_seconds) continue;
        const KeyComparison& seen = key_.compare(timeline.owner, period);
        if (seen.progress != Progress::match) return used_before_text(timeline, seen.detail);
      }
    }
    for (const auto& cache : caches_) {
      if (cache.state == CacheState::denied || cache.state == CacheState::other)
        return queried_before_text(cache);
    }
    return {};
  }

  // ---- Until when caches may hold a wrong answer ----

  struct Hold {
    Reason reason = Reason::nothing_known;
    seconds time{};
  };

  /// The longest negative TTL seen at the name; used for a server that returned none.
  [[nodiscard]] std::optional<seconds> absence_life(const DomainName& owner) const {
    std::optional<seconds> longest;
    for (const auto& timeline : timelines_of(read_.history().servers, owner)) {
      for (const auto& period : timeline.periods) {
        if (period.is_absence() && period.ttl_seconds)
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
    const auto add_ttl = [&](Reason reason, std::optional<seconds> time = {}) {
      if (period.ttl_seconds) time = seconds{*period.ttl_seconds};
      add(time ? reason : Reason::nothing_known, time.value_or(read_.policy().unknown_wait));
    };
    if (period.domainkey_denied_seconds)
      add(Reason::domainkey_denied, seconds{*period.domainkey_denied_seconds});
    if (period.is_whole() && period.kind != PublishedKind::unknown &&
        key_.compare(owner, period).progress == Progress::match) {
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
        add_ttl(Reason::old_record_ttl);
        break;
      case PublishedKind::alias:
        add_ttl(Reason::old_alias_ttl);
        break;
      case PublishedKind::unknown:
        add_ttl(Reason::changing_answers);
        break;
      case PublishedKind::failure:
        add(Reason::server_failure, failure_life);
        break;
      case PublishedKind::left:
        break;
    }
    return hold;
  }

  /// What a server may have had before it was first seen: the worst of what other servers had then. A server
  /// that was already there at the first probe may have had anything.
  [[nodiscard]] std::optional<Hold> earlier_hold(const ServerTimeline& server, WallTime first_seen,
                                                 const AnswerPeriod* first) {
    std::optional<Hold> longest;
    const bool was_at_first_probe = server.periods.front().first_seen <= *read_.history().first_probe;
    if (!never_used_ && was_at_first_probe)
      longest = Hold{Reason::nothing_known, read_.policy().unknown_wait};
    for (const auto& timeline : timelines_of(read_.history().servers, server.owner)) {
      for (const auto& period : timeline.periods) {
        const bool is_earlier = period.is_whole() && period.first_seen <= first_seen;
        if (!is_earlier || key_.is_right(server.owner, period)) continue;
        const auto hold = hold_of(server.owner, period);
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
    for (const auto& former : read_.zones().former_ds(owner))
      lifetimes_.add({Reason::old_ds, former.until, former.held, nullptr, old_ds_text(former)});
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
    const WallTime until = held_until(former.asked_until, hold);
    if (!former.names.empty()) {
      lifetimes_.add({Reason::old_nameservers, until, hold, nullptr,
                      old_nameservers_text(former, owner, "an absence", hold)});
      return;
    }
    const bool is_nsec = former.nsec_ttl_seconds && seconds{*former.nsec_ttl_seconds} == hold;
    const bool is_absence = former.negative_ttl_seconds && seconds{*former.negative_ttl_seconds} == hold;
    lifetimes_.add(
        {is_nsec      ? Reason::nsec_ttl
         : is_absence ? Reason::negative_ttl
                      : Reason::server_failure,
         until, hold, nullptr,
         is_nsec || is_absence ? unknown_before_text(former, owner, hold) : failed_before_text(owner, hold)});
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
      lifetimes_.add({Reason::domainkey_denied, held_until(*interval.until, held), held, nullptr,
                      denied_above_text(timeline, period.kind, owner, held)});
    }
  }

  /// Whether `_domainkey` existed before the first probe of the domain is unknown: caches may hold that it
  /// did not.
  void add_domainkey_unknown() {
    if (!never_used_ || !domainkey_absence_) return;
    const auto domainkey = config::domainkey_name(read_.history().domain);
    if (!domainkey) return;
    const auto& names = read_.history().past.names;
    const bool was_denied = std::ranges::any_of(timelines_of(names, *domainkey), [](const auto& timeline) {
      return std::ranges::find(timeline.periods, PublishedKind::nxdomain, &AnswerPeriod::kind) !=
             timeline.periods.end();
    });
    if (was_denied) return;  // probes saw when it appeared
    const DomainName& owner = read_.chain().front();
    const seconds held = read_.zones().denial_above(*domainkey).value_or(*domainkey_absence_);
    for (const auto& timeline : timelines_of(read_.history().servers, owner)) {
      const auto first = std::ranges::find_if(timeline.periods, &AnswerPeriod::is_whole);
      if (first == timeline.periods.end() || !key_.is_right(owner, *first)) continue;
      if (timeline.periods.front().first_seen > *read_.history().first_probe) continue;
      const auto there = read_.zones().first_there(*domainkey);
      const WallTime since = std::min(there.value_or(first->first_seen), first->first_seen);
      lifetimes_.add({Reason::domainkey_unknown, held_until(since, held), held, &timeline, {}});
    }
  }

  void add_lifetimes(const DomainName& owner) {
    absence_life_ = absence_life(owner);
    for (const auto& timeline : timelines_of(read_.history().servers, owner)) {
      const auto intervals = read_.intervals(timeline);
      for (const auto& interval : intervals) add_interval(timeline, interval);
      add_unseen(timeline, intervals);
      add_right_since(timeline, intervals);
    }
  }

  void add_lifetime(const ServerTimeline& timeline, WallTime end, const Hold& hold) {
    lifetimes_.add({hold.reason, held_until(end, hold.time), hold.time, &timeline, {}});
  }

  void add_interval(const ServerTimeline& timeline, const CacheInterval& interval) {
    if (!interval.until) return;
    auto hold = hold_of(timeline.owner, *interval.period);
    // A cache that queries for the first time may still be referred to a server that left.
    if (!hold && interval.left && !key_.is_right(timeline.owner, *interval.period)) hold.emplace();
    if (!hold) return;
    if (interval.left) hold->reason = Reason::old_nameservers;
    add_lifetime(timeline, *interval.until, *hold);
  }

  /// What the server may have had before its first answer.
  void add_unseen(const ServerTimeline& timeline, const std::vector<CacheInterval>& intervals) {
    const auto first = std::ranges::find_if(
        intervals, [](const CacheInterval& interval) { return interval.period->is_whole(); });
    if (first != intervals.end()) {
      const AnswerPeriod& period = *first->period;
      if (!key_.is_right(timeline.owner, period)) return;
      if (const auto hold = earlier_hold(timeline, period.first_seen, &period))
        add_lifetime(timeline, period.first_seen, *hold);
    } else if (!timeline.periods.empty() && !timeline.is_there()) {
      // It never answered. As it has left, it matters only for a limited time.
      const WallTime left = timeline.periods.back().first_seen;
      Hold hold = earlier_hold(timeline, left, nullptr).value_or(Hold{});
      hold.reason = Reason::old_nameservers;
      add_lifetime(timeline, read_.zones().asked_until(timeline, left), hold);
    }
  }

  void add_right_since(const ServerTimeline& timeline, const std::vector<CacheInterval>& intervals) {
    const auto is_right = [&](const CacheInterval& interval) {
      return key_.is_right(timeline.owner, *interval.period);
    };
    if (intervals.empty() || intervals.back().until || !is_right(intervals.back())) return;
    if (intervals.back().period->domainkey_denied_seconds) {
      doubts_.push_back(reason_for(
          Reason::domainkey_denied, {},
          fmt::format(
              "{} answers NXDOMAIN for `_domainkey`: resolvers that follow RFC 8020 find no selector there",
              server_text(timeline.server))));
    }
    // The first of the last intervals that are right.
    const auto wrong = std::find_if_not(intervals.rbegin(), intervals.rend(), is_right);
    lifetimes_.add({Reason::match_everywhere, wrong.base()->period->first_seen, seconds{0}, &timeline, {}});
  }

  void add_resolvers(SafeTime& safe) const {
    for (const auto& cache : caches_) {
      switch (cache.state) {
        case CacheState::denied:
        case CacheState::other:
          safe.reasons.push_back(reason_for(Reason::resolver_cache,
                                            held_until(cache.seen, seconds{cache.seconds_left}),
                                            resolver_holds_text(cache)));
          break;
        case CacheState::hidden:
        case CacheState::unknown:
          safe.reasons.push_back(reason_for(Reason::resolver_unknown, {}, resolver_unknown_text(cache)));
          break;
        case CacheState::expected:
        case CacheState::empty:
          break;
      }
    }
  }

  ReadHistory read_;
  ExpectedKey key_;
  const std::vector<CacheContent>& caches_;
  bool never_used_ = false;
  std::optional<seconds> domainkey_absence_{};
  std::vector<ReasonDetail> doubts_{};
  CacheLifetimes lifetimes_{};
  std::optional<seconds> absence_life_{};  ///< of the name whose lifetimes are being added
};

}  // namespace

SignVerdict safe_to_sign(const SelectorHistory& history, const NewKey& key,
                         const std::vector<CacheContent>& caches, const RotationPolicy& policy,
                         WallTime now) {
  return SignQuestion(history, key, caches, policy).answer(now);
}

}  // namespace dkimprobe::checks
