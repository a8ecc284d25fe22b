// Faults of a server that does not answer: over one transport, for some questions, or occasionally. Each
// server has one cause (checks/answers/silence.hpp), and each check here reports one of the causes.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/report/time_text.hpp"
#include "checks/rules/server_faults.hpp"
#include "checks/rules/zone_faults.hpp"

namespace dkimprobe::checks {
namespace {

using config::Family;
using probe::Outcome;
using probe::RecordType;
using probe::Response;

/// The address family of which every server queried is dead while the other family answers. A single dead
/// address is reported as that server instead.
std::optional<Family> dead_family(const HopAnswers& hop, const std::vector<Silence>& silences) {
  std::map<Family, std::pair<std::size_t, std::size_t>> counts;  // servers that answer, and dead ones
  for (std::size_t i = 0; i < hop.servers.size(); ++i) {
    const ServerAnswer& answer = hop.servers[i];
    if (answer.is_stray() || !learnt_anything(answer)) continue;
    auto& [alive, dead] = counts[answer.id.address.ip.family()];
    ++(silences[i].cause == SilenceCause::dead ? dead : alive);
  }
  for (const auto [family, other] :
       {std::pair(Family::ipv4, Family::ipv6), std::pair(Family::ipv6, Family::ipv4)}) {
    if (counts[family].first == 0 && counts[family].second >= 2 && counts[other].first > 0) return family;
  }
  return std::nullopt;
}

std::string_view family_text(Family family) {
  return family == Family::ipv4 ? "IPv4" : "IPv6";
}

std::string silence_text(const TransportAttempts& attempts) {
  if (attempts.deciding == nullptr) return "not queried";
  switch (attempts.deciding->outcome) {
    case Outcome::unreachable:
      return fmt::format("ICMP reported it unreachable in {} attempts", attempts.count);
    case Outcome::connection_refused:
      return "the connection was refused";
    case Outcome::connection_reset:
      return "the connection was reset before a complete response";
    case Outcome::connection_closed:
      return "the connection was closed before a complete response";
    case Outcome::timed_out:
    case Outcome::answered:
    case Outcome::malformed:
    case Outcome::no_route:
    case Outcome::local_error:
    case Outcome::interrupted:
    case Outcome::superseded:
      break;
  }
  return fmt::format("no answer in {} ({} {})", seconds_text(attempts.waited), attempts.count,
                     attempts.count == 1 ? "attempt" : "attempts");
}

// ---- No answers ----

std::optional<Fault> find_unreachable(const Asked& asked) {
  const ServerAnswer& answer = asked.answer;
  const auto at = static_cast<std::size_t>(&asked.hop - asked.evidence.answers.hops.data());
  if (asked.silence.cause != SilenceCause::dead ||
      dead_family(asked.hop, asked.evidence.silences[at]) == answer.id.address.ip.family()) {
    return std::nullopt;
  }
  return Fault{fmt::format("{} does not answer for {}; over UDP: {}; over TCP: {}", asked.who(),
                           asked.question(), silence_text(answer.plain), silence_text(answer.tcp)),
               fmt::format("Start the server at {}, allow UDP and TCP to its port {}, or remove it from "
                           "the NS records of {} in the zone and at its parent.",
                           asked.who(), answer.id.address.port, asked.zone())};
}

void find_family_unreachable(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (std::size_t at = 0; at < evidence.answers.hops.size(); ++at) {
    const HopAnswers& hop = evidence.answers.hops[at];
    judged = judged || std::ranges::any_of(hop.servers, learnt_anything);
    const auto family = dead_family(hop, evidence.silences[at]);
    if (!family) continue;
    std::vector<ServerId> dead;
    for (const ServerAnswer& answer : own_servers(hop)) {
      if (answer.id.address.ip.family() == *family && learnt_anything(answer)) dead.push_back(answer.id);
    }
    verdict.found(
        {.servers = dead,
         .detail = fmt::format("none of the {} {} addresses of the servers of {} answers over UDP or TCP",
                               dead.size(), family_text(*family), zone_text(hop)),
         .remedy =
             fmt::format("Make the servers of {} answer over {}, or remove their {} records.", zone_text(hop),
                         family_text(*family), *family == Family::ipv4 ? "A" : "AAAA")});
  }
  if (!judged) verdict.not_evaluated();
}

bool plain_is_conclusive(const ServerAnswer& answer) {
  return answer.plain.is_conclusive();
}

std::optional<Fault> find_timeout_udp(const Asked& asked) {
  const ServerAnswer& answer = asked.answer;
  if (asked.silence.cause != SilenceCause::udp || !is_silent(answer.plain)) return std::nullopt;
  return Fault{fmt::format("{} does not answer for {} over UDP: {}{}", asked.who(), asked.question(),
                           silence_text(answer.plain),
                           answer.tcp.response() != nullptr ? "; over TCP it answers" : ""),
               fmt::format("Allow UDP to port {} of {}, and allow its answers out.", answer.id.address.port,
                           asked.who())};
}

// ---- TCP ----

bool is_left_without(const Silence& silence, RecordType type) {
  return silence.cause == SilenceCause::type && std::ranges::find(silence.types, type) != silence.types.end();
}

/// Whether it is queries for the record that get no response, over any transport.
bool drops_record(const Asked& asked) {
  return asked.silence.cause == SilenceCause::name || is_left_without(asked.silence, RecordType::txt);
}

/// Port 53 over TCP must be open (RFC 7766 section 5).
std::string tcp_remedy(const Asked& asked) {
  return fmt::format(
      "Make {} serve DNS over TCP port {}, and open the port in every firewall in front of it.", asked.who(),
      asked.answer.id.address.port);
}

std::optional<Fault> broken_tcp(const Asked& asked, bool wants_silence) {
  const ServerAnswer& answer = asked.answer;
  if (!is_silent(answer.tcp) || asked.silence.cause == SilenceCause::dead || truncates(answer))
    return std::nullopt;
  const Outcome outcome = answer.tcp.deciding->outcome;
  const bool silence = outcome == Outcome::timed_out || outcome == Outcome::unreachable;
  if (silence != wants_silence || (silence && drops_record(asked))) return std::nullopt;
  return Fault{fmt::format("{} does not answer for {} over TCP: {}", asked.who(), asked.question(),
                           silence_text(answer.tcp)),
               tcp_remedy(asked)};
}

std::optional<Fault> find_timeout_tcp(const Asked& asked) {
  return broken_tcp(asked, true);
}

std::optional<Fault> find_tcp_refused(const Asked& asked) {
  return broken_tcp(asked, false);
}

bool tcp_is_conclusive(const ServerAnswer& answer) {
  return answer.tcp.is_conclusive();
}

// A server that does not truncate can be evaluated without TCP.
bool truncation_is_known(const ServerAnswer& answer) {
  return learnt_anything(answer) && (!truncates(answer) || answer.tcp.is_conclusive());
}

std::optional<Fault> find_no_tcp_after_tc(const Asked& asked) {
  const ServerAnswer& answer = asked.answer;
  if (!truncates(answer) || is_whole(answer.tcp.outcome) || answer.tcp.outcome == ServerOutcome::too_large)
    return std::nullopt;
  const Response* response = answer.tcp.response();
  const std::string over_tcp = response == nullptr && answer.tcp.failed() ? silence_text(answer.tcp)
                               : response == nullptr                      ? "the response is malformed"
                               : response->truncated                      ? "the answer is truncated again"
                                                     : fmt::format("it returned {} without a complete answer",
                                                                   rcode_text(response->rcode));
  return Fault{fmt::format("{} truncates its UDP answer for {} (TC=1), but over TCP {}", asked.who(),
                           asked.question(), over_tcp),
               tcp_remedy(asked)};
}

// ---- No answers to some questions ----

std::optional<Fault> find_edns_dropped(const Asked& asked) {
  const ServerAnswer& answer = asked.answer;
  if (asked.silence.cause != SilenceCause::edns || !is_silent(answer.edns)) return std::nullopt;
  return Fault{fmt::format("{} answers for {} without EDNS, but not with EDNS: {}", asked.who(),
                           asked.question(), silence_text(answer.edns)),
               fmt::format("Make {} answer queries that carry EDNS; check for a firewall that drops them.",
                           asked.who())};
}

bool edns_is_conclusive(const ServerAnswer& answer) {
  return answer.edns.is_conclusive();
}

std::optional<Fault> find_large_udp_lost(const Asked& asked) {
  if (asked.silence.cause != SilenceCause::large_udp) return std::nullopt;
  const ServerAnswer& answer = asked.answer;
  const std::string size = is_whole(answer.tcp.outcome)
                               ? fmt::format("{} bytes", answer.tcp.deciding->bytes_received)
                               : "more than 512 bytes";
  return Fault{
      fmt::format("the answer of {} for {} has {} and does not arrive over UDP with EDNS ({}), while small "
                  "answers do",
                  asked.who(), asked.question(), size, silence_text(answer.edns)),
      fmt::format("Allow UDP answers over 512 bytes out of {}: check for a firewall with such a limit, or "
                  "one that drops fragments. Make sure that the server answers over TCP.",
                  asked.who())};
}

std::string types_text(const std::vector<RecordType>& types) {
  return join_some(types, type_text);
}

std::optional<Fault> find_type_dropped(const Asked& asked) {
  const Silence& silence = asked.silence;
  if (silence.cause != SilenceCause::type && silence.cause != SilenceCause::name) return std::nullopt;
  const bool by_name = silence.cause == SilenceCause::name;
  const std::string what = by_name ? "TXT of " + asked.question() : types_text(silence.types) + " records";
  const bool tcp_too = drops_record(asked) && is_silent(asked.answer.tcp);
  const bool tcp_answers = drops_record(asked) && asked.answer.tcp.response() != nullptr;
  if (!drops_record(asked)) {
    return Fault{
        fmt::format(
            "{} does not answer questions for {}, but answers others: {} of {} UDP queries got no answer",
            asked.who(), types_text(silence.types), silence.lost, silence.asked),
        fmt::format("Make {} answer for {} at {} as for other types; check devices in front of it too, "
                    "such as a load balancer.",
                    asked.who(), types_text(silence.types), asked.zone())};
  }
  return Fault{
      fmt::format(
          "{} answers other questions, but none for {}{}: the server or a device in front of it drops them",
          asked.who(), what,
          tcp_too       ? ", over UDP or TCP"
          : tcp_answers ? ", over UDP; over TCP it answers"
                        : ""),
      fmt::format("Find what drops questions for {} in front of {}: a load balancer, an abuse filter, or "
                  "the DNS software itself. Its ports work.",
                  by_name ? "that name" : types_text(silence.types), asked.who())};
}

// ---- Occasional loss ----

std::optional<Fault> find_query_loss(const Asked& asked) {
  const Silence& silence = asked.silence;
  if (silence.cause != SilenceCause::loss) return std::nullopt;
  Fault fault{
      fmt::format("{} of {} UDP queries to {} got no answer, without a pattern{}", silence.lost,
                  silence.asked, asked.who(),
                  silence.all_came ? "; each question was answered in the end" : ""),
      fmt::format("Find out where queries to {} or its answers are lost: an overloaded link or firewall, "
                  "or the server itself. Probe from another network to see whether this one is the cause.",
                  asked.who()),
      {}};
  if (silence.all_came) fault.severity = Severity::notice;
  return fault;
}

std::optional<Fault> find_rate_limited(const Asked& asked) {
  const Silence& silence = asked.silence;
  if (silence.cause != SilenceCause::limit) return std::nullopt;
  return Fault{fmt::format("{} answered at first, then {} for {}", asked.who(),
                           silence.refused ? "returned REFUSED" : "stopped answering", silence.question),
               fmt::format("Raise the rate limit of {}, or configure it to send truncated answers (TC=1) "
                           "instead of none, so that resolvers retry over TCP.",
                           asked.who())};
}

constexpr auto silence_rows = rows_of(
    Scope::server, Needs::one_server,
    {{.name = "ns_no_tcp_after_tc",
      .severity = Severity::critical,
      .reference = "RFC 7766 section 5",
      .summary = "a server truncates its UDP answer and gives no complete answer over TCP",
      .effect = "a verifier that asks this server never gets the key",
      .remedy = "Make the server serve DNS over TCP.",
      .example = {Example::behaviour, "ns2 sets TC over UDP and drops connections to TCP port 53."},
      .find = find_at_servers<truncation_is_known, find_no_tcp_after_tc>},
     {.name = "ns_timeout_udp",
      .severity = Severity::warning,
      .reference = "RFC 7766 section 5",
      .summary = "a server answers over TCP but not over UDP",
      .effect = "resolvers lose time, or give up on this server",
      .remedy = "Allow UDP to the server.",
      .example = {Example::behaviour, "ns2 answers over TCP; three queries over UDP get no answer."},
      .find = find_at_servers<plain_is_conclusive, find_timeout_udp>},
     {.name = "ns_timeout_tcp",
      .severity = Severity::warning,
      .reference = "RFC 7766 section 5",
      .summary = "a server answers over UDP but not over TCP",
      .effect = "none while answers are small; a longer key could not be fetched from this server",
      .remedy = "Allow TCP to the server.",
      .example = {Example::behaviour, "ns2 answers over UDP; a TCP connection is never accepted."},
      .find = find_at_servers<tcp_is_conclusive, find_timeout_tcp>},
     {.name = "ns_unreachable",
      .severity = Severity::warning,
      .reference = "RFC 8906 section 1",
      .summary = "a server answers neither over UDP nor over TCP",
      .effect = "resolvers lose time before they ask another server",
      .remedy = "Bring the server back, or remove it from the NS records.",
      .example = {Example::behaviour, "ns2 is turned off, but the zone still lists it."},
      .find = find_at_servers<learnt_anything, find_unreachable>},
     {.name = "ns_tcp_refused",
      .severity = Severity::warning,
      .reference = "RFC 7766 section 5",
      .summary = "a server answers over UDP, but refuses or aborts TCP connections",
      .effect = "none while answers are small; a longer key could not be fetched from this server",
      .remedy = "Make the server serve DNS over TCP.",
      .example = {Example::behaviour, "ns2 answers over UDP and refuses TCP connections."},
      .find = find_at_servers<tcp_is_conclusive, find_tcp_refused>},
     {.name = "ns_edns_dropped",
      .severity = Severity::warning,
      .shows_in_restart = true,
      .reference = "RFC 6891 section 7",
      .summary = "a server does not answer queries with EDNS",
      .effect = "resolvers lose time with each query",
      .remedy = "Allow queries with EDNS to the server.",
      .example = {Example::behaviour, "ns2 answers plain queries; those with EDNS get no answer."},
      .find = find_at_servers<edns_is_comparable, find_edns_dropped>},
     {.name = "ns_family_unreachable",
      .severity = Severity::warning,
      .reference = "RFC 3901 section 1",
      .summary = "the servers answer over only one of IPv4 and IPv6",
      .effect = "resolvers that only have the other one cannot get the key",
      .remedy = "Make the servers answer over IPv4, and over IPv6 if IPv6 addresses are published.",
      .example = {Example::behaviour, "Every server answers over IPv4, none at its IPv6 address."},
      .find = find_family_unreachable},
     {.name = "ns_rate_limited",
      .severity = Severity::warning,
      .shows_in_restart = true,
      .summary = "a server answers at first, then refuses or stops answering",
      .effect = "a busy resolver may not get the key from this server",
      .remedy =
          "Raise the rate limit of the server, or configure it to answer with TC=1 instead of not at all.",
      .example = {Example::behaviour, "ns2 answers the first three queries, then returns REFUSED."},
      .find = find_at_servers<plain_answered, find_rate_limited>},
     {.name = "ns_large_udp_lost",
      .severity = Severity::warning,
      .reference = "RFC 6891 section 6.2.3",
      .summary = "large UDP answers of a server do not arrive",
      .effect = "resolvers lose time before they ask over TCP; without TCP they never get a long key",
      .remedy =
          "Allow UDP answers over 512 bytes out of the server and through the firewalls in front of it.",
      .example = {Example::behaviour,
                  "A firewall drops UDP datagrams over 512 bytes, and the answer has 812."},
      .find = find_at_servers<edns_is_conclusive, find_large_udp_lost>},
     {.name = "ns_type_dropped",
      .severity = Severity::warning,
      .reference = "RFC 8906 section 3.1.4",
      .summary = "a server answers queries for some types but not for others",
      .effect = "for TXT: resolvers cannot get the key from this server; for SOA: they cannot see how old "
                "its zone is",
      .remedy = "Find what drops the queries: a load balancer, a filter, or the DNS software.",
      .example = {Example::behaviour, "The server answers for SOA and NS at once, but never for TXT."},
      .find = find_at_servers<learnt_anything, find_type_dropped>},
     {.name = "ns_query_loss",
      .severity = Severity::warning,
      .summary = "some queries to a server, or its answers, are lost without a pattern",
      .effect = "resolvers lose time, and may give up before they get the key",
      .remedy = "Find out where they are lost: the network, a firewall, or the server.",
      .example = {Example::behaviour, "9 of 20 queries of all kinds got no answer."},
      .find = find_at_servers<plain_is_conclusive, find_query_loss>}});

}  // namespace

std::span<const Check> silence_checks() {
  return silence_rows;
}

}  // namespace dkimprobe::checks
