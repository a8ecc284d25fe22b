#include "checks/dnssec/algorithms.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "config/keys/openssl_objects.hpp"

namespace dkimprobe::checks::dnssec {
namespace {

using config::octets;

struct EvpFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* parameters) const { OSSL_PARAM_free(parameters); }
};
template <class T>
using EvpOwned = std::unique_ptr<T, EvpFree>;
using PublicKey = config::OpensslOwned<EVP_PKEY>;

enum class Family : std::uint8_t { rsa, ecdsa, edwards };

struct Algorithm {
  std::uint8_t number = 0;
  Family family = Family::rsa;
  const char* name = "";                ///< OpenSSL's: of the group or the key type
  std::size_t key_octets = 0;           ///< 0 for RSA
  std::size_t signature_octets = 0;     ///< 0 for RSA
  const EVP_MD* (*digest)() = nullptr;  ///< none where the algorithm has its own
};

constexpr auto algorithms = std::to_array<Algorithm>({
    {8, Family::rsa, "RSA", 0, 0, EVP_sha256},
    {10, Family::rsa, "RSA", 0, 0, EVP_sha512},
    {13, Family::ecdsa, "P-256", 64, 64, EVP_sha256},
    {14, Family::ecdsa, "P-384", 96, 96, EVP_sha384},
    {15, Family::edwards, "ED25519", 32, 64, nullptr},
    {16, Family::edwards, "ED448", 57, 114, nullptr},
});
/// RSAMD5, DSA, RSASHA1, the two of them for NSEC3, ECC-GOST.
constexpr auto retired_algorithms = std::to_array<std::uint8_t>({1, 3, 5, 6, 7, 12});
/// SHA-1 and GOST R 34.11-94.
constexpr auto retired_digests = std::to_array<std::uint8_t>({1, 3});
constexpr std::uint8_t digest_sha256 = 2;
constexpr std::uint8_t digest_sha384 = 4;

constexpr int fewest_rsa_bits = 1024;
constexpr int most_rsa_bits = 4096;
constexpr int most_exponent_bits = 64;

/// An EVP key of these parameters; empty if they are no key.
PublicKey key_of(const char* type, OSSL_PARAM_BLD* builder) {
  const EvpOwned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder));
  const EvpOwned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return {};
  return PublicKey(key);
}

struct RsaNumbers {
  config::OpensslOwned<BIGNUM> exponent{};
  config::OpensslOwned<BIGNUM> modulus{};
};

config::OpensslOwned<BIGNUM> number_of(std::string_view bytes) {
  return config::OpensslOwned<BIGNUM>(BN_bin2bn(octets(bytes), static_cast<int>(bytes.size()), nullptr));
}

/// The exponent and the modulus, without numbers if one is missing (RFC 3110 section 2).
RsaNumbers read_rsa(std::string_view key) {
  const auto octet = [key](std::size_t at) { return static_cast<std::uint8_t>(key[at]); };
  if (key.empty()) return {};
  std::size_t begin = 1;
  std::size_t size = octet(0);
  if (size == 0) {
    if (key.size() < 3) return {};
    begin = 3;
    size = static_cast<std::size_t>(octet(1)) << 8U | octet(2);
  }
  if (size == 0 || key.size() - begin <= size) return {};
  return {.exponent = number_of(key.substr(begin, size)), .modulus = number_of(key.substr(begin + size))};
}

PublicKey ec_key(const char* group, std::string_view point) {
  const std::string encoded = '\x04' + std::string(point);  // uncompressed
  const EvpOwned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded.data(),
                                       encoded.size()) != 1)
    return {};
  return key_of("EC", builder.get());
}

/// The two numbers of a signature (RFC 6605 section 4) in the encoding of OpenSSL.
std::string ecdsa_der(std::string_view signature) {
  const std::size_t half = signature.size() / 2;
  const EvpOwned<ECDSA_SIG> pair(ECDSA_SIG_new());
  if (!pair) return {};
  // The pair owns the numbers then; it refuses them only when memory is short.
  if (ECDSA_SIG_set0(pair.get(), number_of(signature.substr(0, half)).release(),
                     number_of(signature.substr(half)).release()) != 1)
    return {};
  unsigned char* encoded = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &encoded);
  const config::OpensslOwned<unsigned char> owned(encoded);
  return size > 0 ? std::string(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(size))
                  : std::string();
}

