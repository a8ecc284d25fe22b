#include "checks/history/history.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "checks/answers/chain_answers.hpp"
#include "checks/answers/server_answer.hpp"
#include "checks/history/history_periods.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;

ServerTimeline& timeline_of(SelectorHistory& history, const DomainName& owner, const ServerId& server) {
  const auto known = std::ranges::find_if(history.servers, [&](const ServerTimeline& timeline) {
    return timeline.owner == owner && timeline.server.address == server.address;
  });
  if (known == history.servers.end())
    return history.servers.emplace_back(ServerTimeline{owner, server, {}, {}});
  if (!server.name.empty()) known->server.name = server.name;
  return *known;
}

/// A server that transfers late, but does transfer, is not stale: each new serial restarts the lag.
void note_lag(ServerTimeline& timeline, const ServerAnswer& answer, const HopAnswers& hop, WallTime now) {
  if (answer.soa_record == nullptr) return;
  if (newest_serial(hop, answer) == nullptr) {
    timeline.lag.reset();
  } else if (!timeline.lag || timeline.lag->serial != answer.soa_record->serial) {
    timeline.lag = SerialLag{answer.soa_record->serial, now};
  }
}

const AnswerPeriod* last_answer(const ServerTimeline& timeline) {
  const auto last =
      std::find_if(timeline.periods.rbegin(), timeline.periods.rend(), [](const AnswerPeriod& period) {
        return period.kind != PublishedKind::unknown && period.kind != PublishedKind::failure;
      });
  return last == timeline.periods.rend() ? nullptr : &*last;
}

// ---- Servers that left ----

/// Adds the names that the last seen aliases point to.
void follow_aliases(const SelectorHistory& history, std::vector<DomainName>& names) {
  for (std::size_t next = 0; next < names.size(); ++next) {
    const DomainName name = names[next];
    for (const auto& timeline : timelines_of(history.servers, name)) {
      const AnswerPeriod* const last = timeline.is_there() ? last_answer(timeline) : nullptr;
      if (last != nullptr && last->alias && std::ranges::find(names, *last->alias) == names.end())
        names.push_back(*last->alias);
    }
  }
}

void mark_left(SelectorHistory& history, const probe::Chain& chain, WallTime now) {
  if (chain.hops.empty()) return;
  AnswerPeriod left;
  left.kind = PublishedKind::left;
  const auto seen_now = [&](const ServerTimeline& timeline) {
    return !timeline.periods.empty() && timeline.periods.back().last_seen == now;
  };
  for (auto& timeline : history.servers) {
    const auto hop = std::ranges::find(chain.hops, timeline.owner, &probe::Hop::owner);
    if (hop == chain.hops.end() || seen_now(timeline)) continue;
    if (!timeline.is_there() || is_whole_search(hop->delegation)) add_period(timeline, left, now);
  }
  // A name that this probe did not reach still belongs to the chain if the last answer of a server that did
  // not respond now was an alias to it.
  std::vector<DomainName> names;
  for (const auto& hop : chain.hops) names.push_back(hop.owner);
  follow_aliases(history, names);
  for (auto& timeline : history.servers) {
    if (seen_now(timeline) || std::ranges::find(names, timeline.owner) != names.end()) continue;
    if (!timeline.is_there() || chain.outcome != probe::ChainOutcome::interrupted)
      add_period(timeline, left, now);
  }
}

// ---- Servers without a known address ----

/// Whether the history has a server of the name; with a family, one with an address of it.
bool has_server(const SelectorHistory& history, const DomainName& owner, const std::string& name,
                std::optional<config::Family> family) {
  return std::ranges::any_of(timelines_of(history.servers, owner), [&](const ServerTimeline& timeline) {
    return timeline.server.name == name && timeline.is_there() &&
           (!family || timeline.server.address.ip.family() == *family);
  });
}

/// The placeholder for a server whose addresses of this family, or of both, are unknown.
config::ServerAddress no_address_of(std::optional<config::Family> family) {
  if (!family) return no_address;
  static constexpr std::array<std::uint8_t, 16> nowhere{};
  const std::span octets(nowhere);
  return {config::Address::from_octets(octets.first(*family == config::Family::ipv4 ? 4 : 16))
              .value_or(config::Address{}),
          0};
}

/// The families of which the nameserver may have addresses that no search found; no value means both.
std::vector<std::optional<config::Family>> unfound_families(const probe::Nameserver& nameserver) {
  std::vector<std::optional<config::Family>> families;
  if (!nameserver.glue.empty() || !nameserver.addresses.empty()) {
    if (nameserver.ipv4_unknown) families.emplace_back(config::Family::ipv4);
    if (nameserver.ipv6_unknown) families.emplace_back(config::Family::ipv6);
    return families;
  }
  switch (nameserver.host) {
    case probe::HostOutcome::unknown:
    case probe::HostOutcome::budget_exhausted:
    case probe::HostOutcome::loop:
      families.emplace_back(std::nullopt);
      break;
    case probe::HostOutcome::found:
    case probe::HostOutcome::is_alias:
    case probe::HostOutcome::name_missing:
    case probe::HostOutcome::no_address:
      break;
  }
  return families;
}

