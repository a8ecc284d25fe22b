#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"
#include "checks/record/published_keys.hpp"

namespace dkimprobe::checks {

namespace {

constexpr std::uint32_t smallest_valid_bits = 1024;  // RFC 8301 section 3.2
constexpr std::uint32_t largest_certain_bits = 4096;
constexpr std::array<std::uint32_t, 6> usual_bits = {1024, 1280, 1536, 2048, 3072, 4096};

/// What is wrong with one RSA key.
struct KeyFault {
  std::string detail{};
  std::string remedy{};  ///< begins with a verb in lower case
};

/// Asks `judge` about each RSA key that stands in a record that wants one.
template <class Judge>
void for_each_rsa_key(const Evidence& evidence, Verdict& verdict, Judge judge) {
  bool judged = false;
  for (const auto& text : evidence.texts) {
    if (!text.record.key || !text.record.key->is_rsa()) continue;
    judged = true;
    const std::optional<KeyFault> fault = judge(*text.record.key);
    if (!fault) continue;
    Finding finding;
    finding.servers = servers_of(evidence, text);
    if (const Tag* const tag = text.record.list.find("p")) finding.offset = tag->value_offset;
    finding.detail = fault->detail;
    finding.remedy = fmt::format("At {}: {}.", published_at(text), fault->remedy);
    verdict.found(std::move(finding));
  }
  if (!judged) verdict.not_evaluated();
}

std::string new_pair(std::uint32_t bits) {
  return fmt::format("make a new pair of {} bits and publish it at a new selector", bits);
}

void find_too_small(const Evidence& evidence, Verdict& verdict) {
  for_each_rsa_key(evidence, verdict, [&](const PublicKey& key) -> std::optional<KeyFault> {
    if (key.bits >= smallest_valid_bits) return std::nullopt;
    return KeyFault{fmt::format("the RSA key has {} bits, and verifiers may not accept fewer than {}",
                                key.bits, smallest_valid_bits),
                    new_pair(evidence.policy.rsa_bits_wanted)};
  });
}

void find_weak(const Evidence& evidence, Verdict& verdict) {
  for_each_rsa_key(evidence, verdict, [&](const PublicKey& key) -> std::optional<KeyFault> {
    if (key.bits < smallest_valid_bits || key.bits >= evidence.policy.rsa_bits_wanted) return std::nullopt;
    return KeyFault{
        fmt::format("the RSA key has {} bits, {} are wanted", key.bits, evidence.policy.rsa_bits_wanted),
        new_pair(evidence.policy.rsa_bits_wanted)};
  });
}

void find_oversize(const Evidence& evidence, Verdict& verdict) {
  for_each_rsa_key(evidence, verdict, [&](const PublicKey& key) -> std::optional<KeyFault> {
    if (key.bits <= largest_certain_bits) return std::nullopt;
    return KeyFault{fmt::format("the RSA key has {} bits, and verifiers must only know up to {}", key.bits,
                                largest_certain_bits),
                    new_pair(evidence.policy.rsa_bits_wanted)};
  });
}

void find_not_multiple_of_8(const Evidence& evidence, Verdict& verdict) {
  for_each_rsa_key(evidence, verdict, [&](const PublicKey& key) -> std::optional<KeyFault> {
    if (key.bits % 8 == 0) return std::nullopt;
    return KeyFault{fmt::format("the RSA key has {} bits, which is no multiple of 8", key.bits),
                    new_pair(evidence.policy.rsa_bits_wanted)};
  });
}

void find_unusual_size(const Evidence& evidence, Verdict& verdict) {
  for_each_rsa_key(evidence, verdict, [&](const PublicKey& key) -> std::optional<KeyFault> {
    if (key.bits < smallest_valid_bits || key.bits > largest_certain_bits || key.bits % 8 != 0 ||
        std::ranges::find(usual_bits, key.bits) != usual_bits.end()) {
      return std::nullopt;
    }
    return KeyFault{fmt::format("the RSA key has {} bits, a size that is rare", key.bits),
                    fmt::format("see whether the key of {} bits is the one that was meant", key.bits)};
  });
}

void find_even_modulus(const Evidence& evidence, Verdict& verdict) {
  for_each_rsa_key(evidence, verdict, [&](const PublicKey& key) -> std::optional<KeyFault> {
    if ((static_cast<unsigned char>(key.modulus.back()) & 1U) != 0) return std::nullopt;
    return KeyFault{"the modulus of the RSA key is even, so that it is no product of two large primes",
                    new_pair(evidence.policy.rsa_bits_wanted)};
  });
}

std::string exponent_text(const PublicKey& key) {
  return key.exponent ? fmt::format("{}", *key.exponent)
                      : fmt::format("a number of {} octets", key.exponent_octets.size());
}

void find_exponent_invalid(const Evidence& evidence, Verdict& verdict) {
  for_each_rsa_key(evidence, verdict, [&](const PublicKey& key) -> std::optional<KeyFault> {
    if (is_valid_exponent(key)) return std::nullopt;
    return KeyFault{fmt::format("the exponent of the RSA key is {}; 65537 is usual", exponent_text(key)),
                    new_pair(evidence.policy.rsa_bits_wanted)};
  });
}

void find_exponent_3(const Evidence& evidence, Verdict& verdict) {
  for_each_rsa_key(evidence, verdict, [&](const PublicKey& key) -> std::optional<KeyFault> {
    if (key.exponent != 3U) return std::nullopt;
    return KeyFault{"the exponent of the RSA key is 3; 65537 is usual",
                    new_pair(evidence.policy.rsa_bits_wanted)};
  });
}

void find_exponent_unusual(const Evidence& evidence, Verdict& verdict) {
  for_each_rsa_key(evidence, verdict, [](const PublicKey& key) -> std::optional<KeyFault> {
    if (!is_valid_exponent(key) || key.exponent == 3U || key.exponent == 65537U) return std::nullopt;
    return KeyFault{fmt::format("the exponent of the RSA key is {}; 65537 is usual", exponent_text(key)),
                    "make the next pair with the exponent 65537"};
  });
}

void find_mismatch_expected(const Evidence& evidence, Verdict& verdict) {
  const auto& wanted = evidence.expectation.key_sha256;
  if (!wanted) return verdict.not_evaluated();
  bool judged = false;
  for (const auto& text : evidence.texts) {
    if (!text.record.key || text.record.key->sha256.empty()) continue;
    judged = true;
    if (text.record.key->sha256 == *wanted) continue;
    Finding finding;
    finding.servers = servers_of(evidence, text);
    if (const Tag* const tag = text.record.list.find("p")) finding.offset = tag->value_offset;
    finding.detail = fmt::format("the key published has the SHA-256 {}, and {} is expected",
                                 text.record.key->sha256, *wanted);
    finding.remedy = fmt::format(
        "At {}: publish the public key that belongs to the private key that signs, or, if the key was "
        "changed on "
        "purpose, say so in the settings (expected_key).",
        published_at(text));
    verdict.found(std::move(finding));
  }
  if (!judged) verdict.not_evaluated();
}

/// The private half of a key that was published by mistake is another matter: `key_private_leaked`.
void find_blocklisted(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (const auto& text : evidence.texts) {
    if (!text.record.key || text.record.key->sha256.empty()) continue;
    judged = true;
    const std::string_view where = published_private_key(text.record.key->sha256);
    if (where.empty()) continue;
    Finding finding;
    finding.servers = servers_of(evidence, text);
    if (const Tag* const tag = text.record.list.find("p")) finding.offset = tag->value_offset;
    finding.detail = fmt::format("the private half of this key is printed in {}", where);
    finding.remedy = fmt::format(
        "At {}: replace this key at once: make a pair of your own, publish its public half, stop signing "
        "with "
        "this one.",
        published_at(text));
    verdict.found(std::move(finding));
  }
  if (!judged) verdict.not_evaluated();
}

}  // namespace

std::span<const Check> key_checks() {
  static constexpr Check rows[] = {
      {.name = "key_missing_p",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "the record holds no key",
       .effect = "every signature made with this selector fails",
       .remedy = "Add `p=` with the public key, as `openssl pkey -in PRIVATE.pem -pubout` prints it between "
                 "its BEGIN and END lines; of an Ed25519 key enter its last 44 characters alone.",
       .example = {Example::record, "v=DKIM1; k=ed25519"},
       .find = find_in_texts<RecordFault::key_missing_p>},
      {.name = "key_revoked",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .roles = {.pending = RoleEffect::clear,
                 .standby = RoleEffect::clear,
                 .retired = RoleEffect::not_evaluated},
       .reference = "RFC 6376 section 3.6.1",
       .summary = "the key is revoked",
       .effect = "every signature made with this selector fails",
       .remedy = "If the key is still good, publish it again; else sign with another selector.",
       .example = {Example::record, "v=DKIM1; p="},
       .find = find_in_texts<RecordFault::key_revoked>},
      {.name = "key_base64_invalid",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 2.10",
       .summary = "p= is no base64",
       .effect = "verifiers cannot read the key",
       .remedy = "Enter the key anew in p=, as `openssl pkey -in PRIVATE.pem -pubout` prints it between its "
                 "BEGIN and END lines; of an Ed25519 key enter its last 44 characters alone.",
       .example = {Example::record, "v=DKIM1; k=ed25519; p=A"},
       .find = find_in_texts<RecordFault::key_base64_invalid>},
      {.name = "key_base64_urlsafe",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 4648 section 5",
       .summary = "p= is in URL-safe base64",
       .effect = "verifiers cannot read the key",
       .remedy = "Write `+` for each `-` and `/` for each `_` in p=.",
       .example = {Example::record, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAv-Y="},
       .find = find_in_texts<RecordFault::key_base64_urlsafe>},
      {.name = "key_base64_unpadded",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 2045 section 6.8",
       .summary = "p= lacks its padding",
       .effect =
           "some verifiers cannot read the key, though RFC 6376 section 2.10 lets the padding be left out",
       .remedy = "Write `=` or `==` at the end of p=, so that its length is a multiple of 4.",
       .example = {Example::record, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY"},
       .find = find_in_texts<RecordFault::key_base64_unpadded>},
      {.name = "key_base64_junk",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 2.10",
       .summary = "p= holds characters that base64 has not",
       .effect = "some verifiers cannot read the key",
       .remedy = "Take the characters out of p=, or enter the key anew.",
       .example = {Example::record, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7B.cyXIsr3JczAv4gsPQoMAvmY="},
       .find = find_in_texts<RecordFault::key_base64_junk>},
      {.name = "key_base64_whitespace",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::notice,
       .reference = "RFC 6376 section 2.10",
       .summary = "white space stands inside p=",
       .effect = "none by the RFC; a verifier is known that rejects a tab",
       .remedy = "Enter p= without white space.",
       .example = {Example::record, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7B cyXIsr3JczAv4gsPQoMAvmY="},
       .find = find_in_texts<RecordFault::key_base64_whitespace>},
      {.name = "key_truncated",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "the key is cut off",
       .effect = "verifiers cannot read the key",
       .remedy = "Enter the whole key; where a field takes 255 characters, cut the record into two strings.",
       .example = {Example::record,
                   "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA+d55mahxNYQDDaTcU8N5"},
       .find = find_in_texts<RecordFault::key_truncated>},
      {.name = "key_pem_armor",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 appendix C",
       .summary = "p= holds the lines of a PEM file",
       .effect = "verifiers cannot read the key",
       .remedy = "Enter only the base64 between these lines.",
       .example = {Example::record,
                   "v=DKIM1; k=ed25519; p=-----BEGIN PUBLIC KEY-----{key}-----END PUBLIC KEY-----"},
       .find = find_in_texts<RecordFault::key_pem_armor>},
      {.name = "key_private_leaked",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "the private key is published",
       .effect = "anybody can sign as this domain",
       .remedy = "Make a new pair, publish its public half at a new selector and sign with it; then revoke "
                 "this key with an empty p=.",
       .example = {Example::behaviour,
                   "p= begins with `MIIEvQIBADANBgkq`: the file of the private key was published."},
       .find = find_in_texts<RecordFault::key_private_leaked>},
      {.name = "key_der_invalid",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "p= holds no key",
       .effect = "verifiers cannot read the key",
       .remedy = "Enter the key anew in p=, as `openssl rsa -in PRIVATE.pem -pubout` prints it between its "
                 "BEGIN and END lines.",
       .example = {Example::record, "v=DKIM1; k=rsa; p=dGhpcyBpcyBubyBrZXksIG9ubHkgYSBzZW50ZW5jZQ=="},
       .find = find_in_texts<RecordFault::key_der_invalid>},
      {.name = "key_der_trailing_bytes",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "something follows the end of the key",
       .effect = "some verifiers cannot read the key",
       .remedy = "Enter the key anew in p=, as `openssl rsa -in PRIVATE.pem -pubout` prints it between its "
                 "BEGIN and END lines.",
       .example = {Example::behaviour, "p= holds an RSA key and, behind it, some octets of another one."},
       .find = find_in_texts<RecordFault::key_der_trailing_bytes>},
      {.name = "key_pkcs1_encoding",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 appendix C",
       .summary = "the key is in PKCS#1 form",
       .effect =
           "most verifiers that were tried cannot read the key: RFC 6376 section 3.6.1 names this form, but "
           "its appendix C and its erratum 3017 have SubjectPublicKeyInfo, which all of them read",
       .remedy = "Publish the key as SubjectPublicKeyInfo, as `openssl rsa -in PRIVATE.pem -pubout` prints "
                 "it between its BEGIN and END lines.",
       .example = {Example::behaviour,
                   "p= begins with `MIIBCgKCAQEA`, as `BEGIN RSA PUBLIC KEY` files do, and not with "
                   "`MIIBIjANBgkq`."},
       .find = find_in_texts<RecordFault::key_pkcs1_encoding>},
      {.name = "key_ed25519_spki",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 8463 section 4.2",
       .summary = "the Ed25519 key is wrapped",
       .effect = "most verifiers cannot read the key",
       .remedy = "Publish only its last 32 octets, in base64: the last 44 characters of p=.",
       .example = {Example::record,
                   "v=DKIM1; k=ed25519; p=MCowBQYDK2VwAyEA9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY="},
       .find = find_in_texts<RecordFault::key_ed25519_spki>},
      {.name = "key_not_supported",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 8463 section 4.2",
       .summary = "DKIM has no keys of this kind",
       .effect = "verifiers cannot use the key",
       .remedy = "Publish an RSA or an Ed25519 key.",
       .example = {Example::behaviour,
                   "p= holds an ECDSA key on P-256: it begins with `MFkwEwYHKoZIzj0CAQYI`."},
       .find = find_in_texts<RecordFault::key_not_supported>},
      {.name = "key_ed25519_bad_length",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 8463 section 4.2",
       .summary = "the Ed25519 key is not 32 octets long",
       .effect = "verifiers cannot use the key",
       .remedy = "Enter the 32 octets of the public key, in base64: 44 characters.",
       .example = {Example::record, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMA"},
       .find = find_in_texts<RecordFault::key_ed25519_bad_length>},
      {.name = "key_ed25519_bad_point",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 8032 section 5.1.3",
       .summary = "the Ed25519 key is no point of its curve, or one that is worthless",
       .effect = "verifiers cannot use the key, or accept signatures that anybody can make",
       .remedy = "Enter the public key again, or make a new pair.",
       .example = {Example::record, "v=DKIM1; k=ed25519; p=AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
       .find = find_in_texts<RecordFault::key_ed25519_bad_point>},
      {.name = "key_double_base64",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 6376 section 3.6.1",
       .summary = "p= was encoded twice in base64",
       .effect = "verifiers cannot read the key",
       .remedy = "Decode p= once and enter the result.",
       .example = {Example::behaviour,
                   "p= begins with `TUlJQklqQU5CZ2`: decoded once it reads `MIIBIjANBgk`."},
       .find = find_in_texts<RecordFault::key_double_base64>},
      {.name = "key_blocklisted",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .summary = "the private half of this key is printed in a public document",
       .effect = "anybody can sign as this domain",
       .remedy = "Make a new pair, publish its public half at a new selector and sign with it; then revoke "
                 "this key with an empty p=.",
       .example = {Example::behaviour,
                   "p= is the key of an example in an RFC, whose private half is printed there."},
       .find = find_blocklisted},
      {.name = "key_rsa_too_small",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 8301 section 3.2",
       .summary = "the RSA key has fewer than 1024 bits",
       .effect = "verifiers may not accept signatures made with it",
       .remedy = "Make a new pair of 2048 bits and publish it at a new selector.",
       .example = {Example::behaviour, "`openssl rsa -pubin -text` says `Public-Key: (512 bit)`."},
       .find = find_too_small},
      {.name = "key_rsa_weak",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 8301 section 3.2",
       .summary = "the RSA key has fewer bits than are wanted",
       .effect = "it may be broken in its lifetime, and some receivers rate it low",
       .remedy = "Make a new pair of 2048 bits and publish it at a new selector.",
       .example = {Example::behaviour, "`openssl rsa -pubin -text` says `Public-Key: (1024 bit)`."},
       .find = find_weak},
      {.name = "key_rsa_oversize",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 8301 section 3.2",
       .summary = "the RSA key has more than 4096 bits",
       .effect = "verifiers need not know keys of this size",
       .remedy = "Make a new pair of 2048 bits and publish it at a new selector.",
       .example = {Example::behaviour, "`openssl rsa -pubin -text` says `Public-Key: (8192 bit)`."},
       .find = find_oversize},
      {.name = "key_rsa_not_multiple_of_8",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .summary = "the size of the RSA key is no multiple of 8 bits",
       .effect = "some software fails at such sizes",
       .remedy = "Make a new pair of 2048 bits and publish it at a new selector.",
       .example = {Example::behaviour, "`openssl rsa -pubin -text` says `Public-Key: (2047 bit)`."},
       .find = find_not_multiple_of_8},
      {.name = "key_rsa_even_modulus",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 8017 section 3.1",
       .summary = "the modulus of the RSA key is even",
       .effect = "anybody can work out the private key",
       .remedy = "Make a new pair of 2048 bits and publish it at a new selector.",
       .example = {Example::behaviour, "The last octet of the modulus is 0x9c."},
       .find = find_even_modulus},
      {.name = "key_rsa_exponent_invalid",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .reference = "RFC 8017 section 3.1",
       .summary = "the RSA key has an exponent that no RSA key can have",
       .effect = "signatures fail, or anybody can forge them",
       .remedy = "Make a new pair with the exponent 65537 and publish it at a new selector.",
       .example = {Example::behaviour, "`openssl rsa -pubin -text` says `Exponent: 1`."},
       .find = find_exponent_invalid},
      {.name = "key_rsa_exponent_3",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::warning,
       .reference = "RFC 6376 section 3.3.2",
       .summary = "the exponent of the RSA key is 3",
       .effect = "careless verifiers can be fooled with forged signatures",
       .remedy = "Make a new pair with the exponent 65537 and publish it at a new selector.",
       .example = {Example::behaviour, "`openssl rsa -pubin -text` says `Exponent: 3`."},
       .find = find_exponent_3},
      {.name = "key_rsa_unusual_size",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::notice,
       .summary = "the RSA key is of a rare size",
       .effect = "none; it may be a slip",
       .remedy = "See whether the size is meant; make the next pair with 2048 bits.",
       .example = {Example::behaviour, "`openssl rsa -pubin -text` says `Public-Key: (2040 bit)`."},
       .find = find_unusual_size},
      {.name = "key_rsa_exponent_unusual",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::notice,
       .reference = "RFC 6376 section 3.3.2",
       .summary = "the exponent of the RSA key is rare",
       .effect = "none; it may be a slip",
       .remedy = "Make the next pair with the exponent 65537.",
       .example = {Example::behaviour, "`openssl rsa -pubin -text` says `Exponent: 17`."},
       .find = find_exponent_unusual},
      {.name = "key_mismatch_expected",
       .scope = Scope::key,
       .needs = Needs::key_text,
       .severity = Severity::critical,
       .roles = {.standby = RoleEffect::notice},
       .reference = "RFC 6376 section 6.1.3",
       .summary = "the key is not the one that is expected",
       .effect = "signatures made with the expected key fail",
       .remedy = "Publish the public key that belongs to the private key that signs; if the key was changed "
                 "on purpose, change expected_key in the settings.",
       .example = {Example::behaviour,
                   "The settings name the key of the new pair, and the old one is still published."},
       .find = find_mismatch_expected},
  };
  return rows;
}

}  // namespace dkimprobe::checks
