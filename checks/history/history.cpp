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
#include "checks/history/history_spans.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;
using Texts = std::vector<std::vector<std::string>>;

/// Texts that are kept of spans that became one.
constexpr std::size_t most_texts_together = 16;

void sort_once(Texts& texts) {
  std::ranges::sort(texts);
  texts.erase(std::ranges::unique(texts).begin(), texts.end());
}

// ---- One server in one look ----

std::optional<std::uint32_t> answer_ttl(const probe::Response& response) {
  std::optional<std::uint32_t> ttl;
  for (const auto& record : response.txt) keep_largest(ttl, record.ttl_seconds);
  if (!ttl) {
    for (const auto& alias : response.aliases) keep_largest(ttl, alias.ttl_seconds);
  }
  return ttl;
}

/// What a whole answer says, with the longest time for which a cache may hold it.
AnswerSpan whole_span(const Tries& way, const ServerAnswer& server) {
  const probe::Response& response = *way.response();
  AnswerSpan span;
  if (way.outcome == ServerOutcome::answered) {
    span.alias = alias_target(response);
    span.kind = span.alias ? PublishedKind::alias : PublishedKind::texts;
    for (const auto& record : response.txt) span.texts.push_back(record.strings);
    sort_once(span.texts);
    span.ttl_seconds = answer_ttl(response);
  } else {
    span.kind = way.outcome == ServerOutcome::nxdomain ? PublishedKind::nxdomain : PublishedKind::nodata;
    span.ttl_seconds = absence_ttl(response);
    if (server.soa_record != nullptr) {
      keep_largest(span.ttl_seconds,
                   std::min(server.soa_record->ttl_seconds, server.soa_record->minimum_seconds));
    }
    keep_largest(span.nsec_ttl_seconds, response.nsec_ttl_seconds);
  }
  return span;
}

/// Texts of either, no more than are worth keeping; those of `newer` first.
Texts both_texts(Texts newer, const Texts& older) {
  newer.resize(std::min(newer.size(), most_texts_together));
  for (const auto& text : older) {
    if (newer.size() < most_texts_together) newer.push_back(text);
  }
  sort_once(newer);
  return newer;
}

/// What lies beside the name: a wildcard, NSEC records, a denied `_domainkey`. What was not told in this look
/// is taken to be as it was.
void read_neighbours(const ServerAnswer& answer, const AnswerSpan* before, AnswerSpan& span) {
  const probe::Response* const sibling = answer.sibling.response();
  if (sibling != nullptr && is_whole(answer.sibling.outcome)) {
    keep_largest(span.nsec_ttl_seconds, sibling->nsec_ttl_seconds);
    if (answer.sibling.outcome == ServerOutcome::answered) span.wildcard_ttl_seconds = answer_ttl(*sibling);
  } else if (before != nullptr) {
    keep_largest(span.nsec_ttl_seconds, before->nsec_ttl_seconds);
    span.wildcard_ttl_seconds = before->wildcard_ttl_seconds;
  }
  if (answer.domainkey.outcome == ServerOutcome::nxdomain) {
    span.domainkey_denied_seconds = absence_ttl(*answer.domainkey.response());
    if (!span.domainkey_denied_seconds) span.domainkey_denied_seconds = span.ttl_seconds;
  } else if (!is_whole(answer.domainkey.outcome) && before != nullptr) {
    span.domainkey_denied_seconds = before->domainkey_denied_seconds;
  }
}

