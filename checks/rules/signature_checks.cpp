// Checks of a DKIM-Signature field by itself and against the record of its key. The signature is not
// verified: that needs the whole message.
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

/// A fault of one signature.
struct Mismatch {
  config::EscapedText detail{};
  config::EscapedText remedy{};  ///< begins with a verb in lower case
  std::string at_record{};       ///< the name of the record to fix; empty when the signer is to be fixed
};

Finding finding_of(const Evidence& evidence, const SignatureField& field, const Mismatch& fault) {
  const std::string where = fault.at_record.empty() ? fmt::format("On the signing system of {}",
                                                                  evidence.observation.domain.to_string())
                                                    : fmt::format("At {}", fault.at_record);
  return {.detail = fmt::format("signature {}: {}", field.number, fault.detail),
          .remedy = fmt::format("{}: {}.", where, fault.remedy)};
}

template <SignatureFault fault>
void find_in_fields(const Evidence& evidence, Verdict& verdict) {
  for (const SignatureField* const field : evidence.signatures) {
    for (const FieldFault& seen : field->faults) {
      if (seen.fault != fault) continue;
      verdict.found(finding_of(evidence, *field, {seen.detail, seen.remedy, {}}),
                    seen.is_tolerated ? std::optional(Severity::warning) : std::nullopt);
    }
  }
}

/// For rows: calls `find` for each signature.
template <auto find>
void find_in_signatures(const Evidence& evidence, Verdict& verdict) {
  for (const SignatureField* const field : evidence.signatures) {
    if (const std::optional<Mismatch> fault = find(*field, evidence))
      verdict.found(finding_of(evidence, *field, *fault));
  }
}

/// For rows: calls `find` for each pair of a signature and a published key record. Without a key record the
/// check is not evaluated.
template <auto find>
void find_in_pairs(const Evidence& evidence, Verdict& verdict) {
  if (!has_key_record(evidence)) return verdict.not_evaluated();
  for (const SignatureField* const field : evidence.signatures) {
    for (const ReadText& text : evidence.texts) {
      if (!text.record.is_key_record()) continue;
      const std::optional<Mismatch> fault = find(*field, text);
      if (!fault) continue;
      Finding finding = finding_of(evidence, *field, *fault);
      finding.servers = servers_of(evidence, text);
      verdict.found(std::move(finding));
    }
  }
}

/// The elements of a tag of the record, in lower case: other checks cover their case.
std::vector<std::string> elements(const ReadText& text, std::string_view name) {
  std::vector<std::string> list;
  if (const Tag* const tag = text.record.list.find(name)) {
    for (const std::string_view element : colon_separated(tag->value))
      list.push_back(config::lower_case(element));
  }
  return list;
}

// ---- Against the record ----

std::optional<Mismatch> find_algorithm_mismatch(const SignatureField& field, const ReadText& text) {
  const Tag* const tag = text.record.list.find("k");
  const std::string published = tag == nullptr || tag->value.empty() ? "rsa" : config::lower_case(tag->value);
  // Any other k= is a fault of the record.
  if (published != "rsa" && published != "ed25519" && published != "mldsa44") return std::nullopt;
  if (field.key_type.empty() || field.key_type == published) return std::nullopt;
  return Mismatch{fmt::format("a={}-{} needs a key of type {}, but k= of the record is {}", field.key_type,
                              field.hash, field.key_type, published),
                  fmt::format("sign with the private key of {}, or set s= to the selector of the signing key",
                              published_at(text))};
}

std::optional<Mismatch> find_hash_refused(const SignatureField& field, const ReadText& text) {
  const auto allowed = elements(text, "h");
  // An empty h= is a fault of the record.
  if (field.hash.empty() || allowed.empty() || allowed.front().empty()) return std::nullopt;
  if (std::ranges::find(allowed, field.hash) != allowed.end()) return std::nullopt;
  Mismatch fault{fmt::format("a={}-{} uses {}, which h= of the record does not allow", field.key_type,
                             field.hash, field.hash),
                 "sign with a=rsa-sha256"};
  if (field.hash != "sha1") {
    fault.remedy = fmt::format("write `h={}`, or delete h=", field.hash);
    fault.at_record = published_at(text);
  }
  return fault;
}

