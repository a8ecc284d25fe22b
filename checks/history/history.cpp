#include "checks/history/history.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iterator>
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
using Texts = std::vector<std::vector<std::string>>;

/// The most texts that are kept of merged periods.
constexpr std::size_t most_texts_together = 16;

void sort_once(Texts& texts) {
  std::ranges::sort(texts);
  texts.erase(std::ranges::unique(texts).begin(), texts.end());
}

// ---- One server in one probe ----

std::optional<std::uint32_t> answer_ttl(const probe::Response& response) {
  std::optional<std::uint32_t> ttl;
  for (const auto& record : response.txt) keep_largest(ttl, record.ttl_seconds);
  if (!ttl) {
    for (const auto& alias : response.aliases) keep_largest(ttl, alias.ttl_seconds);
  }
  return ttl;
}

/// The period of a complete answer, with the longest time for which a cache may hold it.
AnswerPeriod whole_period(const TransportAttempts& way, const ServerAnswer& server) {
  const probe::Response& response = *way.response();
  AnswerPeriod period;
  if (way.outcome == ServerOutcome::answered) {
    period.alias = alias_target(response);
    period.kind = period.alias ? PublishedKind::alias : PublishedKind::texts;
    for (const auto& record : response.txt) period.texts.push_back(record.strings);
    sort_once(period.texts);
    period.ttl_seconds = answer_ttl(response);
  } else {
    period.kind = way.outcome == ServerOutcome::nxdomain ? PublishedKind::nxdomain : PublishedKind::nodata;
    period.ttl_seconds = absence_ttl(response);
    if (server.soa_record != nullptr) {
      keep_largest(period.ttl_seconds,
                   std::min(server.soa_record->ttl_seconds, server.soa_record->minimum_seconds));
    }
    keep_largest(period.nsec_ttl_seconds, response.nsec_ttl_seconds);
  }
  return period;
}

/// The texts of both, up to `most_texts_together`; those of `newer` first.
Texts both_texts(Texts newer, const Texts& older) {
  newer.resize(std::min(newer.size(), most_texts_together));
  for (const auto& text : older) {
    if (newer.size() < most_texts_together) newer.push_back(text);
  }
  sort_once(newer);
  return newer;
}

/// The neighbours of the name: a wildcard, NSEC records, a denied `_domainkey`. What this probe did not see
/// is assumed unchanged.
void read_neighbours(const ServerAnswer& answer, const AnswerPeriod* before, AnswerPeriod& period) {
  const probe::Response* const wildcard_probe = answer.wildcard_probe.response();
  if (wildcard_probe != nullptr && is_whole(answer.wildcard_probe.outcome)) {
    keep_largest(period.nsec_ttl_seconds, wildcard_probe->nsec_ttl_seconds);
    if (answer.wildcard_probe.outcome == ServerOutcome::answered)
      period.wildcard_ttl_seconds = answer_ttl(*wildcard_probe);
  } else if (before != nullptr) {
    keep_largest(period.nsec_ttl_seconds, before->nsec_ttl_seconds);
    period.wildcard_ttl_seconds = before->wildcard_ttl_seconds;
  }
  if (answer.domainkey.outcome == ServerOutcome::nxdomain) {
    period.domainkey_denied_seconds = absence_ttl(*answer.domainkey.response());
    if (!period.domainkey_denied_seconds) period.domainkey_denied_seconds = period.ttl_seconds;
  } else if (!is_whole(answer.domainkey.outcome) && before != nullptr) {
    period.domainkey_denied_seconds = before->domainkey_denied_seconds;
  }
}

AnswerPeriod read_period(const ServerAnswer& answer, const AnswerPeriod* before) {
  AnswerPeriod period;
  for (const TransportAttempts* way : {&answer.plain, &answer.edns, &answer.tcp}) {
    if (!is_whole(way->outcome)) continue;
    AnswerPeriod told = whole_period(*way, answer);
    if (period.kind == PublishedKind::unknown && !period.ttl_seconds) {
      period = std::move(told);
      continue;
    }
    if (!period.same_answer(told)) {
      // Which of them the next client gets is random.
      period.kind = PublishedKind::unknown;
      period.texts = both_texts(std::move(told.texts), period.texts);
      period.alias.reset();
      period.ttl_seconds = period.ttl_seconds.value_or(0);
    }
    keep_largest(period.ttl_seconds, told.ttl_seconds);
    keep_largest(period.nsec_ttl_seconds, told.nsec_ttl_seconds);
  }
  if (period.kind == PublishedKind::unknown && answer.outcome == ServerOutcome::servfail) {
    period.kind = PublishedKind::failure;
  }
  if (is_whole(answer.outcome)) read_neighbours(answer, before, period);
  return period;
}

// ---- A timeline ----

bool same_period(const AnswerPeriod& a, const AnswerPeriod& b) {
  return a.same_answer(b) && a.ttl_seconds == b.ttl_seconds && a.nsec_ttl_seconds == b.nsec_ttl_seconds &&
         a.domainkey_denied_seconds == b.domainkey_denied_seconds &&
         a.wildcard_ttl_seconds == b.wildcard_ttl_seconds;
}

std::size_t text_bytes(const std::vector<AnswerPeriod>& periods) {
  std::size_t bytes = 0;
  for (const auto& period : periods) {
    for (const auto& text : period.texts) {
      for (const auto& string : text) bytes += string.size() + sizeof string;
    }
  }
  return bytes;
}

