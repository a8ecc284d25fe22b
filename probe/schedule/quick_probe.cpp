#include "probe/schedule/quick_probe.hpp"

#include <algorithm>
#include <tuple>

namespace dkimprobe::probe {
namespace {

using std::chrono::microseconds;

bool is_about_zone(Purpose purpose) {
  switch (purpose) {
    case Purpose::zone_soa:
    case Purpose::zone_ns:
    case Purpose::wildcard_probe:
    case Purpose::domainkey:
    case Purpose::zone_dnskey:
    case Purpose::zone_ds:
      return true;
    case Purpose::record_plain:
    case Purpose::record_edns:
    case Purpose::record_tcp:
    case Purpose::record_dnssec:
    case Purpose::cut:
    case Purpose::host_address:
      return false;
  }
  return false;
}

/// The last answer to the record query with this purpose; null without one.
const Response* answer_to(const ServerObservation& server, Purpose purpose) {
  const Response* answer = nullptr;
  for (const Exchange& exchange : server.exchanges) {
    if (exchange.purpose == purpose && exchange.response) answer = &*exchange.response;
  }
  return answer;
}

bool same_texts(const std::vector<TxtRecord>& a, const std::vector<TxtRecord>& b) {
  // Servers rotate the order of records.
  return std::is_permutation(a.begin(), a.end(), b.begin(), b.end());
}

bool same_answer(const Response& a, const Response& b) {
  const auto same_alias = [](const AliasRecord& one, const AliasRecord& other) {
    return one.owner == other.owner && one.target == other.target && one.ttl_seconds == other.ttl_seconds &&
           one.is_dname == other.is_dname;
  };
  return a.rcode == b.rcode && a.authoritative == b.authoritative && a.truncated == b.truncated &&
         !a.oversized_txt && !b.oversized_txt && same_texts(a.txt, b.txt) &&
         std::is_permutation(a.aliases.begin(), a.aliases.end(), b.aliases.begin(), b.aliases.end(),
                             same_alias);
}

/// Whether the server returns the same record now as then, to the same query.
bool same_record(const ServerObservation& then, const ServerObservation& now) {
  for (const Purpose purpose : {Purpose::record_plain, Purpose::record_tcp}) {
    const Response* const response = answer_to(now, purpose);
    const Response* const earlier = answer_to(then, purpose);
    if (response == nullptr && purpose == Purpose::record_tcp) continue;
    if (response == nullptr || earlier == nullptr || !same_answer(*earlier, *response)) return false;
  }
  return true;
}

Exchange moved(Exchange exchange, microseconds by) {
  exchange.started += by;
  return exchange;
}

void carry_server(const ServerObservation& then, microseconds by, ServerObservation& now) {
  if (answer_to(now, Purpose::record_plain) == nullptr) return;
  const bool unchanged = same_record(then, now);
  const bool asked_by_tcp = answer_to(now, Purpose::record_tcp) != nullptr;
  for (const Exchange& exchange : then.exchanges) {
    const bool other_way = exchange.purpose == Purpose::record_edns ||
                           exchange.purpose == Purpose::record_dnssec ||
                           (exchange.purpose == Purpose::record_tcp && !asked_by_tcp);
    if (is_about_zone(exchange.purpose) || (unchanged && other_way))
      now.exchanges.push_back(moved(exchange, by));
  }
  now.cut_short = now.cut_short || then.cut_short;
  std::sort(now.exchanges.begin(), now.exchanges.end(), [](const Exchange& a, const Exchange& b) {
    return std::tie(a.started, a.purpose, a.attempt) < std::tie(b.started, b.purpose, b.attempt);
  });
}

void move_chain(Chain& chain, microseconds by) {
  for (Hop& hop : chain.hops) {
    for (WalkExchange& walked : hop.delegation.exchanges) walked.exchange.started += by;
    for (ServerObservation& server : hop.servers) {
      for (Exchange& exchange : server.exchanges) exchange.started += by;
    }
  }
}

}  // namespace

Observation carry_full_facts(const Observation& last_full, Observation quick) {
  const microseconds by = last_full.observed_at - quick.observed_at;
  quick.wildcard_name = last_full.wildcard_name;
  quick.adsp = last_full.adsp;
  move_chain(quick.adsp, by);
  for (Hop& hop : quick.key.hops) {
    for (const Hop& then : last_full.key.hops) {
      if (!(then.owner == hop.owner) || !(then.delegation.zone == hop.delegation.zone)) continue;
      for (ServerObservation& server : hop.servers) {
        const auto known = std::find_if(
            then.servers.begin(), then.servers.end(),
            [&](const ServerObservation& candidate) { return candidate.address == server.address; });
        if (known != then.servers.end()) carry_server(*known, by, server);
      }
    }
  }
  return quick;
}

}  // namespace dkimprobe::probe
