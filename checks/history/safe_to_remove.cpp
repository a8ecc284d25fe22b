// When a key that no longer signs may be removed, and when it has expired from caches.
#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "checks/history/cache_lifetimes.hpp"
#include "checks/history/read_history.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/history/zone_reading.hpp"
#include "checks/report/time_text.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;
using std::chrono::seconds;

class GoneQuestion {
 public:
  GoneQuestion(const SelectorHistory& history, const std::optional<std::string>& key,
               const RotationPolicy& policy)
      : read_(history, policy), key_(key) {}

  [[nodiscard]] GoneVerdict answer(WallTime now) {
    GoneVerdict verdict;
    verdict.limits = limits_of(read_);
    if (!read_.history().first_probe) {
      verdict.gone.reasons.push_back(reason_for(Reason::not_probed, {}, "no server has been probed yet"));
      return verdict;
    }
    for (const auto& name : read_.chain()) add_rows(name, verdict.servers);
    const bool is_published = std::ranges::any_of(
        verdict.servers, [](const ServerProgress& row) { return row.progress == Progress::match; });
    const bool is_unknown = std::ranges::any_of(
        verdict.servers, [](const ServerProgress& row) { return row.progress == Progress::unknown; });
    SafeTime& gone = verdict.gone;
    if (is_published) {
      gone.readiness = Readiness::not_ready;
      return verdict;
    }
    if (is_unknown || verdict.servers.empty()) return verdict;

    CacheLifetimes lifetimes;
    const auto all = paths();
    const auto last = last_lifetimes(all);
    if (const auto own = last.find(read_.chain().front()); own != last.end()) lifetimes.add(own->second);
    for (const auto& name : read_.chain()) {
      add_earlier(name, all, last, lifetimes);
      add_former(name, all, lifetimes);
    }
    gone.reasons = lifetimes.reasons();
    sort_latest_first(gone.reasons);
    if (gone.reasons.empty()) {
      gone.reasons.push_back(reason_for(Reason::never_there, read_.history().first_probe,
                                        "no probe saw the key where the selector points"));
    }
    gone.at = gone.reasons.front().until;
    gone.readiness = now >= *gone.at ? Readiness::ready : Readiness::wait;
    return verdict;
  }

 private:
  [[nodiscard]] bool has_key(const AnswerPeriod& period) {
    if (period.is_incomplete) return true;
    const auto texts = joined_texts(period);
    return std::ranges::any_of(texts, [&](const std::string& text) {
      const KeyRecord& record = keys_.read(text);
      return record.key && !record.key->sha256.empty() && (!key_ || record.key->sha256 == *key_);
    });
  }

  void add_rows(const DomainName& name, std::vector<ServerProgress>& rows) {
    const auto servers = read_.servers_of(name);
    if (servers.empty()) rows.push_back(no_server_row(name));
    for (const ServerTimeline* const timeline : servers) {
      const bool is_alias = timeline->periods.back().kind == PublishedKind::alias;
      if (is_alias && read_.is_current(*timeline)) continue;
      rows.push_back(read_.row_of(*timeline, [&](const AnswerPeriod& period) { return compare(period); }));
    }
  }

  [[nodiscard]] KeyComparison compare(const AnswerPeriod& period) {
    switch (period.kind) {
      case PublishedKind::texts:
        return has_key(period) ? KeyComparison{Progress::match, "still published"} : compare_others(period);
      case PublishedKind::nodata:
      case PublishedKind::nxdomain:
      case PublishedKind::failure:
      case PublishedKind::unknown:
        return compare_nothing(period);
      case PublishedKind::alias:
      case PublishedKind::left:
        break;
    }
    return {};
  }

  /// Any other key counts as removed.
  [[nodiscard]] KeyComparison compare_others(const AnswerPeriod& period) {
    KeyComparison seen = compare_texts(period, std::nullopt, keys_);
    if (seen.progress == Progress::match) seen = {Progress::mismatch, "another key: " + seen.detail};
    return seen;
  }

  /// A path to the key: a text that holds it, or an alias to where one may be.
  struct Path {
    DomainName owner{};
    CacheLifetime lifetime{};
    WallTime from{};
    std::optional<WallTime> end{};
    const DomainName* target = nullptr;  ///< of an alias
  };
  using Lifetimes = std::map<DomainName, CacheLifetime>;

  [[nodiscard]] Path path_through(const ServerTimeline& timeline, const CacheInterval& interval) const {
    const AnswerPeriod& period = *interval.period;
    const DomainName* const target = period.kind == PublishedKind::alias ? &*period.alias : nullptr;
    const seconds held = period.ttl_seconds ? seconds{*period.ttl_seconds} : read_.policy().unknown_wait;
    const Reason reason = interval.left       ? Reason::old_nameservers
                          : target != nullptr ? Reason::old_alias_ttl
                                              : Reason::old_record_ttl;
    // A name that no alias points to any more is no longer probed.
    const bool is_over = interval.until && (read_.is_in_chain(timeline.owner) || !interval.left);
    const WallTime until = is_over ? held_until(*interval.until, held) : WallTime::max();
    return {timeline.owner, {reason, until, held, &timeline, {}}, period.first_seen, interval.until, target};
  }