/// Merges two neighbours: no time for which a cache may hold either is shortened.
void join_periods(std::vector<AnswerPeriod>& periods, std::size_t first) {
  AnswerPeriod& older = periods[first];
  const AnswerPeriod& newer = periods[first + 1];
  if (!older.same_answer(newer)) {
    older.kind = PublishedKind::unknown;
    older.texts = both_texts(newer.texts, older.texts);
    older.alias.reset();
    older.ttl_seconds = older.ttl_seconds.value_or(0);
  }
  older.last_seen = newer.last_seen;
  keep_largest(older.ttl_seconds, newer.ttl_seconds);
  keep_largest(older.nsec_ttl_seconds, newer.nsec_ttl_seconds);
  keep_largest(older.domainkey_denied_seconds, newer.domainkey_denied_seconds);
  keep_largest(older.wildcard_ttl_seconds, newer.wildcard_ttl_seconds);
  periods.erase(periods.begin() + static_cast<std::ptrdiff_t>(first) + 1);
}

void keep_short(std::vector<AnswerPeriod>& periods) {
  // The last two are kept: the present answer and the one before it.
  while (periods.size() > longest_timeline ||
         (periods.size() > 3 && text_bytes(periods) > largest_timeline_bytes)) {
    // Prefer a pair that differs only in TTLs: no change of answer is lost.
    std::size_t first = 0;
    while (first + 3 < periods.size() && !periods[first].same_answer(periods[first + 1])) ++first;
    join_periods(periods, first + 3 < periods.size() ? first : 0);
  }
}

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
    for (const auto& timeline : history.servers) {
      if (!(timeline.owner == names[next]) || !timeline.is_there()) continue;
      const AnswerPeriod* const last = last_answer(timeline);
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

bool has_server(const SelectorHistory& history, const DomainName& owner, const std::string& name,
                std::optional<config::Family> family = std::nullopt) {
  return std::ranges::any_of(history.servers, [&](const ServerTimeline& timeline) {
    return timeline.owner == owner && timeline.server.name == name && timeline.is_there() &&
           (!family || timeline.server.address.ip.family() == *family);
  });
}

/// The placeholder for a server whose addresses of only this family are unknown.
config::ServerAddress no_address_of(config::Family family) {
  static constexpr std::array<std::uint8_t, 16> nowhere{};
  const std::span octets(nowhere);
  return {config::Address::from_octets(octets.first(family == config::Family::ipv4 ? 4 : 16))
              .value_or(config::Address{}),
          0};
}

/// A nameserver whose addresses, or those of one family, are unknown counts as an unchecked server while that
/// lasts.
void add_unfound(SelectorHistory& history, const probe::Chain& chain, WallTime now) {
  for (const auto& hop : chain.hops) {
    const auto add_never_probed = [&](std::string name, const config::ServerAddress& address) {
      AnswerPeriod unseen;
      unseen.first_seen = now;
      unseen.last_seen = now;
      history.servers.push_back({hop.owner, {std::move(name), address}, {std::move(unseen)}});
    };
    const auto add = [&](const DomainName& nameserver) {
      const std::string name = nameserver.to_string();
      if (!has_server(history, hop.owner, name)) add_never_probed(name, no_address);
    };
    const auto add_family = [&](const DomainName& nameserver, config::Family family) {
      const std::string name = nameserver.to_string();
      if (!has_server(history, hop.owner, name, family)) add_never_probed(name, no_address_of(family));
    };
    if (hop.delegation.outcome == probe::DiscoveryOutcome::pinned) continue;
    for (const auto& nameserver : hop.delegation.nameservers) {
      if (!nameserver.glue.empty() || !nameserver.addresses.empty()) {
        if (nameserver.ipv4_unknown) add_family(nameserver.name, config::Family::ipv4);
        if (nameserver.ipv6_unknown) add_family(nameserver.name, config::Family::ipv6);
        continue;
      }
      switch (nameserver.host) {
        case probe::HostOutcome::unknown:
        case probe::HostOutcome::budget_exhausted:
        case probe::HostOutcome::loop:
          add(nameserver.name);
          break;
        case probe::HostOutcome::found:
        case probe::HostOutcome::is_alias:
        case probe::HostOutcome::name_missing:
        case probe::HostOutcome::no_address:
          break;
      }
    }
    for (const auto& name : hop.delegation.nameservers_cut_off) add(name);
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

std::optional<std::uint32_t> absence_ttl(const probe::Response& response) {
  std::optional<std::uint32_t> ttl;
  for (const auto& soa : response.soa) {
    if (!soa.in_answer) keep_largest(ttl, std::min(soa.ttl_seconds, soa.minimum_seconds));
  }
  return ttl;
}

void add_period(ServerTimeline& timeline, AnswerPeriod period, WallTime now) {
  auto& periods = timeline.periods;
  if (periods.empty() || !same_period(periods.back(), period)) {
    period.first_seen = now;
    periods.push_back(std::move(period));
  }
  periods.back().last_seen = now;
  keep_short(periods);
}

bool AnswerPeriod::is_whole() const {
  switch (kind) {
    case PublishedKind::texts:
    case PublishedKind::alias:
    case PublishedKind::nodata:
    case PublishedKind::nxdomain:
      return true;
    case PublishedKind::unknown:
      return ttl_seconds.has_value();
    case PublishedKind::failure:
    case PublishedKind::left:
      return false;
  }
  return false;
}

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
