#include "probe/discovery/trust_search.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "probe/wire/octets.hpp"

namespace dkimprobe::probe {
namespace {

using config::DomainName;
using config::ServerAddress;

constexpr std::size_t most_servers = 3;  // that are asked one question

/// Whether no signature over the set has expired for good: one is enough (RFC 4035 section 5.3.1).
bool is_current(const RecordSet& set, WallTime wall_time) {
  constexpr std::size_t expiration_at = 8;  // RFC 4034 section 3.1
  const auto seconds = std::chrono::floor<std::chrono::seconds>(wall_time.time_since_epoch()).count();
  return set.signatures.empty() || std::ranges::any_of(set.signatures, [&](const std::string& rdata) {
           if (rdata.size() < expiration_at + 4) return false;
           const Bytes octets{reinterpret_cast<const std::uint8_t*>(rdata.data()), rdata.size()};
           // Serial number arithmetic, RFC 1982 section 3.2.
           return static_cast<std::int32_t>(u32(octets, expiration_at) -
                                            static_cast<std::uint32_t>(seconds)) >= 0;
         });
}

bool are_current(const std::vector<RecordSet>& sets, WallTime wall_time) {
  return std::ranges::all_of(sets, [&](const RecordSet& set) { return is_current(set, wall_time); });
}

bool has_ds_answer(const ZoneCut& cut) {
  return std::ranges::any_of(cut.referrals, [](const Referral& referral) { return !referral.sets.empty(); });
}

/// Whether a referral that an earlier walk saw has signatures that have expired since.
bool is_out_of_date(const ZoneCut& cut, WallTime wall_time) {
  return std::ranges::any_of(
      cut.referrals, [&](const Referral& referral) { return !are_current(referral.sets, wall_time); });
}

bool is_unsigned(const ZoneCut& cut) {
  return has_ds_answer(cut) &&
         std::ranges::all_of(cut.referrals, [](const Referral& referral) { return referral.ds.empty(); });
}

/// Servers of the zone above the cut, the one to ask first last.
std::vector<ServerAddress> parents_of(const ZoneCut& cut) {
  std::vector<ServerAddress> servers;
  for (const ParentAnswer& parent : cut.parents) {
    if (parent.answer == CutAnswer::refers || parent.answer == CutAnswer::serves_it)
      servers.push_back(parent.address);
  }
  std::ranges::reverse(servers);
  return servers;
}

/// Whether it answers the question, if only by saying that there are no such records.
bool is_of_use(const Exchange& exchange) {
  return exchange.response && exchange.response->authoritative && !exchange.response->truncated &&
         !exchange.response->sets_omitted && exchange.response->rcode == Rcode::noerror;
}

/// How long a reply may be cached: the shortest TTL of its sets, within bounds.
std::chrono::seconds life_of(const ZoneReply& reply) {
  if (reply.sets.empty()) return {};
  const RecordSet& shortest = *std::ranges::min_element(reply.sets, {}, &RecordSet::ttl_seconds);
  return std::min(std::chrono::seconds{shortest.ttl_seconds}, TrustSearch::longest_life);
}

}  // namespace

bool may_be_signed(const Delegation& delegation) {
  return delegation.outcome == DiscoveryOutcome::complete &&
         std::ranges::none_of(delegation.cuts, is_unsigned);
}

TrustSearch::TrustSearch(const Delegation& delegation, const config::ProbeSettings& settings,
                         ZoneCache& cache, MonotonicTime now, WallTime wall_time)
    : cache_(cache), now_(now), wall_time_(wall_time) {
  std::vector<ServerAddress> root_servers;
  for (const config::NamedServer& server : settings.root_servers)
    root_servers.push_back({server.ip, server.port.value_or(settings.port)});
  const auto& cuts = delegation.cuts;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    std::vector<ServerAddress> servers = parents_of(cuts[i]);
    if (servers.empty() && cuts[i].parent.is_root()) servers = root_servers;
    add(cuts[i].parent, cuts[i].parent, RecordType::dnskey, servers);
    if (!has_ds_answer(cuts[i]) || is_out_of_date(cuts[i], wall_time))
      add(cuts[i].parent, cuts[i].apex, RecordType::ds, servers);
    if (is_unsigned(cuts[i])) return;
  }
}

void TrustSearch::add(const DomainName& zone, const DomainName& name, RecordType type,
                      std::vector<ServerAddress> servers) {
  if (servers.size() > most_servers)
    servers.erase(servers.begin(), servers.end() - static_cast<std::ptrdiff_t>(most_servers));
  auto known = cache_.reply(name, type, now_);
  if (known && !are_current(known->sets, wall_time_)) known.reset();
  links_.push_back({zone, name, type, std::move(servers), std::move(known)});
}

std::optional<TrustSearch::Query> TrustSearch::ask(std::size_t link) {
  Link& asked = links_[link];
  if (asked.servers.empty()) return std::nullopt;
  const ServerAddress server = asked.servers.back();
  asked.servers.pop_back();
  return Query{link, server, asked.zone, asked.name, asked.type};
}

std::vector<TrustSearch::Query> TrustSearch::begin() {
  std::vector<Query> queries;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (links_[i].reply) continue;
    if (auto query = ask(i)) queries.push_back(*std::move(query));
  }
  return queries;
}

std::optional<TrustSearch::Query> TrustSearch::finished(const Query& query, const Exchange& exchange,
                                                        MonotonicTime now) {
  if (!is_of_use(exchange)) return ask(query.link);
  ZoneReply reply{query.name, query.type, query.server, exchange.response->rcode, exchange.response->sets};
  cache_.put_reply(reply, life_of(reply), now);
  links_[query.link].reply = std::move(reply);
  return std::nullopt;
}

std::vector<ZoneReply> TrustSearch::replies() const {
  std::vector<ZoneReply> known;
  for (const Link& link : links_) {
    if (link.reply) known.push_back(*link.reply);
  }
  return known;
}

}  // namespace dkimprobe::probe
