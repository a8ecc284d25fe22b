#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {

namespace {

constexpr std::size_t shown_bytes = 80;

std::string adsp_name(const Evidence& evidence) {
  const auto& hops = evidence.observation.adsp.hops;
  if (!hops.empty()) return hops.front().owner.to_string();
  const auto name = config::adsp_name(evidence.observation.domain);
  return name ? name->to_string() : "_adsp._domainkey";
}

/// Nothing is known of the practices, so that no row about them can be judged.
bool is_never_probed(const Evidence& evidence) {
  return evidence.adsp.policy == AdspPolicy::not_known || evidence.adsp_answers.published.empty();
}

const std::vector<PublishedText>& texts(const Evidence& evidence) {
  return evidence.adsp_answers.published.front().texts;
}

/// Whether the text at `_adsp` is what a wildcard gives to every name.
bool comes_from_wildcard(const Evidence& evidence) {
  if (is_never_probed(evidence)) return false;
  for (const auto& hop : evidence.answers.hops) {
    for (const auto& server : hop.servers) {
      const probe::Response* const response = server.wildcard_probe.response();
      if (response == nullptr) continue;
      for (const auto& wildcard_text : sorted_texts(*response)) {
        if (std::ranges::find(texts(evidence), wildcard_text, &PublishedText::text) !=
            texts(evidence).end()) {
          return true;
        }
      }
    }
  }
  return false;
}

bool is_practice(const Evidence& evidence) {
  return evidence.adsp.policy == AdspPolicy::unknown || evidence.adsp.policy == AdspPolicy::all ||
         evidence.adsp.policy == AdspPolicy::discardable;
}

void find_multiple_records(const Evidence& evidence, Verdict& verdict) {
  if (is_never_probed(evidence)) return verdict.not_evaluated();
  const std::size_t count = texts(evidence).size();
  if (count < 2) return;
  Finding finding;
  finding.detail = fmt::format("{} TXT records stand at {}", count, adsp_name(evidence));
  finding.remedy = fmt::format("Delete the records at {}.", adsp_name(evidence));
  verdict.found(std::move(finding));
}

void find_invalid(const Evidence& evidence, Verdict& verdict) {
  if (is_never_probed(evidence)) return verdict.not_evaluated();
  if (evidence.adsp.has(AdspFault::not_adsp) && comes_from_wildcard(evidence)) return;
  for (const auto& fault : evidence.adsp.faults) {
    if (fault.kind == AdspFault::duplicate_tag || fault.kind == AdspFault::unknown_value) continue;
    Finding finding;
    finding.offset = fault.offset;
    finding.detail = fault.detail;
    finding.remedy = fmt::format("Delete the record at {}, or write it as `dkim=all`.", adsp_name(evidence));
    return verdict.found(std::move(finding));
  }
}

void find_duplicate_tag(const Evidence& evidence, Verdict& verdict) {
  if (is_never_probed(evidence)) return verdict.not_evaluated();
  for (const auto& fault : evidence.adsp.faults) {
    if (fault.kind != AdspFault::duplicate_tag) continue;
    Finding finding;
    finding.offset = fault.offset;
    finding.detail = fault.detail;
    finding.remedy = fmt::format("Delete the record at {}, or one of the two tags.", adsp_name(evidence));
    return verdict.found(std::move(finding));
  }
}

void find_all_with_testing_key(const Evidence& evidence, Verdict& verdict) {
  if (is_never_probed(evidence) || !has_key_record(evidence)) return verdict.not_evaluated();
  if (evidence.adsp.policy != AdspPolicy::all && evidence.adsp.policy != AdspPolicy::discardable) return;
  for (const auto& text : evidence.texts) {
    if (!text.record.has(RecordFault::flag_testing)) continue;
    Finding finding;
    finding.detail = fmt::format("{} says `{}` while the key at {} says t=y", adsp_name(evidence),
                                 config::escape_text(evidence.adsp.value, shown_bytes), published_at(text));
    finding.remedy =
        fmt::format("Delete `t=y` at {}, or the record at {}.", published_at(text), adsp_name(evidence));
    return verdict.found(std::move(finding));
  }
}

void find_discardable_without_key(const Evidence& evidence, Verdict& verdict) {
  if (is_never_probed(evidence)) return verdict.not_evaluated();
  if (evidence.adsp.policy != AdspPolicy::discardable) return;
  if (std::ranges::any_of(evidence.texts, [](const ReadText& text) { return text.record.usable(); })) return;
  // Another selector may have a key that this observation does not show.
  if (evidence.answers.published.empty() || !evidence.expectation.only_selector)
    return verdict.not_evaluated();
  Finding finding;
  finding.detail = fmt::format("{} says discardable while {} has no key that can be used",
                               adsp_name(evidence), evidence.answers.hops.front().hop->owner.to_string());
  finding.remedy = fmt::format("Delete the record at {} until the domain can sign.", adsp_name(evidence));
  verdict.found(std::move(finding));
}

void find_wildcard_shadow(const Evidence& evidence, Verdict& verdict) {
  if (is_never_probed(evidence) || !evidence.observation.wildcard_name) return verdict.not_evaluated();
  if (!comes_from_wildcard(evidence)) return;
  Finding finding;
  finding.detail = fmt::format("the text at {} is the one of a wildcard: \"{}\"", adsp_name(evidence),
                               config::escape_text(texts(evidence).front().text, shown_bytes));
  finding.remedy = fmt::format("Delete the wildcard TXT record above {}.", adsp_name(evidence));
  verdict.found(std::move(finding));
}

void find_differs(const Evidence& evidence, Verdict& verdict) {
  if (is_never_probed(evidence)) return verdict.not_evaluated();
  const auto& published = evidence.adsp_answers.published;
  if (published.size() < 2) return;
  Finding finding;
  // The largest group is taken for right; the others are named.
  for (std::size_t i = 1; i < published.size(); ++i) {
    finding.servers.insert(finding.servers.end(), published[i].servers.begin(), published[i].servers.end());
  }
  finding.detail = fmt::format("{} of the servers give another answer for {} than the rest",
                               finding.servers.size(), adsp_name(evidence));
  finding.remedy =
      fmt::format("Let all servers load the same zone, then see what stands at {}.", adsp_name(evidence));
  verdict.found(std::move(finding));
}

void find_unknown_token(const Evidence& evidence, Verdict& verdict) {
  if (is_never_probed(evidence)) return verdict.not_evaluated();
  for (const auto& fault : evidence.adsp.faults) {
    if (fault.kind != AdspFault::unknown_value) continue;
    Finding finding;
    finding.offset = fault.offset;
    finding.detail = fault.detail + ", which counts as unknown";
    finding.remedy = fmt::format("Delete the record at {}, or write `dkim=unknown`.", adsp_name(evidence));
    return verdict.found(std::move(finding));
  }
}

void find_present(const Evidence& evidence, Verdict& verdict) {
  if (is_never_probed(evidence)) return verdict.not_evaluated();
  if (!is_practice(evidence) || comes_from_wildcard(evidence)) return;
  Finding finding;
  finding.detail = fmt::format("{} says `dkim={}`", adsp_name(evidence),
                               config::escape_text(evidence.adsp.value, shown_bytes));
  finding.remedy = fmt::format("Delete the record at {}; DMARC has taken its place.", adsp_name(evidence));
  verdict.found(std::move(finding));
}

}  // namespace

