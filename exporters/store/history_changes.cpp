#include "exporters/store/history_changes.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

#include "checks/answers/server_answer.hpp"
#include "checks/record/key_record.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::AnswerPeriod;
using checks::PublishedKind;
using checks::SelectorHistory;
using checks::ServerTimeline;
using Kind = HistoryChangeKind;

bool is_present(const AnswerPeriod& period) {
  return period.kind == PublishedKind::texts || period.kind == PublishedKind::alias;
}

/// Whether it shows what the server publishes.
bool is_certain(const AnswerPeriod& period) {
  return is_present(period) || period.is_absence();
}

bool is_revoked(const AnswerPeriod& period) {
  return period.kind == PublishedKind::texts && std::ranges::any_of(period.texts, [](const auto& strings) {
           return checks::read_key_record(checks::join_strings(strings))
               .has(checks::RecordFault::key_revoked);
         });
}

/// `certain` is the last known publication of the server, unless it has left.
Kind kind_of(const AnswerPeriod* before, const AnswerPeriod* certain, const AnswerPeriod& after,
             bool first_probe) {
  if (after.kind == PublishedKind::left) return Kind::left;
  if (before == nullptr && first_probe) return Kind::found;
  if (before == nullptr || before->kind == PublishedKind::left) return Kind::joined;
  if (before->same_answer(after)) return Kind::ttl;
  if (!is_certain(after)) return Kind::unanswered;
  if (certain == nullptr || certain->same_answer(after)) return Kind::answered;
  if (is_present(after) && !is_present(*certain)) return Kind::appeared;
  if (!is_present(after) && is_present(*certain)) return Kind::vanished;
  return is_revoked(after) && !is_revoked(*certain) ? Kind::revoked : Kind::changed;
}

bool same_change(const HistoryChange& a, const HistoryChange& b) {
  const auto same_answer = [](const std::optional<AnswerPeriod>& x, const std::optional<AnswerPeriod>& y) {
    return x.has_value() == y.has_value() && (!x || (x->same_answer(*y) && x->ttl_seconds == y->ttl_seconds));
  };
  return a.kind == b.kind && a.owner == b.owner && same_answer(a.before, b.before) &&
         same_answer(a.after, b.after);
}

using Changes = std::map<probe::WallTime, std::vector<HistoryChange>>;

/// Merges servers with the same change in the same probe.
void add(Changes& changes, HistoryChange change) {
  auto& time = changes[change.seen];
  const auto alike =
      std::ranges::find_if(time, [&](const HistoryChange& other) { return same_change(change, other); });
  if (alike == time.end()) {
    time.push_back(std::move(change));
    return;
  }
  alike->servers.insert(alike->servers.end(), change.servers.begin(), change.servers.end());
  // The widest interval: a server may not have answered in between.
  if (change.not_before < alike->not_before) alike->not_before = change.not_before;
}

void add_server(const ServerTimeline& timeline, std::optional<probe::WallTime> first_probe,
                Changes& changes) {
  const AnswerPeriod* before = nullptr;
  const AnswerPeriod* certain = nullptr;
  for (const auto& period : timeline.periods) {
    HistoryChange change;
    change.kind = kind_of(before, certain, period, period.first_seen == first_probe);
    change.seen = period.first_seen;
    change.owner = timeline.owner;
    change.servers = {timeline.server};
    // The change starts from what the server published before it stopped answering.
    const AnswerPeriod* const from = is_certain(period) && certain != nullptr ? certain : before;
    if (from != nullptr && change.kind != Kind::joined) {
      change.not_before = from->last_seen;
      change.before = *from;
    }
    if (change.kind != Kind::left) change.after = period;
    add(changes, std::move(change));
    before = &period;
    if (is_certain(period)) certain = &period;
    if (period.kind == PublishedKind::left) certain = nullptr;
  }
}

void add_zone(const checks::ZoneTimeline& zone, Changes& changes) {
  const checks::NameserverPeriod* before = nullptr;
  for (const auto& period : zone.periods) {
    // A change of the TTLs of a delegation alone is not reported.
    if (before == nullptr || !before->same_nameservers(period)) {
      HistoryChange change;
      change.kind = Kind::nameservers;
      change.seen = period.first_seen;
      change.owner = zone.apex;
      if (before != nullptr) {
        change.not_before = before->last_seen;
        change.nameservers_before = *before;
      }
      change.nameservers_after = period;
      changes[change.seen].push_back(std::move(change));
    }
    before = &period;
  }
}