/// RFC 8017 section 8.2.2, RFC 8032 section 5.1.6.
std::size_t octets_of_a_signature(const PublicKey& key) {
  return key.is_rsa() ? (key.bits + 7) / 8 : 64;
}

std::optional<Mismatch> find_length_mismatch(const SignatureField& field, const ReadText& text) {
  const auto& key = text.record.key;
  if (!key || !field.signature_octets) return std::nullopt;
  // `signature_algorithm_mismatch` reports another type.
  if (!(key->is_rsa() && field.key_type == "rsa") && !(key->is_ed25519() && field.key_type == "ed25519"))
    return std::nullopt;
  const std::size_t wanted = octets_of_a_signature(*key);
  if (*field.signature_octets == wanted) return std::nullopt;
  return Mismatch{fmt::format("b= has {} octets, but the published key of {} bits makes signatures of {}",
                              *field.signature_octets, key->bits, wanted),
                  fmt::format("sign with the private key of {}, or set s= to the selector of the signing key",
                              published_at(text))};
}

std::optional<Mismatch> find_identity_strict(const SignatureField& field, const ReadText& text) {
  const auto flags = elements(text, "t");
  if (std::ranges::find(flags, "s") == flags.end() || !field.identity || !field.domain) return std::nullopt;
  // `signature_identity_outside` reports a domain that is not below d=.
  if (*field.identity == *field.domain || !field.identity->is_at_or_below(*field.domain)) return std::nullopt;
  return Mismatch{fmt::format("the domain of i= is {}, but t=s of the record allows only {}",
                              field.identity->to_string(), field.domain->to_string()),
                  fmt::format("use the domain {} itself in i=, or remove s from t= at {}",
                              field.domain->to_string(), published_at(text))};
}

// ---- Against the time ----

std::uint64_t asked_at_seconds(const Evidence& evidence) {
  const auto since_1970 =
      std::chrono::duration_cast<std::chrono::seconds>(evidence.observation.observed_at.time_since_epoch());
  return static_cast<std::uint64_t>(std::max<std::chrono::seconds::rep>(since_1970.count(), 0));
}

std::optional<Mismatch> find_expired(const SignatureField& field, const Evidence& evidence) {
  const auto& expires = field.expires_at_seconds;
  const std::uint64_t now = asked_at_seconds(evidence);
  // `signature_expiry_before_time` reports an x= that is not later than t=.
  const bool was_over = expires && field.signed_at_seconds && *expires <= *field.signed_at_seconds;
  if (!expires || *expires > now || was_over) return std::nullopt;
  return Mismatch{
      fmt::format("x= is {}, and the servers were queried at {}", time_text(*expires), time_text(now)),
      "set x= days later, so that delayed mail can arrive; if the message arrived before, do nothing"};
}

std::optional<Mismatch> find_time_future(const SignatureField& field, const Evidence& evidence) {
  // Clocks may differ by this much.
  constexpr std::uint64_t tolerated_seconds = 300;
  const auto& signed_at = field.signed_at_seconds;
  const std::uint64_t now = asked_at_seconds(evidence);
  if (!signed_at || *signed_at <= now + tolerated_seconds) return std::nullopt;
  if (const auto unit = unit_of(*signed_at)) {
    const std::uint64_t seconds = *signed_at / unit->in_a_second;
    const bool has_expiry = field.expires_at_seconds && unit_of(*field.expires_at_seconds);
    return Mismatch{
        fmt::format("t= counts {}, but verifiers expect seconds: {} would be {}", unit->name, seconds,
                    time_text(seconds)),
        has_expiry ? fmt::format("write t= and x= in seconds since 1970: t={}, x={}", seconds,
                                 *field.expires_at_seconds / unit_of(*field.expires_at_seconds)->in_a_second)
                   : fmt::format("write t= in seconds since 1970: t={}", seconds)};
  }
  return Mismatch{
      fmt::format("t= is {}, and the servers were queried at {}", time_text(*signed_at), time_text(now)),
      "correct the clock of the signing machine"};
}

