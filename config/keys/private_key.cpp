#include "config/keys/private_key.hpp"

#include <string.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "config/basics/base64.hpp"
#include "config/basics/escape.hpp"
#include "config/keys/key_text.hpp"
#include "config/keys/secret_bytes.hpp"

namespace dkimprobe::config {
namespace {

constexpr std::string_view pkcs_forms = "in PEM or DER (PKCS#8 or PKCS#1)";

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509_SIG* sealed) const { X509_SIG_free(sealed); }
  void operator()(ASN1_OBJECT* object) const { ASN1_OBJECT_free(object); }
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
  void operator()(unsigned char* bytes) const { OPENSSL_free(bytes); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// OpenSSL keeps errors per thread; errors of one key must not be taken for those of the next.
struct ErrorsForgotten {
  ErrorsForgotten() { ERR_clear_error(); }
  ~ErrorsForgotten() { ERR_clear_error(); }
  ErrorsForgotten(const ErrorsForgotten&) = delete;
  ErrorsForgotten& operator=(const ErrorsForgotten&) = delete;
};

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

tl::unexpected<Errors> wrong_type(std::string_view type) {
  return failure("",
                 fmt::format("this is a key for {}; DKIM supports only RSA and Ed25519 (RFC 8463)", type));
}

// ---- DER ----

/// A view of a DER element: copies of private data could not be wiped.
struct Element {
  int tag = 0;  ///< of the universal class, else -1
  std::string_view content{};
  std::string_view whole{};
};

std::optional<Element> take_element(std::string_view& bytes) {
  const unsigned char* at = octets(bytes);
  long length = 0;
  int tag = 0;
  int tag_class = 0;
  const int flags = ASN1_get_object(&at, &length, &tag, &tag_class, static_cast<long>(bytes.size()));
  // 0x80: error. 1: indefinite length, which DER does not allow.
  if ((flags & 0x81) != 0 || length < 0) return std::nullopt;
  const auto header = static_cast<std::size_t>(at - octets(bytes));
  Element element{
      tag_class == V_ASN1_UNIVERSAL ? tag : -1, bytes.substr(header, static_cast<std::size_t>(length)), {}};
  element.whole = bytes.substr(0, header + element.content.size());
  bytes.remove_prefix(element.whole.size());
  return element;
}

/// The next element, if it has the tag.
std::optional<Element> take_element(std::string_view& bytes, int tag) {
  auto element = take_element(bytes);
  return element && element->tag == tag ? element : std::nullopt;
}

/// For public parts only: the result is not wiped.
std::string make_element(int tag, std::string_view content) {
  const int size = static_cast<int>(content.size());
  const bool is_sequence = tag == V_ASN1_SEQUENCE;
  std::string bytes(static_cast<std::size_t>(ASN1_object_size(is_sequence ? 1 : 0, size, tag)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(bytes.data());
  ASN1_put_object(&at, is_sequence ? 1 : 0, size, tag, V_ASN1_UNIVERSAL);
  std::ranges::copy(content, bytes.end() - static_cast<std::ptrdiff_t>(content.size()));
  return bytes;
}

enum class Content : std::uint8_t {
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

Content content_of(std::string_view der) {
  const auto outer = take_element(der, V_ASN1_SEQUENCE);
  if (!outer || !der.empty()) return Content::unknown;
  std::string_view body = outer->content;
  const auto first = take_element(body);
  const auto second = take_element(body);
  if (!first || !second) return Content::unknown;
  if (first->tag == V_ASN1_SEQUENCE) {
    if (second->tag == V_ASN1_OCTET_STRING) return Content::encrypted_pkcs8;
    if (second->tag == V_ASN1_BIT_STRING) return Content::spki;
    return second->tag == V_ASN1_SEQUENCE ? Content::certificate : Content::unknown;
  }
  if (first->tag != V_ASN1_INTEGER) return Content::unknown;
  if (second->tag == V_ASN1_OCTET_STRING) return Content::ec_private;
  if (second->tag == V_ASN1_SEQUENCE) {
    return take_element(body, V_ASN1_OCTET_STRING) ? Content::pkcs8 : Content::pkcs12;
  }
  if (second->tag != V_ASN1_INTEGER) return Content::unknown;
  std::size_t integers = 2;
  while (take_element(body, V_ASN1_INTEGER)) ++integers;
  if (integers == 2) return Content::rsa_public;
  if (integers == 6) return Content::dsa_private;
  return integers >= 9 ? Content::rsa_private : Content::unknown;
}

KeyForm form_of(Content content) {
  switch (content) {
    case Content::pkcs8:
    case Content::encrypted_pkcs8:
    case Content::rsa_private:
    case Content::ec_private:
    case Content::dsa_private:
      return KeyForm::private_key;
    case Content::spki:
    case Content::rsa_public:
      return KeyForm::public_key;
    case Content::certificate:
    case Content::pkcs12:
    case Content::unknown:
      break;
  }
  return KeyForm::other;
}

std::string_view name_of_other(Content content) {
  return content == Content::certificate ? "a certificate or a certificate request"
         : content == Content::pkcs12    ? "a PKCS#12 file"
                                         : "";
}

/// The algorithm that an AlgorithmIdentifier names (RFC 5280 section 4.1.1.2).
int algorithm_of(std::string_view identifier) {
  const auto oid = take_element(identifier, V_ASN1_OBJECT);
  if (!oid) return NID_undef;
  const unsigned char* at = octets(oid->whole);
  const Owned<ASN1_OBJECT> object(d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(oid->whole.size())));
  return object ? OBJ_obj2nid(object.get()) : NID_undef;
}

tl::unexpected<Errors> wrong_algorithm(std::string_view identifier) {
  const int algorithm = algorithm_of(identifier);
  if (algorithm == NID_undef) return wrong_type("another algorithm");
  if (algorithm != NID_X9_62_id_ecPublicKey) return wrong_type(OBJ_nid2sn(algorithm));
  static_cast<void>(take_element(identifier));
  const int curve = algorithm_of(identifier);
  return wrong_type(curve == NID_undef ? "EC" : fmt::format("EC on the curve {}", OBJ_nid2sn(curve)));
}

// ---- PEM ----

struct PemBlock {
  std::string_view label{};
  std::string_view headers{};
  std::string_view text{};
  bool ends = false;
};

/// Takes the next block off the start of `text`.
std::optional<PemBlock> take_block(std::string_view& text) {
  constexpr std::string_view begin = "-----BEGIN ";
  constexpr std::string_view dashes = "-----";
  const std::size_t start = text.find(begin);
  if (start == std::string_view::npos) return std::nullopt;
  text.remove_prefix(start + begin.size());
  PemBlock block;
  const std::size_t label_end = text.find(dashes);
  if (label_end == std::string_view::npos) return std::nullopt;
  block.label = text.substr(0, label_end);
  text.remove_prefix(label_end + dashes.size());
  const std::size_t end = text.find("-----END ");
  block.ends = end != std::string_view::npos && text.substr(end + 9).starts_with(block.label);
  block.text = text.substr(0, end);
  text.remove_prefix(block.text.size());
  // RFC 1421 section 4.4: fields of a header end with an empty line.
  if (block.text.find(':') != std::string_view::npos) {
    for (const std::string_view empty_line : {"\n\n", "\n\r\n"}) {
      const std::size_t at = block.text.find(empty_line);
      if (at == std::string_view::npos) continue;
      block.headers = block.text.substr(0, at + 1);
      block.text.remove_prefix(at);
      break;
    }
  }
  return block;
}

bool is_pem(std::string_view bytes) {
  return bytes.find("-----BEGIN ") != std::string_view::npos;
}

/// The first block whose label ends with `label`: `RSA PRIVATE KEY` ends with `PRIVATE KEY`.
std::optional<PemBlock> find_block(std::string_view text, std::string_view label) {
  while (const auto block = take_block(text)) {
    if (block->label.ends_with(label)) return block;
  }
  return std::nullopt;
}

/// The value of a header field, without surrounding space.
std::string_view header_field(std::string_view headers, std::string_view name) {
  const std::size_t at = headers.find(name);
  if (at == std::string_view::npos) return {};
  std::string_view value = headers.substr(at + name.size());
  value = value.substr(0, value.find('\n'));
  while (!value.empty() && (value.front() == ' ' || value.front() == ':')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\r')) value.remove_suffix(1);
  return value;
}

Result<void> decode_block(const PemBlock& block, SecretBytes& der) {
  const std::string label = escape_text(block.label, 40);
  if (!block.ends)
    return failure("", fmt::format("END {} is missing: the text of the key is cut off", label));
  const auto size = decode_base64(block.text, der.room());
  if (!size) return failure("", fmt::format("the text after BEGIN {} is not base64", label));
  der.set_size(*size);
  return {};
}

// ---- Public keys ----

Result<KeyIdentity> identity_of(const EVP_PKEY& key) {
  KeyIdentity identity;
  identity.algorithm = EVP_PKEY_get_base_id(&key) == EVP_PKEY_RSA ? "rsa" : "ed25519";
  identity.bits = identity.algorithm == "rsa" ? static_cast<std::uint32_t>(EVP_PKEY_get_bits(&key)) : 256;
  unsigned char* raw = nullptr;
  const int size = i2d_PUBKEY(&key, &raw);
  const Owned<unsigned char> der(raw);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned digest_size = 0;
  if (size <= 0 || EVP_Digest(der.get(), static_cast<std::size_t>(size), digest.data(), &digest_size,
                              EVP_sha256(), nullptr) != 1) {
    return failure("", "the public part of the key cannot be computed");
  }
  for (unsigned i = 0; i < digest_size; ++i) identity.sha256 += fmt::format("{:02x}", digest[i]);
  identity.spki.assign(reinterpret_cast<const char*>(der.get()), static_cast<std::size_t>(size));
  return identity;
}

Result<KeyIdentity> read_spki(std::string_view der) {
  std::string_view rest = der;
  const auto outer = take_element(rest);
  rest = outer ? outer->content : std::string_view();
  const auto algorithm = take_element(rest, V_ASN1_SEQUENCE);
  if (!algorithm) return failure("", "this public key is corrupted");
  if (const int nid = algorithm_of(algorithm->content); nid != NID_rsaEncryption && nid != NID_ED25519)
    return wrong_algorithm(algorithm->content);
  const unsigned char* at = octets(der);
  const Owned<EVP_PKEY> key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key) return failure("", "this public key is corrupted");
  return identity_of(*key);
}

/// `numbers`: modulus and exponent as elements.
Result<KeyIdentity> read_rsa_public(std::string_view numbers) {
  static constexpr std::string_view rsa_encryption("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");
  static constexpr std::string_view null_parameters("\x05\x00", 2);
  std::string bits(1, '\0');  // number of unused bits in the last octet
  bits += make_element(V_ASN1_SEQUENCE, numbers);
  return read_spki(make_element(V_ASN1_SEQUENCE,
                                make_element(V_ASN1_SEQUENCE, make_element(V_ASN1_OBJECT, rsa_encryption) +
                                                                  std::string(null_parameters)) +
                                    make_element(V_ASN1_BIT_STRING, bits)));
}

Result<KeyIdentity> read_public_der(std::string_view der) {
  const Content content = content_of(der);
  if (content == Content::spki) return read_spki(der);
  if (content == Content::rsa_public) {
    const auto outer = take_element(der);
    return read_rsa_public(outer->content);
  }
  if (form_of(content) == KeyForm::private_key)
    return failure("", "this is a private key; give its file as private_key");
  const std::string_view name = name_of_other(content);
  return failure("", name.empty() ? std::string("this is not a public key in PEM or DER (BEGIN PUBLIC KEY)")
                                  : fmt::format("this is {}; a public key was expected", name));
}

// ---- Private keys ----

/// Whether the modulus is the product of its factors; true if the file does not give them.
bool factors_fit(std::string_view modulus, std::string_view p, std::string_view q) {
  const auto number = [](std::string_view digits) {
    return Owned<BIGNUM>(BN_bin2bn(octets(digits), static_cast<int>(digits.size()), nullptr));
  };
  const auto n = number(modulus);
  const auto first = number(p);
  const auto second = number(q);
  const Owned<BIGNUM> product(BN_new());
  const Owned<BN_CTX> context(BN_CTX_new());
  if (!n || !first || !second || !product || !context) return false;
  if (BN_is_zero(first.get()) || BN_is_zero(second.get())) return true;
  return BN_mul(product.get(), first.get(), second.get(), context.get()) == 1 &&
         BN_cmp(n.get(), product.get()) == 0;
}

Result<KeyIdentity> read_rsa_private(std::string_view der) {
  const auto damaged = [] {
    return failure("", "this RSA key is corrupted: its numbers do not belong together");
  };
  const auto outer = take_element(der, V_ASN1_SEQUENCE);
  if (!outer) return damaged();
  std::string_view body = outer->content;
  const auto version = take_element(body, V_ASN1_INTEGER);
  const std::string_view numbers = body;
  const auto modulus = take_element(body, V_ASN1_INTEGER);
  const auto exponent = take_element(body, V_ASN1_INTEGER);
  const auto secret_exponent = take_element(body, V_ASN1_INTEGER);
  const auto p = take_element(body, V_ASN1_INTEGER);
  const auto q = take_element(body, V_ASN1_INTEGER);
  if (!version || !modulus || !exponent || !secret_exponent || !p || !q) return damaged();
  // Version 1 keys have more than two factors, whose others come later in the structure.
  const bool two_factors = version->content == std::string_view("\0", 1);
  if (two_factors && !factors_fit(modulus->content, p->content, q->content)) return damaged();
  return read_rsa_public(numbers.substr(0, modulus->whole.size() + exponent->whole.size()));
}

/// RFC 8410 section 7: the octets of the key are in a string within the string of PKCS#8.
Result<KeyIdentity> read_ed25519_private(std::string_view der) {
  const auto secret = take_element(der, V_ASN1_OCTET_STRING);
  const Owned<EVP_PKEY> key(secret ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                                                  octets(secret->content),
                                                                  secret->content.size())
                                   : nullptr);
  if (!key) return failure("", "this Ed25519 key is corrupted: it does not have 32 octets");
  return identity_of(*key);
}

Result<KeyIdentity> read_pkcs8(std::string_view der) {
  const auto outer = take_element(der);
  std::string_view body = outer->content;
  static_cast<void>(take_element(body));  // the version
  const auto algorithm = take_element(body);
  const auto key = take_element(body);
  switch (algorithm_of(algorithm->content)) {
    case NID_rsaEncryption:
      return read_rsa_private(key->content);
    case NID_ED25519:
      return read_ed25519_private(key->content);
    default:
      return wrong_algorithm(algorithm->content);
  }
}

// ---- Encrypted private keys ----

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

tl::unexpected<Errors> wrong_passphrase() {
  return failure("", "the passphrase is wrong, or the key is corrupted");
}

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

Result<void> decrypt_pkcs8(std::string_view der, std::string_view passphrase, SecretBytes& plain) {
  const OldAndNewAlgorithms algorithms;
  const unsigned char* at = octets(der);
  const Owned<X509_SIG> sealed(d2i_X509_SIG(nullptr, &at, static_cast<long>(der.size())));
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

/// The encryption used before PKCS#8: a header names the cipher and the initialization vector; one iteration
/// of MD5 derives the key, with the first 8 octets of the vector as salt.
Result<void> decrypt_block(std::string_view headers, std::string_view sealed, std::string_view passphrase,
                           SecretBytes& plain) {
  const OldAndNewAlgorithms algorithms;
  const std::string_view field = header_field(headers, "DEK-Info");
  const std::size_t comma = field.find(',');
  const std::string name(field.substr(0, comma));
  const std::string digits(comma == std::string_view::npos ? std::string_view() : field.substr(comma + 1));
  const std::string shown = escape_text(name, 40);
  const Owned<EVP_CIPHER> cipher(EVP_CIPHER_fetch(algorithms.context(), name.c_str(), nullptr));
  const Owned<EVP_MD> md5(EVP_MD_fetch(algorithms.context(), "MD5", nullptr));
  if (!cipher || !md5) return cannot_decrypt(shown, algorithms);
  long iv_size = 0;
  const Owned<unsigned char> iv(OPENSSL_hexstr2buf(digits.c_str(), &iv_size));
  constexpr int salt_size = 8;
  if (!iv || iv_size != EVP_CIPHER_get_iv_length(cipher.get()) || iv_size < salt_size) {
    return failure(
        "", fmt::format("the initialization vector of {} in the DEK-Info of the key is corrupted", shown));
  }
  SecretBytes key(EVP_MAX_KEY_LENGTH);
  const auto room = [](SecretBytes& bytes) { return reinterpret_cast<unsigned char*>(bytes.room().data()); };
  const Owned<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
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
  plain.set_size(static_cast<std::size_t>(size + last));
  return {};
}

/// Reads an unencrypted or decrypted key.
Result<KeyIdentity> read_plain(std::string_view der) {
  const Content content = content_of(der);
  switch (content) {
    case Content::pkcs8:
      return read_pkcs8(der);
    case Content::rsa_private:
      return read_rsa_private(der);
    case Content::ec_private:
      return wrong_type("EC");
    case Content::dsa_private:
      return wrong_type("DSA");
    case Content::spki:
    case Content::rsa_public:
      return failure("", "this is a public key; give it as public_key");
    case Content::certificate:
    case Content::pkcs12:
      return failure(
          "", fmt::format("this is {}; a private key {} was expected", name_of_other(content), pkcs_forms));
    case Content::encrypted_pkcs8:
    case Content::unknown:
      break;
  }
  return failure("", fmt::format("this is not a private key {}, or it is corrupted", pkcs_forms));
}

/// Reads the passphrase, decrypts the key with it and reads the result.
template <class Decrypt>
Result<KeyIdentity> read_encrypted(std::string_view name, const PassphraseSource& source,
                                   std::vector<std::string>& warnings, Decrypt decrypt) {
  SecretBytes passphrase(longest_passphrase + 1);
  if (auto read = read_passphrase(source, name, passphrase, warnings); !read)
    return tl::unexpected(std::move(read.error()));
  // A cipher may need room for one block more than its output.
  SecretBytes plain(longest_key_file + EVP_MAX_BLOCK_LENGTH);
  if (Result<void> decrypted = decrypt(passphrase.view(), plain); !decrypted)
    return tl::unexpected(std::move(decrypted.error()));
  // With a wrong passphrase, some ciphers return garbage without an error.
  const Content content = content_of(plain.view());
  if (content == Content::unknown || content == Content::encrypted_pkcs8) return wrong_passphrase();
  return read_plain(plain.view());
}

Result<KeyIdentity> read_private_der(std::string_view der, std::string_view name,
                                     const PassphraseSource& source, std::vector<std::string>& warnings) {
  if (content_of(der) != Content::encrypted_pkcs8) return read_plain(der);
  return read_encrypted(name, source, warnings, [&](std::string_view passphrase, SecretBytes& plain) {
    return decrypt_pkcs8(der, passphrase, plain);
  });
}

Result<KeyIdentity> read_private_pem(std::string_view text, std::string_view name,
                                     const PassphraseSource& source, std::vector<std::string>& warnings) {
  const auto block = find_block(text, "PRIVATE KEY");
  if (!block) {
    if (find_block(text, "PUBLIC KEY")) return failure("", "this is a public key; give it as public_key");
    const std::string_view other = name_other_form(text);
    return failure("", fmt::format("this is {}; a private key {} was expected",
                                   other.empty() ? "not a private key" : other, pkcs_forms));
  }
  if (block->label == "OPENSSH PRIVATE KEY") {
    return failure("",
                   fmt::format("this is a private key in OpenSSH format; one {} was expected", pkcs_forms));
  }
  SecretBytes der(longest_key_file);
  if (auto decoded = decode_block(*block, der); !decoded) return tl::unexpected(std::move(decoded.error()));
  if (header_field(block->headers, "Proc-Type").find("ENCRYPTED") == std::string_view::npos)
    return read_private_der(der.view(), name, source, warnings);
  return read_encrypted(name, source, warnings, [&](std::string_view passphrase, SecretBytes& plain) {
    return decrypt_block(block->headers, der.view(), passphrase, plain);
  });
}

template <class T>
Result<T> at(const std::filesystem::path& path, Result<T> result) {
  if (!result && result.error().front().where.empty())
    result.error().front().where = escape_text(path.string());
  return result;
}

}  // namespace

std::string private_key_readable(std::string_view name) {
  return fmt::format("the group or everybody can read the private key; chmod 600 {}", name);
}

KeyForm key_form(std::string_view bytes) {
  if (is_pem(bytes)) {
    if (find_block(bytes, "PRIVATE KEY")) return KeyForm::private_key;
    return find_block(bytes, "PUBLIC KEY") ? KeyForm::public_key : KeyForm::other;
  }
  const ErrorsForgotten errors;
  return form_of(content_of(bytes));
}

std::string_view name_other_form(std::string_view bytes) {
  const ErrorsForgotten errors;
  if (!is_pem(bytes)) return name_of_other(content_of(bytes));
  return find_block(bytes, "CERTIFICATE") || find_block(bytes, "CERTIFICATE REQUEST")
             ? name_of_other(Content::certificate)
             : "";
}

Result<PrivateKeyFacts> read_private_key_bytes(std::string_view bytes, std::string_view name,
                                               const PassphraseSource& passphrase) {
  const ErrorsForgotten errors;
  PrivateKeyFacts facts;
  auto identity = is_pem(bytes) ? read_private_pem(bytes, name, passphrase, facts.warnings)
                                : read_private_der(bytes, name, passphrase, facts.warnings);
  if (!identity) return tl::unexpected(std::move(identity.error()));
  facts.identity = std::move(*identity);
  return facts;
}

Result<PrivateKeyFacts> read_private_key_file(const std::filesystem::path& path,
                                              const PassphraseSource& passphrase) {
  SecretBytes bytes(longest_key_file);
  const auto readable_by_others = read_secret_file(path, SecretFiles::regular, "a key", bytes);
  if (!readable_by_others) return tl::unexpected(readable_by_others.error());
  undo_wrapping(bytes);
  const std::string name = escape_text(path.string());
  auto facts = at(path, read_private_key_bytes(bytes.view(), name, passphrase));
  if (facts && *readable_by_others) {
    facts->warnings.push_back(private_key_readable(name));
  }
  return facts;
}

Result<KeyIdentity> read_public_key_file(const std::filesystem::path& path) {
  // The operator may have given the private key file by accident, so this memory is wiped too.
  SecretBytes bytes(longest_key_file);
  if (const auto read = read_secret_file(path, SecretFiles::regular, "a key", bytes); !read)
    return tl::unexpected(read.error());
  undo_wrapping(bytes);
  return at(path, read_public_key_bytes(bytes.view()));
}

Result<KeyIdentity> read_public_key_bytes(std::string_view bytes) {
  const ErrorsForgotten errors;
  if (bytes.size() >= longest_key_file) return failure("", "this is too long to be a key (over 64 KiB)");
  if (!is_pem(bytes)) return read_public_der(bytes);
  const auto block = find_block(bytes, "PUBLIC KEY");
  if (!block && find_block(bytes, "PRIVATE KEY"))
    return failure("", "this is a private key; give its file as private_key");
  if (!block) {
    const std::string_view other = name_other_form(bytes);
    return failure(
        "", fmt::format("this is {}; a public key was expected", other.empty() ? "not a public key" : other));
  }
  SecretBytes der(longest_key_file);
  if (auto decoded = decode_block(*block, der); !decoded) return tl::unexpected(std::move(decoded.error()));
  return read_public_der(der.view());
}

Result<KeyIdentity> read_raw_ed25519(std::string_view raw) {
  const ErrorsForgotten errors;
  const Owned<EVP_PKEY> key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(raw), raw.size()));
  if (!key) return failure("", fmt::format("an Ed25519 key has 32 octets, this has {}", raw.size()));
  return identity_of(*key);
}

}  // namespace dkimprobe::config
