// Faults of one server over UDP: EDNS, the size and truncation of answers, and speed. Resolvers get the key
// in the end, but lose time.
//
//   without EDNS  with EDNS           TCP                    finding
//   TC=1          any                 complete, 512 or less  ns_tc_unneeded
//   answers       BADVERS             any                    ns_edns_badvers
//   answers       another error code  any                    ns_edns_formerr
#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/report/time_text.hpp"
#include "checks/rules/server_faults.hpp"

namespace dkimprobe::checks {
namespace {

using probe::Rcode;
using probe::Response;
using probe::Transport;

// ---- EDNS ----

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

Fault edns_fault(const Asked& asked, Rcode rcode) {
  return {
      fmt::format("{} returned {} for {} with EDNS version 0, but not without EDNS", asked.who(),
                  rcode_text(rcode), asked.question()),
      fmt::format("Update the DNS software of {} to a version that answers EDNS version 0.", asked.who())};
}

std::optional<Fault> find_edns_formerr(const Asked& asked) {
  const auto rcode = edns_error(asked.answer);
  if (!rcode || rcode == Rcode::badvers || rcode == Rcode::badcookie) return std::nullopt;
  return edns_fault(asked, *rcode);
}

std::optional<Fault> find_edns_badvers(const Asked& asked) {
  if (edns_error(asked.answer) != Rcode::badvers) return std::nullopt;
  return edns_fault(asked, Rcode::badvers);
}

/// RFC 7873 section 5.2.1: a server answers a query without a cookie as if it did not know cookies.
std::optional<Fault> find_cookie_bad(const Asked& asked) {
  if (edns_error(asked.answer) != Rcode::badcookie) return std::nullopt;
  return Fault{
      fmt::format("{} returned BADCOOKIE for {} with EDNS, and answers without EDNS", asked.who(),
                  asked.question()),
      fmt::format("Configure {} to answer queries that carry no server cookie, or disable cookies there.",
                  asked.who())};
}

std::optional<Fault> find_edns_violation(const Asked& asked) {
  const probe::Exchange& plain = *asked.answer.plain.deciding;
  if (plain.edns_sent || plain.transport != Transport::udp || plain.bytes_received <= 512)
    return std::nullopt;
  return Fault{
      fmt::format("{} sent {} bytes for {} over UDP in reply to a query without EDNS; the limit is 512",
                  asked.who(), plain.bytes_received, asked.question()),
      fmt::format("Make {} truncate its answer (TC=1) when the query has no EDNS and the answer is longer "
                  "than 512 bytes.",
                  asked.who())};
}

// ---- Speed and truncation ----

std::optional<std::chrono::microseconds> fastest_udp(const ServerAnswer& answer) {
  std::optional<std::chrono::microseconds> best;
  for (const TransportAttempts* attempts : answer.all()) {
    if (attempts->response() == nullptr || attempts->deciding->transport != Transport::udp) continue;
    best = std::min(best.value_or(attempts->deciding->took), attempts->deciding->took);
  }
  return best;
}

bool answers_over_udp(const ServerAnswer& answer) {
  return fastest_udp(answer).has_value();
}

std::optional<Fault> find_slow(const Asked& asked) {
  const auto best = *fastest_udp(asked.answer);
  const auto limit = asked.evidence.policy.slow_answer;
  if (best <= limit) return std::nullopt;
  return Fault{fmt::format("{} took {} for its fastest answer over UDP; at most {} is expected", asked.who(),
                           seconds_text(best), seconds_text(limit)),
               fmt::format("Find out what slows down {}: its load, its backend, or the network path to it.",
                           asked.who())};
}

bool size_is_known(const ServerAnswer& answer) {
  return plain_answered(answer) && is_whole(answer.tcp.outcome);
}

std::optional<Fault> find_tc_unneeded(const Asked& asked) {
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
}

constexpr auto udp_rows = rows_of(
    Scope::server, Needs::one_server,
    {{.name = "ns_edns_formerr",
      .severity = Severity::warning,
      .shows_in_restart = true,
      .reference = "RFC 6891 section 7",
      .summary = "a server answers EDNS queries with an error code",
      .effect = "resolvers ask again without EDNS and lose time",
      .remedy = "Update the DNS software of the server.",
      .example = {Example::behaviour, "ns2 returns FORMERR to every query with EDNS."},
      .find = find_at_servers<edns_is_comparable, find_edns_formerr>},
     {.name = "ns_edns_badvers",
      .severity = Severity::warning,
      .reference = "RFC 6891 section 6.1.3",
      .summary = "a server returns BADVERS to EDNS version 0",
      .effect = "resolvers ask again without EDNS and lose time",
      .remedy = "Update the DNS software of the server.",
      .example = {Example::behaviour, "ns2 returns BADVERS to EDNS version 0, the only version that exists."},
      .find = find_at_servers<edns_is_comparable, find_edns_badvers>},
     {.name = "ns_edns_violation",
      .severity = Severity::warning,
      .reference = "RFC 1035 section 4.2.1",
      .summary = "a server sends more than 512 bytes over UDP in reply to a query without EDNS",
      .effect = "resolvers and firewalls may drop such answers",
      .remedy = "Make the server truncate such answers.",
      .example = {Example::behaviour, "ns2 sends 640 bytes over UDP in reply to a query without EDNS."},
      .find = find_at_servers<plain_answered, find_edns_violation>},
     {.name = "ns_slow",
      .severity = Severity::warning,
      .summary = "a server answers slowly",
      .effect = "resolvers lose time, and may give up before they get the key",
      .remedy = "Find out what slows down the server: its load, the network path to it, or a rate limit.",
      .example = {Example::behaviour, "ns2 takes 1.8 s to answer over UDP."},
      .find = find_at_servers<answers_over_udp, find_slow>},
     {.name = "ns_cookie_bad",
      .severity = Severity::notice,
      .reference = "RFC 7873 section 5.2.1",
      .summary = "a server answers every EDNS query with BADCOOKIE",
      .effect = "resolvers without cookies ask again without EDNS and lose time",
      .remedy = "Configure the server to answer queries without a cookie, or disable cookies.",
      .example = {Example::behaviour,
                  "ns2 returns BADCOOKIE to every query with EDNS that carries no cookie."},
      .find = find_at_servers<edns_is_comparable, find_cookie_bad>},
     {.name = "ns_tc_unneeded",
      .severity = Severity::notice,
      .reference = "RFC 2181 section 9",
      .summary = "a server truncates an answer that would fit",
      .effect = "resolvers lose time with a second query over TCP",
      .remedy = "Find out why the server sends clients to TCP.",
      .example = {Example::behaviour, "ns2 sets TC although the answer would have 300 bytes."},
      .find = find_at_servers<size_is_known, find_tc_unneeded>}});

}  // namespace

std::span<const Check> udp_checks() {
  return udp_rows;
}

}  // namespace dkimprobe::checks
