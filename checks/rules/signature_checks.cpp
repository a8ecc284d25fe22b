// What the DKIM-Signature field of a message says, by itself and against the record of its key. Whether the
// signature is true is not asked: that takes the whole message.
#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

/// What one signature is found to say wrong.
struct Mismatch {
  std::string detail{};
  std::string remedy{};     ///< begins with a verb in lower case
  std::string at_record{};  ///< the name of the record that is to be mended; empty when it is the signer
};

Finding finding_of(const Evidence& evidence, const SignatureField& field, const Mismatch& fault) {
  Finding finding;
  finding.detail = fmt::format("signature {}: {}", field.number, fault.detail);
  finding.remedy = fault.at_record.empty()
                       ? fmt::format("Where mail of {} is signed: {}.",
                                     evidence.observation.domain.to_string(), fault.remedy)
                       : fmt::format("At {}: {}.", fault.at_record, fault.remedy);
  return finding;
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

/// Asks `judge` about each signature.
template <class Judge>
void for_each_signature(const Evidence& evidence, Verdict& verdict, Judge judge) {
  for (const SignatureField* const field : evidence.signatures) {
    if (std::optional<Mismatch> fault = judge(*field)) verdict.found(finding_of(evidence, *field, *fault));
  }
}

/// Asks `judge` about each signature with each key record that some server publishes; without any nothing is
/// judged.
template <class Judge>
void for_each_pair(const Evidence& evidence, Verdict& verdict, Judge judge) {
  if (!has_key_record(evidence)) return verdict.not_judged();
  for (const SignatureField* const field : evidence.signatures) {
    for (const ReadText& text : evidence.texts) {
      if (!text.record.is_key_record()) continue;
      std::optional<Mismatch> fault = judge(*field, text);
      if (!fault) continue;
      Finding finding = finding_of(evidence, *field, *fault);
      finding.servers = servers_of(evidence, text);
      verdict.found(std::move(finding));
    }
  }
}

/// The elements of a tag of the record in lower case: their case is judged by rows of its own.
std::vector<std::string> elements(const ReadText& text, std::string_view name) {
  std::vector<std::string> list;
  if (const Tag* const tag = text.record.list.find(name)) {
    for (const std::string_view element : colon_separated(tag->value))
      list.push_back(config::lower_case(element));
  }
  return list;
}

// ---- Against the record ----

void find_algorithm_mismatch(const Evidence& evidence, Verdict& verdict) {
  for_each_pair(
      evidence, verdict, [](const SignatureField& field, const ReadText& text) -> std::optional<Mismatch> {
        const Tag* const tag = text.record.list.find("k");
        const std::string published =
            tag == nullptr || tag->value.empty() ? "rsa" : config::lower_case(tag->value);
        // Another k= is a fault of the record.
        if (published != "rsa" && published != "ed25519") return std::nullopt;
        if (field.key_type.empty() || field.key_type == published) return std::nullopt;
        return Mismatch{
            fmt::format("a={}-{} needs a key of the type {}, and k= of the record is {}", field.key_type,
                        field.hash, field.key_type, published),
            fmt::format("sign with the private key of {}, or name the selector of the key that signs",
                        published_at(text))};
      });
}

void find_hash_refused(const Evidence& evidence, Verdict& verdict) {
  for_each_pair(evidence, verdict,
                [](const SignatureField& field, const ReadText& text) -> std::optional<Mismatch> {
                  const auto allowed = elements(text, "h");
                  // An empty h= is a fault of the record.
                  if (field.hash.empty() || allowed.empty() || allowed.front().empty()) return std::nullopt;
                  if (std::ranges::find(allowed, field.hash) != allowed.end()) return std::nullopt;
                  Mismatch fault{fmt::format("a={}-{} is made with {}, which h= of the record does not allow",
                                             field.key_type, field.hash, field.hash),
                                 "sign with a=rsa-sha256"};
                  if (field.hash != "sha1") {
                    fault.remedy = fmt::format("write `h={}`, or delete h=", field.hash);
                    fault.at_record = published_at(text);
                  }
                  return fault;
                });
}

/// RFC 8017 section 8.2.2, RFC 8032 section 5.1.6.
std::size_t octets_of_a_signature(const PublicKey& key) {
  return key.is_rsa() ? (key.bits + 7) / 8 : 64;
}

void find_length_mismatch(const Evidence& evidence, Verdict& verdict) {
  for_each_pair(
      evidence, verdict, [](const SignatureField& field, const ReadText& text) -> std::optional<Mismatch> {
        const auto& key = text.record.key;
        if (!key || !field.signature_octets) return std::nullopt;
        // Another type is told by another row.
        if (!(key->is_rsa() && field.key_type == "rsa") &&
            !(key->is_ed25519() && field.key_type == "ed25519"))
          return std::nullopt;
        const std::size_t wanted = octets_of_a_signature(*key);
        if (*field.signature_octets == wanted) return std::nullopt;
        return Mismatch{
            fmt::format("b= has {} octets, and the published key of {} bits makes signatures of {}",
                        *field.signature_octets, key->bits, wanted),
            fmt::format("sign with the private key of {}, or name the selector of the key that signs",
                        published_at(text))};
      });
}

void find_identity_strict(const Evidence& evidence, Verdict& verdict) {
  for_each_pair(evidence, verdict,
                [&](const SignatureField& field, const ReadText& text) -> std::optional<Mismatch> {
                  const auto flags = elements(text, "t");
                  if (std::ranges::find(flags, "s") == flags.end() || !field.identity || !field.domain)
                    return std::nullopt;
                  // What is not below d= is told by another row.
                  if (*field.identity == *field.domain || !field.identity->is_at_or_below(*field.domain))
                    return std::nullopt;
                  return Mismatch{fmt::format("the domain of i= is {}, and t=s of the record allows {} alone",
                                              field.identity->to_string(), field.domain->to_string()),
                                  fmt::format("write i= with the domain {} itself, or take s out of t= at {}",
                                              field.domain->to_string(), published_at(text))};
                });
}

// ---- Against the time ----

std::uint64_t asked_at_seconds(const Evidence& evidence) {
  const auto since_1970 =
      std::chrono::duration_cast<std::chrono::seconds>(evidence.observation.observed_at.time_since_epoch());
  return static_cast<std::uint64_t>(std::max<std::chrono::seconds::rep>(since_1970.count(), 0));
}

void find_expired(const Evidence& evidence, Verdict& verdict) {
  for_each_signature(evidence, verdict, [&](const SignatureField& field) -> std::optional<Mismatch> {
    const auto& expires = field.expires_at_seconds;
    const std::uint64_t now = asked_at_seconds(evidence);
    // An x= that was over from the start is told by another row.
    const bool was_over = expires && field.signed_at_seconds && *expires <= *field.signed_at_seconds;
    if (!expires || *expires > now || was_over) return std::nullopt;
    return Mismatch{
        fmt::format("x= is {}, and the servers were asked at {}", time_text(*expires), time_text(now)),
        "let x= leave the days that mail may be under way; for a message that arrived before, do nothing"};
  });
}

void find_time_future(const Evidence& evidence, Verdict& verdict) {
  // What clocks may differ by.
  constexpr std::uint64_t tolerated_seconds = 300;
  for_each_signature(evidence, verdict, [&](const SignatureField& field) -> std::optional<Mismatch> {
    const auto& signed_at = field.signed_at_seconds;
    const std::uint64_t now = asked_at_seconds(evidence);
    if (!signed_at || *signed_at <= now + tolerated_seconds) return std::nullopt;
    if (const auto unit = unit_of(*signed_at)) {
      const std::uint64_t seconds = *signed_at / unit->in_a_second;
      const bool has_expiry = field.expires_at_seconds && unit_of(*field.expires_at_seconds);
      return Mismatch{fmt::format("t= counts {}, and a verifier reads seconds: {} would be {}", unit->name,
                                  seconds, time_text(seconds)),
                      has_expiry ? fmt::format("write t= and x= in seconds since 1970: t={}, x={}", seconds,
                                               *field.expires_at_seconds /
                                                   unit_of(*field.expires_at_seconds)->in_a_second)
                                 : fmt::format("write t= in seconds since 1970: t={}", seconds)};
    }
    return Mismatch{
        fmt::format("t= is {}, and the servers were asked at {}", time_text(*signed_at), time_text(now)),
        "set the clock of the machine that signs"};
  });
}

}  // namespace

