#include <algorithm>
#include <ranges>
#include <string>
#include <string_view>

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

/// The signing practices are not known, so no check of them can be evaluated.
bool is_never_probed(const Evidence& evidence) {
  return evidence.adsp.policy == AdspPolicy::not_known || evidence.adsp_answers.published.empty();
}

const std::vector<PublishedText>& texts(const Evidence& evidence) {
  return evidence.adsp_answers.published.front().texts;
}

/// Whether the text at `_adsp` comes from a wildcard record.
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
  const std::string name = adsp_name(evidence);
  verdict.found({.detail = fmt::format("{} TXT records are published at {}", count, name),
                 .remedy = fmt::format("Delete the records at {}.", name)});
}

/// The first fault of the text for which `is_meant` holds, with `fix`, which follows the record's name.
template <class Choose>
void find_first_fault(const Evidence& evidence, Verdict& verdict, Choose is_meant, std::string_view note,
                      std::string_view fix) {
  if (is_never_probed(evidence)) return verdict.not_evaluated();
  const auto& faults = evidence.adsp.faults;
  const auto fault = std::ranges::find_if(faults, is_meant, &AdspRecord::Fault::kind);
  if (fault == faults.end()) return;
  verdict.found({.offset = fault->offset,
                 .detail = fmt::format("{}{}", fault->detail, note),
                 .remedy = fmt::format("Delete the record at {}, or {}.", adsp_name(evidence), fix)});
}

void find_invalid(const Evidence& evidence, Verdict& verdict) {
  if (evidence.adsp.has(AdspFault::not_adsp) && comes_from_wildcard(evidence)) return;
  const auto is_own = [](AdspFault kind) {
    return kind != AdspFault::duplicate_tag && kind != AdspFault::unknown_value;
  };
  find_first_fault(evidence, verdict, is_own, "", "replace it with `dkim=all`");
}

void find_duplicate_tag(const Evidence& evidence, Verdict& verdict) {
  const auto is_own = [](AdspFault kind) { return kind == AdspFault::duplicate_tag; };
  find_first_fault(evidence, verdict, is_own, "", "one of the two tags");
}

void find_unknown_token(const Evidence& evidence, Verdict& verdict) {
  const auto is_own = [](AdspFault kind) { return kind == AdspFault::unknown_value; };
  find_first_fault(evidence, verdict, is_own, ", which receivers treat as unknown", "write `dkim=unknown`");
}

void find_all_with_testing_key(const Evidence& evidence, Verdict& verdict) {
  if (is_never_probed(evidence) || !has_key_record(evidence)) return verdict.not_evaluated();
  if (evidence.adsp.policy != AdspPolicy::all && evidence.adsp.policy != AdspPolicy::discardable) return;
  const auto text = std::ranges::find_if(
      evidence.texts, [](const ReadText& each) { return each.record.has(RecordFault::flag_testing); });
  if (text == evidence.texts.end()) return;
  const std::string name = adsp_name(evidence);
  verdict.found(
      {.detail = fmt::format("{} has `dkim={}`, but the key at {} has t=y", name,
                             config::escape_text(evidence.adsp.value, shown_bytes), published_at(*text)),
       .remedy = fmt::format("Delete `t=y` at {}, or the record at {}.", published_at(*text), name)});
}

void find_discardable_without_key(const Evidence& evidence, Verdict& verdict) {
  if (is_never_probed(evidence)) return verdict.not_evaluated();
  if (evidence.adsp.policy != AdspPolicy::discardable) return;
  if (std::ranges::any_of(evidence.texts, [](const ReadText& text) { return text.record.usable(); })) return;
  // Another selector, which this observation does not cover, may have a key.
  if (evidence.answers.published.empty() || !evidence.expectation.only_selector)
    return verdict.not_evaluated();
  const std::string name = adsp_name(evidence);
  verdict.found({.detail = fmt::format("{} has `dkim=discardable`, but {} has no usable key", name,
                                       evidence.answers.hops.front().hop->owner.to_string()),
                 .remedy = fmt::format("Delete the record at {} until the domain can sign.", name)});
}

void find_wildcard_shadow(const Evidence& evidence, Verdict& verdict) {
  if (is_never_probed(evidence) || !evidence.observation.wildcard_name) return verdict.not_evaluated();
  if (!comes_from_wildcard(evidence)) return;
  const std::string name = adsp_name(evidence);
  verdict.found({.detail = fmt::format("the text at {} comes from a wildcard: \"{}\"", name,
                                       config::escape_text(texts(evidence).front().text, shown_bytes)),
                 .remedy = fmt::format("Delete the wildcard TXT record above {}.", name)});
}

