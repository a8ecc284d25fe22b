#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"
#include "checks/weakness/shared_factor.hpp"

namespace dkimprobe::checks {

namespace {

constexpr std::string_view anyone_can_sign = "anyone can compute the private key and sign as this domain";
constexpr std::string_view replace_key =
    "Generate a key pair with other software, publish its public key at a new selector and sign with it; "
    "then "
    "revoke this key with an empty p=.";

/// For rows: one of `weaknesses` in an RSA key; not evaluated without a key that was examined.
template <Weakness... weaknesses>
void find_weakness(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (const auto& text : evidence.texts) {
    if (!text.weaknesses) continue;
    judged = true;
    for (const auto& [weakness, detail] : *text.weaknesses) {
      if (((weakness != weaknesses) && ...)) continue;
      verdict.found(finding_in(evidence, text, detail, new_pair_remedy(evidence), key_offset(text)));
    }
  }
  if (!judged) verdict.not_evaluated();
}

void find_prime_modulus(const Evidence& evidence, Verdict& verdict) {
  for (const auto& text : evidence.texts) {
    if (text.weaknesses && text.record.key->bits > prime_tested_bits.most) verdict.not_evaluated();
  }
  find_weakness<Weakness::prime_modulus>(evidence, verdict);
}

std::string shares_with(std::string_view what) {
  return fmt::format("the modulus shares a prime factor with {}", what);
}

/// The keys and numbers that share a factor with the key, as findings; false if there is nothing to compare
/// with.
bool compare_factors(const Evidence& evidence, const ReadText& text, Verdict& verdict) {
  const std::string& modulus = text.record.key->modulus;
  const auto found = [&](std::string_view what) {
    verdict.found(finding_in(evidence, text, shares_with(what), new_pair_remedy(evidence), key_offset(text)));
  };
  for (const auto& other : evidence.texts) {
    if (other.weaknesses && have_common_factor(modulus, other.record.key->modulus))
      found("another key at the same name");
  }
  std::set<std::string> names;
  for (const auto& place : evidence.elsewhere.value_or(std::vector<KeyPlace>{})) {
    const auto name = place.selector.owner_name(place.domain);
    if (name && !place.modulus.empty() && have_common_factor(modulus, place.modulus))
      names.insert(name->to_string());
  }
  for (const auto& name : names) found(fmt::format("the key at {}", name));
  const auto& known = evidence.policy.known_moduli;
  if (known != nullptr) {
    for (const auto& [line, number] : known->numbers) {
      if (has_factor_of(number, modulus))
        found(fmt::format("the number in line {} of {}", line, known->file));
    }
  }
  return evidence.texts.size() > 1 || evidence.elsewhere || known != nullptr;
}

void find_shared_prime(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (const auto& text : evidence.texts) {
    if (text.weaknesses && compare_factors(evidence, text, verdict)) judged = true;
  }
  if (!judged) verdict.not_evaluated();
}

constexpr auto weakness_rows = rows_of(
    Scope::key, Needs::key_text,
    {{.name = "key_weak_small_factor",
      .severity = Severity::critical,
      .reference = "RFC 8017 section 3.1",
      .summary = "the modulus of the RSA key has a small prime factor",
      .effect = anyone_can_sign,
      .remedy = replace_key,
      .example = {Example::behaviour, "The modulus is divisible by 641."},
      .find = find_weakness<Weakness::small_factor>},
     {.name = "key_weak_square",
      .severity = Severity::critical,
      .reference = "RFC 8017 section 3.1",
      .summary = "both prime factors of the RSA key are the same",
      .effect = anyone_can_sign,
      .remedy = replace_key,
      .example = {Example::behaviour, "The modulus is the square of a prime."},
      .find = find_weakness<Weakness::square>},
     {.name = "key_weak_fermat",
      .severity = Severity::critical,
      .summary = "the prime factors of the RSA key are close to each other",
      .effect = anyone_can_sign,
      .remedy = replace_key,
      .example = {Example::behaviour,
                  "A printer made the key: the second factor is the next prime after the first "
                  "(CVE-2022-26320)."},
      .find = find_weakness<Weakness::close_factors>},
     {.name = "key_weak_roca",
      .severity = Severity::critical,
      .summary = "the RSA key was made by a library whose keys can be broken (ROCA, CVE-2017-15361)",
      .effect = "attackers with some computing power can compute the private key and sign as this domain",
      .remedy =
          "Generate a key pair outside the smart card or security module that made this one, publish its "
          "public key at a new selector and sign with it; then revoke this key with an empty p=.",
      .example = {Example::behaviour, "A security module with an Infineon chip made the key in 2016."},
      .find = find_weakness<Weakness::roca>},
     {.name = "key_weak_wiener",
      .severity = Severity::critical,
      .summary = "the private exponent of the RSA key is so small that the public key reveals it",
      .effect = anyone_can_sign,
      .remedy =
          "Generate a key pair with the exponent 65537, publish its public key at a new selector and sign "
          "with it; then revoke this key with an empty p=.",
      .example = {Example::behaviour,
                  "To sign faster, the private exponent was chosen with 500 bits, for a key of 2048 bits."},
      .find = find_weakness<Weakness::small_private_exponent>},
     {.name = prime_modulus_check,
      .severity = Severity::critical,
      .reference = "RFC 8017 section 3.1",
      .summary = "the modulus of the RSA key is a prime",
      .effect = anyone_can_sign,
      .remedy = replace_key,
      .example = {Example::behaviour, "`openssl prime` says of the modulus: `is prime`."},
      .find = find_prime_modulus},
     {.name = "key_weak_shared_prime",
      .severity = Severity::critical,
      .summary = "the RSA key shares a prime factor with another one",
      .effect = anyone_can_sign,
      .remedy = replace_key,
      .example = {Example::behaviour,
                  "Two devices made their keys right after the first start, with the same random numbers."},
      .find = find_shared_prime},
     {.name = "key_weak_poly",
      .severity = Severity::critical,
      .summary = "the modulus of the RSA key is a polynomial with small coefficients",
      .effect = anyone_can_sign,
      .remedy = replace_key,
      .example = {Example::behaviour,
                  "Every fourth octet of the modulus is zero: a program wrote random octets into an array of "
                  "32-bit numbers."},
      .find = find_weakness<Weakness::zero_octets>},
     {.name = "key_bias_pattern",
      .severity = Severity::warning,
      .summary = "the modulus of the RSA key is not random",
      .effect = "the private key may be easy to compute",
      .remedy = replace_key,
      .example = {Example::behaviour, "The modulus begins with the same 20 octets twice."},
      .find = find_weakness<Weakness::repeated_octets, Weakness::bit_bias>}});

}  // namespace

std::span<const Check> weakness_checks() {
  return weakness_rows;
}

}  // namespace dkimprobe::checks
