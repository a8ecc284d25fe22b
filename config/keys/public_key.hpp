// Reads public keys, RSA, Ed25519 and ML-DSA-44, from PEM, DER and raw octets. No error of these functions
// has a place, except those about a file.
#pragma once

#include <filesystem>
#include <string_view>

#include <openssl/types.h>

#include "config/basics/result.hpp"
#include "config/keys/key_identity.hpp"

namespace dkimprobe::config {

/// Reads a public key in PEM or DER (SubjectPublicKeyInfo, PKCS#1), or the octets of an ML-DSA-44 key. The
/// place of an error is the path.
[[nodiscard]] Result<KeyIdentity> read_public_key_file(const std::filesystem::path& path);

/// The same from memory.
[[nodiscard]] Result<KeyIdentity> read_public_key_bytes(std::string_view bytes);

/// Reads the 32 octets of an Ed25519 key, as in a record (RFC 8463 section 4.2).
[[nodiscard]] Result<KeyIdentity> read_raw_ed25519(std::string_view raw);

/// Reads the 1,312 octets of an ML-DSA-44 key, as in a record of DKIM2. Every value of them is a key.
[[nodiscard]] Result<KeyIdentity> read_raw_mldsa44(std::string_view raw);

/// Reads an RSA key from its modulus and exponent, two INTEGER in DER (RFC 8017 appendix A.1.1).
[[nodiscard]] Result<KeyIdentity> read_rsa_numbers(std::string_view numbers);

/// The identity of an RSA or Ed25519 key.
[[nodiscard]] Result<KeyIdentity> identity_of(const EVP_PKEY& key);

/// The error about a key of an algorithm that DKIM does not have: its name, or its AlgorithmIdentifier.
[[nodiscard]] tl::unexpected<Errors> wrong_type(std::string_view type);
[[nodiscard]] tl::unexpected<Errors> wrong_algorithm(std::string_view identifier);

}  // namespace dkimprobe::config
