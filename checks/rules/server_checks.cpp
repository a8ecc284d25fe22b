// Faults of one server that answers with an error code or without authority, or that offers recursion. One
// finding for each cause, the most specific one:
//
//   SERVFAIL                                                        ns_servfail; a warning when another
//                                                                   transport returns the record
//   REFUSED, FORMERR, NOTIMP; no complete answer at all             ns_refused, ns_formerr, ns_notimp
//   no AA, a referral, another error code; no complete answer       ns_lame
//
// If every server of a zone fails in such a way, no receiver gets the key, and each finding is critical.
// Failures of this machine (no route, no socket, interrupted) are not blamed on a server.
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/rules/server_faults.hpp"

namespace dkimprobe::checks {
namespace {

using probe::Response;

std::optional<Fault> find_servfail(const Asked& asked) {
  const ServerAnswer& answer = asked.answer;
  const bool over_tcp = answer.tcp.outcome == ServerOutcome::servfail && !truncates(answer);
  const bool fails = answer.outcome == ServerOutcome::servfail;
  if (!fails && !is_whole(answer.outcome)) return std::nullopt;
  if (!fails && answer.plain.outcome != ServerOutcome::servfail && !over_tcp) return std::nullopt;
  std::string remedy = fmt::format(
      "Check the log of {}: the zone {} may have expired or failed to load, or its backend may not answer.",
      asked.who(), asked.zone());
  if (fails)
    return Fault{fmt::format("{} returned SERVFAIL for {}", asked.who(), asked.question()),
                 std::move(remedy)};
  return Fault{fmt::format("{} returned SERVFAIL for {} {}, but answers over another transport", asked.who(),
                           asked.question(), over_tcp ? "over TCP" : "over UDP without EDNS"),
               std::move(remedy), Severity::warning};
}

/// Critical when no other server of the zone can answer instead.
std::optional<Severity> severity_of_failure(const Asked& asked) {
  if (!fails_everywhere(asked.hop)) return std::nullopt;
  return Severity::critical;
}

std::string_view for_all_text(const Asked& asked) {
  return fails_everywhere(asked.hop) ? "; no server of its zone answers, so no receiver gets the key" : "";
}

Fault fault_of(const Asked& asked, std::string_view answer_text, std::string remedy) {
  return {
      fmt::format("{} returned {} for {}{}", asked.who(), answer_text, asked.question(), for_all_text(asked)),
      std::move(remedy), severity_of_failure(asked)};
}

std::optional<Fault> find_refused(const Asked& asked) {
  if (asked.answer.outcome != ServerOutcome::refused) return std::nullopt;
  return fault_of(
      asked, "REFUSED",
      fmt::format("Load the zone {} on {} and allow queries from everywhere, or remove the server "
                  "from the NS records of the zone and of its parent.",
                  asked.zone(), asked.who()));
}

std::optional<Fault> find_formerr(const Asked& asked) {
  if (asked.answer.outcome != ServerOutcome::formerr) return std::nullopt;
  return fault_of(
      asked, "FORMERR",
      fmt::format("Fix or replace the DNS software of {}, or the device in front of it: it cannot "
                  "parse a plain TXT query.",
                  asked.who()));
}

std::optional<Fault> find_notimp(const Asked& asked) {
  if (asked.answer.outcome != ServerOutcome::notimp) return std::nullopt;
  return fault_of(asked, "NOTIMP",
                  fmt::format("Fix or replace the DNS software of {}, or the device in front of it: it does "
                              "not serve TXT records.",
                              asked.who()));
}

std::string referral_text(const Response& response) {
  return response.referral.empty() ? "nowhere" : response.referral.front().owner.to_string();
}

/// What the SOA answer of a server showed to which the record's name was not sent.
std::optional<std::string> resolver_reason(const ServerAnswer& answer) {
  const Response* const response = answer.soa.response();
  if (answer.outcome != ServerOutcome::not_authoritative || response == nullptr) return std::nullopt;
  return response->authoritative
             ? "it answers from a cache, since its TTLs count down, so it was not asked for the record"
             : "it answers as a resolver, without authority (RA=1, AA=0), so it was not asked for the record";
}

std::optional<std::string> lame_reason(const ServerAnswer& answer) {
  if (answer.server->not_asked == probe::NotAsked::answers_as_resolver) return resolver_reason(answer);
  const TransportAttempts* said = nullptr;
  for (const TransportAttempts* attempts : answer.record_attempts()) {
    if (said == nullptr && attempts->response() != nullptr && attempts->outcome == answer.outcome)
      said = attempts;
  }
  if (said == nullptr) return std::nullopt;
  const Response& response = *said->response();
  switch (answer.outcome) {
    case ServerOutcome::upward_referral:
      return fmt::format("it refers upwards, to {}", referral_text(response));
    case ServerOutcome::self_referral:
      return fmt::format("it refers to {}, the zone that it should serve itself", referral_text(response));
    case ServerOutcome::not_authoritative:
      if (response.recursion_available) return "it answers as a resolver, without authority (RA=1, AA=0)";
      if (!response.referral.empty())
        return fmt::format("it refers to {} without authority", referral_text(response));
      return "its answer has no authority (AA=0)";
    case ServerOutcome::other_rcode:
      return fmt::format("it returned {}", rcode_text(response.rcode));
    case ServerOutcome::answered:
    case ServerOutcome::nodata:
    case ServerOutcome::nxdomain:
    case ServerOutcome::servfail:
    case ServerOutcome::refused:
    case ServerOutcome::formerr:
    case ServerOutcome::notimp:
    case ServerOutcome::timeout:
    case ServerOutcome::unreachable:
    case ServerOutcome::tcp_failed:
    case ServerOutcome::malformed:
    case ServerOutcome::too_large:
    case ServerOutcome::local_error:
    case ServerOutcome::not_asked:
      break;
  }
  return std::nullopt;
}

std::optional<Fault> find_lame(const Asked& asked) {
  const auto reason = lame_reason(asked.answer);
  if (!reason || says_name_too_long(asked.answer) || refers_down(asked.answer, asked.hop))
    return std::nullopt;
  return Fault{
      fmt::format("{} is not authoritative for {}: {}{}", asked.who(), asked.question(), *reason,
                  for_all_text(asked)),
      fmt::format(
          "Load the zone {} on {}, or remove the server from the NS records of the zone and of its parent.",
          asked.zone(), asked.who()),
      severity_of_failure(asked)};
}

bool gave_whole(const ServerAnswer& answer) {
  return answer.whole() != nullptr;
}

std::optional<Fault> find_recursion_available(const Asked& asked) {
  if (!asked.answer.whole()->recursion_available) return std::nullopt;
  return Fault{fmt::format("{} offers recursion (RA=1) to anyone who queries it for {}", asked.who(),
                           asked.question()),
               fmt::format("Disable recursion on {}, or restrict it to your own networks.", asked.who())};
}

constexpr auto server_rows = rows_of(
    Scope::server, Needs::one_server,
    {{.name = "ns_servfail",
      .severity = Severity::critical,
      .reference = "RFC 1035 section 4.1.1",
      .summary = "a server returns SERVFAIL for the record",
      .effect = "a verifier that asks this server cannot verify the signature",
      .remedy = "Make the server load the zone and answer for it.",
      .example = {Example::behaviour,
                  "ns2 returns SERVFAIL: the zone is in its configuration but could not be loaded."},
      .find = find_at_servers<learnt_anything, find_servfail>},
     {.name = "ns_refused",
      .severity = Severity::warning,
      .reference = "RFC 8906 section 3.1.1",
      .summary = "a server refuses the query for the record",
      .effect = "resolvers lose time before they ask another server",
      .remedy = "Load the zone on the server, or remove it from the NS records.",
      .example = {Example::behaviour,
                  "ns2 returns REFUSED: the zone was removed from it, but the NS records still name it."},
      .find = find_at_servers<learnt_anything, find_refused, FaultOf::zone>},
     {.name = "ns_formerr",
      .severity = Severity::warning,
      .reference = "RFC 1035 section 4.1.1",
      .summary = "a server returns FORMERR to a plain query",
      .effect = "resolvers lose time before they ask another server",
      .remedy = "Fix the DNS software of the server.",
      .example = {Example::behaviour, "ns2 returns FORMERR to a TXT query without EDNS."},
      .find = find_at_servers<learnt_anything, find_formerr, FaultOf::zone>},
     {.name = "ns_notimp",
      .severity = Severity::warning,
      .reference = "RFC 8906 section 3.1.2",
      .summary = "a server returns NOTIMP to a TXT query",
      .effect = "resolvers lose time before they ask another server",
      .remedy = "Fix the DNS software of the server.",
      .example = {Example::behaviour, "ns2 returns NOTIMP to a TXT query."},
      .find = find_at_servers<learnt_anything, find_notimp, FaultOf::zone>},
     {.name = "ns_lame",
      .severity = Severity::warning,
      .reference = "RFC 8906 section 3.1.1",
      .summary = "a server of the zone is not authoritative for it",
      .effect = "resolvers lose time before they ask another server",
      .remedy = "Load the zone on the server, or remove it from the NS records.",
      .example = {Example::behaviour, "ns2 refers to the root servers for a name of the zone."},
      .find = find_at_servers<learnt_anything, find_lame, FaultOf::zone>},
     {.name = "ns_recursion_available",
      .severity = Severity::notice,
      .reference = "RFC 5358 section 4",
      .summary = "an authoritative server offers recursion to the public",
      .effect = "none; it can be abused to attack others",
      .remedy = "Disable recursion.",
      .example = {Example::behaviour, "ns2 sets RA in its answers."},
      .find = find_at_servers<gave_whole, find_recursion_available>}});

}  // namespace

std::span<const Check> server_checks() {
  return server_rows;
}

}  // namespace dkimprobe::checks
