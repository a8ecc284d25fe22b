// When a key that no longer signs may be removed, and when it has expired from caches.
#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
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
    const auto all = ways();
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
    const auto texts = joined_texts(period);
    return std::ranges::any_of(texts, [&](const std::string& text) {
      const KeyRecord& record = keys_.read(text);
      return record.key && !record.key->sha256.empty() && (!key_ || record.key->sha256 == *key_);
    });
  }

  void add_rows(const DomainName& name, std::vector<ServerProgress>& rows) {
    const auto is_server = [&](const ServerTimeline& timeline) {
      return timeline.owner == name && timeline.is_there();
    };
    if (std::ranges::none_of(read_.history().servers, is_server)) {
      rows.push_back(
          {name, {{}, no_address}, Progress::unknown, {}, "no server for this name could be queried"});
    }
    for (const auto& timeline : read_.history().servers) {
      if (!is_server(timeline) || read_.is_left_out(timeline)) continue;
      const AnswerPeriod& last = timeline.periods.back();
      if (last.last_seen == read_.history().last_probe && last.kind == PublishedKind::alias) continue;
      ServerProgress row{timeline.owner, timeline.server, Progress::unknown, {}, "not in the last probe"};
      if (last.last_seen == read_.history().last_probe) {
        KeyComparison seen = compare(last);
        row.progress = seen.progress;
        row.detail = timeline.server.has_address() ? std::move(seen.detail) : read_.why_not_asked(timeline);
        row.since = last.first_seen;
      }
      rows.push_back(std::move(row));
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

  [[nodiscard]] seconds life(const AnswerPeriod& period) const {
    return period.ttl_seconds ? seconds{*period.ttl_seconds} : read_.policy().unknown_wait;
  }

  /// A path to the key: a text that holds it, or an alias to where one may be.
  struct Way {
    DomainName owner{};
    CacheLifetime lifetime{};
    WallTime from{};
    std::optional<WallTime> end{};
    const DomainName* target = nullptr;  ///< of an alias
  };

  [[nodiscard]] std::vector<Way> ways() {
    std::vector<Way> all;
    for (const auto& timeline : read_.history().servers) {
      const bool in_chain = read_.is_in_chain(timeline.owner);
      for (const auto& interval : read_.intervals(timeline)) {
        const AnswerPeriod& period = *interval.period;
        const bool is_alias = period.kind == PublishedKind::alias;
        if (!is_alias && !has_key(period)) continue;
        const Reason reason = interval.left ? Reason::old_nameservers
                              : is_alias    ? Reason::old_alias_ttl
                                            : Reason::old_record_ttl;
        Way way{timeline.owner,
                {reason, WallTime::max(), life(period), &timeline, {}},
                period.first_seen,
                interval.until,
                nullptr};
        // A name that no alias points to any more is no longer probed.
        if (interval.until && (in_chain || !interval.left))
          way.lifetime.until = held_until(*interval.until, way.lifetime.held);
        if (is_alias) way.target = &*period.alias;
        all.push_back(std::move(way));
      }
    }
    return all;
  }

  /// The last lifetime of the key at each name where caches can have found it: an alias shows it no longer
  /// than its target does.
  [[nodiscard]] static std::map<DomainName, CacheLifetime> last_lifetimes(const std::vector<Way>& all) {
    std::map<DomainName, CacheLifetime> last;
    // Each pass follows one more alias. It ends: times only grow, and each is the time of one of the paths.
    for (bool grew = true; grew;) {
      grew = false;
      for (const auto& way : all) {
        CacheLifetime lifetime = way.lifetime;
        if (way.target != nullptr) {
          const auto behind = last.find(*way.target);
          if (behind == last.end()) continue;
          if (behind->second.until < lifetime.until) lifetime = behind->second;
        }
        const auto [known, is_new] = last.try_emplace(way.owner, lifetime);
        if (!is_new && known->second.until >= lifetime.until) continue;
        known->second = lifetime;
        grew = true;
      }
    }
    return last;
  }

  /// Servers that did not have the key when first seen may have had it before, for as long as others of the
  /// same name had it. If no probe saw it anywhere, any server may have had it before the first probe.
  void add_earlier(const DomainName& owner, const std::vector<Way>& all,
                   const std::map<DomainName, CacheLifetime>& last, CacheLifetimes& lifetimes) {
    for (const auto& timeline : read_.history().servers) {
      if (!(timeline.owner == owner)) continue;
      const auto first = std::ranges::find_if(timeline.periods, &AnswerPeriod::is_whole);
      if (first == timeline.periods.end() || first->kind == PublishedKind::alias || has_key(*first)) continue;
      if (all.empty()) {
        const seconds held = read_.policy().unknown_wait;
        lifetimes.add({Reason::nothing_known, later(first->first_seen, held), held, &timeline, {}});
      }
      for (const auto& way : all) {
        if (!(way.owner == owner) || way.from > first->first_seen) continue;
        if (way.end && *way.end < first->first_seen) continue;
        WallTime until = held_until(first->first_seen, way.lifetime.held);
        if (way.target != nullptr) {
          const auto behind = last.find(*way.target);
          if (behind == last.end() || behind->second.until < first->first_seen) continue;
          until = std::min(until, behind->second.until);
        }
        lifetimes.add({Reason::earlier_answer_unknown, until, way.lifetime.held, &timeline, {}});
      }
    }
  }

  /// Servers that held the name before its first probe may keep the key for ever: they count until caches no
  /// longer query them.
  void add_former(const DomainName& owner, const std::vector<Way>& all, CacheLifetimes& lifetimes) {
    std::optional<seconds> held;
    for (const auto& way : all) {
      if (way.owner == owner) held = std::max(held.value_or(seconds{0}), way.lifetime.held);
    }
    const seconds hold = held.value_or(read_.policy().unknown_wait);
    for (const auto& former : read_.zones().former_servers(owner)) {
      if (former.names.empty()) continue;
      std::vector<std::string> names;
      for (const auto& name : former.names) names.push_back(name.to_string());
      lifetimes.add(
          {Reason::old_nameservers, held_until(former.asked_until, hold), hold, nullptr,
           fmt::format("{} had other nameservers before ({}): caches that know them may query them for {} "
                       "until their NS records expire, and hold a key for {} s more",
                       former.zone.to_string(), join_some(names), owner.to_string(), hold.count())});
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
  if (*last_signature > now) {
    safe.reasons.push_back(reason_for(Reason::last_signature_in_future, *last_signature,
                                      "the given last signature is in the future"));
    return safe;
  }
  safe.at = later(*last_signature, policy.retention);
  safe.reasons.push_back(reason_for(
      Reason::retired_key_retention, safe.at,
      fmt::format("mail may be verified for up to {} after it was signed", duration_text(policy.retention))));
  safe.readiness = now >= *safe.at ? Readiness::ready : Readiness::wait;
  return safe;
}

GoneVerdict gone(const SelectorHistory& history, const std::optional<std::string>& key_sha256,
                 const RotationPolicy& policy, WallTime now) {
  return GoneQuestion(history, key_sha256, policy).answer(now);
}

}  // namespace dkimprobe::checks