std::span<const Check> adsp_checks() {
  static constexpr Check rows[] = {
      {.name = "adsp_multiple_records",
       .scope = Scope::adsp,
       .needs = Needs::all_servers,
       .severity = Severity::warning,
       .reference = "RFC 5617 section 4.3",
       .summary = "several ADSP records stand at one name",
       .effect = "what receivers make of them is undefined",
       .remedy = "Keep one TXT record at `_adsp._domainkey.DOMAIN`, or none.",
       .example = {Example::behaviour,
                   "`dkim=all` and `dkim=unknown` both stand at _adsp._domainkey.example.com."},
       .find = find_multiple_records},
      {.name = "adsp_invalid",
       .scope = Scope::adsp,
       .needs = Needs::adsp_text,
       .severity = Severity::warning,
       .reference = "RFC 5617 section 4.1",
       .summary = "the ADSP record breaks the syntax",
       .effect = "receivers pass over it",
       .remedy = "Delete the TXT record at `_adsp._domainkey.DOMAIN`.",
       .example = {Example::record, "DKIM=all"},
       .find = find_invalid},
      {.name = "adsp_duplicate_tag",
       .scope = Scope::adsp,
       .needs = Needs::adsp_text,
       .severity = Severity::warning,
       .reference = "RFC 5617 section 4.1",
       .summary = "a tag of the ADSP record is there twice",
       .effect = "receivers pass over the record",
       .remedy = "Delete the TXT record at `_adsp._domainkey.DOMAIN`.",
       .example = {Example::record, "dkim=all; dkim=unknown"},
       .find = find_duplicate_tag},
      {.name = "adsp_all_with_testing_key",
       .scope = Scope::adsp,
       .needs = Needs::all_servers,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "ADSP says that all mail is signed, the key says that it is a test",
       .effect = "receivers must treat signed mail like unsigned mail, against the practice",
       .remedy = "Delete the TXT record at `_adsp._domainkey.DOMAIN`, or take `y` out of t= of the key.",
       .example = {Example::behaviour, "`dkim=all` stands at _adsp, and the key says `t=y`."},
       .find = find_all_with_testing_key},
      {.name = "adsp_discardable_without_key",
       .scope = Scope::adsp,
       .needs = Needs::all_servers,
       .severity = Severity::warning,
       .reference = "RFC 5617 section 4.2.1",
       .summary = "ADSP lets unsigned mail be thrown away, and there is no key",
       .effect = "receivers that heed ADSP throw all mail of the domain away",
       .remedy = "Delete the TXT record at `_adsp._domainkey.DOMAIN`.",
       .example = {Example::behaviour, "`dkim=discardable` stands at _adsp, and the key is revoked."},
       .find = find_discardable_without_key},
      {.name = "adsp_wildcard_shadow",
       .scope = Scope::adsp,
       .needs = Needs::all_servers,
       .severity = Severity::warning,
       .reference = "RFC 5617 section 6.3",
       .summary = "a wildcard answers where ADSP is looked for",
       .effect = "receivers read what was never meant as a practice",
       .remedy = "Delete the wildcard TXT record `*.DOMAIN`.",
       .example = {Example::behaviour, "`*.example.com` is a TXT record, and _adsp answers with its text."},
       .find = find_wildcard_shadow},
      {.name = "adsp_differs_between_ns",
       .scope = Scope::adsp,
       .needs = Needs::all_servers,
       .severity = Severity::warning,
       .reference = "RFC 1034 section 4.3.5",
       .summary = "the servers differ about ADSP",
       .effect = "receivers come to different ends by chance",
       .remedy = "Bring every server to the same zone.",
       .example = {Example::behaviour, "ns1 gives `dkim=all` for _adsp, ns2 says NXDOMAIN."},
       .find = find_differs},
      {.name = "adsp_value_unknown_token",
       .scope = Scope::adsp,
       .needs = Needs::adsp_text,
       .severity = Severity::notice,
       .reference = "RFC 5617 section 4.2.1",
       .summary = "the practice is a word that ADSP has not",
       .effect = "it counts as unknown",
       .remedy = "Delete the TXT record at `_adsp._domainkey.DOMAIN`.",
       .example = {Example::record, "dkim=some"},
       .find = find_unknown_token},
      {.name = "adsp_present_historic",
       .scope = Scope::adsp,
       .needs = Needs::adsp_text,
       .severity = Severity::notice,
       .summary = "the domain publishes ADSP, which is historic",
       .effect = "few receivers look at it",
       .remedy = "Delete the TXT record at `_adsp._domainkey.DOMAIN`; publish DMARC at `_dmarc.DOMAIN`.",
       .example = {Example::record, "dkim=all"},
       .find = find_present},
  };
  return rows;
}

}  // namespace dkimprobe::checks
