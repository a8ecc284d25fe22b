// Reads the value of `p=`: base64, and a bounded reader for the DER of public keys. It reports the
// form of the key and every fault; the checks decide what is good enough. No key is ever used here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/basics/base64.hpp"

namespace dkimprobe::checks {

struct Base64Text : config::Base64Reading {
  std::string bytes{};
};

[[nodiscard]] Base64Text decode_base64(std::string_view text);

/// What the bytes of `p=` are.
enum class KeyForm : std::uint8_t {
  rsa_spki,      ///< SubjectPublicKeyInfo (RFC 5280 section 4.1): what verifiers expect
  rsa_pkcs1,     ///< RSAPublicKey alone (RFC 8017 appendix A.1.1)
  ed25519_raw,   ///< 32 octets (RFC 8463 section 4.2)
  ed25519_spki,  ///< the same wrapped (RFC 8410 section 4)
  mldsa44_raw,   ///< 1,312 octets (FIPS 204 section 4): a draft
  mldsa44_spki,  ///< the same wrapped (RFC 9881 section 4)
  private_key,   ///< in any form
  other,         ///< a key of another algorithm, a certificate
  truncated,     ///< DER whose length promises more bytes
  invalid,       ///< none of these
};

struct PublicKey {
  KeyForm form = KeyForm::invalid;
  /// "rsa", "ed25519", "mldsa44" or a name for people: "EC P-256", "X.509 certificate"; empty when unknown.
  std::string algorithm{};
  std::uint32_t bits = 0;
  std::string modulus{};                    ///< RSA: big-endian, without leading zeros
  std::string exponent_octets{};            ///< likewise
  std::optional<std::uint64_t> exponent{};  ///< RSA, when it fits
  std::string raw{};                        ///< Ed25519 and ML-DSA-44: its octets
  std::size_t trailing_bytes = 0;           ///< after the end of the DER
  std::size_t missing_bytes = 0;            ///< `truncated`: at least this many
  std::string fault{};  ///< `invalid`: why; `private_key`: how it came about, if known; one clause
  /// RSA, Ed25519 and ML-DSA-44: the SubjectPublicKeyInfo in DER. PKCS#1 and raw keys are wrapped in one.
  std::string spki{};
  /// Of the SubjectPublicKeyInfo, so that a key has the same fingerprint in each form. Empty when no key was
  /// read.
  std::string sha256{};

  /// Whether it is a key of any kind.
  [[nodiscard]] bool was_read() const { return form != KeyForm::truncated && form != KeyForm::invalid; }
  [[nodiscard]] bool is_rsa() const { return form == KeyForm::rsa_spki || form == KeyForm::rsa_pkcs1; }
  [[nodiscard]] bool is_ed25519() const {
    return form == KeyForm::ed25519_raw || form == KeyForm::ed25519_spki;
  }
  [[nodiscard]] bool is_mldsa44() const {
    return form == KeyForm::mldsa44_raw || form == KeyForm::mldsa44_spki;
  }
};

/// RFC 8017 section 3.1: odd, at least 3 and below the modulus.
[[nodiscard]] bool is_valid_exponent(const PublicKey& key);

/// The limits of OpenSSL, which most verifiers use: larger moduli, or larger exponents of moduli above
/// `free_exponent_bits`, are refused.
inline constexpr std::uint32_t largest_usable_bits = 16'384;
inline constexpr std::uint32_t free_exponent_bits = 3'072;
inline constexpr std::uint32_t largest_usable_exponent_bits = 64;

/// Whether the exponent has more bits than `largest_usable_exponent_bits`.
[[nodiscard]] bool has_long_exponent(const PublicKey& key);

/// Represents a private key of this algorithm, without any of its octets. `cause` is how it came about.
[[nodiscard]] PublicKey leaked_private_key(std::string_view algorithm, std::string_view cause);

/// The private key of 32 octets whose public key has this fingerprint; nothing if `key` has no such octets.
[[nodiscard]] std::optional<PublicKey> read_private_half(const PublicKey& key,
                                                         std::string_view public_sha256);

/// 32 octets that are not DER are read as a raw Ed25519 key, and 1,312 as a raw ML-DSA-44 key.
[[nodiscard]] PublicKey read_public_key(std::string_view bytes);

}  // namespace dkimprobe::checks