AnswerSpan read_span(const ServerAnswer& answer, const AnswerSpan* before) {
  AnswerSpan span;
  for (const Tries* way : {&answer.plain, &answer.edns, &answer.tcp}) {
    if (!is_whole(way->outcome)) continue;
    AnswerSpan told = whole_span(*way, answer);
    if (span.kind == PublishedKind::unknown && !span.ttl_seconds) {
      span = std::move(told);
      continue;
    }
    if (!span.same_answer(told)) {
      // Which of them the next one gets who asks is chance.
      span.kind = PublishedKind::unknown;
      span.texts = both_texts(std::move(told.texts), span.texts);
      span.alias.reset();
      span.ttl_seconds = span.ttl_seconds.value_or(0);
    }
    keep_largest(span.ttl_seconds, told.ttl_seconds);
    keep_largest(span.nsec_ttl_seconds, told.nsec_ttl_seconds);
  }
  if (span.kind == PublishedKind::unknown && answer.outcome == ServerOutcome::servfail) {
    span.kind = PublishedKind::failure;
  }
  if (is_whole(answer.outcome)) read_neighbours(answer, before, span);
  return span;
}

// ---- A timeline ----

bool same_span(const AnswerSpan& a, const AnswerSpan& b) {
  return a.same_answer(b) && a.ttl_seconds == b.ttl_seconds && a.nsec_ttl_seconds == b.nsec_ttl_seconds &&
         a.domainkey_denied_seconds == b.domainkey_denied_seconds &&
         a.wildcard_ttl_seconds == b.wildcard_ttl_seconds;
}

std::size_t text_bytes(const std::vector<AnswerSpan>& spans) {
  std::size_t bytes = 0;
  for (const auto& span : spans) {
    for (const auto& text : span.texts) {
      for (const auto& string : text) bytes += string.size() + sizeof string;
    }
  }
  return bytes;
}

/// Two neighbours as one: nothing that a cache could have got from either is shortened.
void join_spans(std::vector<AnswerSpan>& spans, std::size_t first) {
  AnswerSpan& older = spans[first];
  const AnswerSpan& newer = spans[first + 1];
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
  spans.erase(spans.begin() + static_cast<std::ptrdiff_t>(first) + 1);
}