/// What the server published at the time; null if that is not certain.
const AnswerPeriod* certain_answer(const ServerTimeline& timeline, probe::WallTime time) {
  const auto next = std::ranges::upper_bound(timeline.periods, time, {}, &AnswerPeriod::first_seen);
  return next != timeline.periods.begin() && is_certain(*std::prev(next)) ? &*std::prev(next) : nullptr;
}

/// When the servers of one name started and stopped to return different answers.
void add_differences(const std::vector<const ServerTimeline*>& servers, Changes& changes) {
  std::set<probe::WallTime> times;
  for (const auto* timeline : servers) {
    for (const auto& period : timeline->periods) times.insert(period.first_seen);
  }
  bool differ = false;
  for (const auto time : times) {
    std::vector<checks::ServerId> certain;
    const AnswerPeriod* first = nullptr;
    bool differ_now = false;
    for (const auto* timeline : servers) {
      const AnswerPeriod* const answer = certain_answer(*timeline, time);
      if (answer == nullptr) continue;
      certain.push_back(timeline->server);
      if (first == nullptr) first = answer;
      differ_now = differ_now || !first->same_answer(*answer);
    }
    if (differ_now == differ) continue;
    differ = differ_now;
    HistoryChange change;
    change.kind = differ ? Kind::differed : Kind::agreed;
    change.seen = time;
    change.owner = servers.front()->owner;
    change.servers = std::move(certain);
    changes[time].push_back(std::move(change));
  }
}

}  // namespace

std::vector<HistoryChange> history_changes(const SelectorHistory& history) {
  Changes by_time;
  for (const auto& zone : history.past.zones) add_zone(zone, by_time);
  std::map<config::DomainName, std::vector<const ServerTimeline*>> by_owner;
  for (const auto& timeline : history.servers) {
    if (!timeline.server.has_address()) continue;
    add_server(timeline, history.first_probe, by_time);
    by_owner[timeline.owner].push_back(&timeline);
  }
  for (const auto& [owner, servers] : by_owner) add_differences(servers, by_time);
  std::vector<HistoryChange> changes;
  for (auto& [time, at_time] : by_time) std::ranges::move(at_time, std::back_inserter(changes));
  return changes;
}

bool is_notable(const HistoryChange& change, const SelectorHistory& history) {
  return change.kind != Kind::ttl &&
         (change.kind != Kind::nameservers || change.seen != history.past.first_probe);
}

std::vector<KeyPeriod> key_periods(const SelectorHistory& history) {
  std::map<std::string, KeyPeriod> by_fingerprint;
  for (const auto& timeline : history.servers) {
    for (const auto& period : timeline.periods) {
      for (const auto& strings : period.texts) {
        const auto key = checks::read_key_record(checks::join_strings(strings)).key;
        if (!key || key->sha256.empty()) continue;
        const auto [found, is_new] = by_fingerprint.try_emplace(
            key->sha256,
            KeyPeriod{key->sha256, key->algorithm, key->bits, period.first_seen, period.last_seen, {}});
        found->second.first_seen = std::min(found->second.first_seen, period.first_seen);
        found->second.last_seen = std::max(found->second.last_seen, period.last_seen);
      }
    }
  }
  std::vector<KeyPeriod> keys;
  for (auto& [sha256, key] : by_fingerprint) keys.push_back(std::move(key));
  std::ranges::sort(keys, {}, [](const KeyPeriod& key) { return std::tie(key.first_seen, key.sha256); });
  return keys;
}

std::optional<probe::WallTime> key_first_seen(const checks::SelectorHistory& history,
                                              const checks::Report& report) {
  if (!report.key) return std::nullopt;
  const auto periods = key_periods(history);
  const auto period = std::ranges::find(periods, report.key->sha256, &KeyPeriod::sha256);
  return period == periods.end() ? std::nullopt : std::optional(period->first_seen);
}

std::string_view to_string(HistoryChangeKind kind) {
  switch (kind) {
    case Kind::nameservers:
      return "nameservers";
    case Kind::found:
      return "found";
    case Kind::joined:
      return "joined";
    case Kind::left:
      return "left";
    case Kind::appeared:
      return "appeared";
    case Kind::changed:
      return "changed";
    case Kind::revoked:
      return "revoked";
    case Kind::vanished:
      return "vanished";
    case Kind::ttl:
      return "ttl";
    case Kind::unanswered:
      return "unanswered";
    case Kind::answered:
      return "answered";
    case Kind::differed:
      return "differed";
    case Kind::agreed:
      return "agreed";
  }
  return {};
}

}  // namespace dkimprobe::exporters
