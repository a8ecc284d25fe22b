#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "checks/history/history.hpp"
#include "checks/history/history_spans.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;

template <class Value>
void sort_once(std::vector<Value>& values) {
  std::ranges::sort(values, [](const Value& a, const Value& b) { return a < b; });
  values.erase(std::ranges::unique(values).begin(), values.end());
}

// ---- The zones of one probe ----

/// A zone as one probe saw it, and of what the probe said nothing.
struct SeenZone {
  NameserverSpan span{};
  bool ds_known = false;
  bool denials_known = true;  ///< each of its servers said for how long it denies
};
using SeenZones = std::map<DomainName, SeenZone>;

std::string ds_text(const probe::DsRecord& ds) {
  std::string digest;
  for (const char octet : ds.digest) digest += fmt::format("{:02x}", static_cast<unsigned char>(octet));
  return fmt::format("{}/{}/{}/{}", ds.key_tag, ds.algorithm, ds.digest_type, digest);
}

void read_cut(const probe::ZoneCut& cut, SeenZone& seen) {
  NameserverSpan& span = seen.span;
  for (const auto& ns : cut.parent_ns) span.parent.push_back(ns.target.lower_case());
  for (const auto& ns : cut.child_ns) span.child.push_back(ns.target.lower_case());
  span.parent_ttl_seconds = std::max(span.parent_ttl_seconds, cut.parent_ns_ttl_seconds);
  span.child_ttl_seconds = std::max(span.child_ttl_seconds, cut.child_ns_ttl_seconds);
  for (const auto& referral : cut.referrals) {
    seen.ds_known = true;
    for (const auto& ds : referral.ds) {
      span.ds.push_back(ds_text(ds));
      span.ds_ttl_seconds = std::max(span.ds_ttl_seconds, ds.ttl_seconds);
    }
  }
}

/// How long the zone's servers let caches hold that a name is not there.
void read_denial(const probe::Response& response, SeenZones& seen) {
  for (const auto& soa : response.soa) {
    const auto zone = seen.find(soa.owner);
    if (zone == seen.end()) continue;
    keep_largest(zone->second.span.negative_ttl_seconds, std::min(soa.ttl_seconds, soa.minimum_seconds));
    keep_largest(zone->second.span.nsec_ttl_seconds, response.nsec_ttl_seconds);
  }
}

void read_server(const ServerAnswer& server, const DomainName& apex, SeenZones& seen) {
  for (const Tries* const tries : {&server.plain, &server.edns, &server.tcp, &server.soa, &server.sibling}) {
    if (tries->response() != nullptr && tries->response()->authoritative)
      read_denial(*tries->response(), seen);
  }
  const auto zone = seen.find(apex);
  if (zone == seen.end() || server.server->stray_of) return;
  if (server.soa_record == nullptr || !is_whole(server.sibling.outcome)) zone->second.denials_known = false;
  // Each server may name its zone's servers in its own way.
  const probe::Response* const response = server.ns.response();
  if (response == nullptr || !response->authoritative) return;
  NameserverSpan& span = zone->second.span;
  for (const auto& ns : response->ns) {
    span.child.push_back(ns.target.lower_case());
    span.child_ttl_seconds = std::max(span.child_ttl_seconds, ns.ttl_seconds);
  }
}

SeenZones read_zones(const ChainAnswers& answers) {
  SeenZones seen;
  for (const LegAnswers& leg : answers.legs) {
    for (const auto& cut : leg.leg->delegation.cuts) read_cut(cut, seen[cut.apex]);
  }
  for (const LegAnswers& leg : answers.legs) {
    for (const auto& [address, apex, exchange] : leg.leg->delegation.exchanges) {
      if (!exchange.response) continue;
      if (exchange.response->authoritative) read_denial(*exchange.response, seen);
      // A referral to a zone without DS has NSEC records with the TTL of a denial (RFC 9077).
      if (const auto zone = seen.find(apex); zone != seen.end())
        keep_largest(zone->second.span.nsec_ttl_seconds, exchange.response->nsec_ttl_seconds);
    }
    for (const ServerAnswer& server : leg.servers) read_server(server, leg.leg->delegation.zone, seen);
  }
  for (auto& [apex, zone] : seen) {
    // The servers of the zones above were asked for what is below alone.
    const bool is_asked = std::ranges::any_of(answers.legs, [&](const LegAnswers& leg) {
      return leg.leg->delegation.zone == apex && !leg.servers.empty();
    });
    zone.denials_known = zone.denials_known && is_asked;
    sort_once(zone.span.parent);
    sort_once(zone.span.child);
    sort_once(zone.span.ds);
  }
  return seen;
}