void keep_short(std::vector<AnswerSpan>& spans) {
  // The last two stay as they are: the present, and what was before it.
  while (spans.size() > longest_timeline ||
         (spans.size() > 3 && text_bytes(spans) > largest_timeline_bytes)) {
    // Where only TTLs differ, no change of answer is lost.
    std::size_t first = 0;
    while (first + 3 < spans.size() && !spans[first].same_answer(spans[first + 1])) ++first;
    join_spans(spans, first + 3 < spans.size() ? first : 0);
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

/// A server that transfers late and again and again is not behind for long: a new serial starts anew.
void note_lag(ServerTimeline& timeline, const ServerAnswer& answer, const LegAnswers& leg, WallTime now) {
  if (answer.soa_record == nullptr) return;
  if (newest_serial(leg, answer) == nullptr) {
    timeline.lag.reset();
  } else if (!timeline.lag || timeline.lag->serial != answer.soa_record->serial) {
    timeline.lag = SerialLag{answer.soa_record->serial, now};
  }
}

const AnswerSpan* last_answer(const ServerTimeline& timeline) {
  const auto last = std::find_if(timeline.spans.rbegin(), timeline.spans.rend(), [](const AnswerSpan& span) {
    return span.kind != PublishedKind::unknown && span.kind != PublishedKind::failure;
  });
  return last == timeline.spans.rend() ? nullptr : &*last;
}

// ---- Who is there no more ----

/// Adds the names to which aliases lead on, as far as they were seen last.
void follow_aliases(const SelectorHistory& history, std::vector<DomainName>& names) {
  for (std::size_t next = 0; next < names.size(); ++next) {
    for (const auto& timeline : history.servers) {
      if (!(timeline.owner == names[next]) || !timeline.is_there()) continue;
      const AnswerSpan* const last = last_answer(timeline);
      if (last != nullptr && last->alias && std::ranges::find(names, *last->alias) == names.end())
        names.push_back(*last->alias);
    }
  }
}

void mark_left(SelectorHistory& history, const probe::Chain& chain, WallTime now) {
  if (chain.legs.empty()) return;
  AnswerSpan left;
  left.kind = PublishedKind::left;
  const auto seen_now = [&](const ServerTimeline& timeline) {
    return !timeline.spans.empty() && timeline.spans.back().last_seen == now;
  };
  for (auto& timeline : history.servers) {
    const auto leg = std::ranges::find(chain.legs, timeline.owner, &probe::Leg::owner);
    if (leg == chain.legs.end() || seen_now(timeline)) continue;
    if (!timeline.is_there() || is_whole_search(leg->delegation)) add_span(timeline, left, now);
  }
  // A name of which this look knows nothing is still one of the chain while a server that said nothing in
  // this look had an alias to it.
  std::vector<DomainName> names;
  for (const auto& leg : chain.legs) names.push_back(leg.owner);
  follow_aliases(history, names);
  for (auto& timeline : history.servers) {
    if (seen_now(timeline) || std::ranges::find(names, timeline.owner) != names.end()) continue;
    if (!timeline.is_there() || chain.outcome != probe::ChainOutcome::interrupted)
      add_span(timeline, left, now);
  }
}

// ---- Who could not be found ----

bool has_server(const SelectorHistory& history, const DomainName& owner, const std::string& name,
                std::optional<config::Family> family = std::nullopt) {
  return std::ranges::any_of(history.servers, [&](const ServerTimeline& timeline) {
    return timeline.owner == owner && timeline.server.name == name && timeline.is_there() &&
           (!family || timeline.server.address.ip.family() == *family);
  });
}

/// Where a server would be whose addresses of the family are unknown, and those of the other are not.
config::ServerAddress no_address_of(config::Family family) {
  static constexpr std::array<std::uint8_t, 16> nowhere{};
  const std::span octets(nowhere);
  return {config::Address::from_octets(octets.first(family == config::Family::ipv4 ? 4 : 16))
              .value_or(config::Address{}),
          0};
}

/// A nameserver whose address, or whose addresses of one family, could not be learned is a server that was
/// not seen, for as long as that lasts.
void add_unfound(SelectorHistory& history, const probe::Chain& chain, WallTime now) {
  for (const auto& leg : chain.legs) {
    const auto add_unseen = [&](std::string name, const config::ServerAddress& address) {
      AnswerSpan unseen;
      unseen.first_seen = now;
      unseen.last_seen = now;
      history.servers.push_back({leg.owner, {std::move(name), address}, {std::move(unseen)}});
    };
    const auto add = [&](const DomainName& nameserver) {
      const std::string name = nameserver.to_string();
      if (!has_server(history, leg.owner, name)) add_unseen(name, no_address);
    };
    const auto add_family = [&](const DomainName& nameserver, config::Family family) {
      const std::string name = nameserver.to_string();
      if (!has_server(history, leg.owner, name, family)) add_unseen(name, no_address_of(family));
    };
    if (leg.delegation.outcome == probe::DiscoveryOutcome::pinned) continue;
    for (const auto& nameserver : leg.delegation.nameservers) {
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
    for (const auto& name : leg.delegation.nameservers_cut_off) add(name);
  }
}

/// The times of a history, the latest first.
class Moments {
 public:
  void add(WallTime& moment) { moments_[moment].push_back(&moment); }
  void add(std::optional<WallTime>& moment) {
    if (moment) add(*moment);
  }
  template <class Timeline>
  void add(Timeline& timeline) {
    for (auto& span : timeline.spans) {
      add(span.first_seen);
      add(span.last_seen);
    }
  }
  void set_back(WallTime time) {
    for (auto& [moment, places] : moments_) {
      time = std::min(moment, time - std::chrono::milliseconds{1});
      for (WallTime* const place : places) *place = time;
    }
  }

 private:
  std::map<WallTime, std::vector<WallTime*>, std::greater<>> moments_{};
};

}  // namespace

std::optional<std::uint32_t> absence_ttl(const probe::Response& response) {
  std::optional<std::uint32_t> ttl;
  for (const auto& soa : response.soa) {
    if (!soa.in_answer) keep_largest(ttl, std::min(soa.ttl_seconds, soa.minimum_seconds));
  }
  return ttl;
}

void add_span(ServerTimeline& timeline, AnswerSpan span, WallTime now) {
  auto& spans = timeline.spans;
  if (spans.empty() || !same_span(spans.back(), span)) {
    span.first_seen = now;
    spans.push_back(std::move(span));
  }
  spans.back().last_seen = now;
  keep_short(spans);
}

bool AnswerSpan::is_whole() const {
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
  // A server that gave its answer in the midst of the look has certainly changed by its end.
  const auto took = std::max(observation.took, std::chrono::microseconds{0});
  return observation.observed_at + std::chrono::ceil<std::chrono::milliseconds>(took);
}

void set_back(SelectorHistory& history, WallTime time) {
  Moments moments;
  moments.add(history.first_look);
  moments.add(history.last_look);
  for (auto& timeline : history.servers) {
    moments.add(timeline);
    if (timeline.lag) moments.add(timeline.lag->since);
  }
  moments.set_back(time);
  set_back(history.past, time);
}

void set_back(ZonePast& past, WallTime time) {
  Moments moments;
  moments.add(past.first_look);
  moments.add(past.last_look);
  for (auto& timeline : past.zones) moments.add(timeline);
  for (auto& timeline : past.names) moments.add(timeline);
  moments.set_back(time);
}

void forget_after(SelectorHistory& history, WallTime time) {
  forget_after(history.past, time);
  if (!history.first_look || *history.first_look > time) {
    ZonePast past = std::move(history.past);
    history = {};
    history.past = std::move(past);
    return;
  }
  forget_after(history.servers, time);
  history.last_look = std::min(*history.last_look, time);
}

void extend(SelectorHistory& history, const probe::Observation& observation) {
  const WallTime now = end_of(observation);
  if (!history.first_look) {
    history.domain = observation.domain;
    history.selector = observation.selector;
    history.first_look = now;
  } else if (!(history.domain == observation.domain) || !(history.selector == observation.selector) ||
             now < *history.last_look) {
    return;
  }
  history.last_look = now;
  std::erase_if(history.servers,
                [](const ServerTimeline& timeline) { return !timeline.server.has_address(); });
  const ChainAnswers answers = read_answers(observation.key);
  std::set<std::pair<DomainName, config::ServerAddress>> seen;
  for (const LegAnswers& leg : answers.legs) {
    for (const ServerAnswer& answer : leg.servers) {
      if (!seen.emplace(leg.leg->owner, answer.id.address).second) continue;
      ServerTimeline& timeline = timeline_of(history, leg.leg->owner, answer.id);
      add_span(timeline, read_span(answer, last_answer(timeline)), now);
      if (!observation.is_light) note_lag(timeline, answer, leg, now);
    }
  }
  mark_left(history, observation.key, now);
  add_unfound(history, observation.key, now);
  if (!observation.is_light) add_zones(history.past, observation.key, answers, now);
  keep_few(history.servers, most_timelines);
}

void extend_all(ZonePast& past, std::vector<HistoryProbe> probes, WallTime now) {
  // Of two probes that saw a change, the one that ended first saw it first.
  std::ranges::sort(probes, {}, [](const HistoryProbe& each) { return end_of(*each.observation); });
  if (!probes.empty() && past.last_look && *past.last_look > now)
    set_back(past, end_of(*probes.front().observation));
  for (const auto& [history, observation] : probes) {
    if (history->last_look && *history->last_look > now) set_back(*history, end_of(*observation));
    history->past = std::move(past);
    extend(*history, *observation);
    past = std::move(history->past);
  }
  for (const auto& each : probes) each.history->past = past;
}

void rewind_to(SelectorHistory& history, const probe::Observation& observation) {
  forget_after(history, end_of(observation));
  if (history.first_look) extend(history, observation);
}

}  // namespace dkimprobe::checks
