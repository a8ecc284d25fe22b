// Faults of one server that answers. The exchanges and their findings (one finding for each cause, the most
// specific one; checks/rules/silence_checks.cpp has the servers that do not answer):
//
//   without EDNS, UDP  with EDNS, UDP      TCP                      finding
//   TC=1               any                 complete, 512 or fewer   ns_tc_unneeded
//   answers            BADVERS             any                      ns_edns_badvers
//   answers            another error code  any                      ns_edns_formerr
//   answers            denies mixed case   any                      ns_case_sensitive
//   SERVFAIL           any                 any                      ns_servfail; a warning when another
//                                                                   transport returns the record
//   REFUSED, FORMERR, NOTIMP; no complete answer at all             ns_refused, ns_formerr, ns_notimp
//   no AA, a referral, another error code; no complete answer       ns_lame
//   only datagrams that are not the answer  any                     ns_wrong_source, ns_wrong_question,
//                                                                   ns_malformed
//
// If every server of a zone fails in such a way, no receiver gets the key, and each finding is critical.
// Failures of this machine (no route, no socket, interrupted) are not blamed on a server.
#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/delegation_facts.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/rules/server_faults.hpp"
#include "config/names/address.hpp"

namespace dkimprobe::checks {
namespace {

using config::Family;
using probe::IgnoreReason;
using probe::Outcome;
using probe::Rcode;
using probe::Response;
using probe::Transport;

std::uint32_t strange_questions(const TransportAttempts& attempts) {
  return attempts.ignored[IgnoreReason::wrong_question] + attempts.ignored[IgnoreReason::wrong_class] +
         attempts.ignored[IgnoreReason::no_question] + attempts.ignored[IgnoreReason::wrong_id];
}

std::uint32_t strange_messages(const TransportAttempts& attempts) {
  return attempts.ignored[IgnoreReason::malformed] + attempts.ignored[IgnoreReason::wrong_opcode] +
         attempts.ignored[IgnoreReason::not_a_response];
}

/// "3 with another class, 1 with another id"; counts of zero are left out.
std::string count_some(std::initializer_list<std::pair<std::uint32_t, std::string_view>> counts) {
  std::string text;
  for (const auto& [count, what] : counts) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  }
  return text;
}

// ---- Error codes and lameness ----

void find_servfail(const Evidence& evidence, Verdict& verdict) {
  for_each_server(evidence, verdict, learnt_anything, [](const Asked& asked) -> std::optional<Fault> {
    const ServerAnswer& answer = asked.answer;
    const std::string remedy = fmt::format(
        "Check the log of {}: the zone {} may have expired or failed to load, or its backend may not answer.",
        asked.who(), asked.hop.hop->delegation.zone.to_string());
    if (answer.outcome == ServerOutcome::servfail)
      return Fault{fmt::format("{} returned SERVFAIL for {}", asked.who(), asked.question()), remedy};
    if (!is_whole(answer.outcome)) return std::nullopt;
    const bool over_tcp = answer.tcp.outcome == ServerOutcome::servfail && !truncates(answer);
    if (answer.plain.outcome != ServerOutcome::servfail && !over_tcp) return std::nullopt;
    return Fault{fmt::format("{} returned SERVFAIL for {} {}, but answers over another transport",
                             asked.who(), asked.question(), over_tcp ? "over TCP" : "over UDP without EDNS"),
                 remedy, Severity::warning};
  });
}

/// Critical when no other server of the zone can answer instead.
std::optional<Severity> severity_of_failure(const Asked& asked) {
  if (!fails_everywhere(asked.hop)) return std::nullopt;
  return Severity::critical;
}

std::string_view for_all_text(const Asked& asked) {
  return fails_everywhere(asked.hop) ? "; no server of its zone answers, so no receiver gets the key" : "";
}

void find_by_outcome(const Evidence& evidence, Verdict& verdict, ServerOutcome wanted, const char* says,
                     const char* remedy) {
  const auto find = [&](const Asked& asked) -> std::optional<Fault> {
    if (asked.answer.outcome != wanted) return std::nullopt;
    return Fault{
        fmt::format("{} returned {} for {}{}", asked.who(), says, asked.question(), for_all_text(asked)),
        fmt::format(fmt::runtime(remedy), fmt::arg("server", asked.who()), fmt::arg("zone", asked.zone())),
        severity_of_failure(asked)};
  };
  for_each_server(evidence, verdict, learnt_anything, find, FaultOf::zone);
}

void find_refused(const Evidence& evidence, Verdict& verdict) {
  find_by_outcome(evidence, verdict, ServerOutcome::refused, "REFUSED",
                  "Load the zone {zone} on {server} and allow queries from everywhere, or remove the server "
                  "from the NS records of the zone and of its parent.");
}

void find_formerr(const Evidence& evidence, Verdict& verdict) {
  find_by_outcome(evidence, verdict, ServerOutcome::formerr, "FORMERR",
                  "Fix or replace the DNS software of {server}, or the device in front of it: it cannot "
                  "parse a plain TXT query.");
}

void find_notimp(const Evidence& evidence, Verdict& verdict) {
  find_by_outcome(evidence, verdict, ServerOutcome::notimp, "NOTIMP",
                  "Fix or replace the DNS software of {server}, or the device in front of it: it does not "
                  "serve TXT records.");
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
  for (const TransportAttempts* attempts : {&answer.plain, &answer.edns, &answer.tcp}) {
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
    case ServerOutcome::local_error:
    case ServerOutcome::not_asked:
      break;
  }
  return std::nullopt;
}

void find_lame(const Evidence& evidence, Verdict& verdict) {
  const auto find = [](const Asked& asked) -> std::optional<Fault> {
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
  };
  for_each_server(evidence, verdict, learnt_anything, find, FaultOf::zone);
}

// ---- Unusable answers ----

void find_wrong_source(const Evidence& evidence, Verdict& verdict) {
  for_each_server(evidence, verdict, learnt_anything, [](const Asked& asked) -> std::optional<Fault> {
    for (const TransportAttempts* attempts : asked.answer.all()) {
      const std::uint32_t count = attempts->ignored[IgnoreReason::wrong_source];
      if (count == 0 || attempts->response() != nullptr) continue;
      return Fault{fmt::format("{} datagrams came from another address than {}, which was queried for {}; "
                               "none came from that address",
                               count, asked.who(), asked.question()),
                   fmt::format("Make {} answer from the address that was queried: bind the server to each of "
                               "its addresses, and check the address translation in front of it.",
                               asked.who())};
    }
    return std::nullopt;
  });
}

void find_wrong_question(const Evidence& evidence, Verdict& verdict) {
  for_each_server(evidence, verdict, learnt_anything, [](const Asked& asked) -> std::optional<Fault> {
    for (const TransportAttempts* attempts : asked.answer.all()) {
      if (strange_questions(*attempts) == 0 || attempts->response() != nullptr) continue;
      return Fault{
          fmt::format(
              "{} answered a different question than the one for {}: {}", asked.who(), asked.question(),
              count_some({{attempts->ignored[IgnoreReason::wrong_question], "with another name or type"},
                          {attempts->ignored[IgnoreReason::wrong_class], "with another class"},
                          {attempts->ignored[IgnoreReason::no_question], "without a question"},
                          {attempts->ignored[IgnoreReason::wrong_id], "with another id"}})),
          fmt::format("Fix or replace the DNS software of {}, or the device in front of it.", asked.who())};
    }
    return std::nullopt;
  });
}

void find_malformed(const Evidence& evidence, Verdict& verdict) {
  for_each_server(evidence, verdict, learnt_anything, [](const Asked& asked) -> std::optional<Fault> {
    for (const TransportAttempts* attempts : asked.answer.all()) {
      if (!attempts->tells()) continue;
      std::string what;
      const Response* response = attempts->response();
      if (response != nullptr && response->malformed_txt > 0) {
        what = fmt::format("{} TXT records without any string", response->malformed_txt);
      } else if (attempts->outcome == ServerOutcome::malformed && response != nullptr) {
        what = "a record of another name instead of an answer";
      } else if (attempts->outcome == ServerOutcome::malformed) {
        what = "a message that violates the message format";
      } else if (response == nullptr && strange_messages(*attempts) > 0) {
        what = "messages that are not answers: " +
               count_some({{attempts->ignored[IgnoreReason::malformed], "that violate the message format"},
                           {attempts->ignored[IgnoreReason::not_a_response], "that are not responses"},
                           {attempts->ignored[IgnoreReason::wrong_opcode], "with another opcode"}});
      }
      if (what.empty()) continue;
      return Fault{
          fmt::format("{} sent {} when queried for {} over {}", asked.who(), what,
                      attempts->deciding->question_name.to_string(),
                      attempts->deciding->transport == Transport::tcp ? "TCP" : "UDP"),
          fmt::format("Fix or replace the DNS software of {}, or the device in front of it.", asked.who())};
    }
    return std::nullopt;
  });
}

// ---- Letter case ----

void find_case_not_preserved(const Evidence& evidence, Verdict& verdict) {
  const auto can_tell = [](const ServerAnswer& answer) {
    const auto all = answer.all();
    return std::any_of(all.begin(), all.end(), [](const TransportAttempts* t) {
      return t->response() != nullptr && mixes_case(*t->deciding);
    });
  };
  for_each_server(evidence, verdict, can_tell, [](const Asked& asked) -> std::optional<Fault> {
    for (const TransportAttempts* attempts : asked.answer.all()) {
      const Response* response = attempts->response();
      if (response == nullptr || !mixes_case(*attempts->deciding) || !response->has_question ||
          response->question_case_kept) {
        continue;
      }
      return Fault{fmt::format("{} changes the letter case of the question {}", asked.who(),
                               attempts->deciding->question_name.to_string()),
                   fmt::format("Make {} copy the question into its response byte for byte.", asked.who())};
    }
    return std::nullopt;
  });
}

void find_case_sensitive(const Evidence& evidence, Verdict& verdict) {
  const auto can_tell = [](const ServerAnswer& answer) {
    return !ways_by_case(answer, true).empty() && !ways_by_case(answer, false).empty();
  };
  for_each_server(evidence, verdict, can_tell, [&](const Asked& asked) -> std::optional<Fault> {
    const bool is_silent_to_it = asked.silence.cause == SilenceCause::mixed_case;
    const bool is_limited = asked.silence.cause == SilenceCause::limit;
    if (!is_silent_to_it && (is_limited || !denies_mixed_case(asked.answer))) return std::nullopt;
    const std::string mixed = ways_by_case(asked.answer, true).front()->deciding->question_name.to_string();
    return Fault{is_silent_to_it ? fmt::format("{} answers for {}, but does not when the query is for {}",
                                               asked.who(), asked.question(), mixed)
                                 : fmt::format("{} has a record for {}, but none when the query is for {}",
                                               asked.who(), asked.question(), mixed),
                 fmt::format("Make {} ignore letter case when it compares names. If several machines answer "
                             "at that address, check that each has the record.",
                             asked.who())};
  });
}

// ---- Addresses ----

void find_address_refused(const Evidence& evidence, Verdict& verdict) {
  const auto is_there = [](const ServerAnswer&) { return true; };
  for_each_server(evidence, verdict, is_there, [](const Asked& asked) -> std::optional<Fault> {
    // Inside a network, private addresses are correct.
    if (asked.answer.server->not_asked != probe::NotAsked::address_refused || is_internal_view(asked.hop))
      return std::nullopt;
    const auto purpose = config::special_purpose(asked.answer.id.address.ip);
    return Fault{
        fmt::format("{} was not queried: its address is {}", asked.who(),
                    purpose.empty() ? "not a public one" : purpose),
        fmt::format(
            "Give {} a public address in its A or AAAA record, or remove it from the NS records of {}.",
            asked.answer.id.name, asked.hop.hop->delegation.zone.to_string())};
  });
}

void find_address_missing(const Evidence& evidence, Verdict& verdict) {
  std::vector<config::DomainName> told;
  bool judged = false;
  for (const HopAnswers& hop : evidence.answers.hops) {
    const std::string zone = hop.hop->delegation.zone.to_string();
    // Names that fail in the same way make one finding; a hostile delegation may have many.
    std::map<probe::HostOutcome, std::vector<std::string>> missing;
    for (const auto& nameserver : hop.hop->delegation.nameservers) {
      if (nameserver.host == probe::HostOutcome::unknown) continue;
      judged = true;
      const bool is_missing = nameserver.host == probe::HostOutcome::name_missing ||
                              nameserver.host == probe::HostOutcome::no_address;
      if (!is_missing || std::find(told.begin(), told.end(), nameserver.name) != told.end()) continue;
      told.push_back(nameserver.name);
      missing[nameserver.host].push_back(nameserver.name.to_string());
    }
    for (const auto& [outcome, names] : missing) {
      const bool several = names.size() > 1;
      const char* lack = several ? "have no A or AAAA record" : "has no A or AAAA record";
      if (outcome == probe::HostOutcome::name_missing) {
        lack = several ? "are names that do not exist" : "is a name that does not exist";
      }
      Finding finding;
      finding.detail = fmt::format("{}, {} of {}, {}", join_some(names),
                                   several ? "nameservers" : "a nameserver", zone, lack);
      finding.remedy = fmt::format("Publish an address for {}, or remove {} from the NS records of {}.",
                                   join_some(names), several ? "them" : "it", zone);
      verdict.found(std::move(finding));
    }
  }
  if (!judged) verdict.not_evaluated();
}

/// Which addresses of a nameserver could not be looked up, so that a server may not have been queried.
std::string_view unknown_addresses(const probe::Nameserver& nameserver) {
  const bool has_some = !nameserver.glue.empty() || !nameserver.addresses.empty();
  if (!has_some) return nameserver.host == probe::HostOutcome::unknown ? "addresses" : "";
  if (nameserver.ipv4_unknown) return "IPv4 addresses";
  return nameserver.ipv6_unknown ? "IPv6 addresses" : "";
}

void find_address_unknown(const Evidence& evidence, Verdict& verdict) {
  std::vector<config::DomainName> told;
  bool judged = false;
  for (const HopAnswers& hop : evidence.answers.hops) {
    const probe::Delegation& delegation = hop.hop->delegation;
    // Other findings report a search that found no server or was interrupted.
    if (delegation.outcome != probe::DiscoveryOutcome::complete &&
        delegation.outcome != probe::DiscoveryOutcome::budget_exhausted)
      continue;
    std::map<std::string_view, std::vector<std::string>> unknown;
    for (const auto& nameserver : delegation.nameservers) {
      judged = true;
      const auto which = unknown_addresses(nameserver);
      if (which.empty() || std::ranges::find(told, nameserver.name) != told.end()) continue;
      told.push_back(nameserver.name);
      unknown[which].push_back(nameserver.name.to_string());
    }
    for (const auto& [which, names] : unknown) {
      const std::string all = join_some(names);
      Finding finding;
      finding.detail = fmt::format(
          "the {} of {}, {} of {}, could not be looked up, so the answers there are not known", which, all,
          names.size() > 1 ? "nameservers" : "a nameserver", delegation.zone.to_string());
      finding.remedy = fmt::format(
          "Make the servers of the zone that contains {} answer {} queries, or remove {} from the NS records "
          "of {}.",
          all,
          which == "IPv4 addresses"   ? "A"
          : which == "IPv6 addresses" ? "AAAA"
                                      : "A and AAAA",
          names.size() > 1 ? "them" : "it", delegation.zone.to_string());
      verdict.found(std::move(finding));
    }
  }
  if (!judged) verdict.not_evaluated();
}

// ---- EDNS ----

bool edns_tells(const ServerAnswer& answer) {
  return answer.edns.tells() && answer.plain.response() != nullptr;
}

/// The error code that a server returns to a query with EDNS when it returns something else without.
std::optional<Rcode> edns_error(const ServerAnswer& answer) {
  const Response* response = answer.edns.response();
  if (response == nullptr || answer.plain.outcome == answer.edns.outcome || denies_mixed_case(answer))
    return std::nullopt;
  if (response->rcode == Rcode::noerror || response->rcode == Rcode::nxdomain ||
      response->rcode == Rcode::refused) {
    return std::nullopt;
  }
  return response->rcode;
}

/// `is_own` selects the codes that the check reports.
void find_edns_error(const Evidence& evidence, Verdict& verdict, bool (*is_own)(Rcode)) {
  for_each_server(evidence, verdict, edns_tells, [&](const Asked& asked) -> std::optional<Fault> {
    const auto rcode = edns_error(asked.answer);
    if (!rcode || !is_own(*rcode)) return std::nullopt;
    return Fault{
        fmt::format("{} returned {} for {} with EDNS version 0, but not without EDNS", asked.who(),
                    rcode_text(*rcode), asked.question()),
        fmt::format("Update the DNS software of {} to a version that answers EDNS version 0.", asked.who())};
  });
}

void find_edns_formerr(const Evidence& evidence, Verdict& verdict) {
  find_edns_error(evidence, verdict,
                  [](Rcode rcode) { return rcode != Rcode::badvers && rcode != Rcode::badcookie; });
}

void find_edns_badvers(const Evidence& evidence, Verdict& verdict) {
  find_edns_error(evidence, verdict, [](Rcode rcode) { return rcode == Rcode::badvers; });
}

/// RFC 7873 section 5.2.1: a server answers a query without a cookie as if it did not know cookies.
void find_cookie_bad(const Evidence& evidence, Verdict& verdict) {
  for_each_server(evidence, verdict, edns_tells, [&](const Asked& asked) -> std::optional<Fault> {
    if (edns_error(asked.answer) != Rcode::badcookie) return std::nullopt;
    return Fault{
        fmt::format("{} returned BADCOOKIE for {} with EDNS, and answers without EDNS", asked.who(),
                    asked.question()),
        fmt::format("Configure {} to answer queries that carry no server cookie, or disable cookies there.",
                    asked.who())};
  });
}

bool plain_answered(const ServerAnswer& answer) {
  return answer.plain.response() != nullptr;
}

void find_edns_violation(const Evidence& evidence, Verdict& verdict) {
  for_each_server(evidence, verdict, plain_answered, [](const Asked& asked) -> std::optional<Fault> {
    const probe::Exchange& plain = *asked.answer.plain.deciding;
    if (plain.edns_sent || plain.transport != Transport::udp || plain.bytes_received <= 512)
      return std::nullopt;
    return Fault{
        fmt::format("{} sent {} bytes for {} over UDP in reply to a query without EDNS; the limit is 512",
                    asked.who(), plain.bytes_received, asked.question()),
        fmt::format("Make {} truncate its answer (TC=1) when the query has no EDNS and the answer is longer "
                    "than 512 bytes.",
                    asked.who())};
  });
}

// ---- Speed, recursion and truncation ----

void find_slow(const Evidence& evidence, Verdict& verdict) {
  const auto fastest = [](const ServerAnswer& answer) {
    std::optional<std::chrono::microseconds> best;
    for (const TransportAttempts* attempts : answer.all()) {
      if (attempts->response() == nullptr || attempts->deciding->transport != Transport::udp) continue;
      best = std::min(best.value_or(attempts->deciding->took), attempts->deciding->took);
    }
    return best;
  };
  const auto can_tell = [&](const ServerAnswer& answer) { return fastest(answer).has_value(); };
  for_each_server(evidence, verdict, can_tell, [&](const Asked& asked) -> std::optional<Fault> {
    const auto best = *fastest(asked.answer);
    if (best <= evidence.policy.slow_answer) return std::nullopt;
    return Fault{fmt::format("{} took {} for its fastest answer over UDP; at most {} is expected",
                             asked.who(), seconds_text(best), seconds_text(evidence.policy.slow_answer)),
                 fmt::format("Find out what slows down {}: its load, its backend, or the network path to it.",
                             asked.who())};
  });
}

void find_recursion_available(const Evidence& evidence, Verdict& verdict) {
  const auto can_tell = [](const ServerAnswer& answer) { return answer.whole() != nullptr; };
  for_each_server(evidence, verdict, can_tell, [](const Asked& asked) -> std::optional<Fault> {
    if (!asked.answer.whole()->recursion_available) return std::nullopt;
    return Fault{fmt::format("{} offers recursion (RA=1) to anyone who queries it for {}", asked.who(),
                             asked.question()),
                 fmt::format("Disable recursion on {}, or restrict it to your own networks.", asked.who())};
  });
}

void find_tc_unneeded(const Evidence& evidence, Verdict& verdict) {
  const auto can_tell = [](const ServerAnswer& answer) {
    return answer.plain.response() != nullptr && is_whole(answer.tcp.outcome);
  };
  for_each_server(evidence, verdict, can_tell, [](const Asked& asked) -> std::optional<Fault> {
    const ServerAnswer& answer = asked.answer;
    const std::uint32_t size = answer.tcp.deciding->bytes_received;
    const bool plain = answer.plain.outcome == ServerOutcome::tcp_failed && size <= 512;
    const bool edns = answer.edns.outcome == ServerOutcome::tcp_failed && is_whole(answer.plain.outcome);
    if (!plain && !edns) return std::nullopt;
    return Fault{
        fmt::format("{} truncates its UDP answer for {} {}, although the complete answer has {} bytes",
                    asked.who(), asked.question(), plain ? "without EDNS" : "with EDNS", size),
        fmt::format("Find out why {} sends clients to TCP: a rate limit, or additional records that it need "
                    "not send.",
                    asked.who())};
  });
}

// ---- Staleness ----

/// The SOA record with the newest serial in the group with the letter A.
const probe::SoaRecord* newest_of_majority(const HopAnswers& hop) {
  const probe::SoaRecord* newest = nullptr;
  for (std::size_t i = 0; i < hop.servers.size(); ++i) {
    const probe::SoaRecord* soa = hop.servers[i].soa_record;
    if (hop.rows[i].group != 'A' || soa == nullptr) continue;
    if (newest == nullptr || serial_is_newer(soa->serial, newest->serial)) newest = soa;
  }
  return newest;
}

void find_stale(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (const HopAnswers& hop : evidence.answers.hops) {
    judged = judged || !hop.groups.empty();
    const probe::SoaRecord* newest = newest_of_majority(hop);
    if (newest == nullptr || parents_explain_difference(hop)) continue;
    for (std::size_t i = 0; i < hop.servers.size(); ++i) {
      const ServerAnswer& answer = hop.servers[i];
      const probe::SoaRecord* soa = answer.soa_record;
      if (hop.rows[i].group == ' ' || hop.rows[i].group == 'A' || soa == nullptr) continue;
      // Serials of independent primaries cannot be compared.
      if (soa->mname != newest->mname || soa->rname != newest->rname) continue;
      if (!serial_is_newer(newest->serial, soa->serial)) continue;
      const auto own = std::ranges::find_if(hop.groups, [&](const AnswerGroup& group) {
        return std::ranges::find(group.servers, answer.id) != group.servers.end();
      });
      Finding finding;
      finding.servers = {answer.id};
      finding.detail =
          fmt::format("{} returns {} for {} at serial {}, while most servers return {} at serial {}",
                      server_text(answer.id), published_text(evidence, *own), hop.hop->owner.to_string(),
                      soa->serial, published_text(evidence, hop.groups.front()), newest->serial);
      finding.remedy = fmt::format(
          "Make {} transfer the zone {} again: check its primary, NOTIFY, TSIG key and the log of the last "
          "transfer.",
          server_text(answer.id), hop.hop->delegation.zone.to_string());
      verdict.found(std::move(finding));
    }
  }
  if (!judged) verdict.not_evaluated();
}

constexpr Check server_rows[] = {
    {.name = "ns_servfail",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::critical,
     .reference = "RFC 1035 section 4.1.1",
     .summary = "a server returns SERVFAIL for the record",
     .effect = "a verifier that asks this server cannot verify the signature",
     .remedy = "Make the server load the zone and answer for it.",
     .example = {Example::behaviour,
                 "ns2 returns SERVFAIL: the zone is in its configuration but could not be loaded."},
     .find = find_servfail},
    {.name = "ns_stale",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::critical,
     .roles = {.pending = RoleEffect::notice, .standby = RoleEffect::notice},
     .reference = "RFC 1034 section 4.3.5",
     .summary = "a server returns a different answer than the majority, and its zone is behind",
     .effect = "signatures fail for receivers whose resolver asks this server",
     .remedy = "Make the server transfer the zone again.",
     .example = {Example::behaviour,
                 "ns2 returns last month's key at serial 2026010101; the others are at 2026112201."},
     .find = find_stale},
    {.name = "ns_refused",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .reference = "RFC 8906 section 3.1.1",
     .summary = "a server refuses the query for the record",
     .effect = "resolvers lose time before they ask another server",
     .remedy = "Load the zone on the server, or remove it from the NS records.",
     .example = {Example::behaviour,
                 "ns2 returns REFUSED: the zone was removed from it, but the NS records still name it."},
     .find = find_refused},
    {.name = "ns_formerr",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .reference = "RFC 1035 section 4.1.1",
     .summary = "a server returns FORMERR to a plain query",
     .effect = "resolvers lose time before they ask another server",
     .remedy = "Fix the DNS software of the server.",
     .example = {Example::behaviour, "ns2 returns FORMERR to a TXT query without EDNS."},
     .find = find_formerr},
    {.name = "ns_notimp",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .reference = "RFC 8906 section 3.1.2",
     .summary = "a server returns NOTIMP to a TXT query",
     .effect = "resolvers lose time before they ask another server",
     .remedy = "Fix the DNS software of the server.",
     .example = {Example::behaviour, "ns2 returns NOTIMP to a TXT query."},
     .find = find_notimp},
    {.name = "ns_lame",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .reference = "RFC 8906 section 3.1.1",
     .summary = "a server of the zone is not authoritative for it",
     .effect = "resolvers lose time before they ask another server",
     .remedy = "Load the zone on the server, or remove it from the NS records.",
     .example = {Example::behaviour, "ns2 refers to the root servers for a name of the zone."},
     .find = find_lame},
    {.name = "ns_wrong_source",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .reference = "RFC 2181 section 4.1",
     .summary = "a server answers from a different address than the one that was queried",
     .effect = "resolvers drop such answers",
     .remedy = "Make the server answer from the address that was queried.",
     .example = {Example::behaviour, "The query goes to 192.0.2.1, the answer comes from 192.0.2.9."},
     .find = find_wrong_source},
    {.name = "ns_wrong_question",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .reference = "RFC 5452 section 9.1",
     .summary = "a server answers a different question than the one it was asked",
     .effect = "resolvers drop such answers",
     .remedy = "Fix the DNS software of the server.",
     .example = {Example::behaviour, "The query is for s1._domainkey, the answer repeats www."},
     .find = find_wrong_question},
    {.name = "ns_malformed",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .reference = "RFC 1035 section 4.1",
     .summary = "a server sends messages or records that violate the DNS format",
     .effect = "resolvers drop such answers",
     .remedy = "Fix the DNS software of the server.",
     .example = {Example::behaviour, "The length of a record exceeds the end of the message."},
     .find = find_malformed},
    {.name = "ns_case_not_preserved",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .reference = "RFC 4343 section 4.1",
     .summary = "a server changes the letter case of the question",
     .effect = "resolvers that randomize the case ask again over TCP",
     .remedy = "Make the server copy the question unchanged.",
     .example = {Example::behaviour, "The query is for S1._DomainKey, the answer repeats s1._domainkey."},
     .find = find_case_not_preserved},
    {.name = "ns_case_sensitive",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .reference = "RFC 4343 section 3",
     .summary = "a server finds the record only if the query uses its letter case",
     .effect = "resolvers that randomize the case do not get the key",
     .remedy = "Make the server ignore letter case when it compares names.",
     .example = {Example::behaviour, "s1._domainkey has a key, but S1._DomainKey gets NXDOMAIN."},
     .find = find_case_sensitive},
    {.name = "ns_address_refused",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .reference = "RFC 6890 section 2.2",
     .summary = "a nameserver's address cannot be reached by the public",
     .effect = "resolvers lose time on it, or query an unrelated host in their own network",
     .remedy = "Give the nameserver a public address.",
     .example = {Example::behaviour, "ns2.example.com has the address 10.0.0.2."},
     .find = find_address_refused},
    {.name = "ns_address_missing",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .summary = "a nameserver's name has no address",
     .effect = "the zone has one server fewer than it lists",
     .remedy = "Publish an address for the nameserver.",
     .example = {Example::behaviour,
                 "The zone lists ns2.example.com, which has neither an A nor an AAAA record."},
     .find = find_address_missing},
    {.name = "ns_address_unknown",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .summary = "an address of a nameserver could not be looked up",
     .effect =
         "a server that was not queried may have a different key or none; resolvers lose time on its name",
     .remedy = "Make the servers of the nameserver's own zone answer A and AAAA queries.",
     .example = {Example::behaviour,
                 "The zone lists ns2.example.net, but the servers of example.net return SERVFAIL for its "
                 "AAAA record."},
     .find = find_address_unknown},
    {.name = "ns_edns_formerr",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .reference = "RFC 6891 section 7",
     .summary = "a server answers EDNS queries with an error code",
     .effect = "resolvers ask again without EDNS and lose time",
     .remedy = "Update the DNS software of the server.",
     .example = {Example::behaviour, "ns2 returns FORMERR to every query with EDNS."},
     .find = find_edns_formerr},
    {.name = "ns_edns_badvers",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .reference = "RFC 6891 section 6.1.3",
     .summary = "a server returns BADVERS to EDNS version 0",
     .effect = "resolvers ask again without EDNS and lose time",
     .remedy = "Update the DNS software of the server.",
     .example = {Example::behaviour, "ns2 returns BADVERS to EDNS version 0, the only version that exists."},
     .find = find_edns_badvers},
    {.name = "ns_edns_violation",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .reference = "RFC 1035 section 4.2.1",
     .summary = "a server sends more than 512 bytes over UDP in reply to a query without EDNS",
     .effect = "resolvers and firewalls may drop such answers",
     .remedy = "Make the server truncate such answers.",
     .example = {Example::behaviour, "ns2 sends 640 bytes over UDP in reply to a query without EDNS."},
     .find = find_edns_violation},
    {.name = "ns_slow",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::warning,
     .summary = "a server answers slowly",
     .effect = "resolvers lose time, and may give up before they get the key",
     .remedy = "Find out what slows down the server: its load, the network path to it, or a rate limit.",
     .example = {Example::behaviour, "ns2 takes 1.8 s to answer over UDP."},
     .find = find_slow},
    {.name = "ns_recursion_available",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::notice,
     .reference = "RFC 5358 section 4",
     .summary = "an authoritative server offers recursion to the public",
     .effect = "none; it can be abused to attack others",
     .remedy = "Disable recursion.",
     .example = {Example::behaviour, "ns2 sets RA in its answers."},
     .find = find_recursion_available},
    {.name = "ns_cookie_bad",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::notice,
     .reference = "RFC 7873 section 5.2.1",
     .summary = "a server answers every EDNS query with BADCOOKIE",
     .effect = "resolvers without cookies ask again without EDNS and lose time",
     .remedy = "Configure the server to answer queries without a cookie, or disable cookies.",
     .example = {Example::behaviour,
                 "ns2 returns BADCOOKIE to every query with EDNS that carries no cookie."},
     .find = find_cookie_bad},
    {.name = "ns_tc_unneeded",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::notice,
     .reference = "RFC 2181 section 9",
     .summary = "a server truncates an answer that would fit",
     .effect = "resolvers lose time with a second query over TCP",
     .remedy = "Find out why the server sends clients to TCP.",
     .example = {Example::behaviour, "ns2 sets TC although the answer would have 300 bytes."},
     .find = find_tc_unneeded},
};

}  // namespace

std::span<const Check> server_checks() {
  return server_rows;
}

}  // namespace dkimprobe::checks
