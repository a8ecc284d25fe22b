// Servers with an old copy of the zone, as the serial in its SOA record shows (RFC 1034 section 4.3.5).
#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "checks/answers/delegation_facts.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/rules/zone_faults.hpp"

namespace dkimprobe::checks {
namespace {

/// The SOA record with the newest serial among servers that are right; null if nothing shows which are.
const probe::SoaRecord* newest_right(const HopAnswers& hop) {
  const probe::SoaRecord* newest = nullptr;
  for (std::size_t i = 0; i < hop.servers.size(); ++i) {
    const probe::SoaRecord* soa = hop.servers[i].soa_record;
    if (hop.rows[i].standing != Standing::right || soa == nullptr) continue;
    if (newest == nullptr || serial_is_newer(soa->serial, newest->serial)) newest = soa;
  }
  return newest;
}

/// Whether the copy is older. Serials of independent primaries cannot be compared.
bool is_older(const probe::SoaRecord& soa, const probe::SoaRecord& newest) {
  return soa.mname == newest.mname && soa.rname == newest.rname && serial_is_newer(newest.serial, soa.serial);
}

void find_stale(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (const HopAnswers& hop : evidence.answers.hops) {
    judged = judged || !hop.groups.empty();
    const probe::SoaRecord* newest = newest_right(hop);
    if (newest == nullptr || parents_explain_difference(hop)) continue;
    for (std::size_t i = 0; i < hop.servers.size(); ++i) {
      const ServerAnswer& answer = hop.servers[i];
      const probe::SoaRecord* soa = answer.soa_record;
      if (hop.rows[i].standing != Standing::differs || soa == nullptr || !is_older(*soa, *newest)) continue;
      const auto own = std::ranges::find_if(hop.groups, [&](const AnswerGroup& group) {
        return std::ranges::find(group.servers, answer.id) != group.servers.end();
      });
      verdict.found({.servers = {answer.id},
                     .detail = fmt::format("{} returns {} for {} at serial {}, while {} {} {} at serial {}",
                                           server_text(answer.id), published_text(evidence, *own),
                                           hop.hop->owner.to_string(), soa->serial,
                                           join_some(hop.groups.front().servers, server_text),
                                           hop.groups.front().servers.size() == 1 ? "returns" : "return",
                                           published_text(evidence, hop.groups.front()), newest->serial),
                     .remedy = fmt::format(
                         "Make {} transfer the zone {} again: check its primary, NOTIFY, TSIG key and "
                         "the log of the last transfer.",
                         server_text(answer.id), zone_text(hop))});
    }
  }
  if (!judged) verdict.not_evaluated();
}

/// The newest serial among the servers that publish the same as server `at`, if it is newer than its own;
/// else null. With another answer, a newer zone may be a wrong one: `ns_stale` reports an old answer. Servers
/// without an answer for the record count as well.
const probe::SoaRecord* newest_of_same_answer(const HopAnswers& hop, std::size_t at) {
  const probe::SoaRecord* newest = hop.servers[at].soa_record;
  for (std::size_t i = 0; i < hop.servers.size(); ++i) {
    const probe::SoaRecord* const soa = hop.servers[i].soa_record;
    const char group = hop.rows[i].group;
    const bool is_same = group == hop.rows[at].group || group == ' ' || hop.rows[at].group == ' ';
    if (soa != nullptr && is_same && is_older(*newest, *soa)) newest = soa;
  }
  return newest == hop.servers[at].soa_record ? nullptr : newest;
}

/// For how long a server has been behind with this serial; empty when the history does not show it.
std::optional<std::chrono::seconds> time_behind(const Evidence& evidence, const HopAnswers& hop,
                                                const ServerAnswer& answer) {
  for (const ServerTimeline& timeline : evidence.history.servers) {
    if (timeline.owner == hop.hop->owner && timeline.server.address == answer.id.address && timeline.lag &&
        timeline.lag->serial == answer.soa_record->serial)
      return std::chrono::floor<std::chrono::seconds>(*evidence.history.last_probe - timeline.lag->since);
  }
  return std::nullopt;
}

void find_serial_drift(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  bool unknown = false;
  for (const HopAnswers& hop : evidence.answers.hops) {
    for (std::size_t i = 0; i < hop.servers.size(); ++i) {
      const ServerAnswer& answer = hop.servers[i];
      if (answer.soa_record == nullptr || answer.is_stray()) continue;
      judged = true;
      const probe::SoaRecord* const newest = newest_of_same_answer(hop, i);
      if (newest == nullptr) continue;
      // Being behind for REFRESH is normal, and one probe cannot show how long it has been.
      const auto behind = time_behind(evidence, hop, answer);
      unknown = unknown || !behind;
      if (!behind || *behind <= std::chrono::seconds{answer.soa_record->refresh_seconds}) continue;
      verdict.found(
          {.servers = {answer.id},
           .detail =
               fmt::format("{} has been at serial {} of {} for at least {} s while other servers are at "
                           "{}; REFRESH is {} s",
                           server_text(answer.id), answer.soa_record->serial, zone_text(hop), behind->count(),
                           newest->serial, answer.soa_record->refresh_seconds),
           .remedy = fmt::format(
               "Find out why {} does not transfer the zone {}: check its primary, NOTIFY, TSIG key and log.",
               server_text(answer.id), zone_text(hop))});
    }
  }
  if (!judged || unknown) verdict.not_evaluated();
}

constexpr Check stale_rows[] = {
    {.name = "ns_stale",
     .scope = Scope::server,
     .needs = Needs::one_server,
     .severity = Severity::critical,
     .roles = notice_while_publishing,
     .reference = "RFC 1034 section 4.3.5",
     .summary = "a server returns an old answer, and its copy of the zone is behind",
     .effect = "signatures fail for receivers whose resolver asks this server",
     .remedy = "Make the server transfer the zone again.",
     .example = {Example::behaviour,
                 "ns2 returns last month's key at serial 2026010101; the others are at 2026112201."},
     .find = find_stale},
};

constexpr Check serial_rows[] = {
    {.name = "soa_serial_drift",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .concerns_signing = false,
     .reference = "RFC 1034 section 4.3.5",
     .summary = "a secondary has been behind its primary for longer than REFRESH",
     .effect = "some servers get changes late or never",
     .remedy = "Find out why the secondary does not transfer the zone.",
     .example = {Example::behaviour, "ns2 has been at serial 7 while ns1 is at 9, for longer than REFRESH."},
     .find = find_serial_drift},
};

}  // namespace

std::span<const Check> stale_checks() {
  return stale_rows;
}

std::span<const Check> serial_checks() {
  return serial_rows;
}

}  // namespace dkimprobe::checks