SignatureCheck verify(const PublicKey& key, const Algorithm& algorithm, std::string_view data,
                      std::string_view signature) {
  if (!key) return SignatureCheck::wrong;
  const EvpOwned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const EVP_MD* const digest = algorithm.digest == nullptr ? nullptr : algorithm.digest();
  const bool good =
      context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(data), data.size()) == 1;
  return good ? SignatureCheck::good : SignatureCheck::wrong;
}

SignatureCheck check_rsa(const Algorithm& algorithm, std::string_view public_key, std::string_view data,
                         std::string_view signature) {
  const RsaNumbers numbers = read_rsa(public_key);
  if (!numbers.exponent || !numbers.modulus) return SignatureCheck::wrong;
  const int bits = BN_num_bits(numbers.modulus.get());
  if (bits < fewest_rsa_bits || bits > most_rsa_bits ||
      BN_num_bits(numbers.exponent.get()) > most_exponent_bits)
    return SignatureCheck::key_unsupported;
  const EvpOwned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, numbers.modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, numbers.exponent.get()) != 1)
    return SignatureCheck::wrong;
  return verify(key_of(algorithm.name, builder.get()), algorithm, data, signature);
}

const Algorithm* find_algorithm(std::uint8_t number) {
  const auto found = std::ranges::find(algorithms, number, &Algorithm::number);
  return found == algorithms.end() ? nullptr : &*found;
}

}  // namespace

Support algorithm_support(std::uint8_t algorithm) {
  if (find_algorithm(algorithm) != nullptr) return Support::verified;
  return std::ranges::find(retired_algorithms, algorithm) == retired_algorithms.end() ? Support::unknown
                                                                                      : Support::retired;
}

Support digest_support(std::uint8_t digest_type) {
  if (digest_type == digest_sha256 || digest_type == digest_sha384) return Support::verified;
  return std::ranges::find(retired_digests, digest_type) == retired_digests.end() ? Support::unknown
                                                                                  : Support::retired;
}

SignatureCheck check_signature(std::uint8_t algorithm, std::string_view public_key, std::string_view data,
                               std::string_view signature) {
  const config::ErrorsForgotten errors;
  const Algorithm* const known = find_algorithm(algorithm);
  if (known == nullptr) throw std::logic_error("an algorithm without support reached the signature check");
  if (known->family == Family::rsa) return check_rsa(*known, public_key, data, signature);
  if (public_key.size() != known->key_octets || signature.size() != known->signature_octets)
    return SignatureCheck::wrong;
  if (known->family == Family::ecdsa)
    return verify(ec_key(known->name, public_key), *known, data, ecdsa_der(signature));
  return verify(PublicKey(EVP_PKEY_new_raw_public_key_ex(nullptr, known->name, nullptr, octets(public_key),
                                                         public_key.size())),
                *known, data, signature);
}

std::string ds_digest(std::uint8_t digest_type, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(data.data(), data.size(), digest.data(), &size,
                 digest_type == digest_sha384 ? EVP_sha384() : EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL cannot compute the digest of a DS record");
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string nsec3_hash(std::string_view name, std::string_view salt, std::uint16_t iterations) {
  const EvpOwned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const config::OpensslOwned<EVP_MD> sha1(EVP_MD_fetch(nullptr, "SHA1", nullptr));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  std::string hashed(name);
  for (unsigned done = 0; done <= iterations; ++done) {
    if (!context || EVP_DigestInit_ex(context.get(), sha1.get(), nullptr) != 1 ||
        EVP_DigestUpdate(context.get(), hashed.data(), hashed.size()) != 1 ||
        EVP_DigestUpdate(context.get(), salt.data(), salt.size()) != 1 ||
        EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1)
      throw std::runtime_error("OpenSSL cannot compute SHA-1");
    hashed.assign(reinterpret_cast<const char*>(digest.data()), size);
  }
  return hashed;
}

}  // namespace dkimprobe::checks::dnssec
