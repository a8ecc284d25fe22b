#include "probe/schedule/schedule.hpp"

#include <algorithm>
#include <cmath>

namespace dkimprobe::probe {
namespace {

/// An interval is the longest time between two probes; this fraction of it is random.
constexpr double jitter = 0.1;
/// New domains get a full probe at once if all of these take at most this long.
constexpr double longest_first_seconds = 60;

MonotonicTime::duration times(std::chrono::milliseconds duration, double factor) {
  return std::chrono::duration_cast<MonotonicTime::duration>(
      std::chrono::duration<double, std::milli>(static_cast<double>(duration.count()) * factor));
}

/// Whether both ask the same servers for the same selectors.
bool same_question(const WatchedDomain& a, const WatchedDomain& b) {
  return a.selectors == b.selectors && a.nameservers == b.nameservers;
}

}  // namespace

MonotonicTime::duration Schedule::tolerance(const Entry& entry) {
  return times(entry.target.interval, 0.1);
}

/// When there is room for a probe of the domain among those under way.
std::optional<MonotonicTime> Schedule::room_at(const Entry& entry, MonotonicTime now) const {
  return entry.seen ? now
                    : first_.room_at(entry.starts_quick ? limits_.most_first_quick : limits_.most_first, now);
}

void Schedule::plan_first(Entry& entry, std::size_t new_domains) const {
  entry.first_full_within = std::max(limits_.full_every, 1U);
  if (limits_.rate_per_second <= 0) return;
  const auto domains = static_cast<double>(new_domains);
  const double full = domains * static_cast<double>(queries_of_probe(ProbeDepth::full, 1));
  entry.starts_quick = full > limits_.rate_per_second * longest_first_seconds;
  // Full probes get nine tenths of the rate limit, less what quick probes use. With all of it, probes would
  // queue up.
  const std::chrono::duration<double> interval = entry.target.interval;
  const double left = limits_.rate_per_second * interval.count() * 0.9 - domains / (1.0 - jitter / 2);
  if (left * entry.first_full_within > full)
    entry.first_full_within = static_cast<std::uint32_t>(std::ceil(full / left));
}

/// Uniform from 0 to 1; the standard library's distribution is not the same on every platform.
double Schedule::chance() {
  return static_cast<double>(random_() >> 11U) / static_cast<double>(1ULL << 53U);
}

MonotonicTime::duration Schedule::jittered(std::chrono::milliseconds interval) {
  return times(interval, 1.0 - jitter * chance());
}

bool Schedule::take_early(Entry& entry, MonotonicTime now) {
  const std::chrono::duration<double> passed = now - entry.early_at;
  const std::chrono::duration<double> interval = entry.target.interval;
  entry.early_left = std::min<double>(limits_.most_early, entry.early_left + passed / interval);
  entry.early_at = now;
  if (entry.early_left < 1.0) return false;
  entry.early_left -= 1.0;
  return true;
}

void Schedule::set_due(Entries::iterator entry, MonotonicTime due) {
  waiting_.erase({entry->second.due, &entry->first});
  entry->second.due = due;
  waiting_.emplace(due, &entry->first);
}

void Schedule::forget(Entries::iterator entry) {
  waiting_.erase({entry->second.due, &entry->first});
  entries_.erase(entry);
}

void Schedule::update(Entries::iterator at, const WatchedDomain& target, MonotonicTime now) {
  Entry& entry = at->second;
  const bool other_question = !same_question(entry.target, target);
  const bool other_interval = entry.target.interval != target.interval;
  const bool is_waiting = !entry.under_way && entry.seen;
  entry.target = target;
  if (entry.removed || other_question) {
    entry.removed = false;
    entry.wants_full = true;
    entry.again = entry.under_way;
    if (is_waiting) set_due(at, std::min(entry.due, now));
  } else if (other_interval && is_waiting) {
    set_due(at, std::min(entry.due, entry.began + jittered(target.interval)));
  }
}

/// New domains begin in random order: neighbours in a file often share servers and should not be probed
/// together.
void Schedule::schedule_new(std::vector<Entries::iterator> added, MonotonicTime now) {
  // Domains that are not probed yet count as new too: they may wait for the same servers.
  for (const auto at : added) plan_first(at->second, added.size() + never_probed_);
  for (std::size_t i = added.size(); i > 1; --i) std::swap(added[i - 1], added[random_() % i]);
  for (std::size_t i = 0; i < added.size(); ++i) {
    Entry& entry = added[i]->second;
    entry.early_left = limits_.most_early;
    entry.early_at = now;
    const auto spread = std::min<MonotonicTime::duration>(
        limits_.start_spread * i,
        times(entry.target.interval, static_cast<double>(i) / static_cast<double>(added.size())));
    set_due(added[i], now + spread);
  }
}

void Schedule::replace(const std::vector<WatchedDomain>& targets, MonotonicTime now) {
  std::map<config::DomainName, const WatchedDomain*> wanted;
  for (const WatchedDomain& target : targets) wanted.emplace(target.domain, &target);
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto entry = at++;
    if (wanted.contains(entry->first)) continue;
    if (entry->second.under_way) {
      entry->second.removed = true;
    } else {
      forget(entry);
    }
  }
  std::vector<Entries::iterator> added;
  for (const auto& [domain, target] : wanted) {
    const auto [at, is_new] = entries_.try_emplace(domain);
    if (is_new) {
      at->second.target = *target;
      added.push_back(at);
    } else {
      update(at, *target, now);
    }
  }
  schedule_new(std::move(added), now);
  size_ = wanted.size();
  never_probed_ = static_cast<std::size_t>(std::ranges::count_if(
      entries_, [](const auto& each) { return !each.second.seen && !each.second.removed; }));
}

