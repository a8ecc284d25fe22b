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
  if (!judged) verdict.not_judged();
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
  if (!wanted) return verdict.not_judged();
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
  if (!judged) verdict.not_judged();
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
  if (!judged) verdict.not_judged();
}

}  // namespace

std::span<const Check> key_checks() {
  static constexpr auto rows = std::to_array<Check>({
      {"key_missing_p", Scope::key, Severity::critical, "RFC 6376 section 3.6.1", "the record holds no key",
       "every signature made with this selector fails",
       "Add `p=` with the public key, as `openssl pkey -in PRIVATE.pem -pubout` prints it between its BEGIN "
       "and END lines; of an Ed25519 key enter its last 44 characters alone.",
       find_in_texts<RecordFault::key_missing_p>},
      {"key_revoked", Scope::key, Severity::critical, "RFC 6376 section 3.6.1", "the key is revoked",
       "every signature made with this selector fails",
       "If the key is still good, publish it again; else sign with another selector.",
       find_in_texts<RecordFault::key_revoked>},
      {"key_base64_invalid", Scope::key, Severity::critical, "RFC 6376 section 2.10", "p= is no base64",
       "verifiers cannot read the key",
       "Enter the key anew in p=, as `openssl pkey -in PRIVATE.pem -pubout` prints it between its BEGIN and "
       "END lines; of an Ed25519 key enter its last 44 characters alone.",
       find_in_texts<RecordFault::key_base64_invalid>},
      {"key_base64_urlsafe", Scope::key, Severity::critical, "RFC 4648 section 5", "p= is in URL-safe base64",
       "verifiers cannot read the key", "Write `+` for each `-` and `/` for each `_` in p=.",
       find_in_texts<RecordFault::key_base64_urlsafe>},
      {"key_base64_unpadded", Scope::key, Severity::warning, "RFC 2045 section 6.8", "p= lacks its padding",
       "some verifiers cannot read the key, though RFC 6376 section 2.10 lets the "
       "padding be left out",
       "Write `=` or `==` at the end of p=, so that its length is a multiple of 4.",
       find_in_texts<RecordFault::key_base64_unpadded>},
      {"key_base64_junk", Scope::key, Severity::warning, "RFC 6376 section 2.10",
       "p= holds characters that base64 has not", "some verifiers cannot read the key",
       "Take the characters out of p=, or enter the key anew.", find_in_texts<RecordFault::key_base64_junk>},
      {"key_base64_whitespace", Scope::key, Severity::notice, "RFC 6376 section 2.10",
       "white space stands inside p=", "none by the RFC; a verifier is known that rejects a tab",
       "Enter p= without white space.", find_in_texts<RecordFault::key_base64_whitespace>},
      {"key_truncated", Scope::key, Severity::critical, "RFC 6376 section 3.6.1", "the key is cut off",
       "verifiers cannot read the key",
       "Enter the whole key; where a field takes 255 characters, cut the record into two strings.",
       find_in_texts<RecordFault::key_truncated>},
      {"key_pem_armor", Scope::key, Severity::critical, "RFC 6376 appendix C",
       "p= holds the lines of a PEM file", "verifiers cannot read the key",
       "Enter only the base64 between these lines.", find_in_texts<RecordFault::key_pem_armor>},
      {"key_private_leaked", Scope::key, Severity::critical, "RFC 6376 section 3.6.1",
       "the private key is published", "anybody can sign as this domain",
       "Make a new pair, publish its public half at a new selector and sign with it; then revoke this key "
       "with "
       "an empty p=.",
       find_in_texts<RecordFault::key_private_leaked>},
      {"key_der_invalid", Scope::key, Severity::critical, "RFC 6376 section 3.6.1", "p= holds no key",
       "verifiers cannot read the key",
       "Enter the key anew in p=, as `openssl rsa -in PRIVATE.pem -pubout` prints it between its BEGIN and "
       "END "
       "lines.",
       find_in_texts<RecordFault::key_der_invalid>},
      {"key_der_trailing_bytes", Scope::key, Severity::warning, "RFC 6376 section 3.6.1",
       "something follows the end of the key", "some verifiers cannot read the key",
       "Enter the key anew in p=, as `openssl rsa -in PRIVATE.pem -pubout` prints it between its BEGIN and "
       "END "
       "lines.",
       find_in_texts<RecordFault::key_der_trailing_bytes>},
      {"key_pkcs1_encoding", Scope::key, Severity::critical, "RFC 6376 appendix C",
       "the key is in PKCS#1 form",
       "most verifiers that were tried cannot read the key: RFC 6376 section 3.6.1 names this form, but its "
       "appendix C and its erratum 3017 have SubjectPublicKeyInfo, which all of them read",
       "Publish the key as SubjectPublicKeyInfo, as `openssl rsa -in PRIVATE.pem -pubout` prints it between "
       "its BEGIN and END lines.",
       find_in_texts<RecordFault::key_pkcs1_encoding>},
      {"key_ed25519_spki", Scope::key, Severity::critical, "RFC 8463 section 4.2",
       "the Ed25519 key is wrapped", "most verifiers cannot read the key",
       "Publish only its last 32 octets, in base64: the last 44 characters of p=.",
       find_in_texts<RecordFault::key_ed25519_spki>},
      {"key_not_supported", Scope::key, Severity::critical, "RFC 8463 section 4.2",
       "DKIM has no keys of this kind", "verifiers cannot use the key", "Publish an RSA or an Ed25519 key.",
       find_in_texts<RecordFault::key_not_supported>},
      {"key_ed25519_bad_length", Scope::key, Severity::critical, "RFC 8463 section 4.2",
       "the Ed25519 key is not 32 octets long", "verifiers cannot use the key",
       "Enter the 32 octets of the public key, in base64: 44 characters.",
       find_in_texts<RecordFault::key_ed25519_bad_length>},
      {"key_ed25519_bad_point", Scope::key, Severity::critical, "RFC 8032 section 5.1.3",
       "the Ed25519 key is no point of its curve, or one that is worthless",
       "verifiers cannot use the key, or accept signatures that anybody can make",
       "Enter the public key again, or make a new pair.", find_in_texts<RecordFault::key_ed25519_bad_point>},
      {"key_double_base64", Scope::key, Severity::critical, "RFC 6376 section 3.6.1",
       "p= was encoded twice in base64", "verifiers cannot read the key",
       "Decode p= once and enter the result.", find_in_texts<RecordFault::key_double_base64>},
      {"key_blocklisted", Scope::key, Severity::critical, "",
       "the private half of this key is printed in a public document", "anybody can sign as this domain",
       "Make a new pair, publish its public half at a new selector and sign with it; then revoke this key "
       "with "
       "an empty p=.",
       find_blocklisted},
      {"key_rsa_too_small", Scope::key, Severity::critical, "RFC 8301 section 3.2",
       "the RSA key has fewer than 1024 bits", "verifiers may not accept signatures made with it",
       "Make a new pair of 2048 bits and publish it at a new selector.", find_too_small},
      {"key_rsa_weak", Scope::key, Severity::warning, "RFC 8301 section 3.2",
       "the RSA key has fewer bits than are wanted",
       "it may be broken in its lifetime, and some receivers rate it low",
       "Make a new pair of 2048 bits and publish it at a new selector.", find_weak},
      {"key_rsa_oversize", Scope::key, Severity::warning, "RFC 8301 section 3.2",
       "the RSA key has more than 4096 bits", "verifiers need not know keys of this size",
       "Make a new pair of 2048 bits and publish it at a new selector.", find_oversize},
      {"key_rsa_not_multiple_of_8", Scope::key, Severity::warning, "",
       "the size of the RSA key is no multiple of 8 bits", "some software fails at such sizes",
       "Make a new pair of 2048 bits and publish it at a new selector.", find_not_multiple_of_8},
      {"key_rsa_even_modulus", Scope::key, Severity::critical, "RFC 8017 section 3.1",
       "the modulus of the RSA key is even", "anybody can work out the private key",
       "Make a new pair of 2048 bits and publish it at a new selector.", find_even_modulus},
      {"key_rsa_exponent_invalid", Scope::key, Severity::critical, "RFC 8017 section 3.1",
       "the RSA key has an exponent that no RSA key can have", "signatures fail, or anybody can forge them",
       "Make a new pair with the exponent 65537 and publish it at a new selector.", find_exponent_invalid},
      {"key_rsa_exponent_3", Scope::key, Severity::warning, "RFC 6376 section 3.3.2",
       "the exponent of the RSA key is 3", "careless verifiers can be fooled with forged signatures",
       "Make a new pair with the exponent 65537 and publish it at a new selector.", find_exponent_3},
      {"key_rsa_unusual_size", Scope::key, Severity::notice, "", "the RSA key is of a rare size",
       "none; it may be a slip", "See whether the size is meant; make the next pair with 2048 bits.",
       find_unusual_size},
      {"key_rsa_exponent_unusual", Scope::key, Severity::notice, "RFC 6376 section 3.3.2",
       "the exponent of the RSA key is rare", "none; it may be a slip",
       "Make the next pair with the exponent 65537.", find_exponent_unusual},
      {"key_mismatch_expected", Scope::key, Severity::critical, "RFC 6376 section 6.1.3",
       "the key is not the one that is expected", "signatures made with the expected key fail",
       "Publish the public key that belongs to the private key that signs; if the key was changed on "
       "purpose, "
       "change expected_key in the settings.",
       find_mismatch_expected},
  });
  return rows;
}

}  // namespace dkimprobe::checks