std::span<const Check> signature_checks() {
  static constexpr auto rows = std::to_array<Check>({
      {"signature_syntax_error", Scope::signature, Severity::critical, "RFC 6376 section 3.2",
       "the tags of the signature break the syntax", "verifiers ignore the signature",
       "Write each tag once, with a semicolon between two.",
       find_in_fields<SignatureFault::signature_syntax_error>},
      {"signature_tag_missing", Scope::signature, Severity::critical, "RFC 6376 section 6.1.1",
       "a required tag of the signature is missing", "verifiers must ignore the signature",
       "Let the signature have v=, a=, b=, bh=, d=, h= and s=.",
       find_in_fields<SignatureFault::signature_tag_missing>},
      {"signature_value_bad", Scope::signature, Severity::critical, "RFC 6376 section 6.1.1",
       "a tag of the signature has a value that it cannot have", "verifiers must ignore the signature",
       "Write a value of the right form.", find_in_fields<SignatureFault::signature_value_bad>},
      {"signature_version_bad", Scope::signature, Severity::critical, "RFC 6376 section 6.1.1",
       "v= of the signature is not 1", "verifiers must reject the signature",
       "Bring the signing software up to date.", find_in_fields<SignatureFault::signature_version_bad>},
      {"signature_algorithm_unknown", Scope::signature, Severity::critical, "RFC 6376 section 3.3.4",
       "a= of the signature is no algorithm of DKIM", "verifiers must ignore the signature",
       "Sign with rsa-sha256, or with ed25519-sha256 beside it.",
       find_in_fields<SignatureFault::signature_algorithm_unknown>},
      {"signature_algorithm_sha1", Scope::signature, Severity::critical, "RFC 8301 section 3.1",
       "the signature is made with sha1", "verifiers must not accept the signature", "Sign with rsa-sha256.",
       find_in_fields<SignatureFault::signature_algorithm_sha1>},
      {"signature_algorithm_mismatch", Scope::signature, Severity::critical, "RFC 6376 section 6.1.2",
       "a= of the signature and k= of the record are of two types", "verifiers reject the signature",
       "Sign with the key that the selector publishes.", find_algorithm_mismatch},
      {"signature_hash_refused", Scope::signature, Severity::critical, "RFC 6376 section 6.1.2",
       "h= of the record does not allow the hash of the signature", "verifiers reject the signature",
       "Publish `h=sha256` or no h=, and sign with sha256.", find_hash_refused},
      {"signature_length_mismatch", Scope::signature, Severity::critical, "RFC 8017 section 8.2.2",
       "the signature is not as long as the published key makes it",
       "another key made the signature, and verifiers reject it",
       "Sign with the key that the selector publishes.", find_length_mismatch},
      {"signature_canonicalization_unknown", Scope::signature, Severity::critical, "RFC 6376 section 3.5",
       "c= of the signature is no canonicalization of DKIM", "verifiers ignore the signature",
       "Sign with `c=relaxed/relaxed`.", find_in_fields<SignatureFault::signature_canonicalization_unknown>},
      {"signature_query_unsupported", Scope::signature, Severity::critical, "RFC 6376 section 3.5",
       "q= of the signature leaves out dns/txt", "verifiers have no way to get the key",
       "Write `q=dns/txt`, or leave q= out.", find_in_fields<SignatureFault::signature_query_unsupported>},
      {"signature_identity_outside", Scope::signature, Severity::critical, "RFC 6376 section 6.1.1",
       "the domain of i= is not at or below d=", "verifiers must ignore the signature",
       "Write i= with a domain at or below d=, or leave it out.",
       find_in_fields<SignatureFault::signature_identity_outside>},
      {"signature_identity_strict", Scope::signature, Severity::critical, "RFC 6376 section 3.6.1",
       "the domain of i= is below d=, and `t=s` of the record forbids it", "verifiers reject the signature",
       "Write i= with the domain of d=, or publish the key without `t=s`.", find_identity_strict},
      {"signature_from_unsigned", Scope::signature, Severity::critical, "RFC 6376 section 6.1.1",
       "the signature does not cover From", "verifiers must ignore the signature", "Sign the From field.",
       find_in_fields<SignatureFault::signature_from_unsigned>},
      {"signature_expiry_before_time", Scope::signature, Severity::critical, "RFC 6376 section 3.5",
       "the signature expires before it is made", "verifiers may reject the signature at any time",
       "Let x= be later than t=, or leave it out.",
       find_in_fields<SignatureFault::signature_expiry_before_time>},
      {"signature_time_future", Scope::signature, Severity::warning, "RFC 6376 section 3.5",
       "the signature is made in the future", "some verifiers ignore the signature until then",
       "Set the clock of the machine that signs, and write t= in seconds since 1970.", find_time_future},
      {"signature_body_limited", Scope::signature, Severity::warning, "RFC 6376 section 8.2",
       "l= leaves the end of the body unsigned",
       "others can put their own text behind the message, and some verifiers ignore the signature",
       "Sign the whole body, without l=.", find_in_fields<SignatureFault::signature_body_limited>},
      {"signature_expired", Scope::signature, Severity::notice, "RFC 6376 section 3.5",
       "the signature has expired",
       "none for mail that arrived before; verifiers may reject what arrives later",
       "Let x= leave the time that mail may be under way.", find_expired},
  });
  return rows;
}

}  // namespace dkimprobe::checks