  [[nodiscard]] std::vector<Path> paths() {
    std::vector<Path> all;
    for (const auto& timeline : read_.history().servers) {
      for (const auto& interval : read_.intervals(timeline)) {
        if (interval.period->kind == PublishedKind::alias || has_key(*interval.period))
          all.push_back(path_through(timeline, interval));
      }
    }
    return all;
  }

  /// The last lifetime of the key at each name where caches can have found it: an alias shows it no longer
  /// than its target does.
  [[nodiscard]] static Lifetimes last_lifetimes(const std::vector<Path>& all) {
    Lifetimes last;
    // Each pass follows one more alias. It ends: times only grow, and each is the time of one of the paths.
    for (bool grew = true; grew;) {
      grew = false;
      for (const auto& path : all) {
        CacheLifetime lifetime = path.lifetime;
        if (path.target != nullptr) {
          const auto behind = last.find(*path.target);
          if (behind == last.end()) continue;
          if (behind->second.until < lifetime.until) lifetime = behind->second;
        }
        const auto [known, is_new] = last.try_emplace(path.owner, lifetime);
        if (!is_new && known->second.until >= lifetime.until) continue;
        known->second = lifetime;
        grew = true;
      }
    }
    return last;
  }

  /// Until when a cache shows the key if it took the path at `time`; nothing if the path led to no key then.
  [[nodiscard]] static std::optional<WallTime> shown_until(const Path& path, WallTime time,
                                                           const Lifetimes& last) {
    if (path.from > time || (path.end && *path.end < time)) return std::nullopt;
    const WallTime until = held_until(time, path.lifetime.held);
    if (path.target == nullptr) return until;
    const auto behind = last.find(*path.target);
    if (behind == last.end() || behind->second.until < time) return std::nullopt;
    return std::min(until, behind->second.until);
  }

  /// Servers that did not have the key when first seen may have had it before, for as long as others of the
  /// same name had it. If no probe saw it anywhere, any server may have had it before the first probe.
  void add_earlier(const DomainName& owner, const std::vector<Path>& all, const Lifetimes& last,
                   CacheLifetimes& lifetimes) {
    for (const auto& timeline : timelines_of(read_.history().servers, owner)) {
      const auto first = std::ranges::find_if(timeline.periods, &AnswerPeriod::is_whole);
      if (first == timeline.periods.end() || first->kind == PublishedKind::alias || has_key(*first)) continue;
      const WallTime seen = first->first_seen;
      if (all.empty()) {
        const seconds held = read_.policy().unknown_wait;
        lifetimes.add({Reason::nothing_known, later(seen, held), held, &timeline, {}});
      }
      for (const auto& path : all) {
        if (!(path.owner == owner)) continue;
        if (const auto until = shown_until(path, seen, last))
          lifetimes.add({Reason::earlier_answer_unknown, *until, path.lifetime.held, &timeline, {}});
      }
    }
  }

  /// Servers that held the name before its first probe may keep the key for ever: they count until caches no
  /// longer query them.
  void add_former(const DomainName& owner, const std::vector<Path>& all, CacheLifetimes& lifetimes) {
    std::optional<seconds> held;
    for (const auto& path : all) {
      if (path.owner == owner) held = std::max(held.value_or(seconds{0}), path.lifetime.held);
    }
    const seconds hold = held.value_or(read_.policy().unknown_wait);
    for (const auto& former : read_.zones().former_servers(owner)) {
      if (former.names.empty()) continue;
      lifetimes.add({Reason::old_nameservers, held_until(former.asked_until, hold), hold, nullptr,
                     old_nameservers_text(former, owner, "a key", hold)});
    }
  }

  ReadHistory read_;
  const std::optional<std::string>& key_;
  KeyReader keys_{config::Service::email};
};

}  // namespace

SafeTime safe_to_remove(std::optional<WallTime> last_signature, const RotationPolicy& policy, WallTime now) {
  SafeTime safe;
  if (!last_signature) {
    safe.reasons.push_back(
        reason_for(Reason::last_signature_unknown, {}, "the time of the key's last signature is not set"));
    return safe;
  }
  safe.at = later(*last_signature, policy.retention);
  safe.reasons.push_back(reason_for(
      Reason::retired_key_retention, safe.at,
      fmt::format("mail may be verified for up to {} after it was signed", duration_text(policy.retention))));
  safe.readiness = now >= *safe.at ? Readiness::ready : Readiness::wait;
  return safe;
}

std::chrono::milliseconds removal_grace(std::chrono::milliseconds retention) {
  return retention / 7;
}

GoneVerdict gone(const SelectorHistory& history, const std::optional<std::string>& key_sha256,
                 const RotationPolicy& policy, WallTime now) {
  return GoneQuestion(history, key_sha256, policy).answer(now);
}

}  // namespace dkimprobe::checks
