// Lets OpenSSL read PEM from memory without ever asking for a passphrase: for certificates and their keys.
#pragma once

#include <string_view>

#include "config/keys/openssl_objects.hpp"

namespace dkimprobe::config {

/// Reads from `bytes`, which must outlive the result.
[[nodiscard]] inline OpensslOwned<BIO> bio_over(std::string_view bytes) {
  return OpensslOwned<BIO>(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

/// Callback for OpenSSL, which would otherwise ask at the terminal.
inline int no_passphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace dkimprobe::config
