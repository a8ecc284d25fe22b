// Decrypts private keys with a passphrase: PKCS#8, and PEM blocks of the time before it. No error has a
// place.
#pragma once

#include <string_view>

#include "config/basics/result.hpp"
#include "config/keys/secret_bytes.hpp"

namespace dkimprobe::config {

/// Decrypts an EncryptedPrivateKeyInfo (RFC 5958 section 3).
[[nodiscard]] Result<void> decrypt_pkcs8(std::string_view der, std::string_view passphrase,
                                         SecretBytes& plain);

/// Decrypts the octets of a PEM block whose DEK-Info field names the cipher and the initialization vector
/// (RFC 1421 section 4.6.1.3). One iteration of MD5 derives the key, with the first 8 octets of the vector as
/// salt.
[[nodiscard]] Result<void> decrypt_block(std::string_view headers, std::string_view sealed,
                                         std::string_view passphrase, SecretBytes& plain);

/// The error of a passphrase that is wrong; some ciphers show it only in what they decrypt.
[[nodiscard]] tl::unexpected<Errors> wrong_passphrase();

}  // namespace dkimprobe::config
