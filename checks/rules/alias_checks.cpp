// Faults of the chain of aliases from the selector's name to the name that holds the key.
#include <algorithm>
#include <ranges>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/rules/zone_faults.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;

constexpr std::size_t long_chain_steps = 3;
constexpr std::size_t too_long_chain_steps = 8;

/// The names of a loop that can be reached from `hop`, with the first name repeated at the end; empty without
/// a loop.
std::vector<DomainName> loop_from(const ChainAnswers& answers, const HopAnswers& hop,
                                  std::vector<DomainName> path) {
  const auto seen = std::ranges::find(path, hop.hop->owner);
  if (seen != path.end()) {
    path.erase(path.begin(), seen);
    path.push_back(hop.hop->owner);
    return path;
  }
  path.push_back(hop.hop->owner);
  for (const AnswerGroup& group : hop.groups) {
    const HopAnswers* const next = group.alias ? hop_at(answers, *group.alias) : nullptr;
    if (next == nullptr) continue;
    auto loop = loop_from(answers, *next, path);
    if (!loop.empty()) return loop;
  }
  return {};
}

void find_cname_loop(const Evidence& evidence, Verdict& verdict) {
  if (!has_answers(evidence)) return verdict.not_evaluated();
  const auto loop = loop_from(evidence.answers, evidence.answers.hops.front(), {});
  if (loop.empty()) return;
  std::vector<std::string> names;
  for (const DomainName& name : loop) names.push_back(name.to_string());
  verdict.found(
      {.detail = fmt::format("the aliases form a loop: {}", fmt::join(names, " -> ")),
       .remedy = fmt::format("Point the alias at {} to the name that holds the key.", names.front())});
}

void find_missing_wildcard(const Evidence& evidence, Verdict& verdict) {
  if (evidence.answers.published.empty()) return verdict.not_evaluated();
  const auto wildcard = wildcard_alias(evidence);
  if (!wildcard || has_key_record(evidence)) return;
  const std::string name = evidence.answers.hops.front().hop->owner.to_string();
  verdict.found(
      {.detail = fmt::format(
           "{} has no record of its own: the answer comes from the wildcard {}, an alias to {}, which has {}",
           name, wildcard->owner, wildcard->target.to_string(),
           evidence.texts.empty() ? "no TXT record" : "no key"),
       .remedy = fmt::format("Publish the key as a TXT record at {}, or stop signing with selector {}; the "
                             "wildcard then no longer answers there.",
                             name, evidence.observation.selector.to_string())});
}

void find_cname_dangling(const Evidence& evidence, Verdict& verdict) {
  const ChainAnswers& answers = evidence.answers;
  if (!answers.known) verdict.not_evaluated();
  // The alias of a wildcard was not made for the selector: `selector_missing_wildcard` reports it.
  if (wildcard_alias(evidence)) return;
  for (const HopAnswers& hop : answers.hops | std::views::drop(1)) {
    if (hop.groups.empty() || !std::ranges::all_of(hop.groups, is_negative, &AnswerGroup::outcome)) continue;
    const std::string target = hop.hop->owner.to_string();
    auto leading_here =
        answers.hops | std::views::transform(&HopAnswers::groups) | std::views::join |
        std::views::filter([&](const AnswerGroup& group) { return group.alias == hop.hop->owner; });
    const auto owner_text = [](const AnswerGroup& group) { return group.owner.to_string(); };
    verdict.found(
        {.servers = servers_of_all(leading_here),
         .detail =
             fmt::format("{} is an alias to {}, which has no record: {}", join_some(leading_here, owner_text),
                         target, groups_text(hop.groups, evidence)),
         .remedy = fmt::format(
             "Publish the key at {}, ask the provider that runs that zone to do so, or remove the alias.",
             target)});
  }
}

/// Whether one response has a CNAME and a TXT record at the name.
bool has_both(const ServerAnswer& answer) {
  const auto transports = answer.record_attempts();
  return std::ranges::any_of(transports, [](const TransportAttempts* attempts) {
    return attempts->outcome == ServerOutcome::answered && !attempts->response()->txt.empty() &&
           !std::ranges::all_of(attempts->response()->aliases, &probe::AliasRecord::is_dname);
  });
}

void find_cname_with_other_data(const Evidence& evidence, Verdict& verdict) {
  if (!has_answers(evidence)) return verdict.not_evaluated();
  for (const HopAnswers& hop : evidence.answers.hops) {
    std::vector<ServerId> servers;
    for (const ServerAnswer& answer : hop.servers) {
      if (has_both(answer)) servers.push_back(answer.id);
    }
    if (servers.empty()) continue;
    const std::string owner = hop.hop->owner.to_string();
    verdict.found(
        {.servers = servers,
         .detail =
             fmt::format("{} returned both a CNAME and a TXT record at {}", servers_text(servers), owner),
         .remedy = fmt::format("Keep only one of the two at {}: the CNAME or the TXT record.", owner)});
  }
}