std::optional<Schedule::Turn> Schedule::begin_next(MonotonicTime now, const Admission& admission) {
  if (all_.room_at(limits_.most_at_once, now) != now) return std::nullopt;
  for (const auto& [due, domain] : waiting_) {
    if (due > now) break;
    const auto at = entries_.find(*domain);
    Entry& entry = at->second;
    if (room_at(entry, now) != now || admission(*domain) > now) continue;

    Turn turn{*domain, ProbeDepth::quick, entry.confirms, due};
    const bool quick = entry.starts_quick && (!entry.seen || entry.confirms);
    if (!quick && (entry.wants_full || entry.confirms || entry.to_full == 0)) turn.depth = ProbeDepth::full;
    if (now - due > tolerance(entry)) ++began_late_;
    waiting_.erase({due, &at->first});
    entry.under_way = true;
    entry.began = now;
    entry.depth = turn.depth;
    if (turn.depth == ProbeDepth::full) entry.wants_full = false;
    all_.begin(now);
    if (!entry.seen) first_.begin(now);
    return turn;
  }
  return std::nullopt;
}

std::optional<MonotonicTime> Schedule::next_turn(MonotonicTime now, const Admission& admission) const {
  const auto room = all_.room_at(limits_.most_at_once, now);
  if (!room) return std::nullopt;
  std::optional<MonotonicTime> next;
  for (const auto& [due, domain] : waiting_) {
    if (next && due >= *next) break;
    const auto own_room = room_at(entries_.at(*domain), now);
    if (!own_room) continue;
    const MonotonicTime at = std::max({due, *room, *own_room, due > now ? due : admission(*domain)});
    if (!next || at < *next) next = at;
  }
  return next;
}

std::optional<MonotonicTime> Schedule::finished(const config::DomainName& domain, ProbeVerdict verdict,
                                                MonotonicTime now) {
  const auto at = entries_.find(domain);
  if (at == entries_.end() || !at->second.under_way) return std::nullopt;
  Entry& entry = at->second;
  entry.under_way = false;
  all_.end(entry.began);
  const bool is_first = !entry.seen;
  if (is_first) first_.end(entry.began);
  if (entry.removed) {
    entries_.erase(at);
    return std::nullopt;
  }
  entry.seen = true;
  if (is_first) --never_probed_;

  const bool completes = choose_depth(entry, verdict, is_first);
  choose_eagerness(entry, verdict, is_first);
  const MonotonicTime due = due_after(entry, verdict, is_first, completes, now);
  set_due(at, due);
  return due;
}

bool Schedule::choose_depth(Entry& entry, ProbeVerdict verdict, bool is_first) {
  const std::uint32_t quick_probes = std::max(limits_.full_every, 1U) - 1U;
  if (is_first && verdict != ProbeVerdict::failed) {
    // Random, so that the full probes of domains that started together are spread out.
    entry.to_full = static_cast<std::uint32_t>(
        random_() % (entry.starts_quick ? entry.first_full_within : quick_probes + 1U));
    if (entry.starts_quick && !entry.again) entry.wants_full = false;
  } else if (entry.depth == ProbeDepth::quick) {
    if (entry.to_full > 0 && !entry.confirms) --entry.to_full;
  } else if (verdict == ProbeVerdict::failed) {
    entry.wants_full = true;
  } else {
    entry.to_full = quick_probes;
  }
  return entry.depth == ProbeDepth::full && verdict != ProbeVerdict::failed &&
         std::exchange(entry.starts_quick, false);
}

