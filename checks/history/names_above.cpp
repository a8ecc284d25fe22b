#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checks/answers/server_answer.hpp"
#include "checks/history/history.hpp"
#include "checks/history/history_periods.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;

/// What one server answered for a name.
struct NameAnswer {
  DomainName name{};
  ServerId server{};
  AnswerPeriod period{};
};

/// What the response shows about the name; nothing if it shows nothing.
std::optional<AnswerPeriod> period_of(const probe::Response& response, const DomainName& name) {
  AnswerPeriod period;
  if (!response.authoritative) {
    const bool refers =
        std::ranges::any_of(response.referral, [&](const probe::NsRecord& ns) { return ns.owner == name; });
    if (!refers) return std::nullopt;
    period.kind = PublishedKind::left;
    return period;
  }
  period.ttl_seconds = absence_ttl(response);
  period.nsec_ttl_seconds = response.nsec_ttl_seconds;
  switch (response.rcode) {
    case probe::Rcode::nxdomain:
      period.kind = PublishedKind::nxdomain;
      return period;
    case probe::Rcode::noerror:
      // NS records of the name itself: one server has parent and child, and a zone begins there.
      period.kind = response.ns.empty() ? PublishedKind::nodata : PublishedKind::left;
      return period;
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

/// The nameserver name of an address of the walk; empty if unknown.
std::string host_of(const probe::Delegation& delegation, const config::ServerAddress& address) {
  for (const auto& cut : delegation.cuts) {
    const auto parent = std::ranges::find(cut.parents, address, &probe::ParentAnswer::address);
    if (parent != cut.parents.end() && !parent->names.empty()) return parent->names.front().to_string();
  }
  for (const auto& nameserver : delegation.nameservers) {
    for (const auto* const list : {&nameserver.glue, &nameserver.addresses}) {
      if (std::ranges::find(*list, address.ip) != list->end()) return nameserver.name.to_string();
    }
  }
  return {};
}

/// Of two answers of one server for one name, the worse one counts: a denial.
void add_answer(std::vector<NameAnswer>& all, NameAnswer answer) {
  const auto known = std::ranges::find_if(all, [&](const NameAnswer& other) {
    return other.name == answer.name && other.server.address == answer.server.address;
  });
  if (known == all.end()) {
    all.push_back(std::move(answer));
    return;
  }
  const auto severity = [](PublishedKind kind) {
    return kind == PublishedKind::nxdomain ? 2 : kind == PublishedKind::nodata ? 1 : 0;
  };
  if (severity(answer.period.kind) > severity(known->period.kind)) known->period.kind = answer.period.kind;
  keep_largest(known->period.ttl_seconds, answer.period.ttl_seconds);
  keep_largest(known->period.nsec_ttl_seconds, answer.period.nsec_ttl_seconds);
}

std::vector<NameAnswer> read_names(const ChainAnswers& answers) {
  std::vector<NameAnswer> all;
  const auto add = [&](const DomainName& owner, const probe::Exchange& exchange, ServerId server,
                       bool is_apex) {
    const DomainName& name = exchange.question_name;
    if (name == owner || name.label_count() == 0 || !owner.is_at_or_below(name) || !exchange.response) return;
    auto period = period_of(*exchange.response, name);
    if (!period) return;
    if (is_apex && period->kind == PublishedKind::nodata) period->kind = PublishedKind::texts;
    add_answer(all, {name.lower_case(), std::move(server), std::move(*period)});
  };
  for (const HopAnswers& hop : answers.hops) {
    const probe::Delegation& delegation = hop.hop->delegation;
    for (const auto& walked : delegation.exchanges) {
      if (walked.exchange.purpose == probe::Purpose::cut)
        add(hop.hop->owner, walked.exchange, {host_of(delegation, walked.server), walked.server}, false);
    }
    for (const ServerAnswer& server : hop.servers) {
      if (!is_whole(server.domainkey.outcome)) continue;
      const probe::Exchange& exchange = *server.domainkey.deciding;
      const bool is_apex = exchange.question_name == delegation.zone && !server.server->stray_of;
      add(hop.hop->owner, exchange, server.id, is_apex);
    }
  }
  return all;
}

/// Servers that are no longer asked for a name: a zone begins there now, or its zone has other servers.
void mark_left(ZonePast& past, const probe::Chain& chain, WallTime now) {
  AnswerPeriod left;
  left.kind = PublishedKind::left;
  for (auto& timeline : past.names) {
    if (timeline.periods.back().last_seen == now || timeline.periods.back().kind == PublishedKind::left)
      continue;
    const bool is_left = std::ranges::any_of(chain.hops, [&](const probe::Hop& hop) {
      return hop.owner.is_at_or_below(timeline.owner) && is_whole_search(hop.delegation) &&
             std::ranges::none_of(hop.servers, [&](const probe::ServerObservation& server) {
               return server.address == timeline.server.address;
             });
    });
    if (is_left) add_period(timeline, left, now);
  }
}

}  // namespace

void add_names_above(ZonePast& past, const probe::Chain& chain, const ChainAnswers& answers, WallTime now) {
  for (auto& [name, server, period] : read_names(answers)) {
    auto known = std::ranges::find_if(past.names, [&](const ServerTimeline& timeline) {
      return timeline.server.address == server.address && timeline.owner == name;
    });
    if (known == past.names.end()) {
      // `past.zones` records the zone cut; here it only ends the server's earlier answer.
      if (period.kind == PublishedKind::left || period.kind == PublishedKind::texts) continue;
      known = past.names.insert(known, ServerTimeline{name, server, {}, {}});
    }
    if (!server.name.empty()) known->server.name = server.name;
    if (!known->periods.empty() && known->periods.back().kind == period.kind) {
      const AnswerPeriod& before = known->periods.back();
      if (!period.ttl_seconds) period.ttl_seconds = before.ttl_seconds;
      // Only queries with DO=1 return them.
      if (!period.nsec_ttl_seconds) period.nsec_ttl_seconds = before.nsec_ttl_seconds;
    }
    add_period(*known, std::move(period), now);
  }
  mark_left(past, chain, now);
}

}  // namespace dkimprobe::checks