bool same_span(const NameserverSpan& a, const NameserverSpan& b) {
  return a.same_nameservers(b) && a.parent_ttl_seconds == b.parent_ttl_seconds &&
         a.child_ttl_seconds == b.child_ttl_seconds && a.negative_ttl_seconds == b.negative_ttl_seconds &&
         a.nsec_ttl_seconds == b.nsec_ttl_seconds && a.ds == b.ds && a.ds_ttl_seconds == b.ds_ttl_seconds;
}

/// What the probe said nothing of is taken to be as it was.
void carry(const NameserverSpan& before, SeenZone& seen) {
  NameserverSpan& span = seen.span;
  // A zone on the way whose servers are known already is not asked for its own set again.
  if (!span.parent.empty() && span.child.empty() && span.parent == before.parent) {
    span.child = before.child;
    span.child_ttl_seconds = before.child_ttl_seconds;
  }
  if (before.is_no_zone() && !span.is_no_zone()) return;
  if (!seen.ds_known) {
    span.ds = before.ds;
    span.ds_ttl_seconds = before.ds_ttl_seconds;
  }
  if (!span.same_nameservers(before) || seen.denials_known) return;
  keep_largest(span.negative_ttl_seconds, before.negative_ttl_seconds);
  keep_largest(span.nsec_ttl_seconds, before.nsec_ttl_seconds);
}

/// Two neighbours as one: nothing that a cache could have got from either is shortened.
void join_first(std::vector<NameserverSpan>& spans) {
  NameserverSpan& older = spans[0];
  NameserverSpan& newer = spans[1];
  for (auto list : {&NameserverSpan::parent, &NameserverSpan::child}) {
    std::ranges::copy(older.*list, std::back_inserter(newer.*list));
    sort_once(newer.*list);
  }
  std::ranges::copy(older.ds, std::back_inserter(newer.ds));
  sort_once(newer.ds);
  newer.first_seen = older.first_seen;
  newer.parent_ttl_seconds = std::max(older.parent_ttl_seconds, newer.parent_ttl_seconds);
  newer.child_ttl_seconds = std::max(older.child_ttl_seconds, newer.child_ttl_seconds);
  newer.ds_ttl_seconds = std::max(older.ds_ttl_seconds, newer.ds_ttl_seconds);
  keep_largest(newer.negative_ttl_seconds, older.negative_ttl_seconds);
  keep_largest(newer.nsec_ttl_seconds, older.nsec_ttl_seconds);
  spans.erase(spans.begin());
}

void add_seen(ZoneTimeline& timeline, SeenZone seen, WallTime now) {
  auto& spans = timeline.spans;
  if (!spans.empty()) carry(spans.back(), seen);
  if (spans.empty() || !same_span(spans.back(), seen.span)) {
    seen.span.first_seen = now;
    spans.push_back(std::move(seen.span));
  }
  spans.back().last_seen = now;
  if (spans.size() > longest_timeline) join_first(spans);
}

ZoneTimeline& zone_of(ZonePast& past, const DomainName& apex) {
  const auto known = std::ranges::find(past.zones, apex, &ZoneTimeline::apex);
  return known == past.zones.end() ? past.zones.emplace_back(ZoneTimeline{apex, {}}) : *known;
}

// ---- Names above the selectors' ----

/// What one server said of a name: see `ZonePast::names`.
struct Word {
  DomainName name{};
  ServerId server{};
  AnswerSpan span{};
};

