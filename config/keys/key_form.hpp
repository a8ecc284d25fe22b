// What bytes seem to hold, by their form alone: a private key, a public key, or something else. Reads no key.
#pragma once

#include <cstdint>
#include <string_view>

namespace dkimprobe::config {

enum class KeyForm : std::uint8_t { private_key, public_key, other };

/// What DER holds.
enum class DerContent : std::uint8_t {
  pkcs8,            ///< RFC 5958 section 2
  encrypted_pkcs8,  ///< RFC 5958 section 3
  rsa_private,      ///< RFC 8017 appendix A.1.2
  ec_private,       ///< RFC 5915 section 3
  dsa_private,
  spki,        ///< RFC 5280 section 4.1.2.7
  rsa_public,  ///< RFC 8017 appendix A.1.1
  certificate,
  pkcs12,
  unknown
};

[[nodiscard]] DerContent content_of(std::string_view der);
[[nodiscard]] KeyForm form_of(DerContent content);
/// As the end of a sentence: "a PKCS#12 file"; empty for a key and for what is unknown.
[[nodiscard]] std::string_view name_of_other(DerContent content);

/// Whether these can be the octets of an ML-DSA-44 public key: their number, and no DER.
[[nodiscard]] bool is_raw_mldsa44(std::string_view bytes);

/// The form of PEM, DER or the octets of an ML-DSA-44 public key.
[[nodiscard]] KeyForm key_form(std::string_view bytes);
/// What PEM or DER is if it is not a key, as the end of a sentence: "a certificate"; empty if unknown.
[[nodiscard]] std::string_view name_other_form(std::string_view bytes);

}  // namespace dkimprobe::config
