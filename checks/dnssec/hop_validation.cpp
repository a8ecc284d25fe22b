#include "checks/dnssec/hop_validation.hpp"

#include <algorithm>
#include <utility>

#include "checks/dnssec/denial.hpp"

namespace dkimprobe::checks::dnssec {
namespace {

using config::DomainName;
using std::chrono::sys_seconds;

/// The last complete answer to the question with this purpose, over UDP or TCP; null without one.
const probe::Response* answer_to(const probe::ServerObservation& server, probe::Purpose purpose) {
  const probe::Response* answer = nullptr;
  for (const probe::Exchange& exchange : server.exchanges) {
    if (exchange.purpose == purpose && exchange.response && !exchange.response->truncated)
      answer = &*exchange.response;
  }
  return answer;
}

/// Whether the response answers, if only by saying that nothing is there, and all of it was kept.
bool is_of_use(const probe::Response& response) {
  return response.authoritative && !response.sets_omitted &&
         (response.rcode == probe::Rcode::noerror || response.rcode == probe::Rcode::nxdomain);
}

std::optional<Reply> reply_of(const probe::Response* response) {
  if (response == nullptr || !is_of_use(*response)) return std::nullopt;
  return Reply{.name_error = response->rcode == probe::Rcode::nxdomain, .sets = response->sets};
}

std::optional<Reply> collected(const probe::Delegation& delegation, const DomainName& zone,
                               probe::RecordType type) {
  for (const probe::ZoneReply& reply : delegation.chain_of_trust) {
    if (reply.type == type && reply.zone == zone)
      return Reply{.name_error = reply.rcode == probe::Rcode::nxdomain, .sets = reply.sets};
  }
  return std::nullopt;
}

/// What the parent's servers returned about the DS records of the zone below the cut: if they were asked for,
/// the answer, which is newer than a referral. Where some referrals show DS records and others none, the DS
/// records count: a resolver that gets them must find them right.
std::optional<Reply> ds_of(const probe::Delegation& delegation, const probe::ZoneCut& cut) {
  if (auto asked = collected(delegation, cut.apex, probe::RecordType::ds)) return asked;
  const probe::Referral* known = nullptr;
  for (const probe::Referral& referral : cut.referrals) {
    if (!referral.sets.empty() && (known == nullptr || (known->ds.empty() && !referral.ds.empty())))
      known = &referral;
  }
  return known == nullptr ? std::nullopt : std::optional(Reply{.name_error = false, .sets = known->sets});
}

/// The zones from the root to that of the hop; the keys of the last one are each server's own.
std::vector<ZoneReplies> zones_of(const probe::Delegation& delegation) {
  std::vector<ZoneReplies> zones;
  for (const probe::ZoneCut& cut : delegation.cuts) {
    if (zones.empty())
      zones.push_back(
          {cut.parent, std::nullopt, collected(delegation, cut.parent, probe::RecordType::dnskey)});
    zones.push_back(
        {cut.apex, ds_of(delegation, cut), collected(delegation, cut.apex, probe::RecordType::dnskey)});
  }
  return zones;
}

std::vector<std::uint16_t> tags_of(const ZoneReplies& zone, std::span<const TrustAnchor> anchors) {
  std::vector<std::uint16_t> tags;
  const auto add = [&](std::uint16_t tag) {
    if (std::ranges::find(tags, tag) == tags.end()) tags.push_back(tag);
  };
  const auto add_ds = [&](const std::string& rdata) {
    if (const auto ds = read_delegation_signer(rdata)) add(ds->key_tag);
  };
  if (const RecordSet* const set = zone.ds ? zone.ds->find(zone.zone, type::ds) : nullptr)
    std::ranges::for_each(set->rdata, add_ds);
  for (const TrustAnchor& anchor : anchors) {
    if (!(anchor.zone == zone.zone)) continue;
    if (anchor.type == type::ds) add_ds(anchor.rdata);
    if (anchor.type == type::dnskey) add(key_tag(anchor.rdata));
  }
  return tags;
}

void keep_first_to_expire(std::optional<SignaturePeriod>& first, const std::optional<SignaturePeriod>& next) {
  if (next && (!first || next->expiration < first->expiration)) first = next;
}

std::optional<SignaturePeriod> first_to_expire(const ZoneReplies& zone, const Reply& answer,
                                               sys_seconds now) {
  std::optional<SignaturePeriod> first;
  if (zone.dnskey) {
    if (const RecordSet* const keys = zone.dnskey->find(zone.zone, type::dnskey))
      keep_first_to_expire(first, signature_period(*keys, now));
  }
  for (const RecordSet& set : answer.sets) keep_first_to_expire(first, signature_period(set, now));
  return first;
}

/// The chain above the servers' own keys.
struct Above {
  std::vector<ZoneLink> zones{};
  Checked<ZoneKeys> keys{};  ///< of the zone above, or where the chain ends
  Budget budget{};           ///< what the chain has used
};

Above validate_above(std::span<const ZoneReplies> zones, std::span<const TrustAnchor> anchors,
                     sys_seconds now) {
  Above above;
  for (const ZoneReplies& zone : zones) {
    above.keys = above.zones.empty() ? validate_keys(anchors, zones.first(1), now, above.budget)
                                     : validate_keys_below(*above.keys, zone, now, above.budget);
    const State state = above.keys ? State::secure : state_of(above.keys.error().reason);
    above.zones.push_back({zone.zone, state, tags_of(zone, anchors)});
    if (!above.keys) break;
  }
  return above;
}

/// `budget` is what the chain above has used.
ServerValidation validate_server(const probe::Hop& hop, const probe::ServerObservation& server,
                                 ZoneReplies zone, const ZoneKeys& parent, sys_seconds now, Budget budget) {
  ServerValidation result{&server, {}, std::nullopt};
  const auto answer = reply_of(answer_to(server, probe::Purpose::record_dnssec));
  zone.dnskey = reply_of(answer_to(server, probe::Purpose::zone_dnskey));
  const auto keys = validate_keys_below(parent, zone, now, budget);
  if (!answer && keys) {
    result.validation.broken = Break{.reason = Reason::not_collected,
                                     .zone = hop.delegation.zone,
                                     .key_tag = {},
                                     .sentence = "the record with its signatures was not collected"};
    return result;
  }
  const Question question{.name = hop.owner, .type = type::txt, .reply = answer.value_or(Reply{})};
  result.validation = validate_answer(keys, question, now, budget);
  if (answer) result.first_to_expire = first_to_expire(zone, *answer, now);
  const bool is_published =
      result.validation.proven == Proven::records || result.validation.proven == Proven::alias;
  if (const auto denial = reply_of(answer_to(server, probe::Purpose::wildcard_probe)); is_published && denial)
    result.denies_own_record = prove_name_error(verified_denial(*denial, *keys, now, budget), keys->zone,
                                                hop.owner, budget) == Proof::complete;
  return result;
}

}  // namespace

HopValidation validate_hop(const probe::Hop& hop, std::span<const TrustAnchor> anchors, sys_seconds now) {
  HopValidation result;
  const probe::Delegation& delegation = hop.delegation;
  if (anchors.empty() || delegation.chain_of_trust.empty()) return result;
  const std::vector<ZoneReplies> zones = zones_of(delegation);
  if (zones.empty()) return result;
  // The zone's own keys come from each server. What breaks before them is the same for all.
  Above above = validate_above(std::span(zones).first(zones.size() - 1), anchors, now);
  result.zones = std::move(above.zones);
  if (!above.keys) {
    result.broken = above.keys.error();
  } else {
    const ZoneReplies without_keys{zones.back().zone, zones.back().ds, std::nullopt};
    Budget budget = above.budget;
    const auto keys = validate_keys_below(*above.keys, without_keys, now, budget);
    if (!keys && keys.error().reason != Reason::not_collected) result.broken = keys.error();
    const State state = result.broken ? state_of(result.broken->reason) : State::secure;
    result.zones.push_back({zones.back().zone, state, tags_of(zones.back(), anchors)});
  }
  for (const probe::ServerObservation& server : hop.servers) {
    if (server.not_asked != probe::NotAsked::asked || server.stray_of) continue;
    if (result.broken) {
      result.servers.push_back(
          {&server, {.state = state_of(result.broken->reason), .broken = result.broken}, std::nullopt});
    } else {
      result.servers.push_back(validate_server(hop, server, zones.back(), *above.keys, now, above.budget));
    }
  }
  return result;
}

}  // namespace dkimprobe::checks::dnssec