/// What became of a question for the name; nothing where that is not known.
std::optional<AnswerSpan> word_of(const probe::Response& response, const DomainName& name) {
  AnswerSpan span;
  if (!response.authoritative) {
    const bool refers =
        std::ranges::any_of(response.referral, [&](const probe::NsRecord& ns) { return ns.owner == name; });
    if (!refers) return std::nullopt;
    span.kind = PublishedKind::left;
    return span;
  }
  span.ttl_seconds = absence_ttl(response);
  span.nsec_ttl_seconds = response.nsec_ttl_seconds;
  switch (response.rcode) {
    case probe::Rcode::nxdomain:
      span.kind = PublishedKind::nxdomain;
      return span;
    case probe::Rcode::noerror:
      // Nameservers of the name itself: parent and child are on one server, and a zone begins there.
      span.kind = response.ns.empty() ? PublishedKind::nodata : PublishedKind::left;
      return span;
    case probe::Rcode::formerr:
    case probe::Rcode::servfail:
    case probe::Rcode::notimp:
    case probe::Rcode::refused:
    case probe::Rcode::badvers:
    case probe::Rcode::badcookie:
      break;
  }
  return std::nullopt;
}

/// The nameserver name that leads to an address of the walk; empty where nothing tells it.
std::string host_of(const probe::Delegation& delegation, const config::ServerAddress& address) {
  for (const auto& cut : delegation.cuts) {
    const auto told = std::ranges::find(cut.parents, address, &probe::ParentAnswer::address);
    if (told != cut.parents.end() && !told->names.empty()) return told->names.front().to_string();
  }
  for (const auto& nameserver : delegation.nameservers) {
    for (const auto* const list : {&nameserver.glue, &nameserver.addresses}) {
      if (std::ranges::find(*list, address.ip) != list->end()) return nameserver.name.to_string();
    }
  }
  return {};
}

/// The worse of two words of one server about one name counts: a denial.
void add_word(std::vector<Word>& words, Word word) {
  const auto known = std::ranges::find_if(words, [&](const Word& other) {
    return other.name == word.name && other.server.address == word.server.address;
  });
  if (known == words.end()) {
    words.push_back(std::move(word));
    return;
  }
  const auto severity = [](PublishedKind kind) {
    return kind == PublishedKind::nxdomain ? 2 : kind == PublishedKind::nodata ? 1 : 0;
  };
  if (severity(word.span.kind) > severity(known->span.kind)) known->span.kind = word.span.kind;
  keep_largest(known->span.ttl_seconds, word.span.ttl_seconds);
  keep_largest(known->span.nsec_ttl_seconds, word.span.nsec_ttl_seconds);
}

std::vector<Word> read_words(const ChainAnswers& answers) {
  std::vector<Word> words;
  const auto add = [&](const DomainName& owner, const probe::Exchange& exchange, ServerId server,
                       bool is_apex) {
    const DomainName& name = exchange.question_name;
    if (name == owner || name.label_count() == 0 || !owner.is_at_or_below(name) || !exchange.response) return;
    auto span = word_of(*exchange.response, name);
    if (!span) return;
    if (is_apex && span->kind == PublishedKind::nodata) span->kind = PublishedKind::texts;
    add_word(words, {name.lower_case(), std::move(server), std::move(*span)});
  };
  for (const LegAnswers& leg : answers.legs) {
    const probe::Delegation& delegation = leg.leg->delegation;
    for (const auto& walked : delegation.exchanges) {
      if (walked.exchange.purpose == probe::Purpose::cut)
        add(leg.leg->owner, walked.exchange, {host_of(delegation, walked.server), walked.server}, false);
    }
    for (const ServerAnswer& server : leg.servers) {
      if (!is_whole(server.domainkey.outcome)) continue;
      const probe::Exchange& exchange = *server.domainkey.deciding;
      const bool is_apex = exchange.question_name == delegation.zone && !server.server->stray_of;
      add(leg.leg->owner, exchange, server.id, is_apex);
    }
  }
  return words;
}