void find_chain_long(const Evidence& evidence, Verdict& verdict) {
  if (!evidence.answers.known) verdict.not_evaluated();
  const bool endless = evidence.observation.key.outcome == probe::ChainOutcome::too_long;
  const std::size_t steps = evidence.answers.longest_path;
  if (!endless && steps <= long_chain_steps) return;
  verdict.found({.detail = fmt::format(
                     "there are {}{} aliases between the selector and its key; at most {} are recommended",
                     endless ? "more than " : "", steps, long_chain_steps),
                 .remedy = fmt::format("Point {} directly to the name that holds the key.",
                                       evidence.answers.hops.front().hop->owner.to_string())},
                endless || steps > too_long_chain_steps ? Severity::warning : Severity::notice);
}

void find_dname(const Evidence& evidence, Verdict& verdict) {
  if (!evidence.answers.known) verdict.not_evaluated();
  for (const AliasFact& alias : evidence.answers.aliases | std::views::filter(&AliasFact::is_dname)) {
    const std::string owner = alias.owner.to_string();
    verdict.found({.detail = fmt::format("a DNAME at {} points to {}", owner, alias.target.to_string()),
                   .remedy = fmt::format("No action is needed. A CNAME at the selector instead of the DNAME "
                                         "at {} works better with old resolvers.",
                                         owner)});
  }
}

constexpr auto alias_rows = rows_of(
    Scope::zone, Needs::all_servers,
    {{.name = "cname_loop",
      .severity = Severity::critical,
      .reference = "RFC 1034 section 3.6.2",
      .summary = "the aliases form a loop",
      .effect = "no verifier gets the key",
      .remedy = "Point the CNAME at `SELECTOR._domainkey.DOMAIN` to the name that holds the key.",
      .example = {Example::behaviour, "s1 is an alias to s2, and s2 is an alias to s1."},
      .find = find_cname_loop},
     {.name = "selector_missing_wildcard",
      .severity = Severity::critical,
      .roles = only_while_signing,
      .reference = "RFC 4592 section 3.3.1",
      .summary = "the selector has no record of its own, and a wildcard's alias answers instead",
      .effect = "every signature made with this selector fails",
      .remedy = "Publish the key record as TXT at `SELECTOR._domainkey.DOMAIN`.",
      .example = {Example::behaviour,
                  "*.example.com is an alias to www.example.com, and s1._domainkey.example.com has no "
                  "record of its own."},
      .find = find_missing_wildcard},
     {.name = "cname_dangling",
      .severity = Severity::critical,
      .roles = only_while_signing,
      .reference = "RFC 6376 section 6.1.2",
      .summary = "the alias points to a name without a record",
      .effect = "no verifier gets the key",
      .remedy = "Publish the key record at the target, or remove the alias; the provider of the target "
                "knows which is right.",
      .example = {Example::behaviour,
                  "s1._domainkey.example.com is an alias to s1.provider.example, which returns NXDOMAIN."},
      .find = find_cname_dangling},
     {.name = "cname_with_other_data",
      .severity = Severity::warning,
      .reference = "RFC 1034 section 3.6.2",
      .summary = "a CNAME and a TXT record exist at the same name",
      .effect = "resolvers differ in which of the two they return to a verifier",
      .remedy = "Keep either the CNAME or the TXT record and delete the other.",
      .example = {Example::behaviour, "ns2 returns a CNAME and a TXT record for s1._domainkey."},
      .find = find_cname_with_other_data},
     {.name = "cname_chain_long",
      .severity = Severity::notice,
      .reference = "RFC 1034 section 3.6.2",
      .summary = "there are many aliases between the selector and its key",
      .effect = "each alias takes time, and resolvers give up after a certain number",
      .remedy = "Point the selector directly to the key.",
      .example = {Example::behaviour, "The key is reached through five aliases in a row."},
      .find = find_chain_long},
     {.name = "dname_in_chain",
      .severity = Severity::notice,
      .reference = "RFC 6672 section 3.1",
      .summary = "the key is reached through a DNAME",
      .effect = "none; old resolvers use the CNAME that is synthesized from it",
      .remedy = "No action is needed.",
      .example = {Example::behaviour, "_domainkey.example.com has a DNAME to dkim.example.net."},
      .find = find_dname}});

}  // namespace

std::span<const Check> alias_checks() {
  return alias_rows;
}

}  // namespace dkimprobe::checks
