// What a validating resolver finds wrong with the DNSSEC signatures of each server. Where nothing was
// validated, only the times of signatures are read.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/delegation_facts.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/report/time_text.hpp"
#include "checks/rules/zone_faults.hpp"

namespace dkimprobe::checks {
namespace {

using std::chrono::seconds;

/// Signatures count whole seconds.
std::chrono::sys_seconds probed_at(const Evidence& evidence) {
  return std::chrono::floor<seconds>(evidence.observation.observed_at);
}

/// For how long all signatures of a response have been over; nothing while one of them is not.
std::optional<seconds> expired_for(const Evidence& evidence, const probe::SignatureTimes& times) {
  const seconds end = dnssec::seconds_after(probed_at(evidence), times.last_expiration);
  return end.count() < 0 ? std::optional(-end) : std::nullopt;
}

/// How long it takes until the first signature of a response is valid; nothing once one is, or is over.
std::optional<seconds> begins_in(const Evidence& evidence, const probe::SignatureTimes& times) {
  const seconds begin = dnssec::seconds_after(probed_at(evidence), times.first_inception);
  return begin.count() > 0 && !expired_for(evidence, times) ? std::optional(begin) : std::nullopt;
}

struct Invalid {
  std::vector<ServerId> servers{};
  seconds longest{};  ///< until or since the time, of the server where it is farthest
};

/// The records that a resolver does not get, and from whom.
std::string lost_text(const HopAnswers& hop, const std::vector<ServerId>& servers) {
  const std::string name = hop.hop->owner.to_string();
  if (servers.empty()) return fmt::format("validating resolvers do not get {}", name);
  return fmt::format("a validating resolver that asks {} does not get {}", servers_text(servers), name);
}

/// A link of the chain that does not hold, and the servers whose answers depend on it; none if all do.
struct BrokenLink {
  const dnssec::Break* link = nullptr;
  std::vector<ServerId> servers{};
};

/// The links that do not hold for one of these reasons, each reason and zone once: servers differ in times.
std::vector<BrokenLink> broken_links(const HopAnswers& hop, const dnssec::HopValidation& validation,
                                     std::span<const dnssec::Reason> reasons) {
  std::vector<BrokenLink> links;
  for (const auto& server : validation.servers) {
    const auto& broken = server.validation.broken;
    if (!broken || std::ranges::find(reasons, broken->reason) == reasons.end()) continue;
    const auto is_same = [&](const BrokenLink& known) {
      return known.link->reason == broken->reason && known.link->zone == broken->zone;
    };
    auto known = std::ranges::find_if(links, is_same);
    if (known == links.end()) known = links.insert(known, BrokenLink{&*broken, {}});
    known->servers.push_back(answer_at(hop, server.server->address)->id);
  }
  for (BrokenLink& link : links) {
    if (link.servers.size() == validation.servers.size()) link.servers.clear();
  }
  return links;
}

/// How to fix what is wrong in the zone, `fix`, which begins with a verb in upper case.
std::string remedy_of(const HopAnswers& hop, const BrokenLink& broken, std::string_view fix) {
  const config::DomainName& zone = hop.hop->delegation.zone;
  if (broken.link->zone == zone) return std::string(fix);
  return fmt::format("This is a fault of {}: ask its operator to fix it.",
                     dnssec::zone_text(broken.link->zone));
}

/// A fault of links: for which reasons, and how to fix it.
struct LinkFault {
  std::span<const dnssec::Reason> reasons{};
  std::string_view fix{};
};

/// Adds the links that do not hold for the fault's reasons. False if nothing was validated.
bool add_broken(const Evidence& evidence, Verdict& verdict, const LinkFault& fault) {
  bool judged = false;
  std::vector<std::string_view> said;
  for (const HopAnswers& hop : evidence.answers.hops) {
    const dnssec::HopValidation* const validation = validation_of(evidence, hop);
    if (validation == nullptr) continue;
    judged = true;
    if (lacks_all_signatures(hop, *validation)) continue;  // ds_without_signatures says so
    for (const BrokenLink& broken : broken_links(hop, *validation, fault.reasons)) {
      const std::string_view sentence = broken.link->sentence;
      if (std::ranges::find(said, sentence) != said.end()) continue;
      said.push_back(sentence);
      const bool is_bogus = dnssec::state_of(broken.link->reason) == Security::bogus;
      verdict.found({.servers = broken.servers,
                     .detail = is_bogus ? fmt::format("{}: {}", sentence, lost_text(hop, broken.servers))
                                        : std::string(sentence),
                     .remedy = remedy_of(hop, broken, fault.fix)},
                    is_bogus ? std::optional(Severity::critical) : std::nullopt);
    }
  }
  return judged;
}

template <const LinkFault& fault>
void find_broken(const Evidence& evidence, Verdict& verdict) {
  if (!add_broken(evidence, verdict, fault)) verdict.not_evaluated();
}

using dnssec::Reason;

constexpr std::array expired_reasons = {Reason::signature_expired};
constexpr LinkFault expired_link{expired_reasons,
                                 "Sign the zone again, and check its signer and the zone transfers."};
constexpr std::array not_begun_reasons = {Reason::signature_not_begun};
constexpr LinkFault not_begun_link{
    not_begun_reasons, "Correct the clock of the machine that signs the zone, then sign it again."};
constexpr std::array missing_reasons = {Reason::signature_missing, Reason::keys_missing};
constexpr LinkFault missing_link{
    missing_reasons, "Load the signed zone on each of these servers, and check that they support DNSSEC."};
constexpr std::array ds_reasons = {Reason::ds_mismatch};
constexpr LinkFault ds_link{
    ds_reasons,
    "Publish the zone's key that the DS record names, or replace the DS record at the parent; to leave "
    "DNSSEC, delete the DS record first and wait for its TTL."};
constexpr std::array retired_reasons = {Reason::algorithm_retired};
constexpr LinkFault retired_link{retired_reasons,
                                 "Roll the zone to algorithm 13 (ECDSA P-256) and a DS record with SHA-256."};
constexpr std::array bogus_reasons = {
    Reason::signature_malformed, Reason::signer_wrong,      Reason::signing_key_missing,
    Reason::signature_wrong,     Reason::records_malformed, Reason::wildcard_not_allowed,
    Reason::denial_missing,      Reason::denial_incomplete, Reason::wildcard_not_proven,
    Reason::alias_wrong,
};
constexpr LinkFault bogus_link{bogus_reasons,
                               "Sign the zone again, and check that every server has the same signed zone."};

/// The servers of the zone whose signatures expire soon: when less than a tenth of their time is left.
void find_expiring(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  const auto now = probed_at(evidence);
  for (const HopAnswers* const hop : distinct_zones(evidence)) {
    const dnssec::HopValidation* const validation = validation_of(evidence, *hop);
    if (validation == nullptr) continue;
    judged = true;
    std::vector<ServerId> servers;
    std::optional<std::chrono::sys_seconds> first;
    for (const auto& server : validation->servers) {
      if (server.validation.state != Security::secure || !server.first_to_expire) continue;
      const auto& [inception, expiration] = *server.first_to_expire;
      if (expiration - now >= (expiration - inception) / 10) continue;
      servers.push_back(answer_at(*hop, server.server->address)->id);
      first = std::min(first.value_or(expiration), expiration);
    }
    if (!first) continue;
    verdict.found(
        {.servers = servers,
         .detail = fmt::format(
             "DNSSEC signatures of the zone {} on {} expire at {}, in {}, and were not renewed",
             zone_text(*hop), servers_text(servers), time_text(*first), duration_text(*first - now)),
         .remedy = fmt::format("Check that the signer of the zone {} runs, and that its servers get the "
                               "signed zone, before then.",
                               zone_text(*hop))});
  }
  if (!judged) verdict.not_evaluated();
}

/// Zones that are signed although their parent has no DS record.
void find_islands(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (const HopAnswers* const hop : distinct_zones(evidence)) {
    const dnssec::HopValidation* const validation = validation_of(evidence, *hop);
    if (validation == nullptr) continue;
    judged = true;
    const auto& broken = validation->broken;
    const bool is_unsigned =
        broken && broken->reason == Reason::delegation_unsigned && broken->zone == hop->hop->delegation.zone;
    const bool has_signatures = std::ranges::any_of(own_servers(*hop), [](const ServerAnswer& answer) {
      const probe::Response* const response = answer.wildcard_probe.response();
      return response != nullptr && response->signatures.has_value();
    });
    if (!is_unsigned || !has_signatures) continue;
    verdict.found({.detail = fmt::format("the zone {} is signed, but its parent has no DS record for it: "
                                         "nobody validates its signatures",
                                         zone_text(*hop)),
                   .remedy = fmt::format("Give the DS record of the zone {} to its registrar, or stop "
                                         "signing it.",
                                         zone_text(*hop))});
  }
  if (!judged) verdict.not_evaluated();
}

/// Servers whose denial of another name covers the record that they publish.
void find_covered(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (const HopAnswers& hop : evidence.answers.hops) {
    const dnssec::HopValidation* const validation = validation_of(evidence, hop);
    if (validation == nullptr) continue;
    judged = true;
    std::vector<ServerId> servers;
    for (const auto& server : validation->servers) {
      if (server.denies_own_record) servers.push_back(answer_at(hop, server.server->address)->id);
    }
    if (servers.empty()) continue;
    verdict.found(
        {.servers = servers,
         .detail = fmt::format("{} publishes {}, but its denial of a random name beside it says that {} does "
                               "not exist: a cache that uses such denials (RFC 8198) denies the record",
                               servers_text(servers), hop.hop->owner.to_string(), hop.hop->owner.to_string()),
         .remedy = fmt::format("Sign the whole zone {} again, so that its NSEC or NSEC3 records name "
                               "every name.",
                               zone_text(hop))});
  }
  if (!judged) verdict.not_evaluated();
}

/// A selector that is to be published in a zone whose denials caches may use for any name.
void find_pending_covered(const Evidence& evidence, Verdict& verdict) {
  if (evidence.expectation.role != config::Role::pending || has_key_record(evidence)) return;
  std::optional<std::uint32_t> longest;
  for (const HopAnswers* const hop : distinct_zones(evidence)) {
    for (const ServerAnswer& answer : own_servers(*hop)) {
      const probe::Response* const response = answer.wildcard_probe.response();
      if (response != nullptr) longest = std::max(longest, response->nsec_ttl_seconds);
    }
  }
  if (!longest) return;
  verdict.found(
      {.detail = fmt::format("the zone is signed, so a cache may already hold an NSEC record that denies {}, "
                             "although nobody asked for that name: for up to {} after it is published",
                             evidence.answers.hops.front().hop->owner.to_string(), ttl_text(*longest)),
       .remedy =
           "Publish the record, and sign with it only from the time that `dkimprobe preflight` gives."});
}

/// How a server returned the record with its signatures.
struct SignedAnswer {
  bool truncated = false;  ///< over UDP, or over TCP too
  bool complete = false;
};

SignedAnswer signed_answer(const ServerAnswer& answer) {
  SignedAnswer result;
  for (const probe::Exchange& exchange : answer.server->exchanges) {
    if (exchange.purpose == probe::Purpose::record_dnssec && exchange.response)
      (exchange.response->truncated ? result.truncated : result.complete) = true;
  }
  return result;
}

/// Servers whose signed answer for the record does not fit into a datagram.
void find_oversized(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (const HopAnswers& hop : evidence.answers.hops) {
    const std::string name = hop.hop->owner.to_string();
    std::vector<ServerId> over_tcp;
    std::vector<ServerId> not_at_all;
    for (const ServerAnswer& answer : own_servers(hop)) {
      const auto [truncated, complete] = signed_answer(answer);
      judged = judged || truncated || complete;
      if (truncated) (complete ? over_tcp : not_at_all).push_back(answer.id);
    }
    if (!not_at_all.empty())
      verdict.found(
          {.servers = not_at_all,
           .detail = fmt::format("the record {} with its signatures is truncated over UDP by {}, and not "
                                 "returned over TCP: validating resolvers do not get it there",
                                 name, servers_text(not_at_all)),
           .remedy = "Open TCP port 53 on these servers."},
          Severity::critical);
    if (!over_tcp.empty())
      verdict.found({.servers = over_tcp,
                     .detail = fmt::format("the record {} with its signatures is truncated over UDP by {}: "
                                           "validating resolvers need TCP for it",
                                           name, servers_text(over_tcp)),
                     .remedy = "Keep TCP port 53 open on every server; signatures of ECDSA P-256 (algorithm "
                               "13) are shorter than those of RSA."});
  }
  if (!judged) verdict.not_evaluated();
}

/// Adds the broken links, and calls `add` for each zone that was not validated, with the servers whose
/// signatures `distance` does not find valid. Responses to the wildcard probe have signatures: it is sent
/// with DO=1.
template <auto distance, auto add, const LinkFault& fault>
void find_invalid(const Evidence& evidence, Verdict& verdict) {
  bool judged = add_broken(evidence, verdict, fault);
  for (const HopAnswers* const hop : distinct_zones(evidence)) {
    if (validation_of(evidence, *hop) != nullptr) continue;
    Invalid invalid;
    for (const ServerAnswer& answer : own_servers(*hop)) {
      const probe::Response* const response = answer.wildcard_probe.response();
      if (response == nullptr) continue;
      judged = judged || response->signatures || answer.wildcard_probe.deciding->edns_sent;
      if (!response->signatures) continue;
      const std::optional<seconds> far = distance(evidence, *response->signatures);
      if (!far) continue;
      invalid.servers.push_back(answer.id);
      invalid.longest = std::max(invalid.longest, *far);
    }
    if (!invalid.servers.empty()) add(evidence, verdict, *hop, invalid);
  }
  if (!judged) verdict.not_evaluated();
}

/// Whether validating resolvers are known to reject the signatures: then the fault is critical.
bool has_ds(const HopAnswers& hop) {
  const auto& cuts = hop.hop->delegation.cuts;
  return !cuts.empty() && cuts.back().apex == hop.hop->delegation.zone && has_checked_ds(cuts.back());
}

std::string effect_text(const HopAnswers& hop) {
  if (has_ds(hop)) return "its parent has a DS record, so validating resolvers reject these answers";
  return "if its parent has a DS record, validating resolvers reject these answers; without one, nobody "
         "checks them (the chain of trust was not validated here)";
}

void add(Verdict& verdict, const HopAnswers& hop, Finding finding) {
  verdict.found(std::move(finding), has_ds(hop) ? std::optional(Severity::critical) : std::nullopt);
}

void add_expired(const Evidence& evidence, Verdict& verdict, const HopAnswers& hop, const Invalid& invalid) {
  const std::string servers = servers_text(invalid.servers);
  add(verdict, hop,
      {.servers = invalid.servers,
       .detail = fmt::format("the DNSSEC signatures of the zone {} on {} expired at {}: {}", zone_text(hop),
                             servers, time_text(probed_at(evidence) - invalid.longest), effect_text(hop)),
       .remedy = fmt::format("Sign the zone {} again, and check that {} has the signed zone: its signer, "
                             "the clock of the signer, and the zone transfer.",
                             zone_text(hop), servers)});
}

void add_not_begun(const Evidence& evidence, Verdict& verdict, const HopAnswers& hop,
                   const Invalid& invalid) {
  add(verdict, hop,
      {.servers = invalid.servers,
       .detail = fmt::format("the DNSSEC signatures of the zone {} on {} begin at {}: {}", zone_text(hop),
                             servers_text(invalid.servers), time_text(probed_at(evidence) + invalid.longest),
                             effect_text(hop)),
       .remedy = fmt::format("Correct the clock of the machine that signs the zone {}, then sign it again; "
                             "check the clock of this machine too.",
                             zone_text(hop))});
}

constexpr auto dnssec_rows = rows_of(
    Scope::server, Needs::one_server,
    {{.name = "rrsig_expired",
      .severity = Severity::warning,
      .is_about_signatures = true,
      .reference = "RFC 4035 section 5.3.1",
      .summary = "all DNSSEC signatures of a server have expired",
      .effect =
          "validating receivers cannot get the key if the parent has a DS record for the zone; otherwise "
          "nothing: nobody checks its signatures",
      .remedy = "Sign the zone again, and make sure that every server loads it.",
      .example = {Example::behaviour, "The signatures that ns2 returns expired yesterday."},
      .find = find_invalid<expired_for, add_expired, expired_link>},
     {.name = "rrsig_inception_future",
      .severity = Severity::warning,
      .is_about_signatures = true,
      .reference = "RFC 4035 section 5.3.1",
      .summary = "no DNSSEC signature of a server is valid yet",
      .effect =
          "validating receivers cannot get the key if the parent has a DS record for the zone; otherwise "
          "nothing: nobody checks its signatures",
      .remedy = "Correct the clock of the machine that signs the zone, then sign it again.",
      .example = {Example::behaviour, "The signatures that ns2 returns begin tomorrow."},
      .find = find_invalid<begins_in, add_not_begun, not_begun_link>},
     {.name = "rrsig_missing_on_ns",
      .severity = Severity::critical,
      .reference = "RFC 4035 section 5.2",
      .summary = "a server of a signed zone returns records without signatures",
      .effect =
          "validating resolvers that ask this server do not get the key, and signatures made with it fail",
      .remedy = "Load the signed zone on the server, and check that it supports DNSSEC.",
      .example = {Example::behaviour,
                  "ns2 returns the key without an RRSIG record; ns1 returns it with one."},
      .find = find_broken<missing_link>},
     {.name = "ds_mismatch",
      .severity = Severity::critical,
      .reference = "RFC 4035 section 5.2",
      .summary = "no key of the zone matches the DS records at its parent",
      .effect = "validating resolvers get nothing of the zone, so every signature fails at such receivers",
      .remedy = "Publish the key that the DS record names, or replace the DS record.",
      .example = {Example::behaviour,
                  "The DS record at com names key 12345, and example.com has key 54321 alone."},
      .find = find_broken<ds_link>},
     {.name = "dnssec_bogus",
      .severity = Severity::critical,
      .reference = "RFC 4035 section 5.5",
      .summary = "the DNSSEC signatures or denials of a server do not hold",
      .effect =
          "validating resolvers that ask this server do not get the key, and signatures made with it fail",
      .remedy = "Sign the zone again, and check that every server has the same signed zone.",
      .example = {Example::behaviour, "The signature that ns2 returns was made over another record."},
      .find = find_broken<bogus_link>},
     {.name = "rrsig_expires_soon",
      .severity = Severity::warning,
      .concerns_signing = false,
      .reference = "RFC 4033 section 8.1",
      .summary = "DNSSEC signatures expire soon and were not renewed",
      .effect = "when they expire, validating resolvers no longer get the key",
      .remedy = "Check that the zone's signer runs.",
      .example = {Example::behaviour, "The signature over the key was made for 14 days, and expires in one."},
      .find = find_expiring},
     {.name = "dnssec_algorithm_retired",
      .severity = Severity::warning,
      .concerns_signing = false,
      .reference = "RFC 9905 section 2",
      .summary = "the zone is signed only with retired algorithms",
      .effect = "validating resolvers treat the zone as unsigned, or refuse it, depending on their age",
      .remedy = "Roll the zone to algorithm 13 (ECDSA P-256), with a DS record of SHA-256.",
      .example = {Example::behaviour, "The only DS record names a key of algorithm 5 (RSA with SHA-1)."},
      .find = find_broken<retired_link>},
     {.name = "dnssec_island",
      .severity = Severity::notice,
      .concerns_signing = false,
      .reference = "RFC 4033 section 2",
      .summary = "the zone is signed, but its parent has no DS record",
      .effect = "none: nobody validates the signatures",
      .remedy = "Give the zone's DS record to its registrar, or stop signing.",
      .example = {Example::behaviour, "example.com has RRSIG records, and com has no DS record for it."},
      .find = find_islands},
     {.name = "nsec_covers_existing_selector",
      .severity = Severity::critical,
      .reference = "RFC 8198 section 5.1",
      .summary = "a signed denial of another name covers the record that the server publishes",
      .effect = "caches that synthesise denials answer that the key does not exist, at times",
      .remedy = "Sign the whole zone again.",
      .example = {Example::behaviour,
                  "The NSEC record from a._domainkey to z._domainkey skips s1._domainkey, which has a key."},
      .find = find_covered},
     {.name = "nsec_covers_pending",
      .severity = Severity::notice,
      .concerns_signing = false,
      .reference = "RFC 8198 section 5.1",
      .summary = "denials of the signed zone may cover the selector that is to be published",
      .effect =
          "caches may deny the new key for the TTL of the zone's NSEC records, even if nobody asked for it",
      .remedy = "Publish the key, and wait as `dkimprobe preflight` says before signing with it.",
      .example = {Example::behaviour,
                  "s2 is pending and not published; the zone's NSEC records have a TTL of 1 h."},
      .find = find_pending_covered},
     {.name = "rrsig_exceeds_1232",
      .severity = Severity::notice,
      .concerns_signing = false,
      .reference = "RFC 9715 section 3.2",
      .summary = "the record with its signatures does not fit into 1232 octets of UDP",
      .effect = "validating resolvers need TCP for it, which some networks block",
      .remedy = "Keep TCP port 53 open on every server, or sign with a shorter algorithm.",
      .example = {Example::behaviour,
                  "A key of 4096 bits with a signature of RSA 4096 is truncated over UDP."},
      .find = find_oversized}});

}  // namespace

std::span<const Check> dnssec_checks() {
  return dnssec_rows;
}

}  // namespace dkimprobe::checks