/// A nameserver whose addresses, or those of one family, are unknown counts as an unchecked server while that
/// lasts.
void add_unfound(SelectorHistory& history, const probe::Chain& chain, WallTime now) {
  for (const auto& hop : chain.hops) {
    if (hop.delegation.outcome == probe::DiscoveryOutcome::pinned) continue;
    const auto add = [&](const DomainName& nameserver, std::optional<config::Family> family) {
      std::string name = nameserver.to_string();
      if (has_server(history, hop.owner, name, family)) return;
      const AnswerPeriod unseen{.first_seen = now, .last_seen = now};
      history.servers.push_back({hop.owner, {std::move(name), no_address_of(family)}, {unseen}});
    };
    for (const auto& nameserver : hop.delegation.nameservers) {
      for (const auto& family : unfound_families(nameserver)) add(nameserver.name, family);
    }
    for (const auto& name : hop.delegation.nameservers_cut_off) add(name, {});
  }
}

/// The times of a history, the latest first.
class Timestamps {
 public:
  void add(WallTime& time) { times_[time].push_back(&time); }
  void add(std::optional<WallTime>& time) {
    if (time) add(*time);
  }
  template <class Timeline>
  void add(Timeline& timeline) {
    for (auto& period : timeline.periods) {
      add(period.first_seen);
      add(period.last_seen);
    }
  }
  void set_back(WallTime time) {
    for (auto& [seen, places] : times_) {
      time = std::min(seen, time - std::chrono::milliseconds{1});
      for (WallTime* const place : places) *place = time;
    }
  }

 private:
  std::map<WallTime, std::vector<WallTime*>, std::greater<>> times_{};
};

}  // namespace

bool is_whole_search(const probe::Delegation& delegation) {
  return delegation.outcome == probe::DiscoveryOutcome::complete && delegation.nameservers_cut_off.empty() &&
         std::ranges::none_of(delegation.nameservers, [](const probe::Nameserver& nameserver) {
           return nameserver.host == probe::HostOutcome::unknown ||
                  nameserver.host == probe::HostOutcome::budget_exhausted || nameserver.ipv4_unknown ||
                  nameserver.ipv6_unknown;
         });
}

WallTime end_of(const probe::Observation& observation) {
  // An answer from the middle of the probe is certainly true by its end.
  const auto took = std::max(observation.took, std::chrono::microseconds{0});
  return observation.observed_at + std::chrono::ceil<std::chrono::milliseconds>(took);
}

void set_back(SelectorHistory& history, WallTime time) {
  Timestamps times;
  times.add(history.first_probe);
  times.add(history.last_probe);
  for (auto& timeline : history.servers) {
    times.add(timeline);
    if (timeline.lag) times.add(timeline.lag->since);
  }
  times.set_back(time);
  set_back(history.past, time);
}

void set_back(ZonePast& past, WallTime time) {
  Timestamps times;
  times.add(past.first_probe);
  times.add(past.last_probe);
  for (auto& timeline : past.zones) times.add(timeline);
  for (auto& timeline : past.names) times.add(timeline);
  times.set_back(time);
}

void forget_after(SelectorHistory& history, WallTime time) {
  forget_after(history.past, time);
  if (!history.first_probe || *history.first_probe > time) {
    ZonePast past = std::move(history.past);
    history = {};
    history.past = std::move(past);
    return;
  }
  forget_after(history.servers, time);
  history.last_probe = std::min(*history.last_probe, time);
}

void extend(SelectorHistory& history, const probe::Observation& observation) {
  const WallTime now = end_of(observation);
  if (!history.first_probe) {
    history.domain = observation.domain;
    history.selector = observation.selector;
    history.first_probe = now;
  } else if (!(history.domain == observation.domain) || !(history.selector == observation.selector) ||
             now < *history.last_probe) {
    return;
  }
  history.last_probe = now;
  std::erase_if(history.servers,
                [](const ServerTimeline& timeline) { return !timeline.server.has_address(); });
  const ChainAnswers answers = read_answers(observation.key);
  std::set<std::pair<DomainName, config::ServerAddress>> seen;
  for (const HopAnswers& hop : answers.hops) {
    for (const ServerAnswer& answer : hop.servers) {
      if (!seen.emplace(hop.hop->owner, answer.id.address).second) continue;
      ServerTimeline& timeline = timeline_of(history, hop.hop->owner, answer.id);
      add_period(timeline, read_period(answer, last_answer(timeline)), now);
      if (!observation.is_quick) note_lag(timeline, answer, hop, now);
    }
  }
  mark_left(history, observation.key, now);
  add_unfound(history, observation.key, now);
  if (!observation.is_quick) add_zones(history.past, observation.key, answers, now);
  keep_few(history.servers, most_timelines);
  keep_small(history.servers);
}

void extend_all(ZonePast& past, std::vector<HistoryProbe> probes, WallTime now) {
  // Of two probes that saw a change, the one that ended first saw it first.
  std::ranges::sort(probes, {}, [](const HistoryProbe& each) { return end_of(*each.observation); });
  if (!probes.empty() && past.last_probe && *past.last_probe > now)
    set_back(past, end_of(*probes.front().observation));
  for (const auto& [history, observation] : probes) {
    if (history->last_probe && *history->last_probe > now) set_back(*history, end_of(*observation));
    history->past = std::move(past);
    extend(*history, *observation);
    past = std::move(history->past);
  }
  for (const auto& each : probes) each.history->past = past;
}

void rewind_to(SelectorHistory& history, const probe::Observation& observation) {
  forget_after(history, end_of(observation));
  if (history.first_probe) extend(history, observation);
}

}  // namespace dkimprobe::checks
