// Shared by the readers of certificates: owning pointers to OpenSSL objects, and reading PEM from memory
// without ever asking for a passphrase.
#pragma once

#include <memory>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

namespace dkimprobe::config {

struct OpensslFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
template <class T>
using OpensslOwned = std::unique_ptr<T, OpensslFree>;

/// Reads from `bytes`, which must outlive the result.
[[nodiscard]] inline OpensslOwned<BIO> bio_over(std::string_view bytes) {
  return OpensslOwned<BIO>(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

/// Callback for OpenSSL, which would otherwise ask at the terminal.
inline int no_passphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace dkimprobe::config