constexpr auto signature_rows = rows_of(
    Scope::signature, Needs::message,
    {{.name = "signature_syntax_error",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.2",
      .summary = "the signature has a syntax error",
      .effect = "verifiers ignore the signature",
      .remedy = "Write each tag once, with a semicolon between tags.",
      .example = {Example::behaviour, "The field has `s=s1` twice."},
      .find = find_in_fields<SignatureFault::signature_syntax_error>},
     {.name = "signature_tag_missing",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 6.1.1",
      .summary = "a required tag of the signature is missing",
      .effect = "verifiers must ignore the signature",
      .remedy = "Sign with all of v=, a=, b=, bh=, d=, h= and s=.",
      .example = {Example::behaviour, "The field has no bh=: the signing software follows an early draft."},
      .find = find_in_fields<SignatureFault::signature_tag_missing>},
     {.name = "signature_value_bad",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 6.1.1",
      .summary = "a tag of the signature has an invalid value",
      .effect = "verifiers must ignore the signature",
      .remedy = "Write a valid value.",
      .example = {Example::behaviour, "The field has `d=example` or `bh=none`."},
      .find = find_in_fields<SignatureFault::signature_value_bad>},
     {.name = "signature_version_bad",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 6.1.1",
      .summary = "v= of the signature is not 1",
      .effect = "verifiers must reject the signature",
      .remedy = "Update the signing software.",
      .example = {Example::behaviour, "The field begins with `v=0.5`."},
      .find = find_in_fields<SignatureFault::signature_version_bad>},
     {.name = "signature_algorithm_unknown",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.3.4",
      .summary = "a= of the signature is not an algorithm of DKIM",
      .effect = "verifiers must ignore the signature",
      .remedy = "Sign with rsa-sha256, or with both rsa-sha256 and ed25519-sha256.",
      .example = {Example::behaviour, "The field has `a=rsa-sha512`."},
      .find = find_in_fields<SignatureFault::signature_algorithm_unknown>},
     {.name = "signature_algorithm_sha1",
      .severity = Severity::critical,
      .reference = "RFC 8301 section 3.1",
      .summary = "the signature uses sha1",
      .effect = "verifiers must not accept the signature",
      .remedy = "Sign with rsa-sha256.",
      .example = {Example::behaviour, "The field has `a=rsa-sha1`."},
      .find = find_in_fields<SignatureFault::signature_algorithm_sha1>},
     {.name = "signature_algorithm_mismatch",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 6.1.2",
      .summary = "a= of the signature and k= of the record name different key types",
      .effect = "verifiers reject the signature",
      .remedy = "Sign with the key that the selector publishes.",
      .example = {Example::behaviour, "The field has `a=rsa-sha256`, and the record has `k=ed25519`."},
      .find = find_in_pairs<find_algorithm_mismatch>},
     {.name = "signature_hash_refused",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 6.1.2",
      .summary = "h= of the record does not allow the hash of the signature",
      .effect = "verifiers reject the signature",
      .remedy = "Publish `h=sha256` or no h=, and sign with sha256.",
      .example = {Example::behaviour, "The field has `a=rsa-sha256`, and the record has `h=sha1`."},
      .find = find_in_pairs<find_hash_refused>},
     {.name = "signature_length_mismatch",
      .severity = Severity::critical,
      .reference = "RFC 8017 section 8.2.2",
      .summary = "the length of the signature does not match the published key",
      .effect = "another key made the signature, and verifiers reject it",
      .remedy = "Sign with the key that the selector publishes.",
      .example = {Example::behaviour,
                  "b= has 128 octets, as with a key of 1024 bits, but the published key has 2048."},
      .find = find_in_pairs<find_length_mismatch>},
     {.name = "signature_canonicalization_unknown",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.5",
      .summary = "c= of the signature is not a canonicalization of DKIM",
      .effect = "verifiers ignore the signature",
      .remedy = "Sign with `c=relaxed/relaxed`.",
      .example = {Example::behaviour, "The field has `c=nofws`."},
      .find = find_in_fields<SignatureFault::signature_canonicalization_unknown>},
     {.name = "signature_query_unsupported",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.5",
      .summary = "q= of the signature does not include dns/txt",
      .effect = "verifiers have no way to get the key",
      .remedy = "Write `q=dns/txt`, or omit q=.",
      .example = {Example::behaviour, "The field has `q=dns`."},
      .find = find_in_fields<SignatureFault::signature_query_unsupported>},
     {.name = "signature_identity_outside",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 6.1.1",
      .summary = "the domain of i= is not at or below d=",
      .effect = "verifiers must ignore the signature",
      .remedy = "Use a domain at or below d= in i=, or omit i=.",
      .example = {Example::behaviour, "The field has `d=example.com; i=@example.net`."},
      .find = find_in_fields<SignatureFault::signature_identity_outside>},
     {.name = "signature_identity_strict",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "the domain of i= is below d=, and `t=s` of the record forbids it",
      .effect = "verifiers reject the signature",
      .remedy = "Use the domain of d= in i=, or publish the key without `t=s`.",
      .example = {Example::behaviour,
                  "The field has `d=example.com; i=@news.example.com`, and the record has `t=s`."},
      .find = find_in_pairs<find_identity_strict>},
     {.name = "signature_from_unsigned",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 6.1.1",
      .summary = "the signature does not cover From",
      .effect = "verifiers must ignore the signature",
      .remedy = "Sign the From field.",
      .example = {Example::behaviour, "The field has `h=To:Subject:Date`."},
      .find = find_in_fields<SignatureFault::signature_from_unsigned>},
     {.name = "signature_expiry_before_time",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.5",
      .summary = "the signature expires before it was made",
      .effect = "verifiers may reject the signature at any time",
      .remedy = "Set x= later than t=, or omit x=.",
      .example = {Example::behaviour, "The field has `t=1767225600; x=604800`, as if x= were a duration."},
      .find = find_in_fields<SignatureFault::signature_expiry_before_time>},
     {.name = "signature_time_future",
      .severity = Severity::warning,
      .reference = "RFC 6376 section 3.5",
      .summary = "the signature is dated in the future",
      .effect = "some verifiers ignore the signature until then",
      .remedy = "Correct the clock of the signing machine, and write t= in seconds since 1970.",
      .example = {Example::behaviour, "The clock of the signing machine is an hour ahead."},
      .find = find_in_signatures<find_time_future>},
     {.name = "signature_body_limited",
      .severity = Severity::warning,
      .reference = "RFC 6376 section 8.2",
      .summary = "l= leaves the end of the body unsigned",
      .effect = "others can append text to the message, and some verifiers ignore the signature",
      .remedy = "Sign the whole body, without l=.",
      .example = {Example::behaviour, "The field has `l=512`."},
      .find = find_in_fields<SignatureFault::signature_body_limited>},
     {.name = "signature_expired",
      .severity = Severity::notice,
      .reference = "RFC 6376 section 3.5",
      .summary = "the signature has expired",
      .effect = "none for mail that arrived before; verifiers may reject mail that arrives later",
      .remedy = "Set x= late enough for delayed mail to arrive.",
      .example = {Example::behaviour, "The field has `x=1767225600`, and it is 2026-01-02."},
      .find = find_in_signatures<find_expired>}});

}  // namespace

std::span<const Check> signature_checks() {
  return signature_rows;
}

}  // namespace dkimprobe::checks
