// DNSSEC signatures of servers that are not valid at the time of the probe. Only their times are read: no
// signature is verified.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
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

/// How long after the probe a time of a signature is. It counts modulo 2^32, so it is the time nearest to the
/// probe (RFC 4034 section 3.1.5).
seconds after_probe(const Evidence& evidence, std::uint32_t time) {
  const auto probed = probed_at(evidence).time_since_epoch();
  return seconds{static_cast<std::int32_t>(time - static_cast<std::uint32_t>(probed.count()))};
}

/// For how long all signatures of a response have been over; nothing while one of them is not.
std::optional<seconds> expired_for(const Evidence& evidence, const probe::SignatureTimes& times) {
  const seconds end = after_probe(evidence, times.last_expiration);
  return end.count() < 0 ? std::optional(-end) : std::nullopt;
}

/// How long it takes until the first signature of a response is valid; nothing once one is, or is over.
std::optional<seconds> begins_in(const Evidence& evidence, const probe::SignatureTimes& times) {
  const seconds begin = after_probe(evidence, times.first_inception);
  return begin.count() > 0 && !expired_for(evidence, times) ? std::optional(begin) : std::nullopt;
}

struct Invalid {
  std::vector<ServerId> servers{};
  seconds longest{};  ///< until or since the time, of the server where it is farthest
};

/// Calls `add` for each zone with servers whose signatures `distance` does not find valid. Responses to the
/// wildcard probe have signatures: it is sent with DO=1.
template <auto distance, auto add>
void find_invalid(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (const HopAnswers* const hop : distinct_zones(evidence)) {
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
bool is_validated(const HopAnswers& hop) {
  const auto& cuts = hop.hop->delegation.cuts;
  return !cuts.empty() && cuts.back().apex == hop.hop->delegation.zone && has_checked_ds(cuts.back());
}

std::string effect_text(const HopAnswers& hop) {
  if (is_validated(hop)) return "its parent has a DS record, so validating resolvers reject these answers";
  return "if its parent has a DS record, validating resolvers reject these answers; without one, nobody "
         "checks "
         "them (dkimprobe reads only the times and validates nothing)";
}

void add(Verdict& verdict, const HopAnswers& hop, Finding finding) {
  verdict.found(std::move(finding), is_validated(hop) ? std::optional(Severity::critical) : std::nullopt);
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
          "nothing: dkimprobe validates nothing, and such a zone counts as unsigned",
      .remedy = "Sign the zone again, and make sure that every server loads it.",
      .example = {Example::behaviour, "The signatures that ns2 returns expired yesterday."},
      .find = find_invalid<expired_for, add_expired>},
     {.name = "rrsig_inception_future",
      .severity = Severity::warning,
      .is_about_signatures = true,
      .reference = "RFC 4035 section 5.3.1",
      .summary = "no DNSSEC signature of a server is valid yet",
      .effect =
          "validating receivers cannot get the key if the parent has a DS record for the zone; otherwise "
          "nothing: dkimprobe validates nothing, and such a zone counts as unsigned",
      .remedy = "Correct the clock of the machine that signs the zone, then sign it again.",
      .example = {Example::behaviour, "The signatures that ns2 returns begin tomorrow."},
      .find = find_invalid<begins_in, add_not_begun>}});

}  // namespace

std::span<const Check> dnssec_checks() {
  return dnssec_rows;
}

}  // namespace dkimprobe::checks