void Schedule::choose_eagerness(Entry& entry, ProbeVerdict verdict, bool is_first) const {
  const auto interval = entry.target.interval;
  // A first probe has nothing to compare with, so it shows no change.
  const bool shows_change = verdict == ProbeVerdict::changed && !is_first;
  if (entry.eager.count() > 0 && !shows_change) {
    entry.eager *= 2;
  } else if (shows_change || verdict == ProbeVerdict::failed) {
    entry.eager = limits_.soonest;
  }
  // A lasting failure is no reason to probe sooner.
  if (entry.eager >= interval) {
    entry.eager = verdict == ProbeVerdict::failed ? interval : std::chrono::milliseconds{0};
  }
}

MonotonicTime Schedule::due_after(Entry& entry, ProbeVerdict verdict, bool is_first, bool completes,
                                  MonotonicTime now) {
  const auto interval = entry.target.interval;
  // The second probe is due at a random time in the interval; this spreads all domains over it.
  MonotonicTime due =
      entry.began + (is_first ? times(interval, jitter + (1.0 - jitter) * chance()) : jittered(interval));
  entry.confirms = false;
  // Additional facts of the first full probe are new to the caller, not a change that needs confirmation; the
  // next quick probe shows them again.
  if (verdict == ProbeVerdict::unconfirmed && !completes) {
    if (!entry.starts_quick) entry.wants_full = true;
    if (entry.confirmations < limits_.most_confirmations && take_early(entry, now)) {
      ++entry.confirmations;
      entry.confirms = true;
      due = now;
    }
  } else {
    entry.confirmations = 0;
  }
  if (!entry.confirms && entry.eager.count() > 0 && entry.eager < interval) {
    const MonotonicTime sooner = now + jittered(entry.eager);
    if (sooner < due && take_early(entry, now)) due = sooner;
  }
  if (std::exchange(entry.again, false)) due = now;
  return std::max(due, now);
}

const WatchedDomain* Schedule::find(const config::DomainName& domain) const {
  const auto at = entries_.find(domain);
  return at == entries_.end() || at->second.removed ? nullptr : &at->second.target;
}

std::size_t Schedule::late(MonotonicTime now) const {
  std::size_t late = 0;
  for (const auto& [due, domain] : waiting_) {
    if (due > now) break;
    if (now - due > tolerance(entries_.at(*domain))) ++late;
  }
  return late;
}

std::size_t queries_of_probe(ProbeDepth depth, std::size_t selectors) {
  switch (depth) {
    case ProbeDepth::quick:
      return selectors;
    case ProbeDepth::full:
      // The record three times; SOA, NS, the wildcard probe, `_domainkey` and ADSP once; and, during the
      // walk, whether there is a cut at `_domainkey`, at each selector and at ADSP.
      return 4 * selectors + 7;
  }
  return 0;
}

RateFit fits(std::span<const TargetLoad> targets, double rate_per_second, const ScheduleLimits& limits) {
  struct Load {
    double per_second = 0;
    double per_probe = 0;  ///< for all its domains together
  };
  std::map<std::optional<config::ServerAddress>, Load> loads;
  const double probes = std::max(limits.full_every, 1U);
  for (const TargetLoad& target : targets) {
    const auto quick = static_cast<double>(queries_of_probe(ProbeDepth::quick, target.selectors));
    const auto full = static_cast<double>(queries_of_probe(ProbeDepth::full, target.selectors));
    const double queries = (full + quick * (probes - 1.0)) / probes;
    const auto add = [&](const std::optional<config::ServerAddress>& server) {
      Load& load = loads[server];
      load.per_probe += queries;
      load.per_second +=
          queries / (std::chrono::duration<double>(target.interval).count() * (1.0 - jitter / 2));
    };
    if (target.servers.empty()) add(std::nullopt);
    for (const config::ServerAddress& server : target.servers) add(server);
  }
  const auto busiest = std::max_element(loads.begin(), loads.end(), [](const auto& a, const auto& b) {
    return a.second.per_second < b.second.per_second;
  });
  RateFit fit;
  if (busiest == loads.end()) return fit;
  fit.busiest = busiest->first;
  fit.queries_per_second = busiest->second.per_second;
  if (rate_per_second <= 0) return fit;
  fit.fits = fit.queries_per_second <= rate_per_second;
  fit.shortest_interval = std::chrono::seconds{static_cast<std::int64_t>(
      std::ceil(busiest->second.per_probe / (rate_per_second * (1.0 - jitter / 2))))};
  return fit;
}

}  // namespace dkimprobe::probe
