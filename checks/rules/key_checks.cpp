#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"
#include "checks/record/published_keys.hpp"

namespace dkimprobe::checks {

namespace {

constexpr std::uint32_t smallest_valid_bits = 1024;   // RFC 8301 section 3.2
constexpr std::uint32_t largest_certain_bits = 4096;  // RFC 8301 section 3.2
constexpr std::array<std::uint32_t, 6> usual_bits = {1024, 1280, 1536, 2048, 3072, 4096};

/// A fault of one key.
struct KeyFault {
  std::string detail{};
  std::string remedy{};                ///< begins with a verb in lower case
  std::optional<Severity> severity{};  ///< if it differs from that of the check
};

bool is_rsa(const PublicKey& key) {
  return key.is_rsa();
}

bool has_fingerprint(const PublicKey& key) {
  return !key.sha256.empty();
}

/// For rows: calls `find` for each key that `is_meant` chooses; not evaluated without any.
template <auto is_meant, auto find>
void find_in_keys(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (const auto& text : evidence.texts) {
    if (!text.record.key || !is_meant(*text.record.key)) continue;
    judged = true;
    std::optional<KeyFault> fault = find(*text.record.key, evidence);
    if (!fault) continue;
    verdict.found(finding_in(evidence, text, std::move(fault->detail), fault->remedy, key_offset(text)),
                  fault->severity);
  }
  if (!judged) verdict.not_evaluated();
}

std::optional<KeyFault> find_too_small(const PublicKey& key, const Evidence& evidence) {
  if (key.bits >= smallest_valid_bits) return std::nullopt;
  return KeyFault{fmt::format("the RSA key has {} bits, and verifiers must not accept fewer than {}",
                              key.bits, smallest_valid_bits),
                  new_pair_remedy(evidence)};
}

std::optional<KeyFault> find_weak(const PublicKey& key, const Evidence& evidence) {
  const config::KeySizeRule& rule = evidence.policy.key_size;
  if (key.bits < smallest_valid_bits || key.bits >= rule.rsa_bits) return std::nullopt;
  return KeyFault{
      fmt::format("the RSA key has {} bits, fewer than the {} of {}", key.bits, rule.rsa_bits, rule.source),
      new_pair_remedy(evidence)};
}

std::optional<KeyFault> find_oversize(const PublicKey& key, const Evidence& evidence) {
  if (key.bits <= largest_certain_bits) return std::nullopt;
  if (key.bits > largest_usable_bits) {
    return KeyFault{fmt::format("the RSA key has {} bits, and most verifiers cannot use more than {}",
                                key.bits, largest_usable_bits),
                    new_pair_remedy(evidence), Severity::critical};
  }
  return KeyFault{fmt::format("the RSA key has {} bits, and verifiers need only support up to {}", key.bits,
                              largest_certain_bits),
                  new_pair_remedy(evidence)};
}

std::optional<KeyFault> find_not_multiple_of_8(const PublicKey& key, const Evidence& evidence) {
  if (key.bits % 8 == 0) return std::nullopt;
  return KeyFault{fmt::format("the RSA key has {} bits, which is not a multiple of 8", key.bits),
                  new_pair_remedy(evidence)};
}

std::optional<KeyFault> find_unusual_size(const PublicKey& key, const Evidence& /*evidence*/) {
  if (key.bits < smallest_valid_bits || key.bits > largest_certain_bits || key.bits % 8 != 0 ||
      std::ranges::find(usual_bits, key.bits) != usual_bits.end()) {
    return std::nullopt;
  }
  return KeyFault{fmt::format("the RSA key has {} bits, an unusual size", key.bits),
                  fmt::format("check that a key of {} bits was intended", key.bits)};
}

std::optional<KeyFault> find_even_modulus(const PublicKey& key, const Evidence& evidence) {
  if ((static_cast<unsigned char>(key.modulus.back()) & 1U) != 0) return std::nullopt;
  return KeyFault{"the modulus of the RSA key is even, so it is not the product of two large primes",
                  new_pair_remedy(evidence)};
}

std::string exponent_text(const PublicKey& key) {
  return key.exponent ? fmt::format("{}", *key.exponent)
                      : fmt::format("a number of {} octets", key.exponent_octets.size());
}

std::optional<KeyFault> find_exponent_invalid(const PublicKey& key, const Evidence& evidence) {
  if (is_valid_exponent(key)) {
    if (key.bits <= free_exponent_bits || !has_long_exponent(key)) return std::nullopt;
    return KeyFault{
        fmt::format("the exponent of the RSA key is {}, and most verifiers cannot use more than {} bits "
                    "with a key of more than {}; 65537 is usual",
                    exponent_text(key), largest_usable_exponent_bits, free_exponent_bits),
        new_pair_remedy(evidence)};
  }
  return KeyFault{fmt::format("the exponent of the RSA key is {}; 65537 is usual", exponent_text(key)),
                  new_pair_remedy(evidence)};
}

std::optional<KeyFault> find_exponent_3(const PublicKey& key, const Evidence& evidence) {
  if (key.exponent != 3U) return std::nullopt;
  return KeyFault{"the exponent of the RSA key is 3; 65537 is usual", new_pair_remedy(evidence)};
}

std::optional<KeyFault> find_exponent_unusual(const PublicKey& key, const Evidence& /*evidence*/) {
  if (!is_valid_exponent(key) || key.exponent == 3U || key.exponent == 65537U) return std::nullopt;
  const bool is_long = has_long_exponent(key);
  if (is_long && key.bits > free_exponent_bits) return std::nullopt;
  return KeyFault{fmt::format("the exponent of the RSA key is {}{}; 65537 is usual", exponent_text(key),
                              is_long ? ", which some verifiers cannot use" : ""),
                  "generate the next key pair with the exponent 65537",
                  is_long ? std::optional(Severity::warning) : std::nullopt};
}

std::optional<KeyFault> compare_with_expected(const PublicKey& key, const Evidence& evidence) {
  const std::string& wanted = *evidence.expectation.key_sha256;
  if (key.sha256 == wanted) return std::nullopt;
  return KeyFault{fmt::format("the published key has the SHA-256 {}, but {} is expected", key.sha256, wanted),
                  "publish the public key of the private key that signs, or, if the change was intended, "
                  "update expected_key in the settings"};
}

void find_mismatch_expected(const Evidence& evidence, Verdict& verdict) {
  if (!evidence.expectation.key_sha256) return verdict.not_evaluated();
  find_in_keys<has_fingerprint, compare_with_expected>(evidence, verdict);
}

/// A record that contains a private key is another check: `key_private_leaked`.
std::optional<KeyFault> find_blocklisted(const PublicKey& key, const Evidence& evidence) {
  const std::string_view where = published_private_key(key.sha256);
  const auto& blocklist = evidence.policy.blocklist;
  const auto list =
      blocklist != nullptr ? blocklist->find(key.is_rsa() ? key.modulus : key.raw) : std::nullopt;
  if (where.empty() && !list) return std::nullopt;
  return KeyFault{
      where.empty()
          ? fmt::format("the private key of this public key is known: it is in list {} of the blocklist",
                        *list)
          : fmt::format("the private key of this public key is printed in {}", where),
      "replace this key at once: generate your own key pair, publish its public key and stop "
      "signing with this one"};
}

constexpr auto key_rows = rows_of(
    Scope::key, Needs::key_text,
    {{.name = "key_missing_p",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "the record contains no key",
      .effect = "every signature made with this selector fails",
      .remedy = "Add `p=` with the public key, as `openssl pkey -in PRIVATE.pem -pubout` prints it between "
                "its BEGIN and END lines; for an Ed25519 key, enter only the last 44 characters.",
      .example = {Example::record, "v=DKIM1; k=ed25519"},
      .find = find_in_texts<RecordFault::key_missing_p>},
     {.name = "key_revoked",
      .severity = Severity::critical,
      .roles = only_while_signing,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "the key is revoked",
      .effect = "every signature made with this selector fails",
      .remedy = "If the key is still good, publish it again; otherwise sign with another selector.",
      .example = {Example::record, "v=DKIM1; p="},
      .find = find_in_texts<RecordFault::key_revoked>},
     {.name = "key_base64_invalid",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 2.10",
      .summary = "p= is not valid base64",
      .effect = "verifiers cannot read the key",
      .remedy = "Enter the key in p= again, as `openssl pkey -in PRIVATE.pem -pubout` prints it between its "
                "BEGIN and END lines; for an Ed25519 key, enter only the last 44 characters.",
      .example = {Example::record, "v=DKIM1; k=ed25519; p=A"},
      .find = find_in_texts<RecordFault::key_base64_invalid>},
     {.name = "key_base64_urlsafe",
      .severity = Severity::critical,
      .reference = "RFC 4648 section 5",
      .summary = "p= is in URL-safe base64",
      .effect = "verifiers cannot read the key",
      .remedy = "In p=, replace each `-` with `+` and each `_` with `/`.",
      .example = {Example::record, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAv-Y="},
      .find = find_in_texts<RecordFault::key_base64_urlsafe>},
     {.name = "key_base64_unpadded",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 2045 section 6.8",
      .summary = "p= has no padding",
      .effect =
          "some verifiers cannot read the key, although RFC 6376 section 2.10 makes the padding optional",
      .remedy = "Append `=` or `==` to p=, so that its length is a multiple of 4.",
      .example = {Example::record, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY"},
      .find = find_in_texts<RecordFault::key_base64_unpadded>},
     {.name = "key_base64_junk",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 2.10",
      .summary = "p= contains characters that are not base64",
      .effect = "some verifiers cannot read the key",
      .remedy = "Remove the characters from p=, or enter the key again.",
      .example = {Example::record, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7B.cyXIsr3JczAv4gsPQoMAvmY="},
      .find = find_in_texts<RecordFault::key_base64_junk>},
     {.name = "key_base64_whitespace",
      .severity = Severity::notice,
      .reference = "RFC 6376 section 2.10",
      .summary = "p= contains white space",
      .effect = "none by the RFC, but at least one verifier rejects a tab",
      .remedy = "Enter p= without white space.",
      .example = {Example::record, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7B cyXIsr3JczAv4gsPQoMAvmY="},
      .find = find_in_texts<RecordFault::key_base64_whitespace>},
     {.name = "key_truncated",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "the key is truncated",
      .effect = "verifiers cannot read the key",
      .remedy =
          "Enter the whole key; if a field takes only 255 characters, split the record into two strings.",
      .example = {Example::record,
                  "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA+d55mahxNYQDDaTcU8N5"},
      .find = find_in_texts<RecordFault::key_truncated>},
     {.name = "key_pem_armor",
      .severity = Severity::critical,
      .reference = "RFC 6376 appendix C",
      .summary = "p= contains the BEGIN and END lines of a PEM file",
      .effect = "verifiers cannot read the key",
      .remedy = "Enter only the base64 between these lines.",
      .example = {Example::record,
                  "v=DKIM1; k=ed25519; p=-----BEGIN PUBLIC KEY-----{key}-----END PUBLIC KEY-----"},
      .find = find_in_texts<RecordFault::key_pem_armor>},
     {.name = "key_private_leaked",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "the private key is published",
      .effect = "anyone can sign as this domain",
      .remedy = "Generate a key pair, publish its public key at a new selector and sign with it; then "
                "revoke this key with an empty p=.",
      .example = {Example::behaviour,
                  "p= begins with `MIIEvQIBADANBgkq`: the private key file was published."},
      .find = find_in_texts<RecordFault::key_private_leaked>},
     {.name = "key_der_invalid",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "p= does not contain a key",
      .effect = "verifiers cannot read the key",
      .remedy = "Enter the key in p= again, as `openssl rsa -in PRIVATE.pem -pubout` prints it between its "
                "BEGIN and END lines.",
      .example = {Example::record, "v=DKIM1; k=rsa; p=dGhpcyBpcyBubyBrZXksIG9ubHkgYSBzZW50ZW5jZQ=="},
      .find = find_in_texts<RecordFault::key_der_invalid>},
     {.name = "key_der_trailing_bytes",
      .severity = Severity::warning,
      .receivers_decide = true,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "extra data follows the key",
      .effect = "some verifiers cannot read the key",
      .remedy = "Enter the key in p= again, as `openssl rsa -in PRIVATE.pem -pubout` prints it between its "
                "BEGIN and END lines.",
      .example = {Example::behaviour, "p= contains an RSA key, followed by some octets of another one."},
      .find = find_in_texts<RecordFault::key_der_trailing_bytes>},
     {.name = "key_pkcs1_encoding",
      .severity = Severity::critical,
      .reference = "RFC 6376 appendix C",
      .summary = "the key is in PKCS#1 format",
      .effect =
          "most of the tested verifiers cannot read the key: RFC 6376 section 3.6.1 names this format, but "
          "its appendix C and erratum 3017 use SubjectPublicKeyInfo, which all of them read",
      .remedy = "Publish the key as SubjectPublicKeyInfo, as `openssl rsa -in PRIVATE.pem -pubout` prints "
                "it between its BEGIN and END lines.",
      .example =
          {Example::behaviour,
           "p= begins with `MIIBCgKCAQEA`, as `BEGIN RSA PUBLIC KEY` files do, not with `MIIBIjANBgkq`."},
      .find = find_in_texts<RecordFault::key_pkcs1_encoding>},
     {.name = "key_ed25519_spki",
      .severity = Severity::critical,
      .reference = "RFC 8463 section 4.2",
      .summary = "the Ed25519 key is wrapped in a SubjectPublicKeyInfo",
      .effect = "most verifiers cannot read the key",
      .remedy = "Publish only its last 32 octets, in base64: the last 44 characters of p=.",
      .example = {Example::record,
                  "v=DKIM1; k=ed25519; p=MCowBQYDK2VwAyEA9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY="},
      .find = find_in_texts<RecordFault::key_ed25519_spki>},
     {.name = "key_not_supported",
      .severity = Severity::critical,
      .reference = "RFC 8463 section 4.2",
      .summary = "DKIM does not support this kind of key",
      .effect = "verifiers cannot use the key",
      .remedy = "Publish an RSA or an Ed25519 key.",
      .example = {Example::behaviour,
                  "p= contains an ECDSA key on P-256: it begins with `MFkwEwYHKoZIzj0CAQYI`."},
      .find = find_in_texts<RecordFault::key_not_supported>},
     {.name = "key_ed25519_bad_length",
      .severity = Severity::critical,
      .reference = "RFC 8463 section 4.2",
      .summary = "the Ed25519 key is not 32 octets long",
      .effect = "verifiers cannot use the key",
      .remedy = "Enter the 32 octets of the public key, in base64: 44 characters.",
      .example = {Example::record, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMA"},
      .find = find_in_texts<RecordFault::key_ed25519_bad_length>},
     {.name = "key_ed25519_bad_point",
      .severity = Severity::critical,
      .reference = "RFC 8032 section 5.1.3",
      .summary = "the Ed25519 key is not a point of the curve, or an unsafe one",
      .effect = "verifiers cannot use the key, or accept signatures that anyone can make",
      .remedy = "Enter the public key again, or generate a new key pair.",
      .example = {Example::record, "v=DKIM1; k=ed25519; p=AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
      .find = find_in_texts<RecordFault::key_ed25519_bad_point>},
     {.name = "key_mldsa44_bad_length",
      .severity = Severity::critical,
      .reference = dkim2_draft,
      .summary = "the ML-DSA-44 key of DKIM2, which is a draft, is not 1312 octets long",
      .effect = "verifiers cannot use the key",
      .remedy = "Enter the 1312 octets of the public key, in base64: 1752 characters.",
      .example = {Example::record, "v=DKIM1; k=mldsa44; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmaa"},
      .find = find_in_texts<RecordFault::key_mldsa44_bad_length>},
     {.name = "key_double_base64",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.6.1",
      .summary = "p= was encoded in base64 twice",
      .effect = "verifiers cannot read the key",
      .remedy = "Decode p= once and enter the result.",
      .example = {Example::behaviour,
                  "p= begins with `TUlJQklqQU5CZ2`: decoded once, it reads `MIIBIjANBgk`."},
      .find = find_in_texts<RecordFault::key_double_base64>},
     {.name = "key_blocklisted",
      .severity = Severity::critical,
      .summary = "the private key of this public key is public",
      .effect = "anyone can sign as this domain",
      .remedy = "Generate a key pair, publish its public key at a new selector and sign with it; then "
                "revoke this key with an empty p=.",
      .example = {Example::behaviour,
                  "p= is the public key of an example in an RFC, which also prints the private key."},
      .find = find_in_keys<has_fingerprint, find_blocklisted>},
     {.name = "key_rsa_too_small",
      .severity = Severity::critical,
      .reference = "RFC 8301 section 3.2",
      .summary = "the RSA key has fewer than 1024 bits",
      .effect = "verifiers must not accept signatures made with it",
      .remedy = "Generate a key pair of 2048 bits and publish its public key at a new selector.",
      .example = {Example::behaviour, "`openssl rsa -pubin -text` prints `Public-Key: (512 bit)`."},
      .find = find_in_keys<is_rsa, find_too_small>},
     {.name = "key_rsa_weak",
      .severity = Severity::warning,
      .reference = "RFC 8301 section 3.2",
      .summary = "the RSA key has fewer bits than required",
      .effect = "attackers may break it while it is in use, and some receivers rate it low",
      .remedy = "Generate a key pair of 2048 bits and publish its public key at a new selector.",
      .example = {Example::behaviour, "`openssl rsa -pubin -text` prints `Public-Key: (1024 bit)`."},
      .find = find_in_keys<is_rsa, find_weak>},
     {.name = "key_rsa_oversize",
      .severity = Severity::warning,
      .reference = "RFC 8301 section 3.2",
      .summary = "the RSA key has more than 4096 bits",
      .effect = "verifiers need not support keys of this size",
      .remedy = "Generate a key pair of 2048 bits and publish its public key at a new selector.",
      .example = {Example::behaviour, "`openssl rsa -pubin -text` prints `Public-Key: (8192 bit)`."},
      .find = find_in_keys<is_rsa, find_oversize>},
     {.name = "key_rsa_not_multiple_of_8",
      .severity = Severity::warning,
      .summary = "the size of the RSA key is not a multiple of 8 bits",
      .effect = "some software fails with such sizes",
      .remedy = "Generate a key pair of 2048 bits and publish its public key at a new selector.",
      .example = {Example::behaviour, "`openssl rsa -pubin -text` prints `Public-Key: (2047 bit)`."},
      .find = find_in_keys<is_rsa, find_not_multiple_of_8>},
     {.name = "key_rsa_even_modulus",
      .severity = Severity::critical,
      .reference = "RFC 8017 section 3.1",
      .summary = "the modulus of the RSA key is even",
      .effect = "anyone can compute the private key",
      .remedy = "Generate a key pair of 2048 bits and publish its public key at a new selector.",
      .example = {Example::behaviour, "The last octet of the modulus is 0x9c."},
      .find = find_in_keys<is_rsa, find_even_modulus>},
     {.name = "key_rsa_exponent_invalid",
      .severity = Severity::critical,
      .reference = "RFC 8017 section 3.1",
      .summary = "the exponent of the RSA key is invalid",
      .effect = "signatures fail, or anyone can forge them",
      .remedy = "Generate a key pair with the exponent 65537 and publish its public key at a new selector.",
      .example = {Example::behaviour, "`openssl rsa -pubin -text` prints `Exponent: 1`."},
      .find = find_in_keys<is_rsa, find_exponent_invalid>},
     {.name = "key_rsa_exponent_3",
      .severity = Severity::warning,
      .reference = "RFC 6376 section 3.3.2",
      .summary = "the exponent of the RSA key is 3",
      .effect = "careless verifiers may accept forged signatures",
      .remedy = "Generate a key pair with the exponent 65537 and publish its public key at a new selector.",
      .example = {Example::behaviour, "`openssl rsa -pubin -text` prints `Exponent: 3`."},
      .find = find_in_keys<is_rsa, find_exponent_3>},
     {.name = "key_rsa_unusual_size",
      .severity = Severity::notice,
      .summary = "the RSA key has an unusual size",
      .effect = "none; it may be unintended",
      .remedy = "Check that the size is intended; generate the next key pair with 2048 bits.",
      .example = {Example::behaviour, "`openssl rsa -pubin -text` prints `Public-Key: (2040 bit)`."},
      .find = find_in_keys<is_rsa, find_unusual_size>},
     {.name = "key_rsa_exponent_unusual",
      .severity = Severity::notice,
      .reference = "RFC 6376 section 3.3.2",
      .summary = "the exponent of the RSA key is unusual",
      .effect = "none; it may be unintended",
      .remedy = "Generate the next key pair with the exponent 65537.",
      .example = {Example::behaviour, "`openssl rsa -pubin -text` prints `Exponent: 17`."},
      .find = find_in_keys<is_rsa, find_exponent_unusual>},
     {.name = "key_mismatch_expected",
      .severity = Severity::critical,
      .roles = {.standby = RoleEffect::notice},
      .reference = "RFC 6376 section 6.1.3",
      .summary = "the key is not the expected one",
      .effect = "signatures made with the expected key fail",
      .remedy = "Publish the public key of the private key that signs; if the change was intended, update "
                "expected_key in the settings.",
      .example = {Example::behaviour, "The settings name the new key, but the old one is still published."},
      .find = find_mismatch_expected}});

}  // namespace

std::span<const Check> key_checks() {
  return key_rows;
}

}  // namespace dkimprobe::checks