/// Servers that are not asked for a name any more: a zone begins there now, or the name's zone has others.
void mark_left(ZonePast& past, const probe::Chain& chain, WallTime now) {
  AnswerSpan left;
  left.kind = PublishedKind::left;
  for (auto& timeline : past.names) {
    if (timeline.spans.back().last_seen == now || timeline.spans.back().kind == PublishedKind::left) continue;
    const bool is_left = std::ranges::any_of(chain.legs, [&](const probe::Leg& leg) {
      return leg.owner.is_at_or_below(timeline.owner) && is_whole_search(leg.delegation) &&
             std::ranges::none_of(leg.servers, [&](const probe::ServerObservation& server) {
               return server.address == timeline.server.address;
             });
    });
    if (is_left) add_span(timeline, left, now);
  }
}

void add_words(ZonePast& past, const probe::Chain& chain, std::vector<Word> words, WallTime now) {
  for (auto& [name, server, span] : words) {
    auto known = std::ranges::find_if(past.names, [&](const ServerTimeline& timeline) {
      return timeline.server.address == server.address && timeline.owner == name;
    });
    if (known == past.names.end()) {
      // That a zone begins there, the zones tell; here it only ends what the server said before.
      if (span.kind == PublishedKind::left || span.kind == PublishedKind::texts) continue;
      known = past.names.insert(known, ServerTimeline{name, server, {}, {}});
    }
    if (!server.name.empty()) known->server.name = server.name;
    if (!known->spans.empty() && known->spans.back().kind == span.kind) {
      const AnswerSpan& before = known->spans.back();
      if (!span.ttl_seconds) span.ttl_seconds = before.ttl_seconds;
      // Only questions with DO=1 bring them.
      if (!span.nsec_ttl_seconds) span.nsec_ttl_seconds = before.nsec_ttl_seconds;
    }
    add_span(*known, std::move(span), now);
  }
  mark_left(past, chain, now);
}

}  // namespace

void add_zones(ZonePast& past, const probe::Chain& chain, const ChainAnswers& answers, WallTime now) {
  if (past.last_look) now = std::max(now, *past.last_look);
  if (!past.first_look) past.first_look = now;
  past.last_look = now;
  SeenZones seen = read_zones(answers);
  for (auto& zone : past.zones) {
    if (seen.contains(zone.apex)) continue;
    const bool is_gone = std::ranges::any_of(chain.legs, [&](const probe::Leg& leg) {
      return leg.delegation.outcome == probe::DiscoveryOutcome::complete &&
             leg.owner.is_at_or_below(zone.apex);
    });
    if (is_gone) add_seen(zone, {{}, true, true}, now);
  }
  for (auto& [apex, zone] : seen) add_seen(zone_of(past, apex), std::move(zone), now);
  add_words(past, chain, read_words(answers), now);
  keep_few(past.zones, most_zones);
  keep_few(past.names, most_timelines);
}

ZonePast merge_pasts(const std::vector<ZonePast>& pasts) {
  ZonePast merged;
  struct Sight {
    WallTime time{};
    const DomainName* apex = nullptr;
    const NameserverSpan* span = nullptr;
  };
  std::vector<Sight> sights;
  for (const ZonePast& past : pasts) {
    if (past.first_look)
      merged.first_look = std::min(merged.first_look.value_or(*past.first_look), *past.first_look);
    if (past.last_look)
      merged.last_look = std::max(merged.last_look.value_or(*past.last_look), *past.last_look);
    for (const auto& zone : past.zones) {
      for (const auto& span : zone.spans) {
        sights.push_back({span.first_seen, &zone.apex, &span});
        if (span.last_seen != span.first_seen) sights.push_back({span.last_seen, &zone.apex, &span});
      }
    }
  }
  std::ranges::sort(sights, {}, &Sight::time);
  for (const auto& [time, apex, span] : sights) add_seen(zone_of(merged, *apex), {*span, true, true}, time);
  return merged;
}

void forget_after(ZonePast& past, WallTime time) {
  if (!past.first_look || *past.first_look > time) {
    past = {};
    return;
  }
  forget_after(past.zones, time);
  forget_after(past.names, time);
  past.last_look = std::min(*past.last_look, time);
}

}  // namespace dkimprobe::checks
