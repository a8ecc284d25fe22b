// The algorithms of DNSSEC: which are verified, and the arithmetic, done by OpenSSL on foreign octets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dkimprobe::checks::dnssec {

enum class Support : std::uint8_t {
  verified,
  retired,  ///< SHA-1, MD5, DSA and GOST R 34.10-2001: treated as if unknown (RFC 8624, RFC 9905, RFC 9906)
  unknown,
};

/// Of a DNSKEY, DS or RRSIG record (RFC 4034 appendix A.1).
[[nodiscard]] Support algorithm_support(std::uint8_t algorithm);
/// Of a DS record (RFC 4034 appendix A.2, RFC 4509, RFC 6605).
[[nodiscard]] Support digest_support(std::uint8_t digest_type);

enum class SignatureCheck : std::uint8_t {
  good,
  wrong,            ///< or the key or the signature does not have the form that the algorithm demands
  key_unsupported,  ///< RSA outside 1024 to 4096 bits, or with an exponent over 64 bits: slow, or too weak
};

/// Checks a signature over `data` with the public key field of a DNSKEY record (RFC 3110, RFC 5702, RFC 6605,
/// RFC 8080). The algorithm's support must be `verified`.
[[nodiscard]] SignatureCheck check_signature(std::uint8_t algorithm, std::string_view public_key,
                                             std::string_view data, std::string_view signature);

/// The digest of a DS record: 32 or 48 octets. The digest type's support must be `verified`.
[[nodiscard]] std::string ds_digest(std::uint8_t digest_type, std::string_view data);

/// The hash of a name in canonical wire form (RFC 5155 section 5): 20 octets after `iterations` + 1 digests.
[[nodiscard]] std::string nsec3_hash(std::string_view name, std::string_view salt, std::uint16_t iterations);

}  // namespace dkimprobe::checks::dnssec