/// "`dkim=all` from ns1.example.com (192.0.2.1); NXDOMAIN from ..."
std::string answers_text(const std::vector<AnswerGroup>& groups) {
  std::vector<std::string> parts;
  for (const AnswerGroup& group : groups) {
    const std::string what =
        group.texts.size() == 1
            ? fmt::format("`{}`", config::escape_text(group.texts.front().text, shown_bytes))
            : group_text(group);
    parts.push_back(fmt::format("{} from {}", what, join_some(group.servers, server_text)));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

void find_differs(const Evidence& evidence, Verdict& verdict) {
  if (is_never_probed(evidence)) return verdict.not_evaluated();
  const auto& published = evidence.adsp_answers.published;
  if (published.size() < 2) return;
  const std::string name = adsp_name(evidence);
  verdict.found({.servers = servers_to_fix(published),
                 .detail = fmt::format("the servers return {} different answers for {}: {}", published.size(),
                                       name, answers_text(published)),
                 .remedy = fmt::format(
                     "Load the same zone on all servers, then check what is published at {}.", name)});
}

void find_present(const Evidence& evidence, Verdict& verdict) {
  if (is_never_probed(evidence)) return verdict.not_evaluated();
  if (!is_practice(evidence) || comes_from_wildcard(evidence)) return;
  const std::string name = adsp_name(evidence);
  verdict.found(
      {.detail = fmt::format("{} has `dkim={}`", name, config::escape_text(evidence.adsp.value, shown_bytes)),
       .remedy = fmt::format("Delete the record at {}; DMARC has replaced ADSP.", name)});
}

constexpr Check adsp_rows[] = {
    {.name = "adsp_multiple_records",
     .scope = Scope::adsp,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .reference = "RFC 5617 section 4.3",
     .summary = "several ADSP records are published at one name",
     .effect = "the effect on receivers is undefined",
     .remedy = "Keep one TXT record at `_adsp._domainkey.DOMAIN`, or none.",
     .example = {Example::behaviour, "_adsp._domainkey.example.com has both `dkim=all` and `dkim=unknown`."},
     .find = find_multiple_records},
    {.name = "adsp_invalid",
     .scope = Scope::adsp,
     .needs = Needs::adsp_text,
     .severity = Severity::warning,
     .reference = "RFC 5617 section 4.1",
     .summary = "the ADSP record has a syntax error",
     .effect = "receivers ignore it",
     .remedy = "Delete the TXT record at `_adsp._domainkey.DOMAIN`.",
     .example = {Example::record, "DKIM=all"},
     .find = find_invalid},
    {.name = "adsp_duplicate_tag",
     .scope = Scope::adsp,
     .needs = Needs::adsp_text,
     .severity = Severity::warning,
     .reference = "RFC 5617 section 4.1",
     .summary = "a tag of the ADSP record occurs twice",
     .effect = "receivers ignore the record",
     .remedy = "Delete the TXT record at `_adsp._domainkey.DOMAIN`.",
     .example = {Example::record, "dkim=all; dkim=unknown"},
     .find = find_duplicate_tag},
    {.name = "adsp_all_with_testing_key",
     .scope = Scope::adsp,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .reference = "RFC 6376 section 3.6.1",
     .summary = "ADSP says that all mail is signed, but the key has t=y",
     .effect = "receivers must treat signed mail like unsigned mail, which contradicts ADSP",
     .remedy = "Delete the TXT record at `_adsp._domainkey.DOMAIN`, or remove `y` from t= of the key.",
     .example = {Example::behaviour, "_adsp has `dkim=all`, and the key has `t=y`."},
     .find = find_all_with_testing_key},
    {.name = "adsp_discardable_without_key",
     .scope = Scope::adsp,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .reference = "RFC 5617 section 4.2.1",
     .summary = "ADSP asks receivers to discard unsigned mail, but there is no key",
     .effect = "receivers that follow ADSP discard all mail of the domain",
     .remedy = "Delete the TXT record at `_adsp._domainkey.DOMAIN`.",
     .example = {Example::behaviour, "_adsp has `dkim=discardable`, and the key is revoked."},
     .find = find_discardable_without_key},
    {.name = "adsp_wildcard_shadow",
     .scope = Scope::adsp,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .reference = "RFC 5617 section 6.3",
     .summary = "a wildcard answers at the name of ADSP",
     .effect = "receivers read an unrelated text as a signing practice",
     .remedy = "Delete the wildcard TXT record `*.DOMAIN`.",
     .example = {Example::behaviour, "`*.example.com` is a TXT record, and _adsp answers with its text."},
     .find = find_wildcard_shadow},
    {.name = "adsp_differs_between_ns",
     .scope = Scope::adsp,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .reference = "RFC 1034 section 4.3.5",
     .summary = "the servers return different ADSP records",
     .effect = "the practice that a receiver sees depends on the server",
     .remedy = "Load the same zone on every server.",
     .example = {Example::behaviour, "For _adsp, ns1 returns `dkim=all` and ns2 returns NXDOMAIN."},
     .find = find_differs},
    {.name = "adsp_value_unknown_token",
     .scope = Scope::adsp,
     .needs = Needs::adsp_text,
     .severity = Severity::notice,
     .reference = "RFC 5617 section 4.2.1",
     .summary = "ADSP does not define the practice",
     .effect = "receivers treat it as unknown",
     .remedy = "Delete the TXT record at `_adsp._domainkey.DOMAIN`.",
     .example = {Example::record, "dkim=some"},
     .find = find_unknown_token},
    {.name = "adsp_present_historic",
     .scope = Scope::adsp,
     .needs = Needs::adsp_text,
     .severity = Severity::notice,
     .summary = "the domain publishes ADSP, which is historic",
     .effect = "few receivers use it",
     .remedy = "Delete the TXT record at `_adsp._domainkey.DOMAIN`; publish DMARC at `_dmarc.DOMAIN`.",
     .example = {Example::record, "dkim=all"},
     .find = find_present},
};

}  // namespace

std::span<const Check> adsp_checks() {
  return adsp_rows;
}

}  // namespace dkimprobe::checks
