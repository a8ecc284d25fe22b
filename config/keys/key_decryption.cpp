#include "config/keys/key_decryption.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include "config/basics/escape.hpp"
#include "config/keys/openssl_objects.hpp"
#include "config/keys/pem_block.hpp"

namespace dkimprobe::config {
namespace {

/// OpenSSL algorithms, including legacy ones, in a separate context, so that the rest of the process cannot
/// use RC4 or DES.
class OldAndNewAlgorithms {
 public:
  OldAndNewAlgorithms() {
    if (context_ == nullptr) return;
    current_ = OSSL_PROVIDER_load(context_, "default");
    old_ = OSSL_PROVIDER_load(context_, "legacy");
    ERR_clear_error();
  }
  ~OldAndNewAlgorithms() {
    if (old_ != nullptr) OSSL_PROVIDER_unload(old_);
    if (current_ != nullptr) OSSL_PROVIDER_unload(current_);
    OSSL_LIB_CTX_free(context_);
  }
  OldAndNewAlgorithms(const OldAndNewAlgorithms&) = delete;
  OldAndNewAlgorithms& operator=(const OldAndNewAlgorithms&) = delete;

  [[nodiscard]] OSSL_LIB_CTX* context() const { return context_; }
  [[nodiscard]] bool has_old() const { return old_ != nullptr; }

 private:
  OSSL_LIB_CTX* context_ = OSSL_LIB_CTX_new();
  OSSL_PROVIDER* current_ = nullptr;
  OSSL_PROVIDER* old_ = nullptr;
};

tl::unexpected<Errors> cannot_decrypt(std::string_view cipher, const OldAndNewAlgorithms& algorithms) {
  return failure(
      "", algorithms.has_old()
              ? fmt::format("the key is encrypted with {}, which OpenSSL cannot decrypt", cipher)
              : fmt::format("the key is encrypted with {}, for which OpenSSL may need its legacy provider; "
                            "that cannot be loaded: its module legacy.so (Debian: package libssl3) is not in "
                            "OpenSSL's directory of modules, or OPENSSL_MODULES names another directory",
                            cipher));
}

/// The name of the encryption scheme of a PKCS#8 key.
std::string cipher_name(const X509_ALGOR& algorithm) {
  const ASN1_OBJECT* object = nullptr;
  int type = 0;
  const void* parameters = nullptr;
  X509_ALGOR_get0(&object, &type, &parameters, &algorithm);
  std::array<char, 80> name{};
  OBJ_obj2txt(name.data(), static_cast<int>(name.size()), object, 0);
  return escape_text(name.data());
}

/// Whether OpenSSL knew the algorithm but decryption failed at its end, as with a wrong passphrase.
bool failed_at_the_end() {
  while (const unsigned long error = ERR_get_error()) {
    if (ERR_GET_LIB(error) == ERR_LIB_PKCS12 && ERR_GET_REASON(error) == PKCS12_R_PKCS12_CIPHERFINAL_ERROR)
      return true;
  }
  return false;
}

}  // namespace

tl::unexpected<Errors> wrong_passphrase() {
  return failure("", "the passphrase is wrong, or the key is corrupted");
}

Result<void> decrypt_pkcs8(std::string_view der, std::string_view passphrase, SecretBytes& plain) {
  const OldAndNewAlgorithms algorithms;
  const unsigned char* at = octets(der);
  const OpensslOwned<X509_SIG> sealed(d2i_X509_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!sealed) return failure("", "this encrypted key is corrupted");
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_OCTET_STRING* content = nullptr;
  X509_SIG_get0(sealed.get(), &algorithm, &content);
  unsigned char* bytes = nullptr;
  int size = 0;
  if (PKCS12_pbe_crypt_ex(algorithm, passphrase.data(), static_cast<int>(passphrase.size()),
                          ASN1_STRING_get0_data(content), ASN1_STRING_length(content), &bytes, &size, 0,
                          algorithms.context(), nullptr) == nullptr) {
    return failed_at_the_end() ? wrong_passphrase() : cannot_decrypt(cipher_name(*algorithm), algorithms);
  }
  const auto count = static_cast<std::size_t>(size);
  std::copy_n(bytes, count, plain.room().begin());
  plain.set_size(count);
  OPENSSL_clear_free(bytes, count);
  return {};
}

Result<void> decrypt_block(std::string_view headers, std::string_view sealed, std::string_view passphrase,
                           SecretBytes& plain) {
  const OldAndNewAlgorithms algorithms;
  const std::string_view field = header_field(headers, "DEK-Info");
  const std::size_t comma = field.find(',');
  const std::string name(field.substr(0, comma));
  const std::string digits(comma == std::string_view::npos ? std::string_view() : field.substr(comma + 1));
  const std::string shown = escape_text(name, 40);
  const OpensslOwned<EVP_CIPHER> cipher(EVP_CIPHER_fetch(algorithms.context(), name.c_str(), nullptr));
  const OpensslOwned<EVP_MD> md5(EVP_MD_fetch(algorithms.context(), "MD5", nullptr));
  if (!cipher || !md5) return cannot_decrypt(shown, algorithms);
  long iv_size = 0;
  const OpensslOwned<unsigned char> iv(OPENSSL_hexstr2buf(digits.c_str(), &iv_size));
  constexpr int salt_size = 8;
  if (!iv || iv_size != EVP_CIPHER_get_iv_length(cipher.get()) || iv_size < salt_size) {
    return failure(
        "", fmt::format("the initialization vector of {} in the DEK-Info of the key is corrupted", shown));
  }
  SecretBytes key(EVP_MAX_KEY_LENGTH);
  const auto room = [](SecretBytes& bytes) { return reinterpret_cast<unsigned char*>(bytes.room().data()); };
  const OpensslOwned<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
  int size = 0;
  int last = 0;
  if (!context ||
      EVP_BytesToKey(cipher.get(), md5.get(), iv.get(), octets(passphrase),
                     static_cast<int>(passphrase.size()), 1, room(key), nullptr) == 0 ||
      EVP_DecryptInit_ex2(context.get(), cipher.get(), room(key), iv.get(), nullptr) != 1 ||
      EVP_DecryptUpdate(context.get(), room(plain), &size, octets(sealed), static_cast<int>(sealed.size())) !=
          1) {
    return cannot_decrypt(shown, algorithms);
  }
  if (EVP_DecryptFinal_ex(context.get(), room(plain) + size, &last) != 1) return wrong_passphrase();
  plain.set_size(static_cast<std::size_t>(size) + static_cast<std::size_t>(last));
  return {};
}

}  // namespace dkimprobe::config
