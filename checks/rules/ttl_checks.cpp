// TTLs that are too high while a key is not in use yet: they delay it, or keep an error in it.
#include <algorithm>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/rules/zone_faults.hpp"

namespace dkimprobe::checks {
namespace {

constexpr std::uint32_t high_negative_ttl_seconds = 3 * 3'600;
constexpr std::uint32_t very_high_negative_ttl_seconds = 24 * 3'600;
constexpr std::uint32_t high_positive_ttl_seconds = 24 * 3'600;

void find_negative_ttl_high(const Evidence& evidence, Verdict& verdict) {
  // It only delays a record that is not published yet.
  if (evidence.expectation.role != config::Role::pending) return;
  if (evidence.answers.hops.empty()) return verdict.not_evaluated();
  const HopAnswers& hop = evidence.answers.hops.front();
  const auto ttl = negative_ttl(hop);
  if (!ttl) return verdict.not_evaluated();
  if (*ttl <= high_negative_ttl_seconds) return;
  verdict.found(
      {.detail = fmt::format("a resolver that asks before the key is published caches its absence for {} s; "
                             "at most {} s is recommended",
                             *ttl, high_negative_ttl_seconds),
       .remedy = fmt::format(
           "Lower MINIMUM and the TTL of the SOA record of {} to 3600 s before you publish the key.",
           zone_text(hop))},
      *ttl > very_high_negative_ttl_seconds ? Severity::warning : Severity::notice);
}

void find_positive_ttl_high(const Evidence& evidence, Verdict& verdict) {
  // It only matters while the record may still change.
  if (evidence.expectation.role != config::Role::pending) return;
  if (evidence.texts.empty()) return verdict.not_evaluated();
  const ReadText& text = *std::ranges::max_element(
      evidence.texts, {}, [](const ReadText& each) { return each.published->ttl_seconds; });
  const std::uint32_t ttl = text.published->ttl_seconds;
  if (ttl <= high_positive_ttl_seconds || stands_elsewhere(evidence, text)) return;
  verdict.found(
      {.servers = servers_of(evidence, text),
       .detail = fmt::format(
           "the record at {} has a TTL of {} s; at most {} s is recommended until the key is in use",
           published_at(text), ttl, high_positive_ttl_seconds),
       .remedy = fmt::format("Set the TTL of the TXT record at {} to 3600 s until the key is in use.",
                             published_at(text))});
}

constexpr auto ttl_rows = rows_of(
    Scope::zone, Needs::all_servers,
    {{.name = "negative_ttl_high",
      .severity = Severity::notice,
      .concerns_signing = false,
      .reference = "RFC 2308 section 5",
      .summary = "resolvers cache the absence of a key for a long time",
      .effect = "mail signed soon after the key is published fails where a resolver asked for the key before",
      .remedy = "Lower MINIMUM and the TTL of the zone's SOA record to 3600 before you publish the next key.",
      .example = {Example::behaviour,
                  "MINIMUM and the TTL of the SOA record are 86400, and a key is pending."},
      .find = find_negative_ttl_high},
     {.name = "positive_ttl_high",
      .severity = Severity::notice,
      .concerns_signing = false,
      .reference = "RFC 1035 section 3.2.1",
      .summary = "resolvers cache a new key for a long time",
      .effect = "receivers keep an error in it until the TTL has expired",
      .remedy = "Lower the TTL of the record to 3600 until the key is in use.",
      .example = {Example::behaviour, "The record of a pending selector has a TTL of 86400."},
      .find = find_positive_ttl_high}});

}  // namespace

std::span<const Check> ttl_checks() {
  return ttl_rows;
}

}  // namespace dkimprobe::checks
